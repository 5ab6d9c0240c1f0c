//! Looking: what operators, dashboards and tests read. A view allows no write.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::LedgerError;
use super::queue::{CancelRequest, ImageRecord};
use crate::domain::device::{Device, Serial};
use crate::domain::failure::FailureKind;
use crate::domain::job::{BatchId, JobId, JobState, JobType, PairMode, Requester};
use crate::domain::lease::WorkerId;
use crate::domain::path::Goal;
use crate::domain::status::DeviceStatus;
use crate::domain::version::Version;

/// A job as anybody may see it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct JobView {
    /// Its number.
    pub id: JobId,
    /// Its device.
    pub serial: Serial,
    /// Label of the device.
    pub hostname: String,
    /// What it does.
    pub job_type: JobType,
    /// The versions to bring there.
    pub goal: Goal,
    /// The command that queued it.
    pub batch: BatchId,
    /// The ended job that it repeats.
    pub retry_of: Option<JobId>,
    /// What it minds of the other member of its pair.
    pub pair: PairMode,
    /// Who asked, and why.
    pub requested_by: Requester,
    /// Where it is.
    pub state: JobState,
    /// Attempts charged so far.
    pub attempt: u32,
    /// Attempts allowed.
    pub max_attempts: u32,
    /// 0 to 100.
    pub progress: u8,
    /// One sentence from the last step.
    pub message: String,
    /// Kind of the last failure, for failed, skipped and retried jobs.
    pub failure_kind: Option<FailureKind>,
    /// Every image present and none mismatched.
    pub ready_for_install: bool,
    /// Who runs it.
    pub worker: Option<WorkerId>,
    /// A pending wish to stop it.
    pub cancel: Option<CancelRequest>,
    /// When it is or was due.
    pub due_at: Timestamp,
    /// When it was queued.
    pub created_at: Timestamp,
    /// When it was first claimed.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

/// One image of a job, as anybody may see it.
pub type ImageView = ImageRecord;

/// One attempt, kept for good.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct AttemptView {
    /// From 1; the same number again when an attempt was given back.
    pub attempt: u32,
    /// Who.
    pub worker: WorkerId,
    /// From.
    pub started_at: Timestamp,
    /// Until.
    pub ended_at: Option<Timestamp>,
    /// How it ended: `completed`, `failed`, `skipped`, `cancelled`, `retry`, `snooze`, `released`, `lease_lost`.
    pub ending: Option<String>,
    /// Kind of the failure.
    pub kind: Option<FailureKind>,
    /// One sentence.
    pub message: Option<String>,
}

/// Which jobs to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JobFilter {
    /// Only in these states; all when empty.
    pub states: Vec<JobState>,
    /// Only of these types; all when empty.
    pub job_types: Vec<JobType>,
    /// Only of this device.
    pub serial: Option<Serial>,
    /// Only of this command.
    pub batch: Option<BatchId>,
    /// Only the newest job of each device that has not left the inventory.
    pub newest_per_device: bool,
    /// Only jobs with a smaller number: the next page of a list that is newest first.
    pub before: Option<JobId>,
}

/// How many jobs are where. Counts the newest job of each device, so that a repeated run does not count twice, and
/// of none that has left the inventory, because nobody can do anything about it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct StatusCounts {
    /// All of them.
    pub total: u64,
    /// By state; every state is there, with 0 where there is none.
    pub by_state: BTreeMap<JobState, u64>,
    /// Every image present and none mismatched.
    pub ready_for_install: u64,
    /// Failed and skipped jobs by kind, most first.
    pub failures: Vec<FailureCount>,
}

/// One kind of failure in a fleet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FailureCount {
    /// The kind.
    pub kind: FailureKind,
    /// Jobs.
    pub count: u64,
    /// What an operator does next.
    pub remedy: &'static str,
}

/// A device that belongs to another one, and what its newest job left there.
#[derive(Debug, Clone, PartialEq)]
pub struct PairMember {
    /// The device.
    pub device: Device,
    /// Where its newest job is; `None` when it never had one.
    pub state: Option<JobState>,
    /// The versions that are there, in no order; `None` while not all of them are that the job is for.
    pub ready: Option<Vec<Version>>,
}

/// Reads jobs.
#[async_trait]
pub trait Query: Send + Sync {
    /// One job.
    ///
    /// # Errors
    /// [`LedgerError::NotReachable`], [`LedgerError::Store`].
    async fn job(&self, job: JobId) -> Result<Option<JobView>, LedgerError>;

    /// Up to `limit` jobs, newest first.
    ///
    /// # Errors
    /// [`LedgerError::NotReachable`], [`LedgerError::Store`].
    async fn jobs(&self, filter: &JobFilter, limit: u32) -> Result<Vec<JobView>, LedgerError>;

    /// Images of a job, in order of its path.
    ///
    /// # Errors
    /// [`LedgerError::NotReachable`], [`LedgerError::Store`].
    async fn images(&self, job: JobId) -> Result<Vec<ImageView>, LedgerError>;

    /// Attempts of a job, oldest first.
    ///
    /// # Errors
    /// [`LedgerError::NotReachable`], [`LedgerError::Store`].
    async fn attempts(&self, job: JobId) -> Result<Vec<AttemptView>, LedgerError>;

    /// Counts over the newest job of each device, or over one batch.
    ///
    /// # Errors
    /// [`LedgerError::NotReachable`], [`LedgerError::Store`].
    async fn counts(&self, batch: Option<BatchId>) -> Result<StatusCounts, LedgerError>;

    /// The status document of a device's newest job; `None` when it never had one.
    ///
    /// # Errors
    /// [`LedgerError::NotReachable`], [`LedgerError::Store`].
    async fn status(&self, serial: &Serial) -> Result<Option<DeviceStatus>, LedgerError>;

    /// Devices of the inventory that name the other member of their HA pair, or are named by one; by serial. The other
    /// member may not be among them.
    ///
    /// # Errors
    /// [`LedgerError::NotReachable`], [`LedgerError::Store`].
    async fn pair_members(&self) -> Result<Vec<PairMember>, LedgerError>;

    /// Available jobs of a type that were dispatched longer than `for_at_least` ago and wait for nothing but a worker:
    /// not for a hold or a pause, not for the other member of a pair, and not for a person to look at their dead
    /// letters.
    ///
    /// # Errors
    /// [`LedgerError::NotReachable`], [`LedgerError::Store`].
    async fn n_unclaimed(&self, job_type: JobType, for_at_least: Duration) -> Result<u64, LedgerError>;
}
