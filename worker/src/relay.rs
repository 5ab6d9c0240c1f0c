//! Publishes due outbox rows in their order, at least once, and makes scheduled jobs available when they
//! come due.
//!
//! Guarantees: a row is done with only after the broker confirmed it; two relays never hold one row. A crash
//! between confirm and settlement, or a broker that takes longer to answer than rows are held, publishes it again, which
//! does no harm: a consumer of wake-ups finds nothing to claim, a reader of events sees an id twice. Leaves to others: order between jobs (nobody), jobs
//! dispatched and never claimed (`rescuer`).
//!
//! Woken by [`Relay::nudge`] after a commit of this process and by a timer (`relay.every`); either is enough.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use common::broker::BrokerError;
use common::engine::Engine;
use common::ledger::{LedgerError, Settlement, TakenRows};
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::debug;

use crate::measure;
use crate::outage::Outage;

/// How long a round may keep its rows before another relay takes them: what a relay that died held is late by as much.
/// A window takes milliseconds; one that hangs for longer may be published twice, which does no harm, and its late
/// settlement frees nobody else's rows.
const HOLD: Duration = Duration::from_secs(10);

/// Time between a nudge and the round: the commits of many attempts share one.
const LINGER: Duration = Duration::from_millis(20);

/// Jobs made available per round; more wait for the next one.
const PROMOTE_LIMIT: u32 = 1_000;

/// Publishes what the outbox holds.
pub struct Relay {
    engine: Engine,
    every: Duration,
    window: u32,
    nudged: Notify,
    /// Never over: others are confirmed in between. So one is told every so often at most.
    refusals: Mutex<Outage>,
    /// When a round last came to its end.
    went_at: Mutex<Instant>,
}

/// Rows that the broker did not want.
#[derive(Debug, thiserror::Error)]
#[error("{n_rows} in one round, the first one: {reason}")]
struct Refusal {
    n_rows: usize,
    reason: String,
}

/// Why rows could not be published now. They stay in the outbox.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// The ledger did not answer.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The broker did not answer.
    #[error(transparent)]
    Broker(#[from] BrokerError),
    /// Rows were left when the time was up; the next relay publishes them.
    #[error("the outbox is not empty after {within:?}")]
    NotInTime {
        /// The time it had.
        within: Duration,
    },
}

impl Relay {
    /// A relay that looks every `every` and publishes up to `window` rows at a time.
    #[must_use]
    pub fn new(engine: Engine, every: Duration, window: usize) -> Self {
        let window = u32::try_from(window).unwrap_or(u32::MAX);
        let refusals = Mutex::new(Outage::none("the broker refuses messages"));
        let went_at = Mutex::new(Instant::now());
        Self { engine, every, window, nudged: Notify::new(), refusals, went_at }
    }

    /// Says that something was committed.
    pub fn nudge(&self) {
        self.nudged.notify_one();
    }

    /// Time since the outbox was gone through without an error.
    #[must_use]
    pub fn lag(&self) -> Duration {
        self.went_at.lock().unwrap_or_else(PoisonError::into_inner).elapsed()
    }

    /// Publishes until `end`.
    pub async fn run(&self, end: &CancellationToken) {
        let mut outage = Outage::none("the outbox is not relayed");
        loop {
            let round = self.round().await;
            if round.is_ok() {
                *self.went_at.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
            }
            let next = match round {
                Ok(Round { full: true, .. }) if !end.is_cancelled() => {
                    outage.over();
                    continue;
                }
                Ok(Round { next_due, .. }) => {
                    outage.over();
                    self.until_next(next_due)
                }
                Err(error) => {
                    outage.met(&error);
                    outage.pause()
                }
            };
            tokio::select! {
                () = end.cancelled() => return,
                () = tokio::time::sleep(next) => {}
                () = self.nudged.notified(), if !outage.is_on() => tokio::time::sleep(LINGER).await,
            }
        }
    }

    /// A job that is due and was not promoted is in somebody else's hand: asking at once again would be all that
    /// this loop does until that one lets go.
    fn until_next(&self, next_due: Option<Duration>) -> Duration {
        next_due.map_or(self.every, |due| due.max(LINGER).min(self.every))
    }

    /// Publishes until the outbox is empty.
    ///
    /// # Errors
    /// What stopped it; [`RelayError::NotInTime`] after `within`, also in the middle of a round. The rows that are
    /// left are not lost.
    pub async fn flush(&self, within: Duration) -> Result<(), RelayError> {
        let emptied = tokio::time::timeout(within, self.empty()).await;
        emptied.unwrap_or(Err(RelayError::NotInTime { within }))
    }

    async fn empty(&self) -> Result<(), RelayError> {
        loop {
            let round = self.round().await?;
            if !round.full && self.engine.ledger.outbox_depth().await? == 0 {
                return Ok(());
            }
            if round.n_rows == 0 {
                // Another relay holds them, or they rest after a refusal: look again, until the time is up.
                tokio::time::sleep(LINGER).await;
            }
        }
    }

    async fn round(&self) -> Result<Round, RelayError> {
        let ledger = &self.engine.ledger;
        let (n_promoted, next_due) = ledger.promote_due(PROMOTE_LIMIT).await?;
        let TakenRows { by, rows } = ledger.take_outbox(self.window, HOLD).await?;
        if rows.is_empty() {
            return Ok(Round { n_rows: 0, full: false, next_due });
        }
        let settlement = match self.engine.broker.publish(&rows).await {
            Ok(settlement) => settlement,
            Err(error) => {
                // Nothing was published: the rows come free at once instead of after their hold.
                let unknown = rows.iter().map(|row| row.id).collect();
                ledger.settle_outbox(by, &Settlement { unknown, ..Settlement::default() }).await?;
                return Err(error.into());
            }
        };
        ledger.settle_outbox(by, &settlement).await?;
        measure::relayed(&settlement);
        for (id, reason) in &settlement.refused {
            debug!(outbox.id = id, "message {id} was refused and will be tried again: {reason}");
        }
        if let Some((_, reason)) = settlement.refused.first() {
            let refusal = Refusal { n_rows: settlement.refused.len(), reason: reason.clone() };
            self.refusals.lock().unwrap_or_else(PoisonError::into_inner).met(&refusal);
        }
        debug!(n_rows = rows.len(), n_promoted, "relayed {} messages", settlement.confirmed.len());
        let all_went = settlement.refused.is_empty() && settlement.unknown.is_empty();
        let full = all_went && (rows.len() == self.window as usize || n_promoted == PROMOTE_LIMIT as usize);
        Ok(Round { n_rows: rows.len(), full, next_due })
    }
}

/// What one round did.
struct Round {
    n_rows: usize,
    /// More is waiting: go on without a pause.
    full: bool,
    next_due: Option<Duration>,
}
