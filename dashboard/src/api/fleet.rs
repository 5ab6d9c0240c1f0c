//! The fleet at a glance. Its numbers are those of the newest picture, which all pages share, so that asking costs nothing.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use common::ledger::{Bucket, FleetPicture, WORKERS_SHOWN, WorkerView};
use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::asked::{Asked, within};
use crate::error::ApiError;
use crate::state::AppState;

/// The longest chart: 500 buckets of a minute would be cut.
const MOST_MINUTES: u32 = 7 * 24 * 60;

/// Bars of a chart, at most.
const BARS: u32 = 120;

/// The fleet as it was last seen.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Fleet {
    /// Grows with every look at the ledger.
    pub revision: u64,
    /// Whether the ledger answered the last look. If not, the numbers are those of `at`.
    pub ledger_ok: bool,
    /// Whether events are heard.
    pub feed_ok: bool,
    /// The numbers.
    #[serde(flatten)]
    pub fleet: FleetPicture,
}

/// `GET /api/v1/fleet`.
///
/// # Errors
/// 503 before the ledger was read for the first time.
pub async fn fleet(State(state): State<AppState>) -> Result<Json<Fleet>, ApiError> {
    let picture = state.pictures.borrow().clone();
    if picture.revision == 0 {
        return Err(ApiError::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "ledger_unavailable",
            "the ledger was not read yet",
            "ask again in some seconds; the log of the dashboard says why",
        ));
    }
    Ok(Json(Fleet {
        revision: picture.revision,
        ledger_ok: picture.ledger_ok,
        feed_ok: picture.feed_ok,
        fleet: picture.fleet.clone(),
    }))
}

/// How much of a chart.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChartQuery {
    /// How far back, 1 to 10080 minutes. Default: 60.
    #[schemars(range(min = 1, max = 10_080))]
    pub minutes: Option<u32>,
}

/// Jobs that ended, over time.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Chart {
    /// Seconds that each bucket spans.
    pub bucket_s: u64,
    /// Oldest first.
    pub buckets: Vec<Bucket>,
}

/// `GET /api/v1/fleet/chart`.
///
/// # Errors
/// What the ledger says.
pub async fn chart(
    State(state): State<AppState>,
    Asked(query): Asked<ChartQuery>,
) -> Result<Json<Chart>, ApiError> {
    let minutes = within("minutes", query.minutes, MOST_MINUTES, 60)?;
    let bucket = Duration::from_secs(u64::from(minutes.div_ceil(BARS)) * 60);
    let since = Timestamp::now() - SignedDuration::from_mins(i64::from(minutes));
    let buckets = state.engine.ledger.ended_over_time(since, bucket).await?;
    Ok(Json(Chart { bucket_s: bucket.as_secs(), buckets }))
}

/// The workers.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Workers {
    /// Those that beat, and those that went within the last hour; oldest start first.
    pub workers: Vec<WorkerView>,
}

/// `GET /api/v1/workers`.
///
/// # Errors
/// What the ledger says.
pub async fn workers(State(state): State<AppState>) -> Result<Json<Workers>, ApiError> {
    Ok(Json(Workers { workers: state.engine.ledger.workers(WORKERS_SHOWN).await? }))
}
