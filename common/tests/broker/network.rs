//! Cut connections, silence, a consumer that the broker ends.

use std::time::{Duration, Instant};

use common::broker::{BrokerError, Control, EventsFrom, PUBLISH_WITHIN};
use common::domain::job::JobType::{DownloadOnly, Upgrade};
use lapin::options::QueueDeleteOptions;
use testkit::proxy::Proxy;
use testkit::wait::wait_until;
use tokio::net::TcpListener;
use tokio::time::timeout;

use crate::bench::{
    Bench, Fleet, SOON, client, downloads, event, next, next_control, next_events, next_job, next_jobs,
    publish, publishes_again, wake_up,
};

/// Seconds between heartbeats where a test waits for two of them.
const HEARTBEAT_S: u64 = 2;

/// Two heartbeats, the library's look at its clock, and a busy machine.
const NOTICED_WITHIN: Duration = Duration::from_secs(2 * HEARTBEAT_S + 6);

/// A consumer that is dead without a sign is started anew after fifteen quiet seconds.
const FOUND_WITHIN: Duration = Duration::from_secs(40);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_the_broker_closed_is_built_anew() {
    let fleet = Fleet::start().await;
    let broker = fleet.client();
    let mut wake_ups = broker.wake_ups(&[DownloadOnly]).await.unwrap();
    let mut feed = broker.events(EventsFrom::Next).await.unwrap();
    publish(&*broker, &[event(1)]).await;
    publish(&*broker, &downloads([1, 2])).await;
    assert_eq!(next_events(&mut feed, 1).await, [1]);
    let in_hand = next(&mut wake_ups).await;

    wait_until("both connections are known and closed", SOON, async || {
        let n_connections = fleet.host.n_connections().await.unwrap();
        if n_connections == 2 { Ok(()) } else { Err(format!("{n_connections} connections")) }
    })
    .await;
    assert_eq!(fleet.host.close_connections().await.unwrap(), 2);

    wait_until("the receipt's channel is gone", SOON, async || {
        // A clone would be needed to ask twice, so the publishing side tells.
        broker.check().await.map_err(|error| error.to_string())
    })
    .await;
    let settled = in_hand.receipt.ack().await;
    assert!(matches!(settled, Err(BrokerError::Lost { .. })), "{settled:?}");
    assert_eq!(next_jobs(&mut wake_ups, 2).await, [1, 2], "what was in hand comes again");
    publishes_again(&*broker, &event(2), SOON).await;
    assert_eq!(next_events(&mut feed, 1).await, [2]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_was_cut_while_it_was_paused_works_after_resume() {
    let fleet = Fleet::start().await;
    let broker = fleet.client();
    let mut wake_ups = broker.wake_ups(&[DownloadOnly]).await.unwrap();
    wake_ups.pause().await.unwrap();
    wait_until("its connection is closed", SOON, async || {
        match fleet.host.close_connections().await.unwrap() {
            0 => Err("no connection is known yet".to_owned()),
            _ => Ok(()),
        }
    })
    .await;
    wake_ups.resume();
    publish(&*fleet.client(), &downloads([1])).await;
    assert_eq!(next_job(&mut wake_ups).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_queue_that_was_deleted_under_its_consumer_is_made_again() {
    let fleet = Fleet::start().await;
    let broker = fleet.client();
    let mut wake_ups = broker.wake_ups(&[DownloadOnly]).await.unwrap();
    let (_connection, channel) = fleet.channel().await;
    channel.queue_delete("panos.q.download_only.v1".into(), QueueDeleteOptions::default()).await.unwrap();
    let waiter = tokio::spawn(async move { next_job(&mut wake_ups).await });
    wait_until("the queue is there again", SOON, async || {
        broker.depth(DownloadOnly).await.map_err(|error| error.to_string())
    })
    .await;
    publish(&*broker, &downloads([1])).await;
    assert_eq!(timeout(SOON, waiter).await.unwrap().unwrap(), 1);
}

/// The broker may tell a consumer nothing when whoever publishes makes the queue again at once: then it listens to a
/// queue that is no more.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_queue_that_is_deleted_and_made_again_at_once_keeps_its_consumer() {
    let fleet = Fleet::start().await;
    let (broker, other) = (fleet.client(), fleet.client());
    publish(&*broker, &downloads(1..=3)).await;
    let mut wake_ups = broker.wake_ups(&[DownloadOnly]).await.unwrap();
    assert_eq!(next_jobs(&mut wake_ups, 3).await, [1, 2, 3]);
    let waiter = tokio::spawn(async move { next_jobs(&mut wake_ups, 3).await });
    for _ in 0..2 {
        fleet.host.delete_queue("panos.q.download_only.v1").await.unwrap();
        other.declare().await.unwrap();
    }
    publish(&*other, &downloads(4..=6)).await;
    assert_eq!(timeout(FOUND_WITHIN, waiter).await.unwrap().unwrap(), [4, 5, 6]);
}

#[tokio::test]
async fn what_a_paused_stream_has_dropped_goes_to_another_at_once() {
    let fleet = Fleet::start().await;
    let (ann, bob) = (fleet.client(), fleet.client());
    publish(&*ann, &downloads([1])).await;
    let mut of_ann = ann.wake_ups(&[DownloadOnly]).await.unwrap();
    let in_hand = next(&mut of_ann).await;
    drop(in_hand);
    of_ann.pause().await.unwrap();
    // Ann waits for her ledger, and asks for nothing; her stream and her client are still there.
    let mut of_bob = bob.wake_ups(&[DownloadOnly]).await.unwrap();
    assert_eq!(next_job(&mut of_bob).await, 1);
    publish(&*bob, &downloads([2, 3])).await;
    assert_eq!(next_job(&mut of_bob).await, 2);
    drop(of_bob);
    of_ann.resume();
    assert_eq!(next_job(&mut of_ann).await, 3);
}

#[tokio::test]
async fn a_place_where_nobody_listens_is_named() {
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let broker = client(&format!("amqp://guest:hush@127.0.0.1:{port}"));
    let error = broker.check().await.unwrap_err();
    assert!(matches!(&error, BrokerError::NotReachable { .. }), "{error}");
    let text = error.to_string();
    assert!(
        text.starts_with(&format!("the broker at amqp://127.0.0.1:{port} is not reachable: connect: ")),
        "{text}"
    );
    assert!(!text.contains("hush"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_that_says_nothing_is_given_up_in_time() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let broker = client(&format!("amqp://guest:guest@{}", listener.local_addr().unwrap()));
    let started = Instant::now();
    let error = broker.publish(&downloads([1])).await.unwrap_err();
    assert!(matches!(&error, BrokerError::NotReachable { reason, .. } if reason.contains("10 s")), "{error}");
    assert!(started.elapsed() < PUBLISH_WITHIN);
}

/// A virtual host behind a network that can break, with quick heartbeats.
struct Far {
    fleet: Fleet,
    proxy: Proxy,
}

impl Far {
    async fn start() -> Self {
        let fleet = Fleet::start().await;
        let proxy = Proxy::before(fleet.host.url()).unwrap();
        Self { fleet, proxy }
    }

    fn url(&self) -> String {
        format!("{}?heartbeat={HEARTBEAT_S}", self.proxy.url())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_half_open_connection_is_noticed_by_its_heartbeats_on_both_sides() {
    let far = Far::start().await;
    let broker = client(&far.url());
    let mut wake_ups = broker.wake_ups(&[DownloadOnly]).await.unwrap();
    let mut controls = broker.controls().await.unwrap();
    publish(&*broker, &downloads([1])).await;
    assert_eq!(next_job(&mut wake_ups).await, 1);
    assert_eq!(far.proxy.counts().n_accepted, 2, "one connection to consume, one to publish");

    far.proxy.black_hole();
    let silent_since = Instant::now();
    // Somebody has to poll the streams, as a worker does; nothing tells them but missing heartbeats.
    let streams = tokio::spawn(async move {
        // The ack of the first may have been swallowed: then it comes once more.
        let last = async { while next_job(&mut wake_ups).await != 3 {} };
        tokio::join!(last, next_control(&mut controls)).1
    });
    wait_until("the consuming side tries a new connection", NOTICED_WITHIN, async || {
        match far.proxy.counts().n_accepted {
            0..=2 => Err("no new connection".to_owned()),
            _ => Ok(()),
        }
    })
    .await;
    assert!(silent_since.elapsed() >= Duration::from_secs(HEARTBEAT_S), "one late heartbeat is no death");
    let started = Instant::now();
    let unheard = broker.publish(&downloads([2])).await;
    assert!(started.elapsed() < PUBLISH_WITHIN, "{:?}", started.elapsed());
    match unheard {
        Ok(settlement) => assert_eq!(settlement.unknown, [2]),
        Err(error) => assert!(matches!(error, BrokerError::NotReachable { .. }), "{error}"),
    }

    far.proxy.heal().await.unwrap();
    let near = far.fleet.client();
    publish(&*near, &downloads([3])).await;
    wait_until("all listen again", SOON, async || {
        near.tell(&Control::Pauses).await.map_err(|error| error.to_string())?;
        if streams.is_finished() { Ok(()) } else { Err("not yet".to_owned()) }
    })
    .await;
    assert_eq!(streams.await.unwrap(), Control::Pauses);
    publishes_again(&*broker, &wake_up(4, DownloadOnly), SOON).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_window_whose_confirms_are_swallowed_stays_unknown_and_its_channel_is_not_used_again() {
    let far = Far::start().await;
    let broker = client(&far.url());
    publish(&*broker, &downloads([1])).await;
    far.proxy.hold();
    let settlement = broker.publish(&downloads(2..=50)).await.unwrap();
    assert_eq!(settlement.unknown, (2..=50).collect::<Vec<_>>(), "{settlement:?}");
    // What was held arrives now, and so do its confirms: nobody may take them for those of the next window.
    far.proxy.heal().await.unwrap();
    let mut rows = vec![wake_up(51, Upgrade), wake_up(52, Upgrade)];
    rows[1].routing_key = "job.upgrade.dmz.default".into();
    let settlement = wait_until("publishing works again", SOON, async || {
        broker.publish(&rows).await.map_err(|error| error.to_string())
    })
    .await;
    assert_eq!(settlement.confirmed, [51], "{settlement:?}");
    assert_eq!(settlement.refused.len(), 1, "{settlement:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_ack_on_a_connection_that_is_gone_is_an_error_and_the_delivery_comes_again() {
    let far = Far::start().await;
    let broker = client(&far.url());
    publish(&*broker, &downloads([1])).await;
    let mut wake_ups = broker.wake_ups(&[DownloadOnly]).await.unwrap();
    let acked = next(&mut wake_ups).await;
    far.proxy.cut().await.unwrap();
    wait_until("its end is known here", SOON, async || {
        broker.check().await.map_err(|error| error.to_string())
    })
    .await;
    assert!(matches!(acked.receipt.ack().await, Err(BrokerError::Lost { .. })));
    let given_back = next(&mut wake_ups).await;
    assert_eq!(given_back.wake_up.unwrap().job_id.0, 1);
    far.proxy.cut().await.unwrap();
    wait_until("its end is known here", SOON, async || {
        broker.check().await.map_err(|error| error.to_string())
    })
    .await;
    assert!(matches!(given_back.receipt.give_back().await, Err(BrokerError::Lost { .. })));
    assert_eq!(next_job(&mut wake_ups).await, 1);
}
