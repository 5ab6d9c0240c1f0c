//! Three nodes of RabbitMQ, of which one at a time may be lost.

use std::{fs, time::Duration};

use lapin::Channel;
use testkit::{
    rabbitmq::{Cluster, N_NODES, VirtualHost},
    wait::wait_until,
};

use crate::rabbitmq::{connect, declare, publish};

const SOON: Duration = Duration::from_secs(30);

async fn channel_to(cluster: &Cluster, n: usize, host: &VirtualHost) -> Channel {
    connect(&host.url_on(&cluster.nodes[n]).unwrap()).await.create_channel().await.unwrap()
}

/// Waits until two of three have agreed on a leader, and returns it.
async fn leader(cluster: &Cluster, host: &VirtualHost) -> usize {
    wait_until("the queue has a leader", SOON, async || {
        match cluster.leader(host.name(), "kept").await.unwrap() {
            Some(leader) if cluster.nodes[leader].is_running() => Ok(leader),
            other => Err(format!("{other:?}")),
        }
    })
    .await
}

#[tokio::test]
async fn a_queue_survives_its_leaders_move_its_loss_and_a_partition_and_nothing_is_left() {
    let mut cluster = Cluster::start().await.unwrap();
    let host = VirtualHost::create_on(&cluster.nodes[0]).await.unwrap();
    let channel = channel_to(&cluster, 0, &host).await;
    declare(&channel).await;
    publish(&channel).await;
    let names: [String; N_NODES] = std::array::from_fn(|n| cluster.nodes[n].name().to_owned());

    let new = (leader(&cluster, &host).await + 1) % N_NODES;
    cluster.move_leader(host.name(), "kept", new).await.unwrap();
    publish(&channel).await;

    cluster.nodes[new].kill9().unwrap();
    let other = leader(&cluster, &host).await;
    assert_ne!(other, new);
    publish(&channel_to(&cluster, other, &host).await).await;
    cluster.heal().await.unwrap();

    let alone = (other + 1) % N_NODES;
    let (cut_off, connected) =
        (channel_to(&cluster, alone, &host).await, channel_to(&cluster, other, &host).await);
    cluster.isolate(alone).await.unwrap();
    wait_until("the isolated node has disconnected its clients", SOON, async || {
        if cut_off.status().connected() { Err("connected".to_owned()) } else { Ok(()) }
    })
    .await;
    publish(&connected).await;
    cluster.heal().await.unwrap();
    publish(&channel_to(&cluster, alone, &host).await).await;

    let queues = cluster.queues(host.name()).await.unwrap();
    assert_eq!((queues.len(), queues[0].n_ready), (1, 5), "{queues:?}");
    assert!(cluster.leader(host.name(), "not there").await.is_err());

    drop((host, cluster));
    assert_eq!(processes_that_name(&names), Vec::<String>::new());
}

fn processes_that_name(names: &[String]) -> Vec<String> {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let commands = processes.filter_map(|entry| fs::read_to_string(entry.path().join("cmdline")).ok());
    commands.filter(|command| names.iter().any(|name| command.contains(name))).collect()
}
