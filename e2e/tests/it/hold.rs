//! The hold of a fleet: a wrong password is tried a handful of times and not on every firewall, a person sees why
//! nothing goes on and how to resume, and what runs goes on.

use common::audit::AuditAction;
use common::domain::failure::FailureKind;
use common::domain::hold::HoldCause;
use common::domain::job::JobState;
use common::ledger::JobView;
use serde_json::json;
use testkit::wait::wait_until;

use e2e::checker::Allowed;
use e2e::world::{SOON, Setup, Way, Worker, World};

const DEVICES: u64 = 60;

/// Default of `firewall.refusals_before_hold`.
const BEFORE_HOLD: u64 = 3;

/// First calls that one worker makes at a time before any log-in was accepted.
const GATE: u64 = 3;

both_ways!(
    a_wrong_password_is_tried_a_handful_of_times_and_the_fleet_resumes,
    a_pause_lets_running_jobs_end_and_outlives_the_workers
);

async fn a_wrong_password_is_tried_a_handful_of_times_and_the_fleet_resumes(way: Way) {
    let world = World::queued(way, Setup::devices(DEVICES)).await;
    // Slow enough that every slot of a worker could be at a log-in before the first one is refused.
    for fault in [json!({"kind": "credentials_refused"}), json!({"kind": "slow", "delay": "2s"})] {
        world.simulator.inject_everywhere(&fault).await;
    }
    let workers = start(&world, way);
    let hold = wait_until("the fleet is held", SOON, async || {
        world.engine().await.ledger.hold().await.unwrap().ok_or_else(|| "it is not".to_owned())
    })
    .await;
    assert_eq!(hold.cause, HoldCause::Credentials);
    // No attempt is left that could ask: from here on, the numbers stand.
    let none_runs = |jobs: &[JobView]| jobs.iter().all(|job| job.state != JobState::Running);
    let jobs = world.until_jobs("no attempt runs", SOON, none_runs).await;

    let n_workers = u64::try_from(workers.len()).unwrap();
    let n_keygens = world.simulator.counters().await.n_commands("keygen");
    let bound = BEFORE_HOLD + GATE * n_workers;
    assert!((BEFORE_HOLD..=bound).contains(&n_keygens), "{n_keygens} log-ins, allowed are {bound}");
    let refused: Vec<_> = jobs.iter().filter(|job| job.state == JobState::Failed).collect();
    assert!(u64::try_from(refused.len()).unwrap() <= n_keygens, "{refused:?}");
    assert!(refused.iter().all(|job| job.failure_kind == Some(FailureKind::Credentials)), "{refused:?}");
    let waiting = jobs.iter().filter(|job| job.state == JobState::Available && job.attempt == 0);
    assert_eq!(waiting.count() + refused.len(), jobs.len(), "{jobs:?}");
    assert_eq!(world.told("system", AuditAction::FleetHeld).await.len(), 1);
    is_loud(&world, "refused", 1).await;

    world.simulator.heal_everywhere().await;
    world.cli(&["fleet", "resume"]).await.with_code(&[2]);
    world.cli(&["fleet", "resume", "--reason", "password of svc-upgrade reset, CHG-4713"]).await.ok();
    world.until_all_ended().await;
    for job in &refused {
        let id = job.id.to_string();
        world.cli(&["job", "retry", &id, "--reason", "password reset"]).await.ok();
    }
    world.until_all_ended().await;
    all_ready(&world).await;
    terminate(workers).await;
    let resumed = world.told("system", AuditAction::FleetResumed).await;
    assert_eq!(resumed.len(), 1);
    assert!(format!("{resumed:?}").contains("CHG-4713"), "{resumed:?}");
    let status = world.cli(&["fleet", "status"]).await.ok().json();
    assert!(status["hold"].is_null(), "{status}");
    world.invariants(&Allowed::nothing()).await;
}

#[tokio::test]
async fn a_run_until_idle_ends_when_the_fleet_is_held_and_goes_on_after_the_resume() {
    let world = World::queued(Way::Embedded, Setup::devices(4)).await;
    world.cli(&["fleet", "pause", "--reason", "change freeze"]).await.ok();
    let held = world.cli(&["work", "--until-idle"]).await.with_code(&[1]);
    assert_eq!(held.json()["held"], true, "{held:?}");
    assert!(held.stderr.contains("panos-upgrade fleet status"), "{held:?}");
    assert_eq!(world.simulator.counters().await.n_downloads(), 0);

    world.cli(&["fleet", "resume", "--reason", "freeze over"]).await.ok();
    let done = world.cli(&["work", "--until-idle"]).await.ok().json();
    assert_eq!(done["held"], false, "{done}");
    world.invariants(&Allowed::nothing()).await;
}

