//! What wakes workers and carries events.
//!
//! A wake-up names a job and is never believed: whoever receives it claims the job in the ledger, and the
//! claim decides. Losing a wake-up costs time (the rescuer sends another), a second one costs nothing. Events
//! go into a log that readers follow from an offset of their own.
//!
//! [`topology`] holds every exchange and queue name; `in_process` keeps the same promises inside the SQLite
//! ledger, `rabbitmq` on a real broker, and the contract suite in `common/tests/broker` holds both to them.
//!
//! # Guarantees
//! [`Broker::publish`] answers *confirmed* only for what survives a restart of the broker. A delivery that is
//! neither acked nor rejected comes again. What cannot be read is kept, with the reason, out of the way.

pub mod in_process;
pub mod rabbitmq;
pub mod topology;

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::device::Serial;
use crate::domain::job::{JobId, JobType};
use crate::ledger::{OutboxRow, Settlement};

/// Version of the wake-up's shape; a reader refuses what is newer than it knows.
pub const WAKE_UP_SCHEMA: u8 = 1;

/// Largest body that is read, in bytes. A wake-up has about 150; more is not one of ours.
pub const MAX_WAKE_UP_BYTES: usize = 64 * 1024;

/// Longest time [`Broker::publish`] takes to answer, whatever the broker does. Rows that are held in the outbox
/// for longer than this cannot be taken by a second relay while the first one still publishes them.
pub const PUBLISH_WITHIN: Duration = Duration::from_secs(25);

/// How often a wake-up may be delivered before it becomes a dead letter: each time it was neither acked nor
/// rejected. A claim takes milliseconds, so twenty that all died in it have one cause. RabbitMQ 4.0 made the
/// same number its default (its release notes, 4.0.1); here it is declared, because 3.x has no limit.
pub const MAX_DELIVERIES: u32 = 20;

/// How long events stay in the log: longer than a dashboard or a sink should ever be away.
pub const EVENTS_KEPT: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// The message that names a job. Readable on its own, never believed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WakeUp {
    /// [`WAKE_UP_SCHEMA`].
    pub v: u8,
    /// The job to claim.
    pub job_id: JobId,
    /// Its type.
    #[serde(rename = "type")]
    pub job_type: JobType,
    /// Its device.
    pub serial: Serial,
    /// The attempt that a claim would begin.
    pub attempt: u32,
}

impl WakeUp {
    /// Reads a body.
    ///
    /// # Errors
    /// [`Unreadable`], saying what is wrong with it.
    pub fn parse(body: &[u8]) -> Result<Self, Unreadable> {
        if body.len() > MAX_WAKE_UP_BYTES {
            return Err(Unreadable(format!("{} bytes, at most {MAX_WAKE_UP_BYTES} are read", body.len())));
        }
        // The version first: a newer shape is to be called newer, not broken.
        let Version { v } = serde_json::from_slice(body).map_err(|error| Unreadable(error.to_string()))?;
        if v != WAKE_UP_SCHEMA {
            return Err(Unreadable(format!("schema {v}, this program reads {WAKE_UP_SCHEMA}")));
        }
        serde_json::from_slice(body).map_err(|error| Unreadable(error.to_string()))
    }

    /// The body on the wire.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::json!(self).to_string()
    }

    /// `job.<type>.any.default`: the third word picks the pool, so that job queues never overlap.
    #[must_use]
    pub fn routing_key(job_type: JobType) -> String {
        format!("job.{job_type}.any.default")
    }
}

/// What every version of a wake-up has.
#[derive(Deserialize)]
struct Version {
    v: u8,
}

/// Why a body is not a wake-up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a wake-up: {0}")]
pub struct Unreadable(pub String);

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
    /// After this offset.
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

    /// Messages that wait in the queue of a job type, without those in somebody's hand; for people and tests.
    ///
    /// # Errors
    /// [`BrokerError::NotReachable`], [`BrokerError::Closed`]; [`BrokerError::Topology`] without that queue.
    async fn depth(&self, job_type: JobType) -> Result<u64, BrokerError>;

    /// Dead letters that wait for a person; for people and tests.
    ///
    /// # Errors
    /// As for [`depth`](Self::depth).
    async fn dead_depth(&self) -> Result<u64, BrokerError>;

    /// Checks that the broker answers.
    ///
    /// # Errors
    /// [`BrokerError::NotReachable`], [`BrokerError::Topology`], [`BrokerError::Closed`].
    async fn check(&self) -> Result<(), BrokerError>;

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
    /// An exchange or a queue exists with other arguments, or may not be made.
    #[error("the broker refused `{name}`: {reason}")]
    Topology {
        /// Which one.
        name: String,
        /// The broker's words.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wake_up_reads_as_it_was_written() {
        let wake_up = WakeUp {
            v: WAKE_UP_SCHEMA,
            job_id: JobId(4711),
            job_type: JobType::DownloadOnly,
            serial: "007900000100103".parse().unwrap(),
            attempt: 2,
        };
        let json = wake_up.to_json();
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&json).unwrap(),
            serde_json::json!({"v": 1, "job_id": 4711, "type": "download_only", "serial": "007900000100103", "attempt": 2})
        );
        assert_eq!(WakeUp::parse(json.as_bytes()), Ok(wake_up));
    }

    #[test]
    fn what_is_not_a_wake_up_is_refused_with_the_reason() {
        let too_long = vec![b' '; MAX_WAKE_UP_BYTES + 1];
        for (body, reason) in [
            (&b"\xff\x00"[..], "expected value at line 1 column 1"),
            (br#"{"v":1}"#, "missing field `job_id` at line 1 column 7"),
            (br#"{"v":2,"job":"new"}"#, "schema 2, this program reads 1"),
            (&too_long, "65537 bytes, at most 65536 are read"),
        ] {
            assert_eq!(WakeUp::parse(body), Err(Unreadable(reason.to_owned())));
        }
    }
}
