//! A worker dies between any two steps of a job: before its claim, after each answer of the device, before it can tell
//! of the end.
//!
//! Promises: each moment but the first is seen in the ledger or in the device's own journal before the worker that is there gets its
//! SIGKILL; a moment that does not come is an error. Leaves to others: the writes in between, which nobody hits on
//! purpose from outside (the worker's own tests end it before and after each).

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use common::domain::job::{JobId, JobState};
use common::ledger::JobView;
use e2e::checker::Allowed;
use serde_json::json;

use super::workers::all_complete;
use crate::fire::{self, Fire};
use crate::scenario::{Needs, Outcome, Scenario, Stage};

/// How often a moment is looked for: shorter than any step.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// All of them.
pub const SCENARIOS: &[Scenario] = &[Scenario {
    name: "worker-sigkill-at-step",
    fault: "a worker gets SIGKILL at each boundary between two steps, one after another",
    needs: Needs::Shared,
    run: |stage| Box::pin(sigkill_at_step(stage)),
}];

/// A moment in the life of a job at which its worker is killed.
#[derive(Debug, Clone, Copy)]
enum Moment {
    /// The worker is there, and has claimed nothing.
    BeforeClaim,
    /// The ledger says that the job runs; the delivery may not be settled yet.
    Claimed,
    /// The device has just answered this.
    Answered(&'static str),
    /// The device has the request for a download and has not answered it.
    Asking,
    /// The result is in the ledger; its events may not be published yet.
    Ended,
}

/// In the order of a job's life: identify, list, space, ask, begun, wait, look again, end.
const MOMENTS: [Moment; 9] = [
    Moment::BeforeClaim,
    Moment::Claimed,
    Moment::Answered("system_info"),
    Moment::Answered("software_info"),
    Moment::Answered("disk_space"),
    Moment::Asking,
    Moment::Answered("download"),
    Moment::Answered("job"),
    Moment::Ended,
];

async fn sigkill_at_step(stage: Stage) -> anyhow::Result<Outcome> {
    let devices_per_moment = stage.pick(2, 6);
    let mut setup = fire::setup(&stage);
    setup.fleet.devices = (MOMENTS.len() * devices_per_moment) as u64;
    let mut fire = Fire::lay(&stage, setup).await?;
    for _ in 0..2 {
        fire.start_worker(None)?;
    }
    let serials = fire.world.simulator.serials().await;
    let mut killed_at = Instant::now();
    for (moment, serials) in MOMENTS.into_iter().zip(serials.chunks(devices_per_moment)) {
        let place = reach(&mut fire, moment, serials).await.with_context(|| format!("{moment:?}"))?;
        fire.kill_worker(place)?;
        killed_at = Instant::now();
        fire.world.simulator.heal_everywhere().await;
        fire.start_worker(None)?;
    }
    fire.recovers().await?;
    let recovered_in = killed_at.elapsed();
    all_complete(&mut fire).await?;
    let n_faults = u32::try_from(MOMENTS.len())?;
    fire.end(n_faults, Some(recovered_in), &Allowed::nothing().after_a_kill()).await
}

/// Queues jobs for these devices and waits until one of them is there. Answers the place of the worker to be killed.
async fn reach(fire: &mut Fire, moment: Moment, serials: &[String]) -> anyhow::Result<usize> {
    if let Moment::BeforeClaim = moment {
        let place = fire.start_worker(None)?;
        for serial in serials {
            fire.world.submit(serial).await.ok();
        }
        return Ok(place);
    }
    if let Moment::Asking = moment {
        let slow = json!({"kind": "slow", "delay": "2s", "commands": ["download"]});
        fire.world.simulator.inject_everywhere(&slow).await;
    }
    let mut since = fire.world.simulator.whole_journal().await.entries.last().map_or(0, |entry| entry.n);
    let n_asked = fire.world.simulator.counters().await.n_commands("download");
    for serial in serials {
        fire.world.submit(serial).await.ok();
    }
    let deadline = Instant::now() + fire.within();
    loop {
        ensure!(Instant::now() < deadline, "none of {serials:?} came so far");
        let found = match moment {
            Moment::BeforeClaim => None,
            Moment::Claimed => holder(fire, serials, JobState::Running).await?,
            Moment::Ended => {
                let of_these = |job: &JobView| serials.iter().any(|one| one == job.serial.as_str());
                let ended: Vec<JobId> = fire
                    .jobs()
                    .await?
                    .iter()
                    .filter(|job| of_these(job) && job.state.is_terminal())
                    .map(|job| job.id)
                    .collect();
                last_worker(fire, ended.first().copied()).await?
            }
            Moment::Answered(command) => {
                let (entries, next) = fire.world.simulator.journal_since(since).await;
                since = next;
                let meant = |serial: &String| serials.contains(serial);
                let entry =
                    entries.into_iter().find(|entry| entry.command == command && meant(&entry.serial));
                entry.and_then(|entry| entry.client)
            }
            Moment::Asking => {
                let n = fire.world.simulator.counters().await.n_commands("download");
                if n > n_asked { holder(fire, serials, JobState::Running).await? } else { None }
            }
        };
        if let Some(place) = found.and_then(|name| place_of(fire, &name)) {
            return Ok(place);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Who holds one of these devices' jobs in that state.
async fn holder(fire: &Fire, serials: &[String], state: JobState) -> anyhow::Result<Option<String>> {
    let jobs = fire.jobs().await?;
    let meant = jobs
        .into_iter()
        .filter(|job| job.state == state && serials.iter().any(|one| one == job.serial.as_str()));
    Ok(meant.filter_map(|job| job.worker).map(|worker| worker.0).next())
}

/// Who had the last attempt at a job.
async fn last_worker(fire: &Fire, job: Option<JobId>) -> anyhow::Result<Option<String>> {
    let Some(job) = job else { return Ok(None) };
    let attempts = fire.ledger().await.attempts(job).await?;
    Ok(attempts.last().map(|attempt| attempt.worker.0.clone()))
}

/// The place of the worker whose process number stands in a name: `HOST-PID-RANDOM`.
fn place_of(fire: &mut Fire, name: &str) -> Option<usize> {
    (0..fire.n_workers()).find(|place| name.contains(&format!("-{}-", fire.worker(*place).id())))
}
