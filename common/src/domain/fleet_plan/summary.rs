//! Adding up the plans of a fleet.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::{
    CautionCount, DeviceDemand, DevicePlan, DeviceResult, FleetPlan, Group, ImageDemand, NotFitting, Outcome,
    Space,
};
use crate::domain::path::Plan;
use crate::domain::version::Version;

/// The sum of what is asked of `devices`.
#[must_use]
pub fn summarise(devices: &[DevicePlan]) -> FleetPlan {
    let mut devices: Vec<&DevicePlan> = devices.iter().collect();
    devices.sort_by(|left, right| left.serial.cmp(&right.serial));

    let per_device: Vec<DeviceDemand> = devices.iter().map(|device| demand(device)).collect();
    let count = |outcome: Outcome| per_device.iter().filter(|device| device.outcome == outcome).count();
    let to_do = || per_device.iter().filter(|device| device.outcome == Outcome::ToDo);
    FleetPlan {
        n_devices: per_device.len(),
        n_runs_target: count(Outcome::RunsTarget),
        n_staged: count(Outcome::Staged),
        n_to_do: count(Outcome::ToDo),
        n_impossible: count(Outcome::Impossible),
        n_not_asked: count(Outcome::NotAsked),
        images: images(&per_device),
        bytes_total: per_device.iter().map(|device| device.bytes).fold(0, u64::saturating_add),
        n_sizes_unknown: per_device.iter().map(|device| device.n_sizes_unknown).sum(),
        not_fitting: not_fitting(&per_device),
        n_space_unknown: to_do().filter(|device| device.space.is_none()).count(),
        impossible: groups(&devices, Outcome::Impossible),
        not_asked: groups(&devices, Outcome::NotAsked),
        cautions: cautions(&per_device),
        per_device,
    }
}

/// What is asked of one device.
fn demand(device: &DevicePlan) -> DeviceDemand {
    let (outcome, plan, space, reason) = match &device.result {
        DeviceResult::Staged(plan) => (Outcome::Staged, Some(plan), None, None),
        DeviceResult::ToDo { plan, space } => (Outcome::ToDo, Some(plan), space.clone(), None),
        DeviceResult::RunsTarget => (Outcome::RunsTarget, None, None, None),
        DeviceResult::Impossible { code, message, .. } => {
            (Outcome::Impossible, None, None, Some((*code, message.clone())))
        }
        DeviceResult::NotAsked { code, message, .. } => {
            (Outcome::NotAsked, None, None, Some((*code, message.clone())))
        }
    };
    let (bytes, n_sizes_unknown) = plan.map(Plan::bytes_missing).unwrap_or_default();
    let (code, message) = reason.unzip();
    DeviceDemand {
        serial: device.serial.clone(),
        hostname: device.hostname.clone(),
        model: device.model.clone(),
        current_version: device.current.clone(),
        outcome,
        code,
        message,
        plan: plan.cloned(),
        missing: plan.into_iter().flat_map(Plan::missing).map(|image| image.version).collect(),
        bytes,
        n_sizes_unknown,
        fits: space.as_ref().map(|space| space.budget.fits()),
        space,
    }
}

/// Every image on a plan, oldest version first.
fn images(devices: &[DeviceDemand]) -> Vec<ImageDemand> {
    let mut by_version = BTreeMap::<Version, ImageDemand>::new();
    for image in devices.iter().filter_map(|device| device.plan.as_ref()).flat_map(|plan| &plan.images) {
        let demand = by_version.entry(image.version).or_insert_with(|| ImageDemand {
            version: image.version,
            n_devices: 0,
            n_present: 0,
            bytes: 0,
            n_sizes_unknown: 0,
            rules: BTreeMap::new(),
        });
        *demand.rules.entry(image.rule).or_default() += 1;
        if !image.is_missing() {
            demand.n_present += 1;
            continue;
        }
        demand.n_devices += 1;
        match image.size_bytes {
            Some(size) => demand.bytes = demand.bytes.saturating_add(size),
            None => demand.n_sizes_unknown += 1,
        }
    }
    by_version.into_values().collect()
}

/// Devices without room, the shortest of it first.
fn not_fitting(devices: &[DeviceDemand]) -> Vec<NotFitting> {
    let no_room = |device: &&DeviceDemand| device.fits == Some(false);
    let row = |device: &DeviceDemand| {
        let Space { mount, budget } = device.space.as_ref()?;
        Some(NotFitting {
            serial: device.serial.clone(),
            hostname: device.hostname.clone(),
            model: device.model.clone(),
            mount: mount.clone(),
            needed_bytes: budget.needed_bytes,
            available_bytes: budget.available_bytes,
            shortfall_bytes: budget.shortfall_bytes(),
        })
    };
    let mut rows: Vec<NotFitting> = devices.iter().filter(no_room).filter_map(row).collect();
    rows.sort_by_key(|row| Reverse(row.shortfall_bytes)); // Stable: by serial among equals.
    rows
}

/// The reasons of one kind, the most frequent first. `devices` are in the order of their serials.
fn groups(devices: &[&DevicePlan], outcome: Outcome) -> Vec<Group> {
    let mut by_code = BTreeMap::<&'static str, Group>::new();
    for device in devices {
        let (kind, code, message, remedy) = match &device.result {
            DeviceResult::Impossible { code, message, remedy } => {
                (Outcome::Impossible, code, message, remedy)
            }
            DeviceResult::NotAsked { code, message, remedy } => (Outcome::NotAsked, code, message, remedy),
            DeviceResult::Staged(_) | DeviceResult::ToDo { .. } | DeviceResult::RunsTarget => continue,
        };
        if kind != outcome {
            continue;
        }
        let group = by_code.entry(code).or_insert_with(|| Group {
            code,
            n_devices: 0,
            example: device.serial.clone(),
            message: message.clone(),
            remedy: remedy.clone(),
        });
        group.n_devices += 1;
    }
    let mut groups: Vec<Group> = by_code.into_values().collect();
    groups.sort_by_key(|group| Reverse(group.n_devices)); // Stable: by code among equals.
    groups
}

/// What to know before following the plans, the most frequent first.
fn cautions(devices: &[DeviceDemand]) -> Vec<CautionCount> {
    let mut by_text = BTreeMap::<String, usize>::new();
    for caution in devices.iter().filter_map(|device| device.plan.as_ref()).flat_map(|plan| &plan.cautions) {
        *by_text.entry(caution.to_string()).or_default() += 1;
    }
    let mut counts: Vec<CautionCount> =
        by_text.into_iter().map(|(caution, n_devices)| CautionCount { caution, n_devices }).collect();
    counts.sort_by_key(|count| Reverse(count.n_devices)); // Stable: by text among equals.
    counts
}
