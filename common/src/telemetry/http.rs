//! `/healthz`, `/readyz` and `/metrics`.
//!
//! | path | answers |
//! |---|---|
//! | `/healthz` | 200 while the process answers at all: whoever gets none restarts it |
//! | `/readyz` | 200 while nothing keeps the process from its work, else 503; the body names every part, and why |
//! | `/metrics` | Prometheus text 0.0.4 |
//!
//! Promises: answers hold no secret and are never cached; a probe that hangs is answered as not ready within
//! [`PROBED_WITHIN`]. No request has a body.
//! Leaves to others: what ready means ([`Probe`]), who may reach it (`telemetry.listen`, which is nowhere by default).

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tracing::info;

use super::metrics::Handle;

/// Longest wait for a probe: less than an orchestrator's own limit.
pub const PROBED_WITHIN: Duration = Duration::from_secs(4);

/// Content type of the text format (Prometheus documentation, "Exposition formats").
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Whether a process can do its work.
#[async_trait]
pub trait Probe: Send + Sync {
    /// Every part that its work needs, and how it is now.
    async fn readiness(&self) -> Readiness;

    /// Brings gauges up to date before they are scraped.
    async fn refresh(&self) {}
}

/// How a process is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Readiness {
    /// Whether all parts are.
    pub ready: bool,
    /// Each of them.
    pub parts: Vec<Part>,
}

/// One thing that a process needs for its work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Part {
    /// A word, for example `ledger`.
    pub name: &'static str,
    /// Whether it is as it has to be.
    pub ready: bool,
    /// How it is, in one sentence without secrets.
    pub why: String,
}

impl Part {
    /// It is as it has to be.
    #[must_use]
    pub fn ready(name: &'static str, why: impl Into<String>) -> Self {
        Self { name, ready: true, why: why.into() }
    }

    /// It is not.
    #[must_use]
    pub fn not_ready(name: &'static str, why: impl Into<String>) -> Self {
        Self { name, ready: false, why: why.into() }
    }
}

impl From<Vec<Part>> for Readiness {
    fn from(parts: Vec<Part>) -> Self {
        Self { ready: parts.iter().all(|part| part.ready), parts }
    }
}

#[derive(Clone)]
struct Served {
    probe: Arc<dyn Probe>,
    handle: Handle,
}

/// The three paths, to be merged into any router.
pub fn router<S: Clone + Send + Sync + 'static>(probe: Arc<dyn Probe>, handle: Handle) -> Router<S> {
    Router::new()
        .route("/healthz", get(async || (no_store(), "alive\n")))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .layer(DefaultBodyLimit::max(0))
        .with_state(Served { probe, handle })
}

/// Listens at `address`. An address that cannot be had is told before any work begins.
///
/// # Errors
/// Those of the system, with the address in words.
pub async fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| {
        io::Error::new(error.kind(), format!("telemetry.listen: {address} cannot be listened at: {error}"))
    })
}

/// Serves on `listener` until `end`; what is being answered then is dropped.
pub async fn serve(listener: TcpListener, router: Router, end: &CancellationToken) {
    if let Ok(address) = listener.local_addr() {
        info!("health and metrics at http://{address}/healthz, /readyz and /metrics");
    }
    tokio::select! {
        () = end.cancelled() => {}
        // Never ends: errors of single connections are theirs.
        _ = axum::serve(listener, router) => {}
    }
}

fn no_store() -> [(header::HeaderName, &'static str); 2] {
    [(header::CACHE_CONTROL, "no-store"), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")]
}

async fn readyz(State(served): State<Served>) -> Response {
    let probed = tokio::time::timeout(PROBED_WITHIN, served.probe.readiness()).await;
    let readiness = probed.unwrap_or_else(|_| {
        let why = format!("no part answered within {} s", PROBED_WITHIN.as_secs());
        Readiness::from(vec![Part::not_ready("probe", why)])
    });
    let status = if readiness.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, no_store(), Json(readiness)).into_response()
}

async fn metrics(State(served): State<Served>) -> Response {
    // What could not be brought up to date stays as it was.
    let _ = tokio::time::timeout(PROBED_WITHIN, served.probe.refresh()).await;
    (no_store(), [(header::CONTENT_TYPE, TEXT)], served.handle.render()).into_response()
}

#[cfg(test)]
mod tests;
