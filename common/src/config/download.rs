//! `[download]`: how patient a worker is with a device that downloads.

use std::time::Duration;

use super::Field;
use super::problem::Problems;
use super::setting::shown_length;

/// `[download]`.
#[derive(Debug, Clone)]
pub struct DownloadConfig {
    /// Time without any progress after which the device's download counts as stalled. Default: 30m, as
    /// the predecessor had it: a gigabyte over a thin line stands at one percent for a long time.
    pub stall_timeout: Duration,
    /// Time until a device that is busy with a job of somebody else is asked again. Costs no attempt.
    /// Default: 60s.
    pub busy_wait: Duration,
}

impl Default for DownloadConfig {
    fn default() -> Self {
        Self { stall_timeout: Duration::from_secs(30 * 60), busy_wait: Duration::from_secs(60) }
    }
}

impl DownloadConfig {
    pub(super) fn fields(&mut self) -> Vec<Field<'_>> {
        vec![
            Field::new("download.stall_timeout", &mut self.stall_timeout),
            Field::new("download.busy_wait", &mut self.busy_wait),
        ]
    }

    pub(super) fn check(&self, longest_poll: Duration, problems: &mut Problems) {
        problems.refuse_zero(&[("download.busy_wait", self.busy_wait)]);
        if self.stall_timeout <= longest_poll {
            problems.add_among(
                &["download.stall_timeout", "poll.max"],
                Some(shown_length(self.stall_timeout)),
                format!("must exceed poll.max, which is {}", shown_length(longest_poll)),
            );
        }
    }
}
