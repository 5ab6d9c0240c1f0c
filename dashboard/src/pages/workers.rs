//! The workers: where they run, when they were last heard of, what they are on.
//!
//! Promises: who fell silent stands out, with what happens to its jobs. At most `MAX_IN_FLIGHT` jobs are named.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::Html;
use common::domain::job::JobState;
use common::domain::lease::WorkerId;
use common::ledger::{JobFilter, JobView, WORKERS_SHOWN, WorkerState, WorkerView};
use jiff::Timestamp;
use maud::{Markup, html};

use super::layout::{Made, PageName, document};
use super::problem::Problem;
use super::text::{self, command, number};
use super::{asked, times, words};
use crate::state::{AppState, Picture};

/// Jobs in flight that are named on the page; the others are counted.
const MAX_IN_FLIGHT: u32 = 500;

/// Jobs that one worker's row shows before the rest is folded.
const SHOWN_AT_ONCE: usize = 12;

/// `GET /workers`.
pub(super) async fn page(State(state): State<AppState>) -> Result<Html<String>, Problem> {
    let (workers, running) = read(&state).await?;
    let picture = state.pictures.borrow().clone();
    Ok(Html(whole(&workers, &running, &picture).into_string()))
}

/// `GET /fragments/workers`.
pub(super) async fn fragment(State(state): State<AppState>) -> Result<Html<String>, Problem> {
    let (workers, running) = read(&state).await?;
    let at = state.pictures.borrow().fleet.at;
    Ok(Html(changing(&workers, &running, at).into_string()))
}

async fn read(state: &AppState) -> Result<(Vec<WorkerView>, Vec<JobView>), Problem> {
    let ledger = &state.engine.ledger;
    let running = JobFilter { states: vec![JobState::Running], ..JobFilter::default() };
    asked(async { tokio::try_join!(ledger.workers(WORKERS_SHOWN), ledger.jobs(&running, MAX_IN_FLIGHT)) })
        .await
}

pub(super) fn whole(workers: &[WorkerView], running: &[JobView], picture: &Picture) -> Markup {
    let made = Made::from(picture);
    let main = html! {
        h1 { "Workers" }
        div data-refresh="/fragments/workers" { (changing(workers, running, made.at)) }
    };
    document(PageName::Workers, "Workers", Some(made), &main)
}

fn changing(workers: &[WorkerView], running: &[JobView], now: Timestamp) -> Markup {
    let mut in_flight: BTreeMap<&WorkerId, Vec<&JobView>> = BTreeMap::new();
    for job in running {
        if let Some(worker) = &job.worker {
            in_flight.entry(worker).or_default().push(job);
        }
    }
    // Those that live first.
    let (gone, here): (Vec<_>, Vec<_>) = workers.iter().partition(|worker| worker.state == WorkerState::Gone);
    html! {
        @if workers.is_empty() {
            p.empty { "No worker was seen in the last hour. Start one: " (command("panos-upgrade work")) }
        } @else {
            div.scroll.box tabindex="0" role="region" aria-label="Workers" { table #workers.cards {
                thead { tr {
                    th scope="col" { "Worker" } th scope="col" { "State" } th scope="col" { "Version" }
                    th scope="col" { "Last heartbeat" } th scope="col" { "Ran for" } th scope="col" { "In flight" }
                } }
                tbody {
                    @for worker in here.into_iter().chain(gone) {
                        (row(worker, in_flight.get(&worker.id).map_or(&[], Vec::as_slice), now))
                    }
                }
            } }
        }
    }
}

fn row(worker: &WorkerView, jobs: &[&JobView], now: Timestamp) -> Markup {
    let id = text::cell(&worker.id.0);
    let until = match worker.state {
        WorkerState::Gone => worker.seen_at,
        WorkerState::Working | WorkerState::Draining | WorkerState::Silent => now.max(worker.seen_at),
    };
    html! {
        tr data-worker=(id) data-key=(id) {
            th scope="row" { span.mono { (id) } br; span.quiet { "on " (text::cell(&worker.host)) } }
            td data-label="State" { (standing(worker)) }
            td.mono data-label="Version" { (text::cell(&worker.version)) }
            td data-label="Last heartbeat" { (times::ago(worker.seen_at)) }
            td.mono data-label="Ran for" { (times::length(times::between(worker.started_at, until))) }
            td.any data-label="In flight" {
                span.number { (number(worker.n_running)) " of " (worker.concurrency) }
                (in_flight(jobs))
            }
        }
    }
}

fn standing(worker: &WorkerView) -> Markup {
    html! {
        (words::worker(worker.state))
        @if let Some(pause) = &worker.pause {
            " " span.mark.plain { "paused" }
            div.quiet { "by " (text::cell(&pause.by.operator)) ": " (text::cell(&pause.reason)) }
            (command(&format!("panos-upgrade fleet resume --worker {} --reason \"why\"", worker.id)))
        }
        @if worker.state == WorkerState::Silent {
            div.quiet { "Its jobs go to others when their leases end." }
        }
    }
}

fn in_flight(jobs: &[&JobView]) -> Markup {
    let (shown, folded) = jobs.split_at(jobs.len().min(SHOWN_AT_ONCE));
    html! {
        @if !shown.is_empty() { ul.inline { @for job in shown { (link(job)) } } }
        @if !folded.is_empty() {
            details { summary { "and " (folded.len()) " more" } ul.inline { @for job in folded { (link(job)) } } }
        }
    }
}

fn link(job: &JobView) -> Markup {
    let name = if job.hostname.is_empty() { job.serial.as_str() } else { &job.hostname };
    html! {
        li { a href={ "/devices/" (job.serial) } { (text::cell(name)) } " " span.quiet { (job.progress) " %" } }
    }
}
