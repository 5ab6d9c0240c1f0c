//! Turns wake-ups into attempts: delivery, claim, ack, never more at once than there are slots.
//!
//! # Guarantees
//! A delivery is acked after its claim is committed, not when the firewall is done: RabbitMQ takes back what
//! stays unacked for 30 minutes, and downloads take longer. Before it settles the delivery that fills its last slot it
//! stops consuming, so that no message waits behind a full worker. While the ledger is away or full it takes nothing
//! and nacks nothing: the delivery comes again when it is dropped, and the ledger is asked again at growing pauses.
//! A claim that fails for itself is given back, and the next message is taken after a short pause; after some tries its
//! message goes to the dead letters. While the fleet is held, or this worker or all its queues are
//! paused, it takes nothing, and of a paused queue nothing; it goes on by itself, and attempts that run are left alone.
//!
//! # Leaves to others
//! The attempt itself ([`crate::perform`]), reconnecting (the broker), what may be taken ([`crate::orders`]).

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use common::broker::{BrokerError, Delivery, Receipt, WakeUps};
use common::domain::hold::{Pause, PauseScope};
use common::domain::job::{JobId, JobType};
use common::engine::Engine;
use common::ledger::{Claim, ClaimedJob, LedgerError};
use common::report::Chain;
use common::shutdown::Shutdown;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use tracing::{debug, warn};

use crate::gate::Gate;
use crate::lease_keeper::{HoldGuard, LeaseKeeper};
use crate::orders::Orders;
use crate::outage::{self, Outage};

/// Time between two beats while nothing may be taken: whoever is not told of the end of a pause sees it then.
const ORDERS_CHECK: Duration = Duration::from_secs(2);

/// Jobs that fail to be claimed before it is taken for a trouble of the ledger rather than of theirs.
const MOST_POISONED: usize = 2;

/// Longest pause after a claim that failed for itself: so long, and as often as it is tried, it keeps others waiting.
const LONGEST_POISONED_PAUSE: Duration = Duration::from_secs(1);

/// Claims of one job that may fail here before its message is buried. The broker's own limit does not do: what is given
/// back in order is not counted from RabbitMQ 4.3 on.
const MOST_POISONED_TRIES: u32 = 5;

/// Jobs whose failed claims are remembered; beyond, all are forgotten, and tried a little more often.
const MOST_REMEMBERED: usize = 1_000;

/// Takes jobs.
pub struct Consumer {
    engine: Engine,
    keeper: Arc<LeaseKeeper>,
    gate: Arc<Gate>,
    orders: Arc<Orders>,
    slots: Arc<Semaphore>,
    is_subscribed: AtomicBool,
}

/// A job that is ours to perform.
pub struct Taken {
    /// What to do.
    pub job: ClaimedJob,
    /// Keeps the lease alive; drop it when the attempt has ended.
    pub hold: HoldGuard,
    /// The slot; dropped with the attempt.
    pub slot: OwnedSemaphorePermit,
}

/// Why a delivery was not settled.
enum Untaken {
    /// The ledger is away: the delivery was dropped.
    LedgerAway(LedgerError),
    /// The claim of this job failed for itself.
    Poisoned { receipt: Box<dyn Receipt>, job: JobId, error: LedgerError },
    /// This worker is paused, others are not.
    NotHere(Box<dyn Receipt>),
}

/// Why a stream of wake-ups is left.
enum Left {
    /// The process drains.
    Draining,
    /// Other types may be taken now.
    Orders,
}

/// What went wrong lately, from claim to claim.
struct Troubles {
    ledger: Outage,
    claims: Outage,
    /// Jobs whose claims failed since one was answered.
    in_row: HashSet<JobId>,
    n_in_row: u32,
    /// Claims that failed, by job.
    n_failed: HashMap<JobId, u32>,
}

/// What becomes of a message whose claim failed for itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// Given back after a rest.
    Again(Duration),
    /// Acked after a rest: the job stays available, and the rescue sends another wake-up to the end of the queue.
    Aside(Duration),
    /// A dead letter.
    Buried,
}

