//! What a device is, where its newest job stands, and the jobs it had.

use common::domain::failure::FailureKind;
use common::domain::job::{JobId, JobState};
use common::domain::status::{DeviceStatus, DiskCheck};
use common::ledger::{DeviceRecord, JobView};
use maud::{Markup, html};

use super::super::text::{self, command};
use super::super::{times, words};
use super::DeviceView;

/// Where the newest job stands, and what a person can do.
pub(super) fn standing(view: &DeviceView) -> Markup {
    let serial = view.device.device.serial.as_str();
    html! {
        section.panel.wide aria-labelledby="status-title" {
            h2 #status-title { "Status" }
            @match view.jobs.first() {
                Some(job) => { (newest(job, view.status.as_ref())) }
                None => {
                    p { "No job was ever queued for this device." }
                    p { "Queue one: "
                        (command(&format!("panos-upgrade job submit --device {serial} --download-only --target 11.1.4-h7"))) }
                }
            }
        }
    }
}

fn newest(job: &JobView, status: Option<&DeviceStatus>) -> Markup {
    html! {
        p.standing {
            (words::state(job.state))
            @if job.ready_for_install { " " span.mark.good { "✓ ready for install" } }
            " " (words::progress(job.progress, &job.hostname))
            " " span.quiet { "job " (job.id) }
            @if let Some(status) = status { " " span.quiet { "· step: " (text::words(status.current_phase.as_str())) } }
        }
        div.message { (text::long(&job.message)) }
        @if let Some(cancel) = &job.cancel {
            p { "To be cancelled, said " (text::cell(&cancel.by.operator)) " " (times::ago(cancel.at)) "." }
        }
        @if let Some(kind) = job.failure_kind {
            div.banner.plain {
                strong { (text::words(kind.as_str())) } ": "
                span.remedy { (text::remedy(&remedy(kind, job))) }
            }
        }
        @if let Some(status) = status { (path(status)) @if let Some(disk) = &status.disk_space { (space(disk)) } }
        p.commands { @for line in what_helps(job.id, job.state, job.failure_kind) { (command(&line)) } }
        @if let Some(status) = status { (errors(status)) }
    }
}

/// The remedy of a kind, with this device and this job where it says `SERIAL` and `ID`.
fn remedy(kind: FailureKind, job: &JobView) -> String {
    kind.remedy().replace("SERIAL", job.serial.as_str()).replace(" ID`", &format!(" {}`", job.id))
}

/// The way from what runs to what is wanted.
fn path(status: &DeviceStatus) -> Markup {
    html! {
        @if !status.upgrade_path.is_empty() {
            p { "Path: " span.mono { (text::cell(&status.starting_version)) }
                @for version in &status.upgrade_path { " → " span.mono { (text::cell(version)) } }
            }
        }
    }
}

fn space(disk: &DiskCheck) -> Markup {
    html! {
        p { "Space on " span.mono { (text::cell(&disk.mount)) } ": "
            (format!("{:.1} GiB free, {:.1} GiB needed", disk.available_gb, disk.required_gb)) " "
            @if disk.check_passed { span.mark.good { "✓ fits" } } @else { span.mark.bad { "✕ does not fit" } }
        }
    }
}

fn errors(status: &DeviceStatus) -> Markup {
    html! {
        @if !status.errors.is_empty() {
            details open[status.errors.len() == 1] data-key="errors" {
                summary { (text::counted(status.errors.len() as u64, "error")) }
                ul.errors {
                    @for error in status.errors.iter().rev() {
                        li { (times::ago(error.timestamp)) " " strong { (text::words(error.kind.as_str())) }
                            " in " (text::words(error.phase.as_str())) ": " (text::long(&error.message)) }
                    }
                }
            }
        }
    }
}

