//! What other programs may have done: jobs, cancels, retries. Submit and cancel are the same for HTTP and AMQP;
//! a retry is asked for over HTTP.
//!
//! Promises: one validation for every door, which is [`common::intake`]; every write is in the audit trail with the door
//! and whoever the program says it acts for. Leaves to others: who may knock (`auth`, the broker's permissions), doing
//! it once ([`mod@super::once`]), performing jobs.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use common::broker::Control;
use common::domain::device::Serial;
use common::domain::job::{BatchId, JobId, PairMode, Requester};
use common::domain::path::PathsFile;
use common::intake::submission::{BadBody, Because};
use common::intake::{self, Fault, Intake, Mode, Rules, Submission, Wanted};
use common::ledger::CancelAnswer;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use tokio::time::timeout;
use tracing::{info, warn};

use super::once::Answer;
use crate::error::ApiError;
use crate::state::AppState;

/// Longest time to tell workers of a cancel; they see it in the ledger all the same.
const TELL_WITHIN: Duration = Duration::from_secs(2);

/// Longest time to wait for a place among those that are worked on.
const PLACE_WITHIN: Duration = Duration::from_secs(8);

/// Which door a program came through; goes into the audit trail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// `POST /api/v1/…`, with the dashboard's token.
    Api,
    /// The queue of commands.
    Amqp,
}

impl Door {
    /// Its word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Amqp => "amqp",
        }
    }

    fn requester(self, requested_by: Option<&str>, reason: Option<String>) -> Requester {
        let operator = match requested_by {
            Some(name) => format!("{}/{name}", self.as_str()),
            None => self.as_str().to_owned(),
        };
        Requester { operator, host: gethostname::gethostname().to_string_lossy().into_owned(), reason }
    }
}

/// What cannot be understood, as an answer.
#[must_use]
pub fn bad_body(bad: &BadBody) -> ApiError {
    ApiError::new(
        StatusCode::BAD_REQUEST,
        "bad_request",
        bad.to_string(),
        "GET /api/v1/openapi.json describes every request",
    )
}

/// Queues jobs, or tells what would be queued.
///
/// # Errors
/// `no_goal`; `busy` where others keep the places; those of the ledger.
pub async fn submit(
    state: AppState,
    door: Door,
    asked: Submission,
    batch: BatchId,
    is_repeat: bool,
) -> Result<Answer, ApiError> {
    let place = timeout(PLACE_WITHIN, Arc::clone(&state.submissions).acquire_owned()).await;
    let Ok(Ok(_place)) = place else {
        return Err(ApiError::busy("as many submissions are being worked on as there is room for"));
    };
    let rules = Rules {
        wanted: wanted(&state, &asked).await?,
        policy: state.config.plan.policy(),
        max_attempts: state.config.worker.max_attempts,
        pair: PairMode::InTurn,
    };
    let ledger = state.engine.ledger.as_ref();
    let inventory = ledger.devices().await?.into_iter().map(|record| record.device).collect();
    let (devices, missing) = asked.chosen(inventory);
    let by = door.requester(asked.requested_by.as_deref(), asked.reason.clone());
    let mode = Mode::of(asked.dry_run);
    let mut report = Intake::new(ledger, &by).named(batch, is_repeat).devices(devices, &rules, mode).await?;
    // One that left the inventory after an earlier run had queued it has its job.
    let queued: HashSet<Serial> = report.jobs.iter().map(|job| job.serial.clone()).collect();
    for serial in missing.iter().filter(|serial| !queued.contains(*serial)) {
        report.fault(Fault::unknown_device(serial, None));
    }
    if report.has_new_jobs() {
        state.relay.nudge();
        info!(operator = by.operator, batch = %batch, n_jobs = report.jobs.len(), "jobs queued for another program");
    }
    let status = if report.has_new_jobs() { StatusCode::CREATED } else { StatusCode::OK };
    Ok(Answer::new(status, json!(report)))
}

