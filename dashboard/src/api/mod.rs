//! The API for programs.

use axum::Router;

use crate::state::AppState;

pub mod jobs_post;

/// Every path below `/api/v1`.
pub fn router() -> Router<AppState> {
    Router::new().merge(jobs_post::router())
}
