//! A worker that is told to stop in the middle of its downloads: it hands everything back, uncounted, and the
//! firewalls go on; the next worker takes the downloads over.

use common::domain::job::JobState;

use crate::invariants::Allowed;
use crate::world::{SOON, Setup, Way, World};

const DEVICES: u64 = 6;

both_ways!(a_stop_hands_jobs_back_uncounted_and_the_next_worker_adopts_them);

async fn a_stop_hands_jobs_back_uncounted_and_the_next_worker_adopts_them(way: Way) {
    let world = World::queued(way, Setup::devices(DEVICES)).await;
    world.simulator.stand_still().await;
    let worker = world.start_worker();
    world.simulator.until_downloads(DEVICES).await;

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

    world.simulator.go_on().await;
    world.work().await;
    let all_completed = |jobs: &[common::ledger::JobView]| {
        jobs.iter().all(|job| job.state == JobState::Completed && job.attempt == 1)
    };
    world.until_jobs("every job has completed at its first counted attempt", SOON, all_completed).await;
    assert_eq!(u64::try_from(world.adopted().await.len()).unwrap(), DEVICES);
    world.invariants(&Allowed::nothing()).await;
}
