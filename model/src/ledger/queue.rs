//! Wishes, claims, renewals, steps, ends and cancels.

use super::job::{Ending, Job, JobState, Kind, Lease, LeaseLost};
use super::{DeviceNo, JobNo, Ledger, WorkerNo};
use crate::flaw::{Flaw, Rules};

/// A wish that is not yet a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Wish {
    /// For which device.
    pub device: DeviceNo,
    /// What to do.
    pub kind: Kind,
    /// Attempts before it fails for good.
    pub max_attempts: u8,
}

/// What became of a wish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EnqueueAnswer {
    /// A new job.
    Created(JobNo),
    /// The device has this job of the same kind, in this state.
    Existing(JobNo, JobState),
    /// The device has this job of another kind, in this state.
    Conflict(JobNo, JobState),
}

/// What became of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// It is ours.
    Claimed {
        /// Fences every write.
        token: u8,
        /// This attempt, from 1.
        attempt: u8,
    },
    /// Somebody has it.
    LeasedElsewhere,
    /// It ended.
    Ended(JobState),
    /// Not due yet.
    NotDue,
    /// The fleet is held; the end of the hold wakes it.
    Held,
    /// Its queue is paused; the end of the pause wakes it.
    QueuePaused,
    /// This worker is paused; the job was not touched.
    WorkerPaused,
    /// No such job.
    Unknown,
}

/// A lease after renewal. One that is missing from the answer is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Renewal {
    /// The job.
    pub job: JobNo,
    /// Its current token.
    pub token: u8,
    /// Somebody wants it to stop.
    pub cancel: bool,
}

/// What became of a cancel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CancelAnswer {
    /// It was waiting and has ended.
    Cancelled,
    /// Its worker will stop it.
    Requested,
    /// It had ended before.
    AlreadyEnded(JobState),
    /// No such job.
    Unknown,
}

impl Ledger {
    /// Queues wishes, each on its own: a device has at most one job that is not terminal.
    pub fn enqueue(&mut self, rules: Rules, wishes: &[Wish]) -> Vec<EnqueueAnswer> {
        wishes.iter().map(|wish| self.enqueue_one(rules, wish)).collect()
    }

    fn enqueue_one(&mut self, rules: Rules, wish: &Wish) -> EnqueueAnswer {
        let holder = self.holder(wish.device).filter(|_| !rules.lack(Flaw::EnqueueWithoutLock));
        if let Some((no, job)) = holder.and_then(|no| Some((no, self.job(no)?))) {
            return if job.kind == wish.kind {
                EnqueueAnswer::Existing(no, job.state)
            } else {
                EnqueueAnswer::Conflict(no, job.state)
            };
        }
        let no = JobNo::try_from(self.jobs.len()).unwrap_or(JobNo::MAX);
        self.jobs.push(Job::new(wish.device, wish.kind, wish.max_attempts));
        self.tell(no);
        self.wake(no);
        EnqueueAnswer::Created(no)
    }

    /// Takes the lease of one available job.
    pub fn claim(&mut self, rules: Rules, no: JobNo, worker: WorkerNo) -> Claim {
        let Some(job) = self.job(no) else { return Claim::Unknown };
        match job.state {
            JobState::Running => return Claim::LeasedElsewhere,
            JobState::Scheduled => return Claim::NotDue,
            JobState::Completed | JobState::Failed | JobState::Cancelled | JobState::Skipped => {
                return Claim::Ended(job.state);
            }
            JobState::Available => {}
        }
        let is_queue_paused = self.paused_queues.contains(&job.kind);
        let refusal = if self.held {
            Some(Claim::Held)
        } else if is_queue_paused {
            Some(Claim::QueuePaused)
        } else if self.paused_workers.contains(&worker) {
            Some(Claim::WorkerPaused)
        } else {
            None
        };
        let job = &mut self.jobs[usize::from(no)];
        if let Some(refusal) = refusal {
            job.held_up |= refusal != Claim::WorkerPaused;
            return refusal;
        }
        job.state = JobState::Running;
        job.lease = Some(Lease { owner: worker, live: true });
        job.held_up = false;
        job.attempt += 1;
        job.n_buried = 0;
        if !rules.lack(Flaw::TokenStaysTheSame) {
            job.token += 1;
        }
        let (token, attempt) = (job.token, job.attempt);
        self.tell(no);
        Claim::Claimed { token, attempt }
    }

