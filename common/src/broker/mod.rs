//! What wakes workers and carries events.
//!
//! A [wake-up](WakeUp) names a job and is never believed: whoever receives it claims the job in the ledger, and
//! the claim decides. Losing a wake-up costs time (the rescuer sends another), a second one costs nothing. Events
//! go into a log that readers follow from an offset of their own. A [control](Control) says *look now* to workers
//! that listen; losing it costs the time to their next look.
//!
//! [`topology`] holds every exchange and queue name; `in_process` keeps the same promises inside the SQLite
//! ledger, `rabbitmq` on a real broker, and the contract suite in `common/tests/broker` holds both to them.
//!
//! # Guarantees
//! [`Broker::publish`] answers *confirmed* only for what survives a restart of the broker. A delivery that is
//! neither acked nor rejected comes again. What cannot be read is kept, with the reason, out of the way: as a
//! dead letter, which is taken from here only after the ledger has it.

pub mod command;
mod control;
pub mod health;
pub mod in_process;
pub mod rabbitmq;
pub mod topology;
mod wake_up;

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use crate::domain::job::JobType;
use crate::ledger::{DeadLetter, NewDeadLetter, OutboxRow, Settlement};

pub use command::{Command, CommandDelivery, Commands, ReplyTo};
pub use control::{CONTROL_SCHEMA, Control, Controls};
pub use wake_up::{MAX_WAKE_UP_BYTES, Unreadable, WAKE_UP_SCHEMA, WakeUp};

/// Longest time [`Broker::publish`] takes to answer, whatever the broker does. A relay that takes longer than it holds
/// its rows for may publish them while another one does; a message twice does no harm.
pub const PUBLISH_WITHIN: Duration = Duration::from_secs(30);

/// How often a wake-up may be delivered before it becomes a dead letter: each time it was neither acked nor
/// rejected. A claim takes milliseconds, so twenty that all died in it have one cause. RabbitMQ 4.0 made the
/// same number its default (its release notes, 4.0.1); here it is declared, because 3.x has no limit.
pub const MAX_DELIVERIES: u32 = 20;

/// How long events stay in the log: longer than a dashboard or a sink should ever be away.
pub const EVENTS_KEPT: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// What the broker handed over. Settle it: dropping it unsettled makes it come again, here or elsewhere.
pub struct Delivery {
    /// Its content, or why it has none.
    pub wake_up: Result<WakeUp, Unreadable>,
    /// Settles it at the broker it came from.
    pub receipt: Box<dyn Receipt>,
}

/// Settles one delivery, once.
#[async_trait]
pub trait Receipt: Send {
    /// Done with: the claim is committed, or shows that there is nothing to do.
    ///
    /// # Errors
    /// [`BrokerError::Lost`] when the connection went away; the delivery comes again, which does no harm.
    async fn ack(self: Box<Self>) -> Result<(), BrokerError>;

    /// Cannot be read: goes to the dead letters with its bytes. `reason` is logged, and kept where the broker
    /// has a place for it (AMQP has none in a rejection; [`WakeUp::parse`] finds the same reason again).
    ///
    /// # Errors
    /// [`BrokerError::Lost`], as for `ack`.
    async fn reject(self: Box<Self>, reason: &str) -> Result<(), BrokerError>;

    /// Not for us: goes to another consumer, or comes again here. At once, so whoever gives back what it alone
    /// can take gets it in a circle; and up to RabbitMQ 4.2 each turn counts as a delivery.
    ///
    /// # Errors
    /// [`BrokerError::Lost`], as for `ack`.
    async fn give_back(self: Box<Self>) -> Result<(), BrokerError>;
}

/// A dead letter that was taken and waits for its settlement. Ack it when the ledger has it; dropping it makes it
/// come again.
pub struct DeadDelivery {
    /// What is to be kept.
    pub letter: NewDeadLetter,
    /// Settles it at the broker.
    pub receipt: Box<dyn Receipt>,
}

/// What a queue holds, and who listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueDepth {
    /// Messages that wait, without those in somebody's hand.
    pub n_ready: u64,
    /// Consumers. A worker that is full, paused or stopping is none; the embedded broker counts the processes'
    /// own only.
    pub n_consumers: u32,
}

