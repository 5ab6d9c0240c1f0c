//! The status document of a device: what a dashboard shows, under the predecessor tool's field names.
//!
//! Written by the worker with every step, so it is as true as the last step. The words of
//! `upgrade_status` are the predecessor's; the sentences are ours.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::failure::FailureKind;
use super::hash::HashOutcome;
use super::job::{JobId, JobState};

/// One device as its newest job left it. Field names are interface: they stay.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DeviceStatus {
    /// Serial number.
    pub serial: String,
    /// Label.
    pub hostname: String,
    /// `active`, `passive`, …; `standalone` without a peer.
    pub ha_role: String,
    /// The job this document speaks of.
    pub job_id: Option<JobId>,
    /// What the device runs now, as it says itself.
    pub current_version: String,
    /// What it ran when the job started.
    pub starting_version: String,
    /// Where the path ends.
    pub target_version: Option<String>,
    /// Versions whose images the job brings, in order.
    pub upgrade_path: Vec<String>,
    /// Index into `upgrade_path` of the image in hand.
    pub current_path_index: usize,
    /// One word for the whole.
    pub upgrade_status: UpgradeStatus,
    /// 0 to 100.
    pub progress: u8,
    /// The step in hand.
    pub current_phase: Phase,
    /// One sentence for people.
    pub upgrade_message: String,
    /// What the space check found; absent until it ran.
    pub disk_space: Option<DiskCheck>,
    /// Versions that this job brought.
    pub downloaded_versions: Vec<String>,
    /// Versions that were there already.
    pub skipped_versions: Vec<String>,
    /// SHA-256 per version as found on the device.
    pub version_hashes: BTreeMap<String, String>,
    /// What was proved about each version.
    pub hash_verification: BTreeMap<String, HashOutcome>,
    /// Every image present and none mismatched.
    pub ready_for_install: bool,
    /// Why the job was skipped.
    pub skip_reason: Option<String>,
    /// What went wrong, oldest first; the last [`DeviceStatus::MAX_ERRORS`] are kept.
    pub errors: Vec<StatusError>,
    /// When this was written, UTC.
    pub last_updated: Timestamp,
}

impl DeviceStatus {
    /// Errors kept in the document; all of them are in the ledger's attempts.
    pub const MAX_ERRORS: usize = 10;

    /// The document of a device that no worker has looked at yet.
    #[must_use]
    pub fn untouched(serial: &str, hostname: &str, ha_role: &str, sw_version: &str, at: Timestamp) -> Self {
        Self {
            serial: serial.to_owned(),
            hostname: hostname.to_owned(),
            ha_role: ha_role.to_owned(),
            job_id: None,
            current_version: sw_version.to_owned(),
            starting_version: sw_version.to_owned(),
            target_version: None,
            upgrade_path: Vec::new(),
            current_path_index: 0,
            upgrade_status: UpgradeStatus::Pending,
            progress: 0,
            current_phase: Phase::Queued,
            upgrade_message: "nothing was done yet".to_owned(),
            disk_space: None,
            downloaded_versions: Vec::new(),
            skipped_versions: Vec::new(),
            version_hashes: BTreeMap::new(),
            hash_verification: BTreeMap::new(),
            ready_for_install: false,
            skip_reason: None,
            errors: Vec::new(),
            last_updated: at,
        }
    }

    /// Adds an error and forgets the oldest one beyond the limit.
    pub fn push_error(&mut self, error: StatusError) {
        self.errors.push(error);
        let excess = self.errors.len().saturating_sub(Self::MAX_ERRORS);
        self.errors.drain(..excess);
    }
}

/// One word for a device, the predecessor's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UpgradeStatus {
    /// Queued or due later.
    Pending,
    /// Looking: identity, list, path, space.
    Validating,
    /// Bringing an image.
    Downloading,
    /// Every image is there and none mismatched.
    DownloadComplete,
    /// Gave up.
    Failed,
    /// A person said stop.
    Cancelled,
    /// Nothing to do for this device.
    Skipped,
}

impl UpgradeStatus {
    /// The word for a job that ended, or waits, in `state`; `None` while a worker has it.
    #[must_use]
    pub fn of(state: JobState) -> Option<Self> {
        match state {
            JobState::Scheduled | JobState::Available => Some(Self::Pending),
            JobState::Running => None,
            JobState::Completed => Some(Self::DownloadComplete),
            JobState::Failed => Some(Self::Failed),
            JobState::Cancelled => Some(Self::Cancelled),
            JobState::Skipped => Some(Self::Skipped),
        }
    }
}

/// The step in hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// No worker has it.
    Queued,
    /// Who are you, what do you run?
    Identify,
    /// What can you have, what do you have?
    SoftwareCheck,
    /// Does it fit?
    PreFlightDiskCheck,
    /// Bringing an image.
    Download,
    /// Comparing hashes.
    Verify,
    /// Ended.
    Complete,
}

impl Phase {
    /// The word in JSON and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Identify => "identify",
            Self::SoftwareCheck => "software_check",
            Self::PreFlightDiskCheck => "pre_flight_disk_check",
            Self::Download => "download",
            Self::Verify => "verify",
            Self::Complete => "complete",
        }
    }
}

/// What the space check found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DiskCheck {
    /// Volume that was measured, for example `/opt/panrepo`.
    pub mount: String,
    /// Free, in GiB.
    pub available_gb: f64,
    /// Needed for *all* missing images with their margin, in GiB.
    pub required_gb: f64,
    /// Whether they fit.
    pub check_passed: bool,
}

/// One thing that went wrong.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StatusError {
    /// When, UTC.
    pub timestamp: Timestamp,
    /// In which step.
    pub phase: Phase,
    /// Its kind.
    pub kind: FailureKind,
    /// What happened, in one sentence.
    pub message: String,
}
