//! What a person has to look at: holds, mismatches, disputes, uneven pairs; in status and exit code.

use std::time::Duration;

use common::domain::failure::FailureKind;
use common::domain::hash::{Evidence, HashObservation, HashOutcome, Sha256Hex};
use common::domain::job::JobId;
use common::domain::lease::WorkerId;
use common::domain::status::DeviceStatus;
use common::ledger::sqlite::SqliteLedger;
use common::ledger::{Catalogue, Claim, End, Fleet, ImageRecord, ImageState, Query, Queue, StepRecord};
use serde_json::json;

use crate::bench::Bench;

const PAIR: &str = "\
serial_1,serial_2,hostname_1,hostname_2,mgmt_ip_1,mgmt_ip_2,current_version_1,current_version_2,model
0011,0012,ha-a,ha-b,192.0.2.11,192.0.2.12,10.2.9,10.2.9,PA-440
";

const TTL: Duration = Duration::from_secs(60);

/// Ends job `id` as a worker would, with one image of this outcome.
async fn end(ledger: &SqliteLedger, id: i64, end: End, outcome: Option<HashOutcome>) {
    let worker = WorkerId("w-1".to_owned());
    let Claim::Claimed(job) = ledger.claim(JobId(id), &worker, TTL).await.unwrap() else {
        panic!("job {id} cannot be claimed")
    };
    let device = &job.device.device;
    let at = job.device.last_seen_at;
    let mut status = DeviceStatus::untouched(device.serial.as_str(), &device.hostname, "", "10.2.9", at);
    status.ready_for_install = end == End::Completed;
    let image = ImageRecord {
        version: "11.1.0".parse().unwrap(),
        position: 0,
        rule: "base of the target's train".to_owned(),
        file_name: None,
        size_bytes: None,
        state: ImageState::Downloaded,
        device_job: None,
        outcome,
    };
    let step =
        StepRecord { status, images: vec![image], dropped: vec![], audit: Vec::new(), events: Vec::new() };
    ledger.end(&job.lease, &end, &step).await.unwrap();
}

#[test]
fn a_pause_is_told_first_and_a_resume_ends_it() {
    let bench = Bench::with_fleet();
    bench.run(&["fleet", "status"]).expect(0);
    bench.run(&["fleet", "pause", "--reason", "  "]).refused(2, &["--reason is empty"]);
    let hold = bench.json(&["fleet", "pause", "--reason", "line maintenance"]);
    assert_eq!((&hold["cause"], &hold["reason"]), (&json!("operator"), &json!("line maintenance")));
    let again = bench.run(&["fleet", "pause", "--reason", "another"]).expect(0);
    assert!(again.stdout.contains("line maintenance") && again.stderr.contains("held already"), "{again:?}");

    bench.run(&["fleet", "status"]).expect(1);
    let queue = ["download", "queue-all", "--target", "11.1.4-h7", "--select", "serial=0001"];
    let queued = bench.run(&queue).expect(0);
    assert!(queued.stderr.contains("held (line maintenance), so new jobs wait"), "{queued:?}");
    let repeated = bench.run(&queue).expect(0);
    assert_eq!(repeated.stderr, "", "nothing new waits");
    let status = bench.run(&["download", "status"]).expect(0);
    assert!(status.stdout.starts_with("THE FLEET IS HELD since [time] by "), "{status:?}");
    assert!(
        status.stdout.contains("line maintenance") && status.stdout.contains("fleet resume"),
        "{status:?}"
    );

    assert_eq!(bench.json(&["fleet", "resume", "--reason", "over"])["ended"]["reason"], "line maintenance");
    assert_eq!(bench.json(&["fleet", "resume", "--reason", "over"])["ended"], json!(null));
    assert_eq!(bench.json(&["download", "status"])["hold"], json!(null));
    let trail = bench.run(&["audit", "list", "--device", "system"]).expect(0);
    assert!(trail.stdout.contains("fleet_held") && trail.stdout.contains("fleet_resumed"), "{trail:?}");
}

