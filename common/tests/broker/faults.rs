//! Crashes, alarms, a lost disk, logins that end.

use std::time::{Duration, Instant};

use common::broker::{BrokerError, Control, EventsFrom, PUBLISH_WITHIN};
use common::domain::job::JobType::{DownloadOnly, Upgrade};
use testkit::rabbitmq::{Alarm, RabbitMq as Node};
use testkit::wait::wait_until;
use tokio::time::timeout;

use crate::bench::{
    Bench, Embedded, Fleet, SOON, client, downloads, event, events, kept, new_queues_are_on_disk, next,
    next_control, next_event, next_events, next_job, next_jobs, publish, publishes_again, the_dead_one,
    wake_up,
};

/// Starting a node again takes seven seconds, and then the clients have to notice.
const AFTER_A_RESTART: Duration = Duration::from_secs(90);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_rabbitmq_confirmed_survives_its_kill_and_clients_come_back() {
    let mut node = Node::start().await.unwrap();
    let broker = client(&node.url());
    let mut feed = broker.events(EventsFrom::Next).await.unwrap();
    let mut wake_ups = broker.wake_ups(&[DownloadOnly]).await.unwrap();
    new_queues_are_on_disk(&node).await;
    publish(&*broker, &downloads(1..=20)).await;
    publish(&*broker, &events(1..=20)).await;
    assert_eq!(next_jobs(&mut wake_ups, 2).await, [1, 2]);
    assert_eq!(next_events(&mut feed, 2).await, [1, 2]);
    let in_hand = next(&mut wake_ups).await;

    node.kill9().unwrap();
    assert!(matches!(broker.publish(&downloads([99])).await, Err(BrokerError::NotReachable { .. }) | Ok(_)));
    node.start_again().await.unwrap();

    assert!(
        matches!(in_hand.receipt.ack().await, Err(BrokerError::Lost { .. })),
        "its channel died with the node"
    );
    // Acks that were on their way may be lost with the node, so 1 and 2 may come again: at least once.
    let started = Instant::now();
    let mut jobs = Vec::new();
    while !(3..=20).all(|job| jobs.contains(&job)) {
        assert!(started.elapsed() < AFTER_A_RESTART, "only {jobs:?}");
        let delivery = timeout(AFTER_A_RESTART, wake_ups.next()).await.unwrap().unwrap();
        delivery.receipt.ack().await.unwrap();
        jobs.push(delivery.wake_up.unwrap().job_id.0);
    }
    assert_eq!(
        next_events(&mut feed, 18).await,
        (3..=20).collect::<Vec<_>>(),
        "after the last offset, nothing twice"
    );
    publishes_again(&*broker, &wake_up(21, DownloadOnly), AFTER_A_RESTART).await;
}

