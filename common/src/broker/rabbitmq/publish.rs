//! Publishes a window of rows and says of each what became of it.
//!
//! Guarantees: *confirmed* means that the broker routed the row to a queue and has it on the disks of a majority
//! (RabbitMQ documentation, "Publisher Confirms"); a row that no queue wants, or that a full queue rejected, is
//! *refused*; everything else is *unknown*. An answer comes within [`WINDOW_WITHIN`], also from a broker that reads
//! nothing. After an incomplete window its channel is dropped, so that late confirms meet nobody.
//!
//! Not by future: the library hands a returned message to whichever confirm comes next (1 to 3 of 200 were paired
//! wrongly, measured with lapin 4.12.3). What counts is the `message_id` inside the returned message.
//!
//! Leaves to others: which rows, and when to try again (the relay).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use lapin::options::BasicPublishOptions;
use lapin::protocol::BasicProperties;
use lapin::types::ShortString;
use lapin::{Channel, Confirmation, PublisherConfirm};
use tokio::time::{Instant, timeout, timeout_at};
use tracing::warn;

use super::connection::{Link, Live};
use crate::broker::{BrokerError, PUBLISH_WITHIN, topology};
use crate::ledger::{OutboxKind, OutboxRow, Settlement};

/// Longest time for a whole window: to write it and to get every confirm. 19,000 confirms per second were measured
/// on two cores, so ten seconds is long for the largest window and short for whoever waits.
const WINDOW_WITHIN: Duration = Duration::from_secs(10);

/// Longest time until a window can begin: to connect, to declare, to open a channel.
const READY_WITHIN: Duration = Duration::from_secs(15);

const _: () = assert!(READY_WITHIN.as_secs() + WINDOW_WITHIN.as_secs() <= PUBLISH_WITHIN.as_secs());

/// `delivery_mode` of a message that is written to disk (AMQP 0-9-1, class basic).
const PERSISTENT: u8 = 2;

/// Publishes on the connection of a link.
pub(super) struct Publisher {
    link: Arc<Link>,
    /// The channel of the last window, while nothing was wrong with it. Who publishes takes it out; who comes
    /// meanwhile opens another one.
    idle: Mutex<Option<Confirming>>,
}

/// A channel with confirms, and the connection it belongs to.
struct Confirming {
    live: Arc<Live>,
    channel: Channel,
}

/// What the broker said about one row.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Word {
    /// It has it; but an unroutable message is acked too, after it was returned.
    Acked,
    /// It does not want it, and says why.
    Refused(String),
    /// Nothing.
    Unknown,
}

impl Publisher {
    pub(super) fn new(link: Arc<Link>) -> Self {
        Self { link, idle: Mutex::new(None) }
    }

    /// Publishes `rows` in their order.
    ///
    /// # Errors
    /// When nothing was published.
    pub(super) async fn publish(&self, rows: &[OutboxRow]) -> Result<Settlement, BrokerError> {
        if rows.is_empty() {
            return Ok(Settlement::default());
        }
        let confirming = timeout(READY_WITHIN, self.ready()).await.unwrap_or_else(|_| {
            Err(self.link.not_reachable(format!("no channel within {} s", READY_WITHIN.as_secs())))
        })?;
        Ok(self.publish_on(confirming, rows).await)
    }

    /// A channel with nothing under way on it.
    async fn ready(&self) -> Result<Confirming, BrokerError> {
        let live = self.link.reach().await?;
        if live.is_blocked() {
            // Keeping it is right: it is told the moment the alarm is over, and a new one would be blocked too.
            let reason = "it accepts no messages, because it is short of memory or disk".to_owned();
            return Err(self.link.not_reachable(reason));
        }
        match self.take_idle(&live) {
            Some(confirming) => Ok(confirming),
            None => match live.confirming_channel().await {
                Ok(channel) => Ok(Confirming { live, channel }),
                Err(error) => {
                    live.give_up();
                    Err(self.link.not_reachable(error.to_string()))
                }
            },
        }
    }

    async fn publish_on(&self, confirming: Confirming, rows: &[OutboxRow]) -> Settlement {
        let mut window = Window::new(rows);
        let settled = window.run(&confirming.channel).await;
        match settled {
            Ok(()) => self.put_idle(confirming),
            // Blocked in the middle: the channel goes, the connection stays and tells us when it is over.
            Err(reason) if confirming.live.is_blocked() => {
                warn!(n_rows = rows.len(), "the broker accepts no messages (memory or disk): {reason}");
            }
            Err(reason) => {
                warn!(n_rows = rows.len(), "a window of messages stays without answer: {reason}");
                confirming.live.give_up();
            }
        }
        window.settlement()
    }

