//! Hashes across the fleet and by hand: two firewalls that report different hashes of one file, a mismatch that
//! only a person clears, image files on disk, and a trusted hash that is replaced.

use common::audit::AuditAction;
use common::domain::failure::FailureKind;
use common::domain::job::JobState;
use serde_json::json;

use e2e::checker::Allowed;
use e2e::world::{Said, Setup, Way, World};

both_ways!(two_hashes_of_one_file_are_an_alarm_without_any_catalogue);

/// Three of one platform, at one version: the same files for all.
const FLEET: &str = r#"
[[device]]
serial = "021300770001"
model = "PA-440"
version = "11.0.4"
[[device]]
serial = "021300770002"
model = "PA-440"
version = "11.0.4"
[[device]]
serial = "021300770003"
model = "PA-440"
version = "11.0.4"
"#;

const TARGET: &str = "11.1.4-h7";
const HONEST: &str = "021300770001";
const LATE: &str = "021300770002";
const LIAR: &str = "021300770003";

async fn two_hashes_of_one_file_are_an_alarm_without_any_catalogue(way: Way) {
    let world = World::new(way, Setup::described(FLEET)).await;
    world.cli(&["device", "discover"]).await.ok();
    world.simulator.inject(LIAR, &json!({"kind": "hash_mismatch", "version": TARGET})).await;
    world.submit(HONEST).await.ok();
    world.work().await;
    ended(&world, HONEST, JobState::Completed, None).await;
    assert_eq!(world.cli(&["hash", "disputes"]).await.ok().json()["disputes"], json!([]));

    world.submit(LIAR).await.ok();
    world.work().await;
    ended(&world, LIAR, JobState::Failed, Some(FailureKind::HashDisputed)).await;
    let disputes = world.cli(&["hash", "disputes"]).await.with_code(&[1]);
    for text in [TARGET, HONEST, LIAR] {
        assert!(disputes.stdout.contains(text), "{disputes:?}");
    }
    for command in [["download", "status"], ["download", "verify"]] {
        let said = world.cli(&command).await.with_code(&[1]).json();
        assert_eq!(said["disputes"][0]["hashes"].as_array().map(Vec::len), Some(2), "{said}");
    }

    // What the liar reports now is what everybody reports; a person trusts the true hash, and all agree.
    world.simulator.heal(LIAR).await;
    world.trust_true_hashes().await;
    let retried = world.job_of(LIAR).await.id.to_string();
    world.cli(&["job", "retry", &retried, "--reason", "compared with the vendor's hash"]).await.ok();
    world.submit(LATE).await.ok();
    world.work().await;
    for serial in [LIAR, LATE] {
        ended(&world, serial, JobState::Completed, None).await;
    }
    assert_eq!(world.cli(&["hash", "disputes"]).await.ok().json()["disputes"], json!([]));
    world.cli(&["download", "status"]).await.ok();
    world.invariants(&Allowed::nothing()).await;
}

