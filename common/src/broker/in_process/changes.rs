//! Knowing when the file may hold something new.
//!
//! Wakes at once after a commit of this process, and within [`POLL_EVERY`] after another one's; polling costs
//! SQLite's counter of foreign commits, and no query while that stands still. May wake for nothing.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};
use tracing::{info, warn};

use crate::ledger::sqlite::Store;

/// Time between two looks at the counter. A person does not notice it, and a thousand looks cost some milliseconds.
const POLL_EVERY: Duration = Duration::from_millis(150);

/// Pause after the file could not be read: it will not be better at once.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(1);

/// Somebody who waits for changes.
pub(super) struct Changes {
    store: Store,
    committed: watch::Receiver<u64>,
    /// The counter at the last look; nothing after a failure.
    version: Option<i64>,
    /// The last look failed, which was said.
    is_failing: bool,
}

impl Changes {
    /// The first [`Changes::next`] after [`Changes::looking`] tells of every commit since then.
    pub(super) fn new(store: Store) -> Self {
        let committed = store.committed();
        Self { store, committed, version: None, is_failing: false }
    }

    /// To be called before looking: what is committed from here on makes [`Changes::next`] return.
    pub(super) fn looking(&mut self) {
        self.committed.mark_unchanged();
    }

    /// Waits until there may be something new, at most for `at_most`; to be called after a look that succeeded.
    /// Cancel safe.
    pub(super) async fn next(&mut self, at_most: Option<Duration>) {
        if std::mem::take(&mut self.is_failing) {
            info!("the embedded broker goes on");
        }
        let until = at_most.map(|at_most| Instant::now() + at_most);
        loop {
            let poll_at = Instant::now() + POLL_EVERY;
            let wake_at = until.map_or(poll_at, |until| until.min(poll_at));
            tokio::select! {
                // It ends only with the store's thread; then the counter says so below.
                Ok(()) = self.committed.changed() => return,
                () = sleep_until(wake_at) => {}
            }
            if until.is_some_and(|until| until <= Instant::now()) || self.has_moved().await {
                return;
            }
        }
    }

    async fn has_moved(&mut self) -> bool {
        match self.store.data_version().await {
            Ok(version) => self.version.replace(version) != Some(version),
            Err(error) => {
                self.failed(&error).await;
                true
            }
        }
    }

    /// Says, once per interruption, that the file could not be used, and waits a moment.
    pub(super) async fn failed(&mut self, error: &(impl std::fmt::Display + Sync)) {
        if !std::mem::replace(&mut self.is_failing, true) {
            warn!("the embedded broker is interrupted, trying again: {error}");
        }
        self.version = None;
        tokio::time::sleep(PAUSE_AFTER_FAILURE).await;
    }
}
