//! Turns wake-ups into attempts: delivery, claim, ack, never more at once than there are slots.
//!
//! # Guarantees
//! A delivery is acked after its claim is committed, not when the firewall is done: RabbitMQ takes back what
//! stays unacked for 30 minutes, and downloads take longer. Before it settles the delivery that fills its last slot it
//! stops consuming, so that no message waits behind a full worker. While the ledger is away it takes nothing
//! and nacks nothing: the delivery comes again when it is dropped. While the fleet is held it takes nothing either,
//! and goes on by itself when the hold ends; attempts that run are left alone.
//!
//! # Leaves to others
//! The attempt itself ([`crate::perform`]), reconnecting (the broker).

use std::sync::Arc;
use std::time::Duration;

use common::broker::{BrokerError, Delivery, WakeUps};
use common::domain::job::JobType;
use common::engine::Engine;
use common::ledger::{Claim, ClaimedJob, LedgerError};
use common::report::Chain;
use common::shutdown::Shutdown;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use tracing::{debug, warn};

use crate::gate::Gate;
use crate::lease_keeper::{HoldGuard, LeaseKeeper};

/// Pause before the ledger is asked again, doubled up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// Longest pause while the ledger is away.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// Time between two looks whether a hold of the fleet has ended.
const HOLD_CHECK: Duration = Duration::from_secs(2);

/// Takes jobs.
pub struct Consumer {
    engine: Engine,
    keeper: Arc<LeaseKeeper>,
    gate: Arc<Gate>,
    job_types: Vec<JobType>,
    slots: Arc<Semaphore>,
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

impl Consumer {
    /// A consumer of these job types with `concurrency` slots.
    #[must_use]
    pub fn new(
        engine: Engine,
        keeper: Arc<LeaseKeeper>,
        gate: Arc<Gate>,
        job_types: Vec<JobType>,
        concurrency: usize,
    ) -> Self {
        Self { engine, keeper, gate, job_types, slots: Arc::new(Semaphore::new(concurrency)) }
    }

    /// Hands every job it takes to `start`, until the process drains.
    ///
    /// # Errors
    /// [`BrokerError`] when the broker will never deliver again.
    pub async fn run(&self, stop: &Shutdown, start: impl Fn(Taken)) -> Result<(), BrokerError> {
        let Some(wake_ups) = stop.unless_draining(self.subscribe()).await else { return Ok(()) };
        let mut wake_ups = wake_ups?;
        loop {
            let slot = Arc::clone(&self.slots).acquire_owned();
            let Some(Ok(slot)) = stop.unless_draining(slot).await else { break };
            wake_ups.resume();
            let Some(delivery) = stop.unless_draining(wake_ups.next()).await else { break };
            let delivery = delivery?;
            if self.slots.available_permits() == 0 {
                pause(wake_ups.as_mut()).await;
            }
            if let Err(error) = self.take(delivery, slot, &start).await {
                warn!("nothing is claimed while the ledger is away: {}", Chain(&error));
                pause(wake_ups.as_mut()).await;
                if stop.unless_draining(self.ledger_is_back()).await.is_none() {
                    break;
                }
            } else if self.gate.is_shut() {
                pause(wake_ups.as_mut()).await;
                if stop.unless_draining(self.fleet_goes_on()).await.is_none() {
                    break;
                }
            }
        }
        pause(wake_ups.as_mut()).await;
        Ok(())
    }

    /// Subscribes, for as long as it takes the broker to come up.
    async fn subscribe(&self) -> Result<Box<dyn WakeUps>, BrokerError> {
        let mut wait = FIRST_PAUSE;
        loop {
            match self.engine.broker.wake_ups(&self.job_types).await {
                Err(error @ (BrokerError::NotReachable { .. } | BrokerError::Lost { .. })) => {
                    warn!("no wake-ups yet, trying again in {wait:?}: {}", Chain(&error));
                    tokio::time::sleep(wait).await;
                    wait = (wait * 2).min(LONGEST_PAUSE);
                }
                answer => return answer,
            }
        }
    }

    async fn take(
        &self,
        delivery: Delivery,
        slot: OwnedSemaphorePermit,
        start: &impl Fn(Taken),
    ) -> Result<(), LedgerError> {
        let wake_up = match delivery.wake_up {
            Ok(wake_up) => wake_up,
            Err(unreadable) => {
                warn!("a message goes to the dead letters: {unreadable}");
                settled(delivery.receipt.reject(&unreadable.to_string()).await);
                return Ok(());
            }
        };
        let asked_at = Instant::now();
        let job = wake_up.job_id;
        let was_shut = self.gate.is_shut();
        let claim = self.engine.ledger.claim(job, self.keeper.worker(), self.keeper.ttl()).await?;
        match claim {
            Claim::Claimed(claimed) => {
                if was_shut {
                    // It would have been refused.
                    self.gate.reopen();
                }
                let hold = self.keeper.hold(claimed.lease.clone(), asked_at);
                settled(delivery.receipt.ack().await);
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
            Claim::Unknown => warn!(job.id = job.0, "a wake-up names job {job}, which is not in this ledger"),
        }
        settled(delivery.receipt.ack().await);
        Ok(())
    }

    /// Ends with the hold. Nobody tells of that, so the ledger is asked.
    async fn fleet_goes_on(&self) {
        loop {
            match self.engine.ledger.hold().await {
                Ok(None) => return self.gate.reopen(),
                Ok(Some(hold)) => self.gate.shut(&hold),
                Err(error) => debug!("cannot see whether the fleet is still held: {}", Chain(&error)),
            }
            tokio::time::sleep(HOLD_CHECK).await;
        }
    }

    async fn ledger_is_back(&self) {
        let mut wait = FIRST_PAUSE;
        while let Err(error) = self.engine.ledger.check().await {
            debug!("the ledger is still away: {}", Chain(&error));
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(LONGEST_PAUSE);
        }
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
