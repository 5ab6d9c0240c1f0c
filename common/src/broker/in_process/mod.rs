//! The embedded broker: queue, dead letters, controls and log of events inside the SQLite ledger.
//!
//! | file | holds |
//! |---|---|
//! | `changes` | knowing when to look again |
//! | `wake_ups` | taking wake-ups and settling them |
//! | `consumers` | who takes wake-ups here |
//! | `dead` | taking dead letters, and putting them back into the queue |
//! | `controls` | telling all processes on the file to look |
//! | `events` | following the log |
//!
//! Guarantees: what was published is on disk when `publish` returns. A delivery is hidden for 30 s and then comes
//! again, unless it was acked or rejected; after [`MAX_DELIVERIES`] it becomes a dead letter with the reason. Several
//! processes may use one file: a commit of this one wakes at once, another one's is seen within 150 ms.
//!
//! Leaves to others: the tables (`migrations/sqlite`, all that begin with `broker_`), and the thread that SQLite lives on
//! ([`Store`]). Nothing is spawned here.
//!
//! [`MAX_DELIVERIES`]: super::MAX_DELIVERIES

mod changes;
mod consumers;
mod controls;
mod dead;
mod events;
mod wake_ups;

use async_trait::async_trait;
use rusqlite::Transaction;

use self::consumers::Consumers;
use self::controls::EmbeddedControls;
use self::dead::InHand;
use self::events::EmbeddedEvents;
use self::wake_ups::EmbeddedWakeUps;
use super::{
    Broker, BrokerError, Control, Controls, DeadDelivery, EVENTS_KEPT, EventFeed, EventsFrom, QueueDepth,
    WakeUps,
};
use crate::domain::job::JobType;
use crate::ledger::sqlite::Store;
use crate::ledger::{DeadLetter, LedgerError, OutboxKind, OutboxRow, Settlement};

/// Old events that one publish drops at most: more than one publish adds, so that the log shrinks, and few enough
/// to take a millisecond.
const PRUNED_AT_ONCE: i64 = 2_000;

/// The broker inside a SQLite ledger.
pub struct InProcessBroker {
    store: Store,
    consumers: Consumers,
    dead_in_hand: InHand,
}

impl InProcessBroker {
    /// On a store whose schema is in place.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self { store, consumers: Consumers::default(), dead_in_hand: InHand::default() }
    }
}

#[async_trait]
impl Broker for InProcessBroker {
    /// Nothing to do: the tables came with the ledger's.
    async fn declare(&self) -> Result<(), BrokerError> {
        self.check().await
    }

    async fn publish(&self, rows: &[OutboxRow]) -> Result<Settlement, BrokerError> {
        if rows.is_empty() {
            return Ok(Settlement::default());
        }
        let (wake_ups, events): (Vec<_>, Vec<_>) = rows.iter().partition(|row| match row.kind {
            OutboxKind::WakeUp => true,
            OutboxKind::Event => false,
        });
        let wake_ups = columns(&wake_ups, |row| [row.job_type.as_str(), &row.message_id, &row.body]);
        let events = columns(&events, |row| [&row.message_id, &row.routing_key, &row.body]);
        self.store
            .write("publish", move |transaction| {
                if let Some(wake_ups) = wake_ups {
                    run(transaction, include_str!("sql/publish_wake_ups.sql"), [wake_ups])?;
                }
                if let Some(events) = events {
                    run(transaction, include_str!("sql/publish_events.sql"), [events])?;
                    let limits = (milliseconds(EVENTS_KEPT), PRUNED_AT_ONCE);
                    run(transaction, include_str!("sql/prune_events.sql"), limits)?;
                }
                Ok(())
            })
            .await
            .map_err(not_reachable(&self.store))?;
        Ok(Settlement { confirmed: rows.iter().map(|row| row.id).collect(), ..Settlement::default() })
    }

