//! The table as people see it, and what programs get.

use std::path::PathBuf;

use e2e::checker::Findings;

use super::*;
use crate::report::Play;
use crate::scenario::{Needs, Scenario};

fn scenario(name: &'static str) -> Scenario {
    let fault = "something goes wrong";
    Scenario { name, fault, needs: Needs::Shared, run: |_| Box::pin(async { Ok(Outcome::default()) }) }
}

fn play(name: &'static str, seed: u64, outcome: Result<Outcome, String>) -> Play {
    let logs = outcome.is_err().then(|| PathBuf::from("/tmp/logs"));
    Play { scenario: scenario(name), seed, outcome, took: Duration::from_millis(12_345), logs }
}

fn good(n_jobs: u64, recovered_in_ms: u64) -> Result<Outcome, String> {
    let recovered_in = Some(Duration::from_millis(recovered_in_ms));
    Ok(Outcome { n_faults: 2, n_jobs, findings: Findings::default(), recovered_in })
}

fn report(plays: Vec<Play>) -> Report {
    Report { seed: 7, size: Size::Short, plays, not_played: Vec::new(), took: Duration::from_secs(60) }
}

#[test]
fn a_good_run_is_one_row_per_scenario_and_a_sum() {
    let plays = vec![
        play("something-unknown", 7, good(12, 3_400)),
        play("broker-sigkill", 7, good(12, 1_200)),
        play("broker-sigkill", 8, good(14, 2_000)),
    ];
    insta::assert_snapshot!(text(&report(plays)), @r"
                                       faults               downl.  events    other time to
scenario                       plays injected   jobs  lost doubled missing findings recover   took
broker-sigkill                     2        4     26     0       0       0        0   2.0 s   25 s
something-unknown                  1        2     12     0       0       0        0   3.4 s   12 s
all 2                              3        6     38     0       0       0        0   3.4 s   37 s
");
}

#[test]
fn whatever_is_wrong_is_told_with_its_invariant_its_seed_and_the_command() {
    let findings = Findings {
        lost: vec!["job 4".to_owned()],
        duplicated: vec!["device 7 was asked for 11.1.0 twice".to_owned()],
        missing_events: vec!["job 5: no event 3".to_owned()],
        other: vec![("I14", "job 6 is leased".to_owned())],
    };
    let found = Outcome { n_faults: 1, n_jobs: 12, findings, recovered_in: None };
    let plays = vec![
        play("broker-sigkill", 41, Ok(found)),
        play("database-sigkill", 42, Err("did not end within 240 s".to_owned())),
    ];
    let report = Report { not_played: vec!["cluster-node-killed"], ..report(plays) };
    insta::assert_snapshot!(text(&report), @r"
                                       faults               downl.  events    other time to
scenario                       plays injected   jobs  lost doubled missing findings recover   took
broker-sigkill                     1        1     12     1       1       1        1       -   12 s
database-sigkill                   1        0      0     0       0       0        1       -   12 s
all 2                              2        1     12     1       1       1        2       -   25 s

broker-sigkill: something goes wrong
  I1, I8, a job was lost: job 4
  I2, I5, asked twice: device 7 was asked for 11.1.0 twice
  I6, an event is missing: job 5: no event 3
  I14: job 6 is leased
  again: ./chaos --short --only broker-sigkill --seed 41

database-sigkill: something goes wrong
  not judged: did not end within 240 s
  again: ./chaos --short --only database-sigkill --seed 42
  logs:  /tmp/logs

not played, for want of time, and so not shown to hold: cluster-node-killed
");
    assert_eq!(report.exit_code(), 1);
}

#[test]
fn a_run_that_played_nothing_or_not_all_of_it_says_so_and_is_no_success() {
    let nothing = report(Vec::new());
    assert!(
        text(&nothing).ends_with("\nnothing was played, and so nothing is shown\n"),
        "{}",
        text(&nothing)
    );
    assert_eq!(nothing.exit_code(), 1);
    let plays = vec![play("broker-sigkill", 7, good(12, 1_200))];
    let some = Report { not_played: vec!["cluster-node-killed"], ..report(plays) };
    let text = text(&some);
    assert!(text.ends_with("and so not shown to hold: cluster-node-killed\n"), "{text}");
    assert_eq!(some.exit_code(), 1);
}

#[test]
fn a_thousand_findings_of_one_kind_are_told_in_a_dozen_lines() {
    let lost = (0..1000).map(|job| format!("job {job}")).collect();
    let found = Outcome { findings: Findings { lost, ..Findings::default() }, ..Outcome::default() };
    let text = text(&report(vec![play("broker-sigkill", 7, Ok(found))]));
    assert!(text.contains("and 988 more") && text.lines().count() < 25, "{text}");
}

#[test]
fn no_line_is_wider_than_a_hundred_columns() {
    let huge = Outcome { n_faults: 99_999, n_jobs: 999_999, ..Outcome::default() };
    let text = text(&report(vec![play("a-name-of-the-greatest-length-", 7, Ok(huge))]));
    for line in text.lines() {
        assert!(line.chars().count() <= 100, "{line}");
    }
}

#[test]
fn markdown_has_a_row_per_scenario_and_says_on_what_it_was_made() {
    let markdown = markdown(
        &report(vec![play("broker-sigkill", 7, good(12, 1_200))]),
        "2 processors; `./chaos --seed 7`",
    );
    insta::assert_snapshot!(markdown, @r"
2 processors; `./chaos --seed 7`

| scenario | what goes wrong | plays | faults | jobs | lost | downloads doubled | events missing | other findings | time to recover | took |
|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|
| `broker-sigkill` | something goes wrong | 1 | 2 | 12 | 0 | 0 | 0 | 0 | 1.2 s | 12 s |
| all 1 | | 1 | 2 | 12 | 0 | 0 | 0 | 0 | 1.2 s | 12 s |
");
}

#[test]
fn json_has_every_play() {
    let value = json(&report(vec![
        play("broker-sigkill", 7, good(12, 1_200)),
        play("broker-sigkill", 8, Err("panicked: no".to_owned())),
    ]));
    assert_eq!(value["exit_code"], 1);
    assert_eq!(value["plays"][0]["recovered_in_ms"], 1_200);
    assert_eq!(value["plays"][1]["complaints"][0], "not judged: panicked: no");
    assert_eq!(value["plays"][1]["again"], "./chaos --short --only broker-sigkill --seed 8");
}
