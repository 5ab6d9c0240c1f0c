//! Firewalls that refuse, hang, lie and answer garbage, each beside healthy ones: a lasting fault fails that job
//! with the kind that says why, a passing one costs time at most, and nobody else notices.

use std::collections::BTreeMap;

use common::domain::failure::FailureKind;
use common::domain::job::JobState;
use serde_json::{Value, json};

use e2e::checker::Allowed;
use e2e::world::{Setup, Way, World};

both_ways!(a_lasting_fault_fails_its_own_job_alone, a_passing_fault_costs_time_at_most);

/// Healthy devices beside the faulty ones.
const HEALTHY: usize = 5;

async fn a_lasting_fault_fails_its_own_job_alone(way: Way) {
    use FailureKind as K;
    let faults: Vec<(Value, FailureKind)> = vec![
        (json!({"kind": "refuse"}), K::Unreachable),
        (json!({"kind": "hang"}), K::Unreachable),
        (json!({"kind": "reset"}), K::Unreachable),
        (json!({"kind": "http_error", "status": 503}), K::Unreachable),
        (json!({"kind": "malformed_xml"}), K::UnexpectedAnswer),
        (json!({"kind": "truncated_xml"}), K::UnexpectedAnswer),
        (json!({"kind": "empty"}), K::UnexpectedAnswer),
        (json!({"kind": "html"}), K::UnexpectedAnswer),
        (json!({"kind": "html", "commands": ["software_info"]}), K::UnexpectedAnswer),
        (json!({"kind": "huge_body"}), K::UnexpectedAnswer),
        (json!({"kind": "huge_body", "commands": ["software_check"]}), K::UnexpectedAnswer),
        (json!({"kind": "nested_xml"}), K::UnexpectedAnswer),
        (json!({"kind": "forbidden_empty"}), K::Credentials),
        (json!({"kind": "credentials_refused"}), K::Credentials),
        (json!({"kind": "session_timed_out"}), K::Credentials),
        (json!({"kind": "key_expired"}), K::Credentials),
        (json!({"kind": "unauthorized"}), K::Permission),
        (json!({"kind": "update_server"}), K::UpdateServer),
        (json!({"kind": "wrong_serial"}), K::WrongDevice),
        (json!({"kind": "disk_full"}), K::DiskFull),
        (json!({"kind": "hash_mismatch"}), K::HashMismatch),
        (json!({"kind": "download_fails"}), K::UpdateServer),
    ];
    let n_devices = u64::try_from(faults.len() + HEALTHY).unwrap();
    // Four of them refuse the log-in, each in its own way; nobody else is to be held for it.
    let setup = Setup::devices(n_devices)
        .set("worker.max_attempts", 2)
        .set("firewall.read_timeout", "3s")
        .set("firewall.refusals_before_hold", 0);
    let world = World::queued(way, setup).await;
    let serials = inject(&world, faults.iter().map(|(fault, _)| fault)).await;
    world.work().await;

    let mut wrong = Vec::new();
    let jobs: BTreeMap<String, _> =
        world.jobs().await.into_iter().map(|job| (job.serial.to_string(), job)).collect();
    for ((fault, kind), serial) in faults.iter().zip(&serials) {
        let job = &jobs[serial];
        if (job.state, job.failure_kind, job.ready_for_install) != (JobState::Failed, Some(*kind), false) {
            wrong.push(format!("{fault}: wanted failed ({kind}), found {job:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for (serial, job) in jobs.iter().filter(|(serial, _)| !serials.contains(serial)) {
        assert_eq!((job.state, job.ready_for_install), (JobState::Completed, true), "{serial}: {job:?}");
    }
    // A box that answers with another serial was asked questions, and nothing else.
    let counters = world.simulator.counters().await;
    let stranger = faults.iter().position(|(_, kind)| *kind == K::WrongDevice).unwrap();
    assert!(counters.devices[&serials[stranger]].downloads.is_empty());
    // A download that failed on the device is worth a second one.
    let again = faults.iter().position(|(fault, _)| fault["kind"] == "download_fails").unwrap();
    world.invariants(&Allowed::nothing().asking_again([serials[again].as_str()])).await;
}

async fn a_passing_fault_costs_time_at_most(way: Way) {
    let once = |kind: &str| json!({"kind": kind, "count": 1});
    let once_at = |kind: &str, command: &str| json!({"kind": kind, "count": 1, "commands": [command]});
    let faults = [
        // Each download is asked for once all the same.
        once("reset"),
        once_at("html", "software_check"),
        once_at("truncated_xml", "software_info"),
        once_at("empty", "job"),
        once_at("nested_xml", "disk_space"),
        once_at("session_timed_out", "software_check"),
        once_at("key_expired", "software_info"),
        json!({"kind": "http_error", "status": 502, "count": 2, "commands": ["job"]}),
        json!({"kind": "slow", "delay": "500ms"}),
        // Lasting, but what the device says of its job is not needed: its list tells when the image is there.
        json!({"kind": "truncated_xml", "commands": ["job"]}),
        json!({"kind": "busy", "count": 2}),
        once("no_job_id"),
        // These lose a download, which then has to be asked for again.
        once("download_fails"),
        once("job_vanishes"),
        once("reboot"),
    ];
    let n_losing = 3;
    let setup = Setup::devices(u64::try_from(faults.len() + HEALTHY).unwrap()).download_time("2s");
    let world = World::queued(way, setup.set("worker.max_attempts", 5)).await;
    let serials = inject(&world, &faults).await;
    world.work().await;

    let jobs = world.jobs().await;
    let mut wrong = Vec::new();
    for job in jobs.iter().filter(|job| !(job.state == JobState::Completed && job.ready_for_install)) {
        let fault = serials.iter().position(|serial| serial == job.serial.as_str()).map(|n| &faults[n]);
        wrong.push(format!("{fault:?}: wanted completed, found {job:?}"));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // A new key is no new attempt, and a busy device is none either.
    for (fault, serial) in faults.iter().zip(&serials) {
        if matches!(fault["kind"].as_str(), Some("session_timed_out" | "key_expired" | "slow" | "busy")) {
            let job = jobs.iter().find(|job| job.serial.as_str() == serial).unwrap();
            assert_eq!(job.attempt, 1, "{fault}: {job:?}");
        }
    }
    let losing = serials[faults.len() - n_losing..].iter().map(String::as_str);
    world.invariants(&Allowed::nothing().asking_again(losing)).await;
}

/// Gives each fault to a device of its own; their serials, in the same order.
async fn inject<'a>(world: &World, faults: impl IntoIterator<Item = &'a Value>) -> Vec<String> {
    let mut serials = Vec::new();
    for (device, fault) in world.simulator.devices().await.into_iter().zip(faults) {
        world.simulator.inject(&device.serial, fault).await;
        serials.push(device.serial);
    }
    serials
}
