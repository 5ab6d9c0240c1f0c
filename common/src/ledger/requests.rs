//! Requests of other programs under keys of their own, so that asking twice does once.
//!
//! A key is written before anything is done, together with the name of the batch that it will queue. Whoever repeats a
//! request that nobody answered goes on with the same batch, and finds there what the one before had done. So a crash
//! between the jobs and the answer loses neither.

use std::time::Duration;

use async_trait::async_trait;

use super::LedgerError;
use crate::domain::job::BatchId;

/// How long an answer is kept: longer than a program should take to ask again.
pub const REQUESTS_KEPT: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Most requests that are kept; the oldest go first.
pub const MAX_REQUESTS: u32 = 10_000;

/// Old requests that one new one removes at most.
pub(super) const FORGET_AT_ONCE: u32 = 100;

/// What a program asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRequest {
    /// The program's key, with the door it came through.
    pub key: String,
    /// Of what is asked, in bytes.
    pub sha256: [u8; 32],
    /// Name of the batch, where this is the first time.
    pub batch: BatchId,
    /// How long nobody else may work on it.
    pub hold: Duration,
}

/// Where a request stands when it arrives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequestState {
    /// Ours to work on. `is_repeat` where somebody was at it before and went away without an answer.
    Begun {
        /// The batch of its jobs.
        batch: BatchId,
        /// Whether some of them may be there.
        is_repeat: bool,
    },
    /// Somebody is at it.
    InProgress,
    /// It was answered.
    Answered {
        /// Status of the answer.
        status: u16,
        /// The answer, JSON.
        answer: String,
    },
    /// The key was used for something else.
    OtherBody,
}

/// Keeps requests and their answers.
#[async_trait]
pub trait Requests: Send + Sync {
    /// Begins a request, or says where it stands. Of several at once exactly one begins. Removes a few old ones.
    ///
    /// # Errors
    /// [`LedgerError::NotReachable`], [`LedgerError::Store`].
    async fn begin_request(&self, request: &NewRequest) -> Result<RequestState, LedgerError>;

    /// Keeps the answer, unless there is one.
    ///
    /// # Errors
    /// [`LedgerError::NotReachable`], [`LedgerError::Store`].
    async fn answer_request(&self, key: &str, status: u16, answer: &str) -> Result<(), LedgerError>;

    /// Lets an unanswered request go, so that a repeat need not wait for its hold to end.
    ///
    /// # Errors
    /// [`LedgerError::NotReachable`], [`LedgerError::Store`].
    async fn release_request(&self, key: &str) -> Result<(), LedgerError>;
}
