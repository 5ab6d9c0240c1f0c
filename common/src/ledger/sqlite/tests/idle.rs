//! What runs all the time costs little: no statement reads a whole table, and where there is nothing to do nothing is
//! written.

use std::time::Duration;

use super::*;
use crate::broker::in_process::InProcessBroker;
use crate::broker::{Broker, EventsFrom};
use crate::ledger::{Fleet, Outbox, WorkerCard, Workers};

/// Tables that stay small whatever happens: one row, a row for each of some pauses, or for each worker of a week.
const SMALL: [&str; 8] = ["fleet", "f", "pauses", "p", "q", "w", "workers", "v"];

#[tokio::test]
async fn what_runs_all_the_time_reads_no_whole_table() {
    macro_rules! statements {
        ($($name:literal),+ $(,)?) => {
            [$(($name, include_str!(concat!("../sql/", $name, ".sql")))),+]
        };
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ledger.sqlite");
    drop(SqliteLedger::open(&path).await.unwrap());
    let file = rusqlite::Connection::open(&path).unwrap();
    // Their plans name a search for children that is only made after a reference was broken.
    file.pragma_update(None, "foreign_keys", false).unwrap();
    for (name, text) in statements![
        "claim_job",
        "read_refusal",
        "touch_worker",
        "renew_leases",
        "read_pauses",
        "leave",
        "read_workers",
        "find_worker",
        "forget_workers",
        "forget_pauses",
        "wake_unclaimed",
        "wake_unsent",
        "wake_held_up",
        "count_unclaimed",
        "mark_dispatched",
        "take_outbox",
        "rest_refused",
        "free_unknown",
        "insert_dead_letter",
        "wake_buried",
        "read_dead_letters",
        "read_dead_letter",
        "delete_dead_letter",
        "forgive_burials",
    ] {
        let mut plan = file.prepare(&format!("EXPLAIN QUERY PLAN {text}")).unwrap();
        let mut rows = plan.raw_query();
        while let Some(row) = rows.next().unwrap() {
            let line: String = row.get("detail").unwrap();
            let table = line.strip_prefix("SCAN ").map(|rest| rest.split(' ').next().unwrap());
            let is_fine = table.is_none_or(|table| SMALL.contains(&table)) || line.contains("INDEX");
            assert!(is_fine || name == "take_outbox" && line == "SCAN o", "{name}: {line}");
        }
    }
}

/// Everything that a worker has open while nothing happens.
#[tokio::test]
async fn a_worker_without_work_writes_only_its_beat() {
    let directory = tempfile::tempdir().unwrap();
    let ledger = SqliteLedger::open(&directory.path().join("ledger.sqlite")).await.unwrap();
    let broker = InProcessBroker::new(ledger.store().clone());
    let card = WorkerCard {
        id: worker("ann"),
        host: "pod-1".to_owned(),
        version: "0.0.0".to_owned(),
        job_types: vec![JobType::DownloadOnly],
        concurrency: 4,
        draining: false,
    };
    ledger.beat(&card, &[], LEASE).await.unwrap();
    // Sees whether anybody else has committed a change.
    let other = super::super::Store::open(ledger.store().path()).unwrap();
    let before = other.data_version().await.unwrap();

    let mut wake_ups = broker.wake_ups(&card.job_types).await.unwrap();
    let mut controls = broker.controls().await.unwrap();
    let mut events = broker.events(EventsFrom::Next).await.unwrap();
    let loops = async {
        for _ in 0..5 {
            ledger.promote_due(100).await.unwrap();
            ledger.rescue(Duration::from_secs(60), u32::MAX).await.unwrap();
            ledger.take_outbox(100, LEASE).await.unwrap();
            ledger.outbox_state().await.unwrap();
            ledger.hold().await.unwrap();
            broker.depth(JobType::DownloadOnly).await.unwrap();
            assert!(broker.take_dead(100).await.unwrap().is_empty());
            // Several of the polls that the streams make.
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    tokio::select! {
        () = loops => {}
        _ = wake_ups.next() => panic!("nobody was woken"),
        _ = controls.next() => panic!("nobody was told anything"),
        _ = events.next() => panic!("nothing happened"),
    }
    assert_eq!(other.data_version().await.unwrap(), before, "something was written");
    ledger.beat(&card, &[], LEASE).await.unwrap();
    assert_ne!(other.data_version().await.unwrap(), before, "a beat shows");
}
