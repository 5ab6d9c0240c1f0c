//! Commands of other programs, one at a time, and the answers to them.
//!
//! Guarantees: those of the wake-ups, whose stream this is over another queue. An answer is neither confirmed nor sent
//! again, and a queue that is gone swallows it: whoever misses it sends the same command once more.

use std::sync::Arc;

use async_trait::async_trait;

use super::connection::Link;
use super::consume::RabbitWakeUps;
use super::receipt::RabbitReceipt;
use crate::broker::BrokerError;
use crate::broker::command::{Command, CommandDelivery, Commands, ReplyTo};
use crate::broker::topology::COMMAND_QUEUE;

/// The commands of a broker.
pub(super) struct RabbitCommands {
    messages: RabbitWakeUps,
}

impl RabbitCommands {
    /// A consumer that is in place before this returns.
    pub(super) async fn start(link: Arc<Link>) -> Result<Self, BrokerError> {
        Ok(Self { messages: RabbitWakeUps::start(link, vec![COMMAND_QUEUE]).await? })
    }
}

#[async_trait]
impl Commands for RabbitCommands {
    async fn next(&mut self) -> Result<CommandDelivery, BrokerError> {
        let (message, live, permit) = self.messages.next_message().await?;
        let properties = &message.properties;
        let message_id = properties.message_id().as_ref().map_or("", |id| id.as_str());
        let command = Command::parse(&message.data, message_id);
        let reply_to = properties.reply_to().as_ref().map(|queue| ReplyTo {
            queue: queue.to_string(),
            correlation_id: properties.correlation_id().as_ref().map(ToString::to_string),
        });
        let body = message.data.clone();
        let receipt = Box::new(RabbitReceipt::new(message, live, permit));
        Ok(CommandDelivery { command, body, reply_to, receipt })
    }
}
