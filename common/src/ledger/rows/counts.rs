//! How many jobs are where, from groups that the database counted.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::domain::failure::FailureKind;
use crate::domain::job::JobState;
use crate::ledger::{FailureCount, StatusCounts};

/// Jobs that are alike in everything that is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobGroup {
    pub state: JobState,
    pub kind: Option<FailureKind>,
    pub is_ready: bool,
    pub n_jobs: u64,
}

/// Adds up groups. A kind counts for failed and skipped jobs: elsewhere it is a failure that was tried again.
pub fn status_counts(groups: impl IntoIterator<Item = JobGroup>) -> StatusCounts {
    let mut counts = StatusCounts {
        by_state: JobState::ALL.into_iter().map(|state| (state, 0)).collect(),
        ..StatusCounts::default()
    };
    let mut kinds: BTreeMap<FailureKind, u64> = BTreeMap::new();
    for JobGroup { state, kind, is_ready, n_jobs } in groups {
        counts.total += n_jobs;
        *counts.by_state.entry(state).or_default() += n_jobs;
        counts.ready_for_install += if is_ready { n_jobs } else { 0 };
        match (state, kind) {
            (JobState::Failed | JobState::Skipped, Some(kind)) => *kinds.entry(kind).or_default() += n_jobs,
            (JobState::Failed | JobState::Skipped, None)
            | (
                JobState::Scheduled
                | JobState::Available
                | JobState::Running
                | JobState::Completed
                | JobState::Cancelled,
                _,
            ) => {}
        }
    }
    let failure = |(kind, count): (FailureKind, u64)| FailureCount { kind, count, remedy: kind.remedy() };
    counts.failures = kinds.into_iter().map(failure).collect();
    counts.failures.sort_by_key(|failure| Reverse(failure.count));
    counts
}
