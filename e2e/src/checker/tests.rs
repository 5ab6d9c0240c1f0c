//! Each rule is fed a run that is well, and then the same run with one lie in it.

use std::ops::RangeInclusive;

use common::audit::AuditAction;
use common::domain::job::JobState;
use uuid::Uuid;

use super::*;

/// The device of most cases.
const SERIAL: &str = "007951000000001";

fn attempt(token: i64, worker: &str, times: RangeInclusive<i64>, ending: &str) -> Attempt {
    Attempt {
        token,
        attempt: 1,
        worker: worker.to_owned(),
        from_ms: *times.start(),
        to_ms: Some(*times.end()),
        ending: Some(ending.to_owned()),
    }
}

fn call(worker: &str, command: &str, times: RangeInclusive<i64>) -> Call {
    Call {
        serial: SERIAL.to_owned(),
        command: command.to_owned(),
        version: None,
        client: Some(format!("panos-upgrade/0.1.0 ({worker})")),
        began_ms: *times.start(),
        at_ms: *times.end(),
        gone: false,
        file: None,
    }
}

fn download(worker: &str, at_ms: i64, file: &str) -> Call {
    let (version, file) = (Some("11.1.4-h7".to_owned()), Some(file.to_owned()));
    Call { version, file, ..call(worker, "download", at_ms..=at_ms + 10) }
}

fn event(number: i64, word: &str) -> Event {
    Event { id: Uuid::from_u128(u128::try_from(number).unwrap()), job: 1, number, word: word.to_owned() }
}

/// One job: `ann` claims it, asks for the image and is killed; `bob` takes the download over and completes it.
fn well() -> Evidence {
    let job = Job {
        id: 1,
        serial: SERIAL.to_owned(),
        state: JobState::Completed,
        last_token: 2,
        last_event: 4,
        max_attempts: 3,
        worker: None,
        created_ms: 500,
        ended_ms: Some(30_000),
        attempts: vec![
            attempt(1, "ann", 1_000..=10_000, "lease_lost"),
            attempt(2, "bob", 11_000..=30_000, "completed"),
        ],
    };
    let actions = [
        (AuditAction::JobQueued, 500),
        (AuditAction::JobClaimed, 1_000),
        (AuditAction::DownloadRequested, 2_000),
        (AuditAction::JobRescued, 10_000),
        (AuditAction::JobClaimed, 11_000),
        (AuditAction::DownloadAdopted, 12_000),
        (AuditAction::JobCompleted, 30_000),
    ];
    Evidence {
        jobs: vec![job],
        entries: actions.map(|(action, at_ms)| Entry { job: 1, action, at_ms }).to_vec(),
        events: vec![event(1, "queued"), event(2, "claimed"), event(3, "rescued"), event(4, "completed")],
        calls: vec![
            call("ann", "system_info", 1_100..=1_200),
            download("ann", 2_000, "new"),
            call("ann", "job", 2_500..=2_600),
            call("bob", "system_info", 11_100..=11_200),
            call("bob", "job", 12_000..=12_050),
        ],
        ..Evidence::default()
    }
}

fn found(evidence: &Evidence) -> Findings {
    judge(evidence, &Allowed::nothing())
}

/// The lie is found, and it is all that is found.
#[track_caller]
fn breaks(evidence: &Evidence, invariant: &str, words: &str) {
    let lines = found(evidence).lines();
    assert!(!lines.is_empty(), "nothing was found; awaited: {words}");
    let is_meant = |line: &String| line.starts_with(&format!("{invariant}: ")) && line.contains(words);
    assert!(lines.iter().any(is_meant), "{lines:#?}");
}

#[test]
fn a_run_that_is_well_has_no_findings() {
    assert_eq!(found(&well()), Findings::default());
}

#[test]
fn i1_a_job_that_has_not_ended_is_lost() {
    let mut evidence = well();
    evidence.jobs[0].state = JobState::Available;
    evidence.jobs[0].ended_ms = None;
    breaks(&evidence, "I1", "job 1 of 007951000000001 has not ended: it is available");
}

#[test]
fn i1_a_job_whose_row_is_gone_is_lost_while_anybody_remembers_it() {
    let mut evidence = well();
    evidence.jobs.clear();
    breaks(&evidence, "I1", "job 1: the trail tells of it");
    evidence.entries.clear();
    breaks(&evidence, "I1", "job 1: the log of events tells of it");
}

#[test]
fn i2_a_worker_that_speaks_after_its_lease_is_found() {
    let mut evidence = well();
    evidence.calls.push(call("ann", "job", 10_500..=10_510));
    breaks(&evidence, "I2", "`job` of ann came 500 ms after lease 1 of job 1");
}

