//! What goes wrong, as a client meets it.

use super::*;
use crate::journal::FileBefore;
use crate::scenario::Problem;
use crate::span::Span;

/// One device with that problem, asked for nothing yet.
fn troubled(problem: Problem) -> World {
    let device = SingleDevice {
        model: Some("PA-440".to_owned()),
        version: Some("11.0.4".parse().unwrap()),
        problem: Some(problem),
        quirks: Some(Quirks::default()),
        ..SingleDevice::default()
    };
    let mut scenario = Named::Plain.scenario();
    (scenario.devices, scenario.singles) = (0, vec![device]);
    let world = world(scenario);
    world.set_download_time(Duration::from_secs(600));
    world
}

async fn keygen(world: &World) -> String {
    let query = format!("type=keygen&user={USERNAME}&password={}", world.password);
    let reply = answer(world, world.host(FIRST).unwrap(), &Request::new(&query, b"", None, None)).await;
    parse(&reply).at("result/key").to_owned()
}

async fn ask_with(world: &World, key: &str, query: &str) -> Reply {
    answer(world, world.host(FIRST).unwrap(), &Request::new(query, b"", Some(key), None)).await
}

#[tokio::test]
async fn a_key_that_expires_is_in_the_reason_phrase_and_works_no_more() {
    let world = troubled(Problem::KeyExpires);
    let key = keygen(&world).await;
    let poll = format!("type=op&cmd={}", job("7"));
    let expired = ask_with(&world, &key, &poll).await;
    assert_eq!((expired.status, expired.reason), (400, Some(format!("Key Expired: {key} has expired. "))));
    assert_eq!(ask_with(&world, &key, &poll).await.status, 403);
    let fresh = keygen(&world).await;
    assert_eq!(ask_with(&world, &fresh, &poll).await.status, 200);
}

#[tokio::test]
async fn a_key_is_taken_by_somebody_else_while_a_download_runs() {
    let world = troubled(Problem::KeyTaken);
    let key = keygen(&world).await;
    assert_eq!(ask_with(&world, &key, "type=version").await.status, 200);
    ask_with(&world, &key, &format!("type=op&cmd={}", download("11.1.0"))).await;
    assert_eq!(ask_with(&world, &key, "type=version").await.status, 403);
    let fresh = keygen(&world).await;
    assert_eq!(ask_with(&world, &fresh, "type=version").await.status, 200);
}

#[tokio::test]
async fn basic_authorization_does_for_commands_and_not_for_a_key() {
    let world = plain(1);
    let basic = |query: &str, word: &str| {
        let mut request = Request::new(query, b"", None, None);
        request.basic = Some((USERNAME.to_owned(), word.to_owned()));
        request
    };
    let host = || world.host(FIRST).unwrap();
    assert_eq!(answer(&world, host(), &basic("type=version", &world.password)).await.status, 200);
    assert_eq!(answer(&world, host(), &basic("type=version", "no")).await.status, 403);
    assert_eq!(answer(&world, host(), &basic("type=keygen", &world.password)).await.status, 403);
}

#[tokio::test]
async fn a_lost_answer_hides_a_download_that_has_begun() {
    let world = troubled(Problem::AnswerLost);
    let lost = ask(&world, FIRST, &format!("type=op&cmd={}", download("11.1.0"))).await;
    assert_eq!(lost.ending, Ending::Reset);
    let jobs = op(&world, FIRST, "<show><jobs><all/></jobs></show>").await;
    assert!(jobs.all("result/job").iter().any(|job| job.at("type") == "Downld" && job.at("status") == "ACT"));
    let busy = op(&world, FIRST, &download("11.1.0")).await;
    assert_eq!(busy.at("msg/line"), "Server error : Another download is in progress");
}

