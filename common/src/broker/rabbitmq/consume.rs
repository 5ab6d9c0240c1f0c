//! Wake-ups from the job queues, one at a time.
//!
//! Guarantees: one unsettled delivery; none waits here while the stream is paused, because `pause` cancels the
//! consumers and awaits the broker's answer before the delivery in hand is acked (150 such cycles over 300
//! messages left nobody's delivery behind, 2.9 ms each; measured with lapin 4.12). An error, a consumer that ends
//! without our doing, an ack that fails or went nowhere: each means that the connection is given up and built
//! anew. Running jobs do not notice, they hang on their leases.
//!
//! **Several job types** are one channel with one consumer per queue, each with a prefetch of one, as quorum queues
//! know no limit per channel. So while a delivery is in somebody's hand, the other queues may have one each
//! under way here; it is handed out next, a claim's few milliseconds later. If the stream is paused instead, it is
//! given back at once and goes to the head of its queue. Consumers start in rotating order, so that a busy queue
//! does not keep the others waiting. (Up to RabbitMQ 4.2 giving back counts as a delivery; twenty in a row for
//! one message would make it a dead letter, and the rescuer would send another wake-up.)
//!
//! Leaves to others: claiming; when to pause.

use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::Stream;
use lapin::message::Delivery as Message;
use lapin::options::{BasicCancelOptions, BasicConsumeOptions, BasicNackOptions};
use lapin::types::FieldTable;
use lapin::{Channel, Consumer};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until};
use tracing::warn;

use super::connection::{CALL_WITHIN, CallError, Link, Live, answered};
use super::reattach::{Attaching, reattach};
use super::receipt::RabbitReceipt;
use crate::broker::{BrokerError, Delivery, WakeUp, WakeUps};

/// One at a time: more would wait behind jobs of an hour while another worker is idle.
const PREFETCH: u16 = 1;

/// After this long without a delivery the consumers are ended and started anew, because one can be dead without a
/// sign: lapin issues 389, 409, 420; and a quorum queue that is deleted and made again at once may forget whom
/// it served (seen with RabbitMQ 3.10.8). Asking for the queue would not show that; this costs two small round
/// trips per queue.
const QUIET_FOR: Duration = Duration::from_secs(15);

/// The wake-ups of some queues.
pub(super) struct RabbitWakeUps {
    link: Arc<Link>,
    queues: Arc<[&'static str]>,
    /// How often consumers were started, for the rotation.
    n_starts: usize,
    state: State,
    /// Its permit is in the receipt that is not settled yet.
    one_in_hand: Arc<Semaphore>,
}

enum State {
    /// On the way to consumers; goes on where it was when the caller comes back.
    Attaching(Attaching<Session>),
    /// Consumers are up.
    Open(Session),
    /// No consumers. The channel stays for the delivery that is in hand, if it is still there.
    Paused(Option<Session>),
}

/// A channel with one consumer per queue.
struct Session {
    live: Arc<Live>,
    channel: Channel,
    consumers: Vec<Consumer>,
    heard_at: Instant,
}

impl RabbitWakeUps {
    /// Consumers on `queues`, started before this returns.
    pub(super) async fn start(link: Arc<Link>, queues: Vec<&'static str>) -> Result<Self, BrokerError> {
        let session = Session::open(&link, &queues, 0).await?;
        Ok(Self {
            link,
            queues: queues.into(),
            n_starts: 1,
            state: State::Open(session),
            one_in_hand: Arc::new(Semaphore::new(1)),
        })
    }

    /// Starts consumers on the channel of a session that is kept, after ending those it still has, or on a new one.
    fn attach(&mut self, kept: Option<Session>) -> Attaching<Session> {
        let (link, queues, turn) = (Arc::clone(&self.link), Arc::clone(&self.queues), self.n_starts);
        self.n_starts = self.n_starts.wrapping_add(1);
        Box::pin(async move {
            if let Some(mut session) = kept {
                match session.consume_anew(&queues, turn).await {
                    Ok(()) => return Ok(session),
                    Err(error) => session.lost(&error.to_string()),
                }
            }
            reattach("the stream of wake-ups", || {
                let (link, queues) = (Arc::clone(&link), Arc::clone(&queues));
                Box::pin(async move { Session::open(&link, &queues, turn).await })
            })
            .await
        })
    }

