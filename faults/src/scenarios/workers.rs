//! Workers die, stand still, are told to stop; so does a producer in the middle of a batch. Whoever comes next looks
//! at the firewall first, takes over what is running there, and asks for nothing twice.
//!
//! Promises: nothing is wrong with any device, so every job has to complete. Leaves to others: a death at a chosen step
//! ([`steps`](super::steps)), and two processes on one file ([`embedded`](super::embedded)).

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use anyhow::ensure;
use common::domain::job::{JobId, JobState};
use e2e::checker::Allowed;
use e2e::world::SOON;
use jiff::Timestamp;
use rand::RngExt;
use testkit::wait::poll_until;

use crate::fire::{self, Fire};
use crate::scenario::{Needs, Outcome, Scenario, Stage};

/// A worker's jobs are claimed again this long after its leases have run out, at the latest.
const AFTER_THE_LEASE: Duration = Duration::from_secs(5);

/// All of them.
pub const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "worker-recovery",
        fault: "one of three workers gets SIGKILL with its share of all jobs in flight",
        needs: Needs::Shared,
        run: |stage| Box::pin(recovery(stage)),
    },
    Scenario {
        name: "worker-zombie",
        fault: "a worker with all its jobs stands still for longer than its leases, then goes on",
        needs: Needs::Shared,
        run: |stage| Box::pin(zombie(stage)),
    },
    Scenario {
        name: "worker-sigterm-long",
        fault: "a worker is told to stop, with a grace longer than any step",
        needs: Needs::Shared,
        run: |stage| Box::pin(sigterm(stage, "30s", Allowed::nothing())),
    },
    Scenario {
        name: "worker-sigterm-short",
        fault: "a worker is told to stop, with a grace shorter than a call",
        needs: Needs::Shared,
        run: |stage| Box::pin(sigterm(stage, "1s", Allowed::nothing().after_a_fence())),
    },
    Scenario {
        name: "worker-second-signal",
        fault: "a worker is told to stop twice, and leaves at once",
        needs: Needs::Shared,
        run: |stage| Box::pin(second_signal(stage)),
    },
    Scenario {
        name: "producer-sigkill",
        fault: "the command that queues a campaign gets SIGKILL at many moments, and is run again",
        needs: Needs::Shared,
        run: |stage| Box::pin(producer_sigkill(stage)),
    },
    Scenario {
        name: "embedded-sigkill",
        fault: "the one process that works on a file gets SIGKILL, again and again",
        needs: Needs::Shared,
        run: |stage| Box::pin(embedded_sigkill(stage)),
    },
];

/// Every job is in flight, and its download stands still on the device, so that nothing but the leases has to do with
/// the time that it takes.
async fn recovery(stage: Stage) -> anyhow::Result<Outcome> {
    let n_devices = stage.pick(45, 300);
    let mut setup = fire::setup(&stage).set("worker.concurrency", n_devices);
    setup.fleet.devices = n_devices;
    let ttl = stage.pick(Duration::from_secs(4), Duration::from_secs(8));
    let mut fire = Fire::lay(&stage, setup).await?;
    fire.world.simulator.stand_still().await;
    for _ in 0..3 {
        fire.start_worker(None)?;
    }
    fire.burns().await?;
    fire.queue_rest().await?;
    poll_until(format!("{n_devices} downloads stand still"), fire.within(), async || {
        let n = fire.world.simulator.counters().await.n_downloads();
        if n >= n_devices { Ok(()) } else { Err(format!("{n} do")) }
    })
    .await?;

    let of_killed = format!("-{}-", fire.worker(0).id());
    let is_its = |worker: &str| worker.contains(&of_killed);
    let jobs = fire.jobs().await?;
    let lost: BTreeSet<JobId> = jobs
        .iter()
        .filter(|job| job.worker.as_ref().is_some_and(|worker| is_its(&worker.0)))
        .map(|job| job.id)
        .collect();
    ensure!(lost.len() as u64 >= n_devices / 10, "the killed worker holds {} jobs only", lost.len());
    let killed_at = Timestamp::now();
    fire.kill_worker(0)?;
    // Until its leases run out, the ledger believes that it lives.
    poll_until("no lease is left of the killed worker", fire.within(), async || {
        let jobs = fire.jobs().await.map_err(|error| error.to_string())?;
        let held = jobs.iter().filter(|job| job.worker.as_ref().is_some_and(|worker| is_its(&worker.0)));
        match held.count() {
            0 => Ok(()),
            n => Err(format!("{n} are")),
        }
    })
    .await?;
    fire.recovers().await?;

    let mut times: BTreeMap<JobId, Duration> = BTreeMap::new();
    for job in &lost {
        let attempts = fire.ledger().await.attempts(*job).await?;
        let next = attempts.iter().find(|one| one.started_at > killed_at && !is_its(&one.worker.0));
        if let Some(next) = next {
            times.insert(*job, Duration::try_from(next.started_at.duration_since(killed_at))?);
        }
    }
    let bound = ttl + AFTER_THE_LEASE;
    for job in lost.iter().filter(|job| times.get(job).is_none_or(|time| *time > bound)) {
        let time = times.get(job);
        fire.saw(
            "I14",
            format!("job {job} of the killed worker was claimed again after {time:?}, allowed is {bound:?}"),
        );
    }
    let slowest = times.values().max().copied().unwrap_or_default();
    let n = lost.len();
    stage
        .shelf()
        .keep_output("recovery", format!("{n} jobs of the killed worker, the slowest after {slowest:?}\n"));
    fire.world.simulator.go_on().await;
    all_complete(&mut fire).await?;
    fire.end(1, Some(slowest), &Allowed::nothing().after_a_kill()).await
}