impl Consumer {
    /// A consumer of what `orders` leaves open, with `concurrency` slots.
    #[must_use]
    pub fn new(
        engine: Engine,
        keeper: Arc<LeaseKeeper>,
        gate: Arc<Gate>,
        orders: Arc<Orders>,
        concurrency: usize,
    ) -> Self {
        Self {
            engine,
            keeper,
            gate,
            orders,
            slots: Arc::new(Semaphore::new(concurrency)),
            is_subscribed: AtomicBool::new(false),
        }
    }

    /// Whether it takes wake-ups, slots permitting. Whether they come is the broker's.
    #[must_use]
    pub fn is_subscribed(&self) -> bool {
        self.is_subscribed.load(Ordering::Relaxed)
    }

    /// Whether every slot is taken.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.slots.available_permits() == 0
    }

    /// Hands every job it takes to `start`, until the process drains.
    ///
    /// # Errors
    /// [`BrokerError`] when the broker will never deliver again.
    pub async fn run(&self, stop: &Shutdown, start: impl Fn(Taken)) -> Result<(), BrokerError> {
        let mut troubles = Troubles::none();
        loop {
            let open = self.orders.open();
            let going = async {
                if open.is_empty() {
                    self.goes_on().await;
                    return Ok(None);
                }
                tokio::select! {
                    wake_ups = self.subscribe(&open) => wake_ups.map(Some),
                    () = self.orders.differ(&open) => Ok(None),
                }
            };
            let Some(going) = stop.unless_draining(going).await else { return Ok(()) };
            let Some(mut wake_ups) = going? else { continue };
            self.is_subscribed.store(true, Ordering::Relaxed);
            let left = self.consume(wake_ups.as_mut(), &open, stop, &start, &mut troubles).await;
            self.is_subscribed.store(false, Ordering::Relaxed);
            // What comes from now on goes to others.
            pause(wake_ups.as_mut()).await;
            match left? {
                Left::Draining => return Ok(()),
                Left::Orders => {}
            }
        }
    }

    /// Takes jobs of these types while they are the ones to take.
    async fn consume(
        &self,
        wake_ups: &mut dyn WakeUps,
        open: &[JobType],
        stop: &Shutdown,
        start: &impl Fn(Taken),
        troubles: &mut Troubles,
    ) -> Result<Left, BrokerError> {
        loop {
            let next = async {
                let slot = Arc::clone(&self.slots).acquire_owned().await;
                wake_ups.resume();
                (slot, wake_ups.next().await)
            };
            let (slot, delivery) = tokio::select! {
                biased;
                () = stop.draining() => return Ok(Left::Draining),
                () = self.orders.differ(open) => return Ok(Left::Orders),
                next = next => next,
            };
            // Nobody closes the semaphore.
            let Ok(slot) = slot else { return Ok(Left::Draining) };
            let delivery = delivery?;
            if self.slots.available_permits() == 0 {
                pause(wake_ups).await;
            }
            match self.take(delivery, slot, start).await {
                Ok(()) => troubles.over(),
                Err(untaken) => {
                    pause(wake_ups).await;
                    if stop.unless_draining(self.rest(untaken, troubles)).await.is_none() {
                        return Ok(Left::Draining);
                    }
                }
            }
        }
    }

    /// Subscribes, for as long as it takes the broker to come up.
    async fn subscribe(&self, open: &[JobType]) -> Result<Box<dyn WakeUps>, BrokerError> {
        let mut outage = Outage::none("no wake-ups yet");
        loop {
            match self.engine.broker.wake_ups(open).await {
                Err(error @ (BrokerError::NotReachable { .. } | BrokerError::Lost { .. })) => {
                    outage.met(&error);
                    tokio::time::sleep(outage.pause()).await;
                }
                Ok(wake_ups) => {
                    outage.over();
                    return Ok(wake_ups);
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn take(
        &self,
        delivery: Delivery,
        slot: OwnedSemaphorePermit,
        start: &impl Fn(Taken),
    ) -> Result<(), Untaken> {
        let receipt = delivery.receipt;
        let wake_up = match delivery.wake_up {
            Ok(wake_up) => wake_up,
            Err(unreadable) => {
                warn!("a message goes to the dead letters: {unreadable}");
                settled(receipt.reject(&unreadable.to_string()).await);
                return Ok(());
            }
        };
        let asked_at = Instant::now();
        let job = wake_up.job_id;
        let claim = match self.engine.ledger.claim(job, self.keeper.worker(), self.keeper.ttl()).await {
            Ok(claim) => claim,
            Err(error) if is_away(&error) => return Err(Untaken::LedgerAway(error)),
            Err(error) => return Err(Untaken::Poisoned { receipt, job, error }),
        };
        match claim {
            Claim::Claimed(claimed) => {
                // Under a hold it would have been refused.
                self.gate.reopen(asked_at);
                let hold = self.keeper.hold(claimed.lease.clone(), asked_at);
                settled(receipt.ack().await);
                start(Taken { job: *claimed, hold, slot });
                return Ok(());
            }
            Claim::LeasedElsewhere => debug!(job.id = job.0, "job {job}: leased already"),
            Claim::Ended(state) => debug!(job.id = job.0, "job {job}: {state} already"),
            Claim::NotDue => debug!(job.id = job.0, "job {job}: not due yet"),
            // The end of the peer's attempt wakes it again.
            Claim::PeerBusy { peer } => {
                debug!(job.id = job.0, "job {job}: the other member of the pair is busy with job {peer}");
            }
            // The end of the hold wakes it again.
            Claim::Held(hold) => {
                debug!(job.id = job.0, "job {job}: not begun, the fleet is held");
                self.gate.shut(&hold);
            }
            Claim::Paused(pause @ Pause { scope: PauseScope::Worker(_), .. }) => {
                debug!(job.id = job.0, "job {job}: given back, this worker is paused");
                self.orders.note(pause, asked_at);
                return Err(Untaken::NotHere(receipt));
            }
            // The end of the pause wakes it again.
            Claim::Paused(pause @ Pause { scope: PauseScope::Queue(_), .. }) => {
                debug!(job.id = job.0, "job {job}: not begun, its queue is paused");
                self.orders.note(pause, asked_at);
            }
            Claim::Unknown => warn!(job.id = job.0, "a wake-up names job {job}, which is not in this ledger"),
        }
        settled(receipt.ack().await);
        Ok(())
    }

    /// What is done about a delivery that was not taken, while nothing else is.
    async fn rest(&self, untaken: Untaken, troubles: &mut Troubles) {
        match untaken {
            Untaken::NotHere(receipt) => settled(receipt.give_back().await),
            Untaken::Poisoned { receipt, job, error } => match troubles.poisoned(job, &error) {
                Fate::Again(time) => {
                    tokio::time::sleep(time).await;
                    settled(receipt.give_back().await);
                }
                Fate::Aside(time) => {
                    tokio::time::sleep(time).await;
                    settled(receipt.ack().await);
                }
                Fate::Buried => {
                    let reason = format!("job {job} cannot be claimed: {}", Chain(&error));
                    warn!(job.id = job.0, "{reason}; its wake-up goes to the dead letters");
                    settled(receipt.reject(&reason).await);
                }
            },
            Untaken::LedgerAway(error) => {
                troubles.ledger.met(&error);
                loop {
                    tokio::time::sleep(troubles.ledger.pause()).await;
                    match self.engine.ledger.check().await {
                        // Only a claim that is answered shows that it is back.
                        Ok(()) => return,
                        Err(error) => troubles.ledger.met(&error),
                    }
                }
            }
        }
    }

    /// Ends when something may be taken again.
    async fn goes_on(&self) {
        let look = async {
            loop {
                tokio::time::sleep(ORDERS_CHECK).await;
                self.keeper.nudge();
            }
        };
        tokio::select! {
            () = self.orders.differ(&[]) => {}
            () = look => {}
        }
    }
}

impl Troubles {
    fn none() -> Self {
        Self {
            ledger: Outage::none("nothing is claimed, the ledger does not serve"),
            claims: Outage::none("a job cannot be claimed"),
            in_row: HashSet::new(),
            n_in_row: 0,
            n_failed: HashMap::new(),
        }
    }

    fn over(&mut self) {
        self.ledger.over();
        self.claims.over();
        self.in_row.clear();
        self.n_in_row = 0;
    }

    /// What to do about the message. For a job or two a short rest, so that others are taken soon, and a burial in the
    /// end; where one after the other fails the trouble is not theirs, and a hurry would bury them all: they are put
    /// aside, so that they do not stand at the head of the queue, before those that can be claimed.
    fn poisoned(&mut self, job: JobId, error: &LedgerError) -> Fate {
        self.claims.met(error);
        self.in_row.insert(job);
        self.n_in_row = self.n_in_row.saturating_add(1);
        let rest = outage::pause(self.n_in_row, rand::random());
        if self.in_row.len() > MOST_POISONED {
            return Fate::Aside(rest);
        }
        if self.n_failed.len() >= MOST_REMEMBERED {
            self.n_failed.clear();
        }
        let n_failed = self.n_failed.entry(job).or_default();
        *n_failed += 1;
        if *n_failed < MOST_POISONED_TRIES {
            return Fate::Again(rest.min(LONGEST_POISONED_PAUSE));
        }
        self.n_failed.remove(&job);
        Fate::Buried
    }
}

/// Whether nothing can be claimed now, rather than this job.
fn is_away(error: &LedgerError) -> bool {
    match error {
        LedgerError::NotReachable { .. } | LedgerError::Full { .. } | LedgerError::Schema { .. } => true,
        LedgerError::Store { .. }
        | LedgerError::LeaseLost { .. }
        | LedgerError::UnknownJob { .. }
        | LedgerError::UnknownDevice { .. }
        | LedgerError::UnknownWorker { .. }
        | LedgerError::UnknownDeadLetter { .. } => false,
    }
}

/// A lost receipt costs a second delivery, which finds nothing to claim.
fn settled(answer: Result<(), BrokerError>) {
    if let Err(error) = answer {
        debug!("delivery not settled, it will come again: {}", Chain(&error));
    }
}

async fn pause(wake_ups: &mut dyn WakeUps) {
    if let Err(error) = wake_ups.pause().await {
        debug!("consumer not paused cleanly: {}", Chain(&error));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store_error() -> LedgerError {
        LedgerError::Store { statement: "claim_job", reason: "row 7 is broken".into() }
    }

    #[test]
    fn a_job_that_cannot_be_claimed_is_buried_after_a_few_tries_also_between_others_that_can() {
        let mut troubles = Troubles::none();
        for n in 1..MOST_POISONED_TRIES {
            let fate = troubles.poisoned(JobId(1), &store_error());
            assert!(matches!(fate, Fate::Again(rest) if rest <= LONGEST_POISONED_PAUSE), "try {n}: {fate:?}");
            troubles.over();
        }
        assert_eq!(troubles.poisoned(JobId(1), &store_error()), Fate::Buried);
    }

    #[test]
    fn where_no_job_can_be_claimed_none_is_buried_or_in_the_way_and_the_rests_grow() {
        let mut troubles = Troubles::none();
        for _ in 0..MOST_POISONED_TRIES * 4 {
            for id in 1..=9 {
                let fate = troubles.poisoned(JobId(id), &store_error());
                assert_ne!(fate, Fate::Buried);
            }
        }
        let Fate::Aside(rest) = troubles.poisoned(JobId(1), &store_error()) else {
            panic!("still in the way")
        };
        assert!(rest > 5 * LONGEST_POISONED_PAUSE, "{rest:?}");
    }
}
