//! HA pairs: never both members at once unless asked for, one download for both where one copies to its peer, and
//! a pair whose members differ is told.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use common::domain::device::Serial;
use common::domain::failure::FailureKind;
use common::domain::job::JobState;
use common::ledger::JobView;
use serde_json::json;

use e2e::checker::Allowed;
use e2e::world::{Setup, Way, World};

/// Three pairs and the devices between them.
const DEVICES: u64 = 30;

/// Of every download, so that the journal tells when each ran.
const DOWNLOAD: Duration = Duration::from_secs(1);

both_ways!(the_members_of_a_pair_take_turns, one_member_downloads_for_both_and_both_are_verified);

async fn the_members_of_a_pair_take_turns(way: Way) {
    let world = World::queued(way, pairs_only()).await;
    let pairs = world.pairs().await;
    assert_eq!(pairs.len(), 3, "{pairs:?}");
    world.work().await;

    all_ready(&world).await;
    // By the ledger: no attempt of one member within an attempt of the other.
    let jobs = by_serial(world.jobs().await);
    for (one, other) in &pairs {
        let (one, other) = (&jobs[one], &jobs[other]);
        let apart = one.ended_at <= other.started_at || other.ended_at <= one.started_at;
        assert!(apart, "both at once: {one:?} {other:?}");
    }
    // By the devices: no download of one member within a download of the other.
    let begun = downloads_begun(&world).await;
    for (one, other) in &pairs {
        let other_ms = &begun[other];
        for at_ms in &begun[one] {
            let near =
                other_ms.iter().find(|other| u128::from(at_ms.abs_diff(**other)) < DOWNLOAD.as_millis());
            assert_eq!(near, None, "{one} and {other} download at once: {begun:?}");
        }
    }
    world.invariants(&Allowed::nothing()).await;
}

#[tokio::test]
async fn both_members_download_at_once_when_asked_to() {
    let world = World::discovered(Way::Embedded, pairs_only()).await;
    let queued = world.queue_all_with(&["--select", "ha!=standalone", "--ha-parallel"]).await.ok().json();
    assert_eq!(queued["queued"], 6, "{queued}");
    world.simulator.stand_still().await;
    let worker = world.start_worker();
    // Nothing ends while they stand still: all members download at once.
    let n_members = world.simulator.until_downloads(6).await.devices;
    let asked = n_members.values().filter(|device| !device.downloads.is_empty()).count();
    assert_eq!(asked, 6, "{n_members:?}");
    world.simulator.go_on().await;
    world.until_all_ended().await;
    worker.terminated().await;
    all_ready(&world).await;
    world.invariants(&Allowed::nothing()).await;
}

async fn one_member_downloads_for_both_and_both_are_verified(way: Way) {
    let world = World::discovered(way, pairs_only()).await;
    let queued = world.queue_all_with(&["--select", "ha!=standalone", "--ha-sync"]).await.ok().json();
    assert_eq!(queued["queued"], 6, "{queued}");
    world.work().await;

    all_ready(&world).await;
    one_download_per_pair_and_image(&world).await;
    for job in world.jobs().await {
        let status = world.cli(&["device", "status", job.serial.as_str()]).await.ok().json();
        let outcomes = status["hash_verification"].as_object().unwrap();
        assert!(!outcomes.is_empty(), "{status}");
        assert!(outcomes.values().all(|outcome| outcome["outcome"] == "verified"), "{status}");
    }
    world.cli(&["download", "verify"]).await.ok();
    world.invariants(&Allowed::nothing()).await;
}

#[tokio::test]
async fn a_copy_that_takes_its_time_is_waited_for() {
    const FLEET: &str = r#"
devices = 6
[quirks]
sync-lag = "4s"
"#;
    let setup = Setup::described(FLEET).set("download.sync_timeout", "60s");
    let world = World::discovered(Way::Embedded, setup).await;
    world.queue_all_with(&["--select", "ha!=standalone", "--ha-sync"]).await.ok();
    world.work().await;
    all_ready(&world).await;
    one_download_per_pair_and_image(&world).await;
    world.invariants(&Allowed::nothing()).await;
}

