//! A thousand devices at once: the drain takes little longer than the slowest device alone.
//!
//! The one case that speaks of time. It compares two times of the same run on the same machine, and has the
//! machine for itself (`.config/nextest.toml`).

use std::time::{Duration, Instant};

use common::domain::job::JobState;

use e2e::checker::Allowed;
use e2e::world::{LONG, Setup, Way, World};

const DEVICES: u64 = 1_000;

#[tokio::test]
async fn a_thousand_devices_take_at_most_twice_as_long_as_the_slowest_one() {
    // Settings as delivered, but for the login: what an operator gets without reading any of them.
    let setup = Setup::devices(DEVICES)
        .all_at_once()
        .download_time("10s")
        .set("poll.min", "2s")
        .set("poll.max", "30s")
        .set("lease.ttl", "60s")
        .set("lease.renew_every", "15s")
        .set("relay.every", "1s");
    let world = World::queued(Way::Embedded, setup).await;

    let began = Instant::now();
    let mut work = world.start_until_idle();
    assert_eq!(work.ended(LONG).await, 0);
    let drain = began.elapsed();
    drop(work);

    let jobs = world.jobs().await;
    assert_eq!(u64::try_from(jobs.len()).unwrap(), DEVICES);
    let left: Vec<_> = jobs.iter().filter(|job| job.state != JobState::Completed).collect();
    assert!(left.is_empty(), "{left:?}");
    let length = |job: &common::ledger::JobView| {
        let (started, ended) = (job.started_at.unwrap(), job.ended_at.unwrap());
        Duration::try_from(ended.duration_since(started)).unwrap()
    };
    let longest = jobs.iter().map(length).max().unwrap();
    let shortest = jobs.iter().map(length).min().unwrap();
    println!("drain {drain:?}; single devices from {shortest:?} to {longest:?}");
    assert!(drain <= 2 * longest, "the drain took {drain:?}, the longest single device {longest:?}");
    world.invariants(&Allowed::nothing()).await;
}