#[test]
fn i2_a_command_of_an_older_lease_after_one_of_a_newer_is_found() {
    let mut evidence = well();
    // Its own clock is not asked: even an attempt that the ledger believes to be open has no right to it.
    evidence.jobs[0].attempts[0].to_ms = Some(40_000);
    evidence.calls.push(call("ann", "download", 13_000..=13_010));
    breaks(&evidence, "I2", "`download` under lease 1 of job 1 after one of a newer lease");
}

#[test]
fn i2_attempts_that_overlap_are_found() {
    let mut evidence = well();
    evidence.jobs[0].attempts[0].to_ms = Some(11_500);
    breaks(&evidence, "I2", "lease 1 of job 1 overlaps lease 2 of job 1");
}

#[test]
fn i2_a_worker_that_never_claimed_the_device_is_found() {
    let mut evidence = well();
    evidence.calls.push(call("eve", "system_info", 20_000..=20_010));
    breaks(&evidence, "I2", "`system_info` of eve, which never claimed it");
}

#[test]
fn i2_two_calls_at_once_are_found_unless_the_first_asker_was_gone() {
    let mut evidence = well();
    evidence.calls.push(call("bob", "job", 12_040..=12_060));
    breaks(&evidence, "I2", "`job` came while `job` was being answered");
    assert!(judge(&evidence, &Allowed::nothing().after_a_kill()).is_empty());
    let before = evidence.calls.iter_mut().find(|call| call.began_ms == 12_000).unwrap();
    before.gone = true;
    assert!(found(&evidence).is_empty());
}

#[test]
fn i2_a_fence_excuses_a_call_of_another_attempt_and_none_of_the_same() {
    let fenced = || Allowed::nothing().after_a_fence();
    let mut evidence = well();
    let dropped = evidence.calls.iter_mut().find(|call| call.began_ms == 2_500).unwrap();
    *dropped = call("ann", "job", 9_900..=11_150);
    breaks(&evidence, "I2", "`system_info` came while `job` was being answered");
    assert!(judge(&evidence, &fenced()).is_empty());
    evidence.calls.push(call("bob", "job", 12_040..=12_060));
    let lines = judge(&evidence, &fenced()).lines();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains("`job` came while `job` was being answered"), "{lines:?}");
}

#[test]
fn i2_is_not_proved_by_a_journal_with_gaps() {
    breaks(&Evidence { n_forgotten_calls: 7, ..well() }, "I2", "forgotten 7 requests");
}

#[test]
fn i3_two_jobs_of_one_device_at_once_are_found() {
    let mut evidence = well();
    let other = Job {
        id: 2,
        created_ms: 29_000,
        ended_ms: Some(31_000),
        attempts: Vec::new(),
        last_token: 0,
        ..evidence.jobs[0].clone()
    };
    evidence.jobs.push(other);
    breaks(&evidence, "I3", "jobs 1 and 2 at once");
}

#[test]
fn i4_leases_that_skip_a_number_or_repeat_one_are_found() {
    let mut evidence = well();
    evidence.jobs[0].attempts[1].token = 3;
    breaks(&evidence, "I4", "leases [1, 3], the last is 2");
}

#[test]
fn i4_an_attempt_that_is_charged_though_it_was_given_back_is_found() {
    let mut evidence = well();
    evidence.jobs[0].attempts[0].ending = Some("released".to_owned());
    evidence.jobs[0].attempts[1].attempt = 2;
    breaks(&evidence, "I4", "attempt 2 follows 1, which ended as released");
}

#[test]
fn i4_more_attempts_than_allowed_are_found() {
    let mut evidence = well();
    evidence.jobs[0].max_attempts = 0;
    breaks(&evidence, "I4", "attempt 1 of 0");
}

#[test]
fn i4_anything_behind_an_end_is_found() {
    let mut evidence = well();
    evidence.entries.push(Entry { job: 1, action: AuditAction::DownloadRequested, at_ms: 31_000 });
    breaks(&evidence, "I4", "DownloadRequested stands behind its end");
    let mut evidence = well();
    evidence.events[2].word = "failed".to_owned();
    breaks(&evidence, "I4", "the log tells of [\"failed\", \"completed\"]");
}

#[test]
fn i5_an_installation_or_a_restart_is_found() {
    let mut evidence = well();
    evidence.calls.push(call("bob", "restart", 29_000..=29_010));
    breaks(&evidence, "I5", "`restart` by panos-upgrade/0.1.0 (bob)");
}

