//! Parts of a fleet: a paused queue, a paused worker, and who works.

use std::time::Duration;

use common::domain::job::{JobId, JobType};
use common::domain::lease::WorkerId;
use common::ledger::sqlite::SqliteLedger;
use common::ledger::{Claim, Queue, WorkerCard, Workers};
use serde_json::json;

use crate::bench::Bench;

const TTL: Duration = Duration::from_secs(60);

fn card(id: &str) -> WorkerCard {
    WorkerCard {
        id: WorkerId(id.to_owned()),
        host: "pod-1".to_owned(),
        version: "0.1.0".to_owned(),
        job_types: vec![JobType::DownloadOnly],
        concurrency: 8,
        draining: false,
    }
}

async fn claim(ledger: &SqliteLedger, job: i64) -> Claim {
    ledger.claim(JobId(job), &WorkerId("w-1".to_owned()), TTL).await.unwrap()
}

#[tokio::test]
async fn a_paused_queue_begins_nothing_until_it_is_resumed_and_is_told_wherever_one_looks() {
    let bench = Bench::with_fleet();
    let pause = ["fleet", "pause", "--queue", "download_only", "--reason", "change freeze"];
    let paused = bench.json(&pause);
    assert_eq!((&paused["scope"], &paused["name"]), (&json!("queue"), &json!("download_only")));
    assert_eq!(paused["reason"], "change freeze");
    let again = bench.run(&["fleet", "pause", "--queue", "download_only", "--reason", "another"]).expect(0);
    assert!(again.stdout.contains("change freeze") && again.stderr.contains("paused already"), "{again:?}");

    let queued =
        bench.run(&["download", "queue-all", "--target", "11.1.4-h7", "--select", "serial=0001"]).expect(0);
    assert!(queued.stderr.contains("the queue download_only is paused (change freeze)"), "{queued:?}");
    let ledger = SqliteLedger::open(&bench.ledger()).await.unwrap();
    assert!(matches!(claim(&ledger, 1).await, Claim::Paused(_)));
    for command in [["fleet", "status"], ["download", "status"]] {
        let ran = bench.run(&command);
        assert!(ran.stdout.contains("PAUSED: jobs of the type download_only since [time]"), "{ran:?}");
        assert!(ran.stdout.contains("fleet resume --queue download_only --reason TEXT"), "{ran:?}");
    }
    bench.run(&["fleet", "status"]).expect(1);
    bench.run(&["download", "status"]).expect(0);

    let resume = ["fleet", "resume", "--queue", "download_only", "--reason", "over"];
    assert_eq!(bench.json(&resume)["ended"]["reason"], "change freeze");
    assert_eq!(bench.json(&resume)["ended"], json!(null));
    assert!(matches!(claim(&ledger, 1).await, Claim::Claimed(_)));
    bench.run(&["fleet", "status"]).expect(0);
    let trail = bench.run(&["audit", "list", "--device", "system"]).expect(0);
    assert!(trail.stdout.contains("queue_paused") && trail.stdout.contains("queue_resumed"), "{trail:?}");
}

#[tokio::test]
async fn workers_are_listed_and_one_of_them_can_be_paused() {
    let bench = Bench::with_fleet();
    assert!(bench.run(&["worker", "list"]).expect(0).stdout.starts_with("no worker;"));
    let ledger = SqliteLedger::open(&bench.ledger()).await.unwrap();
    ledger.beat(&card("w-1"), &[], TTL).await.unwrap();
    ledger.beat(&card("w-2"), &[], TTL).await.unwrap();
    ledger.leave(&WorkerId("w-2".to_owned())).await.unwrap();

    let listed = bench.json(&["worker", "list"])["workers"].clone();
    let seen: Vec<_> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|worker| (worker["id"].as_str().unwrap(), worker["state"].as_str().unwrap()))
        .collect();
    assert_eq!(seen, [("w-1", "working"), ("w-2", "gone")]);

    bench
        .run(&["fleet", "pause", "--worker", "w-9", "--reason", "x"])
        .refused(2, &["w-9", "worker list --all"]);
    bench.run(&["fleet", "pause", "--worker", "w-1", "--reason", "bad route"]).expect(0);
    let page = bench.run(&["worker", "list"]).expect(0).stdout;
    assert!(page.contains("working, paused"), "{page}");
    assert!(page.contains("bad route; `panos-upgrade fleet resume --worker w-1 --reason TEXT`"), "{page}");
    bench.run(&["download", "queue-all", "--target", "11.1.4-h7", "--select", "serial=0001"]).expect(0);
    assert!(matches!(claim(&ledger, 1).await, Claim::Paused(_)));
    let other = ledger.claim(JobId(1), &WorkerId("w-3".to_owned()), TTL).await.unwrap();
    assert!(matches!(other, Claim::Claimed(_)), "{other:?}");
    bench.run(&["fleet", "resume", "--worker", "w-1", "--reason", "mended"]).expect(0);
    assert_eq!(bench.json(&["worker", "list"])["workers"][0]["pause"], json!(null));
}

#[test]
fn a_part_is_one_part() {
    let bench = Bench::with_fleet();
    let both = ["fleet", "pause", "--queue", "upgrade", "--worker", "w-1", "--reason", "x"];
    bench.run(&both).refused(2, &["cannot be used with"]);
    bench
        .run(&["fleet", "pause", "--queue", "downloads", "--reason", "x"])
        .refused(2, &["unknown job type `downloads`", "download_only"]);
}

#[tokio::test]
async fn a_cancelled_job_that_runs_is_asked_to_stop_and_its_workers_are_told() {
    let bench = Bench::with_fleet();
    bench.run(&["download", "queue-all", "--target", "11.1.4-h7", "--select", "serial=0001"]).expect(0);
    let ledger = SqliteLedger::open(&bench.ledger()).await.unwrap();
    assert!(matches!(claim(&ledger, 1).await, Claim::Claimed(_)));
    let engine = bench.engine().await;
    let mut controls = engine.broker.controls().await.unwrap();
    let asked = bench.run(&["job", "cancel", "1", "--reason", "CHG-7"]).expect(0);
    assert_eq!(asked.stderr, "");
    let told = tokio::time::timeout(Duration::from_secs(30), controls.next()).await.unwrap().unwrap();
    assert_eq!(told, common::broker::Control::Cancel { job_id: JobId(1) });
}
