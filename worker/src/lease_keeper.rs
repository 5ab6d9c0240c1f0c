//! Keeps the leases of this process, and stops the attempts that lost theirs.
//!
//! # Guarantees
//! All leases are renewed in one statement per interval, and only those that an attempt stands behind: a job whose
//! attempt was let go without a word comes free. An attempt is fenced when the ledger says that its
//! lease is gone, and also when no renewal came through in time: its deadline is counted on this process's
//! monotonic clock from the moment the last successful renewal was *sent*, less a margin, so that a worker
//! that is cut off, suspended or on a wrong clock stops before another one may start.
//!
//! # Leaves to others
//! What a fenced attempt does (nothing more: [`crate::perform`]); giving leases back ([`crate::journal`]).

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use common::domain::job::JobId;
use common::domain::lease::{Lease, LeaseToken, WorkerId};
use common::ledger::{CancelRequest, Ledger, LedgerError, Renewal};
use common::report::Chain;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

/// Part of a lease that is given up for safety: the time between the last look at the deadline and the
/// moment a command reaches the device.
const MARGIN: f64 = 0.1;

/// One held lease, as the attempt under it sees it.
#[derive(Debug)]
pub struct Hold {
    lease: Lease,
    /// Nothing may be sent to the device after this.
    deadline: Mutex<Instant>,
    lost: CancellationToken,
    cancel: OnceLock<CancelRequest>,
    cancelled: CancellationToken,
    /// The end of the attempt is being written: a renewal that no longer finds the lease means that it was.
    ending: AtomicBool,
}

impl Hold {
    fn new(lease: Lease, deadline: Instant) -> Self {
        Self {
            lease,
            deadline: Mutex::new(deadline),
            lost: CancellationToken::new(),
            cancel: OnceLock::new(),
            cancelled: CancellationToken::new(),
            ending: AtomicBool::new(false),
        }
    }

    /// Says that the end of the attempt is being written now.
    pub fn begin_end(&self) {
        self.ending.store(true, Ordering::SeqCst);
    }

    /// The right to act that this is about.
    #[must_use]
    pub fn lease(&self) -> &Lease {
        &self.lease
    }

    /// Whether the device may still be touched. Ask before every command.
    ///
    /// # Errors
    /// [`LedgerError::LeaseLost`] once it is fenced.
    pub fn check(&self) -> Result<(), LedgerError> {
        if self.lost.is_cancelled() || Instant::now() >= *locked(&self.deadline) {
            Err(LedgerError::LeaseLost { job: self.lease.job })
        } else {
            Ok(())
        }
    }

    /// Ends when the lease is lost.
    pub async fn lost(&self) {
        self.lost.cancelled().await;
    }

    /// Ends when somebody wants the job to stop.
    pub async fn cancelled(&self) {
        self.cancelled.cancelled().await;
    }

    /// Whether somebody wants the job to stop.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.is_cancelled()
    }
}

/// Holds leases until their guards are dropped.
pub struct LeaseKeeper {
    ledger: Arc<dyn Ledger>,
    worker: WorkerId,
    ttl: Duration,
    renew_every: Duration,
    holds: Mutex<HashMap<JobId, Arc<Hold>>>,
}

/// Keeps one lease alive while it exists.
pub struct HoldGuard {
    keeper: Arc<LeaseKeeper>,
    hold: Arc<Hold>,
}

impl HoldGuard {
    /// The lease, for the attempt.
    #[must_use]
    pub fn hold(&self) -> &Arc<Hold> {
        &self.hold
    }
}

impl Drop for HoldGuard {
    fn drop(&mut self) {
        let mut holds = locked(&self.keeper.holds);
        // A later claim of the same job by this process has taken the place: that one stays.
        if holds.get(&self.hold.lease.job).is_some_and(|now| Arc::ptr_eq(now, &self.hold)) {
            holds.remove(&self.hold.lease.job);
        }
    }
}

impl LeaseKeeper {
    /// A keeper that renews for `worker`: leases of `ttl`, every `renew_every`.
    #[must_use]
    pub fn new(ledger: Arc<dyn Ledger>, worker: WorkerId, ttl: Duration, renew_every: Duration) -> Self {
        Self { ledger, worker, ttl, renew_every, holds: Mutex::default() }
    }

