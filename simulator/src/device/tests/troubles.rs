//! Problems and oddities that change what becomes of a download, or of a boot.

use super::*;
use crate::device::Readiness;
use crate::span::Span;

fn odd(change: impl FnOnce(&mut Quirks)) -> Device {
    let mut quirks = Quirks::default();
    change(&mut quirks);
    device_with(|single| single.quirks = Some(quirks))
}

fn troubled(problem: Problem) -> Device {
    device_with(|single| single.problem = Some(problem))
}

fn seconds(s: u64) -> Option<Span> {
    Some(Span(Duration::from_secs(s)))
}

#[test]
fn a_busy_software_manager_fails_what_comes_too_soon_after_a_load() {
    let mut device = odd(|quirks| quirks.busy_after_load = seconds(100));
    device.download(version("11.1.0"), "a", at(0), LENGTH).unwrap();
    device.settle(at(10));
    let soon = device.download(TARGET, "a", at(20), LENGTH).unwrap();
    device.settle(at(25));
    let failed = end(&device, soon);
    assert!(!failed.ok && failed.at < at(21), "{failed:?}");
    assert_eq!(failed.lines[2], "The software manager is currently in use. Please try again later.");
    assert_eq!(failed.lines[3], "Failed to install   version  11.1.4-h7  type  panos");
    let install = device.install(version("11.1.0"), at(30), LENGTH).unwrap();
    device.settle(at(40));
    assert!(!end(&device, install).ok);
    let later = device.download(TARGET, "a", at(111), LENGTH).unwrap();
    device.settle(at(121));
    assert!(end(&device, later).ok);
}

#[test]
fn a_false_success_is_ok_and_nothing_is_there() {
    let mut device = troubled(Problem::FalseSuccess);
    device.check(at(0));
    let job = device.download(version("11.1.0"), "a", at(0), LENGTH).unwrap();
    device.settle(at(10));
    assert!(end(&device, job).ok);
    assert_eq!(presence(&device, "11.1.0"), Presence::No);
}

#[test]
fn a_download_may_fail_for_want_of_room_that_df_shows() {
    let mut device = device_with(|single| {
        single.problem = Some(Problem::DiskFills);
        let text = Some("no room for image".to_owned());
        single.quirks = Some(Quirks { disk_full_text: text, ..Quirks::default() });
    });
    assert!(device.space(at(0)).available_kb() > 2 << 20);
    let job = device.download(version("11.1.0"), "a", at(0), LENGTH).unwrap();
    device.settle(at(10));
    assert_eq!(end(&device, job).lines, ["Failed to download", "no room for image"]);
}

#[test]
fn a_base_that_is_deleted_meanwhile_fails_the_target_and_a_second_try_succeeds_after_it() {
    let mut device = troubled(Problem::BaseDeleted);
    device.check(at(0));
    let base = version("11.1.0");
    assert!(device.present().contains(&base) && device.unasked().contains(&base));
    let first = device.download(TARGET, "a", at(0), LENGTH).unwrap();
    device.settle(at(10));
    assert!(end(&device, first).lines[2].contains("The required '11.1.0' base image must be loaded"));
    assert_eq!(presence(&device, "11.1.0"), Presence::No);
    assert!(!device.unasked().contains(&base), "there is a reason to ask for it now");
    device.download(base, "a", at(10), LENGTH).unwrap();
    device.settle(at(20));
    let second = device.download(TARGET, "a", at(20), LENGTH).unwrap();
    device.settle(at(30));
    assert!(end(&device, second).ok);
}

#[test]
fn a_list_may_lag_behind_the_end_of_a_job() {
    let mut device = odd(|quirks| quirks.list_lag = seconds(3));
    device.check(at(0));
    device.download(version("11.1.0"), "a", at(0), LENGTH).unwrap();
    device.settle(at(12));
    assert_eq!(
        (presence(&device, "11.1.0"), device.last_end().map(|(_, end)| end)),
        (Presence::No, Some(at(10)))
    );
    device.settle(at(13));
    assert_eq!(presence(&device, "11.1.0"), Presence::Yes);
}