/// A stream of wake-ups with at most one unsettled delivery: [`next`](Self::next) waits until the one before
/// is acked, rejected or dropped.
///
/// Before it takes the delivery that fills its last slot, a worker pauses, so that no message waits behind a
/// full worker while another one is idle.
#[async_trait]
pub trait WakeUps: Send {
    /// The next delivery; waits for as long as it takes (for ever while paused), and reconnects on its own with
    /// back-off. Cancel safe: a call that is dropped loses neither a delivery nor the progress of a reconnect.
    ///
    /// # Errors
    /// [`BrokerError::Closed`] only when it can never deliver again, for example after a wrong password.
    async fn next(&mut self) -> Result<Delivery, BrokerError>;

    /// Takes no more until [`resume`](Self::resume). When this returns, nothing is under way: what comes next
    /// goes to another consumer. Call it before the delivery in hand is acked, because that ack asks for more.
    ///
    /// # Errors
    /// [`BrokerError::Lost`]; the stream is then paused all the same, and the delivery in hand comes again.
    async fn pause(&mut self) -> Result<(), BrokerError>;

    /// Takes deliveries again, from the next call of [`next`](Self::next) on.
    fn resume(&mut self);
}

/// Where a reader of events begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventsFrom {
    /// The oldest that is kept.
    First,
    /// What comes from now on.
    Next,
    /// After this offset. A log that ends before it is another one, as its broker's disk was lost, and is read from
    /// its beginning.
    After(u64),
    /// Published since this time, or a little earlier.
    Since(Timestamp),
}

/// One event as it was published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedEvent {
    /// Grows along the log; keep it to go on from here.
    pub offset: u64,
    /// `evt.<job_type>.<event>`.
    pub routing_key: String,
    /// A CloudEvent, JSON text.
    pub body: String,
}

/// How a process is connected to its broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinkState {
    /// What it consumes from stands. The embedded broker always does.
    pub is_connected: bool,
    /// The broker accepts no messages from it, being short of memory or disk.
    pub is_blocked: bool,
}

/// Follows the log of events.
#[async_trait]
pub trait EventFeed: Send {
    /// The next event; waits for as long as it takes, and reconnects on its own, going on after the last
    /// offset. Cancel safe.
    ///
    /// # Errors
    /// [`BrokerError::Closed`] as for [`WakeUps::next`].
    async fn next(&mut self) -> Result<LoggedEvent, BrokerError>;
}

/// Publishes, delivers, replays.
#[async_trait]
pub trait Broker: Send + Sync {
    /// Makes exchanges and queues as [`topology`] says. Idempotent; needed once before the first publish.
    ///
    /// # Errors
    /// [`BrokerError::NotReachable`], [`BrokerError::Topology`], [`BrokerError::Closed`].
    async fn declare(&self) -> Result<(), BrokerError>;

    /// Publishes a window of outbox rows in their order and waits for all confirms, in all for at most
    /// [`PUBLISH_WITHIN`]. Every row is in exactly one list of the settlement.
    ///
    /// # Errors
    /// [`BrokerError::NotReachable`], [`BrokerError::Topology`] and [`BrokerError::Closed`] when nothing was
    /// published. A connection that breaks in the middle is not an error: the rows without an answer are
    /// `unknown`.
    async fn publish(&self, rows: &[OutboxRow]) -> Result<Settlement, BrokerError>;

    /// Wake-ups of these job types.
    ///
    /// # Errors
    /// [`BrokerError::NotReachable`], [`BrokerError::Topology`], [`BrokerError::Closed`].
    async fn wake_ups(&self, job_types: &[JobType]) -> Result<Box<dyn WakeUps>, BrokerError>;

    /// The log of events.
    ///
    /// # Errors
    /// [`BrokerError::NotReachable`], [`BrokerError::Topology`], [`BrokerError::Closed`].
    async fn events(&self, from: EventsFrom) -> Result<Box<dyn EventFeed>, BrokerError>;

    /// Tells every worker that listens now to look. Not confirmed and never tried again: what nobody hears is
    /// lost, and the ledger has it.
    ///
    /// # Errors
    /// [`BrokerError::NotReachable`], within a bounded time; [`BrokerError::Topology`], [`BrokerError::Closed`].
    async fn tell(&self, control: &Control) -> Result<(), BrokerError>;

