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
    /// Time without one usable answer from a device whose download runs, a restart of the device included,
    /// after which the attempt ends. Default: 20m, because a large chassis takes ten minutes and more from
    /// the restart to its first answer, and until then it refuses good logins too.
    pub silence_timeout: Duration,
    /// Time for which the second member of an HA pair waits for the image that the first one copies to it;
    /// after that it downloads for itself. Default: 30m, as for a download.
    pub sync_timeout: Duration,
    /// Time until a device that is busy with a job of somebody else is asked again. Costs no attempt.
    /// Default: 60s.
    pub busy_wait: Duration,
}

impl Default for DownloadConfig {
    fn default() -> Self {
        Self {
            stall_timeout: Duration::from_secs(30 * 60),
            silence_timeout: Duration::from_secs(20 * 60),
            sync_timeout: Duration::from_secs(30 * 60),
            busy_wait: Duration::from_secs(60),
        }
    }
}

impl DownloadConfig {
    pub(super) fn fields(&mut self) -> Vec<Field<'_>> {
        vec![
            Field::new("download.stall_timeout", &mut self.stall_timeout),
            Field::new("download.silence_timeout", &mut self.silence_timeout),
            Field::new("download.sync_timeout", &mut self.sync_timeout),
            Field::new("download.busy_wait", &mut self.busy_wait),
        ]
    }

    pub(super) fn check(&self, longest_poll: Duration, problems: &mut Problems) {
        problems.refuse_zero(&[("download.busy_wait", self.busy_wait)]);
        // Each of them passes between two polls otherwise, and a device that is well would be given up.
        for (key, timeout) in [
            ("download.stall_timeout", self.stall_timeout),
            ("download.silence_timeout", self.silence_timeout),
            ("download.sync_timeout", self.sync_timeout),
        ] {
            if timeout <= longest_poll {
                problems.add_among(
                    &[key, "poll.max"],
                    Some(shown_length(timeout)),
                    format!("must exceed poll.max, which is {}", shown_length(longest_poll)),
                );
            }
        }
    }
}
