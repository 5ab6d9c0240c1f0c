//! Takes dead letters off their table, and puts them back into the queue.
//!
//! Guarantees: a letter that was taken is not taken again by this process while its receipt lives; one that is not
//! acked stays. Another process on the file may take the same letter: the ledger keeps it once.
//!
//! Leaves to others: keeping letters, and what a person decides about them.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use jiff::Timestamp;

use super::run;
use crate::broker::{BrokerError, DeadDelivery, Receipt, WakeUp};
use crate::domain::job::JobType;
use crate::ledger::sqlite::Store;
use crate::ledger::{DeadLetter, LedgerError, NewDeadLetter};

/// Letters that were taken and are not settled.
#[derive(Clone, Default)]
pub(super) struct InHand(Arc<Mutex<BTreeSet<i64>>>);

impl InHand {
    fn with<T>(&self, change: impl FnOnce(&mut BTreeSet<i64>) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Takes the oldest letters that nobody here has.
pub(super) async fn take(
    store: &Store,
    in_hand: &InHand,
    limit: u32,
) -> Result<Vec<DeadDelivery>, LedgerError> {
    let known = in_hand.clone();
    let taken = store.read("read_dead", move |transaction| {
        let mut query = transaction.prepare_cached(include_str!("sql/read_dead.sql"))?;
        let not_these = known.with(|ids| serde_json::json!(ids).to_string());
        let mut rows = query.query((limit, not_these))?;
        let mut letters = Vec::new();
        while let Some(row) = rows.next()? {
            letters.push((row.get::<_, i64>("id")?, letter(row)?));
        }
        // Reads run one after the other, so nobody else here has seen these.
        known.with(|ids| ids.extend(letters.iter().map(|(id, _)| *id)));
        Ok(letters.into_iter().map(|(id, letter)| (Held { id, in_hand: known.clone() }, letter)).collect())
    });
    let taken: Vec<(Held, NewDeadLetter)> = taken.await?;
    let deliveries = taken.into_iter().map(|(held, letter)| {
        let receipt = Box::new(DeadReceipt { store: store.clone(), held });
        DeadDelivery { letter, receipt }
    });
    Ok(deliveries.collect())
}

/// Nothing in a row may keep the letters behind it from being taken, so what cannot be is replaced.
fn letter(row: &rusqlite::Row<'_>) -> rusqlite::Result<NewDeadLetter> {
    let job_type: String = row.get("job_type")?;
    let body = row.get::<_, String>("body")?.into_bytes();
    Ok(NewDeadLetter {
        message_id: row.get("message_id")?,
        routing_key: job_type.parse().map_or(job_type, WakeUp::routing_key),
        size_bytes: u64::try_from(body.len()).unwrap_or(u64::MAX),
        body,
        reason: row.get("reason")?,
        died_at: Timestamp::from_millisecond(row.get("died_at")?).unwrap_or(Timestamp::UNIX_EPOCH),
    })
}

/// Puts the bytes of a letter into the queue that their routing key names.
pub(super) async fn requeue(store: &Store, letter: &DeadLetter) -> Result<(), BrokerError> {
    let refused = |reason: String| BrokerError::Topology { name: letter.routing_key.clone(), reason };
    let kept_bytes = u64::try_from(letter.body.len()).unwrap_or(u64::MAX);
    if kept_bytes < letter.size_bytes {
        return Err(refused(format!("only {kept_bytes} of its {} bytes were kept", letter.size_bytes)));
    }
    let job_type = JobType::ALL
        .into_iter()
        .find(|job_type| WakeUp::routing_key(*job_type) == letter.routing_key)
        .ok_or_else(|| refused("no queue takes this routing key".to_owned()))?;
    let body = String::from_utf8(letter.body.clone())
        .map_err(|_| refused("the embedded queue holds text, and this is none".to_owned()))?;
    let row = serde_json::json!([[job_type.as_str(), letter.message_id, body]]).to_string();
    let published = store.write("requeue", move |transaction| {
        run(transaction, include_str!("sql/publish_wake_ups.sql"), [row])?;
        Ok(())
    });
    published.await.map_err(super::not_reachable(store))
}

/// A letter is nobody else's in this process while this lives.
struct Held {
    id: i64,
    in_hand: InHand,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.in_hand.with(|ids| ids.remove(&self.id));
    }
}

/// Settles a dead letter in the file.
struct DeadReceipt {
    store: Store,
    held: Held,
}

#[async_trait]
impl Receipt for DeadReceipt {
    async fn ack(self: Box<Self>) -> Result<(), BrokerError> {
        let id = self.held.id;
        let settled = self.store.write("settle_dead", move |transaction| {
            run(transaction, include_str!("sql/settle_dead.sql"), [id])?;
            Ok(())
        });
        settled.await.map_err(|error| BrokerError::Lost { reason: error.to_string() })
    }

    /// It is a dead letter already, and stays one.
    async fn reject(self: Box<Self>, _reason: &str) -> Result<(), BrokerError> {
        Ok(())
    }

    async fn give_back(self: Box<Self>) -> Result<(), BrokerError> {
        Ok(())
    }
}
