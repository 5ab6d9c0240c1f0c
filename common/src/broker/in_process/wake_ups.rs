//! Takes wake-ups off the queue, one at a time, and settles them.
//!
//! Guarantees: a wake-up that is taken is hidden from everybody for [`HIDDEN_FOR`]; a receipt that is dropped gives
//! it back at once while its stream lives, and after that time when it does not (a process that died). One that is
//! given back in order is free at once for everybody, and its delivery does not count. Taking
//! goes on in the background of the store when a call of `next` is dropped, and the next call picks it up.
//!
//! Leaves to others: claiming; when to pause.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use rusqlite::OptionalExtension;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tracing::warn;

use super::changes::Changes;
use super::consumers::{Consumer, Consumers};
use super::{milliseconds, run};
use crate::broker::{BrokerError, Delivery, MAX_DELIVERIES, Receipt, WakeUp, WakeUps};
use crate::domain::job::JobType;
use crate::ledger::LedgerError;
use crate::ledger::sqlite::Store;

/// How long a delivery is nobody else's. A claim takes milliseconds; only a process that died takes longer.
const HIDDEN_FOR: Duration = Duration::from_secs(30);

/// Longest reason that is kept with a dead letter, in characters: one for a person, not a dump.
const LONGEST_REASON: usize = 500;

/// The wake-ups of some job types.
pub(super) struct EmbeddedWakeUps {
    store: Store,
    /// JSON array of the words.
    job_types: String,
    changes: Changes,
    types: Vec<JobType>,
    consumers: Consumers,
    /// Nothing while it is paused.
    consumer: Option<Consumer>,
    /// A look that began; kept so that what it takes is not lost with a dropped call.
    looking: Option<Looking>,
    /// Its permit is in the receipt that is not settled yet.
    one_in_hand: Arc<Semaphore>,
    /// Handed out and dropped.
    dropped: Arc<Mutex<Vec<i64>>>,
}

type Looking = Pin<Box<dyn Future<Output = Result<Found, LedgerError>> + Send>>;

/// What a look found.
enum Found {
    /// A wake-up that is ours now.
    Taken(Taken),
    /// Nothing; but a hidden one can be taken after this time.
    NothingFor(Option<Duration>),
}

struct Taken {
    id: i64,
    message_id: String,
    body: String,
}

impl EmbeddedWakeUps {
    pub(super) fn new(store: Store, job_types: &[JobType], consumers: Consumers) -> Self {
        let words: Vec<_> = job_types.iter().map(|job_type| job_type.as_str()).collect();
        Self {
            changes: Changes::new(store.clone()),
            store,
            job_types: serde_json::json!(words).to_string(),
            types: job_types.to_vec(),
            consumer: Some(consumers.join(job_types)),
            consumers,
            looking: None,
            one_in_hand: Arc::new(Semaphore::new(1)),
            dropped: Arc::default(),
        }
    }

    fn look(&self) -> Looking {
        let (store, job_types) = (self.store.clone(), self.job_types.clone());
        let dropped = std::mem::take(&mut *self.dropped.lock().unwrap_or_else(PoisonError::into_inner));
        Box::pin(async move {
            if !dropped.is_empty() {
                give_back(&store, dropped).await?;
            }
            match look_for(&store, job_types.clone()).await? {
                Some(Duration::ZERO) => take(&store, job_types).await,
                later => Ok(Found::NothingFor(later)),
            }
        })
    }

    async fn taken(&mut self) -> Taken {
        loop {
            if self.consumer.is_none() {
                std::future::pending::<()>().await;
            }
            if self.looking.is_none() {
                self.changes.looking();
                self.looking = Some(self.look());
            }
            let Some(looking) = &mut self.looking else { continue };
            let found = looking.await;
            self.looking = None;
            match found {
                Ok(Found::Taken(taken)) => return taken,
                Ok(Found::NothingFor(time)) => self.changes.next(time).await,
                Err(error) => self.changes.failed(&error).await,
            }
        }
    }
}

#[async_trait]
impl WakeUps for EmbeddedWakeUps {
    async fn next(&mut self) -> Result<Delivery, BrokerError> {
        let permit = Arc::clone(&self.one_in_hand).acquire_owned().await;
        let permit = permit.map_err(|_| BrokerError::Lost { reason: "the stream has ended".to_owned() })?;
        let taken = self.taken().await;
        let wake_up = WakeUp::parse(taken.body.as_bytes());
        let receipt = EmbeddedReceipt {
            store: self.store.clone(),
            id: taken.id,
            message_id: taken.message_id,
            is_settled: false,
            dropped: Arc::clone(&self.dropped),
            _in_hand: permit,
        };
        Ok(Delivery { wake_up, receipt: Box::new(receipt) })
    }

