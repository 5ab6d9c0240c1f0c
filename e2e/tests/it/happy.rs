//! A fleet gets its images, verified; doing it again asks no device for anything.

use serde_json::Value;

use e2e::checker::Allowed;
use e2e::world::{Setup, Way, World};

const DEVICES: u64 = 40;

/// Fields of the status document; the predecessor tool's names, which dashboards read.
const STATUS_FIELDS: [&str; 10] = [
    "upgrade_status",
    "upgrade_message",
    "progress",
    "current_phase",
    "upgrade_path",
    "downloaded_versions",
    "skipped_versions",
    "version_hashes",
    "hash_verification",
    "ready_for_install",
];

both_ways!(
    every_device_gets_its_images_and_a_second_run_downloads_nothing,
    what_is_shown_agrees_with_what_is_on_the_devices,
);

async fn every_device_gets_its_images_and_a_second_run_downloads_nothing(way: Way) {
    let world = World::new(way, Setup::devices(DEVICES)).await;
    let found = world.cli(&["device", "discover"]).await.ok().json();
    assert_eq!((&found["total"], found["new"].as_array().unwrap().len()), (&DEVICES.into(), 40), "{found}");
    let found = world.cli(&["device", "discover"]).await.ok().json();
    for list in ["new", "changed", "gone"] {
        assert_eq!(found[list].as_array().unwrap().len(), 0, "{found}");
    }
    world.trust_true_hashes().await;

    let queued = world.queue_all().await;
    assert_eq!(queued["queued"], DEVICES, "{queued}");
    assert_eq!(world.simulator.counters().await.n_downloads(), 0, "queueing alone touches no device");
    world.work().await;
    all_are_ready(&world).await;

    let after_one = world.simulator.counters().await;
    assert!(after_one.n_downloads() >= DEVICES, "{after_one:?}");
    let queued = world.queue_all().await;
    assert_eq!(queued["queued"], DEVICES, "{queued}");
    world.work().await;
    all_are_ready(&world).await;
    assert_eq!(world.simulator.counters().await.downloads(), after_one.downloads());
    world.invariants(&Allowed::nothing()).await;
}

async fn what_is_shown_agrees_with_what_is_on_the_devices(way: Way) {
    let world = World::queued(way, Setup::devices(6)).await;
    world.work().await;

    for device in world.simulator.devices().await {
        let status = world.cli(&["device", "status", &device.serial]).await.ok().json();
        for field in STATUS_FIELDS {
            assert!(status.get(field).is_some(), "{field} is missing: {status}");
        }
        assert_eq!(
            (&status["upgrade_status"], &status["progress"], &status["ready_for_install"]),
            (&"download_complete".into(), &100.into(), &true.into()),
            "{status}"
        );
        let path = texts(&status["upgrade_path"]);
        assert_eq!(path.last(), Some(&world.simulator.ready().target.as_str()), "{status}");
        for version in path {
            assert!(device.present.iter().any(|present| present == version), "{version}: {device:?}");
            assert_eq!(status["hash_verification"][version]["outcome"], "verified", "{status}");
        }

        let job = world.job_of(device.serial.as_str()).await;
        let shown = world.cli(&["job", "show", &job.id.to_string()]).await.ok().json();
        assert_eq!(shown["job"]["state"], "completed", "{shown}");
        assert_eq!(
            shown["images"].as_array().unwrap().len(),
            texts(&status["upgrade_path"]).len(),
            "{shown}"
        );
        assert_eq!(shown["attempts"].as_array().unwrap().len(), 1, "{shown}");
    }
    world.cli(&["download", "verify"]).await.ok();
    world.invariants(&Allowed::nothing()).await;
}

/// The whole fleet, by what the operator is shown.
async fn all_are_ready(world: &World) {
    let status = world.cli(&["download", "status"]).await.ok().json();
    assert_eq!(status["total"], DEVICES, "{status}");
    assert_eq!(status["by_state"]["completed"], DEVICES, "{status}");
    assert_eq!(status["ready_for_install"], DEVICES, "{status}");
    assert_eq!(status["failures"].as_array().unwrap().len(), 0, "{status}");
}

fn texts(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect()
}
