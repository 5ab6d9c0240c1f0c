//! The fleet's broker: RabbitMQ, from 3.10 on.
//!
//! | file | holds |
//! |---|---|
//! | `address` | URL, login and certificates |
//! | `connection` | one live connection per purpose; calls with a time limit |
//! | `declare` | makes what `topology` says |
//! | `reattach` | back-off with jitter |
//! | `publish` | windows and their confirms; dead letters once more; controls |
//! | `consume`, `receipt` | wake-ups, one at a time; settling them |
//! | `control` | what is said to all workers |
//! | `commands` | what other programs want, and the answers |
//! | `dead` | taking dead letters |
//! | `events` | the stream of events |
//! | `health` | what a doctor looks at |
//!
//! Guarantees beyond those of [`Broker`]: a process has two connections, because RabbitMQ blocks publishers and
//! never consumers (its documentation, "Alarms"); every await has a limit; nothing is spawned, so whatever is
//! dropped ends. Connections are made when they are first needed.
//!
//! # What goes wrong with this library and this broker, and why not here
//! Tests are those of `common/tests/broker`, unless another place is named.
//!
//! | trouble | here |
//! |---|---|
//! | the library's own recovery is silent, forgets prefetch, leaves consumers dead after a channel error, fails confirms only when it is over, renames no queue | it is off: a connection is left as a whole and made anew (`connection`); `a_connection_that_the_broker_closed_is_built_anew` |
//! | a consumer that the broker ends gives `None` and no error | the end is an error; `a_queue_that_was_deleted_under_its_consumer_is_made_again` |
//! | an ack on a channel that is gone is `Ok(false)` | an error; `an_ack_on_a_connection_that_is_gone_is_an_error_and_the_delivery_comes_again` |
//! | publish and ack hang while memory or disk is short | limits, and its `blocked` is heeded; `a_blocked_broker_leaves_rows_unknown_in_time_and_consumers_at_work`, `telling_a_broker_that_is_short_of_disk_ends_in_time` |
//! | a peer that is gone without a word | heartbeats of 10 s and a question after 60 quiet seconds; `a_half_open_connection_is_noticed_by_its_heartbeats_on_both_sides`, `a_peer_that_says_nothing_is_given_up_in_time` |
//! | a returned message comes with the wrong confirm | it counts by its `message_id`, and proves nothing beside a gap; `rabbitmq_refuses_what_no_queue_wants_and_confirms_the_others`, `publish/window/tests.rs` |
//! | `wait_for_confirms` sees the last publish only, dropped confirms stay in memory | every confirm is awaited, and a window with gaps takes its channel along; `a_window_whose_confirms_are_swallowed_stays_unknown_and_its_channel_is_not_used_again` |
//! | a channel that met a queue without a leader is refused for ever | no channel is used again after a nack; `nothing_confirmed_is_lost_when_a_leader_moves_and_one_node_of_three_is_killed` |
//! | a refused publish and our own close cross, and the channel's number is dead | no channel is closed that may be refused; `who_may_not_listen_hears_nothing_and_works_on` |
//! | deliveries wait in an unbounded channel | every consumer has a prefetch: 1 for wake-ups, 50 for controls, 200 for events |
//! | two event listeners on a connection take from each other; a delegate is a task per message | neither is used |
//! | a blocked runtime stops the heartbeats | nothing blocks it: SQLite has a thread of its own, hashing runs beside |
//! | an exclusive queue with a fixed name races with itself | a new name for every connection (`declare`) |
//! | a broker that lost its disk begins its log anew | a reader looks whether its place is there (`events/reach`); `a_broker_whose_disk_was_lost_gets_its_topology_back_and_all_streams_go_on` |
//! | a queue that is there with other arguments | names end in a version, and the error says what to do; `a_queue_with_other_arguments_is_named_in_a_topology_error` |

mod address;
mod commands;
mod connection;
mod consume;
mod control;
mod dead;
mod declare;
mod events;
mod health;
mod publish;
mod reattach;
mod receipt;

use std::sync::Arc;

use async_trait::async_trait;

