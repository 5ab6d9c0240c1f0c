//! A fleet with everything that real firewalls do: each device ends as its oddities call for, checked by name.

use std::collections::BTreeSet;
use std::path::PathBuf;

use common::domain::job::JobId;

use e2e::checker::Allowed;
use e2e::world::{Setup, Way, World};

const DEVICES: u64 = 150;

/// Requests for the longest downloads, which stand for ten minutes, at most.
const CALLS: u64 = 45;

#[tokio::test]
async fn every_device_of_a_realistic_fleet_ends_as_it_must() {
    let world = World::new(Way::Fleet, twenty_times_as_fast()).await;
    world.cli(&["device", "discover"]).await.ok();
    world.trust_true_hashes().await;
    // Some devices lack what a job needs, and the exit code says so.
    world.queue_all_with(&[]).await.with_code(&[1]);
    world.work().await;

    let checked = world.simulator.check(&export(&world).await).await;
    assert!(checked.status.success(), "{}", checked.stdout);
    let calls = world.simulator.calls(CALLS).await;
    assert!(calls.status.success(), "{}", calls.stdout);

    // Failures are grouped, and each group says what to do next.
    let status = world.cli(&["download", "status"]).await.with_code(&[1]).json();
    let failures = status["failures"].as_array().unwrap();
    let kinds: BTreeSet<&str> = failures.iter().map(|group| group["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds.len(), failures.len(), "{status}");
    assert!(kinds.len() >= 8, "a realistic fleet fails in many ways: {kinds:?}");
    for group in failures {
        assert_ne!(group["remedy"].as_str().unwrap_or_default(), "", "{group}");
        assert!(group["count"].as_u64() > Some(0), "{group}");
    }
    assert_ne!(status["mismatches"].as_array().map(Vec::len), Some(0), "{status}");
    let listed: u64 = failures.iter().filter_map(|group| group["count"].as_u64()).sum();
    assert_eq!(status["exceptions"].as_array().map(Vec::len), usize::try_from(listed).ok(), "{status}");
    // Which devices lose a download on purpose, the simulator knows: its check counts the commands.
    let serials = world.simulator.serials().await;
    world.invariants(&Allowed::nothing().asking_again(serials.iter().map(String::as_str))).await;
}

/// The defaults, faster by as much as the fleet is; a stall is given up early, so that nobody waits for it.
fn twenty_times_as_fast() -> Setup {
    Setup::devices(DEVICES)
        .scenario("realistic")
        .download_time("6s")
        .set("worker.max_attempts", 2)
        .set("firewall.connect_timeout", "3s")
        .set("firewall.read_timeout", "10s")
        .set("poll.min", "100ms")
        .set("poll.max", "1500ms")
        .set("download.busy_wait", "3s")
        .set("download.stall_timeout", "15s")
        .set("download.silence_timeout", "60s")
        .set("download.sync_timeout", "90s")
}

/// The newest job of each device with its images: what `panos-simulator check` reads.
async fn export(world: &World) -> PathBuf {
    let mut export = world.cli(&["job", "list", "--newest"]).await.ok().json();
    let ledger = &world.engine().await.ledger;
    for job in export["jobs"].as_array_mut().unwrap() {
        let images = ledger.images(JobId(job["id"].as_i64().unwrap())).await.unwrap();
        job["images"] = serde_json::to_value(images).unwrap();
    }
    world.write("jobs.json", &export.to_string())
}
