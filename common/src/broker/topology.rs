//! Every exchange, queue, argument and binding of the fleet's broker, as data.
//!
//! What loses messages when it is missing, or is fixed by the type of a queue, stands here; what operators tune
//! (longest queue, consumer timeout, size of the stream) belongs into policies. Arguments cannot change: RabbitMQ
//! answers a second declaration with other ones by 406 (measured on 3.10.8). So every queue's name ends in a
//! version, and new arguments are a new queue.
//!
//! Leaves to others: declaring it (`rabbitmq`). The embedded broker needs none of it.

use crate::domain::job::JobType;

/// Wake-ups: `job.<type>.<pool>.<site>`.
pub const JOBS: &str = "panos.jobs";

/// Dead letters on their way to [`DEAD`].
pub const DEAD_LETTERS: &str = "panos.dlx";

/// Cancel, pause, resume, for workers that are connected; the ledger has the truth.
pub const CONTROL: &str = "panos.control";

/// Commands of other programs: `cmd.<command>`, for example `cmd.submit`.
pub const COMMANDS: &str = "panos.commands";

/// Events: `evt.<job_type>.<event>`. Bound only to what can never refuse, because one bound queue that rejects
/// makes the whole publish a nack (RabbitMQ documentation, "Consumer Acknowledgements and Publisher Confirms").
pub const EVENTS: &str = "panos.events";

/// The queue of dead letters.
pub const DEAD: &str = "panos.dead.v1";

/// The queue of commands.
pub const COMMAND_QUEUE: &str = "panos.q.commands.v1";

/// The log of events.
pub const EVENT_LOG: &str = "panos.events.log.v1";

/// All exchanges. Durable topic exchanges without arguments.
pub const EXCHANGES: [&str; 5] = [JOBS, DEAD_LETTERS, CONTROL, COMMANDS, EVENTS];

/// A queue, with the one binding that fills it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Queue {
    /// Name; ends in a version.
    pub name: &'static str,
    /// `x-…` arguments; with them RabbitMQ makes a quorum queue or a stream.
    pub arguments: &'static [(&'static str, Argument)],
    /// The exchange that fills it.
    pub exchange: &'static str,
    /// Routing keys that it gets. Bindings of job queues must not overlap: a topic exchange copies a message to
    /// every queue that matches, so the pool is always named, `any` when it is none.
    pub pattern: &'static str,
}

/// Value of an argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Argument {
    /// A word.
    Text(&'static str),
    /// A number.
    Number(i64),
}

/// What a queue of wake-ups needs to lose nothing. At-least-once dead-lettering needs all of the last three, and
/// falls back to at-most-once in silence without `reject-publish` (RabbitMQ documentation, "Quorum Queues").
const JOB_ARGUMENTS: &[(&str, Argument)] = &[
    ("x-queue-type", Argument::Text("quorum")),
    ("x-delivery-limit", Argument::Number(super::MAX_DELIVERIES as i64)),
    ("x-dead-letter-exchange", Argument::Text(DEAD_LETTERS)),
    ("x-dead-letter-strategy", Argument::Text("at-least-once")),
    ("x-overflow", Argument::Text("reject-publish")),
];

/// Dead letters stay until a person drops them. Looking at one by get and requeue counts as a delivery up to
/// RabbitMQ 4.2, whose default limit of 20 would then drop it, as there is no exchange behind this queue. `-1` for
/// *unlimited* would drop it at the first requeue on 3.10 (measured), so the limit is a large number.
const DEAD_ARGUMENTS: &[(&str, Argument)] = &[
    ("x-queue-type", Argument::Text("quorum")),
    ("x-delivery-limit", Argument::Number(1_000_000)),
    ("x-overflow", Argument::Text("reject-publish")),
];

/// Retention works on whole segments; at least one always stays (RabbitMQ documentation, "Streams").
const LOG_ARGUMENTS: &[(&str, Argument)] = &[
    ("x-queue-type", Argument::Text("stream")),
    ("x-max-age", Argument::Text("7D")),
    ("x-max-length-bytes", Argument::Number(20_000_000_000)),
    ("x-stream-max-segment-size-bytes", Argument::Number(100_000_000)),
];

