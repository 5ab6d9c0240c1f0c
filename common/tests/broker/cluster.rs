//! One node of three: killed while it leads, and a leader that moves.
//!
//! A client has one address, as behind a balancer or a name; here it is that of a node that stays.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use common::broker::{Broker, Control, EventsFrom};
use common::domain::job::JobType::DownloadOnly;
use testkit::rabbitmq::{Cluster, VirtualHost};
use tokio::time::timeout;

use crate::bench::{
    client, downloads, event, new_queues_are_on_disk, next_control, next_event, publishes_again,
};

const QUEUE: &str = "panos.q.download_only.v1";

/// An election takes a second; a node that leaves takes its share of the cluster's attention with it.
const RECOVERED_WITHIN: Duration = Duration::from_secs(120);

/// Publishes wake-ups, one window after the other, until it is told to end; answers which were confirmed.
async fn publish_until(end: Arc<AtomicBool>, broker: Arc<dyn Broker>) -> Vec<i64> {
    let mut confirmed = Vec::new();
    let mut next = 1;
    while !end.load(Ordering::Relaxed) {
        match broker.publish(&downloads(next..next + 20)).await {
            Ok(settlement) => confirmed.extend(settlement.confirmed),
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
        next += 20;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    confirmed
}

/// Acks wake-ups until all that were confirmed have come.
async fn consume(broker: Arc<dyn Broker>, confirmed: impl Fn() -> Option<Vec<i64>>) -> BTreeSet<i64> {
    let mut wake_ups = broker.wake_ups(&[DownloadOnly]).await.unwrap();
    let mut seen = BTreeSet::new();
    let started = Instant::now();
    loop {
        if let Some(confirmed) = confirmed() {
            if confirmed.iter().all(|job| seen.contains(job)) {
                return seen;
            }
            let missing: Vec<_> = confirmed.iter().filter(|job| !seen.contains(*job)).take(5).collect();
            assert!(
                started.elapsed() < RECOVERED_WITHIN * 2,
                "confirmed and never delivered: {missing:?} .."
            );
        }
        if let Ok(delivery) = timeout(Duration::from_millis(500), wake_ups.next()).await {
            let delivery = delivery.unwrap();
            let job = delivery.wake_up.unwrap().job_id.0;
            // An ack that is lost means that it comes again; either way it has come.
            drop(delivery.receipt.ack().await);
            seen.insert(job);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_confirmed_is_lost_when_a_leader_moves_and_one_node_of_three_is_killed() {
    let mut cluster = Cluster::start().await.unwrap();
    let host = VirtualHost::create_on(&cluster.nodes[0]).await.unwrap();
    let broker = client(host.url());
    broker.declare().await.unwrap();
    let mut feed = broker.events(EventsFrom::First).await.unwrap();
    let mut controls = broker.controls().await.unwrap();
    for node in &cluster.nodes {
        new_queues_are_on_disk(node).await;
    }

    let end = Arc::new(AtomicBool::new(false));
    let publishing = tokio::spawn(publish_until(Arc::clone(&end), client(host.url())));
    let (tell, told) = tokio::sync::watch::channel(None);
    let consuming = tokio::spawn(consume(client(host.url()), move || told.borrow().clone()));

    let now = cluster.leader(host.name(), QUEUE).await.unwrap().unwrap();
    let mover = (now + 1) % 3;
    cluster.move_leader(host.name(), QUEUE, mover).await.unwrap();
    // The victim leads, and is not the node that we are connected to.
    let victim = if mover == 0 { 2 } else { mover };
    cluster.move_leader(host.name(), QUEUE, victim).await.unwrap();
    cluster.nodes[victim].kill9().unwrap();

    let survivor = client(host.url());
    publishes_again(&*survivor, &downloads([1_000_001])[0], RECOVERED_WITHIN).await;
    publishes_again(&*survivor, &event(1), RECOVERED_WITHIN).await;
    assert_eq!(next_event(&mut feed).await.body, "1");
    survivor.tell(&Control::Pauses).await.unwrap();
    assert_eq!(next_control(&mut controls).await, Control::Pauses);

    cluster.heal().await.unwrap();
    end.store(true, Ordering::Relaxed);
    let mut confirmed = timeout(RECOVERED_WITHIN, publishing).await.unwrap().unwrap();
    assert!(confirmed.len() > 20, "it published little: {}", confirmed.len());
    confirmed.push(1_000_001);
    tell.send(Some(confirmed.clone())).unwrap();
    let seen = timeout(RECOVERED_WITHIN * 2, consuming).await.unwrap().unwrap();
    assert!(confirmed.iter().all(|job| seen.contains(job)));
}
