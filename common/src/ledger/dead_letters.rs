//! Dead letters: messages that nobody could read or settle, kept until a person has decided.
//!
//! Promises: a letter is kept once, and never lost before a person ended it. Leaves to others: taking letters off the
//! broker (the worker's collector), publishing one again ([`crate::broker`]).

use async_trait::async_trait;
use jiff::Timestamp;

use super::LedgerError;
use crate::domain::job::{JobId, Requester};

/// Letters that are kept at most; more stay at the broker until a person has made room.
pub const MAX_DEAD_LETTERS: u64 = 10_000;

/// Bytes of a body that are kept; what is longer is cut and cannot be requeued.
pub const MAX_DEAD_BYTES: usize = 16 * 1024 * 1024;

/// Times that a job is woken again because its wake-up died, before a claim. What dies more often kills whoever claims
/// it, and would go round for ever.
pub const MAX_BURIALS: u32 = 3;

/// A message that died at the broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDeadLetter {
    /// As it was published; empty where it had none.
    pub message_id: String,
    /// As it was published.
    pub routing_key: String,
    /// Whole, or its first [`MAX_DEAD_BYTES`].
    pub body: Vec<u8>,
    /// Length of the whole body.
    pub size_bytes: u64,
    /// One sentence.
    pub reason: String,
    /// By the broker's clock.
    pub died_at: Timestamp,
}

/// One that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// Its number, which is never used again.
    pub id: i64,
    /// As it was published; empty where it had none.
    pub message_id: String,
    /// As it was published.
    pub routing_key: String,
    /// Whole, or its first [`MAX_DEAD_BYTES`].
    pub body: Vec<u8>,
    /// Length of the whole body.
    pub size_bytes: u64,
    /// One sentence.
    pub reason: String,
    /// By the broker's clock.
    pub died_at: Timestamp,
    /// When it was taken from the broker, by the database's clock.
    pub collected_at: Timestamp,
    /// The job that it names, when it is a readable wake-up. There need not be such a job.
    pub job: Option<JobId>,
}

/// What keeping letters did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Collected {
    /// Letters that were not kept before.
    pub kept: u64,
    /// Live jobs whose wake-up died: dispatched again at once.
    pub woken: Vec<JobId>,
}

/// What a person decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeadEnd {
    /// Its bytes were published once more.
    Requeued,
    /// It is not needed.
    Dropped,
}

/// Keeps dead letters.
///
/// # Guarantees
/// The same message (message id, time of death and SHA-256 of the body) twice is one letter: one that the broker hands
/// over again, because its settlement was lost, changes nothing. There are never more than [`MAX_DEAD_LETTERS`].
#[async_trait]
pub trait DeadLetters: Send + Sync {
    /// Keeps them all or none. A readable wake-up of a job that is available, not held up and does not wait for a
    /// peer gets another wake-up, [`MAX_BURIALS`] times before the job is claimed; after that neither this nor the
    /// rescue wakes the job, until a person ends one of its letters.
    ///
    /// # Errors
    /// [`LedgerError::Full`], with nothing kept, when there would be too many; [`LedgerError::NotReachable`],
    /// [`LedgerError::Store`].
    async fn keep_dead(&self, letters: &[NewDeadLetter]) -> Result<Collected, LedgerError>;

    /// Up to `limit` letters after the given one, oldest first; fewer where their bodies are long, so only an empty
    /// page is the end.
    ///
    /// # Errors
    /// [`LedgerError::NotReachable`], [`LedgerError::Store`].
    async fn dead_letters(&self, after: Option<i64>, limit: u32) -> Result<Vec<DeadLetter>, LedgerError>;

    /// One of them.
    ///
    /// # Errors
    /// [`LedgerError::UnknownDeadLetter`], [`LedgerError::NotReachable`], [`LedgerError::Store`].
    async fn dead_letter(&self, id: i64) -> Result<DeadLetter, LedgerError>;

    /// How many there are.
    ///
    /// # Errors
    /// [`LedgerError::NotReachable`], [`LedgerError::Store`].
    async fn n_dead(&self) -> Result<u64, LedgerError>;

    /// Deletes it, with an entry in the system chain that keeps number, message id, reason, size and SHA-256. The job
    /// that it names, if any, may be woken again [`MAX_BURIALS`] times.
    ///
    /// # Errors
    /// [`LedgerError::UnknownDeadLetter`], [`LedgerError::NotReachable`], [`LedgerError::Full`], [`LedgerError::Store`].
    async fn end_dead(&self, id: i64, how: DeadEnd, by: &Requester) -> Result<(), LedgerError>;
}