#[tokio::test]
async fn one_firewall_with_another_password_holds_nobody() {
    let world = World::queued(Way::Embedded, Setup::devices(DEVICES)).await;
    let serial = world.simulator.serials().await[0].clone();
    world.simulator.inject(&serial, &json!({"kind": "credentials_refused"})).await;
    world.work().await;

    for job in world.jobs().await {
        let wanted = if job.serial.as_str() == serial {
            (JobState::Failed, Some(FailureKind::Credentials))
        } else {
            (JobState::Completed, None)
        };
        assert_eq!((job.state, job.failure_kind), wanted, "{job:?}");
    }
    assert_eq!(world.engine().await.ledger.hold().await.unwrap(), None);
    world.invariants(&Allowed::nothing()).await;
}

async fn a_pause_lets_running_jobs_end_and_outlives_the_workers(way: Way) {
    // Eight slots in all, so that a pause in between finds jobs that run and jobs that wait.
    let setup =
        Setup::devices(30).all_at_once().set("worker.concurrency", if way == Way::Embedded { 8 } else { 4 });
    let world = World::queued(way, setup).await;
    world.simulator.stand_still().await;
    let workers = start(&world, way);
    world.simulator.until_downloads(8).await;

    world.cli(&["fleet", "pause"]).await.with_code(&[2]);
    world.cli(&["fleet", "pause", "--reason", "CHG-4714: power work in muc"]).await.ok();
    is_loud(&world, "CHG-4714", 0).await;
    world.simulator.go_on().await;
    let paused = |jobs: &[JobView]| jobs.iter().all(|job| job.state != JobState::Running);
    let jobs = world.until_jobs("what ran has ended", SOON, paused).await;
    let n_begun = jobs.iter().filter(|job| job.started_at.is_some()).count();
    let n_completed = jobs.iter().filter(|job| job.state == JobState::Completed).count();
    // Every slot was taken when the pause came.
    assert_eq!((n_begun, n_completed), (8, 8), "what ran went on, and nothing else began: {jobs:?}");
    terminate(workers).await;

    let workers = start(&world, way);
    wait_until("a worker that starts has met the pause", SOON, async || {
        let logged: Vec<_> = workers.iter().map(Worker::logged).collect();
        if logged.iter().any(|log| log.contains("the fleet is held")) { Ok(()) } else { Err(logged.concat()) }
    })
    .await;
    let again = world.cli(&["fleet", "pause", "--reason", "once more"]).await.ok();
    assert!(again.text().contains("CHG-4714"), "an existing hold stays: {again:?}");
    let begun = |job: &&JobView| job.started_at.is_some();
    assert_eq!(world.jobs().await.iter().filter(begun).count(), n_begun, "nobody begins while it is paused");

    world.cli(&["fleet", "resume", "--reason", "power is back"]).await.ok();
    world.until_all_ended().await;
    terminate(workers).await;
    all_ready(&world).await;
    for job in world.jobs().await {
        assert_eq!(job.attempt, 1, "a pause costs no attempt: {job:?}");
    }
    world.invariants(&Allowed::nothing()).await;
}

/// Whoever looks at the fleet sees the hold, why, and the command that ends it. What a person asked for is no
/// alarm in `download status`, what refused log-ins did is one.
async fn is_loud(world: &World, why: &str, status_code: i32) {
    for (command, code) in [(["download", "status"], status_code), (["fleet", "status"], 1)] {
        let json = world.cli(&command).await.with_code(&[code]);
        assert!(json.json()["hold"].to_string().contains(why), "{json:?}");
        let people = world.page(&command).await.with_code(&[code]);
        let first = people.stdout.lines().next().unwrap_or_default();
        assert!(first.to_lowercase().contains("held") || first.to_lowercase().contains("hold"), "{people:?}");
        assert!(people.stdout.contains(why), "{people:?}");
        assert!(people.stdout.contains("panos-upgrade fleet resume --reason"), "{people:?}");
    }
}

fn start(world: &World, way: Way) -> Vec<Worker<'_>> {
    let n = match way {
        Way::Embedded => 1,
        Way::Fleet => 2,
    };
    (0..n).map(|_| world.start_worker()).collect()
}

async fn terminate(workers: Vec<Worker<'_>>) {
    for worker in workers {
        worker.begun().await;
        worker.terminated().await;
    }
}

async fn all_ready(world: &World) {
    let newest = ["job", "list", "--newest"];
    let status = world.cli(&["download", "status"]).await.ok().json();
    assert_eq!(status["ready_for_install"], status["total"], "{:?}", world.cli(&newest).await);
}
