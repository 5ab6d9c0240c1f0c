//! Problems by name: what makes a device have one, and how its job must end then.

use std::time::Duration;

use serde::Deserialize;

use crate::device::spec::DeviceSpec;
use crate::expected::Expected;
use crate::faults::{Fault, FaultKind};
use crate::images;
use crate::models;
use crate::seeded::Seed;
use crate::version::{Train, Version};

/// Delay of each answer of a slow device; beyond what feels alive, within any sensible timeout.
const SLOW: Duration = Duration::from_millis(1_500);
/// Room for somebody else's image, beside that for the path.
const FOREIGN_ROOM_KB: u64 = 3 << 20;
/// The last train of the PA-220; said to be 10.2, not confirmed by the vendor.
const LAST_OF_PA_220: Train = Train { major: 10, minor: 2 };

/// A named problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Problem {
    /// The target is not in the model's list.
    NoPath,
    /// Runs a version above the target already.
    Newer,
    /// No room for the first image.
    DiskFull,
    /// Connections to its address are refused; reset, in a fleet of more than a thousand.
    Unreachable,
    /// Connections to its address are accepted and never answered.
    Silent,
    /// Reports a false hash for the target.
    HashMismatch,
    /// Reports no hashes.
    HashNotReported,
    /// Has every image of the path.
    AlreadyStaged,
    /// Busy with somebody else's download at first.
    ForeignDownload,
    /// Another box answers at its address.
    WrongSerial,
    /// Refuses the account.
    BadCredentials,
    /// Runs the target's train, whose base was deleted from it: the target's download fails until the base is
    /// there.
    BaseMissingTrap,
    /// Takes long for each answer.
    SlowAnswers,
    /// A web page answers in its place.
    HtmlAnswer,
}

impl Problem {
    /// Every problem.
    pub const ALL: &'static [Self] = &[
        Self::NoPath,
        Self::Newer,
        Self::DiskFull,
        Self::Unreachable,
        Self::Silent,
        Self::HashMismatch,
        Self::HashNotReported,
        Self::AlreadyStaged,
        Self::ForeignDownload,
        Self::WrongSerial,
        Self::BadCredentials,
        Self::BaseMissingTrap,
        Self::SlowAnswers,
        Self::HtmlAnswer,
    ];

    /// Its name in scenario files and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoPath => "no-path",
            Self::Newer => "newer",
            Self::DiskFull => "disk-full",
            Self::Unreachable => "unreachable",
            Self::Silent => "silent",
            Self::HashMismatch => "hash-mismatch",
            Self::HashNotReported => "hash-not-reported",
            Self::AlreadyStaged => "already-staged",
            Self::ForeignDownload => "foreign-download",
            Self::WrongSerial => "wrong-serial",
            Self::BadCredentials => "bad-credentials",
            Self::BaseMissingTrap => "base-missing-trap",
            Self::SlowAnswers => "slow-answers",
            Self::HtmlAnswer => "html-answer",
        }
    }

    /// How a download job to the target must end on a device with this problem.
    pub fn expected(self) -> Expected {
        match self {
            Self::NoPath => Expected::skipped("no_path"),
            Self::Newer => Expected::none(),
            Self::DiskFull => Expected::failed("disk_full"),
            Self::Unreachable | Self::Silent => Expected::failed("unreachable"),
            Self::HashMismatch => Expected::failed("hash_mismatch"),
            Self::WrongSerial => Expected::failed("wrong_device"),
            Self::BadCredentials => Expected::failed("credentials"),
            Self::HtmlAnswer => Expected::failed("unexpected_answer"),
            Self::HashNotReported
            | Self::AlreadyStaged
            | Self::ForeignDownload
            | Self::BaseMissingTrap
            | Self::SlowAnswers => Expected::completed(),
        }
    }

    /// Gives a healthy device this problem.
    pub fn afflict(self, spec: &mut DeviceSpec, target: Version, seed: Seed) {
        self.scenario_of(spec);
        match self {
            Self::NoPath => no_path(spec, seed),
            Self::Newer => {
                let newer = spec.list.iter().map(|image| image.version).find(|version| *version > target);
                spec.run(newer.unwrap_or(target));
            }
            Self::DiskFull => {
                let present_kb: u64 = size_of(spec, &spec.present) + size_of(spec, &[spec.running]);
                let usable_kb = spec.panrepo_kb * 95 / 100;
                spec.overhead_kb = usable_kb.saturating_sub(present_kb + (150 << 10));
            }
            Self::Unreachable => spec.faults.push(Fault::lasting(FaultKind::Refuse)),
            Self::Silent => spec.faults.push(Fault::lasting(FaultKind::Hang)),
            Self::HashMismatch => {
                spec.faults.push(Fault::lasting(FaultKind::HashMismatch { version: Some(target) }));
            }
            Self::HashNotReported => spec.faults.push(Fault::lasting(FaultKind::HashAbsent)),
            Self::AlreadyStaged => {
                run_in_train_of(spec, target);
                spec.present.push(target);
                spec.panrepo_kb += FOREIGN_ROOM_KB;
            }
            Self::ForeignDownload => {
                let present = &spec.present;
                let same_train = |version: &Version| version.train == spec.running.train;
                spec.foreign_download = spec
                    .list
                    .iter()
                    .map(|image| image.version)
                    .find(|v| same_train(v) && *v < spec.running && !present.contains(v));
                spec.panrepo_kb += FOREIGN_ROOM_KB;
            }
            Self::WrongSerial => {
                let serial = spec.model.serial(9_000_000 + seed.below(&["wrong", &spec.serial], 900_000));
                spec.faults.push(Fault::lasting(FaultKind::WrongSerial { serial }));
            }
            Self::BadCredentials => spec.faults.push(Fault::lasting(FaultKind::CredentialsRefused)),
            Self::BaseMissingTrap => {
                run_in_train_of(spec, target);
                spec.present.clear();
            }
            Self::SlowAnswers => spec.faults.push(Fault::lasting(FaultKind::Slow { delay_ms: SLOW })),
            Self::HtmlAnswer => spec.faults.push(Fault::lasting(FaultKind::Html)),
        }
    }

    fn scenario_of(self, spec: &mut DeviceSpec) {
        self.as_str().clone_into(&mut spec.scenario);
        spec.expected = self.expected();
    }
}

fn size_of(spec: &DeviceSpec, versions: &[Version]) -> u64 {
    spec.list.iter().filter(|image| versions.contains(&image.version)).map(|image| image.size_kb).sum()
}

/// Makes a PA-220 of it, whose list ends before the target.
fn no_path(spec: &mut DeviceSpec, seed: Seed) {
    let Some(model) = models::by_name("PA-220") else { return };
    if let Some(Ok(number)) = spec.serial.strip_prefix(spec.model.serial_prefix).map(str::parse) {
        spec.serial = model.serial(number);
    }
    spec.model = model;
    spec.panrepo_kb = model.panrepo_kb;
    spec.list = images::list(&model.platform, Some(LAST_OF_PA_220), seed);
    let choices: Vec<Version> = spec
        .list
        .iter()
        .filter(|image| image.release_type != images::ReleaseType::Base)
        .map(|image| image.version)
        .collect();
    spec.run(*seed.pick(&["no-path", &spec.serial], &choices));
}

/// Runs a release of the target's own train, older than the target.
fn run_in_train_of(spec: &mut DeviceSpec, target: Version) {
    let older = images::running_choices(&spec.list, target).into_iter().find(|v| v.train == target.train);
    if let Some(version) = older {
        spec.run(version);
    }
}
