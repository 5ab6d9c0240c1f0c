//! Turns wake-ups into attempts: delivery, claim, ack, never more at once than there are slots.
//!
//! # Guarantees
//! Deliveries are taken one after the other by one line, and while they come in a rush by several lines at once, each with
//! one in hand: a claim is mostly waiting, for the disk and the network, and what waits together is written together.
//!
//! A delivery is acked after its claim is committed, not when the firewall is done: RabbitMQ takes back what
//! stays unacked for 30 minutes, and downloads take longer. Before it settles the delivery that fills its last slot it
//! stops consuming, so that no message waits behind a full worker. While the ledger is away or full it takes nothing
//! and nacks nothing: the delivery comes again when it is dropped, and the ledger is asked again at growing pauses.
//! A claim that fails for itself is given back, and the next message is taken after a short pause; after some tries its
//! message goes to the dead letters. While the fleet is held, or this worker or all its queues are
//! paused, it takes nothing, and of a paused queue nothing; it goes on by itself, and attempts that run are left alone.
//!
//! # Leaves to others
//! The attempt itself ([`crate::perform`]), reconnecting (the broker), what may be taken ([`crate::orders`]), what
//! becomes of messages whose claims fail (`troubles`).

mod troubles;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use common::broker::{BrokerError, Delivery, Receipt, WakeUps};
use common::domain::hold::{Pause, PauseScope};
use common::domain::job::{JobId, JobType};
use common::engine::Engine;
use common::ledger::{Claim, ClaimedJob, LedgerError};
use common::report::Chain;
use common::shutdown::Shutdown;
use futures_util::future::try_join_all;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout};
use tracing::{debug, warn};

use self::troubles::{Fate, Troubles};
use crate::gate::Gate;
use crate::lease_keeper::{HoldGuard, LeaseKeeper};
use crate::orders::Orders;
use crate::outage::Outage;

/// Time between two beats while nothing may be taken: whoever is not told of the end of a pause sees it then.
const ORDERS_CHECK: Duration = Duration::from_secs(2);

/// Claims at once, in a rush.
const MOST_LINES: usize = 8;

/// Two deliveries to one line within this time are a rush, and another line helps.
const RUSH: Duration = Duration::from_millis(50);

/// A line that helps, and hears nothing for so long, is not needed any more.
const RUSH_IS_OVER: Duration = Duration::from_secs(1);

/// Takes jobs.
pub struct Consumer {
    engine: Engine,
    keeper: Arc<LeaseKeeper>,
    gate: Arc<Gate>,
    orders: Arc<Orders>,
    slots: Arc<Semaphore>,
    /// At least one.
    n_lines: usize,
    /// Slots that a line holds while it waits for a delivery.
    n_kept_free: AtomicUsize,
    /// Calls a line that helps.
    rush: Notify,
    is_subscribed: AtomicBool,
}

