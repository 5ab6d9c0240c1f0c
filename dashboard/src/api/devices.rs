//! Devices: a page of them, and one with its status document and jobs.

use axum::Json;
use axum::extract::State;
use common::domain::status::DeviceStatus;
use common::ledger::{DevicePage, DeviceQuery, DeviceRecord, JobFilter, JobView, LAST_PAGE, MAX_PER_PAGE};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::try_join;

use super::asked::{Asked, Named, no_such_device, serial, within, word};
use crate::error::ApiError;
use crate::state::AppState;

/// Devices on a page, where nobody says how many.
const PER_PAGE: u32 = 50;

/// Jobs of one device that are shown with it.
const JOBS: u32 = 50;

/// Which devices.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DevicesQuery {
    /// Part of serial, hostname, address or model, in any case.
    pub search: Option<String>,
    /// Only where the newest job is in this state.
    pub state: Option<String>,
    /// Only where the newest job failed, or was skipped, for this reason.
    pub kind: Option<String>,
    /// `serial`, `hostname`, `state` or `updated`. Default: `serial`.
    pub sort: Option<String>,
    /// The other way round.
    #[serde(default)]
    pub descending: bool,
    /// From 1.
    #[schemars(range(min = 1, max = 10_000))]
    pub page: Option<u32>,
    /// 1 to 500. Default: 50.
    #[schemars(range(min = 1, max = 500))]
    pub per_page: Option<u32>,
}

/// `GET /api/v1/devices`.
///
/// # Errors
/// 400 for what cannot be read; what the ledger says.
pub async fn list(
    State(state): State<AppState>,
    Asked(asked): Asked<DevicesQuery>,
) -> Result<Json<DevicePage>, ApiError> {
    let query = DeviceQuery {
        state: word("state", asked.state.as_deref())?,
        kind: word("kind", asked.kind.as_deref())?,
        sort: word("sort", asked.sort.as_deref())?.unwrap_or_default(),
        descending: asked.descending,
        page: within("page", asked.page, LAST_PAGE, 1)?,
        per_page: within("per_page", asked.per_page, MAX_PER_PAGE, PER_PAGE)?,
        search: asked.search,
    };
    Ok(Json(state.engine.ledger.device_page(&query).await?))
}

/// One device.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Device {
    /// As the inventory has it.
    pub device: DeviceRecord,
    /// Its status document; `null` until a worker has looked at it.
    pub status: Option<DeviceStatus>,
    /// Its newest 50 jobs, newest first.
    pub jobs: Vec<JobView>,
}

/// `GET /api/v1/devices/{serial}`.
///
/// # Errors
/// 404 for a device that is not in the inventory; what the ledger says.
pub async fn one(State(state): State<AppState>, Named(asked): Named) -> Result<Json<Device>, ApiError> {
    let serial = serial(&asked)?;
    let ledger = &state.engine.ledger;
    let Some(device) = ledger.device(&serial).await? else { return Err(no_such_device(serial)) };
    let filter = JobFilter { serial: Some(serial.clone()), ..JobFilter::default() };
    let (status, jobs) = try_join!(ledger.status(&serial), ledger.jobs(&filter, JOBS))?;
    Ok(Json(Device { device, status, jobs }))
}
