//! The broker dies, stands still, forgets, refuses. It only wakes workers: running jobs go on, waiting ones wait.
//!
//! Promises: its queues are on its disk before it is killed, unless the loss of its disk is the fault. Leaves to others:
//! the way there ([`network`](super::network)), several nodes ([`cluster`](super::cluster)), and what the messages say
//! ([`messages`](super::messages)).

use std::time::Duration;

use common::broker::topology::{self, Argument};
use common::domain::job::JobType;
use e2e::checker::Allowed;
use rand::RngExt;
use testkit::rabbitmq::Alarm;

use crate::fire::{self, Fire};
use crate::scenario::{Needs, Outcome, Scenario, Stage};

/// All of them.
pub const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "broker-sigkill",
        fault: "RabbitMQ gets SIGKILL and is started again on its data",
        needs: Needs::Broker,
        run: |stage| Box::pin(sigkill(stage)),
    },
    Scenario {
        name: "broker-sigstop",
        fault: "RabbitMQ stands still for longer than two heartbeats, with its connections open",
        needs: Needs::Broker,
        run: |stage| Box::pin(sigstop(stage)),
    },
    Scenario {
        name: "broker-restart",
        fault: "RabbitMQ is restarted in order",
        needs: Needs::Broker,
        run: |stage| Box::pin(restart(stage)),
    },
    Scenario {
        name: "broker-data-deleted",
        fault: "RabbitMQ loses its disk and comes back empty: everything is sent again from the ledger",
        needs: Needs::Broker,
        run: |stage| Box::pin(data_deleted(stage)),
    },
    Scenario {
        name: "broker-memory-alarm",
        fault: "RabbitMQ has no memory left and blocks whoever publishes",
        needs: Needs::Broker,
        run: |stage| Box::pin(alarm(stage, Alarm::Memory)),
    },
    Scenario {
        name: "broker-disk-alarm",
        fault: "RabbitMQ has no disk left and blocks whoever publishes",
        needs: Needs::Broker,
        run: |stage| Box::pin(alarm(stage, Alarm::Disk)),
    },
    Scenario {
        name: "broker-connections-closed",
        fault: "an operator closes every connection to the broker, again and again",
        needs: Needs::Shared,
        run: |stage| Box::pin(connections_closed(stage)),
    },
    Scenario {
        name: "broker-queue-deleted",
        fault: "the queue of wake-ups is deleted under its consumers, with all that waits in it",
        needs: Needs::Shared,
        run: |stage| Box::pin(queue_deleted(stage)),
    },
    Scenario {
        name: "broker-stream-deleted",
        fault: "the event log is deleted while events are published",
        needs: Needs::Shared,
        run: |stage| Box::pin(stream_deleted(stage)),
    },
];

async fn sigkill(mut stage: Stage) -> anyhow::Result<Outcome> {
    let mut fire = Fire::light(&stage, fire::setup(&stage)).await?;
    queues_are_on_disk(&mut stage, &fire).await?;
    stage.broker()?.kill9()?;
    fire.queue_rest().await?;
    fire.lasts(stage.pick(Duration::from_secs(2), Duration::from_secs(6))).await;
    stage.broker()?.start_again().await?;
    let recovered_in = fire.recovers().await?;
    fire.end(1, Some(recovered_in), &Allowed::nothing()).await
}

async fn restart(mut stage: Stage) -> anyhow::Result<Outcome> {
    let mut fire = Fire::light(&stage, fire::setup(&stage)).await?;
    queues_are_on_disk(&mut stage, &fire).await?;
    stage.broker()?.stop().await?;
    fire.queue_rest().await?;
    stage.broker()?.start_again().await?;
    let recovered_in = fire.recovers().await?;
    fire.end(1, Some(recovered_in), &Allowed::nothing()).await
}

/// With a shorter heartbeat where the time is short: two missed ones are noticed within the fault.
async fn sigstop(mut stage: Stage) -> anyhow::Result<Outcome> {
    let mut fire = Fire::lay(&stage, fire::setup(&stage)).await?;
    let heartbeat_s = stage.pick(3, 10);
    let servers = fire.servers()?;
    let broker = format!("{}?heartbeat={heartbeat_s}", servers.host.url());
    let configuration = fire.configuration(servers.database.url(), &broker);
    for _ in 0..2 {
        fire.start_worker(Some(&configuration))?;
    }
    fire.burns().await?;
    stage.broker()?.suspend()?;
    fire.queue_rest().await?;
    fire.lasts(stage.pick(Duration::from_secs(12), Duration::from_secs(40))).await;
    stage.broker()?.resume()?;
    let recovered_in = fire.recovers().await?;
    fire.end(1, Some(recovered_in), &Allowed::nothing()).await
}

