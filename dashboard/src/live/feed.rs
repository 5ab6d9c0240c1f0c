//! Hears the events of the fleet and keeps the last ones.
//!
//! Promises: keeps [`MAX_RECENT`] events however many come, and follows the log again by itself. Leaves to others: the
//! truth, which is the ledger's: an event only says that it is time to look.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use common::broker::{BrokerError, EventFeed, EventsFrom, LoggedEvent};
use common::engine::Engine;
use common::events::Envelope;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Notify;
use tokio::time::{interval, timeout};
use tracing::{debug, warn};

use crate::state::{MAX_RECENT, RecentEvent};

/// How far back the first look goes: a page that opens is not empty, and a busy fleet is not read again.
const SINCE: SignedDuration = SignedDuration::from_secs(60);

/// Time between two tries to follow the log, and between two looks whether the broker is there: a feed that waits for its
/// broker looks like one to which nothing happens.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// How long the broker may take to say that it is there.
const ANSWER_WITHIN: Duration = Duration::from_secs(3);

/// The last events, and whether they are heard.
#[derive(Default)]
pub(super) struct Feed {
    recent: Mutex<VecDeque<RecentEvent>>,
    heard: Notify,
    is_heard: AtomicBool,
}

impl Feed {
    /// The last events, newest first.
    pub(super) fn recent(&self) -> Vec<RecentEvent> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// Whether events are heard.
    pub(super) fn is_heard(&self) -> bool {
        self.is_heard.load(Ordering::Relaxed)
    }

    /// Resolves when something happened since the last time.
    pub(super) async fn heard(&self) {
        self.heard.notified().await;
    }

    /// Follows the log for ever.
    pub(super) async fn follow(&self, engine: &Engine) {
        let mut from = EventsFrom::Since(Timestamp::now() - SINCE);
        let mut was_told = false;
        loop {
            match engine.broker.events(from).await {
                Ok(mut feed) => {
                    was_told = false;
                    let error = self.listen(engine, feed.as_mut(), &mut from).await;
                    warn!("events are not heard: {error}");
                }
                Err(error) if was_told => debug!("events are still not heard: {error}"),
                Err(error) => {
                    was_told = true;
                    warn!("events are not heard, pages are up to some seconds late: {error}");
                }
            }
            self.is_heard.store(false, Ordering::Relaxed);
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Follows one feed until it breaks for good.
    async fn listen(&self, engine: &Engine, feed: &mut dyn EventFeed, from: &mut EventsFrom) -> BrokerError {
        let mut look = interval(LOOK_EVERY);
        loop {
            tokio::select! {
                event = feed.next() => match event {
                    Ok(event) => {
                        *from = EventsFrom::After(event.offset);
                        self.keep(&event);
                    }
                    Err(error) => return error,
                },
                _ = look.tick() => {
                    let answer = timeout(ANSWER_WITHIN, engine.broker.check()).await;
                    self.is_heard.store(matches!(answer, Ok(Ok(()))), Ordering::Relaxed);
                }
            }
        }
    }

    fn keep(&self, event: &LoggedEvent) {
        self.heard.notify_one();
        // What others wrote into the log is none of ours to show.
        let Ok(envelope) = serde_json::from_str::<Envelope>(&event.body) else { return };
        let event = RecentEvent {
            at: envelope.time,
            job: envelope.jobid,
            event: envelope.word().to_owned(),
            text: envelope.sentence(),
            serial: envelope.subject,
        };
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        recent.push_front(event);
        recent.truncate(MAX_RECENT);
    }
}
