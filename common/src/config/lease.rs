//! `[lease]`: how long a worker's claim on a job holds without a sign of life.

use std::time::Duration;

use super::Field;
use super::problem::Problems;
use super::setting::shown_length;

/// Renewals that may be lost before a lease is: one slow statement and one reconnect must not cost a
/// thousand jobs their worker.
const RENEWALS_PER_LEASE: u32 = 3;

/// `[lease]`.
#[derive(Debug, Clone)]
pub struct LeaseConfig {
    /// Length of a lease. Default: 60s; the time after which the jobs of a dead worker find another.
    pub ttl: Duration,
    /// Time between two renewals. Default: 15s; one statement renews all leases of a worker.
    pub renew_every: Duration,
}

impl Default for LeaseConfig {
    fn default() -> Self {
        Self { ttl: Duration::from_secs(60), renew_every: Duration::from_secs(15) }
    }
}

impl LeaseConfig {
    pub(super) fn fields(&mut self) -> Vec<Field<'_>> {
        vec![Field::new("lease.ttl", &mut self.ttl), Field::new("lease.renew_every", &mut self.renew_every)]
    }

    pub(super) fn check(&self, problems: &mut Problems) {
        problems.refuse_zero(&[("lease.renew_every", self.renew_every)]);
        if self.ttl <= self.renew_every.saturating_mul(RENEWALS_PER_LEASE) {
            problems.add_among(
                &["lease.ttl", "lease.renew_every"],
                Some(shown_length(self.ttl)),
                format!(
                    "must exceed {RENEWALS_PER_LEASE} x lease.renew_every, which is {}",
                    shown_length(self.renew_every)
                ),
            );
        }
    }
}
