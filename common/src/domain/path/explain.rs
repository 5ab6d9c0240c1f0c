//! The sentences of a plan: why each image is in it, and what to know before following it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Plan, PlannedImage, Rule};
use crate::domain::image::Presence;
use crate::domain::version::{Train, Version};

impl Rule {
    /// Why the image is in the plan, as a lowercase fragment.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::BaseOfRunningTrain => {
                "base of the running train, no longer on the device; later images build on it"
            }
            Self::BaseOfIntermediateTrain => {
                "base of a train on the way; has to be there before the stop loads"
            }
            Self::IntermediateStop => {
                "the stop in a train on the way; runs on the device before it goes on to the next train"
            }
            Self::DowngradeStop => {
                "the way down from 10.2 or later has to pass 10.1.3 or a later 10.1 release"
            }
            Self::BaseOfTargetTrain => "base of the target's train; has to be there before the target loads",
            Self::Target => "the target",
            Self::Explicit => "named in the explicit path",
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.sentence())
    }
}

/// Something true of a plan that an operator should know before following it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "caution", rename_all = "snake_case")]
pub enum Caution {
    /// Neither the device nor our table names the base.
    #[error(
        "{version} is taken for the base image of {train} because it is the lowest release listed; the device marks none"
    )]
    BaseGuessed {
        /// Of this train.
        train: Train,
        /// The one taken.
        version: Version,
    },
    /// The device was not asked yet, so the release to stop at is open.
    #[error(
        "the stop in {train} is chosen from the device's own list; only its base image is planned so far"
    )]
    StopUndecided {
        /// In this train.
        train: Train,
    },
    /// The device was not asked yet, and the train is newer than our table.
    #[error(
        "{train} is newer than this program knows; the device's own list tells its base image and the trains before it"
    )]
    BaseUndecided {
        /// This train.
        train: Train,
    },
    /// The policy asks for a preferred release, and the device marks none.
    #[error("the device marks no release of {train} as preferred, so the stop is its latest, {version}")]
    NoPreferred {
        /// In this train.
        train: Train,
        /// The one taken.
        version: Version,
    },
    /// The policy allows a longer jump than recommended.
    #[error("from {from} to {to} jumps over {skipped} trains; at most {recommended} are recommended")]
    LongJump {
        /// The train that is left.
        from: Train,
        /// The train that is entered.
        to: Train,
        /// How many lie between.
        skipped: usize,
        /// How many should.
        recommended: usize,
    },
    /// The device was not asked yet, and an explicit path trusts it to have a base image.
    #[error(
        "the explicit path has {version} without {base}, so the base image has to be on the device already"
    )]
    BaseAssumed {
        /// The image that needs it.
        version: Version,
        /// What it needs.
        base: Version,
    },
}

impl fmt::Display for PlannedImage {
    /// One line: `11.1.0 (PanOS_440-11.1.0, 1037 MiB, to download): base of the target's train; ..`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (", self.version)?;
        if let Some(file_name) = &self.file_name {
            write!(f, "{file_name}, ")?;
        }
        match self.size_bytes {
            Some(bytes) => write!(f, "{} MiB, ", bytes.div_ceil(1 << 20))?,
            None => f.write_str("size unknown, ")?,
        }
        let presence = match self.presence {
            None => "not asked yet",
            Some(Presence::Absent) => "to download",
            Some(Presence::Downloading) => "downloading",
            Some(Presence::Present) => "present",
        };
        write!(f, "{presence}): {}", self.rule)
    }
}

impl fmt::Display for Plan {
    /// One line: `10.2.9 -> 11.1.4-h7: 11.1.0, 11.1.4-h7`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} -> {}: ", self.current, self.target)?;
        for (index, image) in self.images.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            let note = if image.presence == Some(Presence::Present) { " (present)" } else { "" };
            write!(f, "{comma}{}{note}", image.version)?;
        }
        if self.images.is_empty() { f.write_str("nothing to do") } else { Ok(()) }
    }
}

impl Plan {
    /// The plan for people, one line each: the images with their reasons, then the cautions.
    pub fn explain(&self) -> Vec<String> {
        let cautions = self.cautions.iter().map(|caution| format!("caution: {caution}"));
        self.images.iter().map(ToString::to_string).chain(cautions).collect()
    }
}
