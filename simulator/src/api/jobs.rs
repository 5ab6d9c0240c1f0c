//! `show jobs …`: one job or many, in the recorded shapes.

use std::time::Duration;

use super::Call;
use super::command::JobFilter;
use super::reply::Reply;
use super::xml::{bad_parameter, elements, error, escape, success};
use crate::device::jobs::{Job, JobKind};
use crate::faults::FaultKind;
use crate::scenario::{Details, FinishedProgress, UnknownJob};

/// How long a job waits in the queue where that shows in `tdeq`.
const DEQUEUED_AFTER: Duration = Duration::from_secs(15);

/// `show jobs id N`.
pub fn one(call: &mut Call<'_>, id: &str) -> Reply {
    let Ok(id) = id.parse::<u32>() else {
        return bad_parameter(&format!("Illegal value for parameter id [{id}]."));
    };
    let is_active = call.device.job(id).is_some_and(Job::is_active);
    if is_active && call.device.faults.take(call.now, |kind| *kind == FaultKind::JobVanishes).is_some() {
        call.device.lose_job(id);
    }
    if is_active && call.device.faults.take(call.now, |kind| *kind == FaultKind::JobForgotten).is_some() {
        call.device.forget_job(id);
    }
    match call.device.job(id) {
        Some(job) => success(&print(call, job)),
        None => unknown(call.quirks().unknown_job, id),
    }
}

/// The answer about an id that the device does not know was never captured.
fn unknown(form: UnknownJob, id: u32) -> Reply {
    match form {
        UnknownJob::NotFound => error(None, &format!("job {id} not found")),
        UnknownJob::NoSuchJob => error(None, "No such job"),
        UnknownJob::EmptyResult => success(""),
        UnknownJob::CodeSeven => Reply::xml("<response status=\"success\" code=\"7\"><result/></response>"),
    }
}

/// `show jobs all`, `processed`, `pending`; newest first.
pub fn list(call: &Call<'_>, which: JobFilter) -> Reply {
    let quirks = call.quirks();
    let mut text = String::new();
    if quirks.failed_job && which != JobFilter::Pending {
        // No id, no times: recorded in an issue of the vendor's Ansible collection.
        text += "<job><type>Failed-Job</type><details><line>job failed because of configd restart</line></details><warnings /></job>";
    }
    for job in call.device.jobs() {
        let wanted = match which {
            JobFilter::All => true,
            JobFilter::Processed => !job.is_active(),
            JobFilter::Pending => job.is_active(),
        };
        if wanted {
            let printed = print(call, job);
            text += &printed;
            if quirks.repeated_jobs && which == JobFilter::All {
                text += &printed;
            }
        }
    }
    success(&text)
}

/// One `<job>`.
fn print(call: &Call<'_>, job: &Job) -> String {
    let quirks = call.quirks();
    let calendar = call.device.calendar();
    let short = quirks.short_jobs && !job.is_active();
    let id = job.id.to_string();
    let is_queued = job.is_queued(call.now);
    let status = match (job.is_active(), is_queued) {
        (true, true) => "PEND",
        (true, false) => "ACT",
        (false, _) => "FIN",
    };
    let (result, tfin, progress) = match &job.end {
        None if quirks.silent_progress => ("PEND", "Still Active".to_owned(), String::new()),
        None if is_queued => ("PEND", String::new(), "0".to_owned()),
        None => ("PEND", "Still Active".to_owned(), job.percent(call.now).to_string()),
        Some(end) => {
            let progress = match (job.kind, quirks.finished_progress) {
                (JobKind::AutoCommit, _) | (_, FinishedProgress::Hundred) => "100".to_owned(),
                (_, FinishedProgress::Timestamp) => calendar.full(end.at),
                (_, FinishedProgress::TimeOnly) => calendar.time_only(end.at),
                (_, FinishedProgress::Empty) => String::new(),
            };
            let tfin = if short { calendar.time_only(end.at) } else { calendar.full(end.at) };
            (if end.ok { "OK" } else { "FAIL" }, tfin, progress)
        }
    };
    let stoppable = if job.is_active() { "yes" } else { "no" };

    let mut text = String::from("<job>");
    text += &elements(&[("tenq", &calendar.full(job.enqueued))]);
    if !short {
        let waited = if quirks.late_dequeue { DEQUEUED_AFTER } else { Duration::ZERO };
        text += &elements(&[("tdeq", &calendar.time_only(job.enqueued.plus(waited)))]);
    }
    text += &elements(&[("id", &id)]);
    text += &match (quirks.admin_field, job.user.as_str()) {
        (true, _) => "<admin/>".to_owned(),
        (false, "") => "<user/>".to_owned(),
        (false, user) => elements(&[("user", user)]),
    };
    text += &elements(&[("type", job.kind.as_str()), ("status", status)]);
    if !short {
        text += if is_queued { "<queued>YES</queued>" } else { "<queued>NO</queued>" };
    }
    text += &elements(&[("stoppable", stoppable), ("result", result), ("tfin", &tfin)]);
    if !short {
        text += "<description/><positionInQ>0</positionInQ>";
    }
    text += &elements(&[("progress", &progress)]);
    let details = details(job, quirks.details);
    let (first, second) = if quirks.warnings_first {
        ("<warnings/>", details.as_str())
    } else {
        (details.as_str(), "<warnings/>")
    };
    format!("{text}{first}{second}</job>")
}

fn details(job: &Job, form: Details) -> String {
    let lines = job.end.as_ref().map(|end| end.lines.as_slice()).unwrap_or_default();
    if lines.is_empty() {
        return "<details/>".to_owned();
    }
    let each = |line: &String| match form {
        Details::Cdata => format!("<line><![CDATA[{line}]]></line>"),
        Details::Lines | Details::Text | Details::Nested => format!("<line>{}</line>", escape(line)),
    };
    let printed: String = lines.iter().map(each).collect();
    match form {
        Details::Lines | Details::Cdata => format!("<details>{printed}</details>"),
        Details::Nested => format!("<details><line>{printed}</line></details>"),
        Details::Text => format!("<details>{}</details>", escape(&lines.join("\n"))),
    }
}
