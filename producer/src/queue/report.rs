//! What became of each device, in JSON and for people.

use common::domain::device::{Device, Serial};
use common::domain::job::{BatchId, JobId, JobState, JobType};
use common::domain::path::{Goal, Plan};
use common::domain::version::Version;
use serde::Serialize;

use super::Mode;
use super::sharing::Apart;
use crate::exit;
use crate::output::{Page, Table, counted};
use crate::plan::{NO_ADDRESS, NotPlanned, VERSION_UNREADABLE};

/// Reason word of a device that has a job of the same type.
const EXISTING: &str = "existing";

/// Reason word of a device that has a job of the same type, which brings it somewhere else.
const OTHER_GOAL: &str = "other_goal";

/// Reason word of a device that has a job of another type.
const CONFLICT: &str = "conflict";

/// Reason word of a device that holds, or held, an image with another hash than the trusted one.
const MISMATCH: &str = "hash_mismatch";

/// Devices with a job that are listed for people; the others are a number, and in the JSON.
const LISTED_EXISTING: usize = 10;

/// What became of a fleet. Names of fields are interface.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    #[serde(skip)]
    mode: Mode,
    /// Names the new jobs; `null` when none was wanted.
    pub(crate) batch_id: Option<BatchId>,
    /// New jobs; in a dry run those that would be.
    queued: usize,
    /// The new jobs.
    jobs: Vec<Queued>,
    /// In a dry run: what would be brought.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    plans: Vec<PlanView>,
    /// Devices without a new job, which is as it should be or cannot be helped by queueing.
    skipped: Vec<Skipped>,
    /// What could not be understood or is not known.
    errors: Vec<Fault>,
}

/// A new job.
#[derive(Debug, Serialize)]
pub(super) struct Queued {
    pub(super) serial: Serial,
    pub(super) hostname: String,
    pub(super) job_id: JobId,
}

/// A job that would be new.
#[derive(Debug, Serialize)]
pub(super) struct PlanView {
    serial: Serial,
    hostname: String,
    model: String,
    current_version: String,
    target_version: String,
    images: Vec<String>,
    cautions: Vec<String>,
}

/// A device without a new job.
#[derive(Debug, Serialize)]
pub(super) struct Skipped {
    serial: Serial,
    hostname: String,
    reason: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    job_id: Option<JobId>,
    message: String,
    /// Whether the device needs images and got no job for them.
    #[serde(skip)]
    in_the_way: bool,
}

/// Something that could not be taken for a device of the inventory.
#[derive(Debug, Serialize)]
pub(crate) struct Fault {
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    serial: Option<String>,
    reason: &'static str,
    message: String,
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
    pub(crate) fn unknown_device(serial: &Serial, line: Option<u64>) -> Self {
        let message = "not in the inventory; run `panos-upgrade device discover`, or import it".to_owned();
        Self { line, serial: Some(serial.to_string()), reason: "unknown_device", message }
    }

