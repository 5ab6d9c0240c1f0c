//! Messages on their way, and what is known of each.
//!
//! Guarantees: every message is in exactly one list of the settlement, whatever the broker does and when it stops.
//! Every confirm is awaited by itself: the library's own wait for all of them waits for the last one only and
//! hides nacks, and confirms that are dropped stay in its memory (lapin 4.12, `channel.rs`, `returned_messages.rs`).
//!
//! Not by future: the library hands a returned message to whichever confirm comes next (1 to 3 of 200 were paired
//! wrongly, measured with lapin 4.12.3). What counts is the `message_id` inside the returned message.

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;
use lapin::options::BasicPublishOptions;
use lapin::protocol::BasicProperties;
use lapin::types::{AMQPValue, FieldTable, ShortString};
use lapin::{Channel, Confirmation, PublisherConfirm};
use tokio::time::{Instant, timeout_at};

use crate::broker::topology::{self, COMMANDS, EVENTS, JOBS};
use crate::ledger::{DeadLetter, OutboxKind, OutboxRow, Settlement};
use crate::telemetry::TraceParent;

/// Longest time for a whole window: to write it and to get every confirm. 19,000 confirms per second were measured
/// on two cores, so ten seconds is long for the largest window and short for whoever waits.
pub(super) const WINDOW_WITHIN: Duration = Duration::from_secs(10);

/// `delivery_mode` of a message that is written to disk (AMQP 0-9-1, class basic).
const PERSISTENT: u8 = 2;

/// One message to publish.
pub(super) struct Message<'a> {
    /// What the settlement calls it.
    id: i64,
    exchange: &'static str,
    /// Property `type`: what the body is.
    kind: &'static str,
    message_id: &'a str,
    routing_key: &'a str,
    body: &'a [u8],
    /// Header `traceparent`: a reader that knows nothing of our bodies goes on in the same trace.
    traceparent: Option<&'a TraceParent>,
}

impl<'a> From<&'a OutboxRow> for Message<'a> {
    fn from(row: &'a OutboxRow) -> Self {
        let (exchange, kind) = match row.kind {
            OutboxKind::WakeUp => (JOBS, "panos.job.v1"),
            OutboxKind::Event => (EVENTS, "panos.event.v1"),
        };
        Self {
            id: row.id,
            exchange,
            kind,
            message_id: &row.message_id,
            routing_key: &row.routing_key,
            body: row.body.as_bytes(),
            traceparent: row.traceparent.as_ref(),
        }
    }
}

/// A new message with the old bytes. Of its properties only the `message_id` goes along: RabbitMQ up to 3.13 believes
/// the `x-death` headers that a client publishes (its release notes, 4.0.1), and would call the letter's next
/// death a circle.
impl<'a> From<&'a DeadLetter> for Message<'a> {
    fn from(letter: &'a DeadLetter) -> Self {
        let (exchange, kind) = if topology::is_command(&letter.routing_key) {
            (COMMANDS, "panos.command.v1")
        } else {
            (JOBS, "panos.job.v1")
        };
        Self {
            id: letter.id,
            exchange,
            kind,
            message_id: &letter.message_id,
            routing_key: &letter.routing_key,
            body: &letter.body,
            traceparent: None,
        }
    }
}

/// What the broker said about one message.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Word {
    /// It has it; but an unroutable message is acked too, after it was returned.
    Acked,
    /// It does not want it, and says why.
    Refused(String),
    /// Nothing.
    Unknown,
}

/// Messages on their way, and what is known of each.
pub(super) struct Window<'a> {
    messages: &'a [Message<'a>],
    words: Vec<Word>,
    /// Reasons by `message_id`, from the messages that came back.
    returned: HashMap<String, String>,
    was_nacked: bool,
}

