//! `device cleanup`: a firewall without room gets some, by deleting what nobody needs and nothing else.

use common::audit::{Actor, AuditAction};
use common::domain::failure::FailureKind;
use common::domain::job::JobState;
use common::domain::version::Version;
use serde_json::{Value, json};

use e2e::checker::Allowed;
use e2e::world::{Setup, Way, World};

/// Runs 10.2.9-h1; three old images of 10.1 lie on it, and a newer one that somebody staged.
const FLEET: &str = r#"
[[device]]
serial = "007900000000001"
model = "PA-VM"
version = "10.2.9-h1"
present = ["10.1.0", "10.1.14", "10.1.14-h6", "10.2.0", "10.2.10"]
panrepo_mb = 6000
overhead_mb = 100
[[device]]
serial = "007900000000002"
model = "PA-VM"
version = "10.2.9-h1"
"#;

const FULL: &str = "007900000000001";
const OLD: [&str; 3] = ["10.1.0", "10.1.14", "10.1.14-h6"];
const KEPT: [&str; 3] = ["10.2.0", "10.2.9-h1", "10.2.10"];

#[tokio::test]
async fn a_full_firewall_gets_room_and_then_its_images() {
    let world = World::queued(Way::Fleet, Setup::described(FLEET)).await;
    world.work().await;
    let job = world.job_of(FULL).await;
    assert_eq!((job.state, job.failure_kind), (JobState::Failed, Some(FailureKind::DiskFull)), "{job:?}");
    let status = world.page(&["download", "status"]).await;
    assert!(status.stdout.contains("device cleanup"), "the remedy names the command: {status:?}");

    let present = present(&world).await;
    for look in [&["device", "cleanup", FULL, "--dry-run"][..], &["device", "cleanup", FULL]] {
        let proposed = world.cli(look).await.ok().json();
        assert_eq!(versions(&proposed["delete"]), OLD, "{proposed}");
        assert_eq!(versions(&proposed["keep"]), KEPT, "{proposed}");
        assert!(proposed["applied"].is_null() && proposed["frees_bytes"].as_u64() > Some(0), "{proposed}");
    }
    assert_eq!(self::present(&world).await, present, "a proposal deletes nothing");
    assert_eq!(world.simulator.counters().await.n_commands("delete"), 0);

    world.cli(&["device", "cleanup", FULL, "--apply"]).await.with_code(&[2]);
    let apply = ["device", "cleanup", FULL, "--apply", "--reason", "CHG-4717"];
    let applied = world.cli(&apply).await.ok().json();
    let deleted = texts(&applied["applied"]["deleted"]);
    assert_eq!(sorted(deleted), OLD, "{applied}");
    let left: Vec<_> = self::present(&world).await;
    assert!(OLD.iter().all(|old| !left.iter().any(|one| one == old)), "{left:?}");
    assert!(KEPT.iter().all(|kept| left.iter().any(|one| one == kept)), "{left:?}");
    for action in [AuditAction::ImageDeleteRequested, AuditAction::ImageDeleted] {
        let entries = world.told(FULL, action).await;
        assert_eq!(entries.len(), OLD.len(), "{action:?}");
        for entry in &entries {
            let by = matches!(&entry.actor, Actor::Operator(by) if by.reason.as_deref() == Some("CHG-4717"));
            assert!(by, "{entry:?}");
        }
    }
    // Doing it again finds nothing to do.
    let again = world.cli(&apply).await.ok().json();
    assert_eq!(versions(&again["delete"]), [""; 0], "{again}");

    world.cli(&["job", "retry", &job.id.to_string(), "--reason", "there is room now"]).await.ok();
    world.work().await;
    let job = world.job_of(FULL).await;
    assert_eq!((job.state, job.ready_for_install), (JobState::Completed, true), "{job:?}");
    world.invariants(&Allowed::nothing()).await;
}

#[tokio::test]
async fn nothing_is_deleted_while_a_job_is_active_or_another_box_answers() {
    let world = World::queued(Way::Embedded, Setup::described(FLEET)).await;
    let apply = ["device", "cleanup", FULL, "--apply", "--reason", "CHG-4717"];
    let refused = world.cli(&apply).await.with_code(&[1, 2]);
    let job = world.job_of(FULL).await;
    assert!(refused.text().contains(&format!("job {}", job.id)), "{refused:?}");
    world.cli(&["job", "cancel", &job.id.to_string(), "--reason", "CHG-4717"]).await.ok();

    world.simulator.inject(FULL, &json!({"kind": "wrong_serial"})).await;
    let refused = world.cli(&apply).await;
    assert_ne!(refused.code, 0, "{refused:?}");
    world.simulator.heal(FULL).await;
    assert_eq!(world.simulator.counters().await.n_commands("delete"), 0);

    // What is on the Way::Embedded to a goal that is asked for stays, too.
    let keeps = ["device", "cleanup", FULL, "--target", "10.1.14-h6"];
    let proposed = world.cli(&keeps).await;
    if proposed.code == 0 {
        assert!(!versions(&proposed.json()["delete"]).contains(&"10.1.14-h6"), "{proposed:?}");
    }
    world.work().await;
    world.invariants(&Allowed::nothing()).await;
}

async fn present(world: &World) -> Vec<String> {
    let devices = world.simulator.devices().await;
    devices.into_iter().find(|device| device.serial == FULL).unwrap().present
}

/// The versions of a list of images, oldest first.
fn versions(list: &Value) -> Vec<&str> {
    sorted(list.as_array().unwrap().iter().map(|image| image["version"].as_str().unwrap()).collect())
}

fn texts(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect()
}

fn sorted(mut texts: Vec<&str>) -> Vec<&str> {
    texts.sort_by_key(|text| text.parse::<Version>().unwrap());
    texts
}
