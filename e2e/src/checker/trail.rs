//! What the audit trail must say: I11, and that nothing follows an end (I4).
//!
//! Promises: entries are counted against what the ledger says happened, in both directions. Leaves to others: hashes and
//! chains, which the programs' own verification judges.

use std::collections::BTreeMap;

use common::audit::AuditAction;
use common::domain::job::JobState;

use super::evidence::{Evidence, Job};
use super::findings::Findings;

/// The trail verifies, and has one entry for each change of each job.
pub(super) fn judge(evidence: &Evidence, findings: &mut Findings) {
    if let Some(reason) = &evidence.broken_trail {
        findings.other("I11", format!("the trail does not verify: {reason}"));
    }
    let mut actions: BTreeMap<i64, Vec<AuditAction>> = BTreeMap::new();
    for entry in &evidence.entries {
        actions.entry(entry.job).or_default().push(entry.action);
    }
    for job in &evidence.jobs {
        one_entry_per_change(job, actions.get(&job.id).map_or(&[][..], Vec::as_slice), findings);
    }
}

fn one_entry_per_change(job: &Job, actions: &[AuditAction], findings: &mut Findings) {
    let count = |wanted: AuditAction| actions.iter().filter(|action| **action == wanted).count();
    let endings = |word: &str| job.attempts.iter().filter(|one| one.ending.as_deref() == Some(word)).count();
    let ended = |state: JobState| usize::from(job.state == state);
    let expected = [
        (AuditAction::JobQueued, 1),
        (AuditAction::JobClaimed, job.attempts.len()),
        (AuditAction::RetryScheduled, endings("retry")),
        (AuditAction::JobSnoozed, endings("snooze")),
        (AuditAction::JobReleased, endings("released")),
        (AuditAction::JobCompleted, ended(JobState::Completed)),
        (AuditAction::JobFailed, ended(JobState::Failed)),
        (AuditAction::JobSkipped, ended(JobState::Skipped)),
        (AuditAction::JobCancelled, ended(JobState::Cancelled)),
    ];
    for (action, n) in expected {
        let found = count(action);
        if found != n {
            findings.other(
                "I11",
                format!("job {}: {found} entries say {action:?}, it happened {n} times", job.id),
            );
        }
    }
    // A lost lease brings the job back, or ends it where somebody asked for that or it happened too often.
    let (rescued, lost) = (count(AuditAction::JobRescued), endings("lease_lost"));
    if rescued > lost || rescued + 1 < lost {
        findings.other(
            "I11",
            format!("job {}: {rescued} entries say JobRescued, {lost} leases were lost", job.id),
        );
    }
    let end = actions.iter().position(|action| is_end(*action));
    if let Some(later) =
        end.and_then(|end| actions[end + 1..].iter().find(|action| is_of_an_attempt(**action)))
    {
        findings.other("I4", format!("job {}: {later:?} stands behind its end", job.id));
    }
}

fn is_end(action: AuditAction) -> bool {
    matches!(
        action,
        AuditAction::JobCompleted
            | AuditAction::JobFailed
            | AuditAction::JobSkipped
            | AuditAction::JobCancelled
    )
}

/// What only a worker says that holds a lease.
fn is_of_an_attempt(action: AuditAction) -> bool {
    is_end(action)
        || matches!(
            action,
            AuditAction::JobClaimed
                | AuditAction::DeviceIdentified
                | AuditAction::PathPlanned
                | AuditAction::SpaceChecked
                | AuditAction::DownloadRequested
                | AuditAction::DownloadAccepted
                | AuditAction::DownloadAdopted
                | AuditAction::DownloadEnded
                | AuditAction::ImageHashed
                | AuditAction::RetryScheduled
                | AuditAction::JobSnoozed
                | AuditAction::JobReleased
                | AuditAction::JobRescued
        )
}
