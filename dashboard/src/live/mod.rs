//! One task makes the picture of the fleet; every open page is shown the newest one.
//!
//! | module | does |
//! |---|---|
//! | `feed` | hears events, keeps the last ones |
//! | `stream` | shows pictures to a browser, as they come |
//!
//! Promises: the ledger is read at most once in `AT_LEAST_APART`, and only when something was heard or
//! `AT_MOST_APART` have passed; however many look, it is read once for all. When it does not answer, the last picture
//! stays, marked as such. Whoever looks slowly skips pictures: only the newest one is kept.
//! Leaves to others: what is read ([`common::ledger::Overview`]), what it looks like (`pages`).

mod feed;
mod stream;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::body::Bytes;
use common::domain::job::JobState;
use common::engine::Engine;
use common::ledger::{Bucket, JobFilter, LedgerError, WORKERS_SHOWN};
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

/// What the chart shows as long as nothing ended before, in buckets of [`FRESH_BUCKET`]: in an hour, the first minutes of
/// a campaign are two or three bars at the edge.
const FRESH_SPAN: SignedDuration = SignedDuration::from_mins(10);

/// One bar of a chart of [`FRESH_SPAN`].
const FRESH_BUCKET: Duration = Duration::from_secs(10);

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
        let (fleet, chart, workers, running) = try_join!(
            ledger.fleet_picture(),
            self.chart(),
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

    async fn chart(&self) -> Result<Vec<Bucket>, LedgerError> {
        let ledger = &self.engine.ledger;
        let now = Timestamp::now();
        let hour = ledger.ended_over_time(beginning(now, CHART_SPAN, CHART_BUCKET), CHART_BUCKET).await?;
        let fresh = beginning(now, FRESH_SPAN, FRESH_BUCKET);
        if is_all_since(&hour, fresh) {
            return ledger.ended_over_time(fresh, FRESH_BUCKET).await;
        }
        Ok(hour)
    }
}

/// Where a chart of this span begins, so that its bars stand still from one picture to the next.
fn beginning(now: Timestamp, span: SignedDuration, bucket: Duration) -> Timestamp {
    let bucket = i64::try_from(bucket.as_secs()).unwrap_or(i64::MAX);
    let newest = now.as_second() - now.as_second().rem_euclid(bucket);
    Timestamp::from_second(newest + bucket - span.as_secs()).unwrap_or(now)
}

/// Whether something ended, and nothing before `since`.
fn is_all_since(chart: &[Bucket], since: Timestamp) -> bool {
    let first = chart.iter().find(|bucket| bucket.completed + bucket.not_completed > 0);
    first.is_some_and(|first| first.from >= since)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn bars_stand_still_until_one_more_begins() {
        let begins = |second| beginning(at(second), FRESH_SPAN, FRESH_BUCKET);
        assert_eq!((begins(10_000), begins(10_009), begins(10_010)), (at(9_410), at(9_410), at(9_420)));
        assert_eq!(beginning(at(7_259), CHART_SPAN, CHART_BUCKET), at(3_660));
    }

    #[test]
    fn a_chart_is_fine_while_nothing_ended_before() {
        let bucket = |second, completed| Bucket { from: at(second), completed, not_completed: 0 };
        assert!(is_all_since(&[bucket(0, 0), bucket(60, 1), bucket(120, 0)], at(60)));
        assert!(!is_all_since(&[bucket(0, 1), bucket(60, 1)], at(60)));
        assert!(!is_all_since(&[bucket(0, 0), bucket(60, 0)], at(0)), "there is nothing to be seen");
    }
}
