//! One line for who has five seconds, and what needs a person, each with the command that helps.

use common::domain::hold::{FleetHold, HoldCause, Pause, PauseScope};
use common::domain::job::JobState;
use common::ledger::{Throughput, WorkerState, WorkerView};
use maud::{Markup, html};

use super::super::text::{self, command, counted, number};
use super::super::times;
use crate::state::Picture;

/// N of M, how fast, until when. The one part of the page that screen readers are told of.
pub(super) fn headline(picture: &Picture) -> Markup {
    let counts = &picture.fleet.counts;
    let speed = &picture.fleet.throughput;
    html! {
        section.headline aria-live="polite" aria-atomic="true" {
            @if counts.total > 0 {
                p.big {
                    strong data-ready=(counts.ready_for_install) { (number(counts.ready_for_install)) }
                    " of " (number(counts.total)) " ready for install"
                }
            } @else if picture.revision == 0 {
                p.big { "Not known yet" }
            } @else {
                p.big { "Nothing queued" }
            }
            @if picture.revision > 0 { p.facts {
                @if counts.total > 0 {
                    span { strong { (rate(speed)) } " per minute" }
                    span { strong { (number(speed.jobs_left)) } " left" }
                    (finish(speed, picture))
                }
                span { strong { (number(picture.fleet.n_devices)) } " in the inventory" }
            } }
        }
    }
}

fn finish(speed: &Throughput, picture: &Picture) -> Markup {
    let works = |worker: &WorkerView| matches!(worker.state, WorkerState::Working | WorkerState::Draining);
    html! {
        @match speed.estimated_finish {
            _ if speed.jobs_left == 0 => { span { "nothing left to do" } }
            _ if !picture.workers.iter().any(works) => { span { "no estimate: no worker lives" } }
            Some(at) => { span { "done about " strong { (times::clock(at)) } } }
            None => { span { "no estimate: nothing ended in the last 10 minutes" } }
        }
    }
}

/// Jobs that end per minute, by the last ten of them or since they began; tenths while they matter.
fn rate(speed: &Throughput) -> String {
    let tenths = speed.ended_last_10_minutes.saturating_mul(600) / speed.rate_over_s.max(1);
    if tenths < 100 { format!("{}.{}", tenths / 10, tenths % 10) } else { number(tenths / 10) }
}

/// Everything that a person should know before reading on.
pub(super) fn banners(picture: &Picture) -> Markup {
    let fleet = &picture.fleet;
    html! {
        @if picture.ledger_ok && !picture.feed_ok {
            (banner("plain", "no-feed", &html! {
                strong { "No events are heard." } " Numbers are right and up to some seconds late; recent events stand still."
            }))
        }
        @if let Some(hold) = &fleet.held { (held(hold)) }
        @for pause in &fleet.pauses { (paused(pause)) }
        (idle(picture))
        @if fleet.alarms.open_mismatches > 0 {
            (banner("bad", "mismatches", &html! {
                strong { (counted(fleet.alarms.open_mismatches, "image")) " with a wrong hash." }
                " Do not install them. Which: " (command("panos-upgrade hash mismatches"))
            }))
        }
        @if fleet.alarms.disputes > 0 {
            (banner("bad", "disputes", &html! {
                strong { "Devices disagree on the hash of " (counted(fleet.alarms.disputes, "file")) "." }
                " Compare with the vendor's: " (command("panos-upgrade hash disputes"))
            }))
        }
        @if fleet.alarms.dead_letters > 0 {
            (banner("plain", "dead-letters", &html! {
                strong { (counted(fleet.alarms.dead_letters, "dead letter")) "." }
                " Messages that no worker could use: " (command("panos-upgrade dead list"))
            }))
        }
    }
}

fn held(hold: &FleetHold) -> Markup {
    let who = hold.by.as_ref().map(|by| format!(" by {}", text::cell(&by.operator)));
    let first = match hold.cause {
        HoldCause::Operator => None,
        HoldCause::Credentials => Some(
            "Devices refuse the log-in: correct the account before going on, because refused log-ins lock it.",
        ),
    };
    banner(
        "bad",
        "held",
        &html! {
            strong { "The fleet is held" (who.unwrap_or_default()) "." }
            " Since " (times::ago(hold.since)) ": " (text::long(&hold.reason)) " "
            @if let Some(first) = first { (first) " " }
            "Go on: " (command("panos-upgrade fleet resume --reason \"why\""))
        },
    )
}

fn paused(pause: &Pause) -> Markup {
    let part = match &pause.scope {
        PauseScope::Queue(job_type) => format!("--queue {job_type}"),
        PauseScope::Worker(worker) => format!("--worker {worker}"),
    };
    banner(
        "plain",
        "paused",
        &html! {
            strong { "Paused: " (text::cell(&pause.scope.to_string())) "." }
            " By " (text::cell(&pause.by.operator)) ", " (times::ago(pause.since)) ": " (text::long(&pause.reason))
            " Go on: " (command(&format!("panos-upgrade fleet resume {part} --reason \"why\"")))
        },
    )
}

/// Jobs wait, and nobody is there to take them.
fn idle(picture: &Picture) -> Markup {
    let waiting = picture.fleet.counts.by_state.get(&JobState::Available).copied().unwrap_or(0);
    let works = picture.workers.iter().any(|worker| match worker.state {
        WorkerState::Working => true,
        WorkerState::Draining | WorkerState::Silent | WorkerState::Gone => false,
    });
    html! {
        @if waiting > 0 && !works {
            (banner("bad", "no-worker", &html! {
                strong { (counted(waiting, "job")) " wait and no worker takes any." }
                " Start one: " (command("panos-upgrade work"))
            }))
        }
    }
}

fn banner(class: &str, name: &str, content: &Markup) -> Markup {
    html! {
        div class={ "banner " (class) } data-banner=(name) { (content) }
    }
}
