use std::time::Duration;

use common::clock::SystemClock;
use common::domain::lease::WorkerId;
use common::ledger::{Claim, TrailFilter};
use futures_util::FutureExt;
use serde_json::json;
use tokio::time::Instant;

use super::*;
use crate::testing::with_a_job;

const TTL: Duration = Duration::from_secs(60);

/// An abort drops the step in the middle of its write; what the device was told and answered is still noted.
#[tokio::test]
async fn what_a_dropped_write_gathered_is_written_with_the_end() {
    let directory = tempfile::tempdir().unwrap();
    let engine = with_a_job(directory.path()).await;
    let ledger = Arc::clone(&engine.ledger);
    let job = ledger.jobs(&Default::default(), 1).await.unwrap()[0].id;
    let worker = WorkerId("ann".into());
    let Claim::Claimed(claimed) = ledger.claim(job, &worker, TTL).await.unwrap() else { panic!() };
    let hold = Arc::new(Hold::new(claimed.lease.clone(), Instant::now() + TTL));
    let relay = Arc::new(Relay::new(engine, TTL, 100));
    let clock = Arc::new(SystemClock);
    let mut journal = Journal::new(&claimed, hold, Arc::clone(&ledger), relay, clock);

    let lock = rusqlite::Connection::open(directory.path().join("ledger.sqlite")).unwrap();
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    journal.audit(AuditAction::DownloadAccepted, json!({ "version": "11.1.4", "device_job": 7 }));
    journal.event(JobEvent::ImagePresent { version: "11.1.4".into() });
    assert!(journal.write().now_or_never().is_none(), "the file is locked");
    lock.execute_batch("ROLLBACK").unwrap();
    journal.end(&End::Released).await.unwrap();

    let filter = TrailFilter { job: Some(job), ..Default::default() };
    let trail = ledger.entries(&filter, None, 100).await.unwrap();
    let said = |entry: &common::audit::StoredEntry| String::from_utf8_lossy(&entry.body).into_owned();
    let trail: Vec<String> = trail.iter().map(said).collect();
    assert_eq!(trail.iter().filter(|entry| entry.contains("\"device_job\":7")).count(), 1, "{trail:?}");
    let told = ledger.take_outbox(100, TTL).await.unwrap();
    assert!(told.rows.iter().any(|row| row.routing_key.ends_with("image_present")), "{told:?}");
}