    fn take_idle(&self, live: &Arc<Live>) -> Option<Confirming> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        (Arc::ptr_eq(&idle.live, live) && idle.channel.status().connected()).then_some(idle)
    }

    fn put_idle(&self, confirming: Confirming) {
        *self.idle.lock().unwrap_or_else(PoisonError::into_inner) = Some(confirming);
    }
}

/// Rows on their way, and what is known of each.
struct Window<'a> {
    rows: &'a [OutboxRow],
    words: Vec<Word>,
    /// Reasons by `message_id`, from the messages that came back.
    returned: HashMap<String, String>,
}

impl<'a> Window<'a> {
    fn new(rows: &'a [OutboxRow]) -> Self {
        Self { rows, words: vec![Word::Unknown; rows.len()], returned: HashMap::new() }
    }

    /// Writes all rows, then waits for all confirms.
    ///
    /// # Errors
    /// The reason why some row has no answer.
    async fn run(&mut self, channel: &Channel) -> Result<(), String> {
        let deadline = Instant::now() + WINDOW_WITHIN;
        let mut confirms = Vec::with_capacity(self.rows.len());
        let mut trouble = Ok(());
        for (index, row) in self.rows.iter().enumerate() {
            match write(channel, row, deadline).await {
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

    /// The verdict on every row.
    ///
    /// A window with gaps may hide a return: it was to come with a confirm that did not come. Then an ack proves
    /// nothing as soon as anything was returned at all, and the acked rows are sent again, which does no harm.
    fn settlement(self) -> Settlement {
        let is_complete = !self.words.contains(&Word::Unknown);
        let mut settlement = Settlement::default();
        for (row, word) in self.rows.iter().zip(self.words) {
            match (word, self.returned.get(&row.message_id)) {
                (Word::Acked, Some(reason)) => settlement.refused.push((row.id, reason.clone())),
                (Word::Acked, None) if is_complete || self.returned.is_empty() => {
                    settlement.confirmed.push(row.id);
                }
                (Word::Refused(reason), _) => settlement.refused.push((row.id, reason)),
                (Word::Acked | Word::Unknown, _) => settlement.unknown.push(row.id),
            }
        }
        settlement
    }
}

/// Why a row did not get as far as the socket.
enum NotWritten {
    /// AMQP has no room for it.
    Unfit(String),
    /// The connection is no good any more.
    Broken(String),
}

/// Hands one row to the socket, which is all that this await means: the confirm comes later.
async fn write(
    channel: &Channel,
    row: &OutboxRow,
    deadline: Instant,
) -> Result<PublisherConfirm, NotWritten> {
    let (exchange, kind) = match row.kind {
        OutboxKind::WakeUp => (topology::JOBS, "panos.job.v1"),
        OutboxKind::Event => (topology::EVENTS, "panos.event.v1"),
    };
    let properties = BasicProperties::default()
        .with_delivery_mode(PERSISTENT)
        .with_content_type("application/json".into())
        .with_type(kind.into())
        .with_message_id(short("message id", &row.message_id)?)
        .with_timestamp(u64::try_from(Timestamp::now().as_second()).unwrap_or_default())
        .with_app_id("panos-upgrade".into());
    let key = short("routing key", &row.routing_key)?;
    let options = BasicPublishOptions { mandatory: true, immediate: false };
    let publish = channel.basic_publish(exchange.into(), key, options, row.body.as_bytes(), properties);
    match timeout_at(deadline, publish).await {
        Ok(Ok(confirm)) => Ok(confirm),
        Ok(Err(error)) => Err(NotWritten::Broken(error.to_string())),
        Err(_) => Err(NotWritten::Broken(format!("not written within {} s", WINDOW_WITHIN.as_secs()))),
    }
}

/// A short string holds 255 bytes (AMQP 0-9-1, 4.2.5.3); the library panics on a longer one.
fn short(what: &str, text: &str) -> Result<ShortString, NotWritten> {
    ShortString::try_new(text).map_err(|_| NotWritten::Unfit(format!("its {what} has more than 255 bytes")))
}

#[cfg(test)]
mod tests;