    async fn pause(&mut self) -> Result<(), BrokerError> {
        self.consumer = None;
        let Some(looking) = self.looking.take() else { return Ok(()) };
        let gone = |error: LedgerError| BrokerError::Lost { reason: error.to_string() };
        match looking.await.map_err(gone)? {
            Found::Taken(taken) => give_back(&self.store, vec![taken.id]).await.map_err(gone),
            Found::NothingFor(_) => Ok(()),
        }
    }

    fn resume(&mut self) {
        self.consumer.get_or_insert_with(|| self.consumers.join(&self.types));
    }
}

/// Settles a wake-up in the file.
struct EmbeddedReceipt {
    store: Store,
    id: i64,
    message_id: String,
    is_settled: bool,
    dropped: Arc<Mutex<Vec<i64>>>,
    /// Lets the stream hand out the next one.
    _in_hand: OwnedSemaphorePermit,
}

/// What becomes of a wake-up.
enum Settle {
    Done,
    Dead { reason: String },
    NotForUs,
}

impl EmbeddedReceipt {
    async fn settle(&mut self, name: &'static str, how: Settle) -> Result<(), BrokerError> {
        let id = self.id;
        let settled = self.store.write(name, move |transaction| {
            match how {
                Settle::Done => run(transaction, include_str!("sql/settle.sql"), [id])?,
                Settle::Dead { reason } => {
                    run(transaction, include_str!("sql/bury.sql"), (id, reason))?;
                    run(transaction, include_str!("sql/settle.sql"), [id])?
                }
                Settle::NotForUs => run(transaction, include_str!("sql/hand_back.sql"), [id])?,
            };
            Ok(())
        });
        settled.await.map_err(|error| BrokerError::Lost { reason: error.to_string() })?;
        self.is_settled = true;
        Ok(())
    }
}

#[async_trait]
impl Receipt for EmbeddedReceipt {
    async fn ack(mut self: Box<Self>) -> Result<(), BrokerError> {
        self.settle("ack", Settle::Done).await
    }

    async fn reject(mut self: Box<Self>, reason: &str) -> Result<(), BrokerError> {
        warn!(message.id = self.message_id, "a wake-up goes to the dead letters: {reason}");
        let reason = reason.chars().take(LONGEST_REASON).collect();
        self.settle("reject", Settle::Dead { reason }).await
    }

    async fn give_back(mut self: Box<Self>) -> Result<(), BrokerError> {
        self.settle("hand_back", Settle::NotForUs).await
    }
}

impl Drop for EmbeddedReceipt {
    fn drop(&mut self) {
        if !self.is_settled {
            self.dropped.lock().unwrap_or_else(PoisonError::into_inner).push(self.id);
        }
    }
}

/// Time until a wake-up can be taken: zero is now, nothing is none.
async fn look_for(store: &Store, job_types: String) -> Result<Option<Duration>, LedgerError> {
    let found = store.read("look_for_wake_up", move |transaction| {
        let mut query = transaction.prepare_cached(include_str!("sql/look_for_wake_up.sql"))?;
        Ok(query.query_row((job_types, milliseconds(HIDDEN_FOR)), |row| row.get::<_, Option<i64>>(0))?)
    });
    Ok(found.await?.map(|ms| Duration::from_millis(u64::try_from(ms).unwrap_or_default())))
}

/// Takes the oldest one; buries what was delivered too often on the way.
async fn take(store: &Store, job_types: String) -> Result<Found, LedgerError> {
    let taken = store.write("take_wake_up", move |transaction| {
        loop {
            let mut query = transaction.prepare_cached(include_str!("sql/take_wake_up.sql"))?;
            let taken = query.query_row((&job_types, milliseconds(HIDDEN_FOR)), |row| {
                let taken = Taken { id: row.get(0)?, message_id: row.get(1)?, body: row.get(2)? };
                Ok((taken, row.get::<_, u32>(3)?))
            });
            match taken.optional()? {
                Some((taken, n_deliveries)) if n_deliveries > MAX_DELIVERIES => {
                    let reason = format!("delivered {MAX_DELIVERIES} times and never settled");
                    warn!(message.id = taken.message_id, "a wake-up goes to the dead letters: {reason}");
                    run(transaction, include_str!("sql/bury.sql"), (taken.id, reason))?;
                    run(transaction, include_str!("sql/settle.sql"), [taken.id])?;
                }
                Some((taken, _)) => return Ok(Some(taken)),
                None => return Ok(None),
            }
        }
    });
    // Somebody else may have been faster; whoever waits looks again when that one's commit shows.
    Ok(taken.await?.map_or(Found::NothingFor(None), Found::Taken))
}

async fn give_back(store: &Store, ids: Vec<i64>) -> Result<(), LedgerError> {
    let given_back = store.write("give_back", move |transaction| {
        for id in &ids {
            run(transaction, include_str!("sql/give_back.sql"), [id])?;
        }
        Ok(())
    });
    given_back.await
}
