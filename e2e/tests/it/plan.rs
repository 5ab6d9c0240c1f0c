//! `download plan`: what it foretells is what the workers then do, what cannot be is named, and it changes nothing.

use std::collections::BTreeMap;

use common::domain::failure::FailureKind;
use common::domain::job::JobState;
use common::ledger::ImageState;
use serde_json::Value;

use e2e::checker::Allowed;
use e2e::world::{Setup, Way, World};

#[tokio::test]
async fn a_plan_foretells_what_the_workers_then_download() {
    let world = World::discovered(Way::Fleet, Setup::devices(20)).await;
    let target = world.simulator.ready().target.clone();
    let heads = world.heads().await;
    let plan = world.cli(&["download", "plan", "--target", &target]).await.ok().json();
    let offline = ["download", "plan", "--target", &target, "--offline"];
    let offline = world.cli(&offline).await.ok().json();
    let dry_run = world.queue_all_with(&["--dry-run"]).await.ok().json();

    // Looking wrote nothing, neither to a device nor to the ledger.
    let counters = world.simulator.counters().await;
    for command in ["download", "delete", "install", "restart", "import"] {
        assert_eq!(counters.n_commands(command), 0, "{command}");
    }
    assert_eq!((world.jobs().await.len(), world.heads().await), (0, heads));

    // Without asking, it says what a dry run says.
    assert_eq!(offline["n_devices"], 20, "{offline}");
    assert_eq!(offline["n_to_do"], dry_run["queued"], "{offline}\n{dry_run}");
    let of_dry_run: BTreeMap<&str, &Value> = dry_run["plans"]
        .as_array()
        .unwrap()
        .iter()
        .map(|plan| (plan["serial"].as_str().unwrap(), &plan["images"]))
        .collect();
    for device in offline["per_device"].as_array().unwrap() {
        let serial = device["serial"].as_str().unwrap();
        assert_eq!(&device["missing"], of_dry_run[serial], "{device}");
    }

    world.queue_all().await;
    world.work().await;
    let downloads = world.simulator.counters().await.downloads();
    let mut by_version: BTreeMap<String, u64> = BTreeMap::new();
    for ((_, version), n) in downloads {
        *by_version.entry(version).or_default() += n;
    }
    let foretold: BTreeMap<String, u64> = plan["images"]
        .as_array()
        .unwrap()
        .iter()
        .map(|image| (image["version"].as_str().unwrap().to_owned(), image["n_devices"].as_u64().unwrap()))
        .filter(|(_, n)| *n > 0)
        .collect();
    assert_eq!(by_version, foretold, "{plan}");
    assert_eq!(plan["bytes_total"], bytes_brought(&world).await, "{plan}");

    // And afterwards there is nothing left to do.
    let after = world.cli(&["download", "plan", "--target", &target]).await.ok().json();
    assert_eq!((&after["n_staged"], &after["bytes_total"]), (&20.into(), &0.into()), "{after}");
    world.invariants(&Allowed::nothing()).await;
}

#[tokio::test]
async fn what_cannot_be_is_named_with_its_remedy() {
    const FLEET: &str = r#"
devices = 4
[[problem]]
name = "disk-full"
[[problem]]
name = "no-path"
[[problem]]
name = "unreachable"
"#;
    let setup = Setup::described(FLEET).set("firewall.connect_timeout", "2s").set("worker.max_attempts", 1);
    let world = World::discovered(Way::Embedded, setup).await;
    let target = world.simulator.ready().target.clone();
    let said = world.cli(&["download", "plan", "--target", &target]).await.with_code(&[1]);
    let plan = said.json();
    let devices = world.simulator.devices().await;
    let of = |problem: &str| devices.iter().find(|device| device.scenario == problem).unwrap().serial.clone();
    let (full, no_path, gone) = (of("disk-full"), of("no-path"), of("unreachable"));

    let not_fitting = &plan["not_fitting"][0];
    assert_eq!(not_fitting["serial"], full.as_str(), "{plan}");
    let bytes = |name: &str| not_fitting[name].as_u64().unwrap();
    assert_eq!(bytes("needed_bytes") - bytes("available_bytes"), bytes("shortfall_bytes"), "{plan}");
    for (group, serial) in [(&plan["impossible"][0], &no_path), (&plan["not_asked"][0], &gone)] {
        assert_eq!((&group["n_devices"], &group["example"]), (&1.into(), &serial.as_str().into()), "{plan}");
        assert_ne!(group["remedy"].as_str().unwrap_or_default(), "", "{plan}");
    }
    let people = world.page(&["download", "plan", "--target", &target]).await.with_code(&[1]);
    for text in [&full, &no_path, &gone] {
        assert!(people.stdout.contains(text.as_str()), "{people:?}");
    }

    // The workers find what was foretold.
    world.queue_all_with(&[]).await.with_code(&[0, 1]);
    world.work().await;
    for (serial, kind) in [(&full, FailureKind::DiskFull), (&gone, FailureKind::Unreachable)] {
        assert_eq!(world.job_of(serial).await.failure_kind, Some(kind));
    }
    let completed = world.jobs().await.iter().filter(|job| job.state == JobState::Completed).count();
    assert_eq!(completed, 1);
    world.invariants(&Allowed::nothing()).await;
}

/// Bytes of all images that jobs brought.
async fn bytes_brought(world: &World) -> u64 {
    let ledger = &world.engine().await.ledger;
    let mut bytes = 0;
    for job in world.jobs().await {
        let images = ledger.images(job.id).await.unwrap();
        let brought = images.iter().filter(|image| image.state == ImageState::Downloaded);
        bytes += brought.map(|image| image.size_bytes.unwrap()).sum::<u64>();
    }
    bytes
}
