//! One row of `jobs`, as far as the protocol depends on it.
//!
//! The life cycle stands here a second time on purpose: a model that took the states and their rules from the real ledger
//! could not show that they are wrong. The schedules in `tests/ledgers` hold both to each other.
//!
//! Leaves to others: when it changes ([`super::Ledger`]).

/// Where a job is in its life: the words of the real ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum JobState {
    /// Due later.
    Scheduled,
    /// Due now.
    Available,
    /// Leased by one worker.
    Running,
    /// Terminal: as asked.
    Completed,
    /// Terminal: gave up.
    Failed,
    /// Terminal: a person said stop.
    Cancelled,
    /// Terminal: nothing to do.
    Skipped,
}

impl JobState {
    /// Every state, in the order of a job's life.
    pub const ALL: [Self; 7] = [
        Self::Scheduled,
        Self::Available,
        Self::Running,
        Self::Completed,
        Self::Failed,
        Self::Cancelled,
        Self::Skipped,
    ];

    /// Whether the job has ended and its device is free.
    #[must_use]
    pub fn is_terminal(self) -> bool {
        match self {
            Self::Scheduled | Self::Available | Self::Running => false,
            Self::Completed | Self::Failed | Self::Cancelled | Self::Skipped => true,
        }
    }

    /// The word in tables.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Available => "available",
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Skipped => "skipped",
        }
    }
}

/// What a job does; each has its queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Brings images to the device.
    DownloadOnly,
    /// Installs them.
    Upgrade,
}

/// A worker's expiring claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Lease {
    /// Who holds it.
    pub owner: super::WorkerNo,
    /// Whether it has not run out by the ledger's clock.
    pub live: bool,
}

/// A wish for one device.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Job {
    /// Whose.
    pub device: super::DeviceNo,
    /// What to do.
    pub kind: Kind,
    /// Where it is.
    pub state: JobState,
    /// Attempts charged so far.
    pub attempt: u8,
    /// Attempts allowed.
    pub max_attempts: u8,
    /// Grows with every claim; fences every write.
    pub token: u8,
    /// While it runs.
    pub lease: Option<Lease>,
    /// Number of its last event.
    pub event_seq: u8,
    /// Somebody wants it to stop.
    pub cancel: bool,
    /// It was refused a claim by a hold or the pause of its queue, whose end wakes it.
    pub held_up: bool,
    /// Number of its last wake-up.
    pub dispatch_no: u8,
    /// The broker confirmed its last wake-up.
    pub dispatched: bool,
    /// Its time has come, where it is scheduled.
    pub due: bool,
    /// Leases it lost.
    pub n_lost: u8,
    /// Wake-ups that it got because the last one died, since the last claim.
    pub n_buried: u8,
}

impl Job {
    /// A new one: available, its event `queued` is number 1.
    #[must_use]
    pub fn new(device: super::DeviceNo, kind: Kind, max_attempts: u8) -> Self {
        Self {
            device,
            kind,
            state: JobState::Available,
            attempt: 0,
            max_attempts,
            token: 0,
            lease: None,
            event_seq: 0,
            cancel: false,
            held_up: false,
            dispatch_no: 0,
            dispatched: false,
            due: true,
            n_lost: 0,
            n_buried: 0,
        }
    }

    /// Out of the hands of its worker.
    pub(super) fn leave(&mut self, state: JobState) {
        self.state = state;
        self.lease = None;
        self.held_up = false;
    }
}

/// How an attempt ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ending {
    /// As asked.
    Completed,
    /// Gave up.
    Failed,
    /// Nothing to do.
    Skipped,
    /// As the wish to stop asked.
    Cancelled,
    /// Due later; counts.
    Retry,
    /// Due later; does not count.
    Snooze,
    /// Due at once for another worker; does not count.
    Released,
}

/// The write was refused: its lease is not the current one. Nothing was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeaseLost;
