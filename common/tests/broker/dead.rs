//! How a message dies, and what becomes of it.

use std::time::Instant;

use common::broker::{BrokerError, MAX_DELIVERIES};
use common::domain::job::JobType::DownloadOnly;
use common::ledger::{DeadLetter, MAX_DEAD_BYTES, OutboxRow};
use jiff::{SignedDuration, Timestamp};
use lapin::options::BasicPublishOptions;
use lapin::protocol::BasicProperties;
use lapin::types::{AMQPValue, FieldTable};
use testkit::wait::wait_until;
use tokio::time::timeout;

use crate::bench::{
    A_WHILE, Bench, Fleet, SOON, downloads, kept, n_dead, next, next_job, publish, the_dead_one, wake_up,
};

on_every_broker!(
    a_rejected_message_is_taken_with_its_bytes_and_the_reason,
    what_is_not_acked_can_be_taken_again_and_is_the_same_letter,
    at_most_as_many_are_taken_as_were_asked_for,
    a_letter_that_was_requeued_is_delivered_again,
    a_letter_that_no_queue_wants_or_that_was_cut_is_refused,
    a_wake_up_that_nobody_ever_settles_dies,
);

const GARBAGE: &str = "{\"v\":99}";

/// Publishes what cannot be read, and rejects it.
async fn bury(bench: &mut impl Bench, ids: std::ops::RangeInclusive<i64>) {
    let broker = bench.client();
    let n_before = broker.dead_depth().await.unwrap_or_default();
    let n_rows = u64::try_from(ids.clone().count()).unwrap();
    let rows: Vec<_> =
        ids.map(|id| OutboxRow { body: GARBAGE.into(), ..wake_up(id, DownloadOnly) }).collect();
    publish(&*broker, &rows).await;
    let mut wake_ups = broker.wake_ups(&[DownloadOnly]).await.unwrap();
    for _ in rows {
        let delivery = next(&mut wake_ups).await;
        let unreadable = delivery.wake_up.unwrap_err();
        delivery.receipt.reject(&unreadable.0).await.unwrap();
    }
    n_dead(&*broker, n_before + n_rows).await;
}

async fn a_rejected_message_is_taken_with_its_bytes_and_the_reason(bench: &mut impl Bench) {
    let broker = bench.client();
    broker.declare().await.unwrap();
    let started = Instant::now();
    assert!(broker.take_dead(10).await.unwrap().is_empty());
    assert!(started.elapsed().as_secs() < 5, "nothing is there, so there is nothing to wait for");

    bury(bench, 1..=1).await;
    let dead = the_dead_one(&*broker).await;
    let letter = &dead.letter;
    assert_eq!(letter.body, GARBAGE.as_bytes());
    assert_eq!(letter.size_bytes, 8);
    assert_eq!(letter.message_id, "1:1");
    assert_eq!(letter.routing_key, "job.download_only.any.default");
    assert_eq!(letter.reason, "schema 99, this program reads 1");
    let age = Timestamp::now().duration_since(letter.died_at);
    assert!(age.abs() < SignedDuration::from_mins(5), "it died {age} ago");
    dead.receipt.ack().await.unwrap();
    n_dead(&*broker, 0).await;
    assert!(broker.take_dead(10).await.unwrap().is_empty());
}

async fn what_is_not_acked_can_be_taken_again_and_is_the_same_letter(bench: &mut impl Bench) {
    bury(bench, 1..=1).await;
    let broker = bench.client();
    let dropped = the_dead_one(&*broker).await;
    let first = dropped.letter.clone();
    drop(dropped.receipt);
    let given_back = the_dead_one(&*broker).await;
    assert_eq!(given_back.letter, first);
    given_back.receipt.give_back().await.unwrap();
    let rejected = the_dead_one(&*broker).await;
    assert_eq!(rejected.letter, first);
    rejected.receipt.reject("it would be lost").await.unwrap();
    let of_a_process_that_died = the_dead_one(&*broker).await;
    assert_eq!(of_a_process_that_died.letter, first);
    drop((of_a_process_that_died, broker));
    let broker = bench.client();
    let last = the_dead_one(&*broker).await;
    assert_eq!(last.letter, first);
    last.receipt.ack().await.unwrap();
    n_dead(&*broker, 0).await;
}

