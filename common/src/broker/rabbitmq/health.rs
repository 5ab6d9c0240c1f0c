//! The broker seen from outside; see [`crate::broker::health`].
//!
//! A passive declaration tells only whether something is there; whether its arguments are right is told by declaring
//! it as it has to be, which RabbitMQ answers by 406 where they differ and by nothing where they are equal (its
//! documentation, "Queues", "Declaration and Property Equivalence"). So the second is asked only of what the first has
//! found. Every refusal costs its channel.

use std::sync::Arc;

use lapin::BasicProperties;
use lapin::ExchangeKind;
use lapin::options::{BasicPublishOptions, ExchangeDeclareOptions};
use lapin::types::FieldTable;

use super::address::Address;
use super::connection::{CALL_WITHIN, CallError, Link, Live, Purpose, Refusal, answered};
use super::declare;
use crate::broker::BrokerError;
use crate::broker::health::{BrokerHealth, PartHealth, PartState, Publishing};
use crate::broker::topology::{CONTROL, EXCHANGES, QUEUES};
use crate::config::BrokerConfig;

/// A routing key of [`CONTROL`] that no queue is bound by: the exchange drops what is published with it.
const NOBODY: &str = "nobody";

/// Looks at a broker.
///
/// # Errors
/// As [`Link::connect`].
pub(crate) async fn health(config: &BrokerConfig) -> Result<BrokerHealth, BrokerError> {
    let address = Arc::new(Address::new(config)?);
    let link = Link::new(Arc::clone(&address), Purpose::Consume);
    let live = link.connect().await?;
    let mut exchanges = Vec::new();
    for name in EXCHANGES {
        exchanges.push(PartHealth { name, state: exchange(&live, name).await, depth: None });
    }
    let mut queues = Vec::new();
    for queue in &QUEUES {
        queues.push(one_queue(&live, queue).await);
    }
    // Last, because a blocked connection answers nothing more.
    let publishing = publishing(&live).await;
    Ok(BrokerHealth { location: address.to_string(), publishing, exchanges, queues })
}

async fn exchange(live: &Live, name: &'static str) -> PartState {
    let passive = async {
        let options = ExchangeDeclareOptions { passive: true, ..ExchangeDeclareOptions::default() };
        let channel = live.channel().await?;
        let asked =
            channel.exchange_declare(name.into(), ExchangeKind::Topic, options, FieldTable::default());
        answered("exchange.declare", CALL_WITHIN, asked).await
    };
    match passive.await {
        Ok(()) => equal(async { declare::exchange(&live.channel().await?, name).await }.await),
        Err(error) => not_seen(&error),
    }
}

async fn one_queue(live: &Live, queue: &'static crate::broker::topology::Queue) -> PartHealth {
    let name = queue.name;
    let seen = async { declare::depth(&live.channel().await?, name).await };
    match seen.await {
        Ok(depth) => {
            let state = equal(async { declare::declare(&live.channel().await?, queue).await }.await);
            PartHealth { name, state, depth: Some(depth) }
        }
        Err(error) => PartHealth { name, state: not_seen(&error), depth: None },
    }
}

/// What the answer to a passive declaration means that was none.
fn not_seen(error: &CallError) -> PartState {
    let reason = error.to_string();
    match error.refusal() {
        Some(Refusal::NotFound) => PartState::Missing { reason },
        Some(Refusal::NotAllowed | Refusal::Different) | None => PartState::Unknown { reason },
    }
}

/// What the answer to a declaration of something that is there means.
fn equal(answer: Result<(), CallError>) -> PartState {
    let Err(error) = answer else { return PartState::AsDeclared };
    let reason = error.to_string();
    match error.refusal() {
        Some(Refusal::Different) => PartState::Different { reason },
        Some(Refusal::NotAllowed) => PartState::Present,
        Some(Refusal::NotFound) => PartState::Missing { reason },
        None => PartState::Unknown { reason },
    }
}

/// Publishes a message that nobody gets. RabbitMQ tells a connection that it is blocked only when it publishes
/// (its documentation, "Blocked Connection Notifications").
async fn publishing(live: &Live) -> Publishing {
    let asked = async {
        let channel = live.confirming_channel().await?;
        let options = BasicPublishOptions::default();
        let sent =
            channel.basic_publish(CONTROL.into(), NOBODY.into(), options, b"", BasicProperties::default());
        let confirm = answered("basic.publish", CALL_WITHIN, sent).await?;
        answered("basic.ack", CALL_WITHIN, confirm).await
    };
    match asked.await {
        Ok(_) => Publishing::Works,
        Err(_) if live.is_blocked() => Publishing::Blocked,
        Err(error) => Publishing::Fails { reason: error.to_string() },
    }
}
