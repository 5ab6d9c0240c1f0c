//! What the devices' own journal must say: I2, I5, I9, and no image asked for twice.
//!
//! Promises: what a device heard is believed before anything that a worker says of itself; a journal with gaps proves
//! nothing, and is a finding. Leaves to others: whether the attempts themselves are in order ([`jobs`](super::jobs)).

use std::collections::BTreeMap;

use common::audit::AuditAction;

use super::allowed::Allowed;
use super::evidence::{Attempt, Call, Evidence};
use super::findings::Findings;

/// The journal's times are whole milliseconds, and the ledger's are those of the beginning of a transaction.
const CLOCK_TOLERANCE_MS: i64 = 100;

/// A running job hears of a wish to end it with the next beat of its worker, at the latest; then nothing new begins.
const CANCEL_WITHIN_MS: i64 = 10_000;

/// Commands after which a device is not what it was.
const POINTS_OF_NO_RETURN: [&str; 2] = ["install", "restart"];

/// The vendor asks for at most so many calls at once on a Panorama.
const PANORAMA_CALLS: u32 = 5;

/// What each device heard, from whom and in which order.
pub(super) fn judge(evidence: &Evidence, allowed: &Allowed, findings: &mut Findings) {
    if evidence.n_forgotten_calls > 0 {
        let n = evidence.n_forgotten_calls;
        findings.other("I2", format!("not provable: the simulator has forgotten {n} requests"));
    }
    let attempts = attempts_by_device(evidence);
    let mut calls: BTreeMap<&str, Vec<&Call>> = BTreeMap::new();
    for call in &evidence.calls {
        calls.entry(&call.serial).or_default().push(call);
    }
    for (serial, mut calls) in calls {
        calls.sort_by_key(|call| (call.began_ms, call.at_ms));
        let attempts = attempts.get(serial).map_or(&[][..], Vec::as_slice);
        one_at_a_time(serial, &calls, attempts, evidence, allowed, findings);
        workers_take_turns(serial, attempts, &calls, findings);
        nothing_is_asked_twice(serial, &calls, allowed, findings);
        nothing_is_final(serial, &calls, findings);
    }
    a_cancel_stops(evidence, findings);
}

/// The attempts at each device, oldest first.
fn attempts_by_device(evidence: &Evidence) -> BTreeMap<&str, Vec<(i64, &Attempt)>> {
    let mut of_device: BTreeMap<&str, Vec<(i64, &Attempt)>> = BTreeMap::new();
    for job in &evidence.jobs {
        let list = of_device.entry(&job.serial).or_default();
        list.extend(job.attempts.iter().map(|attempt| (job.id, attempt)));
    }
    for list in of_device.values_mut() {
        list.sort_by_key(|(job, attempt)| (attempt.from_ms, *job, attempt.token));
    }
    of_device
}

/// The place of the attempt that a call belongs to: the newest that its worker had begun by then.
fn attempt_of(attempts: &[(i64, &Attempt)], call: &Call) -> Option<usize> {
    let worker = call.worker()?;
    attempts.iter().rposition(|(_, attempt)| {
        attempt.worker == worker && attempt.from_ms <= call.began_ms + CLOCK_TOLERANCE_MS
    })
}

/// I2: a call begins after the one before it has ended. A killed asker's call ends when the box notices; so does one
/// that a fenced attempt has dropped, and the next one is of another attempt then.
fn one_at_a_time(
    serial: &str,
    calls: &[&Call],
    attempts: &[(i64, &Attempt)],
    evidence: &Evidence,
    allowed: &Allowed,
    findings: &mut Findings,
) {
    if serial == "panorama" {
        let n = evidence.parallel_calls.get(serial).copied().unwrap_or(0);
        if n > PANORAMA_CALLS {
            findings.other("I2", format!("{n} calls at once on Panorama, allowed are {PANORAMA_CALLS}"));
        }
        return;
    }
    for pair in calls.windows(2) {
        let [before, next] = pair else { continue };
        let is_dropped = allowed.killed
            || before.gone
            || (allowed.fenced && attempt_of(attempts, before) != attempt_of(attempts, next));
        if next.began_ms < before.at_ms && !is_dropped {
            let (a, b) = (&before.command, &next.command);
            findings.other("I2", format!("{serial}: `{b}` came while `{a}` was being answered"));
        }
    }
}