    /// The next message of any kind, with what lets the one after it come.
    pub(super) async fn next_message(
        &mut self,
    ) -> Result<(Message, Arc<Live>, OwnedSemaphorePermit), BrokerError> {
        let permit = in_hand(&self.one_in_hand).await?;
        let (message, live) = self.message().await?;
        Ok((message, live, permit))
    }

    async fn message(&mut self) -> Result<(Message, Arc<Live>), BrokerError> {
        loop {
            match &mut self.state {
                State::Paused(_) => std::future::pending().await,
                State::Attaching(attaching) => match attaching.await {
                    Ok(session) => self.state = State::Open(session),
                    Err(error) => {
                        // For a caller that asks once more all the same.
                        self.state = State::Attaching(self.attach(None));
                        return Err(error);
                    }
                },
                State::Open(session) => match session.next().await {
                    Ok(Some(message)) => return Ok((message, Arc::clone(&session.live))),
                    Ok(None) => self.begin_anew(),
                    Err(reason) => {
                        session.lost(&reason);
                        self.state = State::Attaching(self.attach(None));
                    }
                },
            }
        }
    }

    /// Puts others in the place of the open consumers. As a part of the state, so that a caller who leaves in the
    /// middle finds it where it was, or lets the channel go with all that came meanwhile.
    fn begin_anew(&mut self) {
        if let State::Open(session) = std::mem::replace(&mut self.state, State::Paused(None)) {
            self.state = State::Attaching(self.attach(Some(session)));
        }
    }
}

#[async_trait]
impl WakeUps for RabbitWakeUps {
    async fn next(&mut self) -> Result<Delivery, BrokerError> {
        let (message, live, permit) = self.next_message().await?;
        let wake_up = WakeUp::parse(&message.data);
        Ok(Delivery { wake_up, receipt: Box::new(RabbitReceipt::new(message, live, permit)) })
    }

    async fn pause(&mut self) -> Result<(), BrokerError> {
        // Whatever happens from here on, also to this call, the stream is paused; a session that is let go takes
        // its channel with it, and the broker takes back what was under way.
        match std::mem::replace(&mut self.state, State::Paused(None)) {
            State::Attaching(_) => Ok(()),
            // One that was given up goes, and its connection with the last who holds it: the broker then gives to others
            // what was dropped here. Kept, it would go on with its heartbeats, and with that message.
            State::Paused(kept) => {
                self.state = State::Paused(kept.filter(|session| session.live.is_usable()));
                self.link.let_go();
                Ok(())
            }
            State::Open(session) if !session.live.is_usable() => {
                drop(session);
                self.link.let_go();
                Ok(())
            }
            State::Open(mut session) => match session.cancel().await {
                Ok(()) => {
                    self.state = State::Paused(Some(session));
                    Ok(())
                }
                Err(error) => {
                    session.live.give_up();
                    Err(error.into())
                }
            },
        }
    }

