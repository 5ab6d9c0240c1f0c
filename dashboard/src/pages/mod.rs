//! Pages for people: rendered here, whole without the script, kept up to date by it.
//!
//! | module | shows |
//! |---|---|
//! | [`fleet`] | how far the fleet is, what is in the way, what happens now |
//! | [`devices`] | a list to search, filter and sort |
//! | [`device`] | one device: status, images with their proof, what was done and by whom |
//! | [`workers`] | who works, on what, and who fell silent |
//! | [`login`], [`problem`] | the form for the token; what is shown instead of a page |
//! | `layout`, `words`, `text`, `times`, `assets` | what they share |
//!
//! Promises: what came from outside is shown as text (`text`); no page asks the ledger for more than a bounded number
//! of rows, or waits for it without end; no page holds inline script or style. The fragments under `/fragments` are the
//! parts of pages that change, made by the functions that make the pages.
//! Leaves to others: who may see them, headers and limits (the server), numbers of the fleet ([`live`](crate::live)).

mod assets;
pub mod device;
pub mod devices;
pub mod fleet;
mod layout;
pub mod login;
pub mod problem;
mod text;
mod times;
mod words;
pub mod workers;

#[cfg(test)]
mod tests;

use std::time::Duration;

use axum::Router;
use axum::response::Html;
use axum::routing::get;
use common::ledger::LedgerError;

use crate::state::AppState;
use problem::Problem;

/// How long a page waits for the ledger. Longer than a person does.
const PATIENCE: Duration = Duration::from_secs(10);

/// Every page, fragment and asset.
pub fn router() -> Router<AppState> {
    Router::new()
        .route("/", get(fleet::page))
        .route("/devices", get(devices::page))
        .route("/fragments/devices", get(devices::fragment))
        .merge(device::router())
        .route("/workers", get(workers::page))
        .route("/fragments/workers", get(workers::fragment))
        .route("/login", get(async || Html(login::page(None).into_string())))
        .route("/assets/{file}", get(assets::serve))
}

/// What the ledger says, or that it said nothing in time.
async fn asked<T>(answer: impl Future<Output = Result<T, LedgerError>>) -> Result<T, Problem> {
    match tokio::time::timeout(PATIENCE, answer).await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(Problem::Late),
    }
}
