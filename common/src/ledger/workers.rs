//! Workers: that they live, what they hold, and what a person keeps them from.
//!
//! Promises: one beat renews every lease that it names, or tells by leaving it out that it is lost; who is silent is told
//! from who has left. Leaves to others: how often to beat and what to do without a lease (the worker).

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::LedgerError;
use super::queue::Renewal;
use crate::domain::hold::{FleetHold, Pause, PauseScope};
use crate::domain::job::{JobType, Requester, UnknownWord};
use crate::domain::lease::{Lease, WorkerId};

/// How long the row of a worker that is gone or silent is kept, for people who look back.
pub const WORKERS_KEPT: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// How long a worker that ended or went silent is still shown: for that long it explains what is seen now.
pub const WORKERS_SHOWN: Duration = Duration::from_secs(60 * 60);

/// What a worker says of itself with every beat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerCard {
    /// Its name, of this one process.
    pub id: WorkerId,
    /// Where it runs.
    pub host: String,
    /// Of the program.
    pub version: String,
    /// The queues it takes from.
    pub job_types: Vec<JobType>,
    /// Attempts it runs at once, at most.
    pub concurrency: u32,
    /// It takes nothing new and ends when what it has is done.
    pub draining: bool,
}

/// What a beat brings back, in one round trip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beat {
    /// The leases that live on. One that was named and is missing here is lost.
    pub renewals: Vec<Renewal>,
    /// The fleet's hold.
    pub hold: Option<FleetHold>,
    /// Pauses of any queue, and of this worker.
    pub pauses: Vec<Pause>,
}

/// Whether a worker lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WorkerState {
    /// It beats.
    Working,
    /// It beats, and takes nothing new.
    Draining,
    /// No beat for longer than its leases last: it died, or cannot reach the ledger.
    Silent,
    /// It ended in order.
    Gone,
}

impl WorkerState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Working, Self::Draining, Self::Silent, Self::Gone];

    /// The word in answers and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Working => "working",
            Self::Draining => "draining",
            Self::Silent => "silent",
            Self::Gone => "gone",
        }
    }
}

impl fmt::Display for WorkerState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for WorkerState {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|known| known.as_str() == text).ok_or_else(|| UnknownWord {
            what: "state of a worker",
            found: text.to_owned(),
            known: Self::ALL.map(Self::as_str).join(", "),
        })
    }
}

/// A worker as anybody may see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct WorkerView {
    /// Its name, of this one process.
    pub id: WorkerId,
    /// Where it runs.
    pub host: String,
    /// Of the program.
    pub version: String,
    /// The queues it takes from.
    pub job_types: Vec<JobType>,
    /// Attempts it runs at once, at most.
    pub concurrency: u32,
    /// It said that it takes nothing new.
    pub draining: bool,
    /// Its first beat.
    pub started_at: Timestamp,
    /// Its last beat.
    pub seen_at: Timestamp,
    /// Whether it lives.
    pub state: WorkerState,
    /// Leases of it that have not expired.
    pub n_running: u64,
    /// What keeps it from beginning anything new: a pause of its own, not of a queue.
    pub pause: Option<Pause>,
}

/// Keeps leases alive, and parts of the fleet from beginning anything new.
///
/// # Guarantees
/// While a queue is paused no job of its type is claimed, while a worker is paused it claims nothing; attempts that
/// run go on. Pausing and resuming write one entry each into the system chain, with the change. A job that a paused
/// queue refused gets a new wake-up after the pause, also when whoever resumes dies in the middle: the rescue goes on
/// then.
#[async_trait]
pub trait Workers: Send + Sync {
    /// The worker lives: its row is made or touched, and these leases, all that it holds, are extended in one
    /// statement. A lease that is not named runs out: one whose claim was never answered, or whose attempt ended
    /// without a word, must not live for as long as its worker does. A worker that left stays gone.
    ///
    /// # Errors
    /// [`LedgerError::NotReachable`], [`LedgerError::Full`], [`LedgerError::Store`].
    async fn beat(&self, card: &WorkerCard, held: &[Lease], ttl: Duration) -> Result<Beat, LedgerError>;

    /// The worker ended in order. Nothing happens where it never beat.
    ///
    /// # Errors
    /// [`LedgerError::NotReachable`], [`LedgerError::Full`], [`LedgerError::Store`].
    async fn leave(&self, worker: &WorkerId) -> Result<(), LedgerError>;

    /// Those that beat, and those that ended or fell silent within `since`; oldest start first.
    ///
    /// # Errors
    /// [`LedgerError::NotReachable`], [`LedgerError::Store`].
    async fn workers(&self, since: Duration) -> Result<Vec<WorkerView>, LedgerError>;

    /// The pauses there are: of queues, then of workers, each by name.
    ///
    /// # Errors
    /// [`LedgerError::NotReachable`], [`LedgerError::Store`].
    async fn pauses(&self) -> Result<Vec<Pause>, LedgerError>;

    /// No new attempt begins in that part, for the reason of `by`; a pause that is there stays and is answered.
    ///
    /// # Errors
    /// [`LedgerError::UnknownWorker`] for a worker that never was, or is long forgotten; [`LedgerError::NotReachable`],
    /// [`LedgerError::Full`], [`LedgerError::Store`].
    async fn pause_part(&self, scope: &PauseScope, by: &Requester) -> Result<Pause, LedgerError>;

    /// Ends a pause; wakes the jobs that a paused queue refused, a bounded number per transaction, unless the fleet is
    /// held. Answers the pause that ended.
    ///
    /// # Errors
    /// [`LedgerError::NotReachable`], [`LedgerError::Full`], [`LedgerError::Store`].
    async fn resume_part(&self, scope: &PauseScope, by: &Requester) -> Result<Option<Pause>, LedgerError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_in_json_and_answers_are_the_same() {
        for state in WorkerState::ALL {
            assert_eq!(serde_json::to_value(state).unwrap(), state.as_str());
            assert_eq!(state.as_str().parse(), Ok(state));
        }
        assert!("asleep".parse::<WorkerState>().unwrap_err().to_string().contains("silent"));
    }
}
