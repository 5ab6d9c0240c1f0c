//! A worker that is told to stop in the middle of its downloads: it hands everything back, uncounted, and the
//! firewalls go on; the next worker takes the downloads over.

use std::collections::BTreeSet;

use common::domain::job::JobState;

use e2e::checker::Allowed;
use e2e::world::{Setup, Way, World};

const DEVICES: u64 = 6;

both_ways!(a_stop_hands_jobs_back_uncounted_and_the_next_worker_adopts_them);

async fn a_stop_hands_jobs_back_uncounted_and_the_next_worker_adopts_them(way: Way) {
    let world = World::queued(way, Setup::devices(DEVICES).all_at_once()).await;
    world.simulator.stand_still().await;
    let worker = world.start_worker();
    let asked = world.simulator.until_downloads(DEVICES).await.downloads();
    let serials: BTreeSet<_> = asked.into_keys().map(|(serial, _)| serial).collect();

    let interrupted = match way {
        Way::Embedded => 130,
        Way::Fleet => 0,
    };
    assert_eq!(worker.terminated().await, interrupted);
    // No lease had to run out for this: the worker has ended, and its jobs are free already.
    let ledger = &world.engine().await.ledger;
    for job in world.jobs().await {
        assert_eq!((job.state, job.attempt, &job.worker), (JobState::Available, 0, &None), "{job:?}");
        let attempts = ledger.attempts(job.id).await.unwrap();
        let endings: Vec<_> = attempts.iter().map(|attempt| attempt.ending.as_deref()).collect();
        assert_eq!(endings, [Some("released")], "job {}", job.id);
    }

    let next = world.start_worker();
    world.until_adopted(&serials).await;
    world.simulator.go_on().await;
    world.until_all_ended().await;
    assert_eq!(next.terminated().await, interrupted);
    for job in world.jobs().await {
        assert_eq!((job.state, job.attempt), (JobState::Completed, 1), "{job:?}");
    }
    world.invariants(&Allowed::nothing()).await;
}