#[tokio::test]
async fn refused_log_ins_are_an_alarm_with_the_way_out() {
    let bench = Bench::with_fleet();
    let ledger = SqliteLedger::open(&bench.ledger()).await.unwrap();
    for serial in ["0001", "0002", "0003"] {
        ledger.login_refused(&serial.parse().unwrap(), 3).await.unwrap();
    }
    let status = bench.run(&["download", "status"]).expect(1);
    assert!(
        status.stdout.contains("THE FLEET IS HELD") && status.stdout.contains("by the workers"),
        "{status:?}"
    );
    assert!(status.stdout.contains("check user and password"), "{status:?}");
    assert_eq!(bench.json(&["fleet", "status"])["hold"]["cause"], "credentials");
}

#[tokio::test]
async fn a_mismatch_blocks_its_device_until_a_person_clears_it() {
    let bench = Bench::with_fleet();
    let submit = ["job", "submit", "--device", "0001", "--download-only", "--target", "11.1.4-h7"];
    bench.run(&submit).expect(0);
    let ledger = SqliteLedger::open(&bench.ledger()).await.unwrap();
    let outcome = HashOutcome::Mismatch {
        expected: Sha256Hex::of(b"good"),
        found: Sha256Hex::of(b"bad"),
        evidence: Evidence::DeviceReported,
    };
    let failed = End::Failed { kind: FailureKind::HashMismatch, message: "differs".to_owned() };
    end(&ledger, 1, failed, Some(outcome)).await;

    let status = bench.run(&["download", "status"]).expect(1);
    assert!(status.stdout.starts_with("ALARM: 1 hash mismatch not cleared\n"), "{status:?}");
    bench.run(&["hash", "mismatches"]).expect(1);
    for command in [submit.to_vec(), [&submit[..], &["--dry-run"]].concat()] {
        let ran = bench.run(&command).expect(1);
        assert!(ran.stdout.contains("hash_mismatch"), "{ran:?}");
        assert!(ran.stdout.contains("panos-upgrade hash clear 0001 --version 11.1.0"), "{ran:?}");
    }
    let ran = bench.run(&["download", "queue-all", "--target", "11.1.4-h7", "--select", "serial=0001"]);
    assert!(ran.expect(1).stdout.contains("hash clear 0001"));

    let clear = ["hash", "clear", "0001", "--version", "11.1.0", "--reason", "deleted on the device"];
    let cleared = bench.json(&clear);
    assert_eq!(cleared["cleared"]["cleared"]["by"]["reason"], "deleted on the device");
    bench.run(&clear).refused(2, &["no mismatch of 11.1.0 is open for edge-1 (0001)", "hint:"]);
    bench.run(&["hash", "mismatches"]).expect(0);
    let all = bench.run(&["hash", "mismatches", "--all"]).expect(0);
    assert!(all.stdout.contains("deleted on the device"), "{all:?}");
    bench.run(&["download", "status"]).expect(0);
    bench.run(&submit).expect(0);
    let trail = bench.run(&["audit", "list", "--device", "0001"]).expect(0);
    assert!(trail.stdout.contains("mismatch_cleared"), "{trail:?}");
}

#[tokio::test]
async fn devices_that_disagree_are_an_alarm_until_a_hash_is_trusted() {
    let bench = Bench::with_fleet();
    let ledger = SqliteLedger::open(&bench.ledger()).await.unwrap();
    for (serial, bytes) in [("0001", b"one"), ("0002", b"two")] {
        let observation = HashObservation {
            version: "11.1.0".parse().unwrap(),
            file_name: Some("PanOS_440-11.1.0".parse().unwrap()),
            sha256: Sha256Hex::of(bytes),
            serial: serial.parse().unwrap(),
        };
        ledger.observe(&observation).await.unwrap();
    }
    let status = bench.run(&["download", "status"]).expect(1);
    assert!(status.stdout.contains("ALARM: devices disagree about 1 file\n"), "{status:?}");
    bench.run(&["hash", "disputes"]).expect(1);
    assert_eq!(bench.json(&["hash", "disputes"])["disputes"][0]["hashes"].as_array().unwrap().len(), 2);
    let trusted = Sha256Hex::of(b"one");
    bench.run(&["hash", "add", "--version", "11.1.0", "--sha256", trusted.as_str()]).expect(0);
    bench.run(&["hash", "disputes"]).expect(0);
    bench.run(&["download", "status"]).expect(0);
}

