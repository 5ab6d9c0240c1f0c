//! `show jobs …`: one job or many, in the recorded shapes.

use super::Call;
use super::command::JobFilter;
use super::reply::Reply;
use super::xml::{bad_parameter, elements, error, escape, success};
use crate::device::jobs::{Job, JobKind};
use crate::faults::FaultKind;
use crate::scenario::FinishedProgress;

/// `show jobs id N`.
pub fn one(call: &mut Call<'_>, id: &str) -> Reply {
    let Ok(id) = id.parse::<u32>() else {
        return bad_parameter(&format!("Illegal value for parameter id [{id}]."));
    };
    let is_active = call.device.job(id).is_some_and(Job::is_active);
    if is_active && call.device.faults.take(call.now, |kind| *kind == FaultKind::JobVanishes).is_some() {
        call.device.lose_job(id);
    }
    match call.device.job(id) {
        Some(job) => success(&print(call, job)),
        // The wording for an unknown id was never captured.
        None => error(None, &format!("job {id} not found")),
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
    let status = if job.is_active() { "ACT" } else { "FIN" };
    let (result, tfin, progress) = match &job.end {
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
        text += &elements(&[("tdeq", &calendar.time_only(job.enqueued))]);
    }
    text += &elements(&[("id", &id)]);
    text += &match (quirks.admin_field, job.user.as_str()) {
        (true, _) => "<admin/>".to_owned(),
        (false, "") => "<user/>".to_owned(),
        (false, user) => elements(&[("user", user)]),
    };
    text += &elements(&[("type", job.kind.as_str()), ("status", status)]);
    if !short {
        text += "<queued>NO</queued>";
    }
    text += &elements(&[("stoppable", stoppable), ("result", result), ("tfin", &tfin)]);
    if !short {
        text += "<description/><positionInQ>0</positionInQ>";
    }
    text += &elements(&[("progress", &progress)]);
    text += &details(job);
    text + "<warnings/></job>"
}

fn details(job: &Job) -> String {
    let lines = job.end.as_ref().map(|end| end.lines.as_slice()).unwrap_or_default();
    if lines.is_empty() {
        return "<details/>".to_owned();
    }
    let lines: String = lines.iter().map(|line| format!("<line>{}</line>", escape(line))).collect();
    format!("<details>{lines}</details>")
}
