//! Listens for controls.
//!
//! Guarantees: a queue of its own for each connection, so that every worker hears everything; what waits in it is
//! bounded by the queue, what is under way here by [`PREFETCH`]. Whoever is not allowed to make such a queue hears
//! nothing and works on, because the ledger has the truth; it is tried again now and then, as permissions change.
//!
//! Leaves to others: what is done about a control.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::StreamExt;
use lapin::message::Delivery as Message;
use lapin::options::{BasicAckOptions, BasicConsumeOptions};
use lapin::types::FieldTable;
use lapin::{Channel, Consumer};
use tokio::time::{Instant, sleep_until};
use tracing::{debug, warn};

use super::connection::{CALL_WITHIN, CallError, Link, Live, Refusal, answered};
use super::declare;
use super::reattach::{Attaching, reattach};
use super::receipt::arrived;
use crate::broker::topology::CONTROL;
use crate::broker::{BrokerError, Control, Controls};

/// Controls under way at a time: a person gives a handful, and what is read is acked at once.
const PREFETCH: u16 = 50;

/// After this long without a control the queue is asked for; see the wake-ups.
const QUIET_FOR: Duration = Duration::from_secs(60);

/// After this long a refused queue is asked for again: as long as a person waits who has just granted it.
const ASK_AGAIN_AFTER: Duration = Duration::from_secs(300);

/// The controls from now on.
pub(super) struct RabbitControls {
    link: Arc<Link>,
    state: State,
}

enum State {
    /// On the way; goes on where it was when the caller comes back.
    Attaching(Attaching<Option<Listener>>),
    /// Listening.
    Open(Box<Listener>),
    /// Not allowed to listen; asked again at this time.
    Refused(Instant),
}

impl State {
    fn of(listener: Option<Listener>) -> Self {
        match listener {
            Some(listener) => Self::Open(Box::new(listener)),
            None => Self::Refused(Instant::now() + ASK_AGAIN_AFTER),
        }
    }
}

/// A queue, and the consumer that reads it.
struct Listener {
    live: Arc<Live>,
    channel: Channel,
    consumer: Consumer,
    queue: String,
    heard_at: Instant,
}

impl RabbitControls {
    /// A listener that is in place before this returns.
    pub(super) async fn start(link: Arc<Link>) -> Result<Self, BrokerError> {
        let listener = Listener::open(&link).await?;
        if listener.is_none() {
            warn!(
                "this user may not listen to `{CONTROL}` at {}: cancel and pause are seen in the ledger alone, \
                 some seconds later; it needs configure and write on `panos.ctl.*`, read on that and on `{CONTROL}`",
                link.address()
            );
        }
        Ok(Self { link, state: State::of(listener) })
    }

    fn attach(&self) -> State {
        let link = Arc::clone(&self.link);
        State::Attaching(Box::pin(reattach("the stream of controls", move || {
            let link = Arc::clone(&link);
            Box::pin(async move { Listener::open(&link).await })
        })))
    }
}

#[async_trait]
impl Controls for RabbitControls {
    async fn next(&mut self) -> Result<Control, BrokerError> {
        loop {
            match &mut self.state {
                State::Attaching(attaching) => match attaching.await {
                    Ok(listener) => self.state = State::of(listener),
                    Err(error) => {
                        // For a caller that asks once more all the same.
                        self.state = self.attach();
                        return Err(error);
                    }
                },
                State::Refused(until) => {
                    sleep_until(*until).await;
                    self.state = self.attach();
                }
                State::Open(listener) => match listener.next().await {
                    Ok(control) => return Ok(control),
                    Err(reason) => {
                        warn!("the stream of controls is interrupted: {reason}");
                        listener.live.give_up();
                        self.state = self.attach();
                    }
                },
            }
        }
    }
}

impl Listener {
    /// A queue with a consumer, or nothing for a user who may not have one.
    async fn open(link: &Link) -> Result<Option<Self>, BrokerError> {
        let live = link.reach().await?;
        let opened = async {
            let channel = live.consuming_channel(PREFETCH).await?;
            let queue = declare::control_queue(&channel).await?;
            let options = BasicConsumeOptions::default();
            let consumed =
                channel.basic_consume(queue.as_str().into(), "".into(), options, FieldTable::default());
            let consumer = answered("basic.consume", CALL_WITHIN, consumed).await?;
            Ok::<_, CallError>((channel, consumer, queue))
        };
        match opened.await {
            Ok((channel, consumer, queue)) => {
                Ok(Some(Self { live, channel, consumer, queue, heard_at: Instant::now() }))
            }
            Err(error) if error.refusal() == Some(Refusal::NotAllowed) => {
                debug!("controls are not heard: {error}");
                Ok(None)
            }
            // Here it is the exchange that may be missing.
            Err(error) => Err(link.not_consumed(&live, CONTROL, &error).await),
        }
    }

    /// The next control; or why there will be none. What cannot be read is left out.
    async fn next(&mut self) -> Result<Control, String> {
        loop {
            let message = self.message().await?;
            self.heard_at = Instant::now();
            let control = Control::parse(&message.data);
            // Its loss would matter less than the connection; but a channel that is gone shows here first.
            let acked = message.acker.ack(BasicAckOptions::default());
            arrived("basic.ack", acked).await.map_err(|error| error.to_string())?;
            match control {
                Ok(control) => return Ok(control),
                Err(unreadable) => warn!("a control is left out: {unreadable}"),
            }
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
                    declare::depth(&self.channel, &self.queue).await.map_err(|error| error.to_string())?;
                    self.heard_at = Instant::now();
                }
            }
        }
    }
}
