//! The feed on a terminal: everything that happened, what was asked for, and where to go on.

use serde_json::Value;
use testkit::process::{Program, Stream};

use crate::bench::{Bench, Ran};

/// Four devices: two jobs queued, one of them cancelled.
fn told() -> Bench {
    let bench = Bench::with_fleet();
    bench.run(&["download", "queue-all", "--target", "11.1.4-h7", "--reason", "CHG-1\u{1b}[2J"]).expect(1);
    bench.run(&["job", "cancel", "1", "--reason", "another day"]).expect(0);
    bench
}

fn tail(bench: &Bench, arguments: &[&str]) -> Ran {
    bench.run(&[&["events", "tail", "--from", "first"], arguments].concat())
}

fn events(ran: &Ran) -> Vec<Value> {
    ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn the_log_is_told_from_its_beginning_and_again_from_an_offset() {
    let bench = told();
    let all = events(&tail(&bench, &["--limit", "3", "--output", "json"]).expect(0));
    assert_eq!(all[0]["type"], "panos.job.queued.v1");
    assert_eq!((&all[0]["jobid"], &all[0]["jobsequence"]), (&1.into(), &1.into()), "{all:?}");
    assert_eq!(all[0]["data"]["operator"], all[1]["data"]["operator"]);
    assert_eq!(all[2]["type"], "panos.job.cancelled.v1");

    let one = tail(&bench, &["--limit", "1"]).expect(0);
    let offset = one.stderr.split("--from ").nth(1).and_then(|rest| rest.split('`').next()).unwrap();
    let rest = bench.run(&["events", "tail", "--from", offset, "--limit", "2", "--output", "json"]).expect(0);
    assert_eq!(events(&rest), all[1..], "nothing is told twice, nothing is left out");
}

#[test]
fn a_line_for_people_has_no_character_that_a_terminal_obeys() {
    let ran = tail(&told(), &["--limit", "3"]).expect(0);
    assert!(ran.stdout.contains("\\u{1b}[2J") && !ran.stdout.contains('\u{1b}'), "{ran:?}");
    let last = ran.stdout.lines().last().unwrap();
    assert!(last.starts_with("[time] 0001 ") && last.contains(" cancelled "), "{last}");
    assert!(last.ends_with(": another day"), "{last}");
}

#[test]
fn only_what_was_asked_for_is_told() {
    let bench = told();
    let words = |arguments: &[&str]| {
        let ran = tail(&bench, &[arguments, &["--output", "json"]].concat()).expect(0);
        let word = |event: &Value| format!("{}/{}", event["jobid"], event["data"]["event"].as_str().unwrap());
        events(&ran).iter().map(word).collect::<Vec<_>>()
    };
    assert_eq!(words(&["--limit", "1", "--type", "cancelled,failed"]), ["1/cancelled"]);
    assert_eq!(words(&["--limit", "1", "--job", "2"]), ["2/queued"]);
    assert_eq!(words(&["--limit", "1", "--device", "0004"]), ["2/queued"]);
    assert_eq!(
        words(&["--limit", "1", "--filter", "reason=another*", "--filter", "type!=queued"]),
        ["1/cancelled"]
    );
}

#[test]
fn it_ends_by_itself_when_no_job_is_left_and_finds_nothing_missing() {
    let bench = told();
    bench.run(&["job", "cancel", "2", "--reason", "another day"]).expect(0);
    let ran = tail(&bench, &["--until-idle", "--check", "--output", "json"]).expect(0);
    assert_eq!(events(&ran).len(), 4, "{ran:?}");
    assert!(ran.stderr.contains("checked 4 events of 2 jobs: 0 missing, 0 repeated"), "{ran:?}");
}

#[test]
fn an_event_that_is_gone_is_missed() {
    let bench = Bench::with_fleet();
    bench.run(&["download", "queue-all", "--target", "11.1.4-h7", "--reason", "CHG-1"]).expect(1);
    bench.run(&["job", "cancel", "1", "--reason", "another day"]).expect(0);
    bench.run(&["job", "cancel", "2", "--reason", "another day"]).expect(0);
    let ledger = rusqlite::Connection::open(bench.ledger()).unwrap();
    let changed = ledger.execute(
        "UPDATE broker_events SET body = json_set(body, '$.jobsequence', 4) WHERE json_extract(body, '$.type') = 'panos.job.cancelled.v1' AND json_extract(body, '$.jobid') = 2",
        [],
    );
    assert_eq!(changed.unwrap(), 1);
    drop(ledger);
    let ran = tail(&bench, &["--until-idle", "--check"]).expect(1);
    assert!(ran.stderr.contains("job 2: before event 4 events 2 to 3 are missing so far"), "{ran:?}");
    assert!(ran.stderr.contains("2 missing, 0 repeated"), "{ran:?}");
}

#[tokio::test]
async fn ctrl_c_ends_it_in_order_and_tells_where_to_go_on() {
    let bench = told();
    let within = std::time::Duration::from_secs(30);
    let program = Program::at(env!("CARGO_BIN_EXE_panos-upgrade"))
        .env("HOME", bench.path(""))
        .env("XDG_CONFIG_HOME", bench.path("config"))
        .env("XDG_DATA_HOME", bench.path("data"))
        .args(["events", "tail", "--from", "1h"]);
    let mut process = program.start().unwrap();
    process.line(Stream::Stdout, "cancelled", within).await.unwrap();
    process.interrupt().unwrap();
    assert_eq!(process.wait(within).await.unwrap().code(), Some(0));
    let said = process.text(Stream::Stderr);
    assert!(said.contains("goes on behind it"), "{said}");
}

#[test]
fn what_could_never_be_told_is_refused() {
    let bench = told();
    for (arguments, words) in [
        (["--from", "yesterday"], ["yesterday", "1h"]),
        (["--filter", "seral=1"], ["seral", "subject"]),
        (["--filter", "kind"], ["kind", "FIELD=PATTERN"]),
        (["--type", "failde"], ["failde", "failed"]),
        (["--device", ""], ["serial", "device list"]),
    ] {
        bench.run(&[&["events", "tail"], &arguments[..]].concat()).refused(2, &words);
    }
    Bench::new().run(&["events", "tail"]).refused(2, &["no ledger"]);
}
