//! A lease: one worker's expiring claim on one job.
//!
//! Holding a [`Lease`] is what allows a worker to write about a job; the ledger compares its token in every
//! statement. Looking at a job (a `JobView`) is another type and allows nothing.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::job::JobId;

/// Grows by one with every claim of a job, and is never handed out twice for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LeaseToken(pub i64);

/// Names one worker process for the time it lives; a restarted one gets another name, so that it can
/// never renew what its predecessor held.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct WorkerId(pub String);

impl WorkerId {
    /// `HOST-PID-RANDOM`: the first two for people, the last for uniqueness across restarts and clones.
    #[must_use]
    pub fn unique(host: &str, pid: u32) -> Self {
        let random = Uuid::new_v4().simple().to_string();
        Self(format!("{host}-{pid}-{}", &random[..8]))
    }
}

impl fmt::Display for WorkerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The right to act on a job and to write about it, until it expires or is lost.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Lease {
    /// The job.
    pub job: JobId,
    /// Fences every write.
    pub token: LeaseToken,
    /// Who holds it; named in the audit trail.
    pub owner: WorkerId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_starts_of_one_process_have_two_names() {
        assert_ne!(WorkerId::unique("pod-1", 7), WorkerId::unique("pod-1", 7));
    }
}
