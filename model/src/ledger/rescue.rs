//! The rescuer and the reconciler: what was claimed or dispatched and lost comes back.
//!
//! Each repair is a method of its own, so that the explorer can interleave anything between two of them; the real
//! rescue does them in one transaction, which is one of the interleavings.

use super::job::JobState;
use super::{JobNo, Ledger, MAX_BURIED, MAX_LOST_LEASES};
use crate::flaw::{Flaw, Rules};

/// What a whole rescue brought back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rescued {
    /// Jobs whose lease had run out.
    pub expired: Vec<JobNo>,
    /// Of those, jobs that failed because they lost too many.
    pub given_up: Vec<JobNo>,
    /// Jobs that were dispatched and never claimed.
    pub unclaimed: Vec<JobNo>,
    /// Jobs that a hold refused and its end did not wake.
    pub held_up: Vec<JobNo>,
    /// Jobs without any wake-up that were never dispatched.
    pub unsent: Vec<JobNo>,
}

impl Ledger {
    /// Whether the lease of a running job has run out by the ledger's clock.
    #[must_use]
    pub fn is_expired(&self, rules: Rules, no: JobNo) -> bool {
        let lapsed = |live: bool| !live || rules.lack(Flaw::RescueByElapsedTime);
        self.job(no).is_some_and(|job| job.lease.is_some_and(|lease| lapsed(lease.live)))
    }

    /// Brings back a job whose lease ran out, or cancels it where somebody asked for it.
    pub fn rescue_expired(&mut self, rules: Rules, no: JobNo) -> bool {
        if !self.is_expired(rules, no) {
            return false;
        }
        let is_held = self.is_held_up(self.jobs[usize::from(no)].kind);
        let job = &mut self.jobs[usize::from(no)];
        job.n_lost += 1;
        let state = if job.cancel {
            JobState::Cancelled
        } else if job.n_lost > MAX_LOST_LEASES {
            JobState::Failed
        } else {
            JobState::Available
        };
        job.leave(state);
        if state.is_terminal() {
            self.forget_wake_ups(no);
        } else {
            job.attempt -= 1;
            job.held_up = is_held;
            job.dispatched = false;
        }
        self.tell(no);
        if state == JobState::Available && !is_held {
            self.wake(no);
        }
        true
    }

    /// Whether a job was dispatched and waits for nothing but a worker.
    #[must_use]
    pub fn is_unclaimed(&self, no: JobNo) -> bool {
        let waits = |job: &super::Job| job.state == JobState::Available && job.dispatched && !job.held_up;
        self.job(no).is_some_and(|job| waits(job) && job.n_buried < MAX_BURIED && !self.is_held_up(job.kind))
    }

    /// Wakes again a job that was dispatched long ago and never claimed; one whose wake-ups died too often is left for a
    /// person.
    pub fn wake_unclaimed(&mut self, rules: Rules, no: JobNo) -> bool {
        let wakes = self.is_unclaimed(no) && !rules.lack(Flaw::NobodyWakesTheUnclaimed);
        if wakes {
            self.wake(no);
        }
        wakes
    }

    /// Wakes a job that was refused a claim by a hold, or a pause of its queue, that has ended.
    pub fn wake_held_up(&mut self, rules: Rules, no: JobNo) -> bool {
        let held_up = self.job(no).is_some_and(|job| job.held_up && !self.is_held_up(job.kind));
        let wakes = held_up && !rules.lack(Flaw::NobodyWakesTheHeldUp);
        if wakes {
            self.jobs[usize::from(no)].held_up = false;
            self.wake(no);
        }
        wakes
    }

    /// Writes anew the wake-up of a job that was never dispatched and has none in the outbox.
    pub fn wake_unsent(&mut self, no: JobNo) -> bool {
        let has_row = self.outbox.iter().any(|row| row.job == no && !row.message.is_event());
        let waits = |job: &super::Job| job.state == JobState::Available && !job.dispatched && !job.held_up;
        let wakes = self.job(no).is_some_and(|job| waits(job) && !self.is_held_up(job.kind)) && !has_row;
        if wakes {
            self.wake(no);
        }
        wakes
    }

    /// A wake-up of this job died at the broker: the job is woken again, where it waits for nothing else, a bounded
    /// number of times.
    pub fn bury(&mut self, no: JobNo) -> bool {
        let waits = |job: &super::Job| job.state == JobState::Available && !job.held_up;
        let wakes = self.job(no).is_some_and(|job| waits(job) && job.n_buried < MAX_BURIED);
        if wakes {
            self.jobs[usize::from(no)].n_buried += 1;
            self.wake(no);
        }
        wakes
    }

    /// A person has decided about a dead letter that names this job.
    pub fn forgive(&mut self, no: JobNo) {
        if let Some(job) = self.jobs.get_mut(usize::from(no)) {
            job.n_buried = 0;
        }
    }

    /// All repairs in the order of the real rescue.
    pub fn rescue(&mut self, rules: Rules, is_long_ago: impl Fn(JobNo) -> bool) -> Rescued {
        let all: Vec<JobNo> = self.numbered().map(|(no, _)| no).collect();
        let expired: Vec<_> = all.iter().copied().filter(|&no| self.rescue_expired(rules, no)).collect();
        let failed = |no: &JobNo| self.job(*no).is_some_and(|job| job.state == JobState::Failed);
        let given_up = expired.iter().copied().filter(failed).collect();
        let unclaimed =
            all.iter().copied().filter(|&no| is_long_ago(no) && self.wake_unclaimed(rules, no)).collect();
        let held_up = all.iter().copied().filter(|&no| self.wake_held_up(rules, no)).collect();
        let unsent = all.into_iter().filter(|&no| self.wake_unsent(no)).collect();
        Rescued { expired, given_up, unclaimed, held_up, unsent }
    }
}
