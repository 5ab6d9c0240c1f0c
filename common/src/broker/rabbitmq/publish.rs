//! Publishes: windows of rows, of which each is told what became of it; a dead letter once more; controls.
//!
//! Guarantees: *confirmed* means that the broker routed the row to a queue and has it on the disks of a majority
//! (RabbitMQ documentation, "Publisher Confirms"); a row that no queue wants, or that a full queue rejected, is
//! *refused*; everything else is *unknown*. An answer comes within [`WINDOW_WITHIN`], also from a broker that reads
//! nothing. After an incomplete window its channel is dropped, so that late confirms meet nobody.
//!
//! Leaves to others: which rows, and when to try again (the relay).

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lapin::Channel;
use lapin::options::{BasicPublishOptions, BasicQosOptions};
use lapin::protocol::BasicProperties;
use tokio::time::timeout;
use tracing::warn;

use self::window::{Message, WINDOW_WITHIN, Window};
use super::connection::{CALL_WITHIN, Link, Live, answered};
use crate::broker::command::ReplyTo;
use crate::broker::topology::{CONTROL, CONTROL_KEY};
use crate::broker::{BrokerError, Control, PUBLISH_WITHIN};
use crate::ledger::{DeadLetter, OutboxRow, Settlement};

mod window;

/// The exchange that every queue is bound to by its name (AMQP 0-9-1, "default exchange").
const REPLIES: &str = "";

/// Longest time until a window can begin: to connect, to declare, to open a channel.
const READY_WITHIN: Duration = Duration::from_secs(15);

const _: () = assert!(
    READY_WITHIN.as_secs() + WINDOW_WITHIN.as_secs() + CALL_WITHIN.as_secs() <= PUBLISH_WITHIN.as_secs()
);

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

impl Publisher {
    pub(super) fn new(link: Arc<Link>) -> Self {
        Self { link, idle: Mutex::new(None) }
    }

    /// Whether the broker accepts no messages.
    pub(super) async fn is_blocked(&self) -> bool {
        self.link.live().await.is_some_and(|live| live.is_blocked())
    }

    /// Publishes `rows` in their order.
    ///
    /// # Errors
    /// When nothing was published.
    pub(super) async fn publish(&self, rows: &[OutboxRow]) -> Result<Settlement, BrokerError> {
        if rows.is_empty() {
            return Ok(Settlement::default());
        }
        let messages: Vec<_> = rows.iter().map(Message::from).collect();
        self.settled(&messages).await
    }

    /// Publishes a dead letter once more.
    ///
    /// # Errors
    /// [`BrokerError::Topology`] when no queue took it; the others when it is not known whether one did.
    pub(super) async fn requeue(&self, letter: &DeadLetter) -> Result<(), BrokerError> {
        let refused = |reason| BrokerError::Topology { name: letter.routing_key.clone(), reason };
        if (letter.body.len() as u64) < letter.size_bytes {
            let (kept, whole) = (letter.body.len(), letter.size_bytes);
            return Err(refused(format!("only {kept} of its {whole} bytes were kept")));
        }
        let settlement = self.settled(&[Message::from(letter)]).await?;
        if let Some((_, reason)) = settlement.refused.into_iter().next() {
            return Err(refused(reason));
        }
        if settlement.confirmed == [letter.id] {
            return Ok(());
        }
        Err(BrokerError::Lost { reason: "no answer about the message, which may be in its queue".to_owned() })
    }

    /// Tells whoever listens, in all within [`CALL_WITHIN`].
    ///
    /// # Errors
    /// When nobody can have heard it.
    pub(super) async fn tell(&self, control: &Control) -> Result<(), BrokerError> {
        let properties = properties("panos.control.v1");
        self.sent(CONTROL, CONTROL_KEY, &control.to_json(), properties).await
    }

    /// Answers a command, in all within [`CALL_WITHIN`]. A queue that is gone swallows it.
    ///
    /// # Errors
    /// When nobody can have heard it.
    pub(super) async fn reply(&self, to: &ReplyTo, body: &str) -> Result<(), BrokerError> {
        let mut properties = properties("panos.answer.v1");
        if let Some(id) = &to.correlation_id {
            properties = properties.with_correlation_id(id.as_str().into());
        }
        self.sent(REPLIES, &to.queue, body, properties).await
    }

