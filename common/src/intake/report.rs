//! What became of each device. The names of its fields are interface, the same from every door.
//!
//! Leaves to others: printing it (the command line), the status of an answer (the API).

use crate::domain::device::{Device, Serial};
use crate::domain::job::{BatchId, JobId, JobState, JobType};
use crate::domain::path::{Goal, Plan};
use crate::domain::version::Version;
use schemars::JsonSchema;
use serde::Serialize;

use super::Mode;
use super::plan::{NO_ADDRESS, NotPlanned, VERSION_UNREADABLE};
use super::sharing::Apart;

/// Reason word of a device that has a job of the same type.
pub const EXISTING: &str = "existing";

/// Reason word of a device that has a job of the same type, which brings it somewhere else.
pub const OTHER_GOAL: &str = "other_goal";

/// Reason word of a device that has a job of another type.
pub const CONFLICT: &str = "conflict";

/// Reason word of a device that holds, or held, an image with another hash than the trusted one.
const MISMATCH: &str = "hash_mismatch";

/// What became of a fleet. Names of fields are interface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Report {
    #[serde(skip)]
    /// Whether it was done.
    pub mode: Mode,
    /// Names the new jobs; `null` when none was wanted.
    pub batch_id: Option<BatchId>,
    /// New jobs; in a dry run those that would be.
    pub queued: usize,
    /// The new jobs.
    pub jobs: Vec<Queued>,
    /// In a dry run: what would be brought.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    pub plans: Vec<PlanView>,
    /// Devices without a new job, which is as it should be or cannot be helped by queueing.
    pub skipped: Vec<Skipped>,
    /// What could not be understood or is not known.
    pub errors: Vec<Fault>,
}

/// A new job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Queued {
    /// Its device.
    pub serial: Serial,
    /// Label of the device.
    pub hostname: String,
    /// Its number.
    pub job_id: JobId,
}

/// A job that would be new.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PlanView {
    /// Its device.
    pub serial: Serial,
    /// Label of the device.
    pub hostname: String,
    /// Model of the device.
    pub model: String,
    /// What it runs.
    pub current_version: String,
    /// Where it is to be brought.
    pub target_version: String,
    /// Versions of the images on the way, the target last.
    pub images: Vec<String>,
    /// What a person should know before.
    pub cautions: Vec<String>,
}

/// A device without a new job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Skipped {
    /// Its device.
    pub serial: Serial,
    /// Label of the device.
    pub hostname: String,
    /// One word for programs; stable.
    pub reason: &'static str,
    /// The job that the device has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_id: Option<JobId>,
    /// One sentence for people.
    pub message: String,
    /// Whether the device needs images and got no job for them.
    #[serde(skip)]
    pub in_the_way: bool,
}

/// Something that could not be taken for a device of the inventory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Fault {
    /// Line of the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// As it was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
    /// One word for programs; stable.
    pub reason: &'static str,
    /// One sentence for people.
    pub message: String,
}

impl PlanView {
    pub(super) fn new(device: Device, plan: &Plan) -> Self {
        Self {
            serial: device.serial,
            hostname: device.hostname,
            model: device.model,
            current_version: plan.current.to_string(),
            target_version: plan.target.to_string(),
            images: plan.images.iter().map(|image| image.version.to_string()).collect(),
            cautions: plan.cautions.iter().map(ToString::to_string).collect(),
        }
    }
}

impl Skipped {
    pub(super) fn not_planned(not: NotPlanned) -> Self {
        let NotPlanned { device, reason, message, remedy } = not;
        let message = if remedy.is_empty() { message } else { format!("{message}; {remedy}") };
        let in_the_way = matches!(reason, NO_ADDRESS | VERSION_UNREADABLE);
        Self { serial: device.serial, hostname: device.hostname, reason, job_id: None, message, in_the_way }
    }

