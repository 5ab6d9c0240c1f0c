//! Listens, and joins the parts; nobody else does.
//!
//! Promises: at most [`MAX_CONNECTIONS`] connections, of which the next one is told to come again; a request that does not
//! arrive, or is not answered, in time is given up; no body over [`MAX_BODY_BYTES`], or where jobs are submitted over
//! [`MAX_COMMAND_BYTES`](common::broker::command::MAX_COMMAND_BYTES). When draining begins, open streams end at once and
//! every other answer gets [`LAST_ANSWERS`].
//! Leaves to others: signals and the exit code (`main`), and waiting for the tasks (`Shutdown::drain`).

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use common::config::Config;
use common::engine::Engine;
use common::shutdown::Shutdown;
use common::telemetry::{http, metrics};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};
use worker::relay::Relay;

use crate::auth::{self, Doorkeeper};
use crate::error::ApiError;
use crate::health::Health;
use crate::host::Names;
use crate::live::{self, Live};
use crate::patience::Patient;
use crate::state::{AppState, MAX_SUBMISSIONS};
use crate::{api, commands, headers, pages};

/// Connections at once: a browser opens up to six.
pub const MAX_CONNECTIONS: usize = 256;

/// Connections too many that are told so at once; any beyond are closed without a word.
const MAX_TURNED_AWAY: usize = 16;

/// The longest body of a request, unless it submits jobs.
pub const MAX_BODY_BYTES: usize = 64 * 1024;

/// How long the head of a request may take to arrive, and how long a connection may wait for its next one.
pub const HEAD_WITHIN: Duration = Duration::from_secs(15);

/// How long answering may take; a stream counts as answered when it begins.
pub const ANSWERED_WITHIN: Duration = Duration::from_secs(30);

/// Time for the answers that are under way when draining begins.
pub const LAST_ANSWERS: Duration = Duration::from_secs(2);

/// Time after an error of the listener, which comes again at once while no file can be opened.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// What a connection too many is told.
const TOO_MANY: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 5\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/// A dashboard that serves.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
}

impl Server {
    /// Listens at `dashboard.listen`, and serves until `stop` drains; [`Shutdown::drain`] waits for the last answer.
    ///
    /// # Errors
    /// [`ServerError`] when it cannot listen, or must not.
    pub async fn start(engine: Engine, config: &Config, stop: &Shutdown) -> Result<Self, ServerError> {
        let wanted = config.dashboard.listen;
        if !wanted.ip().is_loopback() && config.dashboard.token.is_none() {
            return Err(ServerError::NoToken { address: wanted });
        }
        let failed = |source| ServerError::Listen { address: wanted.to_string(), source };
        let listener = TcpListener::bind(wanted).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;

        let relay = Arc::new(Relay::new(engine.clone(), config.relay.every, config.relay.window));
        let (live, pictures) = Live::new(engine.clone());
        let streams = live.streams(stop.clone());
        let state = AppState {
            engine,
            pictures,
            config: Arc::new(config.clone()),
            relay: Arc::clone(&relay),
            submissions: Arc::new(Semaphore::new(MAX_SUBMISSIONS)),
            stop: stop.clone(),
        };
        let door = Arc::new(Door {
            keeper: Doorkeeper::new(config.dashboard.token.as_ref()),
            names: Names::new(&config.dashboard, address),
        });
        let router = router(state.clone(), streams, door);

        live.run(stop);
        let end = CancellationToken::new();
        let (draining, ended) = (stop.clone(), end.clone());
        stop.spawn(async move {
            draining.draining().await;
            ended.cancel();
        });
        stop.spawn(async move { relay.run(&end).await });
        stop.spawn(commands::run(state, stop.clone()));
        let serving = stop.clone();
        stop.spawn(async move { accept(&listener, router, &serving).await });
        let server = Self { address };
        info!("dashboard on http://{address}");
        Ok(server)
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What to open in a browser.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }
}

