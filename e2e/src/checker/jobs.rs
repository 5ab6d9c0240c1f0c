//! What holds of jobs and their attempts: I1, I3, I4 and I14.
//!
//! Promises: a job that any witness remembers is looked for, also when its row is gone. Leaves to others: what an
//! attempt did on its device ([`devices`](super::devices)), and whether it was written down ([`trail`](super::trail)).

use std::collections::{BTreeMap, BTreeSet};

use common::audit::AuditAction;

use super::evidence::{Attempt, Evidence, Job};
use super::findings::Findings;

/// Endings that give the attempt back: the job lost it to no fault of its own.
const GIVEN_BACK: [&str; 2] = ["released", "snooze"];

/// Every accepted job has ended, once (I1); one job per device at any time (I3); attempts and leases only grow (I4);
/// nobody holds what has ended (I14).
pub(super) fn judge(evidence: &Evidence, findings: &mut Findings) {
    every_accepted_job_is_there(evidence, findings);
    for job in &evidence.jobs {
        has_ended(job, findings);
        leases_only_grow(job, findings);
    }
    one_job_per_device(&evidence.jobs, findings);
    for holder in &evidence.rest.holders {
        findings.other("I14", format!("{holder} holds leases, and no worker runs"));
    }
}

/// The trail and the log remember jobs whose rows are gone.
fn every_accepted_job_is_there(evidence: &Evidence, findings: &mut Findings) {
    let known: BTreeSet<i64> = evidence.jobs.iter().map(|job| job.id).collect();
    let queued = evidence.entries.iter().filter(|entry| entry.action == AuditAction::JobQueued);
    let told: BTreeSet<i64> = queued.map(|entry| entry.job).collect();
    let heard: BTreeSet<i64> = evidence.events.iter().map(|event| event.job).collect();
    for job in told.union(&heard).filter(|job| !known.contains(job)) {
        let witness = if told.contains(job) { "the trail" } else { "the log of events" };
        findings.lost(format!("job {job}: {witness} tells of it, and the ledger does not know it"));
    }
}

fn has_ended(job: &Job, findings: &mut Findings) {
    let Job { id, serial, state, .. } = job;
    if !state.is_terminal() || job.ended_ms.is_none() {
        findings.lost(format!("job {id} of {serial} has not ended: it is {state}"));
    }
    if let Some(worker) = &job.worker {
        findings.other("I14", format!("job {id}: {worker} still holds it"));
    }
    for attempt in job.attempts.iter().filter(|one| one.to_ms.is_none() || one.ending.is_none()) {
        findings
            .other("I14", format!("job {id}: lease {} of {} has not ended", attempt.token, attempt.worker));
    }
}

fn leases_only_grow(job: &Job, findings: &mut Findings) {
    let tokens: Vec<i64> = job.attempts.iter().map(|attempt| attempt.token).collect();
    if tokens != (1..=job.last_token).collect::<Vec<_>>() {
        findings.other("I4", format!("job {}: leases {tokens:?}, the last is {}", job.id, job.last_token));
    }
    for pair in job.attempts.windows(2) {
        let [older, newer] = pair else { continue };
        let is_next = follows(older, newer);
        if !is_next {
            let (from, to) = (older.attempt, newer.attempt);
            let ending = older.ending.as_deref().unwrap_or("none");
            findings
                .other("I4", format!("job {}: attempt {to} follows {from}, which ended as {ending}", job.id));
        }
    }
    for attempt in job.attempts.iter().filter(|one| one.attempt > job.max_attempts) {
        findings.other("I4", format!("job {}: attempt {} of {}", job.id, attempt.attempt, job.max_attempts));
    }
}

fn follows(older: &Attempt, newer: &Attempt) -> bool {
    let was_given_back = older.ending.as_deref().is_some_and(|ending| GIVEN_BACK.contains(&ending));
    // A lease that was lost is charged or not, by how often that happened.
    let was_lost = older.ending.as_deref() == Some("lease_lost");
    let same = newer.attempt == older.attempt;
    let next = newer.attempt == older.attempt + 1;
    if was_lost {
        same || next
    } else if was_given_back {
        same
    } else {
        next
    }
}

fn one_job_per_device(jobs: &[Job], findings: &mut Findings) {
    let mut of_device: BTreeMap<&str, Vec<&Job>> = BTreeMap::new();
    for job in jobs {
        of_device.entry(&job.serial).or_default().push(job);
    }
    for (serial, mut jobs) in of_device {
        jobs.sort_by_key(|job| (job.created_ms, job.id));
        for pair in jobs.windows(2) {
            let [older, newer] = pair else { continue };
            if older.ended_ms.is_none_or(|ended| ended > newer.created_ms) {
                findings.other("I3", format!("{serial}: jobs {} and {} at once", older.id, newer.id));
            }
        }
    }
}