    /// A member of a pair that cannot share its work with its peer.
    pub(super) fn apart(apart: Apart) -> Self {
        let Apart { serial, hostname, reason, message } = apart;
        Self { serial, hostname, reason, job_id: None, message, in_the_way: true }
    }

    pub(super) fn mismatch(serial: Serial, hostname: String, version: &Version) -> Self {
        let message = format!(
            "an image of {version} has, or had, another hash than the trusted one; look at the device, then `panos-upgrade hash clear {serial} --version {version} --reason TEXT`"
        );
        Self { serial, hostname, reason: MISMATCH, job_id: None, message, in_the_way: true }
    }

    /// `other` is the goal of the job where it is not the one that was asked for.
    pub(super) fn existing(
        serial: Serial,
        hostname: String,
        job: JobId,
        state: JobState,
        other: Option<&Goal>,
    ) -> Self {
        let (reason, message) = match other {
            None => (EXISTING, format!("job {job} is {state}")),
            Some(goal) => (
                OTHER_GOAL,
                format!(
                    "job {job} is {state} and keeps its goal, {goal}; wait for it, or `panos-upgrade job cancel {job} --reason TEXT`, then queue again"
                ),
            ),
        };
        Self { serial, hostname, reason, job_id: Some(job), message, in_the_way: other.is_some() }
    }

    pub(super) fn conflict(
        serial: Serial,
        hostname: String,
        job: JobId,
        job_type: JobType,
        state: JobState,
    ) -> Self {
        let message = format!(
            "{job_type} job {job} is {state}; `panos-upgrade job cancel {job} --reason TEXT` frees the device"
        );
        Self { serial, hostname, reason: CONFLICT, job_id: Some(job), message, in_the_way: true }
    }
}

impl Fault {
    /// A serial that the inventory does not have.
    #[must_use]
    pub fn unknown_device(serial: &Serial, line: Option<u64>) -> Self {
        let message = "not in the inventory; run `panos-upgrade device discover`, or import it".to_owned();
        Self { line, serial: Some(serial.to_string()), reason: "unknown_device", message }
    }

    /// A line of a file that names no device.
    #[must_use]
    pub fn bad_line(line: u64, message: String) -> Self {
        Self { line: Some(line), serial: None, reason: "bad_line", message }
    }
}

impl Report {
    pub(super) fn new(mode: Mode) -> Self {
        Self {
            mode,
            batch_id: None,
            queued: 0,
            jobs: Vec::new(),
            plans: Vec::new(),
            skipped: Vec::new(),
            errors: Vec::new(),
        }
    }

    pub(super) fn queue(&mut self, job: Queued) {
        self.queued += 1;
        self.jobs.push(job);
    }

    /// Whether something was queued.
    #[must_use]
    pub fn has_new_jobs(&self) -> bool {
        !self.jobs.is_empty()
    }

    pub(super) fn plan(&mut self, plan: PlanView) {
        self.queued += 1;
        self.plans.push(plan);
    }

    pub(super) fn skip(&mut self, skipped: Skipped) {
        self.skipped.push(skipped);
    }

    /// Adds something that could not be taken for a device.
    pub fn fault(&mut self, fault: Fault) {
        self.errors.push(fault);
    }

    /// By serial, whichever way each device came in; what a person should read first comes first.
    pub(super) fn sort(&mut self) {
        let rank = |skipped: &Skipped| (!skipped.in_the_way, skipped.reason == EXISTING);
        self.skipped.sort_by(|a, b| (rank(a), &a.serial).cmp(&(rank(b), &b.serial)));
    }

    /// How many devices were left out for this reason.
    #[must_use]
    pub fn n_skipped(&self, reason: &str) -> usize {
        self.skipped.iter().filter(|skipped| skipped.reason == reason).count()
    }

    /// Whether every device has what it needs: existing jobs are fine unless they do something else, and what no job
    /// could help is no error; a device that should have had a job is one.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.errors.is_empty() && !self.skipped.iter().any(|skipped| skipped.in_the_way)
    }
}
