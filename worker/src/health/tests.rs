//! Readiness, part by part, on an embedded engine.

use std::path::Path;

use common::domain::job::{JobType, Requester};
use common::domain::lease::WorkerId;
use common::ledger::WorkerCard;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::gate::Gate;
use crate::testing;

const TTL: Duration = Duration::from_secs(60);

async fn health(directory: &Path) -> Health {
    let engine = testing::with_a_job(directory).await;
    let (ledger, stop) = (Arc::clone(&engine.ledger), Shutdown::new());
    let (worker, job_types) = (WorkerId("w1".to_owned()), vec![JobType::DownloadOnly]);
    let gate = Arc::new(Gate::new(Arc::clone(&ledger), 3));
    let orders = Arc::new(Orders::new(worker.clone(), job_types.clone(), Arc::clone(&gate)));
    let card = WorkerCard {
        id: worker,
        host: "localhost".to_owned(),
        version: "0".to_owned(),
        job_types,
        concurrency: 1,
        draining: false,
    };
    let keeper = Arc::new(LeaseKeeper::new(
        Arc::clone(&ledger),
        card,
        Arc::clone(&orders),
        stop.clone(),
        TTL,
        Duration::from_millis(50),
    ));
    let consumer = Arc::new(Consumer::new(engine.clone(), Arc::clone(&keeper), gate, Arc::clone(&orders), 1));
    let relay = Arc::new(Relay::new(engine.clone(), TTL, 100));
    Health { engine, keeper, consumer, orders, relay, stop, gauges: FleetGauges::new(ledger) }
}

fn not_ready(readiness: &Readiness) -> Vec<&'static str> {
    readiness.parts.iter().filter(|part| !part.ready).map(|part| part.name).collect()
}

/// Beats until the probe answers as `wanted`.
async fn beats_until(health: &Health, wanted: &[&str]) {
    let end = CancellationToken::new();
    let look = async {
        loop {
            let found = not_ready(&health.readiness().await);
            if found == wanted {
                return end.cancel();
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let both = async { tokio::join!(look, health.keeper.run(&end)) };
    tokio::time::timeout(Duration::from_secs(20), both).await.unwrap();
}

#[tokio::test]
async fn a_worker_is_not_ready_before_it_beats_and_consumes_nor_when_it_was_told_to_stop() {
    let directory = tempfile::tempdir().unwrap();
    let health = health(directory.path()).await;
    let readiness = health.readiness().await;
    assert_eq!(not_ready(&readiness), ["leases", "consumer"]);
    assert!(!readiness.ready && readiness.parts.iter().all(|part| !part.why.is_empty()));
    beats_until(&health, &["consumer"]).await;

    let taken = async { health.consumer.run(&health.stop, drop).await.unwrap() };
    let seen = async {
        beats_until(&health, &[]).await;
        health.stop.begin();
    };
    tokio::join!(taken, seen);
    assert_eq!(not_ready(&health.readiness().await), ["consumer", "process"]);
}

#[tokio::test]
async fn a_held_fleet_leaves_a_worker_ready() {
    let directory = tempfile::tempdir().unwrap();
    let health = health(directory.path()).await;
    let by = Requester { operator: "test".into(), host: "localhost".into(), reason: None };
    health.engine.ledger.pause(&by).await.unwrap();
    beats_until(&health, &[]).await;
    let why = health.consumer();
    assert!(why.ready && why.why.contains("on purpose"), "{why:?}");
}

#[tokio::test]
async fn a_ledger_that_is_gone_is_not_ready() {
    let directory = tempfile::tempdir().unwrap();
    let health = health(directory.path()).await;
    std::fs::remove_file(directory.path().join("ledger.sqlite")).unwrap();
    let readiness = health.readiness().await;
    assert!(not_ready(&readiness).contains(&"ledger"), "{readiness:?}");
}
