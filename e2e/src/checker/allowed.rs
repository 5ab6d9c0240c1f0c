//! What a case may do that others may not.
//!
//! Promises: each permission loosens one invariant, for the reason that it is named after. Leaves to others: the rules.

use std::collections::BTreeSet;

/// What a case may do that others may not.
#[derive(Debug, Clone, Default)]
pub struct Allowed {
    asked_again: BTreeSet<String>,
    pub(super) losing: bool,
    pub(super) killed: bool,
    pub(super) fenced: bool,
    pub(super) log_lost: bool,
    pub(super) dead_letters: bool,
}

impl Allowed {
    /// Nothing.
    pub fn nothing() -> Self {
        Self::default()
    }

    /// These devices lose a download, so that it has to be asked for again.
    #[must_use]
    pub fn asking_again<'a>(mut self, serials: impl IntoIterator<Item = &'a str>) -> Self {
        self.asked_again.extend(serials.into_iter().map(str::to_owned));
        self
    }

    /// Any device may lose a download: it reboots, or its downloads fail. An image that is there is still asked for
    /// by nobody.
    #[must_use]
    pub fn losing_downloads(mut self) -> Self {
        self.losing = true;
        self
    }

    /// A process is killed: a device may still be answering its last call when the next process makes its first.
    #[must_use]
    pub fn after_a_kill(mut self) -> Self {
        self.killed = true;
        self
    }

    /// Nobody is killed, and a worker drops a call all the same: its lease runs out before it can be renewed, or its
    /// grace is over before the device answers. The device may still be answering when the next attempt makes its
    /// first call. Within one attempt, calls come one at a time as ever.
    #[must_use]
    pub fn after_a_fence(mut self) -> Self {
        self.fenced = true;
        self
    }

    /// The log of events was lost with its broker: what it holds must be in order, and may begin anywhere.
    #[must_use]
    pub fn after_the_log_was_lost(mut self) -> Self {
        self.log_lost = true;
        self
    }

    /// Messages died on purpose, and wait for a person.
    #[must_use]
    pub fn with_dead_letters(mut self) -> Self {
        self.dead_letters = true;
        self
    }

    pub(super) fn may_lose(&self, serial: &str) -> bool {
        self.losing || self.asked_again.contains(serial)
    }
}
