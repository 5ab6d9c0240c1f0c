//! Follows the stream of events.
//!
//! Guarantees: events come in the order of their offsets, and go on after the last one after a reconnect; none is
//! left out while the stream keeps it. Several may come again after one, never before one. After an offset that the
//! stream does not hold, because it was lost with its broker's disk, the new stream is read from its beginning.
//!
//! A stream hands out as much as it has credit for; acks are the credit (RabbitMQ documentation, "Streams"). They
//! are sent for many at once, and losing one costs nothing: the position is the reader's, not the broker's.
//!
//! Leaves to others: keeping the offset.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::StreamExt;
use jiff::Timestamp;
use lapin::message::Delivery as Message;
use lapin::options::{BasicAckOptions, BasicConsumeOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{Acker, Channel, Consumer};
use tokio::time::{Instant, sleep_until};
use tracing::warn;

use super::connection::{CALL_WITHIN, CallError, Link, Live, answered};
use super::declare;
use super::reattach::{Attaching, reattach};
use crate::broker::topology::EVENT_LOG;
use crate::broker::{BrokerError, EventFeed, EventsFrom, LoggedEvent};

/// Events under way at a time: an event has about 500 bytes, so this is a small buffer, and enough to hide the
/// round trip of an ack.
const PREFETCH: u16 = 200;

/// Handed-out events after which one ack covers them all. Less than [`PREFETCH`], so that credit never runs out.
const ACK_AFTER: u16 = PREFETCH / 2;

/// After this long without an event the stream is asked for; see the wake-ups.
const QUIET_FOR: Duration = Duration::from_secs(60);

/// Both the argument that says where to begin and the header that says where a message is.
const OFFSET: &str = "x-stream-offset";

mod reach;

/// The events from some place on.
pub(super) struct RabbitEvents {
    link: Arc<Link>,
    /// Where the next attach begins.
    from: EventsFrom,
    state: State,
}

enum State {
    /// On the way; goes on where it was when the caller comes back.
    Attaching(Attaching<Reader>),
    /// Reading.
    Open(Box<Reader>),
}

struct Reader {
    live: Arc<Live>,
    channel: Channel,
    consumer: Consumer,
    /// The newest one handed out since the last ack.
    last: Option<Acker>,
    n_unacked: u16,
    heard_at: Instant,
}

impl RabbitEvents {
    /// A reader that is in place before this returns.
    pub(super) async fn start(link: Arc<Link>, from: EventsFrom) -> Result<Self, BrokerError> {
        // Taken before, so that a reconnect with nothing read yet begins a little earlier, not later.
        let started = Timestamp::now();
        let reader = Reader::open(&link, from).await?;
        let from = match from {
            EventsFrom::Next => EventsFrom::Since(started),
            EventsFrom::First | EventsFrom::After(_) | EventsFrom::Since(_) => from,
        };
        Ok(Self { link, from, state: State::Open(Box::new(reader)) })
    }

    fn attach(&self) -> Attaching<Reader> {
        let (link, from) = (Arc::clone(&self.link), self.from);
        Box::pin(reattach("the stream of events", move || {
            let link = Arc::clone(&link);
            Box::pin(async move { Reader::open(&link, from).await })
        }))
    }
}

#[async_trait]
impl EventFeed for RabbitEvents {
    async fn next(&mut self) -> Result<LoggedEvent, BrokerError> {
        loop {
            let event = match &mut self.state {
                State::Attaching(attaching) => match attaching.await {
                    Ok(reader) => {
                        self.state = State::Open(Box::new(reader));
                        continue;
                    }
                    Err(error) => {
                        // For a caller that asks once more all the same.
                        self.state = State::Attaching(self.attach());
                        return Err(error);
                    }
                },
                State::Open(reader) => reader.next().await,
            };
            match event {
                Ok(event) => {
                    self.from = EventsFrom::After(event.offset);
                    return Ok(event);
                }
                Err(reason) => {
                    warn!("the stream of events is interrupted: {reason}");
                    if let State::Open(reader) = &self.state {
                        reader.live.give_up();
                    }
                    self.state = State::Attaching(self.attach());
                }
            }
        }
    }
}

impl Reader {
    async fn open(link: &Link, from: EventsFrom) -> Result<Self, BrokerError> {
        let live = link.reach().await?;
        let opened = async {
            let from = match from {
                EventsFrom::After(last) if !reach::goes_as_far_as(&live, last).await? => {
                    warn!(
                        offset = last,
                        "the log of events ends before the last one that was read, so it is another one: it is \
                         read from its beginning"
                    );
                    EventsFrom::First
                }
                EventsFrom::First | EventsFrom::Next | EventsFrom::After(_) | EventsFrom::Since(_) => from,
            };
            let channel = live.consuming_channel(PREFETCH).await?;
            let mut arguments = FieldTable::default();
            arguments.insert(OFFSET.into(), offset(from));
            let consumed =
                channel.basic_consume(EVENT_LOG.into(), "".into(), BasicConsumeOptions::default(), arguments);
            let consumer = answered("basic.consume", CALL_WITHIN, consumed).await?;
            Ok::<_, CallError>((channel, consumer))
        };
        match opened.await {
            Ok((channel, consumer)) => {
                Ok(Self { live, channel, consumer, last: None, n_unacked: 0, heard_at: Instant::now() })
            }
            Err(error) => Err(link.not_consumed(&live, EVENT_LOG, &error).await),
        }
    }

    /// The next event; or why there will be none. What is not an event of ours is left out.
    async fn next(&mut self) -> Result<LoggedEvent, String> {
        loop {
            self.renew_credit().await?;
            let message = self.message().await?;
            self.heard_at = Instant::now();
            self.n_unacked += 1;
            self.last = Some(message.acker.clone());
            match logged(message) {
                Ok(event) => return Ok(event),
                Err(reason) => warn!("a message in the log of events is left out: {reason}"),
            }
        }
    }

    async fn renew_credit(&mut self) -> Result<(), String> {
        if self.n_unacked < ACK_AFTER {
            return Ok(());
        }
        let Some(last) = self.last.take() else { return Ok(()) };
        self.n_unacked = 0;
        let acked = last.ack(BasicAckOptions { multiple: true });
        match answered("basic.ack", CALL_WITHIN, acked).await {
            Ok(true) => Ok(()),
            Ok(false) => Err("basic.ack: its channel is gone".to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }

    async fn message(&mut self) -> Result<Message, String> {
        loop {
            tokio::select! {
                message = self.consumer.next() => {
                    return match message {
                        Some(Ok(message)) => Ok(message),
                        Some(Err(error)) => Err(error.to_string()),
                        None => Err("the broker ended the consumer".to_owned()),
                    };
                }
                () = self.live.is_given_up() => return Err("it was given up".to_owned()),
                () = sleep_until(self.heard_at + QUIET_FOR) => {
                    declare::depth(&self.channel, EVENT_LOG).await.map_err(|error| error.to_string())?;
                    self.heard_at = Instant::now();
                }
            }
        }
    }
}

/// The place to begin at, in RabbitMQ's words. A time finds the segment's chunk that holds it, so a little of what
/// was before it comes too.
fn offset(from: EventsFrom) -> AMQPValue {
    match from {
        EventsFrom::First => AMQPValue::LongString("first".into()),
        EventsFrom::Next => AMQPValue::LongString("next".into()),
        EventsFrom::After(last) => {
            AMQPValue::LongLongInt(i64::try_from(last).unwrap_or(i64::MAX).saturating_add(1))
        }
        EventsFrom::Since(time) => AMQPValue::Timestamp(u64::try_from(time.as_second()).unwrap_or_default()),
    }
}

fn offset_of(message: &Message) -> Result<u64, String> {
    let headers = message.properties.headers().as_ref();
    match headers.and_then(|headers| headers.inner().get(OFFSET)) {
        Some(AMQPValue::LongLongInt(offset)) => u64::try_from(*offset).map_err(|error| error.to_string()),
        other => Err(format!("its offset is {other:?}")),
    }
}

fn logged(message: Message) -> Result<LoggedEvent, String> {
    let offset = offset_of(&message)?;
    let body = String::from_utf8(message.data).map_err(|error| format!("offset {offset}: {error}"))?;
    Ok(LoggedEvent { offset, routing_key: message.routing_key.to_string(), body })
}
