//! From a device and a goal to a job, or the reason why there is none.
//!
//! Promises: pure, and the one place that decides it: the commands that queue, their dry runs, `download plan`, the
//! API and commands over AMQP ask here. What the device itself said wins over the inventory where it is known; the worker
//! plans again from the device's own list. Leaves to others: asking devices, jobs that a device
//! already has (the ledger), the rules of paths ([`path`]).

use crate::domain::device::Device;
use crate::domain::image::SoftwareListing;
use crate::domain::job::{JobSpec, JobType, PairMode};
use crate::domain::path::{self, Goal, PathsFile, Plan, Policy};
use crate::domain::version::Version;

/// Reason word of a device that nobody could call.
pub const NO_ADDRESS: &str = "no_address";

/// Reason word of a device of which nobody knows what it runs.
pub const VERSION_UNREADABLE: &str = "version_unreadable";

/// Reason word of a device that is where it is to be brought.
pub const RUNS_TARGET: &str = "runs_target";

/// What a device without a version lacks: a file may leave it out, and the plan starts from it.
const NO_VERSION: &str = "the inventory has no running version";

/// What to do about it.
const VERSION_REMEDY: &str = "give it as current_version with `panos-upgrade device import`";

/// Why a device without an address has no plan.
#[must_use]
pub fn no_address() -> Reason {
    let message = "the inventory has no management address".to_owned();
    (NO_ADDRESS, message, "give one: `panos-upgrade device address SERIAL ADDRESS --reason TEXT`".to_owned())
}

/// Where devices are to be brought.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Exactly these versions for every device; goes before the others.
    pub path: Option<Vec<Version>>,
    /// Explicit paths; a version that is in here follows its path.
    pub paths: Option<PathsFile>,
    /// For every other version.
    pub target: Option<Version>,
}

/// How jobs are made.
#[derive(Debug, Clone)]
pub struct Rules {
    /// Where to.
    pub wanted: Wanted,
    /// How a way there is made.
    pub policy: Policy,
    /// Attempts allowed.
    pub max_attempts: u32,
    /// How the members of a pair share the work.
    pub pair: PairMode,
}

/// What a device said of itself.
#[derive(Debug)]
pub struct Seen {
    /// What it runs.
    pub current: Version,
    /// What it can have and has.
    pub listing: SoftwareListing,
}

/// A device for which there is something to do.
#[derive(Debug)]
pub struct Planned {
    /// The device.
    pub device: Device,
    /// Its job.
    pub spec: JobSpec,
    /// As far as it can be known: presence and sizes only where the device was asked.
    pub plan: Plan,
}

/// A device for which there is nothing to do, or nothing that could be done.
#[derive(Debug)]
pub struct NotPlanned {
    /// The device.
    pub device: Device,
    /// One word for programs; stable.
    pub reason: &'static str,
    /// One sentence for people.
    pub message: String,
    /// What they do next; empty where there is nothing to do.
    pub remedy: String,
}

