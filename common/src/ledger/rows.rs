//! What both backends do alike: reading columns into the domain, and deciding what a change writes.
//!
//! Everything here is pure: no database, no clock, no dialect. A backend reads columns, asks here what follows,
//! and writes the answer with its own SQL: [`NewEntry`]s to append to the audit chains, [`NewOutboxRow`]s, and,
//! for everything that ends an attempt or a waiting job, the [`Ending`] with every new value of the row. So the
//! audit entry, the event, the status document and the wake-up of a change are the same on both.

mod counts;
mod dead;
mod discovery;
mod ending;
mod enqueue;
mod fleet;
mod overview;
mod pause;
mod told;
mod trusted;
mod watch;

use std::fmt::Display;
use std::str::FromStr;

use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

pub(super) use counts::{JobGroup, status_counts};
pub(super) use dead::{dead_entry, fingerprint, job_of};
pub(super) use discovery::{
    address_entry, discovery, distinct, ha_state, inventory_entry, removed_entry, source,
};
pub(super) use ending::{AttemptEnding, Ending, HeldJob, cancelled, ended, lost};
pub(super) use enqueue::{Holder, Outcome, answers, first_per_device, kept_by};
pub(super) use fleet::{FleetRow, NewHold, hold, paused, resumed_entry};
pub(super) use overview::{
    EndedGroup, FleetCounts, FleetGroup, ImageProgress, PageRow, bucket_ms, buckets, device_page,
    fleet_counts, throughput,
};
pub(super) use pause::{part_paused_entry, part_resumed_entry, pause, reason_of, scope, worker_state};
pub(super) use told::{
    NewEntry, NewOutboxRow, cancel_requested, claimed, device_entry, queued, stepped, wake_up,
};
pub(super) use trusted::{
    by_version_and_file, catalogue_change, catalogue_entry, file_name_column, untrusted_entry,
};
pub(super) use watch::{
    DisputedHash, cleared_entry, column_of, disputes, file_key, file_name_of, mismatched,
};

use super::{CancelRequest, Claim, ImageState, LedgerError, PairRole};
use crate::domain::device::Serial;
use crate::domain::hold::{FleetHold, Pause, PauseScope};
use crate::domain::job::{JobId, JobState, PairMode, Requester};
use crate::domain::version::Version;
use crate::telemetry::TraceParent;

/// Looks at a job that was refused a claim before it is given up: each time what stood in its way has to go between
/// two statements.
pub(super) const CLAIM_TRIES: u32 = 10;

/// Jobs that one rescue brings back at most, so that its transaction stays short; the next one goes on.
pub(super) const RESCUE_AT_MOST: u32 = 1_000;

