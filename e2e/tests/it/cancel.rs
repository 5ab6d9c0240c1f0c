//! A cancelled job ends, waiting or running, and from then on nobody calls its device.

use std::time::Duration;

use common::domain::job::JobState;
use testkit::wait::wait_until;

use e2e::checker::Allowed;
use e2e::world::{SOON, Setup, Way, World};

/// A wish reaches the worker with the next renewal, here within a second; the rest is for a busy machine.
const RENEWAL_AND_SOME: Duration = Duration::from_secs(20);

both_ways!(a_waiting_job_ends_at_once, a_running_job_ends_soon_and_its_device_is_left_alone);

async fn a_waiting_job_ends_at_once(way: Way) {
    let world = World::queued(way, Setup::devices(2)).await;
    let serial = world.simulator.devices().await[0].serial.clone();
    let job = world.job_of(&serial).await.id.to_string();

    world.cli(&["job", "cancel", &job, "--reason", "window moved"]).await.ok();
    assert_eq!(world.job_of(&serial).await.state, JobState::Cancelled);
    world.work().await;
    assert_eq!(world.simulator.counters().await.calls_of(&serial), 0, "its wake-up came, and found nothing");

    // A wish that comes too late says so and changes nothing.
    let again = world.cli(&["job", "cancel", &job, "--reason", "window moved"]).await;
    assert!(again.text().contains("cancelled"), "{again:?}");
    world.cli(&["job", "cancel", "999999", "--reason", "x"]).await.with_code(&[2]);
    world.invariants(&Allowed::nothing()).await;
}

async fn a_running_job_ends_soon_and_its_device_is_left_alone(way: Way) {
    let world = World::queued(way, Setup::devices(3).set("lease.renew_every", "1s")).await;
    world.simulator.stand_still().await;
    let mut worker = world.start_worker();
    world.simulator.until_downloads(3).await;
    let serial = world.simulator.devices().await[0].serial.clone();
    let job = world.job_of(&serial).await;
    assert_eq!(job.state, JobState::Running);

    world.cli(&["job", "cancel", &job.id.to_string(), "--reason", "window moved"]).await.ok();
    let ended = |jobs: &[common::ledger::JobView]| {
        jobs.iter().any(|one| one.id == job.id && one.state == JobState::Cancelled)
    };
    world.until_jobs("the job is cancelled", RENEWAL_AND_SOME, ended).await;
    let calls = world.simulator.counters().await.calls_of(&serial);

    // The others are asked again and again meanwhile, so a worker that still cared would have called by now.
    let calls_before = world.simulator.counters().await.calls;
    wait_until("the other devices were called twenty times more", SOON, async || {
        match world.simulator.counters().await.calls - calls_before {
            n if n >= 20 => Ok(()),
            n => Err(format!("{n} times")),
        }
    })
    .await;
    world.simulator.go_on().await;
    world.until_all_ended().await;
    assert!(worker.process().is_running());
    worker.terminated().await;

    assert_eq!(world.simulator.counters().await.calls_of(&serial), calls);
    let states = world.jobs().await.into_iter().map(|job| job.state);
    assert_eq!(states.filter(|state| *state == JobState::Completed).count(), 2);
    let entries = world.cli(&["audit", "list", "--job", &job.id.to_string()]).await.ok();
    assert!(entries.stdout.contains("window moved"), "the trail says why: {entries:?}");
    world.invariants(&Allowed::nothing()).await;
}