async fn data_deleted(mut stage: Stage) -> anyhow::Result<Outcome> {
    let mut fire = Fire::light(&stage, fire::setup(&stage)).await?;
    stage.broker()?.kill9()?;
    fire.queue_rest().await?;
    stage.broker()?.start_empty().await?;
    fire.servers()?.host.make_again().await?;
    let recovered_in = fire.recovers().await?;
    fire.end(1, Some(recovered_in), &Allowed::nothing().after_the_log_was_lost()).await
}

async fn alarm(mut stage: Stage, alarm: Alarm) -> anyhow::Result<Outcome> {
    let mut fire = Fire::light(&stage, fire::setup(&stage)).await?;
    stage.broker()?.raise_alarm(alarm).await?;
    fire.queue_rest().await?;
    fire.lasts(stage.pick(Duration::from_secs(6), Duration::from_secs(12))).await;
    stage.broker()?.lift_alarm(alarm).await?;
    let recovered_in = fire.recovers().await?;
    fire.end(1, Some(recovered_in), &Allowed::nothing()).await
}

async fn connections_closed(stage: Stage) -> anyhow::Result<Outcome> {
    let mut random = stage.random();
    let mut fire = Fire::light(&stage, fire::setup(&stage)).await?;
    fire.queue_rest().await?;
    let n_times = stage.pick(5, 15);
    for _ in 0..n_times {
        fire.servers()?.host.close_connections().await?;
        fire.lasts(Duration::from_millis(random.random_range(50..900))).await;
    }
    let recovered_in = fire.recovers().await?;
    fire.end(n_times, Some(recovered_in), &Allowed::nothing()).await
}

async fn queue_deleted(stage: Stage) -> anyhow::Result<Outcome> {
    let mut random = stage.random();
    let mut fire = Fire::light(&stage, fire::setup(&stage)).await?;
    let queue = topology::job_queue(JobType::DownloadOnly);
    delete(&fire, queue).await?;
    fire.queue_rest().await?;
    let n_times = stage.pick(2, 4);
    for _ in 1..n_times {
        fire.lasts(Duration::from_millis(random.random_range(200..1500))).await;
        delete(&fire, queue).await?;
    }
    let recovered_in = fire.recovers().await?;
    fire.end(n_times, Some(recovered_in), &Allowed::nothing()).await
}

async fn stream_deleted(stage: Stage) -> anyhow::Result<Outcome> {
    let mut fire = Fire::light(&stage, fire::setup(&stage)).await?;
    delete(&fire, topology::EVENT_LOG).await?;
    fire.queue_rest().await?;
    let recovered_in = fire.recovers().await?;
    fire.end(1, Some(recovered_in), &Allowed::nothing().after_the_log_was_lost()).await
}

/// Deletes a queue. That it is not there, because nobody has made it again yet, is as wished.
async fn delete(fire: &Fire, queue: &str) -> anyhow::Result<()> {
    match fire.servers()?.host.delete_queue(queue).await {
        Err(error) if !error.to_string().contains("404") => Err(error.into()),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Waits until the node would know its quorum queues after a SIGKILL: the half second after a declaration, in which
/// it does not, is the broker's own (`RabbitMq::queue_is_on_disk`), and what it loses then is `broker-data-deleted`.
pub(super) async fn queues_are_on_disk(stage: &mut Stage, fire: &Fire) -> anyhow::Result<()> {
    let host = fire.servers()?.host.name();
    let quorum = ("x-queue-type", Argument::Text("quorum"));
    stage.broker()?.streams_are_on_disk().await?;
    for queue in topology::QUEUES.iter().filter(|queue| queue.arguments.contains(&quorum)) {
        stage.broker()?.queue_is_on_disk(&format!("{host}_{}", queue.name)).await?;
    }
    Ok(())
}