/// All queues.
pub const QUEUES: [Queue; 5] = [
    Queue {
        name: "panos.q.download_only.v1",
        arguments: JOB_ARGUMENTS,
        exchange: JOBS,
        pattern: "job.download_only.any.#",
    },
    Queue {
        name: "panos.q.upgrade.v1",
        arguments: JOB_ARGUMENTS,
        exchange: JOBS,
        pattern: "job.upgrade.any.#",
    },
    Queue { name: COMMAND_QUEUE, arguments: JOB_ARGUMENTS, exchange: COMMANDS, pattern: "cmd.#" },
    Queue { name: DEAD, arguments: DEAD_ARGUMENTS, exchange: DEAD_LETTERS, pattern: "#" },
    Queue { name: EVENT_LOG, arguments: LOG_ARGUMENTS, exchange: EVENTS, pattern: "#" },
];

/// How the names of the queues begin that workers hear controls by. Each connection has one of its own, exclusive
/// (which RabbitMQ 4.3 still allows without durability, its release notes) and gone with it.
pub const CONTROL_QUEUES: &str = "panos.ctl.";

/// The routing key of what is said to all workers.
pub const CONTROL_KEY: &str = "all";

/// A worker that does not listen for a minute reads the ledger anyway; and it never needs more than a few.
pub const CONTROL_ARGUMENTS: &[(&str, Argument)] =
    &[("x-max-length", Argument::Number(1_000)), ("x-message-ttl", Argument::Number(60_000))];

/// Whether a message of this routing key is a command, and no wake-up.
#[must_use]
pub fn is_command(routing_key: &str) -> bool {
    routing_key == "cmd" || routing_key.starts_with("cmd.")
}

/// The queue with the wake-ups of a job type.
#[must_use]
pub fn job_queue(job_type: JobType) -> &'static str {
    match job_type {
        JobType::DownloadOnly => "panos.q.download_only.v1",
        JobType::Upgrade => "panos.q.upgrade.v1",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::broker::{EVENTS_KEPT, WakeUp};

    #[test]
    fn every_queue_has_a_version_because_its_arguments_cannot_change() {
        for queue in QUEUES {
            let (_, version) = queue.name.rsplit_once(".v").unwrap();
            assert!(version.parse::<u16>().is_ok(), "{}", queue.name);
            assert!(queue.name.starts_with("panos."), "{}: permissions are given by this prefix", queue.name);
            assert!(EXCHANGES.contains(&queue.exchange), "{}", queue.name);
        }
    }

    #[test]
    fn the_wake_ups_of_a_type_fall_into_its_queue_and_into_no_other() {
        for job_type in JobType::ALL {
            let key = WakeUp::routing_key(job_type);
            let filled: Vec<_> = QUEUES
                .iter()
                .filter(|queue| queue.exchange == JOBS && matches(queue.pattern, &key))
                .collect();
            assert_eq!(filled.iter().map(|queue| queue.name).collect::<Vec<_>>(), [job_queue(job_type)]);
        }
        assert!(
            !QUEUES
                .iter()
                .any(|queue| queue.exchange == JOBS && matches(queue.pattern, "job.download_only.dmz.x"))
        );
    }

    #[test]
    fn no_queue_has_a_delivery_limit_that_some_version_takes_for_none_or_drops_by() {
        for queue in QUEUES {
            for (name, value) in queue.arguments {
                if *name == "x-delivery-limit" {
                    assert!(matches!(value, Argument::Number(limit) if *limit > 0), "{}", queue.name);
                }
            }
        }
    }

    #[test]
    fn both_brokers_keep_events_equally_long() {
        let days = EVENTS_KEPT.as_secs() / 86_400;
        assert_eq!(LOG_ARGUMENTS[1], ("x-max-age", Argument::Text("7D")));
        assert_eq!(days, 7);
    }

    /// Our patterns hold whole words and end in `#`, which stands for any number of words.
    fn matches(pattern: &str, key: &str) -> bool {
        let words = pattern.strip_suffix('#').unwrap().trim_end_matches('.');
        words.is_empty() || key == words || key.starts_with(&format!("{words}."))
    }
}
