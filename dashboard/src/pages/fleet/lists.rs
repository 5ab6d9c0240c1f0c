//! One by one: what went wrong and what helps, what runs, what happened, who works.

use common::ledger::{FailureCount, JobView, WorkerState, WorkerView};
use maud::{Markup, html};

use super::super::text::{self, number, words as joined};
use super::super::{times, words};
use crate::state::{Picture, RecentEvent};

/// Failed and skipped devices by kind, each kind with its remedy.
pub(super) fn exceptions(kinds: &[FailureCount]) -> Markup {
    html! {
        section #exceptions.panel.wide aria-labelledby="exceptions-title" {
            h2 #exceptions-title { "Exceptions" }
            @if kinds.is_empty() {
                p.quiet { "No device failed and none was skipped." }
            } @else {
                table.cards {
                    thead { tr {
                        th scope="col" { "Kind" } th.num scope="col" { "Devices" } th scope="col" { "What to do" }
                    } }
                    tbody {
                        @for kind in kinds {
                            tr data-kind=(kind.kind.as_str()) data-key=(kind.kind.as_str()) {
                                th scope="row" {
                                    a href={ "/devices?kind=" (kind.kind.as_str()) } { (joined(kind.kind.as_str())) }
                                }
                                td.num data-label="Devices" { (number(kind.count)) }
                                td.remedy data-label="What to do" { (text::remedy(kind.remedy)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// What workers are on at this moment.
pub(super) fn running(picture: &Picture) -> Markup {
    let n_running =
        picture.fleet.counts.by_state.get(&common::domain::job::JobState::Running).copied().unwrap_or(0);
    let n_hidden = n_running.saturating_sub(u64::try_from(picture.running.len()).unwrap_or(u64::MAX));
    html! {
        section.panel.wide aria-labelledby="running-title" {
            h2 #running-title { "Running now" }
            @if picture.running.is_empty() {
                p.quiet { "No job runs at this moment." }
            } @else {
                div.scroll.tall tabindex="0" role="region" aria-labelledby="running-title" {
                    table.cards {
                        thead { tr {
                            th scope="col" { "Device" } th scope="col" { "Step" } th scope="col" { "Progress" }
                            th scope="col" { "Since" } th scope="col" { "Worker" }
                        } }
                        tbody { @for job in &picture.running { (running_row(job)) } }
                    }
                }
                @if n_hidden > 0 {
                    p { a href="/devices?state=running" { "and " (number(n_hidden)) " more" } }
                }
            }
        }
    }
}

fn running_row(job: &JobView) -> Markup {
    html! {
        tr data-key=(job.id) {
            th scope="row" { (device(job.serial.as_str(), &job.hostname)) }
            td data-label="Step" {
                (text::cell(&job.message))
                @if job.cancel.is_some() { " " span.mark.plain { "to be cancelled" } }
                @if job.attempt > 1 { " " span.quiet { "attempt " (job.attempt) " of " (job.max_attempts) } }
            }
            td data-label="Progress" { (words::progress(job.progress, &job.hostname)) }
            td data-label="Since" { @if let Some(at) = job.started_at { (times::ago(at)) } }
            td data-label="Worker" { @if let Some(worker) = &job.worker { span.mono { (text::cell(&worker.0)) } } }
        }
    }
}

/// A device by its hostname, with its serial; the serial alone where it has no name.
fn device(serial: &str, hostname: &str) -> Markup {
    html! {
        a href={ "/devices/" (serial) } {
            @if hostname.is_empty() { (serial) } @else { (text::cell(hostname)) }
        }
        @if !hostname.is_empty() { " " span.quiet.mono { (serial) } }
    }
}

/// What happened last.
pub(super) fn recent(events: &[RecentEvent]) -> Markup {
    html! {
        section.panel.wide aria-labelledby="recent-title" {
            h2 #recent-title { "Recent events" }
            @if events.is_empty() {
                p.quiet { "Nothing was heard since this dashboard began to listen." }
            } @else {
                ol #recent.scroll.tall tabindex="0" {
                    @for event in events {
                        li data-key={ (event.job) "-" (event.at) "-" (text::cell(&event.event)) } {
                            (times::ago(event.at)) " "
                            @if !event.serial.is_empty() { (serial_link(&event.serial)) " " }
                            strong { (joined(&text::cell(&event.event))) } " "
                            span.quiet { (text::cell(&event.text)) }
                        }
                    }
                }
            }
        }
    }
}

/// A serial that came with an event: a link only where it reads as one.
fn serial_link(serial: &str) -> Markup {
    html! {
        @if serial.parse::<common::domain::device::Serial>().is_ok() {
            a.mono href={ "/devices/" (serial) } { (serial) }
        } @else {
            span.mono { (text::cell(serial)) }
        }
    }
}

/// How many work, with the way to all of them.
pub(super) fn workers(workers: &[WorkerView]) -> Markup {
    let count = |state: WorkerState| workers.iter().filter(|worker| worker.state == state).count();
    let n_running: u64 = workers.iter().map(|worker| worker.n_running).sum();
    let room: u64 = workers
        .iter()
        .filter(|worker| worker.state == WorkerState::Working)
        .map(|worker| u64::from(worker.concurrency))
        .sum();
    html! {
        section.panel aria-labelledby="workers-title" {
            h2 #workers-title { "Workers" }
            @if workers.is_empty() {
                p.quiet { "No worker was seen in the last hour. Start one: " (text::command("panos-upgrade work")) }
            } @else {
                ul.legend {
                    @for state in WorkerState::ALL {
                        @if count(state) > 0 || state == WorkerState::Working {
                            li { a href="/workers" { (words::worker(state)) span.number { (count(state)) } } }
                        }
                    }
                }
                p.quiet { (number(n_running)) " of " (number(room)) " places taken." }
            }
        }
    }
}
