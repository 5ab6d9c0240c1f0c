//! Order, settling, coming again, sharing.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use common::domain::job::JobType::{self, DownloadOnly, Upgrade};
use common::ledger::OutboxRow;
use lapin::options::{BasicGetOptions, BasicPublishOptions};
use lapin::protocol::BasicProperties;
use lapin::types::AMQPValue;
use testkit::wait::wait_until;
use tokio::time::timeout;

use crate::bench::{A_WHILE, Bench, Fleet, SOON, downloads, next, next_job, next_jobs, publish, wake_up};

/// What is handed over at once, not after some timeout.
const AT_ONCE: Duration = Duration::from_secs(10);

on_every_broker!(
    wake_ups_come_in_the_order_in_which_they_were_published,
    who_waits_gets_what_another_process_publishes,
    an_acked_wake_up_is_gone,
    a_dropped_delivery_comes_again,
    the_delivery_of_a_consumer_that_died_goes_to_another,
    the_next_delivery_waits_for_the_one_in_hand,
    two_consumers_share_the_queue,
    a_stream_has_only_the_types_it_asked_for,
    one_stream_serves_several_types,
    what_is_not_a_wake_up_is_delivered_unreadable_and_set_aside,
    what_is_given_back_goes_to_another_at_once,
    a_queue_knows_who_listens,
);

async fn wake_ups_come_in_the_order_in_which_they_were_published(bench: &mut impl Bench) {
    let broker = bench.client();
    publish(&*broker, &downloads([3, 1, 2])).await;
    publish(&*broker, &downloads([5, 4])).await;
    let mut wake_ups = broker.wake_ups(&[DownloadOnly]).await.unwrap();
    assert_eq!(next_jobs(&mut wake_ups, 5).await, [3, 1, 2, 5, 4]);
}

async fn who_waits_gets_what_another_process_publishes(bench: &mut impl Bench) {
    let (waiting, publishing) = (bench.client(), bench.client());
    publishing.declare().await.unwrap();
    let mut wake_ups = waiting.wake_ups(&[DownloadOnly]).await.unwrap();
    let waiter = tokio::spawn(async move { next_job(&mut wake_ups).await });
    tokio::time::sleep(A_WHILE).await;
    publish(&*publishing, &downloads([7])).await;
    assert_eq!(timeout(SOON, waiter).await.unwrap().unwrap(), 7);
}

async fn an_acked_wake_up_is_gone(bench: &mut impl Bench) {
    let broker = bench.client();
    publish(&*broker, &downloads([1, 2])).await;
    let mut wake_ups = broker.wake_ups(&[DownloadOnly]).await.unwrap();
    assert_eq!(next_job(&mut wake_ups).await, 1);
    drop(wake_ups);
    drop(broker);
    let other = bench.client();
    let mut wake_ups = other.wake_ups(&[DownloadOnly]).await.unwrap();
    assert_eq!(next_job(&mut wake_ups).await, 2);
    n_waiting(&*other, DownloadOnly, 0).await;
    assert_eq!(other.dead_depth().await.unwrap(), 0);
}

async fn a_dropped_delivery_comes_again(bench: &mut impl Bench) {
    let broker = bench.client();
    publish(&*broker, &downloads([1, 2])).await;
    let mut wake_ups = broker.wake_ups(&[DownloadOnly]).await.unwrap();
    assert_eq!(next(&mut wake_ups).await.wake_up.unwrap().job_id.0, 1);
    let started = std::time::Instant::now();
    assert_eq!(next_jobs(&mut wake_ups, 2).await, [1, 2]);
    assert!(started.elapsed().as_secs() < 10, "at once, because its stream is still there");
}

async fn the_delivery_of_a_consumer_that_died_goes_to_another(bench: &mut impl Bench) {
    let dying = bench.client();
    publish(&*dying, &downloads([1])).await;
    let mut wake_ups = dying.wake_ups(&[DownloadOnly]).await.unwrap();
    let in_hand = next(&mut wake_ups).await;
    drop((wake_ups, dying));
    drop(in_hand);
    let other = bench.client();
    let mut wake_ups = other.wake_ups(&[DownloadOnly]).await.unwrap();
    assert_eq!(next_job(&mut wake_ups).await, 1);
}