#[tokio::test]
async fn a_forgotten_job_goes_on_where_nobody_sees_it() {
    let world = troubled(Problem::JobForgotten);
    op(&world, FIRST, CHECK).await;
    let id = op(&world, FIRST, &download("11.1.0")).await.at("result/job").to_owned();
    assert_eq!(op(&world, FIRST, &job(&id)).await.attribute("status"), Some("error"));
    let jobs = op(&world, FIRST, "<show><jobs><all/></jobs></show>").await;
    assert!(jobs.all("result/job").iter().all(|job| job.at("id") != id));
    let list = op(&world, FIRST, INFO).await;
    let entries = list.all("result/sw-updates/versions/entry");
    assert!(entries.iter().any(|entry| entry.at("downloaded") == "downloading"));
}

#[tokio::test]
async fn a_commit_of_somebody_else_refuses_two_requests() {
    let world = troubled(Problem::BusyCommit);
    for status in ["error", "error", "success"] {
        assert_eq!(op(&world, FIRST, &download("11.1.0")).await.attribute("status"), Some(status));
    }
    assert_eq!(crate::counters::lock(&world.firewalls[0].counters).downloads.len(), 1);
}

#[tokio::test]
async fn an_update_server_fails_in_two_texts_and_a_contract_in_a_third() {
    for (problem, part) in [
        (Problem::UpdateServer, "upgrade info due to generic communication error."),
        (Problem::UpdateServerUnknown, "upgrade info due to Unknown error."),
        (Problem::NotEntitled, "Device not found on this update server"),
    ] {
        let world = troubled(problem);
        let refused = op(&world, FIRST, CHECK).await;
        assert!(refused.at("msg/line").contains(part), "{problem}: {}", refused.at("msg/line"));
    }
    let content = "<request><content><upgrade><check/></upgrade></content></request>";
    let refused = op(&troubled(Problem::UpdateServer), FIRST, content).await;
    assert!(refused.at("msg/line").starts_with("Failed to check content upgrade info due to generic"));
}

#[tokio::test]
async fn a_read_only_account_may_look_and_not_download() {
    let world = troubled(Problem::ReadOnlyAccount);
    assert_eq!(op(&world, FIRST, CHECK).await.attribute("status"), Some("success"));
    let refused = op(&world, FIRST, &download("11.1.0")).await;
    assert_eq!((refused.attribute("status"), refused.attribute("code")), (Some("error"), Some("16")));
}

#[tokio::test]
async fn a_blank_error_is_white_space_with_a_code() {
    let world = plain(1);
    inject(&world, Fault::times(FaultKind::BlankError, 1));
    let blank = op(&world, FIRST, SYSTEM_INFO).await;
    assert_eq!((blank.attribute("code"), blank.at("msg/line").trim()), (Some("17"), ""));
}

