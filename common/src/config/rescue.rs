//! `[rescue]`: how soon what was lost is found. Leaves to others: finding it (the worker).

use std::time::Duration;

use super::Field;
use super::problem::Problems;

/// `[rescue]`.
#[derive(Debug, Clone)]
pub struct RescueConfig {
    /// Time between two looks for what was lost: expired leases, wake-ups that are nowhere, dead letters. Default:
    /// 15s. Never longer than half of `lease.ttl`, so that with short leases the jobs of a dead worker do not wait
    /// for the look instead; what is longer is shortened to that.
    pub every: Duration,
    /// Time after which a job that was dispatched and not claimed, while its queue is empty, gets another wake-up.
    /// Default: 60s; a claim takes milliseconds, and a wake-up too many costs as long.
    pub unclaimed_after: Duration,
}

impl Default for RescueConfig {
    fn default() -> Self {
        Self { every: Duration::from_secs(15), unclaimed_after: Duration::from_secs(60) }
    }
}

impl RescueConfig {
    /// Time between two looks, with leases of `ttl`.
    #[must_use]
    pub fn every_at_most(&self, ttl: Duration) -> Duration {
        self.every.min(ttl / 2)
    }

    pub(super) fn fields(&mut self) -> Vec<Field<'_>> {
        vec![
            Field::new("rescue.every", &mut self.every),
            Field::new("rescue.unclaimed_after", &mut self.unclaimed_after),
        ]
    }

    pub(super) fn check(&self, problems: &mut Problems) {
        problems
            .refuse_zero(&[("rescue.every", self.every), ("rescue.unclaimed_after", self.unclaimed_after)]);
    }
}