#[tokio::test]
async fn a_mismatch_blocks_its_device_until_a_person_clears_it() {
    let world = World::discovered(Way::Fleet, Setup::described(FLEET)).await;
    world.simulator.inject(LIAR, &json!({"kind": "hash_mismatch", "version": TARGET})).await;
    world.queue_all().await;
    world.work().await;
    ended(&world, LIAR, JobState::Failed, Some(FailureKind::HashMismatch)).await;
    world.simulator.heal(LIAR).await;

    let open = world.cli(&["hash", "mismatches"]).await.with_code(&[1]);
    assert!(open.stdout.contains(LIAR) && open.stdout.contains(TARGET), "{open:?}");
    let status = world.page(&["download", "status"]).await.with_code(&[1]);
    assert!(status.stdout.contains(LIAR), "{status:?}");
    let id = world.job_of(LIAR).await.id.to_string();
    for said in [
        world.submit(LIAR).await,
        world.cli(&["job", "retry", &id, "--reason", "again"]).await,
        world.queue_all_with(&["--select", &format!("serial={LIAR}")]).await,
    ] {
        names_the_way_out(&said);
    }
    assert_eq!(world.job_of(LIAR).await.id.to_string(), id, "no new job while the alarm is open");

    let clear = ["hash", "clear", LIAR, "--version", TARGET];
    world.cli(&clear).await.with_code(&[2]);
    world.cli(&[&clear[..], &["--reason", "file deleted and compared, CHG-4715"]].concat()).await.ok();
    let cleared = world.told(LIAR, AuditAction::MismatchCleared).await;
    assert_eq!(cleared.len(), 1);
    assert!(format!("{cleared:?}").contains("CHG-4715"), "{cleared:?}");
    assert!(format!("{cleared:?}").contains("operator"), "who: {cleared:?}");
    let listed = world.cli(&["hash", "mismatches", "--all"]).await.ok();
    assert!(listed.stdout.contains("CHG-4715"), "{listed:?}");

    world.submit(LIAR).await.ok();
    world.work().await;
    ended(&world, LIAR, JobState::Completed, None).await;
    world.cli(&["download", "status"]).await.ok();
    world.invariants(&Allowed::nothing()).await;
}

#[tokio::test]
async fn a_trusted_hash_is_removed_and_replaced_with_a_reason() {
    let setup = Setup::described(FLEET).set("verification.mode", "strict");
    let world = World::discovered(Way::Embedded, setup).await;
    let content = "not an image, but as good as one for a hash";
    let sha256 = "0d1b1bfa1a4f5fbbc8f5e9e4f5dbb2a4b4e2a7cb0c4f0f3c6f9d9b7a4e5c1d2f";
    let wrong = ["hash", "add", "--version", TARGET, "--filename", "PanOS_440-11.1.4-h7", "--sha256", sha256];
    world.cli(&wrong).await.with_code(&[1, 2]);
    let replace = [&wrong[..], &["--replace", "--reason", "the vendor published another"]].concat();
    world.cli(&replace).await.ok();
    let file = world.write("PanOS_440-11.1.4-h7", content);
    let file = file.to_str().unwrap();
    let said = world.cli(&["hash", "verify", file]).await.with_code(&[1]);
    assert!(said.stdout.contains("mismatch"), "{said:?}");

    // Strict: what is no longer trusted is not proved.
    let remove = ["hash", "remove", "--version", TARGET, "--filename", "PanOS_440-11.1.4-h7"];
    world.cli(&remove).await.with_code(&[2]);
    world.cli(&[&remove[..], &["--reason", "withdrawn, CHG-4716"]].concat()).await.ok();
    let said = world.cli(&["hash", "verify", file]).await.with_code(&[1]);
    assert!(said.stdout.contains("no_reference"), "{said:?}");
    world.submit(HONEST).await.ok();
    world.work().await;
    ended(&world, HONEST, JobState::Failed, Some(FailureKind::HashNotProved)).await;
    let changes = world.told("system", AuditAction::CatalogueChanged).await;
    assert!(format!("{changes:?}").contains("CHG-4716"), "{changes:?}");

    world.trust_true_hashes().await;
    let id = world.job_of(HONEST).await.id.to_string();
    world.cli(&["job", "retry", &id, "--reason", "hash is back"]).await.ok();
    world.work().await;
    ended(&world, HONEST, JobState::Completed, None).await;
    world.invariants(&Allowed::nothing()).await;
}

async fn ended(world: &World, serial: &str, state: JobState, kind: Option<FailureKind>) {
    let job = world.job_of(serial).await;
    assert_eq!((job.state, job.failure_kind), (state, kind), "{job:?}");
    assert_eq!(job.ready_for_install, state == JobState::Completed, "{job:?}");
}

/// Refused, with the command that clears the alarm.
fn names_the_way_out(said: &Said) {
    assert!(matches!(said.code, 1 | 2), "{said:?}");
    assert!(said.text().contains(&format!("hash clear {LIAR} --version {TARGET}")), "{said:?}");
}
