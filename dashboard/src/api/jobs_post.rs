//! Wishes over HTTP.

use axum::Router;

use crate::state::AppState;

/// The paths that write.
pub fn router() -> Router<AppState> {
    Router::new()
}
