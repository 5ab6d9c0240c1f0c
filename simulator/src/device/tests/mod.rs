mod troubles;

use std::time::Duration;

use super::*;
use crate::faults::Fault;
use crate::fleet;
use crate::scenario::file::SingleDevice;
use crate::scenario::{Named, Problem, Quirks, SEED, TARGET};

const LENGTH: Duration = Duration::from_secs(10);

fn at(s: u64) -> Moment {
    Moment::from_ms(s * 1_000)
}

fn version(text: &str) -> Version {
    text.parse().unwrap()
}

/// A PA-440 on 11.0.4 without oddities.
fn device_with(change: impl FnOnce(&mut SingleDevice)) -> Device {
    let mut single = SingleDevice {
        model: Some("PA-440".to_owned()),
        version: Some(version("11.0.4")),
        quirks: Some(Quirks::default()),
        ..SingleDevice::default()
    };
    change(&mut single);
    let scenario = crate::scenario::Scenario { devices: 0, singles: vec![single], ..Named::Plain.scenario() };
    let spec = fleet::build(&scenario).unwrap().remove(0);
    let mut device = Device::new(spec, SEED, "2026-08-07T04:00:00Z".parse().unwrap());
    device.settle(at(0));
    device
}

fn device() -> Device {
    device_with(|_| {})
}

fn presence(device: &Device, text: &str) -> Presence {
    let wanted = version(text);
    device.software().iter().find(|entry| entry.image.version == wanted).unwrap().presence
}

fn end(device: &Device, id: u32) -> &JobEnd {
    device.job(id).unwrap().end.as_ref().unwrap()
}

#[test]
fn a_download_ends_at_its_time_and_the_list_shows_it() {
    let mut device = device();
    device.check(at(0));
    let base = device.download(version("11.1.0"), "admin", at(1), LENGTH).unwrap();
    device.settle(at(10));
    assert_eq!(presence(&device, "11.1.0"), Presence::Downloading);
    assert!(device.job(base).unwrap().is_active());
    device.settle(at(60));
    assert_eq!(presence(&device, "11.1.0"), Presence::Yes);
    let end = end(&device, base);
    assert_eq!((end.at, end.ok, end.lines.len()), (at(11), true, 3));
}

#[test]
fn one_download_runs_at_a_time_and_an_unknown_version_is_refused() {
    let mut device = device();
    assert_eq!(device.download(version("11.3.0"), "a", at(0), LENGTH), Err(DownloadRefusal::Unknown));
    let first = device.download(version("11.1.0"), "a", at(0), LENGTH).unwrap();
    assert_eq!(device.download(version("11.0.6"), "a", at(1), LENGTH), Err(DownloadRefusal::Busy));
    device.settle(at(10));
    assert_eq!(device.download(version("11.0.6"), "a", at(10), LENGTH), Ok(first + 1));
}

#[test]
fn a_missing_base_fails_after_the_bytes_came_and_leaves_them_on_the_disk() {
    let mut device = device();
    device.check(at(0));
    let before_kb = device.space(at(0)).available_kb();
    let job = device.download(TARGET, "admin", at(0), LENGTH).unwrap();
    device.settle(at(10));
    let failed = end(&device, job).clone();
    assert!(!failed.ok);
    assert_eq!(failed.lines[0], "Successfully downloaded");
    assert!(
        failed.lines[2].starts_with("The required '11.1.0' base image must be loaded before this image can")
    );
    assert!(failed.lines[2].contains("loaded.  You do not have to install"));
    assert_eq!(presence(&device, "11.1.4-h7"), Presence::No);
    let size_kb = device.listed(TARGET).unwrap().size_kb;
    assert_eq!(device.space(at(10)).available_kb(), before_kb - size_kb);

    device.download(version("11.1.0"), "admin", at(10), LENGTH).unwrap();
    device.settle(at(20));
    let again = device.download(TARGET, "admin", at(20), LENGTH).unwrap();
    device.settle(at(30));
    assert!(end(&device, again).ok);
    assert_eq!(presence(&device, "11.1.4-h7"), Presence::Yes);
    let base_kb = device.listed(version("11.1.0")).unwrap().size_kb;
    assert_eq!(device.space(at(30)).available_kb(), before_kb - size_kb - base_kb);
}

#[test]
fn arriving_bytes_are_used_space() {
    let mut device = device();
    let before_kb = device.space(at(0)).available_kb();
    let size_kb = device.listed(version("11.1.0")).unwrap().size_kb;
    device.download(version("11.1.0"), "admin", at(0), LENGTH).unwrap();
    let half_kb = before_kb - device.space(Moment::from_ms(4_500)).available_kb();
    assert!(half_kb.abs_diff(size_kb / 2) <= 1, "{half_kb} of {size_kb}");
}

#[test]
fn too_little_room_fails_the_job_and_keeps_nothing() {
    let mut device = device_with(|single| single.problem = Some(Problem::DiskFull));
    let before = device.space(at(0));
    assert!(before.available_kb() < 200 << 10, "{before:?}");
    let job = device.download(version("11.1.0"), "admin", at(0), LENGTH).unwrap();
    device.settle(at(10));
    assert!(!end(&device, job).ok);
    assert!(end(&device, job).lines.contains(&"No space left on device".to_owned()));
    assert_eq!(device.space(at(10)), before);
}

