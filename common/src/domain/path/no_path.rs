//! Why there is no path, and what to do about it.

use crate::domain::version::{Train, Version};

/// Why a device cannot be planned. Nothing here is transient: the same question gets the same answer until the
/// goal, the policy or the device's list changes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoPath {
    /// The device is ahead, and going back was not allowed.
    #[error("the device runs {current}, which is newer than {target}")]
    NewerThanTarget {
        /// What runs.
        current: Version,
        /// What was wanted.
        target: Version,
    },
    /// The device cannot get the target.
    #[error("target {target} is not in the device's software list{}", close_by(.close))]
    TargetNotListed {
        /// What was wanted.
        target: Version,
        /// Listed versions near it, oldest first.
        close: Vec<Version>,
    },
    /// The device cannot get an image that an explicit path names.
    #[error("{version} of the explicit path is not in the device's software list{}", close_by(.close))]
    ImageNotListed {
        /// What was named.
        version: Version,
        /// Listed versions near it, oldest first.
        close: Vec<Version>,
    },
    /// The device cannot get a base image that the path needs.
    #[error("the base image of {train} is not in the device's software list")]
    BaseNotListed {
        /// Of this train.
        train: Train,
    },
    /// The way down leads through a train that may not be entered below a certain release.
    #[error("the way down stops in {train} at {at_least} or later, and the device lists no such release")]
    StopNotListed {
        /// Where to stop.
        train: Train,
        /// At what.
        at_least: Version,
    },
    /// The target is older than the base image of its own train, so there is nothing for it to build on.
    #[error("target {target} is older than {base}, the base image of its train")]
    BelowBase {
        /// What was wanted.
        target: Version,
        /// What every image of the train builds on.
        base: Version,
    },
    /// Neither the table of trains nor the device's list has it.
    #[error("{train} is not a known PAN-OS train")]
    TrainUnknown {
        /// The one in question.
        train: Train,
    },
    /// The device runs something made for it, which has no public successor.
    #[error("the device runs the custom build {current}")]
    CustomBuild {
        /// What runs.
        current: Version,
    },
    /// A transfer image was asked for.
    #[error("{version} is a transfer image, nothing to upgrade to")]
    TransferImage {
        /// What was asked for.
        version: Version,
    },
    /// An explicit path without any version.
    #[error("the explicit path is empty")]
    EmptyPath,
    /// An explicit path names an image of a train without its base before it.
    #[error("the explicit path has {version} without its base image {base} before it")]
    BaseNotFirst {
        /// The image that would not load.
        version: Version,
        /// What it needs.
        base: Version,
    },
}

impl NoPath {
    /// A stable name for programs: in events, JSON output and counts.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NewerThanTarget { .. } => "newer_than_target",
            Self::TargetNotListed { .. } => "target_not_listed",
            Self::ImageNotListed { .. } => "image_not_listed",
            Self::BaseNotListed { .. } => "base_not_listed",
            Self::StopNotListed { .. } => "stop_not_listed",
            Self::BelowBase { .. } => "below_base",
            Self::TrainUnknown { .. } => "train_unknown",
            Self::CustomBuild { .. } => "custom_build",
            Self::TransferImage { .. } => "transfer_image",
            Self::EmptyPath => "empty_path",
            Self::BaseNotFirst { .. } => "base_not_first",
        }
    }

    /// What an operator does next, as a lowercase fragment.
    pub const fn remedy(&self) -> &'static str {
        match self {
            Self::NewerThanTarget { .. } => {
                "leave the device out, or set plan.allow_downgrade = true if going back is meant"
            }
            Self::TargetNotListed { .. } | Self::ImageNotListed { .. } => {
                "choose a listed version; the list is as old as the device's last check, and older models end at an earlier train"
            }
            Self::BaseNotListed { .. } => {
                "refresh the device's list, or import the base image, or choose a target of another train"
            }
            Self::StopNotListed { .. } => "refresh the device's list, or import such a release",
            Self::BelowBase { .. } => "choose the base image itself, or a later release of the train",
            Self::TrainUnknown { .. } => {
                "check the version; a train newer than this program is known from the device's own list"
            }
            Self::CustomBuild { .. } => {
                "ask the vendor's support for the way on, and give it with --paths FILE"
            }
            Self::TransferImage { .. } => "choose the release without .xfr",
            Self::EmptyPath => "name at least the target",
            Self::BaseNotFirst { .. } => "put the base image before it",
        }
    }
}

/// The end of a message that names near versions, where there are any.
fn close_by(close: &[Version]) -> String {
    if close.is_empty() {
        return String::new();
    }
    let close: Vec<String> = close.iter().map(ToString::to_string).collect();
    format!("; close to it: {}", close.join(", "))
}