    async fn sent(
        &self,
        exchange: &'static str,
        key: &str,
        body: &str,
        properties: BasicProperties,
    ) -> Result<(), BrokerError> {
        timeout(CALL_WITHIN, self.send(exchange, key, body, properties)).await.unwrap_or_else(|_| {
            Err(self.link.not_reachable(format!("it was not told within {} s", CALL_WITHIN.as_secs())))
        })
    }

    /// A limit that nothing here needs is set for its answer: it comes after what was written to the channel
    /// before, so that it shows a refusal, and proves that the exchange has the message. A confirm would wait for
    /// the queue of the slowest worker. Closing the channel would cross with the close by which the broker refuses;
    /// then the next channel of the same number is never answered (seen with lapin 4.12.3 on RabbitMQ 3.10.8).
    async fn send(
        &self,
        exchange: &'static str,
        key: &str,
        body: &str,
        properties: BasicProperties,
    ) -> Result<(), BrokerError> {
        let live = self.open_to_messages().await?;
        let sent = async {
            let channel = live.channel().await?;
            let options = BasicPublishOptions::default();
            let publish =
                channel.basic_publish(exchange.into(), key.into(), options, body.as_bytes(), properties);
            answered("basic.publish", CALL_WITHIN, publish).await?;
            let qos = channel.basic_qos(1, BasicQosOptions::default());
            answered("basic.qos", CALL_WITHIN, qos).await
        };
        let name = if exchange == REPLIES { "the default exchange" } else { exchange };
        sent.await.map_err(|error| self.link.failed(&live, name, &error))
    }

    async fn settled(&self, messages: &[Message<'_>]) -> Result<Settlement, BrokerError> {
        let confirming = timeout(READY_WITHIN, self.ready()).await.unwrap_or_else(|_| {
            Err(self.link.not_reachable(format!("no channel within {} s", READY_WITHIN.as_secs())))
        })?;
        Ok(self.publish_on(confirming, messages).await)
    }

    /// A connection that the broker reads from.
    async fn open_to_messages(&self) -> Result<Arc<Live>, BrokerError> {
        let live = self.link.reach().await?;
        if live.is_blocked() {
            // Keeping it is right: it is told the moment the alarm is over, and a new one would be blocked too.
            let reason = "it accepts no messages, because it is short of memory or disk".to_owned();
            return Err(self.link.not_reachable(reason));
        }
        Ok(live)
    }

    /// A channel with nothing under way on it.
    async fn ready(&self) -> Result<Confirming, BrokerError> {
        let live = self.open_to_messages().await?;
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

    async fn publish_on(&self, confirming: Confirming, messages: &[Message<'_>]) -> Settlement {
        let mut window = Window::new(messages);
        let settled = window.run(&confirming.channel).await;
        let n_messages = messages.len();
        if window.came_back() {
            self.make_missing_queues(&confirming.live).await;
        }
        match settled {
            // A channel keeps in mind who led a quorum queue when it first published there. Opened in the moment
            // between a leader's death and the next one's election, it gets a nack for ever (seen on 3.10.8,
            // where `rabbit_fifo_client` asks the dead node for its version before the first message).
            Ok(()) if window.was_nacked() => {}
            Ok(()) => self.put_idle(confirming),
            // Blocked in the middle: the channel goes, the connection stays and tells us when it is over.
            Err(reason) if confirming.live.is_blocked() => {
                warn!(n_messages, "the broker accepts no messages (memory or disk): {reason}");
            }
            Err(reason) => {
                warn!(n_messages, "a window of messages stays without answer: {reason}");
                confirming.live.give_up();
            }
        }
        window.settlement()
    }

    /// No queue wanted a message: one was deleted, and nobody who consumes from it is here to make it again.
    async fn make_missing_queues(&self, live: &Live) {
        match timeout(CALL_WITHIN, self.link.declare_again(live)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => warn!("a queue is missing and was not made again: {error}"),
            Err(_) => warn!("a queue is missing and was not made again in {} s", CALL_WITHIN.as_secs()),
        }
    }

    fn take_idle(&self, live: &Arc<Live>) -> Option<Confirming> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        (Arc::ptr_eq(&idle.live, live) && idle.channel.status().connected()).then_some(idle)
    }

    fn put_idle(&self, confirming: Confirming) {
        *self.idle.lock().unwrap_or_else(PoisonError::into_inner) = Some(confirming);
    }
}

/// What says of a message what its body is.
fn properties(kind: &'static str) -> BasicProperties {
    BasicProperties::default()
        .with_content_type("application/json".into())
        .with_type(kind.into())
        .with_app_id("panos-upgrade".into())
}