/// I2: a worker speaks to a device only within an attempt of its own, and never after a newer one has spoken.
fn workers_take_turns(serial: &str, attempts: &[(i64, &Attempt)], calls: &[&Call], findings: &mut Findings) {
    for pair in attempts.windows(2) {
        let [(job, older), (next, newer)] = pair else { continue };
        if older.to_ms.is_some_and(|to| to > newer.from_ms + CLOCK_TOLERANCE_MS) {
            let (a, b) = (older.token, newer.token);
            findings
                .other("I2", format!("{serial}: lease {a} of job {job} overlaps lease {b} of job {next}"));
        }
    }
    let mut newest: Option<usize> = None;
    for call in calls {
        let Some(worker) = call.worker() else {
            let is_ours = call.client.as_deref().is_some_and(|client| client.starts_with("panos-upgrade/"));
            if is_ours && call.command == "download" {
                findings.other("I2", format!("{serial}: a download by nobody's name: {:?}", call.client));
            }
            continue;
        };
        let Some(place) = attempt_of(attempts, call) else {
            findings.other("I2", format!("{serial}: `{}` of {worker}, which never claimed it", call.command));
            continue;
        };
        let (job, attempt) = attempts[place];
        if attempt.to_ms.is_some_and(|to| call.began_ms > to + CLOCK_TOLERANCE_MS) {
            let late = call.began_ms - attempt.to_ms.unwrap_or_default();
            let (command, token) = (&call.command, attempt.token);
            findings.other(
                "I2",
                format!("{serial}: `{command}` of {worker} came {late} ms after lease {token} of job {job}"),
            );
        }
        if newest.is_some_and(|newest| newest > place) {
            let (command, token) = (&call.command, attempt.token);
            findings.other(
                "I2",
                format!("{serial}: `{command}` under lease {token} of job {job} after one of a newer lease"),
            );
        }
        newest = newest.max(Some(place));
    }
}

fn nothing_is_asked_twice(serial: &str, calls: &[&Call], allowed: &Allowed, findings: &mut Findings) {
    let mut n_asked: BTreeMap<&str, u32> = BTreeMap::new();
    for call in calls {
        let (Some(file), Some(version)) = (&call.file, &call.version) else { continue };
        let n = n_asked.entry(version).or_default();
        *n += 1;
        if file == "present" {
            findings.duplicated(format!("{serial}: {version} was asked for and already there"));
        } else if *n > 1 && !allowed.may_lose(serial) {
            findings.duplicated(format!("{serial}: {version} was asked for {n} times"));
        }
    }
}

/// I5: nothing that our programs do today cannot be undone.
fn nothing_is_final(serial: &str, calls: &[&Call], findings: &mut Findings) {
    for call in calls.iter().filter(|call| POINTS_OF_NO_RETURN.contains(&call.command.as_str())) {
        let who = call.client.as_deref().unwrap_or("somebody");
        findings.other("I5", format!("{serial}: `{}` by {who}", call.command));
    }
}

/// I9: whoever is asked to stop asks for nothing more, but for what was on its way.
fn a_cancel_stops(evidence: &Evidence, findings: &mut Findings) {
    let mut asked: BTreeMap<i64, i64> = BTreeMap::new();
    for entry in &evidence.entries {
        if entry.action == AuditAction::CancelRequested {
            asked.entry(entry.job).or_insert(entry.at_ms);
        }
        let since = asked.get(&entry.job).map(|at| entry.at_ms - at);
        if let Some(late) = since.filter(|late| *late > CANCEL_WITHIN_MS)
            && entry.action == AuditAction::DownloadRequested
        {
            let job = entry.job;
            findings.other("I9", format!("job {job} asked for an image {late} ms after its cancel"));
        }
    }
}