/// While it stands still, all its jobs go to the other worker; when it goes on, it has no say in them.
async fn zombie(stage: Stage) -> anyhow::Result<Outcome> {
    let mut fire = Fire::light(&stage, fire::setup(&stage).download_time(stage.pick("8s", "12s"))).await?;
    let of_zombie = format!("-{}-", fire.worker(0).id());
    let held = |jobs: &[common::ledger::JobView]| {
        jobs.iter()
            .filter(|job| job.worker.as_ref().is_some_and(|worker| worker.0.contains(&of_zombie)))
            .count()
    };
    ensure!(held(&fire.jobs().await?) > 0, "the worker that is to stand still holds nothing");
    fire.worker(0).suspend()?;
    let since = Instant::now();
    poll_until("all its jobs have gone to the other", fire.within(), async || {
        let jobs = fire.jobs().await.map_err(|error| error.to_string())?;
        match held(&jobs) {
            0 => Ok(()),
            n => Err(format!("it has {n}")),
        }
    })
    .await?;
    fire.recovers().await?;
    let recovered_in = since.elapsed();
    fire.worker(0).resume()?;
    fire.queue_rest().await?;
    all_complete(&mut fire).await?;
    fire.end(1, Some(recovered_in), &Allowed::nothing().after_a_fence()).await
}

/// What runs is handed back uncounted, and taken over by the other worker.
async fn sigterm(stage: Stage, grace: &'static str, allowed: Allowed) -> anyhow::Result<Outcome> {
    let mut fire = Fire::light(&stage, fire::setup(&stage).set("worker.grace", grace)).await?;
    fire.queue_rest().await?;
    let told_at = Instant::now();
    fire.stop_worker(0).await?;
    fire.recovers().await?;
    let recovered_in = told_at.elapsed();
    all_complete(&mut fire).await?;
    nothing_was_charged(&mut fire).await?;
    fire.end(1, Some(recovered_in), &allowed).await
}

/// Leases may run out then: it leaves without a word where it has to.
async fn second_signal(stage: Stage) -> anyhow::Result<Outcome> {
    let mut fire = Fire::light(&stage, fire::setup(&stage)).await?;
    fire.queue_rest().await?;
    let told_at = Instant::now();
    fire.worker(0).terminate()?;
    fire.lasts(Duration::from_millis(stage.random().random_range(0..100))).await;
    fire.stop_worker(0).await?;
    fire.recovers().await?;
    let recovered_in = told_at.elapsed();
    all_complete(&mut fire).await?;
    fire.end(2, Some(recovered_in), &Allowed::nothing().after_a_fence()).await
}

