//! Compares how the jobs of a fleet ended with how the scenario says they must end, and what was asked on the way
//! with what there was a reason to ask.
//!
//! Reads a job export and the control endpoint's state and counters; the newest job of each serial counts. Unknown
//! fields of the export are ignored, so that it may grow. Leaves to others: printing.

mod asked;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;

use crate::calls::Counters;
use crate::expected::{Expected, ExpectedState};
use crate::version::Version;

/// A job export.
#[derive(Debug, Deserialize)]
pub struct Export {
    jobs: Vec<Job>,
}

/// A job's id: a number or a text; of either kind, the greater is the newer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(untagged)]
enum JobId {
    Number(u64),
    Text(String),
}

/// One job of the export.
#[derive(Debug, Clone, Deserialize)]
struct Job {
    id: JobId,
    serial: String,
    state: String,
    #[serde(default)]
    failure_kind: Option<String>,
    #[serde(default)]
    ready_for_install: Option<bool>,
    #[serde(default)]
    images: Vec<JobImage>,
}

/// One image of a job, as far as it is read here.
#[derive(Debug, Clone, Deserialize)]
struct JobImage {
    version: String,
    #[serde(default)]
    outcome: Option<Outcome>,
}

/// What is known about its bytes.
#[derive(Debug, Clone, Deserialize)]
struct Outcome {
    outcome: String,
}

/// What the control endpoint says about the fleet.
#[derive(Debug, Deserialize)]
pub struct Fleet {
    #[serde(default)]
    target: Option<Version>,
    devices: Vec<FleetDevice>,
}

/// One device of it.
#[derive(Debug, Clone, Deserialize)]
struct FleetDevice {
    serial: String,
    hostname: String,
    scenario: String,
    #[serde(default)]
    oddities: Vec<String>,
    expected: Expected,
    /// Versions that nobody has a reason to ask for.
    #[serde(default)]
    unasked: Vec<Version>,
}

/// A device whose job ended otherwise, or that was asked what it should not have been.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deviation {
    /// Which device.
    pub serial: String,
    /// Its label.
    pub hostname: String,
    /// The problem it has.
    pub scenario: String,
    /// What had to be.
    pub expected: String,
    /// What was.
    pub found: String,
}

/// Devices that have a problem or an oddity in common.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Group {
    /// Problem or oddity.
    pub name: String,
    /// How many have it.
    pub n_devices: usize,
    /// Host names of those that deviate.
    pub differing: Vec<String>,
}

/// The comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Devices of the fleet.
    pub n_devices: usize,
    /// What is not as it must be; a device may appear more than once.
    pub deviations: Vec<Deviation>,
    /// By problem, `plain` included.
    pub problems: Vec<Group>,
    /// By oddity.
    pub oddities: Vec<Group>,
}

impl Verdict {
    /// One line for people.
    pub fn summary(&self) -> String {
        let wrong: std::collections::BTreeSet<&str> =
            self.deviations.iter().map(|one| one.serial.as_str()).collect();
        let n_right = self.n_devices - wrong.len();
        format!("{n_right} of {} devices ended as the scenario says", self.n_devices)
    }
}

/// Compares every device of the fleet with its newest job, and with its counters where there are any.
pub fn compare(fleet: &Fleet, export: &Export, counters: Option<&Counters>) -> Verdict {
    let mut newest: HashMap<&str, &Job> = HashMap::new();
    for job in &export.jobs {
        let known = newest.entry(&job.serial).or_insert(job);
        if job.id > known.id {
            *known = job;
        }
    }
    let mut deviations: Vec<Deviation> = Vec::new();
    for device in &fleet.devices {
        let job = newest.get(device.serial.as_str()).copied();
        if !matches_one(&device.expected, job) {
            deviations.push(device.deviation(in_words(&device.expected), found(job)));
        }
        deviations.extend(hash_deviation(device, fleet.target, job));
        if let Some(numbers) = counters.and_then(|counters| counters.devices.get(&device.serial)) {
            deviations.extend(asked::compare(device, numbers));
        }
    }
    deviations.extend(never_first(fleet, &newest));
    Verdict {
        n_devices: fleet.devices.len(),
        problems: groups(fleet, &deviations, |device| vec![device.scenario.clone()]),
        oddities: groups(fleet, &deviations, |device| device.oddities.clone()),
        deviations,
    }
}

