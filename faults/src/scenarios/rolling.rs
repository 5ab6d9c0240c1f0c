//! What people do to a fleet that works: they restart every worker, cancel jobs, pause and resume.
//!
//! Promises: what was cancelled may end so, and nothing else; everything that was paused goes on in the end. Leaves to
//! others: one worker that is told to stop, by its grace ([`workers`](super::workers)).

use std::time::{Duration, Instant};

use common::domain::hold::PauseScope;
use common::domain::job::{JobState, JobType, Requester};
use common::ledger::CancelAnswer;
use e2e::checker::Allowed;
use rand::RngExt;
use rand::seq::IndexedRandom;

use super::workers::{all_complete, has_begun, nothing_was_charged};
use crate::fire::{self, Fire};
use crate::scenario::{Needs, Outcome, Scenario, Stage};

/// All of them.
pub const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "rolling-restart",
        fault: "every worker is replaced, one after another, during a full campaign",
        needs: Needs::Shared,
        run: |stage| Box::pin(rolling_restart(stage)),
    },
    Scenario {
        name: "cancel-races",
        fault: "jobs are cancelled in every phase, some twice, while workers get SIGKILL",
        needs: Needs::Shared,
        run: |stage| Box::pin(cancel_races(stage)),
    },
    Scenario {
        name: "pause-races",
        fault: "fleet, queue and workers are paused and resumed at random, while a worker gets SIGKILL",
        needs: Needs::Shared,
        run: |stage| Box::pin(pause_races(stage)),
    },
];

fn operator(reason: &str) -> Requester {
    Requester { operator: "chaos".to_owned(), host: "localhost".to_owned(), reason: Some(reason.to_owned()) }
}

async fn rolling_restart(stage: Stage) -> anyhow::Result<Outcome> {
    let mut fire = Fire::light(&stage, fire::setup(&stage).download_time(stage.pick("5s", "10s"))).await?;
    fire.queue_rest().await?;
    let n_workers = fire.n_workers();
    let mut recovered_in = Duration::ZERO;
    for _ in 0..n_workers {
        let place = fire.start_worker(None)?;
        has_begun(&mut fire, place).await?;
        let told_at = Instant::now();
        fire.stop_worker(0).await?;
        fire.recovers().await?;
        recovered_in = recovered_in.max(told_at.elapsed());
    }
    all_complete(&mut fire).await?;
    nothing_was_charged(&mut fire).await?;
    fire.end(u32::try_from(n_workers)?, Some(recovered_in), &Allowed::nothing()).await
}

/// The moments are random; that nothing begins after a cancel, the trail and the journal tell (I9, I2).
async fn cancel_races(stage: Stage) -> anyhow::Result<Outcome> {
    let mut random = stage.random();
    let mut fire = Fire::light(&stage, fire::setup(&stage)).await?;
    fire.queue_rest().await?;
    let n_cancels = stage.pick(8, 40);
    let mut cancelled = Vec::new();
    for n in 0..n_cancels {
        fire.lasts(Duration::from_millis(random.random_range(0..stage.pick(250, 400)))).await;
        let active: Vec<_> = fire.jobs().await?.into_iter().filter(|job| !job.state.is_terminal()).collect();
        let Some(job) = active.choose(&mut random) else { break };
        for _ in 0..random.random_range(1..=2) {
            match fire.ledger().await.cancel(job.id, &operator("cancelled on purpose")).await? {
                CancelAnswer::Cancelled | CancelAnswer::Requested => cancelled.push(job.id),
                CancelAnswer::AlreadyEnded { .. } => {}
            }
        }
        if n % 4 == 3 {
            fire.kill_worker(random.random_range(0..fire.n_workers()))?;
            fire.start_worker(None)?;
        }
    }
    let recovered_in = fire.recovers().await?;
    // What does not end is found at the end.
    let _ = fire.all_have_ended().await;
    for job in fire.jobs().await? {
        let may_be = match job.state {
            JobState::Completed => true,
            JobState::Cancelled => cancelled.contains(&job.id),
            JobState::Scheduled | JobState::Available | JobState::Running => continue,
            JobState::Failed | JobState::Skipped => false,
        };
        if !may_be {
            fire.saw(
                "I9",
                format!("job {} is {}, and nobody wanted that: {}", job.id, job.state, job.message),
            );
        }
    }
    fire.end(n_cancels + n_cancels / 4, Some(recovered_in), &Allowed::nothing().after_a_kill()).await
}

/// Whatever is paused when the time is over is resumed; then everything has to complete.
async fn pause_races(stage: Stage) -> anyhow::Result<Outcome> {
    let mut random = stage.random();
    let mut fire = Fire::light(&stage, fire::setup(&stage)).await?;
    fire.queue_rest().await?;
    let (why, over) = (operator("power work"), operator("power is back"));
    let queue = PauseScope::Queue(JobType::DownloadOnly);
    let n_turns = stage.pick(10, 40);
    for n in 0..n_turns {
        let ledger = fire.ledger().await;
        match random.random_range(0..6) {
            0 => drop(ledger.pause(&why).await?),
            1 => drop(ledger.resume(&over).await?),
            2 => drop(ledger.pause_part(&queue, &why).await?),
            3 => drop(ledger.resume_part(&queue, &over).await?),
            turn => {
                let workers = ledger.workers(Duration::from_secs(600)).await?;
                let Some(worker) = workers.choose(&mut random) else { continue };
                let scope = PauseScope::Worker(worker.id.clone());
                if turn == 4 {
                    ledger.pause_part(&scope, &why).await?;
                } else {
                    ledger.resume_part(&scope, &over).await?;
                }
            }
        }
        fire.lasts(Duration::from_millis(random.random_range(0..300))).await;
        if n == n_turns / 2 {
            fire.kill_worker(0)?;
            fire.start_worker(None)?;
        }
    }
    let ledger = fire.ledger().await;
    ledger.resume(&over).await?;
    for pause in ledger.pauses().await? {
        ledger.resume_part(&pause.scope, &over).await?;
    }
    let recovered_in = fire.recovers().await?;
    all_complete(&mut fire).await?;
    fire.end(n_turns + 1, Some(recovered_in), &Allowed::nothing().after_a_kill()).await
}