    fn resume(&mut self) {
        if let State::Paused(kept) = &mut self.state {
            let kept = kept.take().filter(|session| session.live.is_usable());
            self.state = State::Attaching(self.attach(kept));
        }
    }
}

/// Waits until the delivery before is settled or dropped.
async fn in_hand(one: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit, BrokerError> {
    let permit = Arc::clone(one).acquire_owned().await;
    permit.map_err(|_| BrokerError::Lost { reason: "the stream has ended".to_owned() })
}

impl Session {
    async fn open(link: &Link, queues: &[&'static str], turn: usize) -> Result<Self, BrokerError> {
        let live = link.reach().await?;
        let opened = async {
            let channel = live.consuming_channel(PREFETCH).await?;
            let mut session =
                Self { live: Arc::clone(&live), channel, consumers: Vec::new(), heard_at: Instant::now() };
            session.consume(queues, turn).await?;
            Ok::<_, CallError>(session)
        };
        match opened.await {
            Ok(session) => Ok(session),
            Err(error) => Err(link.not_consumed(&live, &queues.join(", "), &error).await),
        }
    }

    /// Starts the consumers; the first one is another one each `turn`.
    async fn consume(&mut self, queues: &[&'static str], turn: usize) -> Result<(), CallError> {
        for index in 0..queues.len() {
            let queue = queues[(index + turn) % queues.len()];
            let options = BasicConsumeOptions::default();
            let consumed =
                self.channel.basic_consume(queue.into(), "".into(), options, FieldTable::default());
            self.consumers.push(answered("basic.consume", CALL_WITHIN, consumed).await?);
        }
        self.heard_at = Instant::now();
        Ok(())
    }

    /// Ends the consumers that there are, and starts others.
    async fn consume_anew(&mut self, queues: &[&'static str], turn: usize) -> Result<(), CallError> {
        self.cancel().await?;
        self.consume(queues, turn).await
    }

    /// The next message, or nothing for [`QUIET_FOR`]; or why there will be none. Loses nothing when it is dropped.
    async fn next(&mut self) -> Result<Option<Message>, String> {
        let quiet_until = self.heard_at + QUIET_FOR;
        let live = Arc::clone(&self.live);
        tokio::select! {
            message = self.arrived() => {
                self.heard_at = Instant::now();
                message.map(Some)
            }
            () = live.is_given_up() => Err("it was given up".to_owned()),
            () = sleep_until(quiet_until) => Ok(None),
        }
    }

    /// What the first consumer that has something has. Loses nothing when it is dropped.
    async fn arrived(&mut self) -> Result<Message, String> {
        std::future::poll_fn(|context| {
            for consumer in &mut self.consumers {
                match Pin::new(&mut *consumer).poll_next(context) {
                    Poll::Ready(Some(Ok(message))) => return Poll::Ready(Ok(message)),
                    Poll::Ready(Some(Err(error))) => return Poll::Ready(Err(error.to_string())),
                    Poll::Ready(None) => {
                        return Poll::Ready(Err(format!(
                            "the broker ended the consumer of `{}`",
                            consumer.queue()
                        )));
                    }
                    Poll::Pending => {}
                }
            }
            Poll::Pending
        })
        .await
    }

    /// Ends the consumers and gives back what they still had.
    async fn cancel(&mut self) -> Result<(), CallError> {
        for consumer in &self.consumers {
            let cancelled = self.channel.basic_cancel(consumer.tag(), BasicCancelOptions::default());
            answered("basic.cancel", CALL_WITHIN, cancelled).await?;
        }
        // After its cancel-ok a consumer's stream is complete: what came before it, then the end.
        for mut consumer in self.consumers.drain(..) {
            while let Some(message) = ended(&mut consumer).await {
                let message = message.map_err(|error| CallError::Failed { call: "basic.cancel", error })?;
                let given_back = message.acker.nack(BasicNackOptions { requeue: true, multiple: false });
                answered("basic.nack", CALL_WITHIN, given_back).await?;
            }
        }
        Ok(())
    }

    /// Says so, and leaves the connection.
    fn lost(&self, reason: &str) {
        warn!("the stream of wake-ups is interrupted: {reason}");
        self.live.give_up();
    }
}

/// The next message of a consumer that has been cancelled.
async fn ended(consumer: &mut Consumer) -> Option<lapin::Result<Message>> {
    std::future::poll_fn(|context| match Pin::new(&mut *consumer).poll_next(context) {
        // The end is in its queue by now; nothing to wait for.
        Poll::Pending => Poll::Ready(None),
        Poll::Ready(message) => Poll::Ready(message),
    })
    .await
}