async fn at_most_as_many_are_taken_as_were_asked_for(bench: &mut impl Bench) {
    bury(bench, 1..=5).await;
    let broker = bench.client();
    let two = broker.take_dead(2).await.unwrap();
    let ids = |taken: &[common::broker::DeadDelivery]| {
        taken.iter().map(|dead| dead.letter.message_id.clone()).collect::<Vec<_>>()
    };
    assert_eq!(ids(&two), ["1:1", "2:1"], "the oldest first");
    let others = broker.take_dead(10).await.unwrap();
    assert_eq!(ids(&others), ["3:1", "4:1", "5:1"], "what is taken is nobody else's");
    for dead in two.into_iter().chain(others) {
        dead.receipt.ack().await.unwrap();
    }
    n_dead(&*broker, 0).await;
}

async fn a_letter_that_was_requeued_is_delivered_again(bench: &mut impl Bench) {
    let broker = bench.client();
    publish(&*broker, &downloads([7])).await;
    let mut wake_ups = broker.wake_ups(&[DownloadOnly]).await.unwrap();
    // Readable, but its worker did not think so.
    next(&mut wake_ups).await.receipt.reject("a test").await.unwrap();
    let dead = the_dead_one(&*broker).await;
    broker.requeue(&kept(&dead.letter)).await.unwrap();
    dead.receipt.ack().await.unwrap();
    let again = next(&mut wake_ups).await;
    assert_eq!(again.wake_up.unwrap().job_id.0, 7);
    // Dying a second time is a death like the first: nothing in it says that it goes in a circle.
    again.receipt.reject("a test").await.unwrap();
    let dead = the_dead_one(&*broker).await;
    assert_eq!(dead.letter.message_id, "7:1");
    broker.requeue(&kept(&dead.letter)).await.unwrap();
    dead.receipt.ack().await.unwrap();
    assert_eq!(next_job(&mut wake_ups).await, 7);
    n_dead(&*broker, 0).await;
}

async fn a_letter_that_no_queue_wants_or_that_was_cut_is_refused(bench: &mut impl Bench) {
    bury(bench, 1..=1).await;
    let broker = bench.client();
    let dead = the_dead_one(&*broker).await;
    let letter = kept(&dead.letter);
    let unroutable = DeadLetter { routing_key: "job.download_only.dmz.default".into(), ..letter.clone() };
    let cut = DeadLetter { size_bytes: letter.size_bytes + 1, ..letter };
    for (letter, named) in
        [(unroutable, "job.download_only.dmz.default"), (cut, "only 8 of its 9 bytes were kept")]
    {
        let refused = broker.requeue(&letter).await.unwrap_err();
        assert!(matches!(refused, BrokerError::Topology { .. }), "{refused:?}");
        assert!(refused.to_string().contains(named), "{refused}");
    }
    assert_eq!(broker.depth(DownloadOnly).await.unwrap().n_ready, 0);
}

async fn a_wake_up_that_nobody_ever_settles_dies(bench: &mut impl Bench) {
    let broker = bench.client();
    publish(&*broker, &downloads([1])).await;
    let mut wake_ups = broker.wake_ups(&[DownloadOnly]).await.unwrap();
    let mut n_deliveries = 0;
    while broker.dead_depth().await.unwrap() == 0 {
        if let Ok(delivery) = timeout(A_WHILE, wake_ups.next()).await {
            n_deliveries += 1;
            drop(delivery);
        }
        assert!(n_deliveries <= MAX_DELIVERIES + 1, "{n_deliveries} deliveries");
    }
    assert!(n_deliveries >= MAX_DELIVERIES, "{n_deliveries} deliveries");
    let dead = the_dead_one(&*broker).await;
    assert_eq!(dead.letter.reason, "delivered 20 times and never settled");
    assert_eq!(dead.letter.message_id, "1:1");
    dead.receipt.ack().await.unwrap();
    publish(&*broker, &downloads([2])).await;
    assert_eq!(next_job(&mut wake_ups).await, 2, "the stream goes on");
}