    /// Name under which leases are taken.
    #[must_use]
    pub fn worker(&self) -> &WorkerId {
        &self.worker
    }

    /// Length of a lease.
    #[must_use]
    pub fn ttl(&self) -> Duration {
        self.ttl
    }

    /// Begins to keep a lease that was asked for at `asked_at`.
    #[must_use]
    pub fn hold(self: &Arc<Self>, lease: Lease, asked_at: Instant) -> HoldGuard {
        let hold = Arc::new(Hold::new(lease, self.deadline(asked_at)));
        locked(&self.holds).insert(hold.lease.job, Arc::clone(&hold));
        HoldGuard { keeper: Arc::clone(self), hold }
    }

    /// Renews until `end`. A ledger that does not answer is asked again; each lease ends at its own deadline.
    pub async fn run(&self, end: &CancellationToken) {
        let mut next_renewal = Instant::now() + self.renew_every;
        loop {
            tokio::select! {
                () = end.cancelled() => return,
                () = tokio::time::sleep_until(next_renewal.min(self.earliest_deadline())) => {}
            }
            if Instant::now() >= next_renewal {
                next_renewal = Instant::now() + self.renew_every;
                self.renew().await;
            }
            self.fence_overdue();
        }
    }

    async fn renew(&self) {
        let sent_at = Instant::now();
        let held: Vec<Lease> = locked(&self.holds)
            .values()
            .filter(|hold| !hold.lost.is_cancelled())
            .map(|hold| hold.lease.clone())
            .collect();
        if held.is_empty() {
            return;
        }
        // A renewal that hangs would keep the deadlines from being looked at.
        let answer = tokio::time::timeout(self.renew_every, self.ledger.renew(&held, self.ttl)).await;
        match answer {
            Ok(Ok(renewals)) => self.take_over(&held, &renewals, sent_at),
            Ok(Err(error)) => warn!(worker.id = %self.worker, "leases not renewed: {}", Chain(&error)),
            Err(_) => {
                warn!(worker.id = %self.worker, "leases not renewed: no answer in {:?}", self.renew_every);
            }
        }
    }

    fn take_over(&self, asked: &[Lease], renewals: &[Renewal], sent_at: Instant) {
        let renewed: HashMap<(JobId, LeaseToken), &Renewal> =
            renewals.iter().map(|renewal| ((renewal.job, renewal.token), renewal)).collect();
        let holds = locked(&self.holds);
        for lease in asked {
            let hold = holds.get(&lease.job).filter(|hold| hold.lease.token == lease.token);
            // Its attempt has ended in the meantime.
            let Some(hold) = hold else { continue };
            match renewed.get(&(lease.job, lease.token)) {
                Some(renewal) => {
                    *locked(&hold.deadline) = self.deadline(sent_at);
                    if let Some(cancel) = &renewal.cancel {
                        let first = hold.cancel.set(cancel.clone()).is_ok();
                        hold.cancelled.cancel();
                        if first {
                            info!(
                                job.id = hold.lease.job.0,
                                "job {}: asked to stop by {}", hold.lease.job, cancel.by.operator
                            );
                        }
                    }
                }
                None if hold.ending.load(Ordering::SeqCst) => {}
                None => self.fence(hold, "the ledger gave it to another or took it back"),
            }
        }
    }

    fn fence_overdue(&self) {
        let now = Instant::now();
        for hold in locked(&self.holds).values() {
            if now >= *locked(&hold.deadline) && !hold.lost.is_cancelled() {
                self.fence(hold, "it could not be renewed in time");
            }
        }
    }

    fn fence(&self, hold: &Hold, why: &str) {
        if !hold.lost.is_cancelled() {
            warn!(job.id = hold.lease.job.0, worker.id = %self.worker, "job {}: lease lost, {why}", hold.lease.job);
            hold.lost.cancel();
        }
    }

    fn deadline(&self, asked_at: Instant) -> Instant {
        asked_at + self.ttl.mul_f64(1.0 - MARGIN)
    }

    fn earliest_deadline(&self) -> Instant {
        let holds = locked(&self.holds);
        let alive = holds.values().filter(|hold| !hold.lost.is_cancelled());
        alive.map(|hold| *locked(&hold.deadline)).min().unwrap_or_else(|| Instant::now() + self.renew_every)
    }
}

/// The content of a mutex; a panic elsewhere cannot leave ours half changed.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
