//! Settles one delivery of RabbitMQ.
//!
//! Guarantees: an ack that did not reach the broker is an error, also where the library calls it `Ok(false)`; then
//! the connection is given up and the delivery comes again. Dropping a receipt does the same, because the broker
//! would else wait for it for half an hour (`consumer_timeout`, RabbitMQ documentation, "Consumers").

use std::sync::Arc;

use async_trait::async_trait;
use lapin::message::Delivery as Message;
use lapin::options::{BasicAckOptions, BasicNackOptions, BasicRejectOptions};
use tokio::sync::OwnedSemaphorePermit;
use tracing::warn;

use super::connection::{CALL_WITHIN, Live, answered};
use crate::broker::{BrokerError, Receipt};

/// The way back to the broker of one delivery.
pub(super) struct RabbitReceipt {
    message: Message,
    live: Arc<Live>,
    is_settled: bool,
    /// Lets the stream hand out the next one.
    _in_hand: OwnedSemaphorePermit,
}

impl RabbitReceipt {
    pub(super) fn new(message: Message, live: Arc<Live>, in_hand: OwnedSemaphorePermit) -> Self {
        Self { message, live, is_settled: false, _in_hand: in_hand }
    }

    async fn settle(
        mut self: Box<Self>,
        call: &'static str,
        asked: impl Future<Output = lapin::Result<bool>>,
    ) -> Result<(), BrokerError> {
        arrived(call, asked).await?;
        self.is_settled = true;
        Ok(())
    }
}

/// Awaits that a settlement was written to the connection that its delivery came from.
pub(super) async fn arrived(
    call: &'static str,
    asked: impl Future<Output = lapin::Result<bool>>,
) -> Result<(), BrokerError> {
    if answered(call, CALL_WITHIN, asked).await? {
        Ok(())
    } else {
        Err(BrokerError::Lost { reason: format!("{call}: its channel is gone") })
    }
}

#[async_trait]
impl Receipt for RabbitReceipt {
    async fn ack(self: Box<Self>) -> Result<(), BrokerError> {
        let acker = self.message.acker.clone();
        self.settle("basic.ack", async move { acker.ack(BasicAckOptions::default()).await }).await
    }

    async fn reject(self: Box<Self>, reason: &str) -> Result<(), BrokerError> {
        let message_id = self.message.properties.message_id().as_ref().map_or("", |id| id.as_str());
        warn!(
            message.id = message_id,
            size_bytes = self.message.data.len(),
            "a message with the routing key `{}` goes to the dead letters: {reason}",
            self.message.routing_key
        );
        let acker = self.message.acker.clone();
        let rejected = async move { acker.reject(BasicRejectOptions { requeue: false }).await };
        self.settle("basic.reject", rejected).await
    }

    /// By `basic.nack`, which RabbitMQ from 4.3 on does not count as a delivery that failed, other than
    /// `basic.reject` (its documentation, "Quorum Queues").
    async fn give_back(self: Box<Self>) -> Result<(), BrokerError> {
        let acker = self.message.acker.clone();
        let options = BasicNackOptions { requeue: true, multiple: false };
        self.settle("basic.nack", async move { acker.nack(options).await }).await
    }
}

impl Drop for RabbitReceipt {
    fn drop(&mut self) {
        if !self.is_settled {
            self.live.give_up();
        }
    }
}
