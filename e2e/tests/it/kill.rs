//! A worker that gets SIGKILL, at a chosen moment and at random ones: the next one goes on with what is running
//! on the firewalls, and asks for nothing twice.

use std::collections::BTreeSet;

use common::domain::job::JobState;
use common::ledger::JobView;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use testkit::wait::wait_until;

use e2e::checker::Allowed;
use e2e::world::{LONG, SOON, Setup, Way, World};

const DEVICES: u64 = 40;

/// More slots than there are devices, for a worker that takes over while downloads stand still.
const ROOM: (&str, &str) = ("PANOS_UPGRADE__WORKER__CONCURRENCY", "1000");

/// Kills in a row of the random case.
const KILLS: usize = 5;

/// Calls between a start and its kill, at most: enough for several devices' whole jobs.
const CALLS: u64 = 200;

/// Set it to repeat a run with the moments that it printed.
const SEED_VARIABLE: &str = "E2E_SEED";

both_ways!(kills_at_random_moments_lose_nothing_and_repeat_nothing);

mod embedded_half_way {
    use super::*;

    #[tokio::test]
    async fn the_next_work_adopts_what_a_killed_one_began() {
        // Twenty slots for forty devices, and downloads that stand still: exactly half is under way.
        let setup = Setup::devices(DEVICES).all_at_once().short_leases().set("worker.concurrency", 20);
        let world = World::queued(Way::Embedded, setup).await;
        world.simulator.stand_still().await;
        let killed = world.start_until_idle();
        let begun: BTreeSet<_> = world
            .simulator
            .until_downloads(20)
            .await
            .downloads()
            .into_keys()
            .map(|(serial, _)| serial)
            .collect();
        killed.kill9();

        let next = world.program("panos-upgrade").env(ROOM.0, ROOM.1).args(["work", "--until-idle"]);
        let mut next = world.start(&next);
        world.until_adopted(&begun).await;
        world.simulator.go_on().await;
        assert_eq!(next.ended(LONG).await, 0);
        drop(next);
        all_completed(&world).await;
        world.invariants(&Allowed::nothing().after_a_kill()).await;
    }
}

mod fleet_half_way {
    use super::*;

    #[tokio::test]
    async fn the_other_workers_adopt_what_a_killed_one_began() {
        let setup = Setup::devices(DEVICES).all_at_once().short_leases().set("worker.concurrency", 10);
        let world = World::queued(Way::Fleet, setup).await;
        world.simulator.stand_still().await;
        let (killed, other) = (world.start_worker(), world.start_worker());
        world.simulator.until_downloads(20).await;
        let of_killed = format!("-{}-", killed.id());
        let is_lost = |job: &JobView| job.worker.as_ref().is_some_and(|worker| worker.0.contains(&of_killed));
        let lost = world.jobs().await.into_iter().filter(is_lost);
        let lost: BTreeSet<_> = lost.map(|job| job.serial.to_string()).collect();
        assert_eq!(lost.len(), 10, "each worker fills its slots: {lost:?}");
        killed.kill9();

        // What an orchestrator does next. The other one has its slots full of downloads that stand still.
        let replacement = world.start(&world.program("panos-upgrade-worker").env(ROOM.0, ROOM.1));
        world.until_adopted(&lost).await;
        world.simulator.go_on().await;
        world.until_all_ended().await;
        assert_eq!((other.terminated().await, replacement.terminated().await), (0, 0));
        all_completed(&world).await;
        world.invariants(&Allowed::nothing().after_a_kill()).await;
    }
}

async fn kills_at_random_moments_lose_nothing_and_repeat_nothing(way: Way) {
    let seed = std::env::var(SEED_VARIABLE).map_or_else(|_| rand::random(), |seed| seed.parse().unwrap());
    println!("{SEED_VARIABLE}={seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let setup = Setup::devices(DEVICES).short_leases().set("worker.concurrency", 12);
    let world = World::queued(way, setup).await;

    for kill in 1..=KILLS {
        let mut worker = world.start_worker();
        let calls = world.simulator.counters().await.calls + random.random_range(1..=CALLS);
        let what = format!("the fleet has answered {calls} calls, for kill {kill}");
        // Leases of the one before run out within seconds; then there is something to do again.
        wait_until(what, SOON, async || {
            let found = world.simulator.counters().await.calls;
            let has_ended = world.jobs().await.iter().all(|job| job.state.is_terminal());
            assert!(worker.process().is_running(), "a worker ended that nobody told to");
            if found >= calls || has_ended { Ok(()) } else { Err(format!("{found} so far")) }
        })
        .await;
        worker.kill9();
    }
    world.work().await;
    all_completed(&world).await;
    world.invariants(&Allowed::nothing().after_a_kill()).await;
}

async fn all_completed(world: &World) {
    let jobs = world.jobs().await;
    let left: Vec<_> = jobs.iter().filter(|job| job.state != JobState::Completed).collect();
    assert!(left.is_empty(), "{left:?}");
    assert_eq!(u64::try_from(jobs.len()).unwrap(), DEVICES);
}