/// Why there is no dashboard.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// Others could reach it, and nothing would keep them out.
    #[error("{address} is not of this machine alone: set dashboard.token, or listen on 127.0.0.1")]
    NoToken {
        /// Where.
        address: SocketAddr,
    },
    /// The address is taken, or not ours.
    #[error("dashboard.listen: cannot listen on {address}")]
    Listen {
        /// Where.
        address: String,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// Who is let in.
struct Door {
    keeper: Doorkeeper,
    names: Names,
}

fn router(state: AppState, streams: live::Streams, door: Arc<Door>) -> Router {
    let probe = Arc::new(Health::new(&state));
    Router::new()
        .merge(pages::router())
        .merge(api::router())
        .route("/login", post(auth::log_in).with_state(door.keeper.clone()))
        .route("/live", get(live::stream).with_state(streams))
        .merge(http::router(probe, metrics::install()))
        .fallback(unknown)
        .method_not_allowed_fallback(async || ApiError::wrong_method())
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(middleware::from_fn_with_state(door, guard))
        .with_state(state)
}

/// Programs get an error of theirs, people a page.
async fn unknown(request: Request) -> Response {
    if request.uri().path().starts_with("/api/") {
        ApiError::unknown_path().into_response()
    } else {
        pages::problem::not_found()
    }
}

/// Around every request: who asks, for how long, and what a browser may do with the answer.
async fn guard(State(door): State<Arc<Door>>, request: Request, next: Next) -> Response {
    let (uri, header) = (request.uri(), request.headers());
    // A prober calls by address, and learns nothing.
    let named = if uri.path() == "/healthz" { Ok(()) } else { door.names.check(uri, header) };
    let admitted = match named {
        Ok(()) => door.keeper.check(request.method(), uri, header),
        Err(error) => Err(Box::new(error.into_response())),
    };
    let mut response = match admitted {
        Ok(()) => match tokio::time::timeout(ANSWERED_WITHIN, next.run(request)).await {
            Ok(response) => response,
            Err(_) => ApiError::busy("this took too long").into_response(),
        },
        Err(refusal) => *refusal,
    };
    headers::put_on(&mut response);
    response
}

async fn accept(listener: &TcpListener, router: Router, stop: &Shutdown) {
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let last_words = Arc::new(Semaphore::new(MAX_TURNED_AWAY));
    loop {
        let Some(accepted) = stop.unless_draining(listener.accept()).await else { return };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                warn!("a connection was not accepted: {error}");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        if let Ok(place) = Arc::clone(&places).try_acquire_owned() {
            let (router, closing) = (router.clone(), stop.clone());
            // A panic of one request is not the others'.
            stop.spawn_apart(async move {
                serve(stream, router, &closing).await;
                drop(place);
            });
        } else if let Ok(place) = Arc::clone(&last_words).try_acquire_owned() {
            stop.spawn(async move {
                turn_away(stream).await;
                drop(place);
            });
        }
    }
}

async fn serve(stream: TcpStream, router: Router, stop: &Shutdown) {
    // An event is small and wanted now.
    let _ = stream.set_nodelay(true);
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WITHIN)
        .max_buf_size(MAX_BODY_BYTES)
        .serve_connection(TokioIo::new(Patient::new(stream)), TowerToHyperService::new(router));
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.draining() => {
            connection.as_mut().graceful_shutdown();
            tokio::time::timeout(LAST_ANSWERS, connection).await.unwrap_or(Ok(()))
        }
    };
    if let Err(error) = ended {
        debug!("a connection ended: {error}");
    }
}

/// Tells a connection too many to come again, and reads what it says, so that it gets to read that.
async fn turn_away(mut stream: TcpStream) {
    let told = async {
        stream.write_all(TOO_MANY).await?;
        stream.shutdown().await?;
        let mut rest = tokio::io::AsyncReadExt::take(stream, MAX_BODY_BYTES as u64);
        tokio::io::copy(&mut rest, &mut tokio::io::sink()).await
    };
    let _ = tokio::time::timeout(LAST_ANSWERS, told).await;
}
