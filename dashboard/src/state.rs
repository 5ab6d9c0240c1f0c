//! What every route gets, and the picture of the fleet that all of them share.
//!
//! Promises: a [`Picture`] is whole and of one moment, and says itself whether it is still true. Leaves to others:
//! making one ([`live`](crate::live)), and what it looks like ([`pages`](crate::pages)).

use std::sync::Arc;

use common::config::Config;
use common::domain::job::JobId;
use common::engine::Engine;
use common::ledger::{
    AlarmCounts, Bucket, FailureCount, FleetPicture, JobView, StatusCounts, Throughput, WorkerView,
};
use common::shutdown::Shutdown;
use jiff::Timestamp;
use serde::Serialize;
use tokio::sync::{Semaphore, watch};
use worker::relay::Relay;

/// What every route gets. Clones are the same.
#[derive(Clone)]
pub struct AppState {
    /// Ledger and broker.
    pub engine: Engine,
    /// The newest picture.
    pub pictures: watch::Receiver<Arc<Picture>>,
    /// What is configured.
    pub config: Arc<Config>,
    /// Publishes what a request wrote to the outbox.
    pub relay: Arc<Relay>,
    /// Places for submissions that are worked on: each holds the whole inventory in memory.
    pub submissions: Arc<Semaphore>,
    /// When the process leaves, and what it waits for.
    pub stop: Shutdown,
}

/// Submissions at once; one of ten thousand devices takes a second or two, and some 40 MiB.
pub const MAX_SUBMISSIONS: usize = 3;

/// Most running jobs in a picture.
pub const MAX_RUNNING: u32 = 50;

/// Events in a picture.
pub const MAX_RECENT: usize = 30;

/// The fleet as it was last seen.
#[derive(Debug, Clone, Serialize)]
pub struct Picture {
    /// Grows with every picture of this process; the first one that was read is 1.
    pub revision: u64,
    /// Counts, speed, holds and alarms.
    pub fleet: FleetPicture,
    /// Jobs that ended lately, by minute, or finer while all of it is new.
    pub chart: Vec<Bucket>,
    /// Workers that live, and those that went lately.
    pub workers: Vec<WorkerView>,
    /// Jobs that run, newest first; at most [`MAX_RUNNING`].
    pub running: Vec<JobView>,
    /// Failed and skipped jobs by kind, most first.
    pub exceptions: Vec<FailureCount>,
    /// What happened last, newest first; at most [`MAX_RECENT`].
    pub recent: Vec<RecentEvent>,
    /// Whether the ledger answered. If not, the rest is what it said last.
    pub ledger_ok: bool,
    /// Whether events are heard. If not, `recent` stands still and the rest is up to some seconds late.
    pub feed_ok: bool,
}

impl Picture {
    /// The picture before the ledger was asked.
    #[must_use]
    pub fn unread(at: Timestamp) -> Self {
        let fleet = FleetPicture {
            at,
            counts: StatusCounts::default(),
            images: Vec::new(),
            throughput: Throughput {
                ended_last_minute: 0,
                ended_last_10_minutes: 0,
                rate_over_s: 600,
                jobs_left: 0,
                estimated_finish: None,
            },
            held: None,
            pauses: Vec::new(),
            n_devices: 0,
            alarms: AlarmCounts::default(),
        };
        Self {
            revision: 0,
            fleet,
            chart: Vec::new(),
            workers: Vec::new(),
            running: Vec::new(),
            exceptions: Vec::new(),
            recent: Vec::new(),
            ledger_ok: false,
            feed_ok: false,
        }
    }
}

/// One event of the feed, in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RecentEvent {
    /// When, by the clock of who said it.
    pub at: Timestamp,
    /// Which device; empty where the event named none.
    pub serial: String,
    /// Which job.
    pub job: JobId,
    /// The word of the event, for example `completed`.
    pub event: String,
    /// One sentence.
    pub text: String,
}
