//! Three nodes that are one broker lose one. The workers are spread over them.
//!
//! Promises: two of three always go on, and recovery is waited for before a lost one is back. Leaves to others: the
//! loss of all of them, which is that of one node alone ([`broker`](super::broker)).

use std::time::Duration;

use anyhow::Context;
use common::broker::topology;
use common::domain::job::JobType;
use e2e::checker::Allowed;
use testkit::rabbitmq::N_NODES;

use crate::fire::{self, Fire};
use crate::scenario::{Needs, Outcome, Scenario, Stage};

/// All of them.
pub const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "cluster-node-killed",
        fault: "the node that leads the queue of wake-ups gets SIGKILL, one of three",
        needs: Needs::Cluster,
        run: |stage| Box::pin(node_killed(stage)),
    },
    Scenario {
        name: "cluster-leader-moved",
        fault: "the queue of wake-ups gets another leader, again and again",
        needs: Needs::Cluster,
        run: |stage| Box::pin(leader_moved(stage)),
    },
    Scenario {
        name: "cluster-node-isolated",
        fault: "a node that a worker is connected to is parted from the two others",
        needs: Needs::Cluster,
        run: |stage| Box::pin(node_isolated(stage)),
    },
];

const QUEUE: JobType = JobType::DownloadOnly;

async fn node_killed(mut stage: Stage) -> anyhow::Result<Outcome> {
    let mut fire = spread(&mut stage).await?;
    let leader = leader(&mut stage, &fire).await?;
    stage.cluster()?.nodes[leader].kill9()?;
    fire.queue_rest().await?;
    // Two of three go on without it.
    let recovered_in = fire.recovers().await?;
    fire.lasts(stage.pick(Duration::from_secs(1), Duration::from_secs(8))).await;
    stage.cluster()?.heal().await?;
    fire.end(1, Some(recovered_in), &Allowed::nothing()).await
}

async fn leader_moved(mut stage: Stage) -> anyhow::Result<Outcome> {
    let mut fire = spread(&mut stage).await?;
    fire.queue_rest().await?;
    let n_times = stage.pick(3, 6);
    for _ in 0..n_times {
        let next = (leader(&mut stage, &fire).await? + 1) % N_NODES;
        let host = fire.servers()?.host.name().to_owned();
        stage.cluster()?.move_leader(&host, topology::job_queue(QUEUE), next).await?;
    }
    let recovered_in = fire.recovers().await?;
    fire.end(n_times, Some(recovered_in), &Allowed::nothing()).await
}

async fn node_isolated(mut stage: Stage) -> anyhow::Result<Outcome> {
    let mut fire = spread(&mut stage).await?;
    // Not the first, at which this process looks.
    stage.cluster()?.isolate(N_NODES - 1).await?;
    fire.queue_rest().await?;
    let recovered_in = fire.recovers().await?;
    fire.lasts(stage.pick(Duration::from_secs(3), Duration::from_secs(15))).await;
    stage.cluster()?.heal().await?;
    fire.end(1, Some(recovered_in), &Allowed::nothing()).await
}

/// A campaign with one worker on each node.
async fn spread(stage: &mut Stage) -> anyhow::Result<Fire> {
    let mut fire = Fire::lay(stage, fire::setup(stage)).await?;
    let mut configurations = Vec::new();
    for node in &stage.cluster()?.nodes {
        let servers = fire.servers()?;
        configurations.push(fire.configuration(servers.database.url(), &servers.host.url_on(node)?));
    }
    for configuration in &configurations {
        fire.start_worker(Some(configuration))?;
    }
    fire.burns().await?;
    Ok(fire)
}

/// The node that leads the queue of wake-ups.
async fn leader(stage: &mut Stage, fire: &Fire) -> anyhow::Result<usize> {
    let host = fire.servers()?.host.name();
    let leader = stage.cluster()?.leader(host, topology::job_queue(QUEUE)).await?;
    leader.context("the queue of wake-ups has no leader")
}