/// One of the lines that take deliveries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line {
    /// Always there.
    First,
    /// There in a rush.
    Helper,
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
    /// Nobody needs the help of this line.
    Unneeded,
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
            n_lines: concurrency.clamp(1, MOST_LINES),
            n_kept_free: AtomicUsize::new(0),
            rush: Notify::new(),
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
        self.slots.available_permits() == 0 && self.n_kept_free.load(Ordering::Relaxed) == 0
    }

    /// Hands every job it takes to `start`, until the process drains.
    ///
    /// # Errors
    /// [`BrokerError`] when the broker will never deliver again.
    pub async fn run(&self, stop: &Shutdown, start: impl Fn(Taken)) -> Result<(), BrokerError> {
        let troubles = Mutex::new(Troubles::none());
        let line = |n| if n == 0 { Line::First } else { Line::Helper };
        let lines = (0..self.n_lines).map(|n| self.line(line(n), stop, &start, &troubles));
        try_join_all(lines).await.map(drop)
    }

    /// Takes jobs until the process drains.
    async fn line(
        &self,
        line: Line,
        stop: &Shutdown,
        start: &impl Fn(Taken),
        troubles: &Mutex<Troubles>,
    ) -> Result<(), BrokerError> {
        loop {
            if line == Line::Helper && stop.unless_draining(self.rush.notified()).await.is_none() {
                return Ok(());
            }
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
            if line == Line::First {
                self.is_subscribed.store(true, Ordering::Relaxed);
            }
            let left = self.consume(line, wake_ups.as_mut(), &open, stop, start, troubles).await;
            if line == Line::First {
                self.is_subscribed.store(false, Ordering::Relaxed);
            }
            // What comes from now on goes to others.
            pause(wake_ups.as_mut()).await;
            match left? {
                Left::Draining => return Ok(()),
                Left::Orders | Left::Unneeded => {}
            }
        }
    }

    /// Takes jobs of these types while they are the ones to take.
    async fn consume(
        &self,
        line: Line,
        wake_ups: &mut dyn WakeUps,
        open: &[JobType],
        stop: &Shutdown,
        start: &impl Fn(Taken),
        troubles: &Mutex<Troubles>,
    ) -> Result<Left, BrokerError> {
        let mut came_at: Option<Instant> = None;
        loop {
            let next = async {
                let slot = self.slot(wake_ups).await;
                wake_ups.resume();
                let _kept_free = KeptFree::count(&self.n_kept_free);
                match line {
                    Line::First => (slot, Some(wake_ups.next().await)),
                    Line::Helper => (slot, timeout(RUSH_IS_OVER, wake_ups.next()).await.ok()),
                }
            };
            let (slot, delivery) = tokio::select! {
                biased;
                () = stop.draining() => return Ok(Left::Draining),
                () = self.orders.differ(open) => return Ok(Left::Orders),
                next = next => next,
            };
            // Nobody closes the semaphore.
            let Some(slot) = slot else { return Ok(Left::Draining) };
            let Some(delivery) = delivery else { return Ok(Left::Unneeded) };
            let delivery = delivery?;
            if came_at.replace(Instant::now()).is_some_and(|before| before.elapsed() < RUSH) {
                self.rush.notify_one();
            }
            if self.slots.available_permits() == 0 {
                pause(wake_ups).await;
            }
            match self.take(delivery, slot, start).await {
                Ok(()) => locked(troubles).over(),
                Err(untaken) => {
                    pause(wake_ups).await;
                    // One line is enough to ask again and again whether the ledger is back.
                    if line == Line::Helper && matches!(untaken, Untaken::LedgerAway(_)) {
                        return Ok(Left::Unneeded);
                    }
                    if stop.unless_draining(self.rest(untaken, troubles)).await.is_none() {
                        return Ok(Left::Draining);
                    }
                }
            }
        }
    }

    /// A free slot. While there is none nothing is consumed, so that no message waits here.
    async fn slot(&self, wake_ups: &mut dyn WakeUps) -> Option<OwnedSemaphorePermit> {
        if let Ok(slot) = Arc::clone(&self.slots).try_acquire_owned() {
            return Some(slot);
        }
        pause(wake_ups).await;
        Arc::clone(&self.slots).acquire_owned().await.ok()
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
    async fn rest(&self, untaken: Untaken, troubles: &Mutex<Troubles>) {
        match untaken {
            Untaken::NotHere(receipt) => settled(receipt.give_back().await),
            Untaken::Poisoned { receipt, job, error } => {
                let fate = locked(troubles).poisoned(job, &error);
                match fate {
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
                }
            }
            Untaken::LedgerAway(error) => {
                locked(troubles).ledger.met(&error);
                loop {
                    let pause = locked(troubles).ledger.pause();
                    tokio::time::sleep(pause).await;
                    match self.engine.ledger.check().await {
                        // Only a claim that is answered shows that it is back.
                        Ok(()) => return,
                        Err(error) => locked(troubles).ledger.met(&error),
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

/// A slot that is counted as free while its line waits.
struct KeptFree<'a>(&'a AtomicUsize);

impl<'a> KeptFree<'a> {
    fn count(n_kept_free: &'a AtomicUsize) -> Self {
        n_kept_free.fetch_add(1, Ordering::Relaxed);
        Self(n_kept_free)
    }
}

impl Drop for KeptFree<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn locked(troubles: &Mutex<Troubles>) -> MutexGuard<'_, Troubles> {
    troubles.lock().unwrap_or_else(PoisonError::into_inner)
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