/// What came of a cancel.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Cancelled {
    /// Which job.
    pub job_id: JobId,
    /// Whether it has ended, or its worker was asked to stop.
    #[serde(flatten)]
    pub answer: CancelAnswer,
}

/// Cancels a job, or asks its worker to stop.
///
/// # Errors
/// `unknown_job`; those of the ledger.
pub async fn cancel(state: AppState, door: Door, job: JobId, because: Because) -> Result<Answer, ApiError> {
    let by = door.requester(because.requested_by.as_deref(), because.reason);
    let answer = state.engine.ledger.cancel(job, &by).await?;
    match answer {
        CancelAnswer::Cancelled => state.relay.nudge(),
        CancelAnswer::Requested => tell(&state, job).await,
        CancelAnswer::AlreadyEnded { .. } => {}
    }
    Ok(Answer::new(StatusCode::OK, json!(Cancelled { job_id: job, answer })))
}

/// Queues the wish of an ended job once more.
///
/// # Errors
/// `unknown_job`, `job_not_ended`; those of the ledger.
pub async fn retry(
    state: AppState,
    door: Door,
    job: JobId,
    because: Because,
    batch: BatchId,
    is_repeat: bool,
) -> Result<Answer, ApiError> {
    let ledger = state.engine.ledger.as_ref();
    let unknown = || ApiError::from(common::ledger::LedgerError::UnknownJob { job });
    let ended = ledger.job(job).await?.ok_or_else(unknown)?;
    if !ended.state.is_terminal() {
        return Err(ApiError::new(
            StatusCode::CONFLICT,
            "job_not_ended",
            format!("job {job} has not ended, it is {}", ended.state),
            format!("wait for it, or POST /api/v1/jobs/{job}/cancel first"),
        ));
    }
    let by = door.requester(because.requested_by.as_deref(), because.reason);
    let spec = intake::repeat_of(&ended, None, state.config.worker.max_attempts);
    let report = Intake::new(ledger, &by).named(batch, is_repeat).one(spec, ended.hostname).await?;
    if report.has_new_jobs() {
        state.relay.nudge();
    }
    let status = if report.has_new_jobs() { StatusCode::CREATED } else { StatusCode::OK };
    Ok(Answer::new(status, json!(report)))
}

/// Where its devices are to be brought.
async fn wanted(state: &AppState, asked: &Submission) -> Result<Wanted, ApiError> {
    let plan = &state.config.plan;
    if asked.target.is_some() || asked.path.is_some() {
        return Ok(asked.wanted(Wanted::default()));
    }
    let paths = match plan.paths_file.clone() {
        None => None,
        Some(file) => {
            let read = tokio::task::spawn_blocking(move || {
                let text = std::fs::read_to_string(&file).map_err(|error| error.to_string())?;
                PathsFile::parse(&text, &file.display().to_string())
                    .map_err(|_| "it does not read".to_owned())
            });
            let read = read.await.unwrap_or_else(|_| Err("it does not read".to_owned()));
            Some(read.map_err(|reason| {
                warn!("plan.paths_file cannot be used: {reason}");
                ApiError::new(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "bad_paths_file",
                    "plan.paths_file of the dashboard cannot be used",
                    "name a target or a path in the request, or repair the file",
                )
            })?)
        }
    };
    if paths.is_none() && plan.target.is_none() {
        return Err(ApiError::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "no_goal",
            "no goal: which version are the devices to be brought to?",
            "give target or path, or set plan.target in the configuration",
        ));
    }
    Ok(asked.wanted(Wanted { path: None, paths, target: plan.target }))
}

/// Makes the worker of a running job look now.
async fn tell(state: &AppState, job: JobId) {
    let control = Control::Cancel { job_id: job };
    let told = state.engine.broker.tell(&control);
    if !matches!(timeout(TELL_WITHIN, told).await, Ok(Ok(()))) {
        warn!(job = job.0, "its worker was not told of the cancel; it sees it with its next beat");
    }
}