/// Why there is no plan: the word, the sentence, and what to do.
pub type Reason = (&'static str, String, String);

impl Wanted {
    /// The goal of a device that runs `current`.
    #[must_use]
    pub fn goal_for(&self, current: &Version) -> Option<Goal> {
        if let Some(path) = &self.path {
            return Some(Goal::Explicit(path.clone()));
        }
        let explicit = self.paths.as_ref().and_then(|paths| paths.goal_for(current));
        explicit.or_else(|| self.target.map(Goal::Target))
    }
}

/// Decides one device, by what it said where it was asked.
///
/// # Errors
/// [`NotPlanned`], with the reason.
pub fn decide(device: Device, seen: Option<&Seen>, rules: &Rules) -> Result<Planned, Box<NotPlanned>> {
    match goal_and_plan(&device, seen, rules) {
        Ok((goal, plan)) => {
            let spec = JobSpec {
                serial: device.serial.clone(),
                job_type: JobType::DownloadOnly,
                goal,
                max_attempts: rules.max_attempts,
                retry_of: None,
                pair: rules.pair,
            };
            Ok(Planned { device, spec, plan })
        }
        Err((reason, message, remedy)) => Err(Box::new(NotPlanned { device, reason, message, remedy })),
    }
}

fn goal_and_plan(device: &Device, seen: Option<&Seen>, rules: &Rules) -> Result<(Goal, Plan), Reason> {
    if device.address.is_none() {
        return Err(no_address());
    }
    let current = match seen {
        Some(seen) => seen.current,
        None => device.version().map_err(|error| {
            let is_empty = device.sw_version.is_empty();
            let message = if is_empty { NO_VERSION.to_owned() } else { error.to_string() };
            (VERSION_UNREADABLE, message, VERSION_REMEDY.to_owned())
        })?,
    };
    let goal = rules.wanted.goal_for(&current).ok_or_else(|| {
        let message = format!("the paths file has no path for {current}");
        ("no_path_for_version", message, "add one, or use --target".to_owned())
    })?;
    let plan = path::plan(&current, &goal, seen.map(|seen| &seen.listing), &rules.policy)
        .map_err(|error| (error.code(), error.to_string(), error.remedy().to_owned()))?;
    if plan.images.is_empty() {
        return Err((RUNS_TARGET, format!("runs {current} already"), String::new()));
    }
    Ok((goal, plan))
}

#[cfg(test)]
mod tests {
    use crate::domain::device::{Ha, Source};

    use super::*;

    fn device(address: Option<&str>, sw_version: &str) -> Device {
        Device {
            serial: "007900000100103".parse().unwrap(),
            hostname: "edge-1".to_owned(),
            address: address.map(str::to_owned),
            model: "PA-440".to_owned(),
            sw_version: sw_version.to_owned(),
            ha: Ha::Standalone,
            multi_vsys: false,
            connected: false,
            source: Source::Csv,
        }
    }

    fn rules(wanted: Wanted) -> Rules {
        Rules { wanted, policy: Policy::default(), max_attempts: 5, pair: PairMode::InTurn }
    }

    fn target(version: &str) -> Rules {
        rules(Wanted { target: Some(version.parse().unwrap()), ..Wanted::default() })
    }

    #[test]
    fn each_reason_has_its_word() {
        let paths = PathsFile::parse(r#"{"10.1.0": ["10.2.0"]}"#, "paths.json").unwrap();
        let only_paths = rules(Wanted { paths: Some(paths), ..Wanted::default() });
        for (address, runs, rules, reason) in [
            (None, "10.2.9", &target("11.1.4-h7"), "no_address"),
            (Some("192.0.2.1"), "", &target("11.1.4-h7"), "version_unreadable"),
            (Some("192.0.2.1"), "11.1.4-h7", &target("11.1.4-h7"), "runs_target"),
            (Some("192.0.2.1"), "11.2.0", &target("11.1.4-h7"), "newer_than_target"),
            (Some("192.0.2.1"), "10.1.0-c65", &target("11.1.4-h7"), "custom_build"),
            (Some("192.0.2.1"), "10.2.9", &only_paths, "no_path_for_version"),
        ] {
            assert_eq!(decide(device(address, runs), None, rules).unwrap_err().reason, reason);
        }
    }

    #[test]
    fn a_disconnected_device_is_tried_anyway() {
        let planned = decide(device(Some("192.0.2.1"), "10.2.9"), None, &target("11.1.4-h7")).unwrap();
        assert!(!planned.device.connected);
        assert_eq!(planned.spec.max_attempts, 5);
        let versions: Vec<_> = planned.plan.images.iter().map(|image| image.version.to_string()).collect();
        assert_eq!(versions, ["11.1.0", "11.1.4-h7"]);
    }

    #[test]
    fn what_the_device_says_wins_over_the_inventory() {
        let seen = Seen { current: "11.1.4-h7".parse().unwrap(), listing: SoftwareListing::default() };
        let rules = target("11.1.4-h7");
        let not = decide(device(Some("192.0.2.1"), ""), Some(&seen), &rules).unwrap_err();
        assert_eq!(not.reason, RUNS_TARGET);
        let seen = Seen { current: "10.2.9".parse().unwrap(), ..seen };
        let not = decide(device(Some("192.0.2.1"), "11.1.4-h7"), Some(&seen), &rules).unwrap_err();
        assert_eq!(not.reason, "target_not_listed");
    }

    #[test]
    fn an_explicit_path_wins_over_the_target_for_its_version() {
        let paths = PathsFile::parse(r#"{"10.1.0": ["10.2.0", "10.2.9"]}"#, "paths.json").unwrap();
        let wanted = Wanted { paths: Some(paths), target: Some("11.1.0".parse().unwrap()), path: None };
        assert!(matches!(wanted.goal_for(&"10.1.0".parse().unwrap()), Some(Goal::Explicit(_))));
        assert!(matches!(wanted.goal_for(&"10.1.1".parse().unwrap()), Some(Goal::Target(_))));
    }
}
