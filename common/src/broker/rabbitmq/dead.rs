//! Takes dead letters off their queue.
//!
//! Guarantees: at most one letter more than [`TAKEN_AT_ONCE_BYTES`] is in memory at a time; what is taken and not
//! acked is back in the queue as soon as all receipts of one call are gone, or the process is. The channel belongs
//! to the receipts alone, so whatever goes wrong with it touches no wake-up.
//!
//! By `basic.get`, which RabbitMQ discourages for polling (its documentation, "Production Checklist"): the queue is
//! asked a few times a minute, and a consumer would hold letters that nobody has room for.
//!
//! Leaves to others: keeping them.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use lapin::message::{BasicGetMessage, Delivery as Message};
use lapin::options::{BasicAckOptions, BasicGetOptions, BasicNackOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{Acker, Channel};
use tracing::warn;

use super::connection::{CALL_WITHIN, CallError, Link, Live, answered};
use super::receipt::arrived;
use crate::broker::command::Command;
use crate::broker::topology::{self, DEAD};
use crate::broker::{BrokerError, DeadDelivery, MAX_DELIVERIES, Receipt, WakeUp};
use crate::ledger::{MAX_DEAD_BYTES, NewDeadLetter};

/// Bytes of bodies after which one call takes no more: two of the largest that are kept whole, or thousands of the
/// usual ones.
const TAKEN_AT_ONCE_BYTES: usize = 2 * MAX_DEAD_BYTES;

/// Where RabbitMQ writes why, when and from where a message died; the newest death first (its documentation, "Dead
/// Letter Exchanges").
const DEATHS: &str = "x-death";

/// At most `limit` dead letters.
pub(super) async fn take(link: &Link, limit: u32) -> Result<Vec<DeadDelivery>, BrokerError> {
    let live = link.reach().await?;
    match taken(&live, limit).await {
        Ok(letters) => Ok(letters),
        Err(error) => Err(link.not_consumed(&live, DEAD, &error).await),
    }
}

async fn taken(live: &Live, limit: u32) -> Result<Vec<DeadDelivery>, CallError> {
    let channel = Arc::new(live.channel().await?);
    let mut taken = Vec::new();
    let mut n_bytes = 0;
    for _ in 0..limit {
        let get = channel.basic_get(DEAD.into(), BasicGetOptions { no_ack: false });
        let Some(BasicGetMessage { delivery, message_count }) =
            answered("basic.get", CALL_WITHIN, get).await?
        else {
            break;
        };
        let receipt = DeadReceipt { acker: delivery.acker.clone(), _channel: Arc::clone(&channel) };
        let letter = letter(delivery);
        n_bytes += letter.body.len();
        taken.push(DeadDelivery { letter, receipt: Box::new(receipt) });
        if message_count == 0 || n_bytes >= TAKEN_AT_ONCE_BYTES {
            break;
        }
    }
    Ok(taken)
}

/// What is kept of a message.
fn letter(message: Message) -> NewDeadLetter {
    let died = message.properties.headers().as_ref().and_then(newest_death);
    let word = died.and_then(|death| match death.inner().get("reason") {
        Some(AMQPValue::LongString(reason)) => Some(reason.to_string()),
        Some(_) | None => None,
    });
    let message_id = message.properties.message_id().as_ref().map_or_else(String::new, ToString::to_string);
    let unreadable = if topology::is_command(message.routing_key.as_str()) {
        Command::parse(&message.data, &message_id).err()
    } else {
        WakeUp::parse(&message.data).err()
    };
    let reason = unreadable.map_or_else(|| reason(word.as_deref()), |unreadable| unreadable.0);
    let at = died.and_then(|death| match death.inner().get("time") {
        Some(AMQPValue::Timestamp(seconds)) => Some(*seconds),
        Some(_) | None => None,
    });
    let (routing_key, published_at) = (message.routing_key.to_string(), *message.properties.timestamp());
    let mut body = message.data;
    let size_bytes = body.len() as u64;
    if body.len() > MAX_DEAD_BYTES {
        body.truncate(MAX_DEAD_BYTES);
        body.shrink_to_fit();
    }
    // Not now: taken once more, it has to be the same letter. One that says nothing died at the beginning of time.
    let died_at =
        at.or(published_at).and_then(|seconds| Timestamp::from_second(i64::try_from(seconds).ok()?).ok());
    NewDeadLetter {
        message_id,
        routing_key,
        body,
        size_bytes,
        reason,
        died_at: died_at.unwrap_or(Timestamp::UNIX_EPOCH),
    }
}

fn newest_death(headers: &FieldTable) -> Option<&FieldTable> {
    match headers.inner().get(DEATHS)? {
        AMQPValue::FieldArray(deaths) => match deaths.as_slice().first()? {
            AMQPValue::FieldTable(death) => Some(death),
            _ => None,
        },
        _ => None,
    }
}

/// Why a message that can be read is here, in our words.
fn reason(word: Option<&str>) -> String {
    match word {
        Some("delivery_limit") => format!("delivered {MAX_DELIVERIES} times and never settled"),
        Some("rejected") => "rejected by a consumer that could not read it".to_owned(),
        Some("expired") => "waited longer than its queue allows".to_owned(),
        Some("maxlen") => "its queue was full".to_owned(),
        Some(other) => format!("died by `{}`", other.chars().take(60).collect::<String>().escape_debug()),
        None => "the broker does not say why".to_owned(),
    }
}

/// The way back of one letter.
struct DeadReceipt {
    acker: Acker,
    /// Closes with the last receipt of its call, and takes along what is not settled.
    _channel: Arc<Channel>,
}

#[async_trait]
impl Receipt for DeadReceipt {
    async fn ack(self: Box<Self>) -> Result<(), BrokerError> {
        arrived("basic.ack", self.acker.ack(BasicAckOptions::default())).await
    }

    /// Gives it back: behind this queue there is no other one, and a rejected letter would be lost.
    async fn reject(self: Box<Self>, reason: &str) -> Result<(), BrokerError> {
        warn!("a dead letter stays at the broker: {reason}");
        self.give_back().await
    }

    async fn give_back(self: Box<Self>) -> Result<(), BrokerError> {
        let options = BasicNackOptions { requeue: true, multiple: false };
        arrived("basic.nack", self.acker.nack(options)).await
    }
}
