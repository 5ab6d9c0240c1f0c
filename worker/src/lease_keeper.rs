//! The beat of a worker: says that it lives, renews its leases, and learns what people want of it.
//!
//! # Guarantees
//! One call per interval does all of that, also while nothing is held. Renewed are only leases that an attempt stands
//! behind: a job whose attempt was let go without a word comes free. An attempt is fenced when the ledger says that
//! its lease is gone, and also when no renewal came through in time, by its own deadline ([`Hold`]), while a beat
//! hangs as well as between two. A [nudge](LeaseKeeper::nudge) makes the next beat come now; any number of them make
//! at most one every 200 ms. While the ledger is away a beat is tried sooner than every interval, and the log
//! says so once.
//!
//! # Leaves to others
//! What may be sent under a lease ([`crate::hold`]); what follows from a hold or a pause ([`crate::orders`]); giving
//! leases back ([`crate::journal`]).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use common::domain::job::JobId;
use common::domain::lease::{Lease, LeaseToken, WorkerId};
use common::ledger::{Ledger, LedgerError, Renewal, WorkerCard};
use common::shutdown::Shutdown;
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::hold::Hold;
use crate::measure;
use crate::orders::Orders;
use crate::outage::Outage;

/// Part of a lease that is given up for safety: the time between the last look at the deadline and the
/// moment a command reaches the device.
const MARGIN: f64 = 0.1;

/// Shortest time between two beats, however many controls come.
const COALESCE: Duration = Duration::from_millis(200);

/// Holds leases until their guards are dropped.
pub struct LeaseKeeper {
    ledger: Arc<dyn Ledger>,
    card: WorkerCard,
    orders: Arc<Orders>,
    stop: Shutdown,
    ttl: Duration,
    renew_every: Duration,
    nudged: Notify,
    holds: Mutex<HashMap<JobId, Arc<Hold>>>,
    /// When the last beat was sent that was answered.
    beaten_at: Mutex<Option<Instant>>,
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
        if holds.get(&self.hold.lease().job).is_some_and(|now| Arc::ptr_eq(now, &self.hold)) {
            holds.remove(&self.hold.lease().job);
            measure::leases(holds.len());
        }
    }
}

/// A beat without an answer.
#[derive(Debug, thiserror::Error)]
enum Missed {
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error("no answer in {0:?}")]
    Late(Duration),
}

impl LeaseKeeper {
    /// A keeper that beats for the worker of `card`: leases of `ttl`, every `renew_every`. What a beat brings back is
    /// told to `orders`; `stop` tells what the card says of draining.
    #[must_use]
    pub fn new(
        ledger: Arc<dyn Ledger>,
        card: WorkerCard,
        orders: Arc<Orders>,
        stop: Shutdown,
        ttl: Duration,
        renew_every: Duration,
    ) -> Self {
        let (nudged, holds, beaten_at) = (Notify::new(), Mutex::default(), Mutex::default());
        Self { ledger, card, orders, stop, ttl, renew_every, nudged, holds, beaten_at }
    }

    /// Name under which leases are taken.
    #[must_use]
    pub fn worker(&self) -> &WorkerId {
        &self.card.id
    }

    /// Length of a lease.
    #[must_use]
    pub fn ttl(&self) -> Duration {
        self.ttl
    }

    /// Time since the last beat was sent that was answered; `None` before the first.
    #[must_use]
    pub fn since_beat(&self) -> Option<Duration> {
        locked(&self.beaten_at).map(|at| at.elapsed())
    }

    /// Begins to keep a lease that was asked for at `asked_at`.
    #[must_use]
    pub fn hold(self: &Arc<Self>, lease: Lease, asked_at: Instant) -> HoldGuard {
        let hold = Arc::new(Hold::new(lease, self.deadline(asked_at)));
        let mut holds = locked(&self.holds);
        holds.insert(hold.lease().job, Arc::clone(&hold));
        measure::leases(holds.len());
        drop(holds);
        HoldGuard { keeper: Arc::clone(self), hold }
    }

    /// Asks for a beat now: something has changed in the ledger.
    pub fn nudge(&self) {
        self.nudged.notify_one();
    }

    /// Beats and fences until `end`. A ledger that does not answer is asked again; each lease ends at its own
    /// deadline.
    pub async fn run(&self, end: &CancellationToken) {
        tokio::join!(self.beats(end), self.fences(end));
    }

