//! Single jobs: submit, show, cancel, retry, and the conflict with a job of the other type.

use common::domain::job::{BatchId, JobSpec, JobType, PairMode, Requester};
use common::domain::path::Goal;
use common::ledger::sqlite::SqliteLedger;
use common::ledger::{Batch, EnqueueAnswer, Queue};
use serde_json::json;

use crate::bench::Bench;

const SUBMIT: [&str; 7] = ["job", "submit", "--device", "0001", "--download-only", "--target", "11.1.4-h7"];

#[test]
fn a_job_is_submitted_once_shown_cancelled_and_repeated() {
    let bench = Bench::with_fleet();
    let ran = bench.run(&SUBMIT).expect(0);
    assert_eq!(ran.stdout, "1 created, 0 existing, 0 conflict\njob 1 queued for edge-1 (0001)\n");
    let again = bench.run(&SUBMIT).expect(0);
    assert!(
        again.stdout.contains("0 created, 1 existing") && again.stdout.contains("job 1 is available"),
        "{again:?}"
    );

    let shown = bench.json(&["job", "show", "1"]);
    assert_eq!(shown["job"]["state"], "available");
    assert_eq!(shown["job"]["goal"], json!({"target": "11.1.4-h7"}));
    assert_eq!((&shown["images"], &shown["attempts"]), (&json!([]), &json!([])));

    bench.run(&["job", "retry", "1"]).refused(2, &["job 1 has not ended, it is available", "job cancel 1"]);
    let cancelled = bench.json(&["job", "cancel", "1", "--reason", "window moved"]);
    assert_eq!(cancelled, json!({"job_id": 1, "answer": "cancelled"}));
    bench.run(&["job", "cancel", "1", "--reason", "again"]).expect(0);

    assert_eq!(bench.json(&["job", "retry", "1", "--reason", "CHG-2"])["queued"], 1);
    let shown = bench.json(&["job", "show", "2"]);
    assert_eq!(
        (&shown["job"]["retry_of"], &shown["job"]["requested_by"]["reason"]),
        (&json!(1), &json!("CHG-2"))
    );
    assert_eq!(bench.json(&["job", "list", "--state", "cancelled"])["jobs"][0]["id"], 1);
    assert_eq!(bench.json(&["job", "list", "--newest"])["jobs"].as_array().unwrap().len(), 1);
    let limited = bench.run(&["job", "list", "--limit", "1"]).expect(0);
    assert!(limited.stderr.contains("--limit is 1"), "{limited:?}");
}

#[test]
fn a_device_for_which_nothing_can_be_queued_is_code_1() {
    let bench = Bench::with_fleet();
    let ran = bench
        .run(&["job", "submit", "--device", "0003", "--download-only", "--target", "11.1.4-h7"])
        .expect(1);
    assert!(ran.stdout.contains("no_address"), "{ran:?}");
}

#[test]
fn an_upgrade_job_is_refused_with_the_reason_and_the_job_in_its_way() {
    let bench = Bench::with_fleet();
    let upgrade = ["job", "submit", "--device", "0001"];
    bench
        .run(&upgrade)
        .refused(2, &["nothing was queued for edge-1 (0001)", "later release", "--download-only"]);
    bench.run(&SUBMIT).expect(0);
    for dry_run in [&[][..], &["--dry-run"]] {
        bench.run(&[&upgrade[..], dry_run].concat()).refused(
            2,
            &[
                "held by download_only job 1",
                "hint: `panos-upgrade job cancel 1 --reason TEXT` frees the device",
            ],
        );
    }
}

#[tokio::test]
async fn a_job_of_the_other_type_is_a_conflict_that_names_it() {
    let bench = Bench::with_fleet();
    let ledger = SqliteLedger::open(&bench.ledger()).await.unwrap();
    let upgrade = JobSpec {
        serial: "0001".parse().unwrap(),
        job_type: JobType::Upgrade,
        goal: Goal::Target("11.1.4-h7".parse().unwrap()),
        max_attempts: 1,
        retry_of: None,
        pair: PairMode::InTurn,
    };
    let by = Requester { operator: "test".to_owned(), host: "test".to_owned(), reason: None };
    let answers = ledger.enqueue(&Batch { id: BatchId::new(), by, jobs: vec![upgrade] }).await.unwrap();
    assert!(matches!(answers[0].1, EnqueueAnswer::Created { .. }), "{answers:?}");

    let queue = ["download", "queue-all", "--target", "11.1.4-h7", "--select", "serial=0001"];
    for arguments in [&queue[..], &[&queue[..], &["--dry-run"]].concat(), &SUBMIT] {
        let ran = bench.run(arguments).expect(1);
        for word in ["0 existing, 1 conflict", "upgrade job 1 is available", "panos-upgrade job cancel 1"] {
            assert!(ran.stdout.contains(word), "{word}: {ran:?}");
        }
    }
    let skipped = &bench.json(&queue)["skipped"][0];
    assert_eq!((&skipped["reason"], &skipped["job_id"]), (&json!("conflict"), &json!(1)));
    bench.run(&["job", "submit", "--device", "0001"]).refused(2, &["upgrade job 1 already"]);
}

#[test]
fn a_status_document_exists_before_anybody_looked() {
    let bench = Bench::with_fleet();
    let status = bench.json(&["device", "status", "0001"]);
    assert_eq!((&status["serial"], &status["upgrade_status"]), (&json!("0001"), &json!("pending")));
    assert_eq!((&status["current_version"], &status["ready_for_install"]), (&json!("10.2.9"), &json!(false)));
}

#[test]
fn working_with_nothing_to_do_ends_at_once() {
    let bench = Bench::with_fleet();
    let login = [("PANOS_UPGRADE__FIREWALL__API_KEY", "key")];
    let ran = bench.run_with(&["work", "--until-idle"], &login).expect(0);
    assert_eq!(ran.stdout, "no job yet\n0 of 0 ready for install\n");
}

#[test]
fn a_path_from_a_version_is_explained_without_asking_anybody() {
    let bench = Bench::with_fleet();
    let shown = bench.json(&["path", "show", "10.1.6", "--target", "11.1.4-h7"]);
    assert_eq!(shown["asked_device"], false);
    assert_eq!(shown["images"][0]["rule"], "base_of_target_train");
    assert_eq!(bench.json(&["path", "show", "0004", "--offline", "--target", "11.1.4-h7"])["serial"], "0004");
    bench
        .run(&["path", "show", "11.2.0", "--target", "11.1.4-h7"])
        .refused(1, &["no path from 11.2.0", "newer than 11.1.4-h7", "hint:"]);
}
