//! A job: the wish for one device, and the states it passes through.
//!
//! The life cycle is one pure function, [`JobState::after`]; the tables repeat its invariants as CHECKs.
//! Who moves a job, and when, is the ledger's business; what a job does is the worker's.

use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::device::Serial;
use super::path::Goal;

/// Number of a job in its ledger: small, growing, easy to say on the phone. Never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct JobId(pub i64);

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for JobId {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// Names the jobs that one command queued together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct BatchId(pub Uuid);

impl BatchId {
    /// A new one; ids grow with time, so that lists of batches sort by age.
    #[must_use]
    pub fn new() -> Self {
        Self(Uuid::now_v7())
    }
}

impl Default for BatchId {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Display for BatchId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a job does. Two types never run on one device at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum JobType {
    /// Bring every image of the path to the device and prove its hash.
    DownloadOnly,
    /// Install what was staged. Known to locks and queues; its execution comes later.
    Upgrade,
}

impl JobType {
    /// Every type, in the order of their queues.
    pub const ALL: [Self; 2] = [Self::DownloadOnly, Self::Upgrade];

    /// The word in tables, routing keys and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DownloadOnly => "download_only",
            Self::Upgrade => "upgrade",
        }
    }
}

impl fmt::Display for JobType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that names no member of its enum.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown {what} `{found}` (known: {known})")]
pub struct UnknownWord {
    /// What the word should have been, for example `job type`.
    pub what: &'static str,
    /// The word as given.
    pub found: String,
    /// The words that would do.
    pub known: String,
}

impl FromStr for JobType {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|known| known.as_str() == text).ok_or_else(|| UnknownWord {
            what: "job type",
            found: text.to_owned(),
            known: Self::ALL.map(Self::as_str).join(", "),
        })
    }
}

/// Where a job is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// Due later: after a failure that is worth another try, or while the device is busy.
    Scheduled,
    /// Due now; a wake-up is on its way or will be sent again.
    Available,
    /// Leased by one worker.
    Running,
    /// Terminal: the device is as asked.
    Completed,
    /// Terminal: it is not, and trying again would not help without a person.
    Failed,
    /// Terminal: a person said stop.
    Cancelled,
    /// Terminal: there is nothing that this job could do for this device.
    Skipped,
}

impl JobState {
    /// Every state, in the order of a job's life.
    pub const ALL: [Self; 7] = [
        Self::Scheduled,
        Self::Available,
        Self::Running,
        Self::Completed,
        Self::Failed,
        Self::Cancelled,
        Self::Skipped,
    ];

    /// The word in tables and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Available => "available",
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Skipped => "skipped",
        }
    }

    /// Whether the job has ended and its device is free.
    #[must_use]
    pub fn is_terminal(self) -> bool {
        match self {
            Self::Scheduled | Self::Available | Self::Running => false,
            Self::Completed | Self::Failed | Self::Cancelled | Self::Skipped => true,
        }
    }

    /// The state after `transition`.
    ///
    /// # Errors
    /// [`IllegalTransition`] for every pair that the life cycle does not draw.
    pub fn after(self, transition: Transition) -> Result<Self, IllegalTransition> {
        use Transition as T;
        match (self, transition) {
            (Self::Scheduled, T::CameDue) => Ok(Self::Available),
            (Self::Available, T::Claimed) => Ok(Self::Running),
            (Self::Running, T::WillRetry | T::Snoozed) => Ok(Self::Scheduled),
            (Self::Running, T::Released | T::LeaseExpired) => Ok(Self::Available),
            (Self::Running, T::Completed) => Ok(Self::Completed),
            (Self::Running, T::Failed) => Ok(Self::Failed),
            (Self::Running, T::Skipped) => Ok(Self::Skipped),
            (state, T::Cancelled) if !state.is_terminal() => Ok(Self::Cancelled),
            (state, transition) => Err(IllegalTransition { state, transition }),
        }
    }
}

impl fmt::Display for JobState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for JobState {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|known| known.as_str() == text).ok_or_else(|| UnknownWord {
            what: "job state",
            found: text.to_owned(),
            known: Self::ALL.map(Self::as_str).join(", "),
        })
    }
}

