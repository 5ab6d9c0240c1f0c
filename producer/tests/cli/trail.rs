//! The audit trail, read and checked from the outside.

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::bench::Bench;

fn queued() -> Bench {
    let bench = Bench::with_fleet();
    bench.run(&["download", "queue-all", "--target", "11.1.4-h7", "--reason", "CHG-1"]).expect(1);
    bench
}

#[test]
fn entries_say_who_asked_and_why() {
    let bench = queued();
    let ran = bench.run(&["audit", "list", "--device", "0001"]).expect(0);
    let queued = ran.stdout.lines().find(|line| line.contains("job_queued")).unwrap();
    assert!(queued.starts_with("[time] 0001 #") && queued.contains("reason=\"CHG-1\""), "{ran:?}");
    let ran = bench.run(&["audit", "list", "--job", "2", "--output", "json"]).expect(0);
    let entries: Vec<Value> = ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(!entries.is_empty() && entries.iter().all(|entry| entry["job"] == 2), "{ran:?}");
    let system = bench.run(&["audit", "list", "--device", "system"]).expect(0);
    assert!(system.stdout.contains("inventory_changed"), "{system:?}");
}

#[test]
fn an_exported_line_has_what_a_second_program_needs() {
    let ran = queued().run(&["audit", "export", "--device", "0001"]).expect(0);
    let lines: Vec<Value> = ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(!lines.is_empty());
    for (before, after) in lines.iter().zip(&lines[1..]) {
        assert_eq!(before["hash"], after["prev"]);
    }
    assert!(lines.iter().all(|line| serde_json::from_str::<Value>(line["body"].as_str().unwrap()).is_ok()));
}

#[test]
fn an_edited_entry_is_code_4_and_named() {
    let bench = queued();
    let whole = bench.json(&["audit", "verify"]);
    assert_eq!((&whole["ok"], &whole["devices"]), (&json!(true), &json!(4)));

    let ledger = Connection::open(bench.ledger()).unwrap();
    // Whoever owns the file can take the guard away; the hashes stay.
    ledger.execute_batch("DROP TRIGGER audit_refuses_update").unwrap();
    let changed = ledger
        .execute(
            "UPDATE audit SET body = CAST(replace(body, 'CHG-1', 'CHG-9') AS BLOB) WHERE chain = '0001'",
            [],
        )
        .unwrap();
    assert!(changed > 0);
    drop(ledger);

    let ran = bench.run(&["audit", "verify"]).expect(4);
    assert!(ran.stdout.contains("chain 0001 breaks at entry"), "{ran:?}");
    assert_eq!(bench.json(&["audit", "verify"])["first_bad"]["chain"], "0001");
}

#[test]
fn an_anchor_is_made_once_and_listed_as_it_was_made() {
    let bench = queued();
    let made = bench.json(&["audit", "anchor"]);
    assert_eq!(
        (&made["new"], &made["anchor"]["id"], &made["anchor"]["n_chains"]),
        (&json!(true), &json!(1), &json!(5))
    );
    let again = bench.json(&["audit", "anchor"]);
    assert_eq!((&again["new"], &again["anchor"]), (&json!(false), &made["anchor"]));
    let listed = bench.run(&["audit", "anchors", "--output", "json"]).expect(0);
    assert_eq!(serde_json::from_str::<Value>(listed.stdout.trim()).unwrap(), made["anchor"]);
    let shown = bench.run(&["audit", "anchors"]).expect(0);
    let hash = made["anchor"]["hash"].as_str().unwrap();
    assert!(shown.stdout.starts_with("[time] anchor 1: ") && shown.stdout.contains(hash), "{shown:?}");
}

#[test]
fn anchors_that_were_kept_elsewhere_show_a_trail_that_is_another_one() {
    let bench = queued();
    bench.json(&["audit", "anchor"]);
    let kept = bench.run(&["audit", "anchors", "--output", "json"]).expect(0).stdout;
    let file = bench.file("anchors.jsonl", &kept);
    let fits = bench.json(&["audit", "verify", "--anchors", &file]);
    assert_eq!((&fits["ok"], &fits["copies"], &fits["unanchored"]), (&json!(true), &json!(1), &json!(0)));

    // Another ledger with the same fleet is whole, too.
    let other = queued();
    other.json(&["audit", "anchor"]);
    other.run(&["audit", "verify"]).expect(0);
    let ran = other.run(&["audit", "verify", "--anchors", &file]).expect(4);
    assert!(ran.stdout.contains("the anchors break at anchor 1: its hash is"), "{ran:?}");
}

#[test]
fn a_file_that_holds_no_anchors_is_refused_with_its_line() {
    let bench = queued();
    let file = bench.file("anchors.jsonl", "{\"id\": 1}\n");
    bench
        .run(&["audit", "verify", "--anchors", &file])
        .refused(2, &["anchors.jsonl: line 1", "audit anchors"]);
    bench.run(&["audit", "verify", "--anchors", "/nowhere"]).refused(2, &["cannot read /nowhere"]);
}