use self::address::Address;
use self::commands::RabbitCommands;
use self::connection::{Link, Purpose};
use self::consume::RabbitWakeUps;
use self::control::RabbitControls;
use self::declare::Unreachable;
use self::events::RabbitEvents;
pub(super) use self::health::health;
use self::publish::Publisher;
use super::{
    Broker, BrokerError, Commands, Control, Controls, DeadDelivery, EventFeed, EventsFrom, LinkState,
    QueueDepth, ReplyTo, WakeUps, topology,
};
use crate::config::BrokerConfig;
use crate::domain::job::JobType;
use crate::ledger::{DeadLetter, OutboxRow, Settlement};

/// A RabbitMQ node or cluster.
pub struct RabbitMq {
    publisher: Publisher,
    consuming: Arc<Link>,
}

impl RabbitMq {
    /// Reads the settings and the files they name; connects to nothing yet.
    ///
    /// # Errors
    /// [`BrokerError::Settings`].
    pub fn new(config: &BrokerConfig) -> Result<Self, BrokerError> {
        let address = Arc::new(Address::new(config)?);
        let publishing = Arc::new(Link::new(Arc::clone(&address), Purpose::Publish));
        Ok(Self {
            publisher: Publisher::new(publishing),
            consuming: Arc::new(Link::new(address, Purpose::Consume)),
        })
    }

    async fn depth_of(&self, queue: &'static str) -> Result<QueueDepth, BrokerError> {
        let live = self.consuming.reach().await?;
        let asked = async { declare::depth(&live.channel().await?, queue).await };
        asked.await.map_err(|error| self.consuming.failed(&live, queue, &error))
    }
}

#[async_trait]
impl Broker for RabbitMq {
    async fn declare(&self) -> Result<(), BrokerError> {
        let live = self.consuming.reach().await?;
        let declared = declare::everything(&live, Unreachable::Fail).await;
        declared.map_err(|failed| self.consuming.failed(&live, failed.name, &failed.error))
    }

    async fn publish(&self, rows: &[OutboxRow]) -> Result<Settlement, BrokerError> {
        self.publisher.publish(rows).await
    }

    async fn wake_ups(&self, job_types: &[JobType]) -> Result<Box<dyn WakeUps>, BrokerError> {
        let queues = job_types.iter().copied().map(topology::job_queue).collect();
        Ok(Box::new(RabbitWakeUps::start(Arc::clone(&self.consuming), queues).await?))
    }

    async fn events(&self, from: EventsFrom) -> Result<Box<dyn EventFeed>, BrokerError> {
        Ok(Box::new(RabbitEvents::start(Arc::clone(&self.consuming), from).await?))
    }

    async fn tell(&self, control: &Control) -> Result<(), BrokerError> {
        self.publisher.tell(control).await
    }

    async fn controls(&self) -> Result<Box<dyn Controls>, BrokerError> {
        Ok(Box::new(RabbitControls::start(Arc::clone(&self.consuming)).await?))
    }

    async fn commands(&self) -> Result<Option<Box<dyn Commands>>, BrokerError> {
        Ok(Some(Box::new(RabbitCommands::start(Arc::clone(&self.consuming)).await?)))
    }

    async fn reply(&self, to: &ReplyTo, body: &str) -> Result<(), BrokerError> {
        self.publisher.reply(to, body).await
    }

    async fn take_dead(&self, limit: u32) -> Result<Vec<DeadDelivery>, BrokerError> {
        dead::take(&self.consuming, limit).await
    }

    async fn requeue(&self, letter: &DeadLetter) -> Result<(), BrokerError> {
        self.publisher.requeue(letter).await
    }

    async fn depth(&self, job_type: JobType) -> Result<QueueDepth, BrokerError> {
        self.depth_of(topology::job_queue(job_type)).await
    }

    async fn dead_depth(&self) -> Result<u64, BrokerError> {
        Ok(self.depth_of(topology::DEAD).await?.n_ready)
    }

    async fn check(&self) -> Result<(), BrokerError> {
        let live = self.consuming.reach().await?;
        // Opening a channel is a round trip, and needs no permission.
        live.channel().await.map(drop).map_err(|error| self.consuming.failed(&live, "channel", &error))
    }

    async fn link(&self) -> LinkState {
        LinkState {
            is_connected: self.consuming.live().await.is_some(),
            is_blocked: self.publisher.is_blocked().await,
        }
    }

    fn location(&self) -> String {
        self.consuming.address().to_string()
    }
}