/// What happened to a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Transition {
    /// Its due time passed.
    CameDue,
    /// A worker took a lease.
    Claimed,
    /// The attempt failed in a way that is worth another.
    WillRetry,
    /// The device is busy; costs no attempt.
    Snoozed,
    /// The worker hands it back because it stops; costs no attempt.
    Released,
    /// The worker went silent; costs no attempt.
    LeaseExpired,
    /// The device is as asked.
    Completed,
    /// Gave up.
    Failed,
    /// Nothing to do for this device.
    Skipped,
    /// A person said stop.
    Cancelled,
}

impl Transition {
    /// Every transition; tests try all pairs.
    pub const ALL: [Self; 10] = [
        Self::CameDue,
        Self::Claimed,
        Self::WillRetry,
        Self::Snoozed,
        Self::Released,
        Self::LeaseExpired,
        Self::Completed,
        Self::Failed,
        Self::Skipped,
        Self::Cancelled,
    ];
}

/// A move that the life cycle does not draw.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a {state} job cannot take `{transition:?}`")]
pub struct IllegalTransition {
    /// Where the job was.
    pub state: JobState,
    /// What was tried.
    pub transition: Transition,
}

/// Who asked, and why: goes into the audit trail with every job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Requester {
    /// Login name of the operator, or the name of the program.
    pub operator: String,
    /// Host that the command ran on.
    pub host: String,
    /// Reason or ticket, as given.
    pub reason: Option<String>,
}

/// How the two members of an HA pair share the work of one command.
///
/// Two members that download at once leave nobody to take over if both run out of space or have to restart their
/// management servers, so that is only done where a person asks for it.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum PairMode {
    /// One after the other, never both at once.
    #[default]
    InTurn,
    /// Without regard to each other.
    AtOnce,
    /// One downloads and copies to its peer, which then only proves what it got.
    Sync,
}

impl PairMode {
    /// Every mode.
    pub const ALL: [Self; 3] = [Self::InTurn, Self::AtOnce, Self::Sync];

    /// The word in tables and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InTurn => "in_turn",
            Self::AtOnce => "at_once",
            Self::Sync => "sync",
        }
    }
}

impl fmt::Display for PairMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for PairMode {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|known| known.as_str() == text).ok_or_else(|| UnknownWord {
            what: "pair mode",
            found: text.to_owned(),
            known: Self::ALL.map(Self::as_str).join(", "),
        })
    }
}

/// A wish that is not yet a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobSpec {
    /// The device.
    pub serial: Serial,
    /// What to do.
    pub job_type: JobType,
    /// The versions to bring there.
    pub goal: Goal,
    /// Attempts before the job fails for good; at least 1.
    pub max_attempts: u32,
    /// The ended job that this one repeats.
    pub retry_of: Option<JobId>,
    /// What it minds of the other member of its pair; nothing, where the device stands alone.
    pub pair: PairMode,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_state_takes_no_transition() {
        for state in JobState::ALL.into_iter().filter(|state| state.is_terminal()) {
            for transition in Transition::ALL {
                assert_eq!(state.after(transition), Err(IllegalTransition { state, transition }));
            }
        }
    }

    #[test]
    fn exactly_the_drawn_pairs_are_legal() {
        let legal: Vec<_> = JobState::ALL
            .into_iter()
            .flat_map(|state| Transition::ALL.map(|transition| (state, transition)))
            .filter_map(|(state, transition)| Some((state, transition, state.after(transition).ok()?)))
            .map(|(from, by, to)| format!("{from} {by:?} {to}"))
            .collect();
        assert_eq!(
            legal,
            [
                "scheduled CameDue available",
                "scheduled Cancelled cancelled",
                "available Claimed running",
                "available Cancelled cancelled",
                "running WillRetry scheduled",
                "running Snoozed scheduled",
                "running Released available",
                "running LeaseExpired available",
                "running Completed completed",
                "running Failed failed",
                "running Skipped skipped",
                "running Cancelled cancelled",
            ]
        );
    }

    #[test]
    fn words_round_trip_and_a_wrong_word_lists_the_right_ones() {
        for state in JobState::ALL {
            assert_eq!(state.as_str().parse(), Ok(state));
            assert_eq!(serde_json::to_value(state).unwrap(), state.as_str());
        }
        for job_type in JobType::ALL {
            assert_eq!(job_type.as_str().parse(), Ok(job_type));
        }
        for pair in PairMode::ALL {
            assert_eq!(pair.as_str().parse(), Ok(pair));
            assert_eq!(serde_json::to_value(pair).unwrap(), pair.as_str());
        }
        let error = "done".parse::<JobState>().unwrap_err().to_string();
        assert!(error.contains("`done`") && error.contains("completed"), "{error}");
    }
}
