//! Messages that no worker could use: listed with the reason, looked at, sent again, dropped.

use common::ledger::sqlite::SqliteLedger;
use common::ledger::{DeadLetters, NewDeadLetter};
use jiff::Timestamp;
use serde_json::json;

use crate::bench::Bench;

fn letter(message_id: &str, body: &[u8]) -> NewDeadLetter {
    NewDeadLetter {
        message_id: message_id.to_owned(),
        routing_key: "job.download_only.any.default".to_owned(),
        body: body.to_vec(),
        size_bytes: u64::try_from(body.len()).unwrap(),
        reason: "unreadable: schema 2, this program reads 1".to_owned(),
        died_at: Timestamp::UNIX_EPOCH,
    }
}

async fn bench_with(letters: &[NewDeadLetter]) -> Bench {
    let bench = Bench::with_fleet();
    let ledger = SqliteLedger::open(&bench.ledger()).await.unwrap();
    assert_eq!(ledger.keep_dead(letters).await.unwrap().kept, u64::try_from(letters.len()).unwrap());
    bench
}

#[tokio::test]
async fn a_dead_letter_keeps_its_bytes_and_the_reason() {
    let bench = bench_with(&[letter("a", b"\xff\x00 not text \x1b[2J"), letter("b", br#"{"v":2}"#)]).await;
    let listed = bench.run(&["dead", "list"]).expect(1);
    assert!(listed.stdout.contains("unreadable: schema 2, this program reads 1"), "{listed:?}");
    assert!(
        bench
            .run(&["fleet", "status"])
            .expect(0)
            .stdout
            .contains("2 dead letters; `panos-upgrade dead list`")
    );

    let shown = bench.json(&["dead", "show", "1"]);
    assert_eq!((&shown["text"], &shown["hex"]), (&json!(null), &json!("ff00206e6f742074657874201b5b324a")));
    assert_eq!(bench.json(&["dead", "show", "2"])["text"], r#"{"v":2}"#);
    bench.run(&["dead", "show", "1", "--save", "letter.bin"]).expect(0);
    assert_eq!(std::fs::read(bench.path("letter.bin")).unwrap(), b"\xff\x00 not text \x1b[2J");
    bench.run(&["dead", "show", "1", "--save", "letter.bin"]).refused(2, &["letter.bin cannot be written"]);
    bench.run(&["dead", "show", "9"]).refused(2, &["9", "dead list"]);
}

#[tokio::test]
async fn a_dropped_letter_leaves_an_entry_and_a_wrong_number_harms_no_other() {
    let bench = bench_with(&[letter("a", b"x"), letter("b", b"y"), letter("c", b"z")]).await;
    let dropped = bench.run(&["dead", "drop", "1", "7", "--reason", "a test sent it"]).expect(1);
    assert!(dropped.stdout.starts_with("1 dead letter dropped\n7 stays: "), "{dropped:?}");
    let trail = bench.run(&["audit", "list", "--device", "system"]).expect(0).stdout;
    assert!(trail.contains("dead_letter_dropped") && trail.contains("a test sent it"), "{trail}");
    bench.run(&["dead", "drop", "--reason", "x"]).refused(2, &["--all"]);
    assert_eq!(bench.json(&["dead", "drop", "--all", "--reason", "all seen"])["dropped"], json!([2, 3]));
    assert!(bench.run(&["dead", "list"]).expect(0).stdout.starts_with("no dead letters\n"));
}

#[tokio::test]
async fn a_requeued_letter_is_a_message_again_and_still_unreadable_it_comes_back() {
    let bench = bench_with(&[letter("a", b"no wake-up")]).await;
    assert_eq!(bench.json(&["dead", "requeue", "1", "--reason", "workers updated"])["requeued"], json!([1]));
    bench.run(&["dead", "list"]).expect(0);
    let engine = bench.engine().await;
    let mut wake_ups = engine.broker.wake_ups(&[common::domain::job::JobType::DownloadOnly]).await.unwrap();
    let delivery = wake_ups.next().await.unwrap();
    let unreadable = delivery.wake_up.unwrap_err();
    delivery.receipt.reject(&unreadable.to_string()).await.unwrap();
    let listed = bench.json(&["dead", "list"]);
    assert_eq!(listed["letters"].as_array().map(Vec::len), Some(1), "{listed}");
    assert!(listed["letters"][0]["reason"].as_str().unwrap().starts_with("unreadable"), "{listed}");
    let trail = bench.run(&["audit", "list", "--device", "system"]).expect(0).stdout;
    assert!(trail.contains("dead_letter_requeued") && trail.contains("workers updated"), "{trail}");
}