    async fn wake_ups(&self, job_types: &[JobType]) -> Result<Box<dyn WakeUps>, BrokerError> {
        self.check().await?;
        Ok(Box::new(EmbeddedWakeUps::new(self.store.clone(), job_types, self.consumers.clone())))
    }

    async fn events(&self, from: EventsFrom) -> Result<Box<dyn EventFeed>, BrokerError> {
        Ok(Box::new(EmbeddedEvents::start(self.store.clone(), from).await?))
    }

    async fn tell(&self, control: &Control) -> Result<(), BrokerError> {
        controls::tell(&self.store, control).await.map_err(not_reachable(&self.store))
    }

    async fn controls(&self) -> Result<Box<dyn Controls>, BrokerError> {
        let controls = EmbeddedControls::start(self.store.clone()).await;
        Ok(Box::new(controls.map_err(not_reachable(&self.store))?))
    }

    async fn take_dead(&self, limit: u32) -> Result<Vec<DeadDelivery>, BrokerError> {
        dead::take(&self.store, &self.dead_in_hand, limit).await.map_err(not_reachable(&self.store))
    }

    async fn requeue(&self, letter: &DeadLetter) -> Result<(), BrokerError> {
        dead::requeue(&self.store, letter).await
    }

    async fn depth(&self, job_type: JobType) -> Result<QueueDepth, BrokerError> {
        let count = self.store.read("count_wake_ups", move |transaction| {
            let mut query = transaction.prepare_cached(include_str!("sql/count_wake_ups.sql"))?;
            Ok(query.query_row([job_type.as_str()], |row| row.get::<_, i64>(0))?)
        });
        let n_ready = count.await.map_err(not_reachable(&self.store))?.unsigned_abs();
        Ok(QueueDepth { n_ready, n_consumers: self.consumers.of(job_type) })
    }

    async fn dead_depth(&self) -> Result<u64, BrokerError> {
        let count = self.store.read("count_dead", |transaction| {
            let mut query = transaction.prepare_cached(include_str!("sql/count_dead.sql"))?;
            Ok(query.query_row([], |row| row.get::<_, i64>(0))?)
        });
        count.await.map(i64::unsigned_abs).map_err(not_reachable(&self.store))
    }

    async fn check(&self) -> Result<(), BrokerError> {
        self.dead_depth().await.map(drop)
    }

    fn location(&self) -> String {
        location(&self.store)
    }
}

fn location(store: &Store) -> String {
    format!("embedded in sqlite:{}", store.path().display())
}

/// Every failure of the store means the same to a user of the broker: not now.
fn not_reachable(store: &Store) -> impl FnOnce(LedgerError) -> BrokerError {
    let location = location(store);
    move |error| {
        let reason = match error {
            LedgerError::NotReachable { reason, .. } | LedgerError::Full { reason, .. } => reason,
            LedgerError::LeaseLost { .. }
            | LedgerError::UnknownJob { .. }
            | LedgerError::UnknownDevice { .. }
            | LedgerError::UnknownWorker { .. }
            | LedgerError::UnknownDeadLetter { .. }
            | LedgerError::Schema { .. }
            | LedgerError::Store { .. } => error.to_string(),
        };
        BrokerError::NotReachable { location, reason }
    }
}

/// Rows as one JSON parameter; nothing for no rows.
fn columns<'a>(rows: &[&'a OutboxRow], of: impl Fn(&'a OutboxRow) -> [&'a str; 3]) -> Option<String> {
    let rows: Vec<_> = rows.iter().map(|row| of(row)).collect();
    (!rows.is_empty()).then(|| serde_json::json!(rows).to_string())
}

fn run(
    transaction: &Transaction<'_>,
    sql: &str,
    parameters: impl rusqlite::Params,
) -> rusqlite::Result<usize> {
    transaction.prepare_cached(sql)?.execute(parameters)
}

fn milliseconds(duration: std::time::Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
