//! Each oddity of an answer, as it is on the wire.

use super::*;
use crate::scenario::{Details, ErrorPlace, PresentAnswer, Support, UncheckedList, UnknownJob};
use crate::span::Span;

fn text(reply: &Reply) -> &str {
    let Body::Text(text) = &reply.body else { panic!("{reply:?}") };
    text
}

#[tokio::test]
async fn the_text_of_an_error_may_stand_in_five_places() {
    for (place, path) in [
        (ErrorPlace::Line, "msg/line"),
        (ErrorPlace::NestedLine, "msg/line/line"),
        (ErrorPlace::ResultLine, "result/msg/line"),
        (ErrorPlace::Result, "result/msg"),
        (ErrorPlace::Msg, "msg"),
    ] {
        let world = single("PA-440", Quirks { error_place: place, ..Quirks::default() });
        let refused = op(&world, FIRST, &download("9.9.9")).await;
        assert_eq!(refused.at(path), "9.9.9 is not a valid version", "{place:?}");
        assert_eq!(refused.attribute("status"), Some("error"));
    }
}

#[tokio::test]
async fn a_job_that_is_not_known_is_answered_in_four_ways() {
    for (form, status, code) in [
        (UnknownJob::NotFound, "error", None),
        (UnknownJob::NoSuchJob, "error", None),
        (UnknownJob::EmptyResult, "success", None),
        (UnknownJob::CodeSeven, "success", Some("7")),
    ] {
        let world = single("PA-440", Quirks { unknown_job: form, ..Quirks::default() });
        let answer = op(&world, FIRST, &job("99999")).await;
        assert_eq!((answer.attribute("status"), answer.attribute("code")), (Some(status), code), "{form:?}");
        assert!(answer.all("result/job").is_empty());
    }
}

#[tokio::test]
async fn the_details_of_a_job_come_in_four_forms_and_before_or_after_its_warnings() {
    for (form, path, n) in [
        (Details::Lines, "result/job/details/line", 3),
        (Details::Cdata, "result/job/details/line", 3),
        (Details::Nested, "result/job/details/line/line", 3),
        (Details::Text, "result/job/details", 1),
    ] {
        for warnings_first in [false, true] {
            let world = single("PA-440", Quirks { details: form, warnings_first, ..Quirks::default() });
            let id = op(&world, FIRST, &download("11.1.0")).await.at("result/job").to_owned();
            let answer = op(&world, FIRST, &job(&id)).await;
            let found = answer.all(path);
            assert_eq!((found.len(), found[0].text.starts_with("Successfully")), (n, true), "{form:?}");
            let children: Vec<&str> =
                answer.all("result/job")[0].children.iter().map(|child| child.name.as_str()).collect();
            let last = if warnings_first { "details" } else { "warnings" };
            assert_eq!(children.last(), Some(&last));
        }
    }
}

#[tokio::test]
async fn a_job_may_wait_say_nothing_and_leave_the_queue_past_midnight() {
    let quirks = Quirks { queued: true, near_midnight: true, late_dequeue: true, ..Quirks::default() };
    let world = single("PA-440", quirks);
    world.set_download_time(Duration::from_secs(600));
    let id = op(&world, FIRST, &download("11.1.0")).await.at("result/job").to_owned();
    let answer = op(&world, FIRST, &job(&id)).await;
    let waiting = answer.all("result/job")[0];
    assert_eq!((waiting.at("status"), waiting.at("queued")), ("PEND", "YES"));
    assert!(waiting.at("tenq").contains(" 23:59:5"), "{}", waiting.at("tenq"));
    assert!(waiting.at("tdeq").starts_with("00:00:0"), "{}", waiting.at("tdeq"));

    let world = single("PA-440", Quirks { silent_progress: true, ..Quirks::default() });
    world.set_download_time(Duration::from_secs(600));
    let id = op(&world, FIRST, &download("11.1.0")).await.at("result/job").to_owned();
    assert_eq!(op(&world, FIRST, &job(&id)).await.at("result/job/progress"), "");
}

#[tokio::test]
async fn the_list_before_the_first_check_is_empty_stale_or_fresh() {
    for (form, newest) in [
        (UncheckedList::Empty, None),
        (UncheckedList::Stale, Some("11.0.6")),
        (UncheckedList::Fresh, Some("12.1.5")),
    ] {
        let world = single("PA-440", Quirks { unchecked_list: form, ..Quirks::default() });
        let before = op(&world, FIRST, INFO).await;
        let entries = before.all("result/sw-updates/versions/entry");
        assert_eq!(entries.first().map(|entry| entry.at("version")), newest, "{form:?}");
        let updated = before.all("result/sw-updates")[0].attribute("last-updated-at").unwrap();
        assert_eq!(updated.starts_with("2025/05/31"), form == UncheckedList::Stale, "{updated}");
        let after = op(&world, FIRST, CHECK).await;
        assert_eq!(after.all("result/sw-updates/versions/entry")[0].at("version"), "12.1.5");
    }
}