impl<'a> Window<'a> {
    pub(super) fn new(messages: &'a [Message<'a>]) -> Self {
        Self {
            messages,
            words: vec![Word::Unknown; messages.len()],
            returned: HashMap::new(),
            was_nacked: false,
        }
    }

    /// Writes all messages, then waits for all confirms.
    ///
    /// # Errors
    /// The reason why some message has no answer.
    pub(super) async fn run(&mut self, channel: &Channel) -> Result<(), String> {
        let deadline = Instant::now() + WINDOW_WITHIN;
        let mut confirms = Vec::with_capacity(self.messages.len());
        let mut trouble = Ok(());
        for (index, message) in self.messages.iter().enumerate() {
            match write(channel, message, deadline).await {
                Ok(confirm) => confirms.push((index, confirm)),
                Err(NotWritten::Unfit(reason)) => self.words[index] = Word::Refused(reason),
                Err(NotWritten::Broken(reason)) => {
                    trouble = Err(reason);
                    break;
                }
            }
        }
        // Even after trouble: what was confirmed before it need not be sent again. A deadline that has passed
        // still takes the confirms that are here.
        for (index, confirm) in confirms {
            match timeout_at(deadline, confirm).await {
                Ok(Ok(confirmation)) => self.note(index, confirmation),
                Ok(Err(error)) => trouble = trouble.and(Err(error.to_string())),
                Err(_) => {
                    let reason = format!("no confirm within {} s", WINDOW_WITHIN.as_secs());
                    trouble = trouble.and(Err(reason));
                }
            }
        }
        trouble
    }

    fn note(&mut self, index: usize, confirmation: Confirmation) {
        self.words[index] = match &confirmation {
            Confirmation::Ack(_) => Word::Acked,
            Confirmation::Nack(_) => {
                self.was_nacked = true;
                Word::Refused("a queue did not take it: it is full, or in trouble".to_owned())
            }
            Confirmation::NotRequested => Word::Unknown,
        };
        if let Some(message) = confirmation.take_message() {
            let reason = format!(
                "no queue wants the routing key `{}` ({} {})",
                message.delivery.routing_key, message.reply_code, message.reply_text
            );
            if let Some(message_id) = message.delivery.properties.message_id() {
                self.returned.insert(message_id.to_string(), reason);
            }
        }
    }

    /// Whether no queue wanted some message.
    pub(super) fn came_back(&self) -> bool {
        !self.returned.is_empty()
    }

    /// Whether a queue refused some message.
    pub(super) fn was_nacked(&self) -> bool {
        self.was_nacked
    }

    /// The verdict on every message.
    ///
    /// A window with gaps may hide a return: it was to come with a confirm that did not come. Then an ack proves
    /// nothing as soon as anything was returned at all, and the acked ones are sent again, which does no harm.
    pub(super) fn settlement(self) -> Settlement {
        let is_complete = !self.words.contains(&Word::Unknown);
        let mut settlement = Settlement::default();
        for (message, word) in self.messages.iter().zip(self.words) {
            match (word, self.returned.get(message.message_id)) {
                (Word::Acked, Some(reason)) => settlement.refused.push((message.id, reason.clone())),
                (Word::Acked, None) if is_complete || self.returned.is_empty() => {
                    settlement.confirmed.push(message.id);
                }
                (Word::Refused(reason), _) => settlement.refused.push((message.id, reason)),
                (Word::Acked | Word::Unknown, _) => settlement.unknown.push(message.id),
            }
        }
        settlement
    }
}

/// Why a message did not get as far as the socket.
enum NotWritten {
    /// AMQP has no room for it.
    Unfit(String),
    /// The connection is no good any more.
    Broken(String),
}

/// Hands one message to the socket, which is all that this await means: the confirm comes later.
async fn write(
    channel: &Channel,
    message: &Message<'_>,
    deadline: Instant,
) -> Result<PublisherConfirm, NotWritten> {
    let properties = BasicProperties::default()
        .with_delivery_mode(PERSISTENT)
        .with_content_type("application/json".into())
        .with_type(message.kind.into())
        .with_message_id(short("message id", message.message_id)?)
        .with_timestamp(u64::try_from(Timestamp::now().as_second()).unwrap_or_default())
        .with_app_id("panos-upgrade".into())
        .with_headers(headers(message));
    let key = short("routing key", message.routing_key)?;
    let options = BasicPublishOptions { mandatory: true, immediate: false };
    let publish = channel.basic_publish(message.exchange.into(), key, options, message.body, properties);
    match timeout_at(deadline, publish).await {
        Ok(Ok(confirm)) => Ok(confirm),
        Ok(Err(error)) => Err(NotWritten::Broken(error.to_string())),
        Err(_) => Err(NotWritten::Broken(format!("not written within {} s", WINDOW_WITHIN.as_secs()))),
    }
}

/// What says to any reader, ours or not, which trace a message belongs to.
fn headers(message: &Message<'_>) -> FieldTable {
    let mut headers = FieldTable::default();
    if let Some(place) = message.traceparent {
        headers.insert("traceparent".into(), AMQPValue::LongString(place.as_str().into()));
    }
    headers
}

/// A short string holds 255 bytes (AMQP 0-9-1, 4.2.5.3); the library panics on a longer one.
fn short(what: &str, text: &str) -> Result<ShortString, NotWritten> {
    ShortString::try_new(text).map_err(|_| NotWritten::Unfit(format!("its {what} has more than 255 bytes")))
}

#[cfg(test)]
mod tests;
