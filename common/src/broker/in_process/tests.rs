//! What only this broker does, or what only its tables show. The promises it shares are in `tests/broker`.

use rusqlite::params;
use tempfile::TempDir;

use super::*;
use crate::broker::{MAX_DELIVERIES, WAKE_UP_SCHEMA, WakeUp};
use crate::domain::job::JobId;
use crate::ledger::sqlite::SqliteLedger;

/// A store with the broker's tables.
async fn store() -> (Store, TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let ledger = SqliteLedger::open(&directory.path().join("ledger.sqlite")).await.unwrap();
    (ledger.store().clone(), directory)
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
        traceparent: None,
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
    assert_eq!(broker.depth(JobType::Upgrade).await.unwrap().n_ready, 0);
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
    assert_eq!(broker.depth(JobType::Upgrade).await.unwrap().n_ready, 0);
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

/// The wake-ups there are, with the deliveries that count.
async fn deliveries(store: &Store) -> Vec<String> {
    text(store, "SELECT message_id || ' ' || n_deliveries FROM broker_wake_ups ORDER BY id").await
}

#[tokio::test]
async fn what_is_given_back_is_free_at_once_and_never_dies_of_it() {
    let (store, _directory) = store().await;
    let ours = InProcessBroker::new(store.clone());
    let theirs = InProcessBroker::new(Store::open(store.path()).unwrap());
    ours.publish(&[wake_up(1)]).await.unwrap();
    let mut mine = ours.wake_ups(&[JobType::Upgrade]).await.unwrap();
    for _ in 0..2 * MAX_DELIVERIES {
        mine.next().await.unwrap().receipt.give_back().await.unwrap();
        assert_eq!(deliveries(&store).await, ["1:1 0"]);
    }
    let asked = std::time::Instant::now();
    let mut other = theirs.wake_ups(&[JobType::Upgrade]).await.unwrap();
    assert_eq!(other.next().await.unwrap().wake_up.unwrap().job_id, JobId(1));
    assert!(asked.elapsed() < std::time::Duration::from_secs(5), "it was hidden");
    assert_eq!(broker_dead(&store).await, 0);
}

async fn broker_dead(store: &Store) -> usize {
    text(store, "SELECT message_id FROM broker_dead").await.len()
}

#[tokio::test]
async fn streams_that_take_deliveries_are_the_consumers_of_their_types() {
    let (store, _directory) = store().await;
    let broker = InProcessBroker::new(store);
    let n = async |job_type| broker.depth(job_type).await.unwrap().n_consumers;
    assert_eq!(n(JobType::Upgrade).await, 0);
    let both = broker.wake_ups(&[JobType::Upgrade, JobType::DownloadOnly]).await.unwrap();
    let mut one = broker.wake_ups(&[JobType::Upgrade]).await.unwrap();
    assert_eq!((n(JobType::Upgrade).await, n(JobType::DownloadOnly).await), (2, 1));
    one.pause().await.unwrap();
    one.pause().await.unwrap();
    assert_eq!(n(JobType::Upgrade).await, 1);
    one.resume();
    one.resume();
    assert_eq!(n(JobType::Upgrade).await, 2);
    drop((both, one));
    assert_eq!((n(JobType::Upgrade).await, n(JobType::DownloadOnly).await), (0, 0));
}

/// A wake-up that nobody can read, rejected.
async fn bury(broker: &InProcessBroker, id: i64, body: &str) {
    broker.publish(&[OutboxRow { body: body.to_owned(), ..wake_up(id) }]).await.unwrap();
    let mut wake_ups = broker.wake_ups(&[JobType::Upgrade]).await.unwrap();
    wake_ups.next().await.unwrap().receipt.reject("not a wake-up").await.unwrap();
}

#[tokio::test]
async fn a_dead_letter_is_taken_once_and_stays_until_it_is_acked() {
    let (store, _directory) = store().await;
    let broker = InProcessBroker::new(store.clone());
    assert!(broker.take_dead(10).await.unwrap().is_empty());
    for id in 1..=3 {
        bury(&broker, id, "torn {").await;
    }
    let mut taken = broker.take_dead(2).await.unwrap();
    let ids: Vec<_> = taken.iter().map(|dead| dead.letter.message_id.clone()).collect();
    assert_eq!(ids, ["1:1", "2:1"], "oldest first, and no more than asked for");
    let letter = &taken[0].letter;
    assert_eq!((letter.body.as_slice(), letter.size_bytes), (&b"torn {"[..], 6));
    assert_eq!(
        (letter.routing_key.as_str(), letter.reason.as_str()),
        ("job.upgrade.any.default", "not a wake-up")
    );
    assert!((jiff::Timestamp::now().as_second() - letter.died_at.as_second()).abs() < 60);

    let rest = broker.take_dead(10).await.unwrap();
    assert_eq!(rest.iter().map(|dead| &dead.letter.message_id).collect::<Vec<_>>(), ["3:1"]);
    drop(rest);
    taken.remove(0).receipt.ack().await.unwrap();
    taken.remove(0).receipt.give_back().await.unwrap();
    let again = broker.take_dead(10).await.unwrap();
    assert_eq!(again.iter().map(|dead| &dead.letter.message_id).collect::<Vec<_>>(), ["2:1", "3:1"]);
    assert_eq!(broker.dead_depth().await.unwrap(), 2);
}

#[tokio::test]
async fn a_row_that_makes_no_sense_keeps_no_letter_from_being_taken() {
    let (store, _directory) = store().await;
    let broker = InProcessBroker::new(store.clone());
    change(
        &store,
        "INSERT INTO broker_dead (job_type, message_id, body, reason, died_at)
         VALUES ('juggle', 'odd', '', 'by hand', 9223372036854775807)",
    )
    .await;
    bury(&broker, 1, "torn {").await;
    let taken = broker.take_dead(10).await.unwrap();
    assert_eq!(taken.iter().map(|dead| dead.letter.message_id.as_str()).collect::<Vec<_>>(), ["odd", "1:1"]);
    assert_eq!(taken[0].letter.routing_key, "juggle");
}

/// As the ledger keeps it.
fn kept(letter: crate::ledger::NewDeadLetter) -> DeadLetter {
    let crate::ledger::NewDeadLetter { message_id, routing_key, body, size_bytes, reason, died_at } = letter;
    DeadLetter {
        id: 1,
        message_id,
        routing_key,
        body,
        size_bytes,
        reason,
        died_at,
        collected_at: died_at,
        job: None,
    }
}

#[tokio::test]
async fn a_requeued_letter_is_delivered_again_with_its_bytes() {
    let (store, _directory) = store().await;
    let broker = InProcessBroker::new(store.clone());
    broker.publish(&[wake_up(7)]).await.unwrap();
    let mut wake_ups = broker.wake_ups(&[JobType::Upgrade]).await.unwrap();
    wake_ups.next().await.unwrap().receipt.reject("by mistake").await.unwrap();
    let dead = broker.take_dead(1).await.unwrap().remove(0);
    let letter = kept(dead.letter);
    dead.receipt.ack().await.unwrap();

    broker.requeue(&letter).await.unwrap();
    let delivery = wake_ups.next().await.unwrap();
    assert_eq!(delivery.wake_up.unwrap().job_id, JobId(7));
    delivery.receipt.ack().await.unwrap();

    for (odd, reason) in [
        (DeadLetter { size_bytes: 1_000, ..letter.clone() }, "were kept"),
        (DeadLetter { routing_key: "job.juggle.any.default".to_owned(), ..letter.clone() }, "no queue"),
        (DeadLetter { body: vec![0xFF; 100], size_bytes: 100, ..letter.clone() }, "text"),
    ] {
        let error = broker.requeue(&odd).await.unwrap_err();
        assert!(
            matches!(error, BrokerError::Topology { .. }) && error.to_string().contains(reason),
            "{error}"
        );
    }
    assert_eq!(broker.depth(JobType::Upgrade).await.unwrap().n_ready, 0);
}

#[tokio::test]
async fn a_control_is_heard_by_all_who_listen_and_by_nobody_later() {
    let (store, _directory) = store().await;
    let ours = InProcessBroker::new(store.clone());
    let theirs = InProcessBroker::new(Store::open(store.path()).unwrap());
    ours.tell(&Control::Pauses).await.unwrap();
    let mut streams = [ours.controls().await.unwrap(), theirs.controls().await.unwrap()];
    let told = [Control::Cancel { job_id: JobId(1) }, Control::Pauses, Control::Cancel { job_id: JobId(2) }];
    for control in &told {
        theirs.tell(control).await.unwrap();
    }
    for stream in &mut streams {
        for control in told {
            assert_eq!(stream.next().await.unwrap(), control);
        }
    }
    let mut late = ours.controls().await.unwrap();
    tokio::select! {
        control = late.next() => panic!("{control:?} was told before"),
        () = tokio::time::sleep(std::time::Duration::from_millis(400)) => {}
    }
}

#[tokio::test]
async fn controls_that_are_unreadable_too_old_or_too_many_are_left_out() {
    let (store, _directory) = store().await;
    let broker = InProcessBroker::new(store.clone());
    let mut stream = broker.controls().await.unwrap();
    change(&store, "INSERT INTO broker_controls (body) VALUES ('dance!'), ('{\"v\":9}')").await;
    change(
        &store,
        "INSERT INTO broker_controls (body, published_at)
         VALUES ('{\"v\":1,\"control\":\"cancel\",\"job_id\":1}', (unixepoch() - 61) * 1000)",
    )
    .await;
    broker.tell(&Control::Pauses).await.unwrap();
    assert_eq!(stream.next().await.unwrap(), Control::Pauses);
    assert_eq!(text(&store, "SELECT body FROM broker_controls WHERE body LIKE '%cancel%'").await.len(), 0);

    change(
        &store,
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1500)
         INSERT INTO broker_controls (body) SELECT 'x' FROM n",
    )
    .await;
    broker.tell(&Control::Pauses).await.unwrap();
    assert_eq!(text(&store, "SELECT body FROM broker_controls").await.len(), 1_000);
    assert_eq!(stream.next().await.unwrap(), Control::Pauses);
}