/// Commands for a job in this state. Where a hash is wrong, trying again finds the same: the remedy says what helps.
fn what_helps(job: JobId, state: JobState, kind: Option<FailureKind>) -> Vec<String> {
    let show = format!("panos-upgrade job show {job}");
    match state {
        JobState::Scheduled | JobState::Available | JobState::Running => {
            vec![show, format!("panos-upgrade job cancel {job} --reason \"why\"")]
        }
        JobState::Failed if matches!(kind, Some(FailureKind::HashMismatch | FailureKind::HashDisputed)) => {
            vec![show]
        }
        JobState::Failed | JobState::Cancelled | JobState::Skipped => {
            vec![format!("panos-upgrade job retry {job}"), show]
        }
        JobState::Completed => vec![show],
    }
}

/// What the inventory knows.
pub(super) fn facts(record: &DeviceRecord) -> Markup {
    let device = &record.device;
    let yes_no = |is: bool| if is { "yes" } else { "no" };
    html! {
        section.panel.side aria-labelledby="facts-title" {
            h2 #facts-title { "Device" }
            @if let Some(gone) = record.gone_at {
                p.bad { "It left the inventory " (times::ago(gone)) ". Its jobs and its trail stay." }
            }
            dl.facts {
                dt { "Serial" } dd.mono { (device.serial) }
                dt { "Hostname" } dd { (text::cell(&device.hostname)) }
                dt { "Address" }
                dd.mono {
                    @match &device.address { Some(address) => { (text::cell(address)) } None => { "none" } }
                    @if record.address_override.is_some() { " " span.quiet { "set by a person" } }
                }
                dt { "Model" } dd { (text::cell(&device.model)) }
                dt { "Runs" } dd.mono { (text::cell(&device.sw_version)) }
                dt { "HA" }
                dd {
                    (text::cell(device.ha.state()))
                    @if let Some(peer) = device.ha.peer() { ", peer " a.mono href={ "/devices/" (peer) } { (peer) } }
                }
                dt { "Several vsys" } dd { (yes_no(device.multi_vsys)) }
                dt { "Connected" } dd { (yes_no(device.connected)) " " span.quiet { "when Panorama was last read" } }
                dt { "Source" } dd { (device.source.as_str()) }
                dt { "First seen" } dd { (times::ago(record.first_seen_at)) }
                dt { "Last seen" } dd { (times::ago(record.last_seen_at)) }
            }
        }
    }
}

/// The jobs it had, newest first.
pub(super) fn jobs(jobs: &[JobView]) -> Markup {
    html! {
        @if !jobs.is_empty() {
            section.panel.wide aria-labelledby="jobs-title" {
                h2 #jobs-title { "Jobs" }
                div.scroll tabindex="0" role="region" aria-labelledby="jobs-title" {
                    table #jobs.cards {
                        thead { tr {
                            th scope="col" { "Job" } th scope="col" { "Goal" } th scope="col" { "State" }
                            th scope="col" { "Attempts" } th scope="col" { "Asked by" } th scope="col" { "Queued" }
                            th scope="col" { "Ended" } th scope="col" { "Last word" }
                        } }
                        tbody { @for job in jobs { (job_row(job)) } }
                    }
                }
            }
        }
    }
}

fn job_row(job: &JobView) -> Markup {
    html! {
        tr data-job=(job.id) data-key=(job.id) {
            th scope="row" { (job.id) @if let Some(of) = job.retry_of { " " span.quiet { "repeats " (of) } } }
            td.mono data-label="Goal" { (job.goal) }
            td data-label="State" { (words::state(job.state)) }
            td data-label="Attempts" { (job.attempt) " of " (job.max_attempts) }
            td data-label="Asked by" {
                (text::cell(&job.requested_by.operator))
                @if let Some(reason) = &job.requested_by.reason { " " span.quiet { (text::cell(reason)) } }
            }
            td data-label="Queued" { (times::ago(job.created_at)) }
            td data-label="Ended" { @if let Some(at) = job.ended_at { (times::ago(at)) } }
            td.message data-label="Last word" {
                @if let Some(kind) = job.failure_kind { strong { (text::words(kind.as_str())) } " " }
                (text::cell(&job.message))
            }
        }
    }
}
