//! The queue: jobs from wish to end.
//!
//! The legal writes are methods; each is one transition of
//! [`JobState::after`](crate::domain::job::JobState::after) and cannot be combined wrongly.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::LedgerError;
use super::inventory::DeviceRecord;
use crate::audit::AuditFact;
use crate::domain::device::Serial;
use crate::domain::failure::FailureKind;
use crate::domain::hash::HashOutcome;
use crate::domain::hold::{FleetHold, Pause};
use crate::domain::image::ImageFile;
use crate::domain::job::{BatchId, JobId, JobSpec, JobState, JobType, PairMode, Requester};
use crate::domain::lease::{Lease, LeaseToken, WorkerId};
use crate::domain::path::Goal;
use crate::domain::status::DeviceStatus;
use crate::domain::version::Version;
use crate::events::JobEvent;
use crate::telemetry::TraceParent;

/// Jobs that one command wants.
#[derive(Debug, Clone)]
pub struct Batch {
    /// Names them together.
    pub id: BatchId,
    /// Who asked, and why.
    pub by: Requester,
    /// One per device; a second one for the same device answers like any other active job.
    pub jobs: Vec<JobSpec>,
}

/// What became of one wish.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum EnqueueAnswer {
    /// A new job.
    Created {
        /// Its number.
        job: JobId,
    },
    /// The device already has a job of this type.
    Existing {
        /// The one that holds the device's lock.
        job: JobId,
        /// Where it is.
        state: JobState,
    },
    /// The device has a job of another type: the two never run at once.
    Conflict {
        /// The one that holds the device's lock.
        job: JobId,
        /// Its type.
        job_type: JobType,
        /// Where it is.
        state: JobState,
    },
    /// The device holds, or held, an image whose hash is not the trusted one: a person clears that first.
    Mismatch {
        /// The image's version; the first in the order of texts, where there are several.
        version: Version,
    },
    /// The device is not in the inventory, or has left it.
    UnknownDevice,
}

/// What became of a claim.
#[derive(Debug, Clone, PartialEq)]
pub enum Claim {
    /// It is ours.
    Claimed(Box<ClaimedJob>),
    /// A live lease of another worker, or of this one.
    LeasedElsewhere,
    /// It ended.
    Ended(JobState),
    /// Not due yet; it will be dispatched when it is.
    NotDue,
    /// The fleet is held. The job stays available and is woken again when the hold ends.
    Held(FleetHold),
    /// That part of the fleet is paused. Where it is the job's queue, the job stays available and is woken again when
    /// the pause ends. Where it is the worker that asks, the job is left as it is for others: give the delivery back.
    Paused(Pause),
    /// The other member of the pair comes first. The job stays available and is woken again by the end of that
    /// attempt, or where this one follows it, of that job.
    PeerBusy {
        /// The job that comes first.
        peer: JobId,
    },
    /// No such job: a message from another installation, or an edited one.
    Unknown,
}

/// Everything a worker needs to begin, or to go on where another stopped.
#[derive(Debug, Clone, PartialEq)]
pub struct ClaimedJob {
    /// The right to act.
    pub lease: Lease,
    /// What to do.
    pub job_type: JobType,
    /// The command that queued it.
    pub batch: BatchId,
    /// The versions to bring there.
    pub goal: Goal,
    /// This attempt, from 1.
    pub attempt: u32,
    /// Attempts allowed.
    pub max_attempts: u32,
    /// Times the device was found busy so far.
    pub n_snoozes: u32,
    /// The device as last seen.
    pub device: DeviceRecord,
    /// Images of the path with what earlier attempts did about them; empty before the first plan.
    pub images: Vec<ImageRecord>,
    /// The document as the last step left it.
    pub status: Option<DeviceStatus>,
    /// What the job minds of the other member of its pair.
    pub pair: PairMode,
    /// What follows from that for this attempt.
    pub role: PairRole,
    /// Where in a trace the job was wished for.
    pub traceparent: Option<TraceParent>,
}

/// What a job is to the other member of its device's pair. Links of the inventory count in both directions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PairRole {
    /// Nothing: there is no other member, or both work at once.
    Alone,
    /// One of two that take turns.
    Member,
    /// Downloads, and copies to its peer. Also where the peer has no job of the same command.
    SyncLead {
        /// The other member.
        peer: Serial,
    },
    /// Proves what its peer copied to it.
    SyncFollower {
        /// The peer's job, which has ended.
        lead: JobId,
        /// How.
        lead_state: JobState,
    },
}

