//! Pauses of queues and workers, what is told about them, and whether a worker lives.

use jiff::Timestamp;
use serde_json::json;

use super::told::{NewEntry, system_entry};
use super::{from_json, impossible, word};
use crate::audit::{Actor, AuditAction};
use crate::domain::hold::{Pause, PauseScope};
use crate::domain::job::Requester;
use crate::domain::lease::WorkerId;
use crate::ledger::{LedgerError, WorkerState};

/// What people read where a person gave no reason.
pub fn reason_of(by: &Requester) -> String {
    by.reason.clone().unwrap_or_else(|| "no reason was given".to_owned())
}

/// The columns `scope` and `name`.
///
/// # Errors
/// [`LedgerError::Store`] when they hold what they never should.
pub fn scope(kind: &str, name: &str) -> Result<PauseScope, LedgerError> {
    match kind {
        "queue" => Ok(PauseScope::Queue(word("pauses.name", name)?)),
        "worker" => Ok(PauseScope::Worker(WorkerId(name.to_owned()))),
        unknown => Err(impossible("pauses.scope", &unknown)),
    }
}

/// A row of `pauses`; `by` is JSON.
///
/// # Errors
/// [`LedgerError::Store`] when a column holds what it never should.
pub fn pause(scope: PauseScope, reason: String, since: Timestamp, by: &str) -> Result<Pause, LedgerError> {
    Ok(Pause { scope, reason, since, by: from_json("pauses.paused_by", by)? })
}

/// The entry for the system chain when a pause begins.
pub fn part_paused_entry(pause: &Pause, at: Timestamp) -> NewEntry {
    let action = match pause.scope {
        PauseScope::Queue(_) => AuditAction::QueuePaused,
        PauseScope::Worker(_) => AuditAction::WorkerPaused,
    };
    let detail = json!({ "scope": pause.scope.kind(), "name": pause.scope.name(), "reason": pause.reason });
    system_entry(action, Actor::Operator(pause.by.clone()), detail, at)
}

/// The entry for the system chain when a pause ends.
pub fn part_resumed_entry(ended: &Pause, by: &Requester, at: Timestamp) -> NewEntry {
    let action = match ended.scope {
        PauseScope::Queue(_) => AuditAction::QueueResumed,
        PauseScope::Worker(_) => AuditAction::WorkerResumed,
    };
    let detail = json!({
        "scope": ended.scope.kind(),
        "name": ended.scope.name(),
        "reason": ended.reason,
        "since": ended.since,
    });
    system_entry(action, Actor::Operator(by.clone()), detail, at)
}

/// Whether a worker lives: an end in order wins over silence, and silence over what it said last.
pub fn worker_state(left: bool, silent: bool, draining: bool) -> WorkerState {
    if left {
        WorkerState::Gone
    } else if silent {
        WorkerState::Silent
    } else if draining {
        WorkerState::Draining
    } else {
        WorkerState::Working
    }
}