/// Downloads stand still, so that no job can end in between and be queued anew.
async fn producer_sigkill(stage: Stage) -> anyhow::Result<Outcome> {
    let mut random = stage.random();
    let mut fire = Fire::lay(&stage, fire::setup(&stage)).await?;
    fire.world.simulator.stand_still().await;
    for _ in 0..2 {
        fire.start_worker(None)?;
    }
    let target = fire.world.simulator.ready().target.clone();
    let n_kills = stage.pick(5, 20);
    for _ in 0..n_kills {
        let queue =
            ["--output", "json", "download", "queue-all", "--target", &target, "--reason", "CHG-4711"];
        let program = fire.world.program("panos-upgrade").args(queue).arg("--ha-parallel");
        let mut process = program.start()?;
        fire.lasts(Duration::from_millis(random.random_range(0..600))).await;
        process.kill9()?;
    }
    let began = Instant::now();
    let queued = fire.world.queue_all_with(&["--ha-parallel"]).await;
    ensure!(queued.code == 0, "queueing again: {queued:?}");
    let recovered_in = began.elapsed();
    let jobs = fire.jobs().await?;
    let devices: BTreeSet<_> = jobs.iter().map(|job| job.serial.clone()).collect();
    let n_devices = fire.world.simulator.serials().await.len();
    if jobs.len() != n_devices || devices.len() != n_devices {
        let (n_jobs, n_covered) = (jobs.len(), devices.len());
        fire.saw("I1", format!("{n_devices} devices, {n_covered} of them with a job, {n_jobs} jobs"));
    }
    fire.world.simulator.go_on().await;
    all_complete(&mut fire).await?;
    fire.end(n_kills, Some(recovered_in), &Allowed::nothing()).await
}

async fn embedded_sigkill(stage: Stage) -> anyhow::Result<Outcome> {
    let mut random = stage.random();
    let mut fire = Fire::lay_embedded(&stage, fire::setup(&stage)).await;
    fire.start_worker(None)?;
    fire.burns().await?;
    fire.queue_rest().await?;
    let n_kills = stage.pick(3, 8);
    let mut recovered_in = Duration::ZERO;
    for _ in 0..n_kills {
        fire.lasts(Duration::from_millis(random.random_range(0..1_500))).await;
        fire.kill_worker(0)?;
        let killed_at = Instant::now();
        fire.start_worker(None)?;
        fire.recovers().await?;
        recovered_in = recovered_in.max(killed_at.elapsed());
    }
    all_complete(&mut fire).await?;
    fire.end(n_kills, Some(recovered_in), &Allowed::nothing().after_a_kill()).await
}

/// Waits until every job has ended, and notes those that did not complete: nothing was wrong with their devices.
pub(super) async fn all_complete(fire: &mut Fire) -> anyhow::Result<()> {
    // Whatever does not end is found at the end.
    let _ = fire.all_have_ended().await;
    for job in fire.jobs().await? {
        if job.state.is_terminal() && job.state != JobState::Completed {
            let (id, state, message) = (job.id, job.state, &job.message);
            fire.saw("I1", format!("job {id} is {state}, and its device is well: {message}"));
        }
    }
    Ok(())
}

/// No attempt was lost or used up by a worker that stopped in order.
pub(super) async fn nothing_was_charged(fire: &mut Fire) -> anyhow::Result<()> {
    for job in fire.jobs().await? {
        let attempts = fire.ledger().await.attempts(job.id).await?;
        let n_lost = attempts.iter().filter(|one| one.ending.as_deref() == Some("lease_lost")).count();
        if job.attempt != 1 || n_lost > 0 {
            let (id, attempt) = (job.id, job.attempt);
            fire.saw("I4", format!("job {id}: attempt {attempt}, {n_lost} leases lost, though nobody died"));
        }
    }
    Ok(())
}

/// Waits until a worker that was started has begun to work.
pub(super) async fn has_begun(fire: &mut Fire, place: usize) -> anyhow::Result<()> {
    use testkit::process::Stream;
    let worker = fire.worker(place);
    poll_until("the worker has begun", SOON, async || {
        let logged = worker.text(Stream::Stderr);
        if logged.contains("begins, ledger") { Ok(()) } else { Err(logged) }
    })
    .await?;
    Ok(())
}
