//! How an attempt or a waiting job ends: every new value of its row, and what is told about it.
//!
//! [`Ending`] holds absolute values, so that writing it is one plain `UPDATE` of a row that the transaction
//! has locked. The state comes from [`JobState::after`] alone.
//!
//! A wish to stop wins over every way of waiting on: a running job that was asked to stop and is then retried,
//! snoozed, handed back or lost ends as cancelled. Otherwise it would wait, be claimed and begin again.
//!
//! A retry after the last attempt allowed is a failure, whatever the worker's own count says.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::impossible;
use super::told::{self, NewEntry, NewOutboxRow, count, wake_up};
use crate::audit::{Actor, AuditAction};
use crate::domain::attempt::MAX_LOST_LEASES;
use crate::domain::failure::FailureKind;
use crate::domain::job::{JobState, Requester, Transition};
use crate::domain::lease::WorkerId;
use crate::domain::status::{DeviceStatus, Phase, UpgradeStatus};
use crate::events::{JobContext, JobEvent};
use crate::ledger::{CancelRequest, End, LedgerError, StepRecord};
use crate::telemetry::TraceParent;

/// A locked row of `jobs`, as far as an end depends on it.
#[derive(Debug, Clone, PartialEq)]
pub struct HeldJob {
    /// Who and what; `attempt` as charged now.
    pub context: JobContext,
    pub state: JobState,
    pub max_attempts: u32,
    pub n_snoozes: u32,
    pub n_lost_leases: u32,
    pub dispatch_no: u32,
    pub event_seq: i64,
    pub progress: u8,
    pub failure_kind: Option<FailureKind>,
    pub cancel: Option<CancelRequest>,
    /// The stored document. May be left out where a step brings a new one.
    pub status: Option<DeviceStatus>,
    /// Where in a trace it was wished for.
    pub traceparent: Option<TraceParent>,
}

/// New values for a job's row and for its open attempt, and what goes with them.
#[derive(Debug, Clone, PartialEq)]
pub struct Ending {
    pub state: JobState,
    pub attempt: u32,
    pub n_snoozes: u32,
    pub n_lost_leases: u32,
    pub dispatch_no: u32,
    /// It has no wake-up before the hold of the fleet ends.
    pub held_up: bool,
    /// `due_at` from now; `None` leaves it.
    pub due_after: Option<Duration>,
    pub progress: u8,
    pub message: String,
    pub failure_kind: Option<FailureKind>,
    pub ready_for_install: bool,
    pub status: Option<DeviceStatus>,
    /// For the open attempt; `None` when the job was not running.
    pub attempt_ending: Option<AttemptEnding>,
    /// Number of the job's last event after this.
    pub event_seq: i64,
    /// For the device's chain, in order.
    pub entries: Vec<NewEntry>,
    /// Events and, for a job that is due at once and not held up, its wake-up.
    pub messages: Vec<NewOutboxRow>,
}

/// The last columns of a row of `attempts`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptEnding {
    /// `attempts.ending`.
    pub word: &'static str,
    pub kind: Option<FailureKind>,
    pub message: Option<String>,
}

/// What a worker's `end` writes, its last step included.
pub fn ended(
    job: &HeldJob,
    worker: &WorkerId,
    end: &End,
    step: &StepRecord,
    at: Timestamp,
) -> Result<Ending, LedgerError> {
    let way = match (end, &job.cancel) {
        (End::Completed, _) => Way::completed(&step.status),
        (End::Failed { kind, message }, _) => Way::failed(*kind, message),
        (End::Skipped { kind, message }, _) => Way::skipped(*kind, message),
        (End::Retry { .. } | End::Snooze { .. } | End::Released, Some(request)) => {
            Way::cancelled(&request.by)
        }
        (End::Cancelled, Some(request)) => Way::cancelled(&request.by),
        (End::Cancelled, None) => Way::cancelled(&Requester {
            operator: worker.to_string(),
            host: String::new(),
            reason: Some("its worker stopped it".to_owned()),
        }),
        (End::Retry { kind, message, .. }, None) if job.context.attempt >= job.max_attempts => {
            Way::failed(*kind, message)
        }
        (End::Retry { kind, message, after }, None) => Way::will_retry(*kind, message, *after),
        (End::Snooze { message, after }, None) => Way::snoozed(message, *after),
        (End::Released, None) => Way::released(),
    };
    let actor = Actor::Worker { id: worker.clone() };
    way.ending(job, actor, Some((worker, step)), at, |way| Some(way.attempt_ending()))
}

