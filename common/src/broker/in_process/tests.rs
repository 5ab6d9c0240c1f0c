//! What only this broker does, or what only its tables show. The promises it shares are in `tests/broker`.

use rusqlite::params;
use tempfile::TempDir;

use super::*;
use crate::broker::{MAX_DELIVERIES, WAKE_UP_SCHEMA, WakeUp};
use crate::domain::job::JobId;

/// A store with the broker's tables.
async fn store() -> (Store, TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(&directory.path().join("ledger.sqlite")).unwrap();
    let schema = include_str!("../../../../migrations/sqlite/V3__outbox.sql");
    store.write("schema", |transaction| Ok(transaction.execute_batch(schema)?)).await.unwrap();
    (store, directory)
}

fn wake_up(job: i64) -> OutboxRow {
    let wake_up = WakeUp {
        v: WAKE_UP_SCHEMA,
        job_id: JobId(job),
        job_type: JobType::Upgrade,
        serial: "007900000100103".parse().unwrap(),
        attempt: 1,
    };
    OutboxRow {
        id: job,
        kind: OutboxKind::WakeUp,
        job: wake_up.job_id,
        job_type: wake_up.job_type,
        message_id: format!("{job}:1"),
        routing_key: WakeUp::routing_key(wake_up.job_type),
        body: wake_up.to_json(),
    }
}

fn event(id: i64) -> OutboxRow {
    OutboxRow {
        kind: OutboxKind::Event,
        message_id: format!("event {id}"),
        routing_key: "evt.upgrade.queued".into(),
        body: format!("{{\"id\":{id}}}"),
        ..wake_up(id)
    }
}

async fn text(store: &Store, sql: &'static str) -> Vec<String> {
    let rows = store.read("test", move |transaction| {
        let mut query = transaction.prepare(sql)?;
        Ok(query.query_map([], |row| row.get(0))?.collect::<Result<Vec<String>, _>>()?)
    });
    rows.await.unwrap()
}

async fn change(store: &Store, sql: &'static str) {
    store.write("test", move |transaction| Ok(transaction.execute_batch(sql)?)).await.unwrap();
}

#[tokio::test]
async fn what_is_delivered_too_often_becomes_a_dead_letter_with_the_reason() {
    let (store, _directory) = store().await;
    let broker = InProcessBroker::new(store.clone());
    broker.publish(&[wake_up(1), wake_up(2)]).await.unwrap();
    let mut wake_ups = broker.wake_ups(&[JobType::Upgrade]).await.unwrap();
    for _ in 0..MAX_DELIVERIES {
        let delivery = wake_ups.next().await.unwrap();
        assert_eq!(delivery.wake_up.unwrap().job_id, JobId(1), "it goes back to the head of the queue");
    }
    let next = wake_ups.next().await.unwrap();
    assert_eq!(next.wake_up.unwrap().job_id, JobId(2));
    assert_eq!(
        text(&store, "SELECT reason FROM broker_dead").await,
        ["delivered 20 times and never settled"]
    );
    assert_eq!(text(&store, "SELECT message_id FROM broker_dead").await, ["1:1"]);
}

#[tokio::test]
async fn a_rejected_wake_up_keeps_its_bytes_and_the_reason_without_its_excess() {
    let (store, _directory) = store().await;
    let broker = InProcessBroker::new(store.clone());
    broker.publish(&[OutboxRow { body: "not JSON".into(), ..wake_up(1) }]).await.unwrap();
    let mut wake_ups = broker.wake_ups(&[JobType::Upgrade]).await.unwrap();
    wake_ups.next().await.unwrap().receipt.reject(&"é".repeat(600)).await.unwrap();
    assert_eq!(text(&store, "SELECT body FROM broker_dead").await, ["not JSON"]);
    assert_eq!(text(&store, "SELECT reason FROM broker_dead").await, ["é".repeat(500)]);
    assert_eq!(broker.depth(JobType::Upgrade).await.unwrap(), 0);
}

#[tokio::test]
async fn a_clock_that_was_set_back_hides_no_wake_up() {
    let (store, _directory) = store().await;
    let broker = InProcessBroker::new(store.clone());
    broker.publish(&[wake_up(1)]).await.unwrap();
    change(&store, "UPDATE broker_wake_ups SET hidden_until = (unixepoch() + 3600) * 1000").await;
    let mut wake_ups = broker.wake_ups(&[JobType::Upgrade]).await.unwrap();
    assert_eq!(wake_ups.next().await.unwrap().wake_up.unwrap().job_id, JobId(1));
}

#[tokio::test]
async fn a_hidden_wake_up_comes_again_when_its_time_is_up() {
    let (store, _directory) = store().await;
    let broker = InProcessBroker::new(store.clone());
    broker.publish(&[wake_up(1)]).await.unwrap();
    // As a process that died a while ago has left it.
    change(
        &store,
        "UPDATE broker_wake_ups SET hidden_until = unixepoch('subsec') * 1000 + 700, n_deliveries = 1",
    )
    .await;
    assert_eq!(broker.depth(JobType::Upgrade).await.unwrap(), 0);
    let mut wake_ups = broker.wake_ups(&[JobType::Upgrade]).await.unwrap();
    let asked = std::time::Instant::now();
    assert_eq!(wake_ups.next().await.unwrap().wake_up.unwrap().job_id, JobId(1));
    assert!(asked.elapsed() > std::time::Duration::from_millis(300), "it was hidden");
}

#[tokio::test]
async fn publishing_drops_events_that_are_too_old_and_offsets_go_on() {
    let (store, _directory) = store().await;
    let broker = InProcessBroker::new(store.clone());
    broker.publish(&[event(1), event(2)]).await.unwrap();
    let eight_days = 8 * 24 * 60 * 60 * 1000_i64;
    store
        .write("test", move |transaction| {
            Ok(transaction
                .execute("UPDATE broker_events SET published_at = published_at - ?1", params![eight_days])?)
        })
        .await
        .unwrap();
    broker.publish(&[event(3)]).await.unwrap();
    assert_eq!(text(&store, "SELECT message_id FROM broker_events").await, ["event 3"]);
    change(&store, "DELETE FROM broker_events").await;
    let mut tail = broker.events(EventsFrom::Next).await.unwrap();
    broker.publish(&[event(4)]).await.unwrap();
    assert_eq!(tail.next().await.unwrap().offset, 4);
}

#[tokio::test]
async fn a_call_that_is_dropped_loses_no_delivery() {
    let (store, _directory) = store().await;
    let broker = InProcessBroker::new(store.clone());
    let mut wake_ups = broker.wake_ups(&[JobType::Upgrade]).await.unwrap();
    broker.publish(&[wake_up(1)]).await.unwrap();
    // Dropped at every await it has, until one call gets through.
    let mut n_dropped = 0;
    let delivery = loop {
        tokio::select! {
            biased;
            delivery = wake_ups.next() => break delivery.unwrap(),
            () = tokio::task::yield_now() => n_dropped += 1,
        }
    };
    assert!(n_dropped > 0);
    assert_eq!(delivery.wake_up.unwrap().job_id, JobId(1));
    assert_eq!(text(&store, "SELECT CAST(n_deliveries AS TEXT) FROM broker_wake_ups").await, ["1"]);
}
