//! Orders that arrive as messages, and what every door has in common.
//!
//! | module | holds |
//! |---|---|
//! | [`door`] | submit, cancel, retry |
//! | [`mod@once`] | asking twice does once |
//! | [`schema`] | what may be sent, as schemas |
//!
//! Promises: a command is acked after what it wants is committed, so a process that dies is followed by another one,
//! which the command's `id` keeps from doing it again. What cannot be read, or not be done as this process is
//! configured, goes to the dead letters. A ledger that does not answer is waited for with the command in hand. Several
//! processes may consume at once.
//! Leaves to others: carrying messages ([`common::broker`]).

pub mod door;
pub mod once;
pub mod schema;

use std::time::Duration;

use axum::http::StatusCode;
use common::broker::command::Order;
use common::broker::{BrokerError, Command, CommandDelivery, Commands, ReplyTo};
use common::domain::job::BatchId;
use common::shutdown::Shutdown;
use serde_json::json;
use tokio::time::{Instant, sleep};
use tracing::{info, warn};

use self::door::Door;
use self::once::{Answer, Request, in_time, once};
use crate::error::ApiError;
use crate::state::AppState;

/// Pause before asking again for a stream of commands that was refused: as long as an operator who grants it waits.
const ASK_AGAIN_AFTER: Duration = Duration::from_secs(15);

/// Pause between two tries of a command, first and longest.
const TRY_EVERY: [Duration; 2] = [Duration::from_millis(200), Duration::from_secs(10)];

/// How long a command is tried before it is given back; well below the broker's limit on an ack.
const TRY_FOR: Duration = Duration::from_secs(240);

/// Takes commands until `stop`; returns at once where the broker has no door for them.
pub async fn run(state: AppState, stop: Shutdown) {
    let mut is_warned = false;
    loop {
        let Some(commands) = stop.unless_draining(state.engine.broker.commands()).await else { return };
        let error = match commands {
            Ok(None) => return,
            Ok(Some(commands)) => {
                is_warned = false;
                match consume(&state, commands, &stop).await {
                    None => return,
                    Some(error) => error,
                }
            }
            Err(error) => error,
        };
        if !is_warned {
            warn!("commands over AMQP are not taken: {error}; it is tried again every {ASK_AGAIN_AFTER:?}");
            is_warned = true;
        }
        if stop.unless_draining(sleep(ASK_AGAIN_AFTER)).await.is_none() {
            return;
        }
    }
}

/// Until `stop`, or the error that ended the stream.
async fn consume(state: &AppState, mut commands: Box<dyn Commands>, stop: &Shutdown) -> Option<BrokerError> {
    loop {
        match stop.unless_draining(commands.next()).await? {
            Ok(delivery) => handle(state, delivery, stop).await,
            Err(error) => return Some(error),
        }
    }
}

async fn handle(state: &AppState, delivery: CommandDelivery, stop: &Shutdown) {
    let CommandDelivery { command, body, reply_to, receipt } = delivery;
    let (settled, reply) = match command {
        Err(unreadable) => {
            let error = ApiError::new(
                StatusCode::BAD_REQUEST,
                "bad_request",
                unreadable.0.clone(),
                "docs/commands describes every command; the message is kept as a dead letter",
            );
            (receipt.reject(&unreadable.0).await, reply(None, Err(error)))
        }
        Ok(command) => {
            let id = command.id.clone();
            match perform(state, &command, &body, stop).await {
                Some(answer) => {
                    if let Err(error) = &answer {
                        info!(id, "a command was refused: {}", error.message);
                    }
                    let settled = match &answer {
                        // Not the sender's fault: it is kept for whoever mends what is wrong here.
                        Err(error) if error.status.is_server_error() => receipt.reject(&error.message).await,
                        Ok(_) | Err(_) => receipt.ack().await,
                    };
                    (settled, reply(Some(&id), answer))
                }
                None => {
                    if let Err(error) = receipt.give_back().await {
                        warn!("a command was not given back, and comes again: {error}");
                    }
                    return;
                }
            }
        }
    };
    if let Err(error) = settled {
        warn!("a command comes again, which does no harm: {error}");
    }
    if let Some(to) = reply_to {
        answer(state, &to, &reply).await;
    }
}

/// Does a command, however long the ledger is away; nothing where it was given up.
async fn perform(
    state: &AppState,
    command: &Command,
    body: &[u8],
    stop: &Shutdown,
) -> Option<Result<Answer, ApiError>> {
    let until = Instant::now() + TRY_FOR;
    let [mut pause, longest] = TRY_EVERY;
    loop {
        let answer = attempt(state, command, body).await;
        match &answer {
            Err(error) if error.is_transient() => {
                if Instant::now() > until {
                    warn!(id = command.id, "a command is given back: {}", error.message);
                    return None;
                }
            }
            Ok(_) | Err(_) => return Some(answer),
        }
        stop.unless_draining(sleep(pause)).await?;
        pause = (pause * 2).min(longest);
    }
}

async fn attempt(state: &AppState, command: &Command, body: &[u8]) -> Result<Answer, ApiError> {
    let request = Request::new(Door::Amqp.as_str(), &command.id, &[body]);
    let owned = state.clone();
    match &command.order {
        Order::Submit(asked) if asked.dry_run => {
            in_time(door::submit(owned, Door::Amqp, asked.clone(), BatchId::new(), false)).await
        }
        Order::Submit(asked) => {
            let asked = asked.clone();
            let work = move |batch, is_repeat| door::submit(owned, Door::Amqp, asked, batch, is_repeat);
            once(&state.engine.ledger, &state.stop, request, work).await
        }
        Order::Cancel { job, because } => {
            let (job, because) = (*job, because.clone());
            let work = move |_, _| door::cancel(owned, Door::Amqp, job, because);
            once(&state.engine.ledger, &state.stop, request, work).await
        }
    }
}

fn reply(id: Option<&str>, answer: Result<Answer, ApiError>) -> String {
    let body = match answer {
        Ok(answer) => json!({
            "id": id, "status": answer.status.as_u16(), "replayed": answer.is_replayed, "answer": answer.body,
        }),
        Err(error) => json!({
            "id": id, "status": error.status.as_u16(),
            "error": {"code": error.code, "message": error.message, "remedy": error.remedy},
        }),
    };
    body.to_string()
}

async fn answer(state: &AppState, to: &ReplyTo, body: &str) {
    if let Err(error) = state.engine.broker.reply(to, body).await {
        warn!("a command was not answered, which changes nothing about it: {error}");
    }
}