    /// A line of a file that names no device.
    pub(crate) fn bad_line(line: u64, message: String) -> Self {
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
    pub(super) fn has_new_jobs(&self) -> bool {
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
    pub(crate) fn fault(&mut self, fault: Fault) {
        self.errors.push(fault);
    }

    /// By serial, whichever way each device came in; what a person should read first comes first.
    pub(super) fn sort(&mut self) {
        let rank = |skipped: &Skipped| (!skipped.in_the_way, skipped.reason == EXISTING);
        self.skipped.sort_by(|a, b| (rank(a), &a.serial).cmp(&(rank(b), &b.serial)));
    }

    fn n_skipped(&self, reason: &str) -> usize {
        self.skipped.iter().filter(|skipped| skipped.reason == reason).count()
    }

    /// The code of a command for a fleet: existing jobs are fine unless they do something else, and what no
    /// job could help is no error; a device that should have had a job is one.
    pub(crate) fn code(&self) -> u8 {
        let is_blocked = self.skipped.iter().any(|skipped| skipped.in_the_way);
        if self.errors.is_empty() && !is_blocked { exit::OK } else { exit::SOME_NOT }
    }

    /// The code of a command for one device: it has a job of this type now, or it has not.
    pub(crate) fn code_of_one(&self) -> u8 {
        let has_job = self.queued > 0 || self.n_skipped(EXISTING) > 0;
        if has_job && self.code() == exit::OK { exit::OK } else { exit::SOME_NOT }
    }

    /// The report for people.
    pub(crate) fn page(&self, page: &mut Page) {
        let mut plans = Table::new(["SERIAL", "HOSTNAME", "MODEL", "RUNS", "IMAGES"]);
        for plan in &self.plans {
            plans.row([
                plan.serial.to_string(),
                plan.hostname.clone(),
                plan.model.clone(),
                plan.current_version.clone(),
                plan.images.join(", "),
            ]);
        }
        page.table(&plans);
        self.cautions(page);
        if !self.plans.is_empty() {
            page.gap();
        }
        page.line(self.summary());
        if let ([job], None) = (self.jobs.as_slice(), self.skipped.first()) {
            page.line(format!("job {} queued for {}", job.job_id, label(&job.hostname, &job.serial)));
        }
        self.exceptions(page);
    }

    fn cautions(&self, page: &mut Page) {
        let mut told: Vec<&str> =
            self.plans.iter().flat_map(|plan| &plan.cautions).map(String::as_str).collect();
        told.sort_unstable();
        told.dedup();
        for caution in told {
            page.line(format!("caution: {caution}"));
        }
    }

    /// `12 created, 218 existing, 0 conflict`.
    fn summary(&self) -> String {
        let (existing, conflict) = (self.n_skipped(EXISTING), self.n_skipped(CONFLICT));
        let other_goal = self.n_skipped(OTHER_GOAL);
        let other = self.skipped.len() - existing - conflict - other_goal;
        let verb = match self.mode {
            Mode::DryRun => "to create",
            Mode::Enqueue => "created",
        };
        let mut summary = format!("{} {verb}, {existing} existing, {conflict} conflict", self.queued);
        if other_goal > 0 {
            summary.push_str(&format!(", {other_goal} with another goal"));
        }
        if other > 0 {
            summary.push_str(&format!(", {other} skipped"));
        }
        if !self.errors.is_empty() {
            summary.push_str(&format!(", {}", counted(self.errors.len(), "error")));
        }
        if self.mode == Mode::DryRun {
            summary.push_str(" (dry run: nothing was changed)");
        }
        summary
    }

    fn exceptions(&self, page: &mut Page) {
        let mut table = Table::new(["SERIAL", "HOSTNAME", "REASON", "MESSAGE"]);
        let mut n_existing = 0;
        for skipped in &self.skipped {
            if skipped.reason == EXISTING {
                n_existing += 1;
                if n_existing > LISTED_EXISTING {
                    continue;
                }
            }
            table.row([
                skipped.serial.to_string(),
                skipped.hostname.clone(),
                skipped.reason.to_owned(),
                skipped.message.clone(),
            ]);
        }
        for fault in &self.errors {
            let place = fault.line.map(|line| format!("line {line}"));
            table.row([
                fault.serial.clone().or_else(|| place.clone()).unwrap_or_default(),
                String::new(),
                fault.reason.to_owned(),
                place
                    .filter(|_| fault.serial.is_some())
                    .map_or_else(|| fault.message.clone(), |place| format!("{place}: {}", fault.message)),
            ]);
        }
        if !table.is_empty() {
            page.gap();
            page.table(&table);
        }
        if n_existing > LISTED_EXISTING {
            let more = n_existing - LISTED_EXISTING;
            page.line(format!("and {more} more existing; `panos-upgrade job list` has them all"));
        }
    }
}

fn label(hostname: &str, serial: &Serial) -> String {
    if hostname.is_empty() { serial.to_string() } else { format!("{hostname} ({serial})") }
}