impl FleetDevice {
    fn deviation(&self, expected: String, found: String) -> Deviation {
        Deviation {
            serial: self.serial.clone(),
            hostname: self.hostname.clone(),
            scenario: self.scenario.clone(),
            expected,
            found,
        }
    }
}

fn matches_one(expected: &Expected, job: Option<&Job>) -> bool {
    let other = || expected.otherwise.as_deref().is_some_and(|other| matches_one(other, job));
    matches(expected, job) || other()
}

fn matches(expected: &Expected, job: Option<&Job>) -> bool {
    match (expected.state, job) {
        (ExpectedState::None, job) => job.is_none(),
        (_, None) => false,
        (state, Some(job)) => {
            job.state == state.as_str()
                && job.ready_for_install.unwrap_or(false) == expected.ready_for_install
                && (expected.kind.is_none() || job.failure_kind == expected.kind)
        }
    }
}

/// Whether something else is known about the target's bytes than there should be, where the export says it.
fn hash_deviation(device: &FleetDevice, target: Option<Version>, job: Option<&Job>) -> Option<Deviation> {
    let expected = device.expected.hash.as_ref()?;
    let target = target?.to_string();
    let image = job?.images.iter().find(|image| image.version == target)?;
    let found = image.outcome.as_ref().map_or("nothing", |outcome| &outcome.outcome);
    (found != expected).then(|| device.deviation(format!("{target} {expected}"), found.to_owned()))
}

/// Of a problem with two right ends, where several devices have it and none ended in the first way.
fn never_first(fleet: &Fleet, newest: &HashMap<&str, &Job>) -> Vec<Deviation> {
    let mut of_problem: BTreeMap<&str, Vec<&FleetDevice>> = BTreeMap::new();
    for device in fleet.devices.iter().filter(|device| device.expected.otherwise.is_some()) {
        of_problem.entry(&device.scenario).or_default().push(device);
    }
    let ended_first =
        |device: &&FleetDevice| matches(&device.expected, newest.get(device.serial.as_str()).copied());
    let without =
        of_problem.into_values().filter(|devices| devices.len() > 1 && !devices.iter().any(ended_first));
    without
        .filter_map(|devices| {
            let last = devices.last()?;
            let expected = format!("one of {} devices to be {}", devices.len(), in_words(&last.expected));
            Some(last.deviation(expected, "none".to_owned()))
        })
        .collect()
}

fn groups(
    fleet: &Fleet,
    deviations: &[Deviation],
    names: impl Fn(&FleetDevice) -> Vec<String>,
) -> Vec<Group> {
    let mut groups: BTreeMap<String, Group> = BTreeMap::new();
    for device in &fleet.devices {
        let differs = deviations.iter().any(|one| one.serial == device.serial);
        for name in names(device) {
            let group = groups.entry(name.clone()).or_insert_with(|| Group { name, ..Group::default() });
            group.n_devices += 1;
            if differs {
                group.differing.push(device.hostname.clone());
            }
        }
    }
    groups.into_values().collect()
}

/// An expectation, as a table prints it.
pub fn in_words(expected: &Expected) -> String {
    let first = match expected.state {
        ExpectedState::None => "no job".to_owned(),
        state => end_in_words(state.as_str(), expected.kind.as_deref(), expected.ready_for_install),
    };
    match &expected.otherwise {
        None => first,
        Some(other) => format!("{first}, or {}", in_words(other)),
    }
}

fn found(job: Option<&Job>) -> String {
    job.map_or_else(
        || "no job".to_owned(),
        |job| end_in_words(&job.state, job.failure_kind.as_deref(), job.ready_for_install.unwrap_or(false)),
    )
}

fn end_in_words(state: &str, kind: Option<&str>, ready: bool) -> String {
    let kind = kind.map(|kind| format!(" ({kind})")).unwrap_or_default();
    let ready = if ready { ", ready for install" } else { "" };
    format!("{state}{kind}{ready}")
}