#[test]
fn a_download_may_stand_still_and_take_its_own_time() {
    let mut device = troubled(Problem::Pauses);
    let pause = crate::scenario::Pace::default().scaled(Duration::from_secs(80));
    let job = device.download(version("11.1.0"), "a", at(0), LENGTH).unwrap();
    device.settle(at(60));
    assert_eq!(end(&device, job).at, at(10).plus(pause));

    let mut device = odd(|quirks| quirks.download_time = seconds(30));
    let job = device.download(version("11.1.0"), "a", at(0), LENGTH).unwrap();
    device.settle(at(60));
    assert_eq!(end(&device, job).at, at(30));
}

#[test]
fn a_content_update_begins_by_itself_once_and_is_no_image() {
    let mut device = odd(|quirks| quirks.content_update_after = seconds(5));
    device.on_contact(at(1), LENGTH);
    device.settle(at(7));
    assert_eq!(
        (device.jobs().next().map(|job| job.kind), device.downloading()),
        (Some(JobKind::Content), None)
    );
    assert!(
        device.download(version("11.1.0"), "a", at(7), LENGTH).is_ok(),
        "it is no image that is on its way"
    );
    device.on_contact(at(50), LENGTH);
    device.settle(at(60));
    assert_eq!(device.jobs().filter(|job| job.kind == JobKind::Content && job.enqueued >= at(1)).count(), 1);
}

#[test]
fn a_reboot_may_give_our_id_to_a_job_that_is_over() {
    let mut device = troubled(Problem::RebootsOntoOurId);
    let ours = device.download(version("11.2.0"), "a", at(0), LENGTH).unwrap();
    device.settle(at(9));
    let taken = device.job(ours).unwrap();
    assert_eq!((taken.kind, taken.end.as_ref().map(|end| end.ok)), (JobKind::Content, Some(true)));
    assert!(!device.present().contains(&version("11.2.0")));
}

#[test]
fn a_restart_may_leave_the_old_life_running_for_a_while() {
    let mut device = odd(|quirks| {
        quirks.lingers = seconds(5);
        quirks.auth_late = seconds(2);
    });
    let old = device.uptime(at(0));
    device.restart(at(0));
    device.settle(at(4));
    assert!(!device.is_down(at(4)) && device.uptime(at(4)) > old);
    device.settle(at(5));
    assert!(device.is_down(at(7)) && !device.is_down(at(8)));
    assert_eq!(device.uptime(at(9)), Duration::from_secs(1));
    assert!(device.is_authentication_late(at(9)) && !device.is_authentication_late(at(10)));
    let readiness = [8_100, 8_600, 9_100].map(|ms| device.readiness(Moment::from_ms(ms)));
    assert_eq!(readiness, [Readiness::Starting, Readiness::Settling, Readiness::Ready]);
}

#[test]
fn a_foreign_download_of_the_very_image_leaves_nothing_to_ask_for() {
    let mut device = troubled(Problem::ForeignSameImage);
    device.on_contact(at(0), LENGTH);
    let base = version("11.1.0");
    assert_eq!((device.downloading(), device.unasked().contains(&base)), (Some(base), true));
    device.settle(at(10));
    assert!(device.present().contains(&base));
}

#[test]
fn copies_from_the_other_member_come_one_after_the_other_and_a_reboot_loses_those_that_wait() {
    let mut device = odd(|quirks| quirks.sync_lag = seconds(2));
    let [base, target] = [version("11.1.0"), TARGET];
    device.receive(base, at(0), LENGTH);
    device.receive(target, at(1), LENGTH);
    device.settle(at(11));
    assert_eq!(device.downloading(), Some(base));
    device.settle(at(13));
    assert_eq!(device.downloading(), Some(target));
    device.settle(at(24));
    assert!(device.present().contains(&target));

    let mut device = odd(|_| {});
    device.receive(base, at(0), LENGTH);
    device.receive(target, at(1), LENGTH);
    device.reboot(at(5));
    device.settle(at(100));
    assert!(device.downloading().is_none() && !device.present().contains(&base));
}
