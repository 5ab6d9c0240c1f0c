//! Shows pictures to a browser as they come (`text/event-stream`, HTML Living Standard, "Server-sent events").
//!
//! Promises: a browser gets the newest picture when it comes and whenever there is a newer one; one that reads slowly skips
//! those in between, and costs nobody anything. Something is sent every [`BEAT`], so that both sides find out when the other
//! one is gone. At most [`MAX_STREAMS`] at once. Leaves to others: dropping who reads nothing at all (`patience`).

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use common::shutdown::Shutdown;
use futures_util::stream::{self, Stream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use super::Shown;
use crate::error::ApiError;

/// Open pages at once.
pub const MAX_STREAMS: usize = 64;

/// Longest silence: proxies close what is silent for a minute.
const BEAT: Duration = Duration::from_secs(15);

/// A comment, and what the browser waits before it comes again.
const BEGINNING: &[u8] = b": the fleet, as it changes\nretry: 2000\n\n";

/// Another comment.
const HEARTBEAT: &[u8] = b": still here\n\n";

/// Open streams.
#[derive(Clone)]
pub(crate) struct Streams {
    shown: watch::Receiver<Arc<Shown>>,
    places: Arc<Semaphore>,
    stop: Shutdown,
}

impl Streams {
    pub(super) fn new(shown: watch::Receiver<Arc<Shown>>, stop: Shutdown) -> Self {
        Self { shown, places: Arc::new(Semaphore::new(MAX_STREAMS)), stop }
    }
}

/// `GET /live`.
pub(crate) async fn stream(State(streams): State<Streams>) -> Response {
    let Ok(place) = Arc::clone(&streams.places).try_acquire_owned() else {
        return ApiError::busy("as many pages are open as this dashboard keeps up to date").into_response();
    };
    let mut shown = streams.shown;
    shown.mark_changed();
    let open = Open { shown, stop: streams.stop, began: false, _place: place };
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-store"),
        // A proxy that collects an answer before it passes it on would show nothing (nginx, "X-Accel-Buffering").
        (header::HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    (headers, Body::from_stream(frames(open))).into_response()
}

struct Open {
    shown: watch::Receiver<Arc<Shown>>,
    stop: Shutdown,
    began: bool,
    _place: OwnedSemaphorePermit,
}

fn frames(open: Open) -> impl Stream<Item = Result<Bytes, Infallible>> {
    stream::unfold(open, async |mut open| Some((Ok(open.next().await?), open)))
}

impl Open {
    /// What is sent next; nothing when draining began.
    async fn next(&mut self) -> Option<Bytes> {
        if !std::mem::replace(&mut self.began, true) {
            return Some(Bytes::from_static(BEGINNING));
        }
        let Self { shown, stop, .. } = self;
        let changed = tokio::time::timeout(BEAT, shown.changed());
        match stop.unless_draining(changed).await? {
            Ok(Ok(())) => Some(shown.borrow_and_update().frame()),
            // Nobody makes pictures any more.
            Ok(Err(_)) => None,
            Err(_) => Some(Bytes::from_static(HEARTBEAT)),
        }
    }
}
