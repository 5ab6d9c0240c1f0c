//! Pages for people.

use axum::Router;

use crate::state::AppState;

pub mod fleet;

/// Every page, fragment and asset.
pub fn router() -> Router<AppState> {
    Router::new()
}