async fn the_next_delivery_waits_for_the_one_in_hand(bench: &mut impl Bench) {
    let broker = bench.client();
    publish(&*broker, &downloads([1])).await;
    publish(&*broker, &[wake_up(2, Upgrade)]).await;
    let mut wake_ups = broker.wake_ups(&[DownloadOnly, Upgrade]).await.unwrap();
    let in_hand = next(&mut wake_ups).await;
    assert!(timeout(A_WHILE, wake_ups.next()).await.is_err(), "a second delivery beside the first");
    let first = in_hand.wake_up.unwrap().job_id.0;
    in_hand.receipt.ack().await.unwrap();
    let second = next_job(&mut wake_ups).await;
    assert_eq!(BTreeSet::from([first, second]), BTreeSet::from([1, 2]));
}

async fn two_consumers_share_the_queue(bench: &mut impl Bench) {
    let (ann, bob) = (bench.client(), bench.client());
    publish(&*ann, &downloads([1, 2, 3])).await;
    let mut of_ann = ann.wake_ups(&[DownloadOnly]).await.unwrap();
    let first = next(&mut of_ann).await;
    let mut of_bob = bob.wake_ups(&[DownloadOnly]).await.unwrap();
    assert_eq!(next_jobs(&mut of_bob, 2).await, [2, 3], "what Ann has in hand is hers");
    assert_eq!(first.wake_up.unwrap().job_id.0, 1);
    first.receipt.ack().await.unwrap();
}

async fn a_stream_has_only_the_types_it_asked_for(bench: &mut impl Bench) {
    let broker = bench.client();
    publish(&*broker, &[wake_up(1, Upgrade), wake_up(2, DownloadOnly), wake_up(3, Upgrade)]).await;
    let mut downloads = broker.wake_ups(&[DownloadOnly]).await.unwrap();
    assert_eq!(next_job(&mut downloads).await, 2);
    n_waiting(&*broker, Upgrade, 2).await;
    assert!(timeout(A_WHILE, downloads.next()).await.is_err(), "an upgrade in the stream of downloads");
    let mut upgrades = broker.wake_ups(&[Upgrade]).await.unwrap();
    assert_eq!(next_jobs(&mut upgrades, 2).await, [1, 3]);
}

async fn one_stream_serves_several_types(bench: &mut impl Bench) {
    let broker = bench.client();
    let rows: Vec<_> =
        (1..=40).map(|job| wake_up(job, if job % 4 == 0 { Upgrade } else { DownloadOnly })).collect();
    publish(&*broker, &rows).await;
    let mut wake_ups = broker.wake_ups(&JobType::ALL).await.unwrap();
    let jobs = next_jobs(&mut wake_ups, rows.len()).await;
    assert_eq!(jobs.iter().copied().collect::<BTreeSet<_>>(), (1..=40).collect(), "each one, once");
    let upgrades: Vec<_> = jobs.into_iter().filter(|job| job % 4 == 0).collect();
    assert!(upgrades.is_sorted(), "in order per type: {upgrades:?}");
}

async fn what_is_not_a_wake_up_is_delivered_unreadable_and_set_aside(bench: &mut impl Bench) {
    let broker = bench.client();
    let garbage = OutboxRow { body: "{\"v\":99}".into(), ..wake_up(1, DownloadOnly) };
    publish(&*broker, &[garbage, wake_up(2, DownloadOnly)]).await;
    let mut wake_ups = broker.wake_ups(&[DownloadOnly]).await.unwrap();
    let delivery = next(&mut wake_ups).await;
    let unreadable = delivery.wake_up.unwrap_err();
    assert_eq!(unreadable.0, "schema 99, this program reads 1");
    delivery.receipt.reject(&unreadable.0).await.unwrap();
    assert_eq!(next_job(&mut wake_ups).await, 2, "the stream goes on");
    wait_until("the dead letter is there", SOON, async || match broker.dead_depth().await.unwrap() {
        1 => Ok(()),
        n_dead => Err(format!("{n_dead} dead letters")),
    })
    .await;
    n_waiting(&*broker, DownloadOnly, 0).await;
}