#[tokio::test]
async fn a_member_whose_lead_fails_brings_its_images_itself() {
    let world = World::discovered(Way::Embedded, pairs_only()).await;
    let (one, other) = world.pairs().await[0].clone();
    let select = format!("serial={one}");
    let refused = world.queue_all_with(&["--select", &select, "--ha-sync", "--dry-run"]).await;
    assert!(refused.text().contains(other.as_str()), "its peer is not selected: {refused:?}");
    world.queue_all_with(&["--select", "ha!=standalone", "--ha-sync"]).await.ok();
    let jobs = by_serial(world.jobs().await);
    let (lead, follower) = if jobs[&one].id < jobs[&other].id { (one, other) } else { (other, one) };
    world.simulator.inject(lead.as_str(), &json!({"kind": "wrong_serial"})).await;
    world.work().await;

    let jobs = by_serial(world.jobs().await);
    assert_eq!(
        (jobs[&lead].state, jobs[&lead].failure_kind),
        (JobState::Failed, Some(FailureKind::WrongDevice))
    );
    assert_eq!((jobs[&follower].state, jobs[&follower].ready_for_install), (JobState::Completed, true));
    let counters = world.simulator.counters().await;
    assert!(!counters.devices[follower.as_str()].downloads.is_empty(), "it downloaded for itself");
    assert!(counters.devices[lead.as_str()].downloads.is_empty());

    // One member ready and the other not: the pair is named.
    let status = world.cli(&["download", "status"]).await.json();
    let asymmetric = &status["asymmetric_pairs"];
    assert_eq!(asymmetric.as_array().map(Vec::len), Some(1), "{status}");
    for member in [&lead, &follower] {
        assert!(asymmetric[0].to_string().contains(member.as_str()), "{status}");
    }
    world.invariants(&Allowed::nothing()).await;
}

#[tokio::test]
async fn a_killed_lead_is_taken_over_and_nothing_is_asked_for_twice() {
    let world = World::discovered(Way::Fleet, pairs_only().short_leases()).await;
    world.queue_all_with(&["--select", "ha!=standalone", "--ha-sync"]).await.ok();
    world.simulator.stand_still().await;
    let killed = world.start_worker();
    // The leads, and nobody else: their followers wait for them.
    world.simulator.until_downloads(3).await;
    killed.kill9();
    let leads: BTreeSet<_> = world.simulator.counters().await.downloads().into_keys().collect();
    assert_eq!(leads.len(), 3, "{leads:?}");

    let next = world.start_worker();
    world.until_adopted(&leads.into_iter().map(|(serial, _)| serial).collect()).await;
    world.simulator.go_on().await;
    world.until_all_ended().await;
    next.terminated().await;
    all_ready(&world).await;
    one_download_per_pair_and_image(&world).await;
    world.invariants(&Allowed::nothing().after_a_kill()).await;
}

fn pairs_only() -> Setup {
    Setup::devices(DEVICES).download_time("1s").set("download.sync_timeout", "30s")
}

/// Both members of a generated pair run the same version, so what one needs, the other needs.
async fn one_download_per_pair_and_image(world: &World) {
    let downloads = world.simulator.counters().await.downloads();
    for (one, other) in world.pairs().await {
        let mut of_pair: BTreeMap<&str, u64> = BTreeMap::new();
        for ((serial, version), n) in &downloads {
            if serial == one.as_str() || serial == other.as_str() {
                *of_pair.entry(version).or_default() += n;
            }
        }
        assert!(!of_pair.is_empty(), "{one} and {other}");
        assert!(of_pair.values().all(|n| *n == 1), "{one} and {other}: {of_pair:?}");
    }
}

/// When each device accepted its download commands, in milliseconds of the simulator.
async fn downloads_begun(world: &World) -> BTreeMap<Serial, Vec<u64>> {
    let mut begun: BTreeMap<Serial, Vec<u64>> = BTreeMap::new();
    for entry in world.simulator.journal().await {
        if entry.command == "download" && !entry.answer.starts_with("error") {
            begun.entry(entry.serial.parse().unwrap()).or_default().push(entry.at_ms);
        }
    }
    begun
}

fn by_serial(jobs: Vec<JobView>) -> BTreeMap<Serial, JobView> {
    jobs.into_iter().map(|job| (job.serial.clone(), job)).collect()
}

async fn all_ready(world: &World) {
    for job in world.jobs().await {
        assert_eq!((job.state, job.ready_for_install), (JobState::Completed, true), "{job:?}");
    }
}