#[test]
fn i6_a_gap_and_a_missing_end_are_missing_events() {
    let mut evidence = well();
    evidence.events.remove(2);
    breaks(&evidence, "I6", "events [3] of 4");
    let mut evidence = well();
    evidence.events.pop();
    breaks(&evidence, "I6", "nobody was told that it is completed");
    assert!(judge(&evidence, &Allowed::nothing().after_the_log_was_lost()).is_empty());
}

#[test]
fn i6_two_events_with_one_number_are_found_and_second_deliveries_are_not() {
    let mut evidence = well();
    evidence.events.push(event(2, "claimed"));
    assert!(found(&evidence).is_empty());
    evidence.events.push(Event { id: Uuid::nil(), ..event(2, "claimed") });
    breaks(&evidence, "I6", "two events have number 2");
}

#[test]
fn i6_an_event_that_overtakes_another_is_found() {
    let mut evidence = well();
    evidence.events.swap(1, 2);
    breaks(&evidence, "I6", "event 3 came right after 1");
}

#[test]
fn i7_an_outbox_that_is_not_empty_is_found() {
    let mut evidence = well();
    evidence.rest.n_unpublished = 3;
    breaks(&evidence, "I7", "3 messages wait");
}

#[test]
fn i8_what_had_to_be_repaired_and_what_died_is_found() {
    let mut evidence = well();
    evidence.rest.repaired = vec!["jobs without a wake-up: [1]".to_owned()];
    breaks(&evidence, "I8", "jobs without a wake-up");
    let mut evidence = well();
    evidence.rest.n_dead = 2;
    breaks(&evidence, "I8", "2 dead letters");
    assert!(judge(&evidence, &Allowed::nothing().with_dead_letters()).is_empty());
}

#[test]
fn i9_a_download_that_is_asked_for_long_after_a_cancel_is_found() {
    let mut evidence = well();
    evidence.entries.insert(2, Entry { job: 1, action: AuditAction::CancelRequested, at_ms: 1_500 });
    assert!(found(&evidence).is_empty(), "it was on its way");
    evidence.entries[3].at_ms = 15_000;
    breaks(&evidence, "I9", "13500 ms after its cancel");
}

#[test]
fn i11_a_broken_trail_and_a_change_without_an_entry_are_found() {
    let broken = Evidence { broken_trail: Some("exit code 4".to_owned()), ..well() };
    breaks(&broken, "I11", "does not verify: exit code 4");
    let mut evidence = well();
    evidence.entries.remove(4);
    breaks(&evidence, "I11", "1 entries say JobClaimed, it happened 2 times");
}

#[test]
fn i12_a_secret_is_found_and_not_repeated() {
    let leaks = leaks::find(
        &["s3cret".to_owned()],
        &[("an event", "a s3cret b".to_owned()), ("the ledger", String::new())],
    );
    breaks(&Evidence { leaks, ..well() }, "I12", "a secret stands in an event");
}

#[test]
fn i13_consumers_and_memory_that_stay_are_found() {
    let mut evidence = well();
    evidence.rest.n_consumers = 1;
    breaks(&evidence, "I13", "1 consumers");
    let mut evidence = well();
    evidence.rest.memory = vec![("4711".to_owned(), 100 << 20), ("4712".to_owned(), 300 << 20)];
    breaks(&evidence, "I13", "worker 4712 took 300 MiB");
}

#[test]
fn i14_leases_that_nobody_alive_holds_are_found() {
    let mut evidence = well();
    evidence.rest.holders = vec!["ann".to_owned()];
    breaks(&evidence, "I14", "ann holds leases");
    let mut evidence = well();
    evidence.jobs[0].attempts[0].to_ms = None;
    breaks(&evidence, "I14", "lease 1 of ann has not ended");
}

#[test]
fn a_download_that_nobody_needed_is_found() {
    let mut evidence = well();
    evidence.calls.push(download("bob", 15_000, "lost"));
    breaks(&evidence, "twice", "11.1.4-h7 was asked for 2 times");
    assert!(judge(&evidence, &Allowed::nothing().losing_downloads()).is_empty());
    assert!(judge(&evidence, &Allowed::nothing().asking_again([SERIAL])).is_empty());
    evidence.calls.push(download("bob", 16_000, "present"));
    assert_eq!(judge(&evidence, &Allowed::nothing().losing_downloads()).duplicated.len(), 1);
}

#[test]
fn a_download_by_nobodys_name_is_found() {
    let mut evidence = well();
    evidence.calls[1].client = Some("panos-upgrade/0.1.0".to_owned());
    breaks(&evidence, "I2", "a download by nobody's name");
}