#[tokio::test]
async fn what_the_embedded_broker_confirmed_survives_reopening() {
    let bench = Embedded::start().await;
    let before = bench.client();
    publish(&*before, &downloads(1..=20)).await;
    publish(&*before, &[event(1)]).await;
    drop(before);
    let after = bench.client();
    let mut wake_ups = after.wake_ups(&[DownloadOnly]).await.unwrap();
    assert_eq!(next_jobs(&mut wake_ups, 20).await, (1..=20).collect::<Vec<_>>());
    let mut feed = after.events(EventsFrom::First).await.unwrap();
    assert_eq!(next_events(&mut feed, 1).await, [1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_whose_disk_was_lost_gets_its_topology_back_and_all_streams_go_on() {
    let mut node = Node::start().await.unwrap();
    let broker = client(&node.url());
    let mut wake_ups = broker.wake_ups(&[DownloadOnly]).await.unwrap();
    let mut controls = broker.controls().await.unwrap();
    let mut feed = broker.events(EventsFrom::Next).await.unwrap();
    publish(&*broker, &[wake_up(1, Upgrade)]).await;
    publish(&*broker, &events(1..=3)).await;
    assert_eq!(next_events(&mut feed, 3).await, [1, 2, 3]);

    node.kill9().unwrap();
    node.start_empty().await.unwrap();
    publishes_again(&*broker, &wake_up(2, DownloadOnly), AFTER_A_RESTART).await;
    assert_eq!(timeout(AFTER_A_RESTART, next_job(&mut wake_ups)).await.unwrap(), 2);
    assert_eq!(
        broker.depth(Upgrade).await.unwrap().n_ready,
        0,
        "what was lost is the ledger's to send again"
    );
    let heard = tokio::spawn(async move { next_control(&mut controls).await });
    wait_until("workers listen again", SOON, async || {
        broker.tell(&Control::Pauses).await.map_err(|error| error.to_string())?;
        if heard.is_finished() { Ok(()) } else { Err("not yet".to_owned()) }
    })
    .await;
    // The new log begins at offset 0 again, and the reader had read up to offset 2.
    publishes_again(&*broker, &event(4), SOON).await;
    assert_eq!(next_event(&mut feed).await.body, "4");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_blocked_broker_leaves_rows_unknown_in_time_and_consumers_at_work() {
    let node = Node::start().await.unwrap();
    let broker = client(&node.url());
    publish(&*broker, &downloads([1, 2])).await;
    let mut wake_ups = broker.wake_ups(&[DownloadOnly]).await.unwrap();
    let refused = next(&mut wake_ups).await;
    refused.receipt.reject("a test").await.unwrap();
    node.raise_alarm(Alarm::Memory).await.unwrap();

    let started = Instant::now();
    let settlement = broker.publish(&downloads([3, 4])).await.unwrap();
    assert!(started.elapsed() < PUBLISH_WITHIN, "{:?}", started.elapsed());
    assert_eq!(settlement.unknown, [3, 4], "{settlement:?}");
    let started = Instant::now();
    let refused = broker.publish(&downloads([3, 4])).await;
    assert!(matches!(refused, Err(BrokerError::NotReachable { .. })), "{refused:?}");
    let untold = broker.tell(&Control::Pauses).await;
    assert!(matches!(untold, Err(BrokerError::NotReachable { .. })), "{untold:?}");
    assert_eq!(next_jobs(&mut wake_ups, 1).await, [2], "consumers are never blocked");
    let dead = the_dead_one(&*broker).await;
    let stays = broker.requeue(&kept(&dead.letter)).await;
    assert!(matches!(stays, Err(BrokerError::NotReachable { .. })), "{stays:?}");
    dead.receipt.ack().await.unwrap();
    assert!(started.elapsed() < Duration::from_secs(5), "it knows by now, and need not wait");

    node.lift_alarm(Alarm::Memory).await.unwrap();
    publishes_again(&*broker, &wake_up(5, DownloadOnly), SOON).await;
    let mut jobs = Vec::new();
    while jobs.last() != Some(&5) {
        jobs.push(next_job(&mut wake_ups).await);
    }
    assert!(jobs.is_sorted(), "{jobs:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn telling_a_broker_that_is_short_of_disk_ends_in_time() {
    let node = Node::start().await.unwrap();
    let broker = client(&node.url());
    broker.tell(&Control::Pauses).await.unwrap();
    node.raise_alarm(Alarm::Disk).await.unwrap();
    // The node blocks a connection when it publishes, so the first one has to be waited for.
    let started = Instant::now();
    let untold = broker.tell(&Control::Pauses).await;
    assert!(matches!(untold, Err(BrokerError::NotReachable { .. })), "{untold:?}");
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    node.lift_alarm(Alarm::Disk).await.unwrap();
    wait_until("telling works again", SOON, async || {
        broker.tell(&Control::Pauses).await.map_err(|error| error.to_string())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_password_is_final_and_appears_in_no_text() {
    let fleet = Fleet::start().await;
    let broker = client(&fleet.host.url().replace("guest:guest", "guest:hush-hush"));
    for error in [
        broker.publish(&downloads([1])).await.err(),
        broker.wake_ups(&[DownloadOnly]).await.err(),
        broker.events(EventsFrom::First).await.err(),
    ] {
        let error = error.unwrap();
        assert!(matches!(error, BrokerError::Closed { .. }), "{error}");
        assert!(!format!("{error} {error:?}").contains("hush"), "{error:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_that_was_changed_ends_the_streams() {
    let node = Node::start().await.unwrap();
    let broker = client(&node.url());
    let mut wake_ups = broker.wake_ups(&[DownloadOnly]).await.unwrap();
    let mut feed = broker.events(EventsFrom::Next).await.unwrap();
    node.rabbitmqctl(&["change_password", "guest", "another"]).await.unwrap();
    node.close_all_connections().await.unwrap();
    for _ in 0..2 {
        let ended = timeout(SOON, wake_ups.next()).await.unwrap().map(drop);
        assert!(matches!(ended, Err(BrokerError::Closed { .. })), "{ended:?}");
        let ended = timeout(SOON, feed.next()).await.unwrap();
        assert!(matches!(ended, Err(BrokerError::Closed { .. })), "{ended:?}");
    }
}

#[tokio::test]
async fn a_queue_that_was_deleted_is_made_again_by_who_publishes() {
    let fleet = Fleet::start().await;
    let broker = fleet.client();
    publish(&*broker, &events(1..=2)).await;
    publish(&*broker, &downloads(1..=2)).await;
    for queue in ["panos.events.log.v1", "panos.q.download_only.v1"] {
        fleet.host.delete_queue(queue).await.unwrap();
    }
    // Nobody consumes here, and no connection breaks: only the messages that come back tell.
    let refused = broker.publish(&[event(3), wake_up(3, DownloadOnly)]).await.unwrap().refused;
    assert_eq!(refused.len(), 2, "{refused:?}");
    publish(&*broker, &[event(3), wake_up(3, DownloadOnly)]).await;
    assert_eq!(broker.depth(DownloadOnly).await.unwrap().n_ready, 1);
}