/// Reads a word of ours. `column` names it in the error, for example `jobs.state`.
///
/// # Errors
/// [`LedgerError::Store`] when the column holds another word.
pub(super) fn word<T>(column: &'static str, text: &str) -> Result<T, LedgerError>
where
    T: FromStr,
    T::Err: Display,
{
    text.parse().map_err(|error: T::Err| impossible(column, &error))
}

/// Reads a JSON column.
///
/// # Errors
/// [`LedgerError::Store`] when the column holds something else.
pub(super) fn from_json<T: DeserializeOwned>(column: &'static str, text: &str) -> Result<T, LedgerError> {
    serde_json::from_str(text).map_err(|error| impossible(column, &error))
}

/// A place in a trace, where one is kept. One that cannot be read is none: no job waits for its trace.
pub(super) fn place(text: Option<&str>) -> Option<TraceParent> {
    text.and_then(|text| text.parse().ok())
}

/// Reads a number into the type that it has in the domain.
///
/// # Errors
/// [`LedgerError::Store`] when it does not fit.
pub(super) fn number<T: TryFrom<i64>>(column: &'static str, value: i64) -> Result<T, LedgerError> {
    T::try_from(value).map_err(|_| impossible(column, &format!("{value} is out of range")))
}

/// The versions that a job brought, of which the statement made one text; `None` unless the job is ready.
///
/// # Errors
/// [`LedgerError::Store`] when one is no version.
pub(super) fn ready_versions(
    is_ready: Option<bool>,
    present: Option<&str>,
) -> Result<Option<Vec<Version>>, LedgerError> {
    let versions =
        || present.unwrap_or_default().split_whitespace().map(|one| word("job_images.version", one));
    is_ready.unwrap_or_default().then(|| versions().collect()).transpose()
}

/// A value for a JSON column. Our types hold strings, numbers, lists and maps with text keys, so they always
/// are JSON.
pub(super) fn json(value: &impl Serialize) -> String {
    serde_json::json!(value).to_string()
}

/// Reads `job_images.state`.
///
/// # Errors
/// [`LedgerError::Store`] when the column holds another word.
pub(super) fn image_state(text: &str) -> Result<ImageState, LedgerError> {
    ImageState::ALL
        .into_iter()
        .find(|state| state.as_str() == text)
        .ok_or_else(|| impossible("job_images.state", &text))
}

/// The four `cancel_*` columns together.
pub(super) fn cancel_request(
    at: Option<Timestamp>,
    operator: Option<String>,
    host: Option<String>,
    reason: Option<String>,
) -> Option<CancelRequest> {
    let by = Requester { operator: operator?, host: host?, reason };
    Some(CancelRequest { by, at: at? })
}

/// Why an available job was not claimed, or what it is instead of available.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Refusal {
    pub state: JobState,
    pub hold: Option<FleetHold>,
    /// Of the job's queue, or else of the worker that asks.
    pub pause: Option<Pause>,
    /// The job of the other member of the pair that comes first.
    pub obstacle: Option<JobId>,
}

/// What to do about a refusal.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Refused {
    /// Answer this: it is not available, and needs no note.
    Answer(Claim),
    /// Note that the end of the hold wakes it.
    ByHold(FleetHold),
    /// Note that the end of the queue's pause wakes it.
    ByPause(Pause),
    /// Note that the end of this job wakes it.
    ByPeer(JobId),
    /// What was in its way is gone: try again.
    NoLonger,
}

impl From<Refusal> for Refused {
    fn from(Refusal { state, hold, pause, obstacle }: Refusal) -> Self {
        match state {
            JobState::Running => Self::Answer(Claim::LeasedElsewhere),
            JobState::Scheduled => Self::Answer(Claim::NotDue),
            JobState::Completed | JobState::Failed | JobState::Cancelled | JobState::Skipped => {
                Self::Answer(Claim::Ended(state))
            }
            JobState::Available => match (hold, pause, obstacle) {
                (Some(hold), _, _) => Self::ByHold(hold),
                (None, Some(pause), _) => Self::of_pause(pause),
                (None, None, Some(peer)) => Self::ByPeer(peer),
                (None, None, None) => Self::NoLonger,
            },
        }
    }
}

impl Refused {
    /// The end of a queue's pause has to wake the job; a paused worker leaves it to others, who may be awake.
    fn of_pause(pause: Pause) -> Self {
        match pause.scope {
            PauseScope::Queue(_) => Self::ByPause(pause),
            PauseScope::Worker(_) => Self::Answer(Claim::Paused(pause)),
        }
    }
}

/// What a claimed job is to the other member of its pair: `peer` where there is one, and its job that leads.
pub(super) fn pair_role(pair: PairMode, peer: Option<Serial>, lead: Option<(JobId, JobState)>) -> PairRole {
    match (pair, peer) {
        (PairMode::AtOnce, _) | (_, None) => PairRole::Alone,
        (PairMode::InTurn, Some(_)) => PairRole::Member,
        (PairMode::Sync, Some(peer)) => match lead {
            Some((lead, lead_state)) => PairRole::SyncFollower { lead, lead_state },
            None => PairRole::SyncLead { peer },
        },
    }
}

/// The stored rows contradict what the schema and this program allow.
pub(super) fn impossible(column: &'static str, reason: &dyn Display) -> LedgerError {
    LedgerError::Store { statement: column, reason: format!("it holds what cannot be: {reason}") }
}

#[cfg(test)]
mod tests;
