//! Problems of versions, lists, room and hashes, and of the server that the images come from.

use super::Setting;
use crate::device::spec::DeviceSpec;
use crate::faults::{Fault, FaultKind, NOT_ENTITLED};
use crate::images::{self, Image, ReleaseType};
use crate::models::{self, Model};
use crate::scenario::Support;
use crate::version::{Suffix, Train, Version};
use crate::word::Word;

/// Room for one more image, beside that for the path.
pub(super) const ONE_MORE_KB: u64 = 3 << 20;
/// The last train of the PA-220; said to be 10.2, not confirmed by the vendor.
const LAST_OF_PA_220: Train = Train { major: 10, minor: 2 };
/// The model whose files the catalogue may lack: no generated device is one.
const DISPUTED_MODEL: &str = "PA-7050";
/// Another such model.
const UNKNOWN_MODEL: &str = "PA-3430";

fn size_of(spec: &DeviceSpec, versions: &[Version]) -> u64 {
    spec.list.iter().filter(|image| versions.contains(&image.version)).map(|image| image.size_kb).sum()
}

/// Makes another model of it, which offers all its trains up to `newest`.
fn become_model(spec: &mut DeviceSpec, model: &'static Model, newest: Option<Train>, setting: &Setting) {
    if let Some(Ok(number)) = spec.serial.strip_prefix(spec.model.serial_prefix).map(str::parse) {
        spec.serial = model.serial(number);
    }
    spec.model = model;
    spec.panrepo_kb = spec.panrepo_kb.max(model.panrepo_kb);
    spec.list = images::list(&model.platform, newest, setting.seed);
}

/// Runs a release of the target's own train, older than the target.
pub(super) fn run_in_train_of(spec: &mut DeviceSpec, target: Version) {
    let older = images::running_choices(&spec.list, target).into_iter().find(|v| v.train == target.train);
    if let Some(version) = older {
        spec.run(version);
    }
}

/// The base of the target's train.
pub(super) fn target_base(spec: &DeviceSpec, target: Version) -> Option<Version> {
    images::base_of(&spec.list, target.train).map(|image| image.version)
}

pub(super) fn no_path(spec: &mut DeviceSpec, setting: &Setting) {
    let Some(model) = models::by_name("PA-220") else { return };
    become_model(spec, model, Some(LAST_OF_PA_220), setting);
    spec.panrepo_kb = model.panrepo_kb;
    let choices: Vec<Version> = spec
        .list
        .iter()
        .filter(|image| image.release_type != ReleaseType::Base)
        .map(|image| image.version)
        .collect();
    spec.run(*setting.seed.pick(&["no-path", &spec.serial], &choices));
}

fn keep_listed(spec: &mut DeviceSpec, keep: impl Fn(&Image) -> bool) {
    spec.list = spec.list.iter().filter(|image| keep(image)).cloned().collect();
}

pub(super) fn target_not_listed(spec: &mut DeviceSpec, setting: &Setting) {
    keep_listed(spec, |image| image.version < setting.target);
}

pub(super) fn one_entry_list(spec: &mut DeviceSpec, _: &Setting) {
    let running = spec.running;
    keep_listed(spec, |image| image.version == running);
    spec.present.clear();
    spec.quirks.relics = false;
}

pub(super) fn newer(spec: &mut DeviceSpec, setting: &Setting) {
    let newer = spec.list.iter().map(|image| image.version).find(|version| *version > setting.target);
    spec.run(newer.unwrap_or(setting.target));
}

pub(super) fn custom_build(spec: &mut DeviceSpec, _: &Setting) {
    spec.running = Version { suffix: Suffix::Custom(17), ..spec.running };
}

pub(super) fn pulled_build(spec: &mut DeviceSpec, _: &Setting) {
    let running = spec.running;
    keep_listed(spec, |image| image.version != running);
}

pub(super) fn already_staged(spec: &mut DeviceSpec, setting: &Setting) {
    run_in_train_of(spec, setting.target);
    spec.present.push(setting.target);
    spec.panrepo_kb += ONE_MORE_KB;
}

pub(super) fn imported(spec: &mut DeviceSpec, setting: &Setting) {
    run_in_train_of(spec, setting.target);
    spec.imported = Some(setting.target);
    spec.quirks.null_imports = true;
    spec.panrepo_kb += ONE_MORE_KB;
}

pub(super) fn half_staged(spec: &mut DeviceSpec, setting: &Setting) {
    spec.present.extend(target_base(spec, setting.target));
    spec.panrepo_kb += ONE_MORE_KB;
}

pub(super) fn base_missing(spec: &mut DeviceSpec, setting: &Setting) {
    run_in_train_of(spec, setting.target);
    spec.present.clear();
}

pub(super) fn base_deleted(spec: &mut DeviceSpec, setting: &Setting) {
    run_in_train_of(spec, setting.target);
    spec.panrepo_kb += 2 * ONE_MORE_KB;
    spec.faults.push(Fault::times(FaultKind::BaseDeleted, 1));
}

pub(super) fn disk_full(spec: &mut DeviceSpec, _: &Setting) {
    let present_kb: u64 = size_of(spec, &spec.present) + size_of(spec, &[spec.running]);
    let usable_kb = spec.panrepo_kb * 95 / 100;
    spec.overhead_kb = usable_kb.saturating_sub(present_kb + (150 << 10));
}

pub(super) fn disk_fills(spec: &mut DeviceSpec, _: &Setting) {
    spec.faults.push(Fault::lasting(FaultKind::NoRoom));
}

pub(super) fn hash_mismatch(spec: &mut DeviceSpec, setting: &Setting) {
    spec.faults.push(Fault::lasting(FaultKind::HashMismatch { version: Some(setting.target) }));
}

/// Of the devices with this problem, every second one tells the truth.
pub(super) fn hash_disputed(spec: &mut DeviceSpec, setting: &Setting) {
    let Some(model) = models::by_name(DISPUTED_MODEL) else { return };
    become_model(spec, model, None, setting);
    let version = Some(setting.target);
    let kind = if spec.nth_of_problem.is_multiple_of(2) {
        FaultKind::HashUnknown { version }
    } else {
        FaultKind::HashDisputed { version }
    };
    spec.faults.push(Fault::lasting(kind));
}

pub(super) fn hash_unknown(spec: &mut DeviceSpec, setting: &Setting) {
    let Some(model) = models::by_name(UNKNOWN_MODEL) else { return };
    become_model(spec, model, None, setting);
    spec.faults.push(Fault::lasting(FaultKind::HashUnknown { version: Some(setting.target) }));
}

pub(super) fn hash_not_reported(spec: &mut DeviceSpec, _: &Setting) {
    spec.faults.push(Fault::lasting(FaultKind::HashAbsent));
}

pub(super) fn update_server(spec: &mut DeviceSpec, _: &Setting) {
    spec.faults.push(Fault::lasting(FaultKind::UpdateServer));
}

pub(super) fn update_server_unknown(spec: &mut DeviceSpec, _: &Setting) {
    spec.faults.push(Fault::lasting(FaultKind::UpdateServerUnknown));
}

pub(super) fn update_server_outage(spec: &mut DeviceSpec, _: &Setting) {
    spec.faults.push(Fault::times(FaultKind::UpdateServer, 1).on(&[Word::SoftwareCheck]));
}

pub(super) fn not_entitled(spec: &mut DeviceSpec, _: &Setting) {
    spec.quirks.support = Support::Unknown;
    spec.faults.push(Fault::lasting(FaultKind::NotEntitled { text: NOT_ENTITLED.to_owned() }));
}