#[tokio::test]
async fn an_image_on_its_way_may_be_listed_as_absent_and_a_hash_in_capitals() {
    let world = single("PA-440", Quirks { hides_downloading: true, upper_sha256: true, ..Quirks::default() });
    world.set_download_time(Duration::from_secs(600));
    op(&world, FIRST, &download("11.1.0")).await;
    let list = op(&world, FIRST, CHECK).await;
    let entries = list.all("result/sw-updates/versions/entry");
    let base = entries.iter().find(|entry| entry.at("version") == "11.1.0").unwrap();
    assert_eq!(base.at("downloaded"), "no");
    assert_eq!(base.at("sha256"), base.at("sha256").to_uppercase());
}

#[tokio::test]
async fn an_imported_image_has_no_name_no_sizes_and_no_hash() {
    let mut scenario = Named::Plain.scenario();
    scenario.devices = 0;
    let device = SingleDevice {
        model: Some("PA-440".to_owned()),
        problem: Some(crate::scenario::Problem::Imported),
        ..SingleDevice::default()
    };
    scenario.singles = vec![device];
    let world = world(scenario);
    let list = op(&world, FIRST, CHECK).await;
    let entries = list.all("result/sw-updates/versions/entry");
    let imported = entries.iter().find(|entry| entry.at("uploaded") == "yes").unwrap();
    assert_eq!((imported.at("version"), imported.at("downloaded")), ("11.1.4-h7", "yes"));
    assert_eq!((imported.at("filename"), imported.at("size-kb")), ("(null)", "(null)"));
    assert!(imported.all("sha256").is_empty());
}

#[tokio::test]
async fn a_request_for_what_is_there_is_a_short_job_or_refused() {
    for (form, status) in [(PresentAnswer::ShortJob, "success"), (PresentAnswer::Error, "error")] {
        let world = single("PA-440", Quirks { present_answer: form, ..Quirks::default() });
        let answer = op(&world, FIRST, &download("11.0.0")).await;
        assert_eq!(answer.attribute("status"), Some(status), "{form:?}");
    }
}

#[tokio::test]
async fn a_deletion_answers_at_once_or_with_a_job_and_refuses_what_it_must() {
    let delete =
        |version: &str| format!("<delete><software><version>{version}</version></software></delete>");
    for delete_job in [false, true] {
        let world = single("PA-440", Quirks { delete_job, ..Quirks::default() });
        let running = op(&world, FIRST, &delete("11.0.4")).await;
        assert_eq!(running.attribute("status"), Some("error"));
        let gone = op(&world, FIRST, &delete("11.0.0")).await;
        assert_eq!(
            (gone.attribute("status"), gone.all("result/job").len()),
            (Some("success"), usize::from(delete_job))
        );
        assert_eq!(
            op(&world, FIRST, &delete("11.0.0")).await.at("msg/line"),
            "Software version 11.0.0 not downloaded"
        );
    }
}

#[tokio::test]
async fn a_device_without_ipv4_says_so_everywhere() {
    for model in ["PA-VM", "PA-3220"] {
        let world = single(model, Quirks { ipv6_only: true, ..Quirks::default() });
        let listed = op(&world, PANORAMA, ALL_DEVICES).await;
        let entry = listed.all("result/devices/entry")[0];
        assert_eq!((entry.at("ip-address"), entry.at("ipv6-address")), ("unknown", "::ffff:127.21.0.1"));
        let info = op(&world, FIRST, SYSTEM_INFO).await;
        assert_eq!(info.at("result/system/ip-address"), "unknown");
        assert_eq!(info.at("result/system/ipv6-address"), "::ffff:127.21.0.1");
    }
}

#[tokio::test]
async fn a_disconnected_device_has_next_to_no_fields_and_answers_all_the_same() {
    let quirks =
        Quirks { disconnected: true, offline_text: Some("is not connected".to_owned()), ..Quirks::default() };
    let world = single("PA-VM", quirks);
    let listed = op(&world, PANORAMA, ALL_DEVICES).await;
    let entry = listed.all("result/devices/entry")[0];
    assert_eq!((entry.at("connected"), entry.all("sw-version").len()), ("no", 0));
    assert_eq!(op(&world, FIRST, SYSTEM_INFO).await.at("result/system/sw-version"), "11.0.4");
    let serial = &world.firewalls[0].serial;
    let through = parse(&ask(&world, PANORAMA, &format!("type=op&target={serial}&cmd={SYSTEM_INFO}")).await);
    assert_eq!(through.at("msg/line"), format!("{serial} is not connected"));
}