#[test]
fn a_reboot_loses_the_download_and_job_ids_begin_again() {
    let mut device = device();
    device.faults.inject(Fault { left: Some(1), ..Fault::lasting(FaultKind::Reboot { at: None }) });
    let lost = device.download(version("11.1.0"), "admin", at(100), LENGTH).unwrap();
    device.settle(at(102));
    assert!(device.job(lost).is_some());
    device.settle(at(104));
    assert!(device.is_down(at(104)), "it went down at 103");
    assert!(!device.is_down(at(107)));
    assert_eq!(device.job(lost), None);
    assert_eq!(device.uptime(at(116)), Duration::from_secs(10));
    device.check(at(107));
    assert_eq!(presence(&device, "11.1.0"), Presence::No);
    assert_eq!(device.download(version("11.1.0"), "admin", at(107), LENGTH), Ok(2));
    device.settle(at(120));
    assert_eq!(presence(&device, "11.1.0"), Presence::Yes);
}

#[test]
fn a_stall_lasts_as_long_as_its_fault_even_when_nobody_asks() {
    let mut device = device();
    let job = device.download(version("11.1.0"), "admin", at(0), LENGTH).unwrap();
    device.faults.inject(Fault { until: Some(at(65)), ..Fault::lasting(FaultKind::Stall) });
    device.settle(at(5));
    device.settle(at(300));
    assert_eq!(end(&device, job).at, at(70));
}

#[test]
fn a_failing_download_succeeds_once_the_count_is_used_up() {
    let mut device = device();
    device.faults.inject(Fault { left: Some(1), ..Fault::lasting(FaultKind::DownloadFails) });
    for (start, ok) in [(0, false), (20, true)] {
        let job = device.download(version("11.1.0"), "admin", at(start), LENGTH).unwrap();
        device.settle(at(start + 10));
        assert_eq!(end(&device, job).ok, ok);
    }
}

#[test]
fn the_list_is_empty_until_the_first_check() {
    let mut device = device();
    assert_eq!(device.software(), []);
    device.check(at(1));
    let current: Vec<_> =
        device.software().iter().filter(|entry| entry.current).map(|entry| entry.image.version).collect();
    assert_eq!(current, [version("11.0.4")]);
}

#[test]
fn a_foreign_download_begins_at_the_first_contact_and_once() {
    let mut device = device_with(|single| single.problem = Some(Problem::ForeignDownload));
    device.settle(at(500));
    assert_eq!(device.downloading(), None);
    device.on_contact(at(500), LENGTH);
    assert!(device.downloading().is_some());
    assert_eq!(device.download(version("11.1.0"), "a", at(501), LENGTH), Err(DownloadRefusal::Busy));
    device.settle(at(510));
    device.on_contact(at(510), LENGTH);
    assert_eq!(device.downloading(), None);
}

#[test]
fn a_false_hash_is_reported_for_the_target_alone() {
    let device = device_with(|single| single.problem = Some(Problem::HashMismatch));
    let base = device.listed(version("11.1.0")).unwrap();
    let target = device.listed(TARGET).unwrap();
    assert_eq!(device.reported_sha256(base, at(0)).as_ref(), Some(&base.sha256));
    let reported = device.reported_sha256(target, at(0)).unwrap();
    assert!(reported.len() == 64 && reported != target.sha256);
}

#[test]
fn an_installed_version_runs_after_the_reboot() {
    let mut device = device();
    assert_eq!(device.install(TARGET, at(0), LENGTH), Err(InstallRefusal::NotDownloaded));
    let newer = version("11.0.6");
    device.download(newer, "admin", at(0), LENGTH).unwrap();
    device.settle(at(10));
    device.install(newer, at(10), LENGTH).unwrap();
    device.settle(at(20));
    assert_eq!((device.running(), device.staged()), (version("11.0.4"), Some(newer)));
    device.reboot(at(20));
    assert_eq!((device.running(), device.staged()), (newer, None));
    assert_eq!(device.delete(newer), Err(DeleteRefusal::Running));
    assert_eq!(device.delete(version("11.0.4")), Ok(()));
    assert_eq!(device.delete(version("11.0.4")), Err(DeleteRefusal::NotDownloaded));
}

#[test]
fn an_import_may_appear_only_after_the_next_check() {
    let mut device =
        device_with(|single| single.quirks = Some(Quirks { late_imports: true, ..Quirks::default() }));
    device.check(at(0));
    assert_eq!(device.import("PanOS_vm-11.1.0", 5, at(1)), Err(ImportRefusal::UnknownFile));
    device.import("PanOS_440-11.1.0", 1 << 30, at(1)).unwrap();
    assert_eq!(presence(&device, "11.1.0"), Presence::No);
    device.check(at(2));
    let listed = device.software();
    let entry = listed.iter().find(|entry| entry.uploaded).unwrap();
    assert_eq!((entry.image.version, entry.presence), (version("11.1.0"), Presence::Yes));
}
