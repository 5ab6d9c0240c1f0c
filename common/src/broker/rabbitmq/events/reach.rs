//! Whether the log still holds the place where a reader stopped.
//!
//! A broker whose disk was lost begins a new log at offset 0. Asked for the offset after the last one of the old
//! log, it says nothing until the new log has grown as far, and leaves out all that came before (seen on 3.10.8). So
//! a reader that goes on from an offset looks first whether that offset is there.
//!
//! Promises: the answer *no* only when the broker has shown, a moment ago and quickly, that its log ends before the
//! offset or is empty; a broker that is slow is an error, and is asked again.

use std::time::Duration;

use futures_util::StreamExt;
use lapin::message::Delivery as Message;
use lapin::options::BasicConsumeOptions;
use lapin::types::{AMQPValue, FieldTable};
use tokio::time::timeout;

use super::{OFFSET, offset_of};
use crate::broker::rabbitmq::connection::{CALL_WITHIN, CallError, Live, answered};
use crate::broker::rabbitmq::declare;
use crate::broker::topology::EVENT_LOG;

/// Longest wait for a message that is in the log: it comes with the answer to the consumer's start.
const THERE_WITHIN: Duration = Duration::from_secs(2);

/// Whether the log goes as far as `offset`. One whose beginning is later, because it was cut, does.
pub(super) async fn goes_as_far_as(live: &Live, offset: u64) -> Result<bool, CallError> {
    let place = AMQPValue::LongLongInt(i64::try_from(offset).unwrap_or(i64::MAX));
    if first_from(live, place).await?.is_some() {
        return Ok(true);
    }
    match first_from(live, AMQPValue::LongString("last".into())).await? {
        Some(message) => Ok(offset_of(&message).is_ok_and(|last| last >= offset)),
        None if declare::depth(&live.channel().await?, EVENT_LOG).await?.n_ready == 0 => Ok(false),
        None => Err(CallError::Silent { call: "the first message of a stream", within: THERE_WITHIN }),
    }
}

/// The first message from a place on, if one is there.
async fn first_from(live: &Live, place: AMQPValue) -> Result<Option<Message>, CallError> {
    let channel = live.consuming_channel(1).await?;
    let mut arguments = FieldTable::default();
    arguments.insert(OFFSET.into(), place);
    let consumed =
        channel.basic_consume(EVENT_LOG.into(), "".into(), BasicConsumeOptions::default(), arguments);
    let mut consumer = answered("basic.consume", CALL_WITHIN, consumed).await?;
    match timeout(THERE_WITHIN, consumer.next()).await {
        Ok(Some(Ok(message))) => Ok(Some(message)),
        Ok(Some(Err(error))) => Err(CallError::Failed { call: "basic.consume", error }),
        // The end of a consumer that we did not end, like silence: the next question shows what is wrong.
        Ok(None) | Err(_) => Ok(None),
    }
}
