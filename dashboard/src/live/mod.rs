//! One task makes the picture of the fleet; every open page is shown the newest one.
//!
//! | module | does |
//! |---|---|
//! | [`mod@feed`] | hears events, keeps the last ones |
//! | [`mod@stream`] | shows pictures to a browser, as they come |
//!
//! Promises: the ledger is read at most once in [`AT_LEAST_APART`], and only when something was heard or
//! [`AT_MOST_APART`] have passed; however many look, it is read once for all. When it does not answer, the last picture
//! stays, marked as such. Whoever looks slowly skips pictures: only the newest one is kept.
//! Leaves to others: what is read ([`common::ledger::Overview`]), what it looks like (`pages`).

mod feed;
mod stream;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::body::Bytes;
use common::domain::job::JobState;
use common::engine::Engine;
use common::ledger::{JobFilter, LedgerError};
use common::shutdown::Shutdown;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;
use tokio::try_join;
use tracing::{info, warn};

pub(crate) use stream::{Streams, stream};

use crate::pages::fleet::live_fragment;
use crate::state::{MAX_RUNNING, Picture};
use feed::Feed;

/// Pictures come no faster.
const AT_LEAST_APART: Duration = Duration::from_secs(1);

/// Without any event: numbers of the last minutes change all the same.
const AT_MOST_APART: Duration = Duration::from_secs(5);

/// How long the ledger may take for one picture.
const READ_WITHIN: Duration = Duration::from_secs(10);

/// What the chart shows, in buckets of [`CHART_BUCKET`].
const CHART_SPAN: SignedDuration = SignedDuration::from_mins(60);

/// One bar of the chart.
const CHART_BUCKET: Duration = Duration::from_secs(60);

/// How long a worker that went is still shown.
const WORKERS_SHOWN: Duration = Duration::from_secs(15 * 60);

/// A picture, and what browsers get of it, rendered once and only if somebody looks.
pub(crate) struct Shown {
    picture: Arc<Picture>,
    frame: OnceLock<Bytes>,
}

impl Shown {
    fn new(picture: Arc<Picture>) -> Self {
        Self { picture, frame: OnceLock::new() }
    }

    /// One event of the stream.
    fn frame(&self) -> Bytes {
        let made = || {
            let (revision, html) = (self.picture.revision, live_fragment(&self.picture).into_string());
            // JSON has no line ends of its own, so that it is one line of the stream.
            let (at, ledger_ok) = (self.picture.fleet.at, self.picture.ledger_ok);
            let data =
                serde_json::json!({ "revision": revision, "at": at, "ledger_ok": ledger_ok, "html": html });
            Bytes::from(format!("event: fleet\nid: {revision}\ndata: {data}\n\n"))
        };
        self.frame.get_or_init(made).clone()
    }
}

/// Makes pictures.
pub(crate) struct Live {
    engine: Engine,
    feed: Arc<Feed>,
    pictures: watch::Sender<Arc<Picture>>,
    shown: watch::Sender<Arc<Shown>>,
}

impl Live {
    /// Has no picture yet.
    pub(crate) fn new(engine: Engine) -> (Self, watch::Receiver<Arc<Picture>>) {
        let first = Arc::new(Picture::unread(Timestamp::now()));
        let shown = watch::Sender::new(Arc::new(Shown::new(Arc::clone(&first))));
        let (pictures, receiver) = watch::channel(first);
        (Self { engine, feed: Arc::new(Feed::default()), pictures, shown }, receiver)
    }

    /// Streams to browsers, until `stop`.
    pub(crate) fn streams(&self, stop: Shutdown) -> Streams {
        Streams::new(self.shown.subscribe(), stop)
    }

    /// Makes pictures until `stop`.
    pub(crate) fn run(self, stop: &Shutdown) {
        let (feed, engine, ends) = (Arc::clone(&self.feed), self.engine.clone(), stop.clone());
        stop.spawn(async move {
            ends.unless_draining(feed.follow(&engine)).await;
        });
        let ends = stop.clone();
        stop.spawn(async move {
            ends.unless_draining(self.make()).await;
        });
    }

    async fn make(self) {
        let mut newest = Picture::unread(Timestamp::now());
        loop {
            let read = tokio::time::timeout(READ_WITHIN, self.read());
            let read = read.await.unwrap_or_else(|_| {
                let reason = format!("nothing within {} s", READ_WITHIN.as_secs());
                Err(LedgerError::NotReachable { location: self.engine.ledger.location(), reason })
            });
            let revision = newest.revision + 1;
            match read {
                Ok(picture) => {
                    if !newest.ledger_ok && newest.revision > 0 {
                        info!("the ledger answers again");
                    }
                    newest = Picture { revision, ..picture };
                }
                Err(error) => {
                    if newest.ledger_ok || newest.revision == 0 {
                        warn!("pages show what the ledger said last: {error}");
                    }
                    // Not read yet stays not read, or the empty picture would count as one.
                    let revision = if newest.revision == 0 { 0 } else { revision };
                    newest = Picture { revision, ledger_ok: false, ..newest };
                }
            }
            newest.recent = self.feed.recent();
            newest.feed_ok = self.feed.is_heard();
            let picture = Arc::new(newest.clone());
            self.pictures.send_replace(Arc::clone(&picture));
            self.shown.send_replace(Arc::new(Shown::new(picture)));

            tokio::time::sleep(AT_LEAST_APART).await;
            let rest = AT_MOST_APART.saturating_sub(AT_LEAST_APART);
            let _ = tokio::time::timeout(rest, self.feed.heard()).await;
        }
    }

    async fn read(&self) -> Result<Picture, LedgerError> {
        let ledger = &self.engine.ledger;
        let running = JobFilter { states: vec![JobState::Running], ..JobFilter::default() };
        let since = Timestamp::now() - CHART_SPAN;
        let (fleet, chart, workers, running) = try_join!(
            ledger.fleet_picture(),
            ledger.ended_over_time(since, CHART_BUCKET),
            ledger.workers(WORKERS_SHOWN),
            ledger.jobs(&running, MAX_RUNNING),
        )?;
        let exceptions = fleet.counts.failures.clone();
        Ok(Picture {
            revision: 0,
            fleet,
            chart,
            workers,
            running,
            exceptions,
            recent: Vec::new(),
            ledger_ok: true,
            feed_ok: false,
        })
    }
}
