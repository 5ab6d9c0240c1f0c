//! One moment of everything.

use super::relay::Relay;
use super::work::{Image, Worker};
use crate::flaw::Rules;
use crate::ledger::{CancelAnswer, DeviceNo, EnqueueAnswer, Job, JobNo, JobState, Ledger, Wish};

/// How large the world is.
#[derive(Debug, Clone)]
pub struct Scope {
    /// What it is called in reports.
    pub name: &'static str,
    /// Commands of people, in their order; the wishes of each are one transaction.
    pub commands: Vec<Vec<Wish>>,
    /// Attempts that can run at once: each worker here is one slot of a process.
    pub n_workers: u8,
    /// Relays.
    pub n_relays: u8,
    /// Whether the outbox carries events.
    pub tells_events: bool,
    /// Misfortunes and interventions that may happen at all, of whatever kind.
    pub misfortunes: u8,
}

/// A firewall.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Device {
    /// The image that its job wants there.
    pub image: Image,
    /// Its own journal: who asked for the image, in order.
    pub asked: Vec<(JobNo, u8)>,
}

/// One moment.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct World {
    /// Commands given so far.
    pub n_commands: u8,
    /// Wishes that became no job, because the device had one.
    pub n_refused: u8,
    /// The truth.
    pub ledger: Ledger,
    /// Wake-ups that wait at the broker, sorted: it promises no order.
    pub queue: Vec<JobNo>,
    /// Slots of workers.
    pub workers: Vec<Worker>,
    /// Relays.
    pub relays: Vec<Relay>,
    /// Firewalls.
    pub devices: Vec<Device>,
    /// Events that were published, per job, as bits.
    pub told: Vec<u32>,
    /// An event was published for the first time after a later one of its job.
    pub told_out_of_order: bool,
    /// How each job first ended.
    pub ends: Vec<Option<JobState>>,
    /// The broker lost its disk at least once.
    pub lost_disk: bool,
    /// Jobs that somebody wanted to stop before they were claimed anew, and that were claimed anew.
    pub began_after_cancel: bool,
    /// What may still go wrong.
    pub misfortunes: u8,
}

impl World {
    /// Before the first command.
    #[must_use]
    pub fn new(scope: &Scope) -> Self {
        let wishes = || scope.commands.iter().flatten();
        let n_devices = wishes().map(|wish| usize::from(wish.device) + 1).max().unwrap_or(0);
        Self {
            n_commands: 0,
            n_refused: 0,
            ledger: Ledger::new(scope.tells_events),
            queue: Vec::new(),
            workers: vec![Worker::Idle; usize::from(scope.n_workers)],
            relays: vec![Relay::default(); usize::from(scope.n_relays)],
            devices: vec![Device { image: Image::Absent, asked: Vec::new() }; n_devices],
            told: vec![0; wishes().count()],
            told_out_of_order: false,
            ends: vec![None; wishes().count()],
            lost_disk: false,
            began_after_cancel: false,
            misfortunes: scope.misfortunes,
        }
    }

    /// Every wish was answered and every job ended, nothing waits to be told, nobody works.
    #[must_use]
    pub fn is_at_rest(&self, scope: &Scope) -> bool {
        usize::from(self.n_commands) == scope.commands.len()
            && self.ledger.jobs.iter().all(|job| job.state.is_terminal())
            && self.ledger.outbox.is_empty()
            && self.workers.iter().all(|worker| *worker == Worker::Idle)
    }

    /// A wake-up of the job waits at the broker, is in a hand, or waits in the outbox.
    #[must_use]
    pub fn has_wake_up(&self, job: JobNo) -> bool {
        self.queue.contains(&job)
            || self.workers.iter().any(|worker| worker.is_about_to_claim(job))
            || self.ledger.outbox.iter().any(|row| row.job == job && !row.message.is_event())
    }

    pub(super) fn enqueue(&mut self, scope: &Scope, rules: Rules) -> bool {
        let Some(wishes) = scope.commands.get(usize::from(self.n_commands)) else { return false };
        self.n_commands += 1;
        for answer in self.ledger.enqueue(rules, wishes) {
            match answer {
                EnqueueAnswer::Created(_) => {}
                EnqueueAnswer::Existing(..) | EnqueueAnswer::Conflict(..) => self.n_refused += 1,
            }
        }
        true
    }

    pub(super) fn cancel(&mut self, job: JobNo) -> bool {
        match self.ledger.cancel(job) {
            CancelAnswer::Cancelled | CancelAnswer::Requested => true,
            CancelAnswer::AlreadyEnded(_) | CancelAnswer::Unknown => false,
        }
    }

    pub(super) fn finish(&mut self, device: DeviceNo) -> bool {
        let device = &mut self.devices[usize::from(device)];
        std::mem::replace(&mut device.image, Image::Present) == Image::Coming
    }

    pub(super) fn put_in_queue(&mut self, job: JobNo) {
        self.queue.push(job);
        self.queue.sort_unstable();
    }

    /// History for the properties: how a job ended first.
    pub(super) fn note_ends(&mut self) {
        for (end, job) in self.ends.iter_mut().zip(&self.ledger.jobs) {
            if job.state.is_terminal() && end.is_none() {
                *end = Some(job.state);
            }
        }
    }

    /// The same moment with its slots and relays in order: which of two equal ones does what changes nothing, so that
    /// worlds that differ in that alone are explored once. Rows of different jobs have no order among each other.
    #[must_use]
    pub fn representative(mut self) -> Self {
        self.workers.sort_unstable();
        self.ledger.outbox.sort_by_key(|row| row.job);
        if self.is_swapped() { self.swapped() } else { self }
    }

    /// The same moment without what only the properties look at, and without the misfortunes that may still come.
    #[must_use]
    pub fn without_history(&self) -> Self {
        let mut bare = self.clone();
        bare.told.iter_mut().for_each(|told| *told = 0);
        bare.told_out_of_order = false;
        bare.ends.iter_mut().for_each(|end| *end = None);
        bare.devices.iter_mut().for_each(|device| device.asked.clear());
        bare.lost_disk = false;
        bare.began_after_cancel = false;
        bare.misfortunes = 0;
        bare.representative()
    }

    /// Two jobs for two devices are alike: the one that is further comes first.
    fn is_swapped(&self) -> bool {
        match self.ledger.jobs.as_slice() {
            [first, second] if self.devices.len() == 2 && first.device == 0 && second.device == 1 => {
                let further = |job: &Job| (job.state, job.token, job.attempt, job.dispatch_no);
                (further(second), &self.devices[1]) < (further(first), &self.devices[0])
            }
            _ => false,
        }
    }

    fn swapped(mut self) -> Self {
        self.ledger.jobs.swap(0, 1);
        self.ledger.jobs.iter_mut().for_each(|job| job.device = 1 - job.device);
        self.ledger.outbox.iter_mut().for_each(|row| row.job = 1 - row.job);
        self.ledger.outbox.sort_by_key(|row| row.job);
        self.queue.iter_mut().for_each(|job| *job = 1 - *job);
        self.queue.sort_unstable();
        self.workers.iter_mut().for_each(Worker::swap_jobs);
        self.workers.sort_unstable();
        self.relays.iter_mut().for_each(Relay::swap_jobs);
        self.devices.swap(0, 1);
        self.devices.iter_mut().flat_map(|device| &mut device.asked).for_each(|(job, _)| *job = 1 - *job);
        self.told.swap(0, 1);
        self.ends.swap(0, 1);
        self
    }
}
