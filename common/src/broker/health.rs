//! What can be seen of a broker from outside: whether its exchanges and queues are as [`topology`](super::topology)
//! says, what waits in them, and whether it takes messages at all.
//!
//! Promises: [`look`] makes nothing that is missing, takes nothing from a queue, and has a connection of its own; an
//! answer holds no secret. Leaves to others: judging what was found (`panos-upgrade doctor`). Policies, alarms by name
//! and disk space stand in RabbitMQ's management interface only, which this program never needs.

use serde::Serialize;

use super::{BrokerError, QueueDepth, rabbitmq};
use crate::config::BrokerConfig;

/// A broker as its connections show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokerHealth {
    /// Without secrets.
    pub location: String,
    /// Whether it takes messages.
    pub publishing: Publishing,
    /// In the order of the topology.
    pub exchanges: Vec<PartHealth>,
    /// In the order of the topology.
    pub queues: Vec<PartHealth>,
}

/// What became of a message that nobody gets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Publishing {
    /// Confirmed.
    Works,
    /// The broker has stopped reading from publishers: it is short of memory or disk (its documentation, "Alarms").
    Blocked,
    /// Refused, or never answered.
    Fails {
        /// The broker's words.
        reason: String,
    },
}

/// One exchange or queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartHealth {
    /// Its name.
    pub name: &'static str,
    /// How it is.
    pub state: PartState,
    /// What waits in it, for a queue that answers.
    pub depth: Option<QueueDepth>,
}

/// How an exchange or a queue is, beside what it has to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum PartState {
    /// As declared.
    AsDeclared,
    /// There; its arguments are shown only to users who may configure it.
    Present,
    /// Not there, or none of its nodes is up.
    Missing {
        /// The broker's words.
        reason: String,
    },
    /// There with other arguments.
    Different {
        /// The broker's words, which name the argument.
        reason: String,
    },
    /// Nobody knows: this user may not even look, or the broker did not answer.
    Unknown {
        /// Why.
        reason: String,
    },
}

/// Looks at what `broker.url` names; nothing for the embedded broker, which is a part of its ledger.
///
/// # Errors
/// [`BrokerError::NotReachable`], [`BrokerError::Closed`], [`BrokerError::Settings`].
pub async fn look(config: &BrokerConfig) -> Result<Option<BrokerHealth>, BrokerError> {
    if config.amqp_url().is_none() {
        return Ok(None);
    }
    rabbitmq::health(config).await.map(Some)
}
