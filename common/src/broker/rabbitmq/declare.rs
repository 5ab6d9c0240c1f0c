//! Makes at the broker what [`topology`](crate::broker::topology) says.
//!
//! Idempotent: what is there with the same arguments stays as it is.

use lapin::options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{Channel, ExchangeKind};
use tracing::warn;
use uuid::Uuid;

use super::connection::{CALL_WITHIN, CallError, Live, Refusal, answered};
use crate::broker::QueueDepth;
use crate::broker::topology::{
    Argument, CONTROL, CONTROL_ARGUMENTS, CONTROL_KEY, CONTROL_QUEUES, EXCHANGES, QUEUES, Queue,
};

/// What could not be declared.
#[derive(Debug)]
pub(super) struct DeclareError {
    /// The exchange or the queue.
    pub name: &'static str,
    /// Why.
    pub error: CallError,
}

/// What to do about a queue that is there and does not answer, because the nodes that hold it are down (404, "home
/// node is down or inaccessible").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unreachable {
    /// It is an error.
    Fail,
    /// The others are declared all the same: a log of events without its nodes must not stop the wake-ups.
    LeaveOut,
}

/// Declares all exchanges, queues and bindings.
pub(super) async fn everything(live: &Live, unreachable: Unreachable) -> Result<(), DeclareError> {
    let of = |name| move |error| DeclareError { name, error };
    let mut channel = live.channel().await.map_err(of(EXCHANGES[0]))?;
    for name in EXCHANGES {
        exchange(&channel, name).await.map_err(of(name))?;
    }
    for queue in &QUEUES {
        match declare(&channel, queue).await {
            Ok(()) => bind(&channel, queue).await.map_err(of(queue.name))?,
            Err(error)
                if unreachable == Unreachable::LeaveOut && error.refusal() == Some(Refusal::NotFound) =>
            {
                warn!("the queue `{}` is left out for now: {error}", queue.name);
                // The refusal closed the channel.
                channel = live.channel().await.map_err(of(queue.name))?;
            }
            Err(error) => return Err(DeclareError { name: queue.name, error }),
        }
    }
    Ok(())
}

pub(super) async fn exchange(channel: &Channel, name: &'static str) -> Result<(), CallError> {
    let options = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
    let declared = channel.exchange_declare(name.into(), ExchangeKind::Topic, options, FieldTable::default());
    answered("exchange.declare", CALL_WITHIN, declared).await
}

pub(super) async fn declare(channel: &Channel, queue: &Queue) -> Result<(), CallError> {
    let declared =
        channel.queue_declare(queue.name.into(), QueueDeclareOptions::durable(), arguments(queue.arguments));
    answered("queue.declare", CALL_WITHIN, declared).await.map(drop)
}

async fn bind(channel: &Channel, queue: &Queue) -> Result<(), CallError> {
    let bound = channel.queue_bind(
        queue.name.into(),
        queue.exchange.into(),
        queue.pattern.into(),
        QueueBindOptions::default(),
        FieldTable::default(),
    );
    answered("queue.bind", CALL_WITHIN, bound).await
}

fn arguments(of: &[(&'static str, Argument)]) -> FieldTable {
    let mut table = FieldTable::default();
    for (name, value) in of {
        let value = match value {
            Argument::Text(text) => AMQPValue::LongString((*text).into()),
            Argument::Number(number) => AMQPValue::LongLongInt(*number),
        };
        table.insert((*name).into(), value);
    }
    table
}

/// Makes a queue of controls for this connection alone, under a name that was never used: an exclusive queue with a
/// fixed name races with its own former life on a reconnect (RabbitMQ documentation, "Queues").
pub(super) async fn control_queue(channel: &Channel) -> Result<String, CallError> {
    let name = format!("{CONTROL_QUEUES}{}", Uuid::new_v4().simple());
    let options =
        QueueDeclareOptions { exclusive: true, auto_delete: true, ..QueueDeclareOptions::default() };
    let declared = channel.queue_declare(name.as_str().into(), options, arguments(CONTROL_ARGUMENTS));
    answered("queue.declare", CALL_WITHIN, declared).await?;
    let bound = channel.queue_bind(
        name.as_str().into(),
        CONTROL.into(),
        CONTROL_KEY.into(),
        QueueBindOptions::default(),
        FieldTable::default(),
    );
    answered("queue.bind", CALL_WITHIN, bound).await?;
    Ok(name)
}

/// What waits in a queue, and who listens. Declared passively: it changes nothing.
pub(super) async fn depth(channel: &Channel, queue: &str) -> Result<QueueDepth, CallError> {
    let options = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
    let asked = channel.queue_declare(queue.into(), options, FieldTable::default());
    let queue = answered("queue.declare", CALL_WITHIN, asked).await?;
    Ok(QueueDepth { n_ready: queue.message_count().into(), n_consumers: queue.consumer_count() })
}
