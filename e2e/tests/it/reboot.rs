//! A firewall that restarts or falls silent in the middle of a download: the attempt lives on, and an image is
//! asked for again only where the device has lost it.

use common::audit::AuditAction;
use common::domain::failure::FailureKind;
use common::domain::job::JobState;
use serde_json::json;
use testkit::wait::wait_until;

use e2e::checker::Allowed;
use e2e::world::{SOON, Setup, Way, World};

#[tokio::test]
async fn a_restart_costs_no_attempt_and_the_lost_image_is_asked_for_again() {
    let world = World::queued(Way::Embedded, Setup::devices(6).download_time("2s")).await;
    let serials = world.simulator.serials().await;
    let restarted = &serials[..3];
    for serial in restarted {
        world.simulator.inject(serial, &json!({"kind": "reboot"})).await;
    }
    world.work().await;

    let downloads = world.simulator.counters().await.downloads();
    for job in world.jobs().await {
        assert_eq!((job.state, job.attempt), (JobState::Completed, 1), "{job:?}");
        let serial = job.serial.as_str();
        let asked: Vec<_> = downloads.iter().filter(|((of, _), _)| of == serial).collect();
        let n_again = asked.iter().filter(|(_, n)| **n > 1).count();
        // The first image was lost half Way::Embedded, the others came later.
        let expected = usize::from(restarted.iter().any(|one| one == serial));
        assert_eq!(n_again, expected, "{serial}: {asked:?}");
        assert!(asked.iter().all(|(_, n)| **n <= 2), "{serial}: {asked:?}");
    }
    world.invariants(&Allowed::nothing().asking_again(restarted.iter().map(String::as_str))).await;
}

#[tokio::test]
async fn a_login_refused_after_the_restart_costs_nothing_and_holds_nobody() {
    const FLEET: &str = r#"
reboot_time = "1s"
[[device]]
serial = "021300770001"
model = "PA-440"
version = "11.0.4"
quirks = { auth-late = "3s" }
[[device]]
serial = "021300770002"
model = "PA-440"
version = "11.0.4"
quirks = { auth-late = "3s", silent-403 = true }
[[device]]
serial = "021300770003"
model = "PA-440"
version = "11.0.4"
quirks = { auth-late = "3s" }
"#;
    let setup = Setup::described(FLEET).download_time("2s").set("firewall.refusals_before_hold", 1);
    let world = World::queued(Way::Fleet, setup).await;
    let serials = world.simulator.serials().await;
    for serial in &serials {
        world.simulator.inject(serial, &json!({"kind": "reboot"})).await;
    }
    world.work().await;

    let counters = world.simulator.counters().await;
    for job in world.jobs().await {
        assert_eq!((job.state, job.attempt), (JobState::Completed, 1), "{job:?}");
        let n_keygens = counters.devices[job.serial.as_str()].commands["keygen"];
        assert!(n_keygens <= 3, "{n_keygens} keygens at {}: no storm while it boots", job.serial);
    }
    assert_eq!(world.engine().await.ledger.hold().await.unwrap(), None);
    assert_eq!(world.told("system", AuditAction::FleetHeld).await.len(), 0);
    world.invariants(&Allowed::nothing().asking_again(serials.iter().map(String::as_str))).await;
}

#[tokio::test]
async fn silence_while_a_download_runs_costs_no_attempt_and_no_second_request() {
    let silences = [
        json!({"kind": "refuse", "for": "3s"}),
        json!({"kind": "hang", "for": "3s"}),
        json!({"kind": "reset", "for": "3s"}),
        json!({"kind": "html", "for": "3s"}),
        json!({"kind": "malformed_xml", "for": "3s"}),
        json!({"kind": "truncated_xml", "for": "3s"}),
        json!({"kind": "http_error", "status": 503, "for": "3s"}),
        json!({"kind": "credentials_refused", "for": "3s"}),
        json!({"kind": "forbidden_empty", "for": "3s"}),
    ];
    let n_devices = u64::try_from(silences.len() + 2).unwrap();
    let setup = Setup::devices(n_devices)
        .all_at_once()
        .set("firewall.read_timeout", "1s")
        .set("firewall.refusals_before_hold", 1)
        .set("download.silence_timeout", "60s");
    let world = World::queued(Way::Fleet, setup).await;
    let serials = world.simulator.serials().await;
    // The downloads stand still until every device was silent and has come back.
    world.simulator.stand_still().await;
    let worker = world.start_worker();
    let before = world.simulator.until_downloads(n_devices).await;
    for (serial, silence) in serials.iter().zip(&silences) {
        world.simulator.inject(serial, silence).await;
    }
    for serial in &serials[..silences.len()] {
        world.until_told(serial, AuditAction::DeviceSilent).await;
    }
    assert_eq!(world.simulator.counters().await.downloads(), before.downloads());
    world.simulator.go_on().await;
    world.until_all_ended().await;
    worker.terminated().await;

    for job in world.jobs().await {
        assert_eq!((job.state, job.attempt), (JobState::Completed, 1), "{job:?}");
    }
    for serial in &serials[silences.len()..] {
        let silent = world.told(serial, AuditAction::DeviceSilent).await;
        assert_eq!(silent.len(), 0, "{serial} was never silent: {silent:?}");
    }
    assert_eq!(world.engine().await.ledger.hold().await.unwrap(), None);
    world.invariants(&Allowed::nothing()).await;
}

#[tokio::test]
async fn silence_beyond_the_timeout_ends_the_attempt_and_the_next_one_adopts() {
    let setup = Setup::devices(2).set("download.silence_timeout", "3s").set("poll.max", "1s");
    let world = World::queued(Way::Embedded, setup).await;
    let serials = world.simulator.serials().await;
    world.simulator.stand_still().await;
    let worker = world.start_worker();
    world.simulator.until_downloads(2).await;
    // Longer than the timeout, shorter than the wait before the next attempt.
    world.simulator.inject(&serials[0], &json!({"kind": "refuse", "for": "6s"})).await;
    let first = wait_until("the attempt has ended", SOON, async || {
        let attempts = world.attempts_of(&serials[0]).await;
        attempts.into_iter().find(|one| one.ended_at.is_some()).ok_or_else(|| "it has not".to_owned())
    })
    .await;
    assert_eq!((first.ending.as_deref(), first.kind), (Some("retry"), Some(FailureKind::Unreachable)));
    world.until_adopted(&[serials[0].clone()].into()).await;
    world.simulator.go_on().await;
    world.until_all_ended().await;
    worker.terminated().await;

    let attempts: Vec<_> = world.jobs().await.iter().map(|job| (job.state, job.attempt)).collect();
    assert!(attempts.contains(&(JobState::Completed, 1)), "{attempts:?}");
    assert!(attempts.contains(&(JobState::Completed, 2)), "{attempts:?}");
    world.invariants(&Allowed::nothing()).await;
}
