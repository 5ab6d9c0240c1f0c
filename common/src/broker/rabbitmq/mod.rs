//! The fleet's broker: RabbitMQ, from 3.10 on.
//!
//! | file | holds |
//! |---|---|
//! | `address` | URL, login and certificates |
//! | `connection` | one live connection per purpose; calls with a time limit |
//! | `declare` | makes what `topology` says |
//! | `reattach` | back-off with jitter |
//! | `publish` | windows and their confirms |
//! | `consume`, `receipt` | wake-ups, one at a time; settling them |
//! | `events` | the stream of events |
//!
//! Guarantees beyond those of [`Broker`]: a process has two connections, because RabbitMQ blocks publishers and
//! never consumers (its documentation, "Alarms"); every await has a limit; nothing is spawned, so whatever is
//! dropped ends. Connections are made when they are first needed.

mod address;
mod connection;
mod consume;
mod declare;
mod events;
mod publish;
mod reattach;
mod receipt;

use std::sync::Arc;

use async_trait::async_trait;

use self::address::Address;
use self::connection::{Link, Purpose};
use self::consume::RabbitWakeUps;
use self::declare::Unreachable;
use self::events::RabbitEvents;
use self::publish::Publisher;
use super::{Broker, BrokerError, EventFeed, EventsFrom, WakeUps, topology};
use crate::config::BrokerConfig;
use crate::domain::job::JobType;
use crate::ledger::{OutboxRow, Settlement};

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

    async fn depth_of(&self, queue: &'static str) -> Result<u64, BrokerError> {
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

    async fn depth(&self, job_type: JobType) -> Result<u64, BrokerError> {
        self.depth_of(topology::job_queue(job_type)).await
    }

    async fn dead_depth(&self) -> Result<u64, BrokerError> {
        self.depth_of(topology::DEAD).await
    }

    async fn check(&self) -> Result<(), BrokerError> {
        let live = self.consuming.reach().await?;
        // Opening a channel is a round trip, and needs no permission.
        live.channel().await.map(drop).map_err(|error| self.consuming.failed(&live, "channel", &error))
    }

    fn location(&self) -> String {
        self.consuming.address().to_string()
    }
}