#[tokio::test]
async fn the_first_answer_after_a_boot_may_be_rubbish_and_the_pair_settles_in_steps() {
    let mut scenario = Named::Plain.scenario();
    scenario.devices = 12;
    scenario.pace.reboot_time = Duration::from_millis(300);
    scenario.quirks =
        Some(Quirks { malformed_after_boot: true, autocommit_fails: true, ..Quirks::default() });
    let world = world(scenario);
    let member = &world.firewalls[4];
    member.at(world.clock.now()).reboot(world.clock.now());
    assert_eq!(ask(&world, member.address, "type=version").await.ending, Ending::Reset);
    let up = world.clock.now().plus(Duration::from_millis(300));
    while world.clock.now() < up {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let Body::Text(rubbish) = ask(&world, member.address, "type=version").await.body else {
        panic!("no text")
    };
    assert_eq!(rubbish.matches("<response").count(), 2, "{rubbish}");
    let jobs = op(&world, member.address, "<show><jobs><all/></jobs></show>").await;
    let ends: Vec<(&str, &str)> =
        jobs.all("result/job").iter().map(|job| (job.at("id"), job.at("result"))).collect();
    assert_eq!(ends, [("2", "OK"), ("1", "FAIL")]);
    let pair = settled(&world, member.address).await;
    assert_eq!(pair.at("result/group/local-info/state-sync"), "Complete");
}

/// The state of a pair, once it has settled.
async fn settled(world: &World, address: Ipv4Addr) -> Node {
    for _ in 0..1_000 {
        let state = op(world, address, HA_STATE).await;
        if !state.all("result/group").is_empty() && state.at("result/group/local-info/state") == "active" {
            return state;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("the pair never settled");
}

#[tokio::test]
async fn calls_in_a_crowd_may_be_late_in_place_of_refused() {
    let mut world = plain(1);
    (world.max_parallel_calls, world.parallel_delay) = (Some(1), Some(Duration::from_millis(40)));
    inject(&world, Fault::lasting(FaultKind::Slow { delay_ms: Duration::from_millis(20) }));
    let began = world.clock.now();
    let (a, b) = tokio::join!(ask(&world, FIRST, "type=version"), ask(&world, FIRST, "type=version"));
    assert_eq!((a.status, b.status), (200, 200));
    assert!(world.clock.now().since(began) >= Duration::from_millis(60));
}

#[tokio::test]
async fn a_copy_to_the_other_member_may_fail_there_and_keeps_it_busy_until_then() {
    let mut scenario = Named::Plain.scenario();
    scenario.devices = 12;
    scenario.target = "12.1.4".parse().unwrap();
    let lag = Some(Span(Duration::from_secs(900)));
    scenario.quirks = Some(Quirks { sync_fails: true, sync_lag: lag, ..Quirks::default() });
    let world = world(scenario);
    let (first, second) = (&world.firewalls[4], &world.firewalls[5]);
    let cmd = "<request><system><software><download><sync-to-peer>yes</sync-to-peer><version>12.1.2</version></download></software></system></request>";
    assert_eq!(op(&world, first.address, cmd).await.attribute("status"), Some("success"));
    let wanted = "12.1.2".parse().unwrap();
    let now = world.clock.now();
    assert_eq!(second.at(now).downloading(), Some(wanted));
    let busy = op(&world, second.address, &download("12.1.2")).await;
    assert!(busy.at("msg/line").contains("Another download"));
    let later = now.plus(Duration::from_secs(1_000));
    assert_eq!(
        (first.at(later).present().contains(&wanted), second.at(later).present().contains(&wanted)),
        (true, false)
    );
    let last = second.at(later);
    let failed = last.jobs().next().unwrap().end.as_ref().unwrap();
    assert!(!failed.ok && failed.lines[0].contains("HA peer"), "{failed:?}");
}

#[tokio::test]
async fn the_journal_says_who_began_a_download_and_how_the_file_stood() {
    let world = plain(1);
    world.set_download_time(Duration::from_secs(600));
    let ask = async |fault: Option<FaultKind>| {
        if let Some(kind) = fault {
            let fault = Fault { left: Some(1), ..Fault::lasting(kind) };
            world.firewalls[0].at(world.clock.now()).faults.inject(fault);
        }
        let query = format!("type=op&cmd={}", download("12.1.2"));
        let request = Request::new(&query, b"", Some(&world.api_key), None).with_client(Some("tool/1 (w-7)"));
        answer(&world, world.host(FIRST).unwrap(), &request).await;
        world.journal.since(0).entries.pop().unwrap()
    };
    op(&world, FIRST, "<request><system><software><check/></software></system></request>").await;
    let first = ask(Some(FaultKind::AnswerLost)).await;
    let busy = ask(None).await;
    assert_eq!((first.answer.as_str(), first.asked.client.as_deref()), ("reset", Some("tool/1 (w-7)")));
    let begun = first.begun.expect("it began although nobody was told");
    assert_eq!((begun.file, busy.begun), (FileBefore::New, None));
    assert!(first.began_ms <= first.at_ms, "{first:?}");
}
