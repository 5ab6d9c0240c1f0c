//! Which images bring a device from the version it runs to the one that is wanted, and why each of them.
//!
//! Promises: [`plan`] is pure, says for every image the rule that put it there, and gives them in an order in
//! which the device accepts them: the base image of a train before any other of it. Planning again after some
//! images have arrived leaves the rest to do. What cannot be planned is a [`NoPath`] with a remedy.
//! Leaves to others: asking devices and keeping their lists fresh, downloading, and installing.
//!
//! Read `policy` for what an operator may decide, `planner` and `route` for the rules, `explain` for the sentences.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::image::{ImageFile, Presence};
use super::version::Version;

mod budget;
mod explain;
mod no_path;
mod paths_file;
mod planner;
mod policy;
mod route;

pub use budget::{Budget, FACTOR_PERCENT, RESERVE_BYTES, SpaceRule, UNKNOWN_SIZE_BYTES};
pub use explain::Caution;
pub use no_path::NoPath;
pub use paths_file::PathsFile;
pub use planner::plan;
pub use policy::{DEFAULT_SKIP, Intermediate, Policy, SKIP_FROM, Skip, SkipError};

/// What a device is to be brought to.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Goal {
    /// One version; the planner finds what is needed on the way.
    Target(Version),
    /// Exactly these images in this order, the target last: somebody has planned already.
    Explicit(Vec<Version>),
}

impl Goal {
    /// The version wanted in the end; `None` for an empty explicit path.
    pub fn target(&self) -> Option<&Version> {
        match self {
            Self::Target(target) => Some(target),
            Self::Explicit(versions) => versions.last(),
        }
    }
}

impl fmt::Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Target(target) => write!(f, "{target}"),
            Self::Explicit(versions) => {
                f.write_str("exactly")?;
                versions.iter().try_for_each(|version| write!(f, " {version}"))
            }
        }
    }
}

/// Why an image is in a plan. [`Rule::sentence`] tells it to people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// The base of the train that runs; it was deleted from the device, and later images build on it.
    BaseOfRunningTrain,
    /// The base of a train on the way, at which the upgrade does not stop.
    BaseOfIntermediateTrain,
    /// Where the upgrade stops in a train on the way; may be its base.
    IntermediateStop,
    /// Where the way down stops, because the vendor asks for it; see [`Rule::sentence`].
    DowngradeStop,
    /// The base of the target's train.
    BaseOfTargetTrain,
    /// The version wanted; may be the base of its train.
    Target,
    /// Named in an explicit path.
    Explicit,
}

/// One image of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PlannedImage {
    /// What it makes a device run.
    pub version: Version,
    /// Its file for this device's platform, where the device names it.
    pub file_name: Option<ImageFile>,
    /// Its size, where the device names it.
    pub size_bytes: Option<u64>,
    /// Whether it is on the device; `None` before the device was asked.
    pub presence: Option<Presence>,
    /// Why it is in the plan.
    pub rule: Rule,
}

impl PlannedImage {
    /// Whether it still has to arrive, as far as anybody knows. An image on its way is missing.
    pub fn is_missing(&self) -> bool {
        self.presence != Some(Presence::Present)
    }
}

/// The images for one device, in the order in which it takes them.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Plan {
    /// What the device runs.
    pub current: Version,
    /// What it is to be brought to.
    pub target: Version,
    /// Each version once. Empty when the device runs the target.
    pub images: Vec<PlannedImage>,
    /// What an operator should know before following the plan.
    #[serde(default)]
    pub cautions: Vec<Caution>,
}

impl Plan {
    /// The images that still have to arrive, in order.
    pub fn missing(&self) -> impl Iterator<Item = &PlannedImage> {
        self.images.iter().filter(|image| image.is_missing())
    }

    /// Whether nothing has to arrive: the device runs the target, or has every image.
    pub fn is_staged(&self) -> bool {
        self.missing().next().is_none()
    }

    /// The sum of the missing sizes that are known, and how many missing images have no known size.
    pub fn bytes_missing(&self) -> (u64, usize) {
        self.missing().fold((0, 0), |(bytes, n_unknown), image| match image.size_bytes {
            Some(size) => (bytes.saturating_add(size), n_unknown),
            None => (bytes, n_unknown + 1),
        })
    }

    /// What the missing images need on the device's image volume, of which `available_bytes` are free.
    pub fn budget(&self, available_bytes: u64, rule: &SpaceRule) -> Budget {
        let (known, n_unknown) = self.bytes_missing();
        Budget::new(known, n_unknown, available_bytes, rule)
    }
}

#[cfg(test)]
mod tests;