    /// What is [told](Self::tell) from now on. A user who may not listen gets a stream that is silent, and a
    /// warning in the log.
    ///
    /// # Errors
    /// [`BrokerError::NotReachable`], [`BrokerError::Topology`], [`BrokerError::Closed`].
    async fn controls(&self) -> Result<Box<dyn Controls>, BrokerError>;

    /// Commands of other programs; `None` where the broker has no door for them, which is so for the embedded one.
    ///
    /// # Errors
    /// [`BrokerError::NotReachable`], [`BrokerError::Topology`], [`BrokerError::Closed`].
    async fn commands(&self) -> Result<Option<Box<dyn Commands>>, BrokerError> {
        Ok(None)
    }

    /// Answers a command. Not confirmed and never tried again: whoever misses it sends the command once more.
    ///
    /// # Errors
    /// [`BrokerError::NotReachable`], within a bounded time; [`BrokerError::Topology`], [`BrokerError::Closed`].
    async fn reply(&self, to: &ReplyTo, body: &str) -> Result<(), BrokerError> {
        let _ = (to, body);
        Ok(())
    }

    /// Dead letters, at most `limit` of them, and at once fewer or none when there are no more. Each is nobody
    /// else's until it is acked, given back or dropped. A body over [`MAX_DEAD_BYTES`] is cut.
    ///
    /// [`MAX_DEAD_BYTES`]: crate::ledger::MAX_DEAD_BYTES
    ///
    /// # Errors
    /// [`BrokerError::NotReachable`], [`BrokerError::Topology`], [`BrokerError::Closed`].
    async fn take_dead(&self, limit: u32) -> Result<Vec<DeadDelivery>, BrokerError>;

    /// Publishes the bytes of a dead letter to the queue they came from, as a new message. When it returns, the
    /// broker has it in a queue.
    ///
    /// # Errors
    /// [`BrokerError::Topology`] when no queue wants it or one is full. [`BrokerError::NotReachable`] and
    /// [`BrokerError::Lost`], after which the broker may have it all the same. [`BrokerError::Closed`].
    async fn requeue(&self, letter: &DeadLetter) -> Result<(), BrokerError>;

    /// What waits in the queue of a job type, and who listens to it; for people, the rescuer and tests.
    ///
    /// # Errors
    /// [`BrokerError::NotReachable`], [`BrokerError::Closed`]; [`BrokerError::Topology`] without that queue.
    async fn depth(&self, job_type: JobType) -> Result<QueueDepth, BrokerError>;

    /// Dead letters that wait to be taken; for people and tests.
    ///
    /// # Errors
    /// As for [`depth`](Self::depth).
    async fn dead_depth(&self) -> Result<u64, BrokerError>;

    /// Checks that the broker answers.
    ///
    /// # Errors
    /// [`BrokerError::NotReachable`], [`BrokerError::Topology`], [`BrokerError::Closed`].
    async fn check(&self) -> Result<(), BrokerError>;

    /// How this process is connected now, as far as it knows; asks nobody.
    async fn link(&self) -> LinkState {
        LinkState { is_connected: true, is_blocked: false }
    }

    /// Where this broker is, without secrets, for messages.
    fn location(&self) -> String;
}

/// Why the broker did not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum BrokerError {
    /// No answer, or none in time: try again later.
    #[error("the broker at {location} is not reachable: {reason}")]
    NotReachable {
        /// Where.
        location: String,
        /// Why, without secrets.
        reason: String,
    },
    /// The connection went away in the middle.
    #[error("the connection to the broker was lost: {reason}")]
    Lost {
        /// Why.
        reason: String,
    },
    /// An exchange, a queue or a routing key is not as it has to be: missing, with other arguments, forbidden to
    /// this user, or full.
    #[error("the broker refused `{name}`: {reason}")]
    Topology {
        /// Which one.
        name: String,
        /// The broker's words, and what to do where we know it.
        reason: String,
    },
    /// It will not serve this program, however often it is asked: a person must change something.
    #[error("the broker refuses to serve this program: {reason}")]
    Closed {
        /// The broker's words.
        reason: String,
    },
    /// What the configuration says about the broker cannot be used.
    #[error("{key}: {reason}")]
    Settings {
        /// The key in the configuration, for example `broker.ca_file`.
        key: &'static str,
        /// What is wrong with its value, which is not repeated.
        reason: String,
    },
}
