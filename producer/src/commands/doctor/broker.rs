//! The broker: whether it takes messages, and whether its exchanges and queues lose none.

use common::broker::health::{self, BrokerHealth, PartHealth, PartState, Publishing};
use common::broker::topology;
use common::config::Config;

use super::finding::Finding;

const AREA: &str = "broker";

/// Examines what `broker.url` names.
pub(super) async fn examine(config: &Config) -> Vec<Finding> {
    match health::look(&config.broker).await {
        Ok(Some(broker)) => of_broker(&broker),
        Ok(None) => vec![Finding::ok(AREA, "kind", "embedded: a part of the ledger's file")],
        Err(error) => vec![Finding::of_error(AREA, "reach", &error)],
    }
}

fn of_broker(broker: &BrokerHealth) -> Vec<Finding> {
    let mut findings = vec![Finding::ok(AREA, "login", broker.location.clone())];
    let parts: Vec<_> = broker.exchanges.iter().chain(&broker.queues).collect();
    let n_missing = parts.iter().filter(|part| matches!(part.state, PartState::Missing { .. })).count();
    if n_missing == parts.len() {
        // One cause, told once; and where there is no exchange no message can be taken.
        let remedy = "`panos-upgrade migrate`, then any command or a worker, makes what is missing, as a user who may configure `panos.*`";
        findings.push(Finding::warn(
            AREA,
            "topology",
            format!("none of {n_missing} exchanges and queues is there yet"),
            Some(remedy),
        ));
        return findings;
    }
    findings.push(publishing(&broker.publishing));
    findings.extend(broker.exchanges.iter().map(|part| of_part("exchange", part)));
    findings.extend(broker.queues.iter().map(|part| of_part("queue", part)));
    findings.extend(broker.queues.iter().filter_map(waiting));
    findings
}

fn publishing(publishing: &Publishing) -> Finding {
    const CHECK: &str = "alarms";
    match publishing {
        Publishing::Works => Finding::ok(AREA, CHECK, "none: a message was taken and confirmed"),
        Publishing::Blocked => Finding::fail(
            AREA,
            CHECK,
            "the broker blocks publishers: it is short of memory or disk",
            "`rabbitmq-diagnostics alarms` on its machine says which; nothing is lost meanwhile, it waits in the outbox",
        ),
        Publishing::Fails { reason } => Finding::fail(
            AREA,
            CHECK,
            format!("a message was not taken: {reason}"),
            "this user needs to write to `panos.*`: deploy/rabbitmq/users has the rights of each role",
        ),
    }
}

fn of_part(kind: &str, part: &PartHealth) -> Finding {
    let check = format!("{kind} {}", part.name);
    match &part.state {
        PartState::AsDeclared => Finding::ok(AREA, check, as_declared(part.name)),
        PartState::Present => {
            let found = "there; its arguments are shown to a user who may configure it";
            Finding::ok(AREA, check, found)
        }
        PartState::Missing { reason } => Finding::fail(
            AREA,
            check,
            format!("is missing: {reason}"),
            "start a worker, or run any command, as a user who may configure `panos.*`: it makes what is missing. Where the queue exists, none of its nodes is up",
        ),
        PartState::Different { reason } => Finding::fail(
            AREA,
            check,
            format!("is there with other arguments: {reason}"),
            format!(
                "arguments cannot change: let its messages be consumed, then `rabbitmqctl delete_queue {}`; it is made anew",
                part.name
            ),
        ),
        PartState::Unknown { reason } => Finding::warn(
            AREA,
            check,
            format!("cannot be seen: {reason}"),
            Some("give this user the right to read `panos.*`"),
        ),
    }
}

/// What its arguments keep; the log of events has a time that consumers count on.
fn as_declared(name: &str) -> &'static str {
    if name == topology::EVENT_LOG {
        "as declared; events are kept for 7 days or 20 GB"
    } else {
        "as declared"
    }
}

/// What waits where it should not.
fn waiting(queue: &PartHealth) -> Option<Finding> {
    let depth = queue.depth.filter(|depth| depth.n_ready > 0 && depth.n_consumers == 0)?;
    let check = format!("depth {}", queue.name);
    let found = format!("{} messages wait and nobody consumes them", depth.n_ready);
    let is_log = queue.name == topology::EVENT_LOG;
    let remedy = if queue.name == topology::DEAD {
        "a worker collects them into the ledger; then `panos-upgrade dead list` shows them"
    } else {
        "start workers, or resume those that are paused: `panos-upgrade worker list`"
    };
    // A log keeps what was read, and is read by whoever likes to.
    (!is_log).then(|| Finding::warn(AREA, check, found, Some(remedy)))
}
