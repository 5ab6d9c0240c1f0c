//! What the screen is about, read from the ledger once a second by four short queries.
//!
//! Promises: a ledger that does not answer, or not in time, is told as such and asked again; it never ends the
//! watching.

use std::time::Duration;

use common::domain::job::JobState;
use common::ledger::{FleetPicture, JobFilter, JobView, Ledger, LedgerError, WORKERS_SHOWN, WorkerView};
use common::report::Chain;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

/// Time between two looks.
const EVERY: Duration = Duration::from_secs(1);

/// Longest time for one look; a person should not take an old picture for a new one.
const WITHIN: Duration = Duration::from_secs(5);

/// Running devices that are read: more than a person scrolls through.
const RUNNING: u32 = 500;

/// Failures that are read: more than a screen holds.
const FAILURES: u32 = 50;

/// The fleet at one moment.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) picture: FleetPicture,
    /// Longest at work first, so that rows keep their place.
    pub(super) running: Vec<JobView>,
    /// Newest first.
    pub(super) failures: Vec<JobView>,
    pub(super) workers: Vec<WorkerView>,
}

/// What a look came to, or why it did not.
pub(super) type Look = Result<Seen, String>;

/// Looks again and again, and tells the newest to whoever watches; ends when nobody does.
pub(super) async fn again_and_again(ledger: &dyn Ledger, tell: watch::Sender<Option<Look>>) {
    loop {
        let look = match timeout(WITHIN, seen(ledger)).await {
            Ok(Ok(seen)) => Ok(seen),
            Ok(Err(error)) => Err(Chain(&error).to_string()),
            Err(_) => Err(format!("no answer within {} s", WITHIN.as_secs())),
        };
        if tell.send(Some(look)).is_err() {
            return;
        }
        sleep(EVERY).await;
    }
}

async fn seen(ledger: &dyn Ledger) -> Result<Seen, LedgerError> {
    let running = JobFilter { states: vec![JobState::Running], ..JobFilter::default() };
    let failed = JobFilter {
        states: vec![JobState::Failed, JobState::Skipped],
        newest_per_device: true,
        ..JobFilter::default()
    };
    let (picture, mut running, mut failures, workers) = tokio::try_join!(
        ledger.fleet_picture(),
        ledger.jobs(&running, RUNNING),
        ledger.jobs(&failed, FAILURES),
        ledger.workers(WORKERS_SHOWN),
    )?;
    running.sort_by_key(|job| (job.started_at, job.id));
    failures.sort_by_key(|job| std::cmp::Reverse((job.ended_at, job.id)));
    Ok(Seen { picture, running, failures, workers })
}
