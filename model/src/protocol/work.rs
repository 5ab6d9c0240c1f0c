//! Workers: delivery, claim, ack, steps under the lease, end; and what the device sees of it.

use super::world::World;
use crate::flaw::{Flaw, Rules};
use crate::ledger::{Claim, Ending, JobNo, LeaseLost, Ledger};

/// The worker that every attempt belongs to here: names matter only where one worker is paused, and leases are fenced by
/// their tokens.
const ANYBODY: u8 = 0;

/// An image on a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Image {
    /// Not there, and nobody asked.
    Absent,
    /// The device's own job brings it.
    Coming,
    /// There.
    Present,
}

/// Where an attempt is: look, act, wait, look again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    /// Asks the device what is there and what is coming.
    Look,
    /// Writes down that it is about to ask for the image.
    Note,
    /// Asks for it: the one command that must not come from two.
    Ask,
    /// Polls until it is there.
    Wait,
    /// Writes the end.
    Done,
    /// Writes that it stops, as somebody asked.
    Stop,
}

/// One slot of a worker process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Worker {
    /// Waits for a delivery.
    Idle,
    /// Has a delivery in hand.
    InHand {
        /// The job that it names.
        job: JobNo,
        /// It is acked already, so a crash loses it.
        acked: bool,
    },
    /// Performs an attempt.
    Working {
        /// The job.
        job: JobNo,
        /// Of its claim.
        token: u8,
        /// The delivery is not acked yet.
        unacked: bool,
        /// Its own deadline, on its own clock, has not passed.
        in_time: bool,
        /// What comes next.
        step: Step,
    },
    /// Had its claim refused and still has to ack.
    Refused {
        /// The job.
        job: JobNo,
    },
}

impl Worker {
    /// The delivery that comes back when its connection breaks.
    #[must_use]
    pub fn delivery(&self) -> Option<JobNo> {
        match self {
            Self::InHand { job, acked: false }
            | Self::Working { job, unacked: true, .. }
            | Self::Refused { job } => Some(*job),
            Self::Idle | Self::InHand { acked: true, .. } | Self::Working { unacked: false, .. } => None,
        }
    }

    /// It will claim the job next, unless it dies.
    #[must_use]
    pub fn is_about_to_claim(&self, job: JobNo) -> bool {
        match self {
            Self::InHand { job: named, .. } => *named == job,
            Self::Idle | Self::Working { .. } | Self::Refused { .. } => false,
        }
    }

    pub(super) fn swap_jobs(&mut self) {
        match self {
            Self::Idle => {}
            Self::InHand { job, .. } | Self::Working { job, .. } | Self::Refused { job } => *job = 1 - *job,
        }
    }
}

impl World {
    pub(super) fn deliver(&mut self, rules: Rules, worker: u8, job: JobNo) -> bool {
        let Some(place) = self.queue.iter().position(|waiting| *waiting == job) else { return false };
        let worker = &mut self.workers[usize::from(worker)];
        if *worker != Worker::Idle {
            return false;
        }
        *worker = Worker::InHand { job, acked: rules.lack(Flaw::AckBeforeClaim) };
        self.queue.remove(place);
        true
    }

    pub(super) fn claim(&mut self, rules: Rules, worker: u8) -> bool {
        let Worker::InHand { job, acked } = self.workers[usize::from(worker)] else { return false };
        let was_cancelled = self.ledger.job(job).is_some_and(|job| job.cancel);
        self.workers[usize::from(worker)] = match self.ledger.claim(rules, job, ANYBODY) {
            Claim::Claimed { token, .. } => {
                self.began_after_cancel |= was_cancelled;
                Worker::Working { job, token, unacked: !acked, in_time: true, step: Step::Look }
            }
            _ if acked => Worker::Idle,
            Claim::LeasedElsewhere
            | Claim::Ended(_)
            | Claim::NotDue
            | Claim::Held
            | Claim::QueuePaused
            | Claim::WorkerPaused
            | Claim::Unknown => Worker::Refused { job },
        };
        true
    }

    pub(super) fn ack(&mut self, worker: u8) -> bool {
        let worker = &mut self.workers[usize::from(worker)];
        match worker {
            Worker::Working { unacked: unacked @ true, .. } => *unacked = false,
            Worker::Refused { .. } => *worker = Worker::Idle,
            Worker::Idle | Worker::InHand { .. } | Worker::Working { unacked: false, .. } => return false,
        }
        true
    }