#[tokio::test]
async fn a_passive_panorama_says_so_and_shows_every_device_as_disconnected() {
    let mut scenario = Named::Plain.scenario();
    (scenario.devices, scenario.passive_panorama) = (3, true);
    let world = world(scenario);
    assert_eq!(op(&world, PANORAMA, HA_STATE).await.at("result/local-info/state"), "secondary-passive");
    let listed = op(&world, PANORAMA, ALL_DEVICES).await;
    let entries = listed.all("result/devices/entry");
    assert!(entries.len() == 3 && entries.iter().all(|entry| entry.at("connected") == "no"));
    let connected = op(&world, PANORAMA, "<show><devices><connected/></devices></show>").await;
    assert!(connected.all("result/devices/entry").is_empty());
}

#[tokio::test]
async fn public_clients_find_device_groups_licences_and_content() {
    let world = plain(3);
    let xpath =
        "type=config&action=get&xpath=/config/devices/entry[@name='localhost.localdomain']/device-group";
    let groups = parse(&ask(&world, PANORAMA, xpath).await);
    assert_eq!(groups.all("result/device-group/entry/devices/entry").len(), 3);
    let state = op(&world, PANORAMA, "<show><devicegroups/></show>").await;
    assert_eq!(state.all("result/devicegroups/entry/devices/entry").len(), 3);
    let missing = parse(&ask(&world, FIRST, "type=config&action=show&xpath=/config/shared").await);
    assert_eq!((missing.attribute("status"), missing.attribute("code")), (Some("success"), Some("7")));
    let written = parse(&ask(&world, FIRST, "type=config&action=set&xpath=/config/shared").await);
    assert_eq!(written.attribute("status"), Some("error"), "nothing here is for writing");
    let content =
        op(&world, FIRST, "<request><content><upgrade><check/></upgrade></content></request>").await;
    assert_eq!(content.all("result/content-updates")[0].attribute("last-updated-at"), Some("never"));
    let fetched = op(&world, FIRST, "<request><license><fetch/></license></request>").await;
    assert_eq!(fetched.all("result/licenses/entry").len(), 2);
}

#[tokio::test]
async fn support_is_valid_expired_or_unknown_and_licences_may_be_absent() {
    let check = "<request><support><check/></support></request>";
    for (support, expiry) in [(Support::Valid, "2027"), (Support::Expired, "2026"), (Support::Unknown, "")] {
        let world = single("PA-440", Quirks { support, unlicensed: true, ..Quirks::default() });
        let answer = op(&world, FIRST, check).await;
        let found = answer.at("result/SupportInfoResponse/Support/ExpiryDate");
        assert!(found.ends_with(expiry) && found.is_empty() == expiry.is_empty(), "{support:?}: {found}");
        let licences = op(&world, FIRST, "<request><license><info/></license></request>").await;
        assert!(licences.all("result/licenses/entry").is_empty());
    }
}

#[tokio::test]
async fn a_clock_may_be_wrong_and_an_uptime_without_days() {
    let of = async |quirks| {
        let world = single("PA-VM", quirks);
        op(&world, FIRST, SYSTEM_INFO).await.at("result/system/time").to_owned()
    };
    let right = of(Quirks::default()).await;
    assert_ne!(right, of(Quirks { clock_fast_s: -10_800, ..Quirks::default() }).await);
    let midnight = of(Quirks { near_midnight: true, zone_h: 9, ..Quirks::default() }).await;
    assert!(midnight.contains(" 23:59:5"), "{midnight}");

    let world = single("PA-VM", Quirks { short_uptime: true, ..Quirks::default() });
    world.firewalls[0].at(world.clock.now()).spec.uptime = Duration::from_secs(3_725);
    let info = op(&world, FIRST, SYSTEM_INFO).await;
    assert!(info.at("result/system/uptime").starts_with("1:02:0"), "{}", info.at("result/system/uptime"));
}

#[tokio::test]
async fn a_check_may_take_longer_than_elsewhere() {
    let slow = Some(Span(Duration::from_millis(60)));
    let world = single("PA-VM", Quirks { slow_check: slow, ..Quirks::default() });
    let began = world.clock.now();
    op(&world, FIRST, CHECK).await;
    assert!(world.clock.now().since(began) >= Duration::from_millis(60));
}

#[tokio::test]
async fn every_oddity_leaves_answers_that_parse_and_show_its_type() {
    let mut scenario = Named::Realistic.scenario();
    scenario.set_devices(120);
    scenario.problems.clear();
    scenario.pace.scale = u32::MAX;
    let world = world(scenario);
    for firewall in &world.firewalls {
        for cmd in [SYSTEM_INFO, CHECK, "<show><jobs><all/></jobs></show>", HA_STATE] {
            let reply = ask(&world, firewall.address, &format!("type=op&cmd={cmd}")).await;
            assert_eq!(parse(&reply).attribute("status"), Some("success"), "{} {cmd}", firewall.serial);
            let wanted = firewall.at(world.clock.now()).spec.quirks.content_type.as_str();
            assert_eq!(reply.content_type, wanted, "{}", text(&reply).len());
        }
    }
}
