//! Time, as far as it decides anything.
//!
//! Two clocks: a worker's own, which ends its right to command ([`super::Worker::Working`], `in_time`), and the ledger's,
//! which ends its lease. The worker counts from the moment it *sent* the renewal and gives up a margin, so
//! its own deadline passes first, as long as the clocks drift apart less than the margin: that is the only link
//! between the two, and it is the guard of [`World::expire_lease`]. A worker that is gone has no deadline to wait for.

use super::work::Worker;
use super::world::World;
use crate::flaw::{Flaw, Rules};
use crate::ledger::{JobNo, JobState};

impl World {
    /// It could not renew in time: cut off, or stopped.
    pub(super) fn miss_deadline(&mut self, worker: u8) -> bool {
        match &mut self.workers[usize::from(worker)] {
            Worker::Working { in_time: in_time @ true, .. } => {
                *in_time = false;
                true
            }
            Worker::Idle
            | Worker::InHand { .. }
            | Worker::Refused { .. }
            | Worker::Working { in_time: false, .. } => false,
        }
    }

    /// The lease of a running job runs out by the ledger's clock.
    pub(super) fn expire_lease(&mut self, rules: Rules, no: JobNo) -> bool {
        let Some(job) = self.ledger.jobs.get_mut(usize::from(no)) else { return false };
        let (current, drifts) = (job.token, rules.lack(Flaw::DriftBeyondTheMargin));
        let trusts = |worker: &Worker| match worker {
            Worker::Working { job, token, in_time: true, .. } => *job == no && *token == current,
            Worker::Idle
            | Worker::InHand { .. }
            | Worker::Refused { .. }
            | Worker::Working { in_time: false, .. } => false,
        };
        let is_trusted = self.workers.iter().any(trusts);
        match &mut job.lease {
            Some(lease) if lease.live && (drifts || !is_trusted) => {
                lease.live = false;
                true
            }
            Some(_) | None => false,
        }
    }

    pub(super) fn come_due(&mut self, no: JobNo) -> bool {
        match self.ledger.jobs.get_mut(usize::from(no)) {
            Some(job) if job.state == JobState::Scheduled => {
                job.due = true;
                self.ledger.promote(no)
            }
            Some(_) | None => false,
        }
    }
}
