//! What a running node is told and asked, for faults that come from within it.
//!
//! Promises: what is told is in force when the answer comes, and figures are those of that moment. Leaves to
//! others: virtual hosts, which can cut their own connections and delete their own queues
//! ([`VirtualHost`](super::VirtualHost)); how a node is spoken to ([`tools`](super::tools)).

use std::time::Duration;

use super::{
    RabbitMq,
    layout::{DISK_LIMIT, MEMORY_LIMIT},
    management,
    node::wrong_state,
    tools::binary,
};
use crate::{ServerError, wait::poll_until};

/// The node looks at once when a limit changes, and tells its own alarm handler.
const ALARM_WITHIN: Duration = Duration::from_secs(20);

/// Why a node stops reading from connections that publish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alarm {
    /// It uses more memory than it may.
    Memory,
    /// The disk has less room than there has to be.
    Disk,
}

/// One queue as its node sees it. Figures of a queue without a leader are zero and mean nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queue {
    /// Its name.
    pub name: String,
    /// Messages that nobody has been given.
    pub n_ready: u64,
    /// Messages that a consumer has and has not acknowledged.
    pub n_unacked: u64,
    /// Consumers. In a quorum queue whoever holds a message that it got with `basic.get` is one too.
    pub n_consumers: u64,
    /// The node that leads it, if it is a quorum queue and one does.
    pub leader: Option<String>,
}

/// Prints all queues as JSON. `rabbit_fifo` is the state of a quorum queue; the functions that look at it
/// are those that the node's own statistics use.
const QUEUES: &str = "
    Count = fun(State) ->
        {rabbit_fifo:query_messages_ready(State),
         rabbit_fifo:query_messages_checked_out(State),
         rabbit_fifo:query_consumer_count(State)}
    end,
    Figures = fun(Queue) ->
        case amqqueue:get_type(Queue) of
            rabbit_quorum_queue ->
                case catch ra:leader_query(amqqueue:get_pid(Queue), Count, 5000) of
                    {ok, {_, {Ready, Unacked, Consumers}}, {_, Leader}} ->
                        [Ready, Unacked, Consumers, atom_to_binary(Leader)];
                    _ ->
                        [0, 0, 0, null]
                end;
            _ ->
                Items = [messages_ready, messages_unacknowledged, consumers],
                [Figure || {_, Figure} <- rabbit_amqqueue:info(Queue, Items)] ++ [null]
        end
    end,
    Row = fun(Queue) ->
        {resource, _, queue, Name} = amqqueue:get_name(Queue),
        [Name | Figures(Queue)]
    end,
    io:put_chars(rabbit_json:encode([Row(Queue) || Queue <- rabbit_amqqueue:list(VIRTUAL_HOST)]))";

impl RabbitMq {
    /// All queues of a virtual host, with what is in them, by name.
    ///
    /// Each quorum queue's leader is asked. `rabbitmqctl list_queues` and the management API show what the
    /// leader reported last, up to five seconds ago (`quorum_tick_interval`; seen on 3.10.8), and that is
    /// what is answered here for streams.
    ///
    /// # Errors
    /// When the node gives no answer.
    pub async fn queues(&self, virtual_host: &str) -> Result<Vec<Queue>, ServerError> {
        let text = self.eval(&QUEUES.replace("VIRTUAL_HOST", &binary(virtual_host))).await?;
        let mut queues: Vec<Queue> = read_queues(&text).map_err(|error| ServerError::Refused {
            request: "a list of queues".to_owned(),
            reason: format!("{error} in {text}"),
        })?;
        queues.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(queues)
    }

    /// Closes every connection of every client, in all virtual hosts and, in a cluster, on all nodes, as an
    /// operator does. The clients are told so (`connection.close`, 320 CONNECTION_FORCED).
    ///
    /// # Errors
    /// When the node gives no answer.
    pub async fn close_all_connections(&self) -> Result<(), ServerError> {
        // Without `--global` it would be those of the virtual host `/` only.
        self.rabbitmqctl(&["close_all_connections", "--global", "closed by a test"]).await.map(drop)
    }

    /// Raises an alarm, and waits until it is there. From then on the node reads nothing from a connection
    /// that publishes; one that only consumes goes on (RabbitMQ documentation, "Alarms").
    ///
    /// # Errors
    /// When the node gives no answer, or there is no alarm in time.
    pub async fn raise_alarm(&self, alarm: Alarm) -> Result<(), ServerError> {
        let command: &[&str] = match alarm {
            Alarm::Memory => &["set_vm_memory_high_watermark", "0"],
            Alarm::Disk => &["set_disk_free_limit", "1000000GB"],
        };
        self.rabbitmqctl(command).await?;
        self.is_alarmed(true, "raise an alarm").await
    }

    /// Lifts an alarm that [`RabbitMq::raise_alarm`] has raised, and waits until there is none at all.
    ///
    /// # Errors
    /// When the node gives no answer, or there is an alarm still.
    pub async fn lift_alarm(&self, alarm: Alarm) -> Result<(), ServerError> {
        let command: &[&str] = match alarm {
            Alarm::Memory => &["set_vm_memory_high_watermark", "absolute", MEMORY_LIMIT],
            Alarm::Disk => &["set_disk_free_limit", DISK_LIMIT],
        };
        self.rabbitmqctl(command).await?;
        self.is_alarmed(false, "lift its alarms").await
    }

    async fn is_alarmed(&self, wanted: bool, action: &'static str) -> Result<(), ServerError> {
        let management = self.addresses()?.management;
        // 200 without an alarm, 503 with one; what else comes is shown.
        let wanted = if wanted { 503 } else { 200 };
        let path = "/api/health/checks/local-alarms";
        let looked = poll_until(format!("{path} says {wanted}"), ALARM_WITHIN, async || {
            match management::answer(&management, "GET", path, "").await {
                Ok(answer) if answer.status == wanted => Ok(()),
                Ok(answer) => Err(format!("{}: {}", answer.status, answer.body)),
                Err(error) => Err(error.to_string()),
            }
        });
        looked.await.map_err(|timed_out| wrong_state(action, timed_out.to_string()))
    }
}

fn read_queues(json: &str) -> Result<Vec<Queue>, serde_json::Error> {
    let rows: Vec<(String, u64, u64, u64, Option<String>)> = serde_json::from_str(json)?;
    let queue = |(name, n_ready, n_unacked, n_consumers, leader)| Queue {
        name,
        n_ready,
        n_unacked,
        n_consumers,
        leader,
    };
    Ok(rows.into_iter().map(queue).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_may_have_no_leader_and_anything_else_is_no_list_of_queues() {
        let queues = read_queues(r#"[["up",3,1,2,"a@localhost"],["down",0,0,0,null]]"#).unwrap();
        let up = Queue {
            name: "up".to_owned(),
            n_ready: 3,
            n_unacked: 1,
            n_consumers: 2,
            leader: Some("a@localhost".to_owned()),
        };
        let down = Queue { name: "down".to_owned(), n_ready: 0, n_unacked: 0, n_consumers: 0, leader: None };
        assert_eq!(queues, [up, down]);
        assert!(read_queues("Error: no such virtual host").is_err());
    }
}
