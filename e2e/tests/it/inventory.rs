//! The inventory over time: what is new, changed and gone, what a person says of a device, and answers of a
//! Panorama that are too odd to be believed.

use common::audit::AuditAction;
use common::domain::failure::FailureKind;
use common::domain::job::JobState;
use serde_json::{Value, json};

use e2e::checker::Allowed;
use e2e::world::{Setup, Way, World};

const BEFORE: &str = r#"
[[device]]
serial = "007900000000001"
hostname = "ber-edge-fw1"
model = "PA-VM"
version = "10.2.9-h1"
[[device]]
serial = "007900000000002"
model = "PA-VM"
version = "10.2.9-h1"
[[device]]
serial = "007900000000003"
model = "PA-VM"
version = "10.2.9-h1"
"#;

/// The first has a new name and another version, the third has been replaced.
const AFTER: &str = r#"
[[device]]
serial = "007900000000001"
hostname = "ber-edge-fw1-new"
model = "PA-VM"
version = "10.2.10"
[[device]]
serial = "007900000000002"
model = "PA-VM"
version = "10.2.9-h1"
[[device]]
serial = "007900000000004"
model = "PA-VM"
version = "10.2.9-h1"
"#;

const FIRST: &str = "007900000000001";
const THIRD: &str = "007900000000003";
const FOURTH: &str = "007900000000004";

#[tokio::test]
async fn two_discoveries_tell_what_is_new_changed_and_gone() {
    let mut world = World::queued(Way::Fleet, Setup::described(BEFORE)).await;
    world.work().await;
    world.become_another(&Setup::described(AFTER)).await;
    let found = world.cli(&["device", "discover"]).await.ok().json();
    assert_eq!(
        (&found["total"], &found["new"], &found["gone"]),
        (&json!(3), &json!([FOURTH]), &json!([THIRD]))
    );
    let changed = &found["changed"];
    assert_eq!(
        (changed.as_array().map(Vec::len), &changed[0]["serial"]),
        (Some(1), &json!(FIRST)),
        "{found}"
    );
    let changes = changed[0]["changes"].to_string();
    for change in ["ber-edge-fw1 -> ber-edge-fw1-new", "10.2.9-h1 -> 10.2.10"] {
        assert!(changes.contains(change), "{changes}");
    }
    let people = world.page(&["device", "discover"]).await.ok();
    assert!(!people.stdout.contains(FOURTH), "a second look finds nothing new: {people:?}");

    // What is gone gets no job and keeps its past.
    assert_eq!(serials(&world).await, [FIRST, "007900000000002", FOURTH]);
    world.cli(&["device", "show", THIRD]).await.ok();
    assert_eq!(world.job_of(THIRD).await.state, JobState::Completed);
    world.become_another(&Setup::described(BEFORE)).await;
    let found = world.cli(&["device", "discover"]).await.ok().json();
    assert_eq!((&found["new"], &found["gone"]), (&json!([THIRD]), &json!([FOURTH])), "{found}");
    world.invariants(&Allowed::nothing()).await;
}

#[tokio::test]
async fn an_address_that_a_person_sets_wins_and_survives_discoveries() {
    let setup = Setup::described(BEFORE).set("worker.max_attempts", 1).set("firewall.connect_timeout", "2s");
    let world = World::discovered(Way::Embedded, setup).await;
    world.cli(&["device", "address", FIRST, "127.99.0.1"]).await.with_code(&[2]);
    world.cli(&["device", "address", FIRST, "not an address", "--reason", "NAT"]).await.with_code(&[2]);
    let set = ["device", "address", FIRST, "127.99.0.1", "--reason", "behind NAT, CHG-4718"];
    let said = world.cli(&set).await.ok().json();
    assert_eq!((&said["address"], &said["address_override"]), (&json!("127.99.0.1"), &json!("127.99.0.1")));
    let found = world.cli(&["device", "discover"]).await.ok().json();
    assert_eq!(found["changed"], json!([]), "{found}");
    world.submit(FIRST).await.ok();
    world.work().await;
    let job = world.job_of(FIRST).await;
    assert_eq!(job.failure_kind, Some(FailureKind::Unreachable), "nobody answers there: {job:?}");
    assert_eq!(world.simulator.counters().await.calls_of(FIRST), 0);

    world.cli(&["device", "address", FIRST, "--clear", "--reason", "NAT is gone"]).await.ok();
    world.submit(FIRST).await.ok();
    world.work().await;
    let job = world.job_of(FIRST).await;
    assert_eq!((job.state, job.ready_for_install), (JobState::Completed, true), "{job:?}");
    let told = world.told(FIRST, AuditAction::DeviceAddressChanged).await;
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(format!("{told:?}").contains("CHG-4718"), "{told:?}");
    world.invariants(&Allowed::nothing()).await;
}

