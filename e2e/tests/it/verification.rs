//! What is proved about an image decides: a difference always fails, and strict mode wants a proof.

use common::domain::failure::FailureKind;
use common::domain::job::JobState;
use serde_json::json;

use e2e::checker::Allowed;
use e2e::world::{Setup, Way, World};

both_ways!(
    a_hash_that_differs_fails_even_in_lenient_mode,
    strict_mode_fails_a_device_that_reports_no_hash,
    strict_mode_fails_what_the_catalogue_does_not_know,
    lenient_mode_says_honestly_what_was_not_proved,
);

async fn a_hash_that_differs_fails_even_in_lenient_mode(way: Way) {
    let world = World::queued(way, Setup::devices(3)).await;
    let serial = afflict(&world, "hash_mismatch").await;
    world.work().await;

    let job = world.job_of(&serial).await;
    assert_eq!(
        (job.state, job.failure_kind, job.ready_for_install),
        (JobState::Failed, Some(FailureKind::HashMismatch), false)
    );
    assert_eq!(job.attempt, 1, "never retried silently");
    let document = world.cli(&["device", "status", &serial]).await.ok().json();
    assert_eq!(
        (&document["upgrade_status"], &document["ready_for_install"]),
        (&"failed".into(), &false.into()),
        "{document}"
    );
    let status = world.cli(&["download", "status", "--watch"]).await.with_code(&[1]);
    assert!(status.stdout.contains("hash_mismatch"), "{status:?}");
    world.cli(&["download", "verify"]).await.with_code(&[1]);
    world.invariants(&Allowed::nothing()).await;
}

async fn strict_mode_fails_a_device_that_reports_no_hash(way: Way) {
    let world = World::queued(way, Setup::devices(3).set("verification.mode", "strict")).await;
    let serial = afflict(&world, "hash_absent").await;
    world.work().await;

    let jobs = world.jobs().await;
    for job in &jobs {
        let wanted = if job.serial.as_str() == serial {
            (JobState::Failed, Some(FailureKind::HashNotProved), false)
        } else {
            (JobState::Completed, None, true)
        };
        assert_eq!((job.state, job.failure_kind, job.ready_for_install), wanted, "{job:?}");
    }
    world.cli(&["download", "status", "--watch"]).await.with_code(&[1]);
    world.invariants(&Allowed::nothing()).await;
}

async fn strict_mode_fails_what_the_catalogue_does_not_know(way: Way) {
    let world = World::new(way, Setup::devices(2).set("verification.mode", "strict")).await;
    world.cli(&["device", "discover"]).await.ok();
    world.queue_all().await;
    world.work().await;

    for job in world.jobs().await {
        assert_eq!(
            (job.state, job.failure_kind, job.ready_for_install),
            (JobState::Failed, Some(FailureKind::HashNotProved), false),
            "{job:?}"
        );
    }
    world.invariants(&Allowed::nothing()).await;
}

async fn lenient_mode_says_honestly_what_was_not_proved(way: Way) {
    let world = World::new(way, Setup::devices(2)).await;
    world.cli(&["device", "discover"]).await.ok();
    world.queue_all().await;
    let silent = afflict(&world, "hash_absent").await;
    world.work().await;

    for job in world.jobs().await {
        assert_eq!((job.state, job.ready_for_install), (JobState::Completed, true), "{job:?}");
        let serial = job.serial.as_str();
        let status = world.cli(&["device", "status", serial]).await.ok().json();
        let wanted = if serial == silent { "not_reported" } else { "no_reference" };
        let outcomes = status["hash_verification"].as_object().unwrap();
        assert!(!outcomes.is_empty(), "{status}");
        assert!(outcomes.values().all(|outcome| outcome["outcome"] == wanted), "{status}");
    }
    world.invariants(&Allowed::nothing()).await;
}

/// Gives the first device a lasting fault.
async fn afflict(world: &World, kind: &str) -> String {
    let serial = world.simulator.devices().await[0].serial.clone();
    world.simulator.inject(&serial, &json!({"kind": kind})).await;
    serial
}
