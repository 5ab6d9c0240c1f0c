//! Jobs: a page of them, and one with its images and attempts.

use axum::Json;
use axum::extract::State;
use common::domain::job::JobId;
use common::ledger::{AttemptView, ImageView, JobFilter, JobView, LedgerError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::try_join;

use super::asked::{Asked, Named, job, within, word};
use crate::error::ApiError;
use crate::state::AppState;

/// Jobs of a page, where nobody says how many.
const PAGE: u32 = 100;

/// Most jobs of a page.
const MAX_PAGE: u32 = 500;

/// Which jobs.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JobsQuery {
    /// Only in this state.
    pub state: Option<String>,
    /// Only jobs with a smaller number: `next_before` of the page before.
    pub before: Option<i64>,
    /// Jobs per page, 1 to 500. Default: 100.
    #[schemars(range(min = 1, max = 500))]
    pub limit: Option<u32>,
}

/// A page of jobs.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct JobPage {
    /// Newest first.
    pub jobs: Vec<JobView>,
    /// Give it as `before` for the next page; `null` on the last one.
    pub next_before: Option<JobId>,
}

/// `GET /api/v1/jobs`. By number and not by page, so that jobs that are queued meanwhile move nothing.
///
/// # Errors
/// 400 for what cannot be read; what the ledger says.
pub async fn list(
    State(state): State<AppState>,
    Asked(asked): Asked<JobsQuery>,
) -> Result<Json<JobPage>, ApiError> {
    let limit = within("limit", asked.limit, MAX_PAGE, PAGE)?;
    let filter = JobFilter {
        states: word("state", asked.state.as_deref())?.into_iter().collect(),
        before: asked.before.map(JobId),
        ..JobFilter::default()
    };
    let mut jobs = state.engine.ledger.jobs(&filter, limit + 1).await?;
    let is_last = jobs.len() <= limit as usize;
    jobs.truncate(limit as usize);
    let next_before = if is_last { None } else { jobs.last().map(|job| job.id) };
    Ok(Json(JobPage { jobs, next_before }))
}

/// One job.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Job {
    /// The job.
    pub job: JobView,
    /// Its images, in order of its path.
    pub images: Vec<ImageView>,
    /// Its attempts, oldest first.
    pub attempts: Vec<AttemptView>,
}

/// `GET /api/v1/jobs/{id}`.
///
/// # Errors
/// 404 for a job that is not there; what the ledger says.
pub async fn one(State(state): State<AppState>, Named(asked): Named) -> Result<Json<Job>, ApiError> {
    let id = job(&asked)?;
    let ledger = &state.engine.ledger;
    let job = ledger.job(id).await?.ok_or(LedgerError::UnknownJob { job: id })?;
    let (images, attempts) = try_join!(ledger.images(id), ledger.attempts(id))?;
    Ok(Json(Job { job, images, attempts }))
}
