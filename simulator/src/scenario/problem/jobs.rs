//! Problems of downloads: how their jobs run, end and vanish, and who else is at work on the device.

use std::time::Duration;

use super::Setting;
use super::images::{ONE_MORE_KB, target_base};
use crate::device::spec::DeviceSpec;
use crate::faults::{Fault, FaultKind};
use crate::span::Span;
use crate::version::Version;
use crate::word::Word;

/// Runs what needs few images, so that a long download does not hold up the end of the fleet.
fn run_near(spec: &mut DeviceSpec, setting: &Setting) {
    let choices = crate::images::running_choices(&spec.list, setting.target);
    if let Some(near) = choices.into_iter().rfind(|version| version.train < setting.target.train) {
        spec.run(near);
    }
}

fn scaled(setting: &Setting, seconds: u64) -> Span {
    Span(setting.pace.scaled(Duration::from_secs(seconds)))
}

pub(super) fn ten_minutes(spec: &mut DeviceSpec, setting: &Setting) {
    run_near(spec, setting);
    spec.quirks.silent_progress = false;
    spec.quirks.download_time = Some(scaled(setting, 600));
}

pub(super) fn slow_loading(spec: &mut DeviceSpec, _: &Setting) {
    spec.quirks.silent_progress = false;
    spec.quirks.loading_percent = Some(33);
}

pub(super) fn pauses(spec: &mut DeviceSpec, setting: &Setting) {
    spec.faults.push(Fault::times(FaultKind::Pause { delay_ms: scaled(setting, 80).0 }, 1));
}

pub(super) fn stalls(spec: &mut DeviceSpec, _: &Setting) {
    spec.faults.push(Fault::lasting(FaultKind::Stall));
}

pub(super) fn fails_once(spec: &mut DeviceSpec, _: &Setting) {
    spec.faults.push(Fault::times(FaultKind::DownloadFails, 1));
}

pub(super) fn fails_always(spec: &mut DeviceSpec, _: &Setting) {
    spec.faults.push(Fault::lasting(FaultKind::DownloadFails));
}

pub(super) fn false_success(spec: &mut DeviceSpec, _: &Setting) {
    spec.faults.push(Fault::lasting(FaultKind::FalseSuccess));
}

pub(super) fn list_lags(spec: &mut DeviceSpec, setting: &Setting) {
    spec.quirks.list_lag = Some(scaled(setting, 5));
}

pub(super) fn job_vanishes(spec: &mut DeviceSpec, _: &Setting) {
    spec.faults.push(Fault::times(FaultKind::JobVanishes, 1));
}

pub(super) fn job_forgotten(spec: &mut DeviceSpec, _: &Setting) {
    spec.faults.push(Fault::times(FaultKind::JobForgotten, 1));
}

pub(super) fn reboots(spec: &mut DeviceSpec, setting: &Setting) {
    run_near(spec, setting);
    spec.faults.push(Fault::times(FaultKind::Reboot { at: None }, 1));
}

/// Our first job has id 2; after the boot a content update has it.
pub(super) fn reboots_onto_our_id(spec: &mut DeviceSpec, setting: &Setting) {
    reboots(spec, setting);
    spec.next_job_id = 2;
    spec.quirks.jobs_after_boot = 3;
    spec.quirks.content_update_after = None;
}

pub(super) fn reboots_slowly(spec: &mut DeviceSpec, setting: &Setting) {
    reboots(spec, setting);
    spec.quirks.auth_late = Some(scaled(setting, 30));
    spec.quirks.malformed_after_boot = true;
}

/// An older release of the running train, or the newest of all: nobody needs either.
pub(super) fn foreign_download(spec: &mut DeviceSpec, _: &Setting) {
    let versions = || spec.list.iter().map(|image| image.version);
    let is_older = |version: &Version| {
        version.train == spec.running.train && *version < spec.running && !spec.present.contains(version)
    };
    spec.foreign_download = versions().find(is_older).or_else(|| versions().max());
    spec.panrepo_kb += ONE_MORE_KB;
}

pub(super) fn foreign_same_image(spec: &mut DeviceSpec, setting: &Setting) {
    run_near(spec, setting);
    spec.foreign_download = target_base(spec, setting.target);
    spec.quirks.hides_downloading = false;
}

pub(super) fn busy_commit(spec: &mut DeviceSpec, _: &Setting) {
    spec.faults.push(Fault::times(FaultKind::BusyCommit, 2));
}

pub(super) fn manager_busy(spec: &mut DeviceSpec, setting: &Setting) {
    run_near(spec, setting);
    spec.quirks.busy_after_load = Some(scaled(setting, 120));
}

pub(super) fn no_job_id(spec: &mut DeviceSpec, _: &Setting) {
    spec.quirks.hides_downloading = false;
    spec.faults.push(Fault::times(FaultKind::NoJobId, 1));
}

pub(super) fn answer_lost(spec: &mut DeviceSpec, _: &Setting) {
    spec.faults.push(Fault::times(FaultKind::AnswerLost, 1).on(&[Word::Download]));
}
