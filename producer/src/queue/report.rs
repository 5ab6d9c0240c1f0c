//! The report of queueing for people, and the exit code that it makes.
//!
//! Leaves to others: what became of each device ([`common::intake`]).

use common::domain::device::Serial;
use common::intake::report::{CONFLICT, EXISTING, OTHER_GOAL};
use common::intake::{Mode, Report};

use crate::exit;
use crate::output::{Page, Table, counted};

/// Devices with a job that are listed for people; the others are a number, and in the JSON.
const LISTED_EXISTING: usize = 10;

/// What the command line makes of a report.
pub(crate) trait Told {
    /// The code of a command for a fleet: existing jobs are fine unless they do something else, and what no
    /// job could help is no error; a device that should have had a job is one.
    fn code(&self) -> u8;

    /// The code of a command for one device: it has a job of this type now, or it has not.
    fn code_of_one(&self) -> u8;

    /// The report for people.
    fn page(&self, page: &mut Page);
}

impl Told for Report {
    fn code(&self) -> u8 {
        if self.is_whole() { exit::OK } else { exit::SOME_NOT }
    }

    fn code_of_one(&self) -> u8 {
        let has_job = self.queued > 0 || self.n_skipped(EXISTING) > 0;
        if has_job && self.code() == exit::OK { exit::OK } else { exit::SOME_NOT }
    }

    fn page(&self, page: &mut Page) {
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
        cautions(self, page);
        if !self.plans.is_empty() {
            page.gap();
        }
        page.line(summary(self));
        if let ([job], None) = (self.jobs.as_slice(), self.skipped.first()) {
            page.line(format!("job {} queued for {}", job.job_id, label(&job.hostname, &job.serial)));
        }
        exceptions(self, page);
    }
}

fn cautions(report: &Report, page: &mut Page) {
    let mut told: Vec<&str> =
        report.plans.iter().flat_map(|plan| &plan.cautions).map(String::as_str).collect();
    told.sort_unstable();
    told.dedup();
    for caution in told {
        page.line(format!("caution: {caution}"));
    }
}

/// `12 created, 218 existing, 0 conflict`.
fn summary(report: &Report) -> String {
    let (existing, conflict) = (report.n_skipped(EXISTING), report.n_skipped(CONFLICT));
    let other_goal = report.n_skipped(OTHER_GOAL);
    let other = report.skipped.len() - existing - conflict - other_goal;
    let verb = match report.mode {
        Mode::DryRun => "to create",
        Mode::Enqueue => "created",
    };
    let mut summary = format!("{} {verb}, {existing} existing, {conflict} conflict", report.queued);
    if other_goal > 0 {
        summary.push_str(&format!(", {other_goal} with another goal"));
    }
    if other > 0 {
        summary.push_str(&format!(", {other} skipped"));
    }
    if !report.errors.is_empty() {
        summary.push_str(&format!(", {}", counted(report.errors.len(), "error")));
    }
    if report.mode == Mode::DryRun {
        summary.push_str(" (dry run: nothing was changed)");
    }
    summary
}

fn exceptions(report: &Report, page: &mut Page) {
    let mut table = Table::new(["SERIAL", "HOSTNAME", "REASON", "MESSAGE"]);
    let mut n_existing = 0;
    for skipped in &report.skipped {
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
    for fault in &report.errors {
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

fn label(hostname: &str, serial: &Serial) -> String {
    if hostname.is_empty() { serial.to_string() } else { format!("{hostname} ({serial})") }
}
