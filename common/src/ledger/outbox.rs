//! The outbox: what was written with a change and still has to be told.

use std::time::Duration;

use async_trait::async_trait;
use uuid::Uuid;

use super::LedgerError;
use crate::domain::job::{JobId, JobType};
use crate::telemetry::TraceParent;

/// Which exchange a row is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OutboxKind {
    /// A job is due: for workers.
    WakeUp,
    /// Something happened: for whoever listens.
    Event,
}

impl OutboxKind {
    /// The word in tables.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::WakeUp => "wake_up",
            Self::Event => "event",
        }
    }
}

/// One message that waits to be published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxRow {
    /// Position; rows of one job are published in this order.
    pub id: i64,
    /// Which exchange.
    pub kind: OutboxKind,
    /// Whose.
    pub job: JobId,
    /// Its type, which picks the queue.
    pub job_type: JobType,
    /// `message_id` on the wire: `<job>:<dispatch>` of a wake-up, the event's id of an event.
    pub message_id: String,
    /// Routing key.
    pub routing_key: String,
    /// Whole body, JSON.
    pub body: String,
    /// Where in a trace the job was wished for; header `traceparent` on the wire.
    pub traceparent: Option<TraceParent>,
}

/// Names one taking of rows, so that a late settlement frees nobody else's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RelayToken(pub Uuid);

/// Rows that one relay holds for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenRows {
    /// Settle them under this name.
    pub by: RelayToken,
    /// Oldest first.
    pub rows: Vec<OutboxRow>,
}

/// What waits to be published, for whoever watches.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OutboxState {
    /// Rows that wait, taken or not.
    pub n_rows: u64,
    /// How long the oldest of them waits.
    pub oldest: Option<Duration>,
    /// Rows among them that the broker refused at least once.
    pub n_refused: u64,
    /// Why, for the one that was refused last.
    pub last_problem: Option<String>,
}

/// What the broker said about taken rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settlement {
    /// Confirmed: done with.
    pub confirmed: Vec<i64>,
    /// Refused or unroutable, with the reason: tried again after [`REFUSED_PAUSE`], and later and later.
    pub refused: Vec<(i64, String)>,
    /// Not known: tried again at once.
    pub unknown: Vec<i64>,
}

/// How long a row rests that was refused for the first time: a queue that was deleted is there again by then. Twice
/// as long with each refusal, up to [`LONGEST_REFUSED_PAUSE`].
pub const REFUSED_PAUSE: Duration = Duration::from_secs(5);

/// The longest rest of a refused row, so that one that is never taken costs little.
pub const LONGEST_REFUSED_PAUSE: Duration = Duration::from_secs(60);

/// Hands rows to relays.
///
/// # Guarantees
/// Two relays never hold one row at the same time; rows of one job are never held by two relays at once, so
/// their order survives, but for a row that the broker refuses in the middle of a window. A relay that dies loses
/// nothing: its rows come free after `hold`. One that was only slow finds that they are somebody else's by then, and
/// changes nothing about those.
#[async_trait]
pub trait Outbox: Send + Sync {
    /// Takes up to `limit` rows, oldest first, for `hold`.
    ///
    /// # Errors
    /// [`LedgerError::NotReachable`], [`LedgerError::Store`].
    async fn take_outbox(&self, limit: u32, hold: Duration) -> Result<TakenRows, LedgerError>;

    /// Writes down what the broker said. Confirmed rows are deleted and their jobs marked as dispatched, whoever holds
    /// them by now: they are confirmed. Refused and unknown ones change only where they are still held by `by`.
    ///
    /// # Errors
    /// [`LedgerError::NotReachable`], [`LedgerError::Store`].
    async fn settle_outbox(&self, by: RelayToken, settlement: &Settlement) -> Result<(), LedgerError>;

    /// Rows that wait, taken or not.
    ///
    /// # Errors
    /// [`LedgerError::NotReachable`], [`LedgerError::Store`].
    async fn outbox_depth(&self) -> Result<u64, LedgerError>;

    /// What waits, since when, and what went wrong.
    ///
    /// # Errors
    /// [`LedgerError::NotReachable`], [`LedgerError::Store`].
    async fn outbox_state(&self) -> Result<OutboxState, LedgerError>;
}
