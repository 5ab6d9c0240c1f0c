//! `[poll]`: how often a device is asked about its own job.

use std::time::Duration;

use super::Field;
use super::problem::Problems;
use super::setting::shown_length;

/// `[poll]`. The pace between the two follows the progress that the device reports.
#[derive(Debug, Clone)]
pub struct PollConfig {
    /// Shortest time between two questions. Default: 2s, so that a small image is noticed when it is there.
    pub min: Duration,
    /// Longest time between two questions. Default: 30s, so that a cancel is seen and a management plane
    /// that is busy downloading is left alone.
    pub max: Duration,
}

impl Default for PollConfig {
    fn default() -> Self {
        Self { min: Duration::from_secs(2), max: Duration::from_secs(30) }
    }
}

impl PollConfig {
    pub(super) fn fields(&mut self) -> Vec<Field<'_>> {
        vec![Field::new("poll.min", &mut self.min), Field::new("poll.max", &mut self.max)]
    }

    pub(super) fn check(&self, problems: &mut Problems) {
        problems.refuse_zero(&[("poll.min", self.min)]);
        if self.min > self.max {
            problems.add_among(
                &["poll.min", "poll.max"],
                Some(shown_length(self.min)),
                format!("must not exceed poll.max, which is {}", shown_length(self.max)),
            );
        }
    }
}
