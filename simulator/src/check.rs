//! Compares how the jobs of a fleet ended with how the scenario says they must end.
//!
//! Reads a job export and the control endpoint's state; the newest job of each serial counts. Unknown fields of
//! the export are ignored, so that it may grow.

use std::collections::HashMap;

use serde::Deserialize;

use crate::expected::{Expected, ExpectedState};

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
}

/// What the control endpoint says about the fleet.
#[derive(Debug, Deserialize)]
pub struct Fleet {
    devices: Vec<FleetDevice>,
}

/// One device of it.
#[derive(Debug, Clone, Deserialize)]
struct FleetDevice {
    serial: String,
    hostname: String,
    scenario: String,
    expected: Expected,
}

/// A device whose job ended otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deviation {
    /// Which device.
    pub serial: String,
    /// Its label.
    pub hostname: String,
    /// The problem it has.
    pub scenario: String,
    /// How its job had to end.
    pub expected: String,
    /// How it ended.
    pub found: String,
}

/// The comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Devices of the fleet.
    pub n_devices: usize,
    /// Those that ended otherwise.
    pub deviations: Vec<Deviation>,
}

impl Verdict {
    /// One line for people.
    pub fn summary(&self) -> String {
        let n_right = self.n_devices - self.deviations.len();
        format!("{n_right} of {} devices ended as the scenario says", self.n_devices)
    }
}

/// Compares every device of the fleet with its newest job.
pub fn compare(fleet: &Fleet, export: &Export) -> Verdict {
    let mut newest: HashMap<&str, &Job> = HashMap::new();
    for job in &export.jobs {
        let known = newest.entry(&job.serial).or_insert(job);
        if job.id > known.id {
            *known = job;
        }
    }
    let deviation = |device: &FleetDevice| {
        let job = newest.get(device.serial.as_str()).copied();
        (!matches(&device.expected, job)).then(|| Deviation {
            serial: device.serial.clone(),
            hostname: device.hostname.clone(),
            scenario: device.scenario.clone(),
            expected: in_words(
                device.expected.state.as_str(),
                device.expected.kind.as_deref(),
                device.expected.ready_for_install,
            ),
            found: job.map_or_else(
                || "no job".to_owned(),
                |job| {
                    let ready = job.ready_for_install.unwrap_or(false);
                    in_words(&job.state, job.failure_kind.as_deref(), ready)
                },
            ),
        })
    };
    Verdict {
        n_devices: fleet.devices.len(),
        deviations: fleet.devices.iter().filter_map(deviation).collect(),
    }
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

fn in_words(state: &str, kind: Option<&str>, ready: bool) -> String {
    let kind = kind.map(|kind| format!(" ({kind})")).unwrap_or_default();
    let ready = if ready { ", ready for install" } else { "" };
    format!("{state}{kind}{ready}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fleet() -> Fleet {
        serde_json::from_value(serde_json::json!({"target": "11.1.4-h7", "devices": [
            {"serial": "1", "hostname": "a", "scenario": "plain", "expected": Expected::completed()},
            {"serial": "2", "hostname": "b", "scenario": "disk-full", "expected": Expected::failed("disk_full")},
            {"serial": "3", "hostname": "c", "scenario": "newer", "expected": Expected::none()},
        ]}))
        .unwrap()
    }

    fn compared(jobs: &serde_json::Value) -> Verdict {
        compare(&fleet(), &serde_json::from_value(serde_json::json!({ "jobs": jobs })).unwrap())
    }

    #[test]
    fn the_newest_job_of_each_device_counts() {
        let verdict = compared(&serde_json::json!([
            {"id": 2, "serial": "1", "state": "completed", "ready_for_install": true, "more": [1]},
            {"id": 1, "serial": "1", "state": "failed", "failure_kind": "unreachable"},
            {"id": 3, "serial": "2", "state": "failed", "failure_kind": "disk_full", "ready_for_install": null},
        ]));
        assert_eq!(verdict.summary(), "3 of 3 devices ended as the scenario says");
        assert_eq!(verdict.deviations, []);
    }

    #[test]
    fn a_wrong_state_kind_or_readiness_and_an_unwanted_job_are_deviations() {
        let verdict = compared(&serde_json::json!([
            {"id": "0a", "serial": "1", "state": "completed", "ready_for_install": false},
            {"id": "0b", "serial": "2", "state": "failed", "failure_kind": "unreachable"},
            {"id": "0c", "serial": "3", "state": "completed", "ready_for_install": true},
        ]));
        let found: Vec<&str> = verdict.deviations.iter().map(|one| one.found.as_str()).collect();
        assert_eq!(found, ["completed", "failed (unreachable)", "completed, ready for install"]);
        assert_eq!(verdict.summary(), "0 of 3 devices ended as the scenario says");
    }

    #[test]
    fn a_missing_job_is_a_deviation() {
        assert_eq!(compared(&serde_json::json!([])).deviations.len(), 2);
    }
}