    pub(super) fn step(&mut self, rules: Rules, number: u8) -> bool {
        let worker = self.workers[usize::from(number)];
        let Worker::Working { job, token, unacked: false, in_time, step } = worker else { return false };
        let Some(device) = self.ledger.job(job).map(|job| usize::from(job.device)) else { return false };
        let may_command = in_time || rules.lack(Flaw::NoSelfFencing);
        let next = match step {
            Step::Look if may_command => match self.devices[device].image {
                _ if rules.lack(Flaw::NoLookBeforeTheAct) => Some(Step::Note),
                Image::Absent => Some(Step::Note),
                Image::Coming => Some(Step::Wait),
                Image::Present => Some(Step::Done),
            },
            // The ledger decides about writes: a worker that lost its lease is told so, and stops.
            Step::Note => self.ledger.record(rules, job, token, 1).is_ok().then_some(Step::Ask),
            Step::Ask if may_command || rules.lack(Flaw::CheckedTooEarly) => {
                self.devices[device].asked.push((job, token));
                self.devices[device].image = Image::Coming;
                Some(Step::Wait)
            }
            Step::Wait if may_command && self.devices[device].image == Image::Present => Some(Step::Done),
            Step::Done => {
                return self.write_end(rules, number, Ending::Completed);
            }
            Step::Stop => return self.write_end(rules, number, Ending::Cancelled),
            Step::Look | Step::Ask | Step::Wait => return false,
        };
        self.workers[usize::from(number)] = match next {
            Some(step) => Worker::Working { job, token, unacked: false, in_time, step },
            None => Worker::Idle,
        };
        true
    }

    /// Ends the attempt in a way that is not its own: retry, snooze, release.
    pub(super) fn end(&mut self, rules: Rules, worker: u8, ending: Ending) -> bool {
        match self.workers[usize::from(worker)] {
            Worker::Working { unacked: false, .. } => self.write_end(rules, worker, ending),
            Worker::Idle
            | Worker::InHand { .. }
            | Worker::Refused { .. }
            | Worker::Working { unacked: true, .. } => false,
        }
    }

    /// One transaction; a refusal of the ledger ends the attempt as well.
    fn write_end(&mut self, rules: Rules, worker: u8, ending: Ending) -> bool {
        let Worker::Working { job, token, .. } = self.workers[usize::from(worker)] else { return false };
        let written = self.ledger.end(rules, job, token, ending);
        // Refused or not, it has no lease any more.
        self.workers[usize::from(worker)] = Worker::Idle;
        match written {
            Ok(()) | Err(LeaseLost) => true,
        }
    }

    /// Renews, learns of a wish to stop, or learns that the lease is lost. A renewal that comes through
    /// moves the deadline, also one that had passed: the ledger says that nobody else had the job in between.
    pub(super) fn beat(&mut self, worker: u8) -> bool {
        let Worker::Working { job, token, unacked, step, .. } = self.workers[usize::from(worker)] else {
            return false;
        };
        let after = match self.ledger.beat(&[(job, token)]).as_slice() {
            [renewal] => {
                let step = if renewal.cancel { Step::Stop } else { step };
                Worker::Working { job, token, unacked, in_time: true, step }
            }
            _ => free(job, unacked),
        };
        std::mem::replace(&mut self.workers[usize::from(worker)], after) != after
    }

    /// An attempt behind its deadline ends without a word.
    pub(super) fn let_go(&mut self, worker: u8) -> bool {
        match self.workers[usize::from(worker)] {
            Worker::Working { job, unacked, in_time: false, .. } => {
                self.workers[usize::from(worker)] = free(job, unacked);
                true
            }
            Worker::Idle
            | Worker::InHand { .. }
            | Worker::Refused { .. }
            | Worker::Working { in_time: true, .. } => false,
        }
    }

    /// SIGKILL, and another process in its place; or its connection to the broker breaks before a claim. What it had not
    /// acked comes again.
    pub(super) fn kill(&mut self, worker: u8) -> bool {
        let killed = std::mem::replace(&mut self.workers[usize::from(worker)], Worker::Idle);
        if let Some(job) = killed.delivery() {
            self.put_in_queue(job);
        }
        killed != Worker::Idle
    }

    pub(super) fn duplicate(&mut self, job: JobNo) -> bool {
        let is_there =
            self.queue.contains(&job) || self.workers.iter().any(|worker| worker.delivery() == Some(job));
        if is_there {
            self.put_in_queue(job);
        }
        is_there
    }

    /// The collector keeps the letter before it acks it, so that nothing is between the two.
    pub(super) fn bury(&mut self, job: JobNo) -> bool {
        let Some(place) = self.queue.iter().position(|waiting| *waiting == job) else { return false };
        self.queue.remove(place);
        self.ledger.bury(job);
        true
    }

    pub(super) fn lose_disk(&mut self) -> bool {
        self.lost_disk = true;
        for worker in &mut self.workers {
            match worker {
                Worker::InHand { acked, .. } => *acked = true,
                Worker::Working { unacked, .. } => *unacked = false,
                Worker::Refused { .. } => *worker = Worker::Idle,
                Worker::Idle => {}
            }
        }
        !std::mem::take(&mut self.queue).is_empty()
    }
}

/// The slot after an attempt that is over for it.
fn free(job: JobNo, unacked: bool) -> Worker {
    if unacked { Worker::Refused { job } } else { Worker::Idle }
}

/// Whether an attempt believes that it may command, and the ledger agrees.
#[must_use]
pub(crate) fn belief_is_true(ledger: &Ledger, worker: &Worker) -> bool {
    match worker {
        Worker::Working { job, token, in_time: true, .. } => ledger
            .job(*job)
            .is_some_and(|job| job.token == *token && job.lease.is_some_and(|lease| lease.live)),
        Worker::Idle | Worker::InHand { .. } | Worker::Refused { .. } | Worker::Working { .. } => true,
    }
}
