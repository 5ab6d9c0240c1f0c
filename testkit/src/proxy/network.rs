//! What the network does at the moment, and what has gone through it.
//!
//! Promises: whoever passes a byte on holds the state while it does (`watch::Receiver::borrow`), so that a
//! change, which waits for that, is in force when it returns.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

/// What becomes of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    /// They pass.
    Open,
    /// They wait.
    Held,
    /// They are lost.
    Swallowed,
}

/// Which way bytes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    ToServer,
    ToProgram,
}

/// The state of the network.
#[derive(Debug, Clone, Copy)]
pub(super) struct Network {
    pub(super) listens: bool,
    pub(super) flow: Flow,
    pub(super) to_server: Duration,
    pub(super) to_program: Duration,
    /// How often it was cut. A connection remembers the number it was born with, and ends when it grows.
    pub(super) n_cuts: u64,
}

impl Network {
    pub(super) fn healthy() -> Self {
        Self {
            listens: true,
            flow: Flow::Open,
            to_server: Duration::ZERO,
            to_program: Duration::ZERO,
            n_cuts: 0,
        }
    }

    pub(super) fn delay(&self, way: Way) -> Duration {
        match way {
            Way::ToServer => self.to_server,
            Way::ToProgram => self.to_program,
        }
    }
}

/// What has gone through a proxy since its start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Connections accepted.
    pub n_accepted: u64,
    /// Connections that are open now, on the program's side.
    pub n_open: usize,
    /// Bytes handed to the server.
    pub to_server_bytes: u64,
    /// Bytes handed to the program.
    pub to_program_bytes: u64,
    /// Bytes swallowed, both ways.
    pub swallowed_bytes: u64,
    /// Bytes that wait here now, because of a delay, of a hold or of a reader that is slow.
    pub waiting_bytes: u64,
}

/// [`Counts`] that many connections add to.
#[derive(Debug, Default)]
pub(super) struct Counters {
    n_accepted: AtomicU64,
    to_server_bytes: AtomicU64,
    to_program_bytes: AtomicU64,
    swallowed_bytes: AtomicU64,
    waiting_bytes: AtomicU64,
    n_damaged: AtomicU64,
    /// How many are open, by the number of cuts before them.
    open: Mutex<BTreeMap<u64, usize>>,
}

impl Counters {
    pub(super) fn counts(&self) -> Counts {
        Counts {
            n_accepted: self.n_accepted.load(Relaxed),
            n_open: self.open().values().sum(),
            to_server_bytes: self.to_server_bytes.load(Relaxed),
            to_program_bytes: self.to_program_bytes.load(Relaxed),
            swallowed_bytes: self.swallowed_bytes.load(Relaxed),
            waiting_bytes: self.waiting_bytes.load(Relaxed),
        }
    }

    /// How many connections are open that were born before this cut.
    pub(super) fn n_older_than(&self, n_cuts: u64) -> usize {
        self.open().range(..n_cuts).map(|(_, n)| n).sum()
    }

    pub(super) fn passed(&self, way: Way, n: usize) {
        match way {
            Way::ToServer => &self.to_server_bytes,
            Way::ToProgram => &self.to_program_bytes,
        }
        .fetch_add(n as u64, Relaxed);
    }

    /// How many open connections have lost something.
    pub(super) fn n_damaged(&self) -> u64 {
        self.n_damaged.load(Relaxed)
    }

    /// Nothing in here panics while it holds the lock.
    fn open(&self) -> MutexGuard<'_, BTreeMap<u64, usize>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts one connection as open for as long as it lives.
#[derive(Debug)]
pub(super) struct Open {
    counters: Arc<Counters>,
    n_cuts: u64,
}

impl Open {
    pub(super) fn count(counters: &Arc<Counters>, n_cuts: u64) -> Self {
        counters.n_accepted.fetch_add(1, Relaxed);
        *counters.open().entry(n_cuts).or_default() += 1;
        Self { counters: Arc::clone(counters), n_cuts }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let mut open = self.counters.open();
        if let Some(n) = open.get_mut(&self.n_cuts) {
            *n -= 1;
            if *n == 0 {
                open.remove(&self.n_cuts);
            }
        }
    }
}

/// Whether one connection has lost bytes or an end.
#[derive(Debug)]
pub(super) struct Loss {
    counters: Arc<Counters>,
    is_there: AtomicBool,
}

impl Loss {
    pub(super) fn none(counters: &Arc<Counters>) -> Self {
        Self { counters: Arc::clone(counters), is_there: AtomicBool::new(false) }
    }

    pub(super) fn is_there(&self) -> bool {
        self.is_there.load(Relaxed)
    }

    /// Notes that `n` bytes were swallowed, or, with none, an end or the beginning.
    pub(super) fn add(&self, n: usize) {
        self.counters.swallowed_bytes.fetch_add(n as u64, Relaxed);
        if !self.is_there.swap(true, Relaxed) {
            self.counters.n_damaged.fetch_add(1, Relaxed);
        }
    }
}

impl Drop for Loss {
    fn drop(&mut self) {
        if self.is_there() {
            self.counters.n_damaged.fetch_sub(1, Relaxed);
        }
    }
}

/// Bytes that wait here, counted for as long as they do.
#[derive(Debug)]
pub(super) struct Waiting {
    counters: Arc<Counters>,
    bytes: Vec<u8>,
}

impl Waiting {
    pub(super) fn count(counters: &Arc<Counters>, bytes: Vec<u8>) -> Self {
        counters.waiting_bytes.fetch_add(bytes.len() as u64, Relaxed);
        Self { counters: Arc::clone(counters), bytes }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.counters.waiting_bytes.fetch_sub(self.bytes.len() as u64, Relaxed);
    }
}
