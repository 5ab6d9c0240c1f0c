//! What a fleet is like: how many devices, which of them have which problem, and how each must end.
//!
//! Three sources, the later winning: defaults, a scenario ([`Named`] or a TOML [`mod@file`]), the command line.
//! Leaves to others: making devices of it ([`crate::fleet`]).

pub mod file;
mod problem;
mod quirks;

pub use problem::{Problem, Setting};
pub use quirks::oddity::{self, ODDITIES, Oddity};
pub use quirks::{
    ContentType, Details, ErrorPlace, FinishedProgress, PresentAnswer, Quirks, RestartReply, Support,
    UncheckedList, UnknownJob,
};

use std::time::Duration;

use crate::faults::FaultRequest;
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
    /// How many times faster than in reality everything else goes that has a duration of its own.
    pub scale: u32,
}

/// How many times faster a fleet goes that does not say.
pub const SCALE: u32 = 20;

impl Default for Pace {
    fn default() -> Self {
        Self {
            download_time: Duration::from_secs(10),
            spread: 0.0,
            check_time: Duration::from_millis(50),
            reboot_time: Duration::from_secs(3),
            scale: SCALE,
        }
    }
}

impl Pace {
    /// How long something takes here that takes so long on a real device.
    pub fn scaled(self, real: Duration) -> Duration {
        real / self.scale.max(1)
    }

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
    /// Such calls are answered this much later, in place of being refused.
    pub parallel_delay: Option<Duration>,
    /// Whether the generated devices have every harmless oddity that there is, instead of the common ones.
    pub every_oddity: bool,
    /// Problems and oddities that no device has.
    pub without: Vec<String>,
    /// Oddities of every device, in place of a mixture.
    pub quirks: Option<Quirks>,
    /// Faults of every device, from the beginning.
    pub faults: Vec<FaultRequest>,
    /// Whether Panorama is the passive one of its pair.
    pub passive_panorama: bool,
}

/// The target of a realistic fleet: the base of its train is 12.1.2, not a .0.
pub const REALISTIC_TARGET: Version =
    Version { train: Train { major: 12, minor: 1 }, patch: 4, suffix: Suffix::Release };
/// Devices of a realistic fleet that names no number.
const REALISTIC_DEVICES: u64 = 500;
/// One device in so many has a given problem, and at least [`AT_LEAST`] have it.
const ONE_IN: u64 = 250;
const AT_LEAST: u64 = 2;

/// The built-in scenarios.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Named {
    /// Nothing goes wrong: every device is healthy, reports its hashes and has room.
    Plain,
    /// As plain, with a handful of problems, each on one or two devices.
    Demo,
    /// Everything that a real fleet could show: every problem, each on two devices or more, and every harmless
    /// oddity on all of them, mixed by seed.
    Realistic,
}

impl Named {
    /// The problems, and how many of so many devices have each.
    pub fn problems(self, devices: u64) -> Vec<(Problem, u64)> {
        match self {
            Self::Plain => Vec::new(),
            Self::Realistic => {
                Problem::ALL.iter().map(|problem| (*problem, how_many(*problem, devices))).collect()
            }
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
        let is_realistic = self == Self::Realistic;
        let devices = if is_realistic { REALISTIC_DEVICES } else { DEVICES };
        Scenario {
            seed: SEED,
            target: if is_realistic { REALISTIC_TARGET } else { TARGET },
            devices,
            pace: if is_realistic { realistic_pace() } else { Pace::default() },
            problems: self.problems(devices),
            singles: Vec::new(),
            max_parallel_calls: is_realistic.then_some(5),
            parallel_delay: is_realistic.then_some(Duration::from_secs(1)),
            every_oddity: is_realistic,
            without: Vec::new(),
            quirks: None,
            faults: Vec::new(),
            passive_panorama: false,
        }
    }
}

/// At [`SCALE`]: downloads of two minutes, checks of ten seconds, reboots of two and a half minutes.
fn realistic_pace() -> Pace {
    Pace {
        download_time: Duration::from_secs(6),
        spread: 0.3,
        check_time: Duration::from_millis(500),
        reboot_time: Duration::from_millis(7_500),
        scale: SCALE,
    }
}

/// Refused log-ins stay few: three in a row are for a worker to stop the whole fleet.
fn how_many(problem: Problem, devices: u64) -> u64 {
    let share = (devices / ONE_IN).max(AT_LEAST);
    match problem {
        Problem::BadCredentials => AT_LEAST,
        Problem::TenMinutes => share * 2,
        _ => share,
    }
}

impl Scenario {
    /// With so many generated devices; those of a realistic fleet have as many more problems.
    pub fn set_devices(&mut self, devices: u64) {
        self.devices = devices;
        if self.every_oddity {
            self.problems = Named::Realistic.problems(devices);
        }
    }

    /// What problems look at.
    pub fn setting(&self) -> Setting {
        Setting { target: self.target, seed: self.seed, pace: self.pace }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_of_a_realistic_fleet_is_there_once_and_says_what_it_is() {
        let problems = Problem::ALL.iter().map(|problem| (problem.as_str(), problem.sentence()));
        let all: Vec<_> =
            problems.chain(ODDITIES.iter().map(|oddity| (oddity.name, oddity.sentence))).collect();
        let names: std::collections::BTreeSet<_> = all.iter().map(|(name, _)| name).collect();
        assert_eq!(names.len(), all.len());
        assert!(
            all.iter().all(|(_, sentence)| sentence.ends_with('.') && !sentence.contains("  ")),
            "{all:?}"
        );
    }

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
