//! Asking twice does once.
//!
//! Promises: of any number of equal requests under one key, one is done, and all that wait get its answer. A program
//! that died in the middle is followed by the next repeat, which goes on with the same batch. The work goes on when
//! the client hangs up; it ends before its hold does, so that nobody else begins beside it.
//! Leaves to others: the work (`door`), keeping answers ([`common::ledger::Requests`]).

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use common::domain::job::BatchId;
use common::ledger::{Ledger, NewRequest, RequestState};
use common::shutdown::Shutdown;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::time::{Instant, sleep, timeout};
use tracing::warn;

use crate::error::ApiError;

/// Longest time for the work: ten thousand devices take a second or two.
const WORK_WITHIN: Duration = Duration::from_secs(20);

/// How long a request is held for one worker of it: longer than the work and a statement that is just ending.
pub const HELD_FOR: Duration = Duration::from_secs(30);

/// Longest time to keep the answer. Together with the work it ends before the hold does, so that it cannot meet somebody
/// else's.
const KEPT_WITHIN: Duration = Duration::from_secs(8);

/// How long a second one waits for the answer of the first.
const WAIT_WITHIN: Duration = Duration::from_secs(10);

/// Pause between two looks, first and longest.
const LOOK_EVERY: [Duration; 2] = [Duration::from_millis(20), Duration::from_millis(500)];

/// What a program is answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// JSON.
    pub body: Value,
    /// Whether it was given before.
    pub is_replayed: bool,
}

impl Answer {
    /// An answer that is given for the first time.
    #[must_use]
    pub fn new(status: StatusCode, body: Value) -> Self {
        Self { status, body, is_replayed: false }
    }
}

/// A request: the program's key with its door, and what is asked.
#[derive(Debug, Clone)]
pub struct Request {
    /// Unique per program and request.
    pub key: String,
    /// Of what is asked.
    pub sha256: [u8; 32],
}

impl Request {
    /// A request through `door` of `parts`.
    #[must_use]
    pub fn new(door: &str, key: &str, parts: &[&[u8]]) -> Self {
        let mut hasher = Sha256::new();
        for part in parts {
            hasher.update((part.len() as u64).to_be_bytes());
            hasher.update(part);
        }
        Self { key: format!("{door}:{key}"), sha256: hasher.finalize().into() }
    }
}

/// Does `work` for the first of equal requests, and answers all of them alike. An error of the work is not kept: the
/// next one tries again.
///
/// # Errors
/// The work's; `key_reused` where the key stands for something else; `in_progress` where the first is still at it.
pub async fn once<W, F>(
    ledger: &Arc<dyn Ledger>,
    stop: &Shutdown,
    request: Request,
    work: W,
) -> Result<Answer, ApiError>
where
    W: FnOnce(BatchId, bool) -> F,
    F: Future<Output = Result<Answer, ApiError>> + Send + 'static,
{
    let until = Instant::now() + WAIT_WITHIN;
    let [mut pause, longest] = LOOK_EVERY;
    loop {
        let new = NewRequest {
            key: request.key.clone(),
            sha256: request.sha256,
            batch: BatchId::new(),
            hold: HELD_FOR,
        };
        match ledger.begin_request(&new).await? {
            RequestState::Begun { batch, is_repeat } => {
                let work = finish(Arc::clone(ledger), request.key, work(batch, is_repeat));
                // On its own, because a client that hangs up must not stop it half way; the process waits for it, unless
                // it has to leave at once: a repeat goes on where it was.
                let leaving = stop.clone();
                let work =
                    async move { leaving.unless_aborting(work).await.unwrap_or_else(|| Err(too_slow())) };
                return stop.spawn_apart(work).await.unwrap_or_else(|_| Err(broken()));
            }
            RequestState::Answered { status, answer } => return replayed(status, &answer),
            RequestState::OtherBody => return Err(reused()),
            RequestState::InProgress if Instant::now() + pause < until => {
                sleep(pause).await;
                pause = (pause * 2).min(longest);
            }
            RequestState::InProgress => return Err(in_progress()),
        }
    }
}

/// Work that changes nothing, within the time that any work has.
///
/// # Errors
/// The work's, `too_slow`.
pub async fn in_time(work: impl Future<Output = Result<Answer, ApiError>>) -> Result<Answer, ApiError> {
    timeout(WORK_WITHIN, work).await.unwrap_or_else(|_| Err(too_slow()))
}

async fn finish(
    ledger: Arc<dyn Ledger>,
    key: String,
    work: impl Future<Output = Result<Answer, ApiError>>,
) -> Result<Answer, ApiError> {
    let done = in_time(work).await;
    let keep = async {
        match &done {
            Ok(answer) => ledger.answer_request(&key, answer.status.as_u16(), &answer.body.to_string()).await,
            Err(_) => ledger.release_request(&key).await,
        }
    };
    // Otherwise a repeat finds the jobs by their batch, and makes the answer again.
    match timeout(KEPT_WITHIN, keep).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => warn!("the answer to a request was not kept: {error}"),
        Err(_) => warn!("the answer to a request was not kept within {KEPT_WITHIN:?}"),
    }
    done
}

fn replayed(status: u16, answer: &str) -> Result<Answer, ApiError> {
    let body = serde_json::from_str(answer).map_err(|_| broken())?;
    let status = StatusCode::from_u16(status).map_err(|_| broken())?;
    Ok(Answer { status, body, is_replayed: true })
}

fn reused() -> ApiError {
    ApiError::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "key_reused",
        "this idempotency key was used for another request",
        "make a new key for every new request, and keep it for repeats of the same one",
    )
}

fn in_progress() -> ApiError {
    ApiError::new(
        StatusCode::CONFLICT,
        "in_progress",
        "the same request is in progress",
        "repeat it with the same key in some seconds",
    )
}

fn too_slow() -> ApiError {
    ApiError::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "too_slow",
        format!("it was not done within {} s", WORK_WITHIN.as_secs()),
        "repeat it with the same key: it goes on where it was",
    )
}

fn broken() -> ApiError {
    ApiError::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "internal",
        "this request could not be answered",
        "repeat it with the same key; the log of the dashboard says why",
    )
}
