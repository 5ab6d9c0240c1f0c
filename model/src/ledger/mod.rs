//! The ledger as a pure state machine: jobs, leases, the lock, holds, the outbox.
//!
//! One method per method of the real traits (`Queue`, `Fleet`, `Workers`, `Outbox`, `DeadLetters`), with the same
//! words, the same answers and the same refusals; each is one transaction. What the real ledger writes besides (documents, trail,
//! texts) is left out, and so are pairs: the contract suite holds both ledgers to them.
//!
//! Time does not pass by itself. What the real ledger reads off its clock is a flag here ([`Lease::live`],
//! [`Job::due`], [`Row::held`]) that an action of the world sets; see [`crate::protocol`].
//!
//! Promises: no I/O, no clock, no randomness; equal ledgers answer alike. Leaves to others: who calls what, and when.

mod job;
mod outbox;
mod queue;
mod rescue;

pub use job::{Ending, Job, JobState, Kind, Lease, LeaseLost};
pub use outbox::{Message, Row, Settlement};
pub use queue::{CancelAnswer, Claim, EnqueueAnswer, Renewal, Wish};
pub use rescue::Rescued;

use crate::flaw::Rules;

/// Number of a job: its place in [`Ledger::jobs`].
pub type JobNo = u8;

/// Number of a device.
pub type DeviceNo = u8;

/// Number of a worker; a restarted one has another.
pub type WorkerNo = u8;

/// Times a job gets another wake-up because the last one died at the broker, until a claim.
pub const MAX_BURIED: u8 = 3;

/// Leases that a job may lose before it fails.
pub const MAX_LOST_LEASES: u8 = 20;

/// All that the ledger knows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ledger {
    /// Every job there ever was, in order of their numbers.
    pub jobs: Vec<Job>,
    /// What still has to be told, oldest first.
    pub outbox: Vec<Row>,
    /// The fleet is held: no attempt begins anywhere.
    pub held: bool,
    /// Queues in which no attempt begins.
    pub paused_queues: Vec<Kind>,
    /// Workers that begin no attempt.
    pub paused_workers: Vec<WorkerNo>,
    /// Workers that ever beat.
    pub known_workers: Vec<WorkerNo>,
    /// Whether events are rows of the outbox: explored with one job alone, because they multiply the states and
    /// change nothing in the life of a job.
    pub tells_events: bool,
}

impl Ledger {
    /// An empty one that tells events or keeps them for itself.
    #[must_use]
    pub fn new(tells_events: bool) -> Self {
        Self { tells_events, ..Self::default() }
    }

    /// The job, if there is one with this number.
    #[must_use]
    pub fn job(&self, job: JobNo) -> Option<&Job> {
        self.jobs.get(usize::from(job))
    }

    /// Every job with its number.
    pub fn numbered(&self) -> impl Iterator<Item = (JobNo, &Job)> {
        (0..).zip(&self.jobs)
    }

    /// The job that holds a device's lock: the one that is not terminal.
    #[must_use]
    pub fn holder(&self, device: DeviceNo) -> Option<JobNo> {
        self.numbered().find(|(_, job)| job.device == device && !job.state.is_terminal()).map(|(no, _)| no)
    }

    /// The fleet is held, or this queue is paused: the job is not begun and nobody is woken for it.
    #[must_use]
    pub fn is_held_up(&self, kind: Kind) -> bool {
        self.held || self.paused_queues.contains(&kind)
    }

    /// Holds the fleet; says whether it was not held before.
    pub fn pause(&mut self) -> bool {
        !std::mem::replace(&mut self.held, true)
    }

    /// Ends the hold; says whether there was one. [`Ledger::wake_held_up`] is a transaction of its own.
    pub fn resume(&mut self) -> bool {
        std::mem::replace(&mut self.held, false)
    }

    /// Pauses a queue; says whether it was not paused before.
    pub fn pause_queue(&mut self, kind: Kind) -> bool {
        add(&mut self.paused_queues, kind)
    }

    /// Ends the pause of a queue; says whether there was one.
    pub fn resume_queue(&mut self, kind: Kind) -> bool {
        remove(&mut self.paused_queues, &kind)
    }

    /// A worker's first beat makes it known.
    pub fn meet(&mut self, worker: WorkerNo) {
        add(&mut self.known_workers, worker);
    }

    /// Pauses a worker; `None` for one that never was, else whether it was not paused before.
    pub fn pause_worker(&mut self, worker: WorkerNo) -> Option<bool> {
        self.known_workers.contains(&worker).then(|| add(&mut self.paused_workers, worker))
    }

    /// Ends the pause of a worker; says whether there was one.
    pub fn resume_worker(&mut self, worker: WorkerNo) -> bool {
        remove(&mut self.paused_workers, &worker)
    }

    /// Writes the job's next event, where events are told.
    fn tell(&mut self, job: JobNo) {
        let Some(row) = self.jobs.get_mut(usize::from(job)) else { return };
        row.event_seq += 1;
        if self.tells_events {
            let event = Message::Event(row.event_seq);
            self.outbox.push(Row::new(job, event));
        }
    }

    /// Writes the job's next wake-up.
    fn wake(&mut self, job: JobNo) {
        let Some(row) = self.jobs.get_mut(usize::from(job)) else { return };
        row.dispatch_no += 1;
        row.dispatched = false;
        let wake_up = Message::WakeUp(row.dispatch_no);
        self.outbox.push(Row::new(job, wake_up));
    }

    /// Nobody needs to be woken for a job that ended.
    fn forget_wake_ups(&mut self, job: JobNo) {
        self.outbox.retain(|row| row.job != job || row.message.is_event());
    }

    /// The job of a lease, as long as the lease is the current one.
    fn leased(&mut self, rules: Rules, job: JobNo, token: u8) -> Result<&mut Job, LeaseLost> {
        let row = self.jobs.get_mut(usize::from(job)).ok_or(LeaseLost)?;
        let is_current = row.token == token || rules.lack(crate::flaw::Flaw::NoTokenInTheWrite);
        if row.state == JobState::Running && is_current { Ok(row) } else { Err(LeaseLost) }
    }
}

fn add<T: PartialEq + Ord>(all: &mut Vec<T>, new: T) -> bool {
    let is_new = !all.contains(&new);
    if is_new {
        all.push(new);
        all.sort_unstable();
    }
    is_new
}

fn remove<T: PartialEq>(all: &mut Vec<T>, old: &T) -> bool {
    let n_before = all.len();
    all.retain(|one| one != old);
    all.len() < n_before
}