/// One image of a job's path.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ImageRecord {
    /// What it makes the device run; names the record within its job.
    pub version: Version,
    /// Position on the path, from 0.
    pub position: u32,
    /// Why it is on the path, in one sentence.
    pub rule: String,
    /// File, if the device gave a name.
    pub file_name: Option<ImageFile>,
    /// Size in bytes, if the device gave one.
    pub size_bytes: Option<u64>,
    /// How far it is.
    pub state: ImageState,
    /// The firewall's own job that brings it.
    pub device_job: Option<DeviceJobRef>,
    /// What was proved; absent until compared.
    pub outcome: Option<HashOutcome>,
}

/// A firewall's own job. Its numbers start again at 1 after a reboot, so a number alone names nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeviceJobRef {
    /// Number on the device.
    pub id: u64,
    /// When the device booted, as far as its uptime tells; whole seconds since 1970, some seconds inexact.
    pub booted_at_s: i64,
}

/// How far one image is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImageState {
    /// On the path, not asked for.
    Missing,
    /// The request is about to leave, or left and the answer was not seen.
    Requested,
    /// The device's job is known.
    Downloading,
    /// The device lists it, brought by this job.
    Downloaded,
    /// The device listed it before this job began.
    AlreadyPresent,
}

impl ImageState {
    /// Every state.
    pub const ALL: [Self; 5] =
        [Self::Missing, Self::Requested, Self::Downloading, Self::Downloaded, Self::AlreadyPresent];

    /// The word in tables and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Requested => "requested",
            Self::Downloading => "downloading",
            Self::Downloaded => "downloaded",
            Self::AlreadyPresent => "already_present",
        }
    }

    /// Whether the device has the image.
    #[must_use]
    pub fn is_present(self) -> bool {
        match self {
            Self::Missing | Self::Requested | Self::Downloading => false,
            Self::Downloaded | Self::AlreadyPresent => true,
        }
    }
}

/// What one step of a worker leaves behind: written together, under the lease.
#[derive(Debug, Clone, PartialEq)]
pub struct StepRecord {
    /// The document after the step; its progress, message and readiness are also kept as columns.
    pub status: DeviceStatus,
    /// Images that changed; each replaces the record of its version. One whose outcome is a mismatch opens a
    /// mismatch of the device, unless a person cleared the same one of this job.
    pub images: Vec<ImageRecord>,
    /// Images that are no longer on the path: their records are dropped, where nothing was asked for yet.
    pub dropped: Vec<Version>,
    /// Entries for the device's chain, in order.
    pub audit: Vec<AuditFact>,
    /// Events for the feed, in order.
    pub events: Vec<JobEvent>,
}

/// How an attempt ends. Each is one transition; the ledger writes its audit entry and its event itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// Terminal: as asked. Readiness is the status document's.
    Completed,
    /// Terminal: gave up.
    Failed {
        /// Kind of the failure.
        kind: FailureKind,
        /// One sentence.
        message: String,
    },
    /// Terminal: nothing to do for this device.
    Skipped {
        /// Why.
        kind: FailureKind,
        /// One sentence.
        message: String,
    },
    /// Terminal: as the cancel request asked.
    Cancelled,
    /// Due again after a while; this attempt counts. After the last attempt allowed it is [`End::Failed`], with
    /// the same kind and message.
    Retry {
        /// Kind of the failure.
        kind: FailureKind,
        /// One sentence.
        message: String,
        /// From now, by the database's clock.
        after: Duration,
    },
    /// Due again after a while; this attempt does not count.
    Snooze {
        /// One sentence.
        message: String,
        /// From now, by the database's clock.
        after: Duration,
    },
    /// Due at once for another worker; this attempt does not count.
    Released,
}

/// A lease after renewal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renewal {
    /// The job.
    pub job: JobId,
    /// Its current token.
    pub token: LeaseToken,
    /// Set when somebody wants it to stop.
    pub cancel: Option<CancelRequest>,
}

/// Who wants a running job to stop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CancelRequest {
    /// Who, and why.
    pub by: Requester,
    /// When, by the database's clock.
    pub at: Timestamp,
}

/// What became of a cancel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum CancelAnswer {
    /// It was waiting and has ended.
    Cancelled,
    /// It is running; its worker stops at the next safe point.
    Requested,
    /// It had ended before.
    AlreadyEnded {
        /// How.
        state: JobState,
    },
}

