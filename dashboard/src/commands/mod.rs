//! Wishes that arrive as messages.

use common::shutdown::Shutdown;

use crate::state::AppState;

/// Takes commands until `stop`.
pub async fn run(state: AppState, stop: Shutdown) {
    drop(state);
    stop.draining().await;
}