async fn what_is_given_back_goes_to_another_at_once(bench: &mut impl Bench) {
    let (paused, willing) = (bench.client(), bench.client());
    publish(&*paused, &downloads([1])).await;
    let mut of_paused = paused.wake_ups(&[DownloadOnly]).await.unwrap();
    let not_for_us = next(&mut of_paused).await;
    of_paused.pause().await.unwrap();
    not_for_us.receipt.give_back().await.unwrap();
    let started = Instant::now();
    let mut of_willing = willing.wake_ups(&[DownloadOnly]).await.unwrap();
    assert_eq!(next_job(&mut of_willing).await, 1);
    assert!(started.elapsed() < AT_ONCE);
    of_paused.resume();
    publish(&*willing, &downloads([2])).await;
    drop(of_willing);
    assert_eq!(next_job(&mut of_paused).await, 2, "the stream that gave it back goes on");
}

async fn a_queue_knows_who_listens(bench: &mut impl Bench) {
    let broker = bench.client();
    broker.declare().await.unwrap();
    n_listening(&*broker, 0).await;
    let mut wake_ups = broker.wake_ups(&[DownloadOnly]).await.unwrap();
    n_listening(&*broker, 1).await;
    wake_ups.pause().await.unwrap();
    n_listening(&*broker, 0).await;
    wake_ups.resume();
    assert!(timeout(A_WHILE, wake_ups.next()).await.is_err(), "nothing is there");
    n_listening(&*broker, 1).await;
    drop(wake_ups);
    n_listening(&*broker, 0).await;
}

/// Waits until `n` consumers listen for downloads: RabbitMQ counts a moment late.
async fn n_listening(broker: &dyn common::broker::Broker, n: u32) {
    wait_until(format!("{n} consumers listen"), SOON, async || {
        let found = broker.depth(DownloadOnly).await.unwrap().n_consumers;
        if found == n { Ok(()) } else { Err(format!("{found} listen")) }
    })
    .await;
}

/// Waits until `n` wake-ups of a type wait: RabbitMQ counts a moment late.
async fn n_waiting(broker: &dyn common::broker::Broker, job_type: JobType, n: u64) {
    wait_until(format!("{n} wake-ups of {job_type} wait"), SOON, async || {
        let depth = broker.depth(job_type).await.unwrap().n_ready;
        if depth == n { Ok(()) } else { Err(format!("{depth} wait")) }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rabbitmq_keeps_the_bytes_of_what_was_rejected_and_says_so() {
    let fleet = Fleet::start().await;
    let broker = fleet.client();
    broker.declare().await.unwrap();
    let (_connection, channel) = fleet.channel().await;
    let bytes = b"\xff\x00 no text at all";
    let (options, properties) = (BasicPublishOptions::default(), BasicProperties::default());
    channel
        .basic_publish("panos.jobs".into(), "job.download_only.any.x".into(), options, bytes, properties)
        .await
        .unwrap();
    let mut wake_ups = broker.wake_ups(&[DownloadOnly]).await.unwrap();
    let delivery = next(&mut wake_ups).await;
    assert!(delivery.wake_up.is_err());
    delivery.receipt.reject("no text").await.unwrap();

    let dead = wait_until("the dead letter is there", SOON, async || {
        let got = channel.basic_get("panos.dead.v1".into(), BasicGetOptions { no_ack: true }).await.unwrap();
        got.ok_or_else(|| "nothing".to_owned())
    })
    .await;
    assert_eq!(dead.data, bytes);
    let headers = dead.properties.headers().as_ref().unwrap().inner();
    assert!(headers.contains_key("x-death"), "{headers:?}");
    assert_eq!(headers["x-first-death-reason"], AMQPValue::LongString("rejected".into()));
    assert_eq!(headers["x-first-death-queue"], AMQPValue::LongString("panos.q.download_only.v1".into()));
}
