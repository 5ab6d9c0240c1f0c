//! `/healthz`, `/readyz` and `/metrics`.
//!
//! | path | answers |
//! |---|---|
//! | `/healthz` | 200 while the process answers at all: whoever gets none restarts it |
//! | `/readyz` | 200 while nothing keeps the process from its work, else 503; the body names every part, and why |
//! | `/metrics` | Prometheus text 0.0.4 |
//!
//! Promises: answers hold no secret and are not kept by anybody between; a probe that hangs is answered as not ready within
//! [`PROBED_WITHIN`], and however many ask, it is made once in [`PROBED_EVERY`]. No request has a body. At most
//! [`MAX_CONNECTIONS`], each for a bounded time, so that whoever may reach this cannot take the process's files.
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
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use serde::Serialize;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex, Semaphore};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::info;

use super::metrics::Handle;

/// Longest wait for a probe: less than an orchestrator's own limit.
pub const PROBED_WITHIN: Duration = Duration::from_secs(4);

/// Between two probes.
pub const PROBED_EVERY: Duration = Duration::from_secs(1);

/// Connections at once: a scraper, an orchestrator, some people. One more waits until one of them ends.
pub const MAX_CONNECTIONS: usize = 32;

/// How long the head of a request may take to arrive, and how long a connection may wait for its next one.
pub const HEAD_WITHIN: Duration = Duration::from_secs(10);

/// After this long a connection ends with its next answer: nobody keeps a place.
const CONNECTION_KEPT: Duration = Duration::from_secs(60);

/// Time for that answer.
const LAST_ANSWER: Duration = Duration::from_secs(10);

/// After an error of the listener, which comes again at once while no file can be opened.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

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
    /// The last probe, and when.
    last: Arc<Mutex<Option<(Instant, Readiness)>>>,
    handle: Handle,
}

/// The three paths, to be merged into any router.
pub fn router<S: Clone + Send + Sync + 'static>(probe: Arc<dyn Probe>, handle: Handle) -> Router<S> {
    Router::new()
        .route("/healthz", get(async || (no_store(), "alive\n")))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .layer(DefaultBodyLimit::max(0))
        .with_state(Served { probe, last: Arc::default(), handle })
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
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    // Dropped at the end, and with it what is being answered.
    let mut connections = JoinSet::new();
    loop {
        let next = async {
            let place = Arc::clone(&places).acquire_owned().await;
            (place, listener.accept().await)
        };
        tokio::select! {
            () = end.cancelled() => return,
            Some(_) = connections.join_next() => {}
            (place, accepted) = next => match accepted {
                Ok((stream, _)) => {
                    let router = router.clone();
                    connections.spawn(async move {
                        converse(stream, router).await;
                        drop(place);
                    });
                }
                Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
            },
        }
    }
}

/// One connection. Its errors are its own.
async fn converse(stream: TcpStream, router: Router) {
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WITHIN)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    tokio::pin!(connection);
    tokio::select! {
        _ = connection.as_mut() => {}
        () = tokio::time::sleep(CONNECTION_KEPT) => {
            connection.as_mut().graceful_shutdown();
            let _ = tokio::time::timeout(LAST_ANSWER, connection).await;
        }
    }
}

fn no_store() -> [(header::HeaderName, &'static str); 2] {
    [(header::CACHE_CONTROL, "no-store"), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")]
}

async fn readyz(State(served): State<Served>) -> Response {
    let mut last = served.last.lock().await;
    let readiness = match &*last {
        Some((at, readiness)) if at.elapsed() < PROBED_EVERY => readiness.clone(),
        Some(_) | None => {
            let probed = tokio::time::timeout(PROBED_WITHIN, served.probe.readiness()).await;
            let readiness = probed.unwrap_or_else(|_| {
                let why = format!("no part answered within {} s", PROBED_WITHIN.as_secs());
                Readiness::from(vec![Part::not_ready("probe", why)])
            });
            *last = Some((Instant::now(), readiness.clone()));
            readiness
        }
    };
    drop(last);
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
