//! One job per device: another type is refused with the way out, and however many ask at once, one job comes of it.

use std::collections::BTreeSet;

use common::domain::job::{BatchId, JobId, JobSpec, JobState, JobType, PairMode, Requester};
use common::domain::path::Goal;
use common::ledger::{Batch, EnqueueAnswer};

use e2e::checker::Allowed;
use e2e::world::{Said, Setup, Way, World};

both_ways!(
    a_download_is_refused_while_an_upgrade_holds_the_device,
    an_upgrade_is_refused_while_a_download_holds_the_device,
    two_that_queue_the_fleet_at_once_make_one_job_per_device,
);

async fn a_download_is_refused_while_an_upgrade_holds_the_device(way: Way) {
    let world = World::discovered(way, Setup::devices(2)).await;
    let serial = world.simulator.devices().await[0].serial.clone();
    let upgrade = enqueue_upgrade(&world, &serial).await;

    let target = world.simulator.ready().target.clone();
    let submit = ["job", "submit", "--device", &serial, "--download-only", "--target", &target];
    names_the_way_out(&world.cli(&submit).await, upgrade);
    let dry_run: Vec<&str> = submit.into_iter().chain(["--dry-run"]).collect();
    let said = world.cli(&dry_run).await;
    assert!(said.text().contains(&format!("job cancel {upgrade}")), "{said:?}");

    // The rest of the fleet is queued; the exit code says that one device is not as asked.
    let said = world.cli(&["download", "queue-all", "--target", &target]).await.with_code(&[1]);
    let queued = said.json();
    assert_eq!(queued["queued"], 1, "{queued}");
    let skipped = &queued["skipped"].as_array().unwrap()[0];
    assert_eq!(
        (&skipped["serial"], &skipped["reason"], &skipped["job_id"]),
        (&serial.as_str().into(), &"conflict".into(), &upgrade.0.into()),
        "{queued}"
    );

    // The way out is one.
    world.cli(&["job", "cancel", &upgrade.to_string(), "--reason", "CHG-4712"]).await.ok();
    world.cli(&submit).await.ok();
    world.work().await;
    assert_eq!(world.job_of(&serial).await.state, JobState::Completed);
    world.invariants(&Allowed::nothing()).await;
}

async fn an_upgrade_is_refused_while_a_download_holds_the_device(way: Way) {
    let world = World::queued(way, Setup::devices(2)).await;
    let serial = world.simulator.devices().await[0].serial.clone();
    let download = world.job_of(&serial).await.id;

    let target = world.simulator.ready().target.clone();
    let submit = ["job", "submit", "--device", &serial, "--target", &target];
    names_the_way_out(&world.cli(&submit).await, download);
    let spec = upgrade_of(&world, &serial);
    let answers = world.engine().await.ledger.enqueue(&batch(spec)).await.unwrap();
    let answer = &answers[0].1;
    assert!(matches!(answer, EnqueueAnswer::Conflict { job, .. } if *job == download), "{answer:?}");

    world.work().await;
    assert_eq!(world.jobs().await.len(), 2);
    world.invariants(&Allowed::nothing()).await;
}

async fn two_that_queue_the_fleet_at_once_make_one_job_per_device(way: Way) {
    const DEVICES: u64 = 200;
    let world = World::discovered(way, Setup::devices(DEVICES)).await;
    let (first, second) = tokio::join!(world.queue_all(), world.queue_all());

    let n_queued = |report: &serde_json::Value| report["queued"].as_u64().unwrap();
    assert_eq!(n_queued(&first) + n_queued(&second), DEVICES, "{first} {second}");
    for report in [&first, &second] {
        let skipped = report["skipped"].as_array().unwrap();
        assert_eq!(u64::try_from(skipped.len()).unwrap(), DEVICES - n_queued(report));
        assert!(skipped.iter().all(|one| one["reason"] == "existing" && one["job_id"].is_i64()), "{report}");
    }
    let jobs = world.jobs().await;
    let serials: BTreeSet<_> = jobs.iter().map(|job| &job.serial).collect();
    assert_eq!((jobs.len(), serials.len()), (200, 200));
    assert!(jobs.iter().all(|job| job.state == JobState::Available));

    world.work().await;
    assert_eq!(world.jobs().await.iter().filter(|job| job.state == JobState::Completed).count(), 200);
    world.invariants(&Allowed::nothing()).await;
}

/// Refused, and the sentence names the job that is in the way and the command that ends it.
fn names_the_way_out(said: &Said, holder: JobId) {
    assert!(matches!(said.code, 1 | 2), "{said:?}");
    let text = said.text();
    assert!(text.contains(&format!("job {holder}")), "{said:?}");
    assert!(text.contains(&format!("job cancel {holder}")), "{said:?}");
}

/// The command line refuses to queue upgrades as yet; the ledger and its locks know them.
async fn enqueue_upgrade(world: &World, serial: &str) -> JobId {
    let spec = upgrade_of(world, serial);
    let answers = world.engine().await.ledger.enqueue(&batch(spec)).await.unwrap();
    match answers[0].1 {
        EnqueueAnswer::Created { job } => job,
        ref other => panic!("{other:?}"),
    }
}

fn upgrade_of(world: &World, serial: &str) -> JobSpec {
    JobSpec {
        serial: serial.parse().unwrap(),
        job_type: JobType::Upgrade,
        goal: Goal::Target(world.simulator.ready().target.parse().unwrap()),
        max_attempts: 1,
        retry_of: None,
        pair: PairMode::InTurn,
    }
}

fn batch(spec: JobSpec) -> Batch {
    let by = Requester { operator: "e2e".to_owned(), host: "test".to_owned(), reason: None };
    Batch { id: BatchId::new(), by, jobs: vec![spec] }
}
