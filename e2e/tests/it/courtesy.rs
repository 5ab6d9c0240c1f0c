//! Courtesy: a firewall is a busy box with a small management CPU. One call at a time, one connection, one log-in,
//! and few looks at a download that takes its time.

use serde_json::json;

use e2e::checker::Allowed;
use e2e::world::{Login, Setup, Way, World};

const DEVICES: u64 = 12;

/// What one worker asks one healthy firewall for one image of a quick download, at most: who it is, list, check,
/// space, the request, some looks at its job, and the list again.
const CALLS: u64 = 45;

#[tokio::test]
async fn a_firewall_sees_one_call_one_connection_and_one_log_in() {
    let world = World::queued(Way::Fleet, Setup::devices(DEVICES).download_time("3s")).await;
    world.work().await;
    let counters = world.simulator.counters().await;
    for serial in world.simulator.serials().await {
        let device = &counters.devices[&serial];
        assert_eq!(device.max_parallel_calls, 1, "{serial}: {device:?}");
        assert_eq!(
            device.commands["keygen"], 1,
            "one worker has one job of {serial}, and logs in once: {device:?}"
        );
        assert_eq!(device.connections, 1, "{serial}: one connection, kept alive: {device:?}");
        let n_images: u64 = device.downloads.values().sum();
        assert!(counters.calls_of(&serial) <= CALLS * n_images.max(1), "{serial}: {device:?}");
    }
    world.invariants(&Allowed::nothing()).await;
}

/// With an API key there is nothing to log in for; and looking at the fleet is as polite as working on it.
#[tokio::test]
async fn a_key_needs_no_log_in_and_looking_is_polite() {
    let setup = Setup::devices(DEVICES).login(Login::ApiKey);
    let world = World::queued(Way::Embedded, setup).await;
    world.work().await;
    // Answers that take their time would meet a second call, if there was one.
    world.simulator.inject_everywhere(&json!({"kind": "slow", "delay": "100ms"})).await;
    let target = world.simulator.ready().target.clone();
    world.cli(&["download", "verify"]).await.ok();
    world.cli(&["download", "plan", "--target", &target]).await.ok();
    world.cli(&["device", "cleanup", &world.simulator.serials().await[0], "--dry-run"]).await.ok();
    let counters = world.simulator.counters().await;
    assert_eq!(counters.n_commands("keygen"), 0);
    let asked = counters.devices.iter().filter(|(serial, _)| *serial != "panorama");
    for (serial, device) in asked {
        assert_eq!(device.max_parallel_calls, 1, "{serial}: {device:?}");
    }
    world.invariants(&Allowed::nothing()).await;
}