#[tokio::test]
async fn the_passive_member_is_queued_first_and_an_uneven_pair_is_told() {
    let bench = Bench::new();
    let file = bench.file("pairs.csv", PAIR);
    bench.run(&["device", "import", &file]).expect(0);
    bench.run(&["download", "queue-all", "--target", "11.1.4-h7"]).expect(0);
    let shown = bench.json(&["job", "show", "1"]);
    assert_eq!((&shown["job"]["serial"], &shown["pair"]["peer"]), (&json!("0012"), &json!("0011")));
    assert_eq!(shown["pair"]["mode"], "in_turn");

    let ledger = SqliteLedger::open(&bench.ledger()).await.unwrap();
    end(&ledger, 1, End::Completed, None).await;
    assert_eq!(bench.json(&["download", "status"])["asymmetric_pairs"], json!([]), "the other one waits");
    let failed = End::Failed { kind: FailureKind::DiskFull, message: "no room".to_owned() };
    end(&ledger, 2, failed, None).await;
    let uneven = bench.json(&["download", "status"])["asymmetric_pairs"].clone();
    assert_eq!(
        uneven,
        json!([{"members": ["0011", "0012"], "difference": "ha-b (0012) is ready, ha-a (0011) is not"}])
    );
    let status = bench.run(&["download", "status"]).expect(0);
    assert!(status.stdout.contains("1 HA pair not staged alike:"), "{status:?}");
    assert_eq!(ledger.job(JobId(1)).await.unwrap().unwrap().hostname, "ha-b");
}

#[test]
fn members_share_their_work_only_when_both_are_in_the_command() {
    let bench = Bench::new();
    let file = bench.file("pairs.csv", PAIR);
    bench.run(&["device", "import", &file]).expect(0);
    let alone =
        ["job", "submit", "--device", "0011", "--download-only", "--target", "11.1.4-h7", "--ha-sync"];
    let ran = bench.run(&alone).expect(1);
    assert!(
        ran.stdout.contains("ha_peer_not_selected") && ran.stdout.contains("leave --ha-sync out"),
        "{ran:?}"
    );
    let both = ["download", "queue-all", "--target", "11.1.4-h7", "--ha-sync"];
    let dry = bench.run(&[&both[..], &["--dry-run"]].concat()).expect(0);
    assert!(dry.stdout.contains("2 to create"), "{dry:?}");
    bench.run(&both).expect(0);
    bench.run(&both).expect(0);
    let lead = bench.json(&["job", "show", "1"]);
    assert_eq!((&lead["job"]["serial"], &lead["job"]["pair"]), (&json!("0012"), &json!("sync")));
    assert_eq!(lead["pair"]["role"], "downloads and copies to its peer; job 2 of its peer is available");
    let follower = bench.json(&["job", "show", "2"]);
    assert_eq!(follower["pair"]["role"], "gets its images from its peer; job 1 of its peer is available");
    bench.run(&["job", "cancel", "1", "--reason", "x"]).expect(0);
    bench.run(&["job", "retry", "1", "--ha-sync"]).refused(2, &["--ha-sync needs both members"]);
    bench.run(&["job", "retry", "1", "--ha-parallel"]).expect(0);
    assert_eq!(bench.json(&["job", "show", "3"])["job"]["pair"], "at_once");
    bench.run(&[&both[..], &["--ha-parallel"]].concat()).refused(2, &["cannot be used with"]);
}
