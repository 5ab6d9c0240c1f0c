//! The API for programs, below `/api/v1`.
//!
//! | module | answers |
//! |---|---|
//! | [`fleet`] | the fleet at a glance, its chart, its workers |
//! | [`devices`] | pages of devices, one of them |
//! | [`timeline`] | what was done to a device, with what proves it |
//! | [`jobs`] | pages of jobs, one of them |
//! | [`jobs_post`] | submissions, cancels, retries, and what came of them |
//! | [`openapi`] | the description of all this |
//! | [`asked`] | reading what was asked |
//!
//! Promises: every answer is JSON and of a bounded size; every error has one shape ([`error`](crate::error)); fields are
//! added, and none changes its meaning within v1. Leaves to others: who may ask (`auth`).

pub mod asked;
pub mod devices;
pub mod fleet;
pub mod jobs;
pub mod jobs_post;
pub mod openapi;
pub mod timeline;

use axum::Router;
use axum::routing::get;

use crate::state::AppState;

/// Every path below `/api/v1`. One that is added here is described in [`openapi`], which a test sees to.
pub fn router() -> Router<AppState> {
    Router::new()
        .route("/api/v1/fleet", get(fleet::fleet))
        .route("/api/v1/fleet/chart", get(fleet::chart))
        .route("/api/v1/workers", get(fleet::workers))
        .route("/api/v1/devices", get(devices::list))
        .route("/api/v1/devices/{serial}", get(devices::one))
        .route("/api/v1/devices/{serial}/timeline", get(timeline::timeline))
        .route("/api/v1/jobs", get(jobs::list))
        .route("/api/v1/jobs/{id}", get(jobs::one))
        .route("/api/v1/openapi.json", get(openapi::serve))
        .merge(jobs_post::router())
}