/// What a rescue brought back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rescued {
    /// Jobs whose lease had expired.
    pub expired: Vec<JobId>,
    /// Of those, jobs that lost too many leases and failed.
    pub given_up: Vec<JobId>,
    /// Jobs that were dispatched and never claimed.
    pub unclaimed: Vec<JobId>,
    /// Jobs that a hold or the pause of their queue refused, and that whoever ended it did not wake.
    pub held_up: Vec<JobId>,
    /// Available jobs that were never dispatched and have no wake-up in the outbox: it was lost, and is written anew.
    pub unsent: Vec<JobId>,
}

/// Moves jobs through their life.
#[async_trait]
pub trait Queue: Send + Sync {
    /// Queues a batch; answers in the order of its jobs. Set-based: one transaction per
    /// [`ENQUEUE_CHUNK`] devices, in order of their serials, so that two of them cannot deadlock. A crash in
    /// the middle leaves whole chunks; doing it again answers [`EnqueueAnswer::Existing`] for them.
    ///
    /// # Errors
    /// [`LedgerError::NotReachable`], [`LedgerError::Store`].
    async fn enqueue(&self, batch: &Batch) -> Result<Vec<(Serial, EnqueueAnswer)>, LedgerError>;

    /// Takes the lease of one available job for `ttl`. None while the fleet is held, or the job's queue or this worker
    /// is paused. Never both members of a pair at once, unless this job's [`PairMode`] is `AtOnce`; and with `Sync` not before the peer's `Sync` job of the same
    /// batch with the smaller number has ended for good.
    ///
    /// # Errors
    /// [`LedgerError::NotReachable`], [`LedgerError::Store`].
    async fn claim(&self, job: JobId, worker: &WorkerId, ttl: Duration) -> Result<Claim, LedgerError>;

    /// Writes one step under the lease. A step that succeeded clears the failure of an earlier attempt.
    ///
    /// # Errors
    /// [`LedgerError::LeaseLost`], with nothing written; [`LedgerError::NotReachable`], [`LedgerError::Store`].
    async fn record(&self, lease: &Lease, step: &StepRecord) -> Result<(), LedgerError>;

    /// Ends the attempt under the lease, with what its last step left behind. The stored document is made to
    /// agree with the end. A wish to stop wins over retry, snooze and release: the job ends as cancelled. Jobs that
    /// waited for this end are woken with it.
    ///
    /// # Errors
    /// [`LedgerError::LeaseLost`], with nothing written; [`LedgerError::NotReachable`], [`LedgerError::Store`].
    async fn end(&self, lease: &Lease, end: &End, step: &StepRecord) -> Result<(), LedgerError>;

    /// Cancels a waiting job, or asks the worker of a running one to stop; asking again changes nothing.
    ///
    /// # Errors
    /// [`LedgerError::UnknownJob`], [`LedgerError::NotReachable`], [`LedgerError::Store`].
    async fn cancel(&self, job: JobId, by: &Requester) -> Result<CancelAnswer, LedgerError>;

    /// Makes scheduled jobs whose time has come available, with their wake-ups, at most `limit`; answers how
    /// many, and how long until the next one is due.
    ///
    /// # Errors
    /// [`LedgerError::NotReachable`], [`LedgerError::Store`].
    async fn promote_due(&self, limit: u32) -> Result<(usize, Option<Duration>), LedgerError>;

    /// Brings back jobs whose lease expired, or cancels them where somebody asked for it; wakes again at most
    /// `wake_at_most` of those dispatched longer than `unclaimed_after` ago that nobody claimed, and those whose
    /// wake-up is nowhere. A job whose wake-ups died too often is left for a person
    /// ([`DeadLetters`](super::DeadLetters)). One caller at a time; others get an empty answer at once. A bounded
    /// number per call: the next one goes on. While the fleet is held nobody is woken, and while a queue is paused
    /// none of its jobs; later, jobs that were refused a claim by either are, where resuming did not come that far.
    /// Workers that are gone for long are forgotten.
    ///
    /// # Errors
    /// [`LedgerError::NotReachable`], [`LedgerError::Store`].
    async fn rescue(&self, unclaimed_after: Duration, wake_at_most: u32) -> Result<Rescued, LedgerError>;
}

/// Devices per enqueue transaction: large enough that round trips vanish, small enough that a crash loses a
/// second of work and that no lock is held for long.
pub const ENQUEUE_CHUNK: usize = 1_000;