    async fn beats(&self, end: &CancellationToken) {
        let mut outage = Outage::none("no beat: leases are not renewed, nor is anything learned");
        let mut was_draining = false;
        loop {
            let began = Instant::now();
            match self.beat().await {
                Ok(()) => outage.over(),
                Err(missed) => outage.met(&missed),
            }
            let wait = if outage.is_on() { outage.pause().min(self.renew_every) } else { self.renew_every };
            tokio::select! {
                () = end.cancelled() => return,
                () = tokio::time::sleep_until(began + wait) => {}
                () = self.nudged.notified() => tokio::time::sleep_until(began + COALESCE).await,
                // The list of workers says so from now on.
                () = self.stop.draining(), if !was_draining => was_draining = true,
            }
        }
    }

    async fn beat(&self) -> Result<(), Missed> {
        let sent_at = Instant::now();
        let held: Vec<Lease> = locked(&self.holds)
            .values()
            .filter(|hold| !hold.is_lost())
            .map(|hold| hold.lease().clone())
            .collect();
        let card = WorkerCard { draining: self.stop.is_draining(), ..self.card.clone() };
        // Bounded, so that the next one is sent in time.
        let answer = tokio::time::timeout(self.renew_every, self.ledger.beat(&card, &held, self.ttl)).await;
        measure::beat(matches!(answer, Ok(Ok(_))), sent_at.elapsed());
        let beat = answer.map_err(|_| Missed::Late(self.renew_every))??;
        *locked(&self.beaten_at) = Some(sent_at);
        self.take_over(&held, &beat.renewals, sent_at);
        self.orders.take_over(beat.hold.as_ref(), beat.pauses, sent_at);
        Ok(())
    }

    fn take_over(&self, asked: &[Lease], renewals: &[Renewal], sent_at: Instant) {
        let renewed: HashMap<(JobId, LeaseToken), &Renewal> =
            renewals.iter().map(|renewal| ((renewal.job, renewal.token), renewal)).collect();
        let holds = locked(&self.holds);
        for lease in asked {
            let hold = holds.get(&lease.job).filter(|hold| hold.lease().token == lease.token);
            // Its attempt has ended in the meantime.
            let Some(hold) = hold else { continue };
            match renewed.get(&(lease.job, lease.token)) {
                Some(renewal) => {
                    hold.extend_to(self.deadline(sent_at));
                    if let Some(cancel) = &renewal.cancel
                        && hold.cancel(cancel)
                    {
                        let job = lease.job;
                        info!(job.id = job.0, "job {job}: asked to stop by {}", cancel.by.operator);
                    }
                }
                None if hold.is_ending() => {}
                None => self.fence(hold, "the ledger gave it to another or took it back"),
            }
        }
    }

    /// Apart from the beats, so that one that hangs delays no deadline.
    async fn fences(&self, end: &CancellationToken) {
        loop {
            tokio::select! {
                () = end.cancelled() => return,
                () = tokio::time::sleep_until(self.earliest_deadline()) => self.fence_overdue(),
            }
        }
    }

    fn fence_overdue(&self) {
        let now = Instant::now();
        for hold in locked(&self.holds).values() {
            if now >= hold.deadline() && !hold.is_lost() {
                self.fence(hold, "it could not be renewed in time");
            }
        }
    }

    fn fence(&self, hold: &Hold, why: &str) {
        if !hold.is_lost() {
            let job = hold.lease().job;
            warn!(job.id = job.0, worker.id = %self.card.id, "job {job}: lease lost, {why}");
            hold.lose();
            measure::lease_lost();
        }
    }

    fn deadline(&self, asked_at: Instant) -> Instant {
        asked_at + self.ttl.mul_f64(1.0 - MARGIN)
    }

    /// At most one interval from now: a lease that is taken meanwhile ends later than that.
    fn earliest_deadline(&self) -> Instant {
        let latest = Instant::now() + self.renew_every;
        let holds = locked(&self.holds);
        let alive = holds.values().filter(|hold| !hold.is_lost());
        alive.map(|hold| hold.deadline()).min().map_or(latest, |deadline| deadline.min(latest))
    }
}

/// The content of a mutex; a panic elsewhere cannot leave ours half changed.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