#[tokio::test]
async fn a_removed_device_gets_no_job_until_a_discovery_sees_it_again() {
    let world = World::discovered(Way::Embedded, Setup::described(BEFORE)).await;
    world.submit(THIRD).await.ok();
    let remove = ["device", "remove", THIRD, "--reason", "decommissioned, CHG-4719"];
    let refused = world.cli(&remove).await.with_code(&[1]).json();
    let job = world.job_of(THIRD).await.id;
    assert_eq!((&refused["answer"], &refused["job"]), (&json!("active_job"), &json!(job.0)), "{refused}");
    let people = world.page(&remove).await.with_code(&[1]);
    assert!(people.text().contains(&format!("job cancel {job}")), "{people:?}");
    world.work().await;
    world.cli(&remove).await.ok();
    assert_eq!(serials(&world).await.len(), 2);
    let queued = world.queue_all().await;
    assert_eq!(queued["queued"], 2, "{queued}");
    world.submit(THIRD).await.with_code(&[1, 2]);
    world.work().await;

    let found = world.cli(&["device", "discover"]).await.ok().json();
    assert_eq!(found["new"], json!([THIRD]), "{found}");
    world.submit(THIRD).await.ok();
    world.work().await;
    let told = format!("{:?}", world.told(THIRD, AuditAction::DeviceRemoved).await);
    assert!(told.contains("CHG-4719"), "{told}");
    world.invariants(&Allowed::nothing()).await;
}

#[tokio::test]
async fn an_answer_without_most_of_the_fleet_is_not_believed() {
    let mut world = World::new(Way::Embedded, Setup::devices(24)).await;
    world.cli(&["device", "discover"]).await.ok();
    world.become_another(&Setup::devices(8)).await;
    let refused = world.cli(&["device", "discover"]).await.with_code(&[1]);
    assert!(refused.stderr.contains("--force") && refused.stderr.contains("8 of 24"), "{refused:?}");
    assert_eq!(serials(&world).await.len(), 24, "nothing was marked as gone");

    let found = world.cli(&["device", "discover", "--force"]).await.ok().json();
    assert_eq!(found["gone"].as_array().map(Vec::len), Some(16), "{found}");
    assert_eq!(serials(&world).await.len(), 8);
}

#[tokio::test]
async fn a_passive_panorama_is_named_and_not_believed() {
    let world = World::new(Way::Embedded, Setup::devices(12)).await;
    world.cli(&["device", "discover"]).await.ok();
    world.simulator.inject("panorama", &json!({"kind": "passive"})).await;
    let before = world.cli(&["device", "list"]).await.ok().stdout;
    let refused = world.cli(&["device", "discover"]).await.with_code(&[1]);
    assert!(refused.stderr.contains("passive") && refused.stderr.contains("--force"), "{refused:?}");
    assert_eq!(world.cli(&["device", "list"]).await.ok().stdout, before);

    world.simulator.heal("panorama").await;
    world.cli(&["device", "discover"]).await.ok();
}

/// Serials of the inventory, as an operator is shown them.
async fn serials(world: &World) -> Vec<String> {
    let list: Value = world.cli(&["device", "list"]).await.ok().json();
    let devices = list["devices"].as_array().unwrap();
    devices.iter().map(|device| device["serial"].as_str().unwrap().to_owned()).collect()
}