    /// Extends the leases that a worker names; the wish to stop comes back with each.
    pub fn beat(&mut self, held: &[(JobNo, u8)]) -> Vec<Renewal> {
        let renew = |&(no, token): &(JobNo, u8)| {
            let job = self.jobs.get_mut(usize::from(no))?;
            let lease = job.lease.as_mut().filter(|_| job.token == token)?;
            lease.live = true;
            Some(Renewal { job: no, token, cancel: job.cancel })
        };
        held.iter().filter_map(renew).collect()
    }

    /// Writes one step under the lease, with `n_events` events.
    ///
    /// # Errors
    /// [`LeaseLost`], with nothing written.
    pub fn record(&mut self, rules: Rules, no: JobNo, token: u8, n_events: u8) -> Result<(), LeaseLost> {
        self.leased(rules, no, token)?;
        (0..n_events).for_each(|_| self.tell(no));
        Ok(())
    }

    /// Ends the attempt under the lease. A wish to stop wins over retry, snooze and release.
    ///
    /// # Errors
    /// [`LeaseLost`], with nothing written.
    pub fn end(&mut self, rules: Rules, no: JobNo, token: u8, ending: Ending) -> Result<(), LeaseLost> {
        let forgets_cancel = rules.lack(Flaw::ReleaseForgetsCancel);
        let job = self.leased(rules, no, token)?;
        let is_stopped = job.cancel && !forgets_cancel;
        let is_last = job.attempt >= job.max_attempts;
        match ending {
            Ending::Completed => job.leave(JobState::Completed),
            Ending::Failed => job.leave(JobState::Failed),
            Ending::Skipped => job.leave(JobState::Skipped),
            Ending::Cancelled => job.leave(JobState::Cancelled),
            Ending::Retry | Ending::Snooze | Ending::Released if is_stopped => job.leave(JobState::Cancelled),
            Ending::Retry if is_last => job.leave(JobState::Failed),
            Ending::Retry | Ending::Snooze => {
                job.leave(JobState::Scheduled);
                job.due = false;
            }
            Ending::Released => job.leave(JobState::Available),
        }
        let state = job.state;
        if !state.is_terminal() && ending != Ending::Retry {
            job.attempt -= 1;
        }
        if state.is_terminal() {
            self.forget_wake_ups(no);
        }
        self.tell(no);
        if state == JobState::Available {
            self.wake(no);
        }
        Ok(())
    }

    /// Cancels a waiting job, or asks the worker of a running one to stop; asking again changes nothing.
    pub fn cancel(&mut self, no: JobNo) -> CancelAnswer {
        let Some(job) = self.jobs.get_mut(usize::from(no)) else { return CancelAnswer::Unknown };
        match job.state {
            JobState::Completed | JobState::Failed | JobState::Cancelled | JobState::Skipped => {
                CancelAnswer::AlreadyEnded(job.state)
            }
            JobState::Running => {
                if !std::mem::replace(&mut job.cancel, true) {
                    self.tell(no);
                }
                CancelAnswer::Requested
            }
            JobState::Scheduled | JobState::Available => {
                job.leave(JobState::Cancelled);
                self.forget_wake_ups(no);
                self.tell(no);
                CancelAnswer::Cancelled
            }
        }
    }

    /// Makes one scheduled job available whose time has come; says whether it was.
    pub fn promote(&mut self, no: JobNo) -> bool {
        let Some(job) = self.jobs.get_mut(usize::from(no)) else { return false };
        let is_due = job.state == JobState::Scheduled && job.due;
        if is_due {
            job.state = JobState::Available;
            self.wake(no);
        }
        is_due
    }
}