/// What the rescue of a job writes whose worker went silent, while the fleet is held or not.
pub fn lost(job: &HeldJob, worker: &WorkerId, is_held: bool, at: Timestamp) -> Result<Ending, LedgerError> {
    let n_lost_leases = job.n_lost_leases + 1;
    let way = match &job.cancel {
        Some(request) => Way::cancelled(&request.by),
        None if n_lost_leases > MAX_LOST_LEASES => Way::failed(
            FailureKind::WorkerLost,
            &format!(
                "{n_lost_leases} workers went silent while they had this job, the last one was {worker}"
            ),
        ),
        None => Way::rescued(worker, is_held),
    };
    let lease_lost = |way: &Way| {
        let message = Some(format!("{worker} went silent"));
        Some(AttemptEnding { word: "lease_lost", kind: way.kind, message })
    };
    let ending = way.ending(job, Actor::System, None, at, lease_lost)?;
    Ok(Ending { n_lost_leases, ..ending })
}

/// What cancelling a job that waits writes.
pub fn cancelled(job: &HeldJob, by: &Requester, at: Timestamp) -> Result<Ending, LedgerError> {
    Way::cancelled(by).ending(job, Actor::Operator(by.clone()), None, at, |_| None)
}

/// One way to end, before it meets a job.
struct Way {
    transition: Transition,
    action: AuditAction,
    /// `attempts.ending`.
    word: &'static str,
    kind: Option<FailureKind>,
    /// `None` leaves the last step's sentence.
    message: Option<String>,
    after: Option<Duration>,
    /// Whether its wake-up, where it would have one, comes with the end of the fleet's hold.
    held_up: bool,
    event: JobEvent,
}

impl Way {
    fn completed(status: &DeviceStatus) -> Self {
        let on_device = |version: &&String| {
            status.downloaded_versions.contains(version) || status.skipped_versions.contains(version)
        };
        let versions = status.upgrade_path.iter().filter(on_device).cloned().collect();
        Self {
            transition: Transition::Completed,
            action: AuditAction::JobCompleted,
            word: "completed",
            kind: None,
            message: None,
            after: None,
            held_up: false,
            event: JobEvent::Completed { ready_for_install: status.ready_for_install, versions },
        }
    }

    fn failed(kind: FailureKind, message: &str) -> Self {
        Self {
            transition: Transition::Failed,
            action: AuditAction::JobFailed,
            word: "failed",
            kind: Some(kind),
            message: Some(message.to_owned()),
            after: None,
            held_up: false,
            event: JobEvent::Failed { kind, message: message.to_owned() },
        }
    }

    fn skipped(kind: FailureKind, message: &str) -> Self {
        Self {
            transition: Transition::Skipped,
            action: AuditAction::JobSkipped,
            word: "skipped",
            kind: Some(kind),
            message: Some(message.to_owned()),
            after: None,
            held_up: false,
            event: JobEvent::Skipped { kind, message: message.to_owned() },
        }
    }

    fn cancelled(by: &Requester) -> Self {
        let message = match &by.reason {
            Some(reason) => format!("cancelled by {}: {reason}", by.operator),
            None => format!("cancelled by {}", by.operator),
        };
        Self {
            transition: Transition::Cancelled,
            action: AuditAction::JobCancelled,
            word: "cancelled",
            kind: None,
            message: Some(message),
            after: None,
            held_up: false,
            event: JobEvent::Cancelled { operator: by.operator.clone(), reason: by.reason.clone() },
        }
    }

    fn will_retry(kind: FailureKind, message: &str, after: Duration) -> Self {
        Self {
            transition: Transition::WillRetry,
            action: AuditAction::RetryScheduled,
            word: "retry",
            kind: Some(kind),
            message: Some(message.to_owned()),
            after: Some(after),
            held_up: false,
            event: JobEvent::RetryScheduled { kind, message: message.to_owned(), after_s: after.as_secs() },
        }
    }

    fn snoozed(message: &str, after: Duration) -> Self {
        Self {
            transition: Transition::Snoozed,
            action: AuditAction::JobSnoozed,
            word: "snooze",
            kind: None,
            message: Some(message.to_owned()),
            after: Some(after),
            held_up: false,
            event: JobEvent::Snoozed { message: message.to_owned(), after_s: after.as_secs() },
        }
    }

    fn released() -> Self {
        Self {
            transition: Transition::Released,
            action: AuditAction::JobReleased,
            word: "released",
            kind: None,
            message: Some("its worker stopped; waiting for another one".to_owned()),
            after: Some(Duration::ZERO),
            held_up: false,
            event: JobEvent::Released,
        }
    }