/// Publishes past our own code.
async fn publish_raw(fleet: &Fleet, exchange: &str, body: &[u8], properties: BasicProperties) {
    let (connection, channel) = fleet.channel().await;
    let key = "job.download_only.any.x".into();
    let published =
        channel.basic_publish(exchange.into(), key, BasicPublishOptions::default(), body, properties);
    published.await.unwrap();
    channel.close(200, "it is there".into()).await.unwrap();
    connection.close(200, "done".into()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bytes_that_are_no_text_are_kept_and_requeued_as_they_are() {
    let fleet = Fleet::start().await;
    let broker = fleet.client();
    broker.declare().await.unwrap();
    let bytes = b"\xff\x00 no text at all";
    publish_raw(&fleet, "panos.jobs", bytes, BasicProperties::default()).await;
    let mut wake_ups = broker.wake_ups(&[DownloadOnly]).await.unwrap();
    next(&mut wake_ups).await.receipt.reject("no text").await.unwrap();
    let dead = the_dead_one(&*broker).await;
    assert_eq!(dead.letter.body, bytes);
    assert_eq!(
        (dead.letter.message_id.as_str(), dead.letter.routing_key.as_str()),
        ("", "job.download_only.any.x")
    );
    broker.requeue(&kept(&dead.letter)).await.unwrap();
    dead.receipt.ack().await.unwrap();
    next(&mut wake_ups).await.receipt.reject("no text").await.unwrap();
    assert_eq!(the_dead_one(&*broker).await.letter.body, bytes);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_is_too_long_is_cut_and_its_length_is_kept() {
    let fleet = Fleet::start().await;
    let broker = fleet.client();
    broker.declare().await.unwrap();
    let mut bytes = vec![b'x'; MAX_DEAD_BYTES + 10];
    bytes[MAX_DEAD_BYTES - 1] = b'y';
    publish_raw(&fleet, "panos.jobs", &bytes, BasicProperties::default()).await;
    let mut wake_ups = broker.wake_ups(&[DownloadOnly]).await.unwrap();
    let delivery = next(&mut wake_ups).await;
    assert!(delivery.wake_up.is_err(), "a poison message is a delivery like any other");
    delivery.receipt.reject("too long").await.unwrap();
    let dead = the_dead_one(&*broker).await;
    assert_eq!(dead.letter.body, bytes[..MAX_DEAD_BYTES]);
    assert_eq!(dead.letter.size_bytes, bytes.len() as u64);
    assert_eq!(dead.letter.reason, "16777226 bytes, at most 65536 are read");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_letter_without_a_history_and_one_with_a_strange_one_are_letters_too() {
    let fleet = Fleet::start().await;
    let broker = fleet.client();
    broker.declare().await.unwrap();
    let readable = wake_up(1, DownloadOnly).body;
    publish_raw(&fleet, "panos.dlx", readable.as_bytes(), BasicProperties::default()).await;
    let mut headers = FieldTable::default();
    headers.insert("x-death".into(), AMQPValue::LongString("of old age".into()));
    let strange = BasicProperties::default().with_headers(headers).with_timestamp(1_700_000_000);
    publish_raw(&fleet, "panos.dlx", readable.as_bytes(), strange).await;
    n_dead(&*broker, 2).await;
    let taken = broker.take_dead(10).await.unwrap();
    let died_at: Vec<_> = taken.iter().map(|dead| dead.letter.died_at.as_second()).collect();
    assert_eq!(died_at, [0, 1_700_000_000]);
    for dead in &taken {
        assert_eq!(dead.letter.reason, "the broker does not say why");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_without_the_queue_of_dead_letters_gets_it_again() {
    let fleet = Fleet::start().await;
    let broker = fleet.client();
    broker.declare().await.unwrap();
    fleet.host.delete_queue("panos.dead.v1").await.unwrap();
    let missing = broker.take_dead(1).await.map(|taken| taken.len());
    assert!(
        matches!(&missing, Err(BrokerError::Topology { name, .. }) if name == "panos.dead.v1"),
        "{missing:?}"
    );
    wait_until("it is there again", SOON, async || {
        broker.take_dead(1).await.map(drop).map_err(|error| error.to_string())
    })
    .await;
}
