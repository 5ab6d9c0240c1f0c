//! Images that the other member of the pair sends over.
//!
//! Each makes this member busy and is listed as on its way. Of several, one comes after the other: whether a real
//! member queues them is not known. A reboot loses those that wait.

use std::time::Duration;

use super::jobs::{Doom, JobKind};
use super::{Device, Moment};
use crate::version::Version;

/// A copy that waits for its turn.
#[derive(Debug, Clone, Copy)]
pub(super) struct Copy {
    version: Version,
    length: Duration,
}

impl Device {
    /// Takes over an image, at once or when the one before has come. Does nothing when it is here.
    pub fn receive(&mut self, version: Version, now: Moment, length: Duration) {
        if !self.stored.contains_key(&version) {
            self.copies.push_back(Copy { version, length });
            self.next_copy(now);
        }
    }

    /// Begins the next copy, unless something is on its way.
    pub(super) fn next_copy(&mut self, at: Moment) {
        if self.is_down(at) || self.active_download().is_some() {
            return;
        }
        let Some(copy) = self.copies.pop_front() else { return };
        let quirks = &self.spec.quirks;
        let fails = quirks.sync_fails;
        let length = copy.length + quirks.sync_lag.map_or(Duration::ZERO, |lag| lag.0);
        let job = self.begin(JobKind::Download(copy.version), "", at, length);
        if fails {
            *job = job.clone().doomed(Doom::CopyFails, 0.5);
        }
    }
}
