//! What a fleet is like: how many devices, which of them have which problem, and how each must end.
//!
//! Three sources, the later winning: defaults, a scenario ([`Named`] or a TOML [`mod@file`]), the command line.
//! Leaves to others: making devices of it ([`crate::fleet`]).

pub mod file;
mod problem;
mod quirks;

pub use problem::Problem;
pub use quirks::{ContentType, FinishedProgress, Quirks, RestartReply};

use std::time::Duration;

use crate::seeded::Seed;
use crate::version::{Suffix, Train, Version};
use file::SingleDevice;

/// The target of every fleet that names none: 11.1.4-h7, in the list of each model but the PA-220.
pub const TARGET: Version =
    Version { train: Train { major: 11, minor: 1 }, patch: 4, suffix: Suffix::Hotfix(7) };
/// Devices of a fleet that names no number.
pub const DEVICES: u64 = 230;
/// Seed of a fleet that names none.
pub const SEED: Seed = Seed(7);
/// The most devices: more addresses than a /8 of loopback has room for are no use, and memory has an end.
pub const DEVICES_LIMIT: u64 = 100_000;

/// How long things take.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    /// A download, from the request to its end.
    pub download_time: Duration,
    /// Each download takes between 1-F and 1+F times as long.
    pub spread: f64,
    /// `request system software check`; 5 to 30 s on real devices.
    pub check_time: Duration,
    /// From the restart request until the device answers again.
    pub reboot_time: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            download_time: Duration::from_secs(10),
            spread: 0.0,
            check_time: Duration::from_millis(50),
            reboot_time: Duration::from_secs(3),
        }
    }
}

impl Pace {
    /// How long the download of `version` takes on the device called `serial`.
    pub fn download(&self, seed: Seed, serial: &str, version: Version) -> Duration {
        let factor = 1.0 + self.spread * (2.0 * seed.unit(&["spread", serial, &version.to_string()]) - 1.0);
        self.download_time.mul_f64(factor.max(0.0))
    }
}

/// A fleet, fully decided.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// From which everything random follows.
    pub seed: Seed,
    /// What the fleet is to be brought to.
    pub target: Version,
    /// Generated devices.
    pub devices: u64,
    /// How long things take.
    pub pace: Pace,
    /// Problems, and how many generated devices have each.
    pub problems: Vec<(Problem, u64)>,
    /// Devices described one by one, after the generated ones.
    pub singles: Vec<SingleDevice>,
    /// More calls at once than this on one box are answered with HTTP 503; no limit when absent. The vendor asks
    /// for at most five.
    pub max_parallel_calls: Option<u32>,
}

/// The built-in scenarios.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Named {
    /// Nothing goes wrong: every device is healthy, reports its hashes and has room.
    Plain,
    /// As plain, with a handful of problems, each on one or two devices.
    Demo,
}

impl Named {
    /// The problems, and how many devices have each.
    pub fn problems(self) -> Vec<(Problem, u64)> {
        match self {
            Self::Plain => Vec::new(),
            Self::Demo => vec![
                (Problem::NoPath, 2),
                (Problem::Newer, 2),
                (Problem::DiskFull, 2),
                (Problem::Unreachable, 1),
                (Problem::HashMismatch, 1),
                (Problem::HashNotReported, 2),
                (Problem::AlreadyStaged, 2),
                (Problem::ForeignDownload, 1),
                (Problem::WrongSerial, 1),
                (Problem::BadCredentials, 1),
                (Problem::BaseMissingTrap, 1),
                (Problem::SlowAnswers, 2),
                (Problem::HtmlAnswer, 1),
            ],
        }
    }

    /// The whole scenario, with defaults for the rest.
    pub fn scenario(self) -> Scenario {
        Scenario {
            seed: SEED,
            target: TARGET,
            devices: DEVICES,
            pace: Pace::default(),
            problems: self.problems(),
            singles: Vec::new(),
            max_parallel_calls: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_download_takes_exactly_the_time_unless_a_spread_is_asked_for() {
        let exact = Pace::default();
        assert_eq!(exact.download(SEED, "019900001000", TARGET), Duration::from_secs(10));
        let spread = Pace { spread: 0.2, ..exact };
        for serial in ["a", "b", "c", "d"] {
            let length = spread.download(SEED, serial, TARGET);
            assert!((8.0..12.0).contains(&length.as_secs_f64()), "{length:?}");
        }
        assert_ne!(spread.download(SEED, "a", TARGET), spread.download(SEED, "b", TARGET));
    }
}
