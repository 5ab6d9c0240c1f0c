//! What a goal asks of a whole fleet: which images, how many bytes, who has no room, who has no path.
//!
//! Promises: [`summarise`] is pure; the same devices in another order give the same summary; every device is
//! counted in exactly one outcome. Leaves to others: asking the devices, planning each of them
//! ([`path`](super::path)), and printing.

use std::collections::BTreeMap;

use serde::Serialize;

use super::device::Serial;
use super::path::{Budget, NoPath, Plan, Rule};
use super::version::Version;

mod summary;

pub use summary::summarise;

/// One device and what became of planning it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DevicePlan {
    /// Which device.
    pub serial: Serial,
    /// Its label.
    pub hostname: String,
    /// Its model.
    pub model: String,
    /// What it runs, as it was told; may be no version.
    pub current: String,
    /// What became of planning it.
    pub result: DeviceResult,
}

/// What became of planning one device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeviceResult {
    /// Every image of the plan is there.
    Staged(Plan),
    /// Images are missing.
    ToDo {
        /// What is needed, in order.
        plan: Plan,
        /// The room on the device; `None` when it was not asked or did not say.
        space: Option<Space>,
    },
    /// It runs the target.
    RunsTarget,
    /// There is no path, whatever the device does.
    Impossible {
        /// A stable word for programs, for example that of [`NoPath::code`].
        code: &'static str,
        /// One sentence about this device.
        message: String,
        /// What an operator does next.
        remedy: String,
    },
    /// The device was not asked or gave no answer, so nothing is known.
    NotAsked {
        /// A stable word for programs.
        code: &'static str,
        /// One sentence about this device.
        message: String,
        /// What an operator does next.
        remedy: String,
    },
}

impl From<NoPath> for DeviceResult {
    fn from(refusal: NoPath) -> Self {
        Self::Impossible {
            code: refusal.code(),
            message: refusal.to_string(),
            remedy: refusal.remedy().to_owned(),
        }
    }
}

/// The volume that holds a device's images.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Space {
    /// Where it was measured.
    pub mount: String,
    /// What is needed there and what is free.
    pub budget: Budget,
}

/// What a goal asks of a fleet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FleetPlan {
    /// All devices; the sum of the five counts below.
    pub n_devices: usize,
    /// Those that run the target.
    pub n_runs_target: usize,
    /// Those on which every image is there.
    pub n_staged: usize,
    /// Those to which images have to come, whether they have room or not.
    pub n_to_do: usize,
    /// Those without a path.
    pub n_impossible: usize,
    /// Those of which nothing is known.
    pub n_not_asked: usize,
    /// Every image on a plan, oldest version first.
    pub images: Vec<ImageDemand>,
    /// The missing images of all devices together, as far as sizes are known.
    pub bytes_total: u64,
    /// How many missing images have no known size; they are not in `bytes_total`.
    pub n_sizes_unknown: usize,
    /// Devices on which the missing images do not fit, the shortest of room first.
    pub not_fitting: Vec<NotFitting>,
    /// Devices with something to do of whose room nothing is known.
    pub n_space_unknown: usize,
    /// Devices without a path by reason, the most frequent reason first.
    pub impossible: Vec<Group>,
    /// Devices of which nothing is known by reason, the most frequent reason first.
    pub not_asked: Vec<Group>,
    /// What to know before following the plans, the most frequent first.
    pub cautions: Vec<CautionCount>,
    /// Every device, by serial.
    pub per_device: Vec<DeviceDemand>,
}

/// How much one image is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ImageDemand {
    /// What it makes a device run.
    pub version: Version,
    /// Devices to which it has to come.
    pub n_devices: usize,
    /// Devices that need it and have it.
    pub n_present: usize,
    /// What has to be transferred for all of them, as far as sizes are known; the files of one version differ
    /// between platforms.
    pub bytes: u64,
    /// Devices that do not tell the size.
    pub n_sizes_unknown: usize,
    /// Why it is on plans, and on how many.
    pub rules: BTreeMap<Rule, usize>,
}

/// A device without room for its missing images.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NotFitting {
    /// Which device.
    pub serial: Serial,
    /// Its label.
    pub hostname: String,
    /// Its model.
    pub model: String,
    /// The volume.
    pub mount: String,
    /// What the missing images need there, margin included.
    pub needed_bytes: u64,
    /// What is free there.
    pub available_bytes: u64,
    /// What has to be freed.
    pub shortfall_bytes: u64,
}

/// Devices that have one reason in common.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Group {
    /// The reason, as a stable word.
    pub code: &'static str,
    /// How many devices have it.
    pub n_devices: usize,
    /// One of them: that with the lowest serial.
    pub example: Serial,
    /// What was said of that one.
    pub message: String,
    /// What an operator does next.
    pub remedy: String,
}

/// A caution that several plans share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CautionCount {
    /// The sentence.
    pub caution: String,
    /// On how many plans it stands.
    pub n_devices: usize,
}

/// What a goal asks of one device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeviceDemand {
    /// Which device.
    pub serial: Serial,
    /// Its label.
    pub hostname: String,
    /// Its model.
    pub model: String,
    /// What it runs.
    pub current_version: String,
    /// What became of planning it.
    pub outcome: Outcome,
    /// The code of the reason when there is no plan.
    pub code: Option<&'static str>,
    /// What was said of it when there is no plan.
    pub message: Option<String>,
    /// The plan, where there is one.
    pub plan: Option<Plan>,
    /// The versions that have to come, in order.
    pub missing: Vec<Version>,
    /// Their bytes, as far as sizes are known.
    pub bytes: u64,
    /// How many of them have no known size.
    pub n_sizes_unknown: usize,
    /// The room on the device, where it was asked.
    pub space: Option<Space>,
    /// Whether they fit; `None` when the room is not known or nothing has to come.
    pub fits: Option<bool>,
}

/// What became of planning a device, as one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Every image of the plan is there.
    Staged,
    /// Images are missing.
    ToDo,
    /// It runs the target.
    RunsTarget,
    /// There is no path.
    Impossible,
    /// Nothing is known.
    NotAsked,
}

#[cfg(test)]
mod tests;
