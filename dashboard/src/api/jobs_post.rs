//! Submissions, cancels and retries over HTTP, and the batches that come of them.
//!
//! Promises: whatever changes something has to carry an `Idempotency-Key`, so that a program that got no answer may ask
//! again. Every body is read by hand, so that all of its problems are told together. Leaves to others: the token
//! ([`auth`](crate::auth)), the work ([`door`]).

use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use common::broker::command::{MAX_COMMAND_BYTES, MAX_KEY, is_key};
use common::domain::job::{BatchId, JobId};
use common::intake::submission::Because;
use common::intake::{Submission, object};
use common::ledger::{JobFilter, JobView, StatusCounts};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::asked::{Asked, Named, Whole, job, within};
use crate::commands::door::{self, Door};
use crate::commands::once::{Answer, Request, in_time, once};
use crate::error::ApiError;
use crate::state::AppState;

/// The header that names a request.
const KEY: &str = "idempotency-key";

/// The header of an answer that was given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// Jobs of a page, where nobody says how many.
const PAGE: u32 = 100;

/// Most jobs of a page.
const MAX_PAGE: u32 = 500;

/// The paths that write, and those that show what came of it.
pub fn router() -> Router<AppState> {
    Router::new()
        // Ten thousand serials are longer than what other paths take.
        .route("/api/v1/jobs", post(submit).layer(DefaultBodyLimit::max(MAX_COMMAND_BYTES)))
        .route("/api/v1/jobs/{id}/cancel", post(cancel))
        .route("/api/v1/jobs/{id}/retry", post(retry))
        .route("/api/v1/batches/{id}", get(batch))
}

async fn submit(
    State(state): State<AppState>,
    headers: HeaderMap,
    Whole(body): Whole,
) -> Result<Response, ApiError> {
    let asked = Submission::parse(&json(&body)?).map_err(|bad| door::bad_body(&bad))?;
    if asked.dry_run {
        let answer = in_time(door::submit(state, Door::Api, asked, BatchId::new(), false)).await?;
        return Ok(response(answer));
    }
    let request = request(&headers, "POST /api/v1/jobs", &body)?;
    let (ledger, stop) = (state.engine.ledger.clone(), state.stop.clone());
    let work = move |batch, is_repeat| door::submit(state, Door::Api, asked, batch, is_repeat);
    once(&ledger, &stop, request, work).await.map(response)
}

async fn cancel(
    State(state): State<AppState>,
    Named(id): Named,
    headers: HeaderMap,
    Whole(body): Whole,
) -> Result<Response, ApiError> {
    let job = job(&id)?;
    let because = Because::parse(&json(&body)?).map_err(|bad| door::bad_body(&bad))?;
    let request = request(&headers, &format!("POST /api/v1/jobs/{job}/cancel"), &body)?;
    let (ledger, stop) = (state.engine.ledger.clone(), state.stop.clone());
    let work = move |_, _| door::cancel(state, Door::Api, job, because);
    once(&ledger, &stop, request, work).await.map(response)
}

async fn retry(
    State(state): State<AppState>,
    Named(id): Named,
    headers: HeaderMap,
    Whole(body): Whole,
) -> Result<Response, ApiError> {
    let job = job(&id)?;
    let because = Because::parse(&json(&body)?).map_err(|bad| door::bad_body(&bad))?;
    let request = request(&headers, &format!("POST /api/v1/jobs/{job}/retry"), &body)?;
    let (ledger, stop) = (state.engine.ledger.clone(), state.stop.clone());
    let work = move |batch, is_repeat| door::retry(state, Door::Api, job, because, batch, is_repeat);
    once(&ledger, &stop, request, work).await.map(response)
}

/// Which jobs of a batch.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchQuery {
    /// Only jobs with a smaller number: `next_before` of the page before.
    pub before: Option<i64>,
    /// Jobs per page, 1 to 500.
    pub limit: Option<u32>,
}

/// What came of one request.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct BatchPage {
    /// Its name.
    pub batch_id: BatchId,
    /// Where its jobs are.
    pub counts: StatusCounts,
    /// Its jobs, newest first.
    pub jobs: Vec<JobView>,
    /// Give it as `before` for the next page; `null` on the last one.
    pub next_before: Option<JobId>,
}

async fn batch(
    State(state): State<AppState>,
    Named(id): Named,
    Asked(BatchQuery { before, limit }): Asked<BatchQuery>,
) -> Result<Response, ApiError> {
    let limit = within("limit", limit, MAX_PAGE, PAGE)?;
    let unknown = || {
        ApiError::new(
            StatusCode::NOT_FOUND,
            "unknown_batch",
            "there is no such batch",
            "take batch_id of the answer to POST /api/v1/jobs",
        )
    };
    let batch_id = BatchId(id.parse().map_err(|_| unknown())?);
    let filter = JobFilter { batch: Some(batch_id), before: before.map(JobId), ..JobFilter::default() };
    let ledger = state.engine.ledger.as_ref();
    let mut jobs = ledger.jobs(&filter, limit + 1).await?;
    if jobs.is_empty() && before.is_none() {
        return Err(unknown());
    }
    let has_more = jobs.len() > limit as usize;
    jobs.truncate(limit as usize);
    let next_before = jobs.last().map(|job| job.id).filter(|_| has_more);
    let counts = ledger.counts(Some(batch_id)).await?;
    Ok(Json(BatchPage { batch_id, counts, jobs, next_before }).into_response())
}

/// A body; none is an empty object.
fn json(body: &[u8]) -> Result<Value, ApiError> {
    if body.is_empty() {
        return Ok(Value::Object(serde_json::Map::new()));
    }
    let fields = object(body);
    fields
        .map(Value::Object)
        .map_err(|error| ApiError::bad_request(format!("the body is no JSON object: {error}")))
}

/// The request's name, which it has to have.
fn request(headers: &HeaderMap, what: &str, body: &[u8]) -> Result<Request, ApiError> {
    let key = headers.get(KEY).map(|key| key.to_str().ok().filter(|key| is_key(key)));
    match key {
        Some(Some(key)) => Ok(Request::new(Door::Api.as_str(), key, &[what.as_bytes(), body])),
        Some(None) => Err(ApiError::new(
            StatusCode::BAD_REQUEST,
            "bad_key",
            format!("Idempotency-Key has to be 1 to {MAX_KEY} visible ASCII characters"),
            "a UUID is a good key",
        )),
        None => Err(ApiError::new(
            StatusCode::BAD_REQUEST,
            "key_missing",
            "what changes something needs the header Idempotency-Key",
            "send a new key, for example a UUID, with every new request, and the same one with a repeat",
        )),
    }
}

fn response(answer: Answer) -> Response {
    let mut response = (answer.status, Json(answer.body)).into_response();
    if answer.is_replayed {
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    }
    response
}