    fn rescued(worker: &WorkerId, is_held: bool) -> Self {
        Self {
            transition: Transition::LeaseExpired,
            action: AuditAction::JobRescued,
            word: "lease_lost",
            kind: None,
            message: Some(format!("worker {worker} went silent; waiting for another one")),
            after: Some(Duration::ZERO),
            held_up: is_held,
            event: JobEvent::Rescued { lost_worker: worker.clone() },
        }
    }

    fn attempt_ending(&self) -> AttemptEnding {
        AttemptEnding { word: self.word, kind: self.kind, message: self.message.clone() }
    }

    fn ending(
        self,
        job: &HeldJob,
        actor: Actor,
        step: Option<(&WorkerId, &StepRecord)>,
        at: Timestamp,
        attempt_ending: impl FnOnce(&Self) -> Option<AttemptEnding>,
    ) -> Result<Ending, LedgerError> {
        let state = job.state.after(self.transition).map_err(|error| impossible("jobs.state", &error))?;
        let status = step.map(|(_, step)| &step.status).or(job.status.as_ref());
        let status = status.map(|status| self.consistent(status.clone(), state, at));

        let detail = self.detail(job, state, status.as_ref());
        let (entries, mut messages) = told::ended(job, (actor, self.action, detail, &self.event), step, at);
        let attempt = self.charged(job);
        let wakes = state == JobState::Available && !self.held_up;
        let dispatch_no = job.dispatch_no + u32::from(wakes);
        if wakes {
            messages.push(wake_up(&JobContext { attempt, ..job.context.clone() }, dispatch_no));
        }
        let message = status.as_ref().map(|status| status.upgrade_message.clone());
        Ok(Ending {
            state,
            attempt,
            n_snoozes: job.n_snoozes + u32::from(self.transition == Transition::Snoozed),
            n_lost_leases: job.n_lost_leases,
            dispatch_no,
            held_up: self.held_up,
            due_after: self.after,
            progress: status.as_ref().map_or(job.progress, |status| status.progress.min(100)),
            message: message.or_else(|| self.message.clone()).unwrap_or_default(),
            failure_kind: self.failure_kind(job),
            ready_for_install: status.as_ref().is_some_and(|status| status.ready_for_install),
            status,
            attempt_ending: attempt_ending(&self),
            event_seq: job.event_seq + step.map_or(0, |(_, step)| count(&step.events)) + 1,
            entries,
            messages,
        })
    }

    /// What the audit entry says: with the evidence, where there is any.
    fn detail(&self, job: &HeldJob, state: JobState, status: Option<&DeviceStatus>) -> Value {
        let message = status.map(|status| &status.upgrade_message).or(self.message.as_ref());
        json!({
            "attempt": job.context.attempt,
            "state": state,
            "kind": self.kind,
            "message": message,
            "after_s": self.after.map(|after| after.as_secs()),
            "ready_for_install": status.is_some_and(|status| status.ready_for_install),
            "hash_verification": status.map(|status| &status.hash_verification),
        })
    }

    /// Attempts charged from now on: what was not the device's fault is given back.
    fn charged(&self, job: &HeldJob) -> u32 {
        match self.transition {
            Transition::Snoozed | Transition::Released | Transition::LeaseExpired => {
                job.context.attempt.saturating_sub(1)
            }
            Transition::CameDue
            | Transition::Claimed
            | Transition::WillRetry
            | Transition::Completed
            | Transition::Failed
            | Transition::Skipped
            | Transition::Cancelled => job.context.attempt,
        }
    }

    /// The last failure is kept until a step succeeds.
    fn failure_kind(&self, job: &HeldJob) -> Option<FailureKind> {
        if self.transition == Transition::Completed { None } else { self.kind.or(job.failure_kind) }
    }

    /// The document, made to agree with the end.
    fn consistent(&self, mut status: DeviceStatus, state: JobState, at: Timestamp) -> DeviceStatus {
        if let Some(word) = UpgradeStatus::of(state) {
            status.upgrade_status = word;
        }
        status.current_phase = if state.is_terminal() { Phase::Complete } else { Phase::Queued };
        if let Some(message) = &self.message {
            status.upgrade_message.clone_from(message);
        }
        status.skip_reason = self.message.clone().filter(|_| state == JobState::Skipped);
        if state == JobState::Completed {
            status.progress = 100;
        } else {
            status.ready_for_install = false;
        }
        status.last_updated = at;
        status
    }
}
