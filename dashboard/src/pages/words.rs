//! States and outcomes as marks that can be told apart without colour: a word, a sign, a class.

use common::domain::hash::HashOutcome;
use common::domain::job::JobState;
use common::ledger::WorkerState;
use maud::{Markup, html};

use super::text::words;

/// A job's state.
pub(super) fn state(state: JobState) -> Markup {
    html! {
        span class={ "mark s-" (state.as_str()) } { span.sign aria-hidden="true" { (sign(state)) } (state.as_str()) }
    }
}

/// The sign of a state: shape says what colour says.
pub(super) fn sign(state: JobState) -> &'static str {
    match state {
        JobState::Scheduled => "◷",
        JobState::Available => "○",
        JobState::Running => "▶",
        JobState::Completed => "✓",
        JobState::Failed => "✕",
        JobState::Cancelled => "⊘",
        JobState::Skipped => "↷",
    }
}

/// What a state means to somebody who has not seen the system before.
pub(super) fn meaning(state: JobState) -> &'static str {
    match state {
        JobState::Scheduled => "due later: another attempt, or a busy device",
        JobState::Available => "waits for a worker",
        JobState::Running => "a worker is on it",
        JobState::Completed => "every image is on the device",
        JobState::Failed => "needs a person",
        JobState::Cancelled => "a person stopped it",
        JobState::Skipped => "there was nothing that could be done",
    }
}

/// What was proved of an image.
pub(super) fn outcome(outcome: &HashOutcome) -> Markup {
    let (class, sign) = match outcome {
        HashOutcome::Verified { .. } => ("good", "✓"),
        HashOutcome::Mismatch { .. } => ("bad", "✕"),
        HashOutcome::NotReported | HashOutcome::NoReference { .. } => ("plain", "?"),
    };
    html! {
        span class={ "mark " (class) } { span.sign aria-hidden="true" { (sign) } (words(outcome.as_str())) }
        @if let Some(evidence) = outcome.evidence() { " " span.quiet { (words(evidence.as_str())) } }
    }
}

/// Whether a worker lives.
pub(super) fn worker(state: WorkerState) -> Markup {
    let (class, sign) = match state {
        WorkerState::Working => ("good", "●"),
        WorkerState::Draining => ("plain", "◐"),
        WorkerState::Silent => ("bad", "✕"),
        WorkerState::Gone => ("plain", "○"),
    };
    html! {
        span class={ "mark " (class) } { span.sign aria-hidden="true" { (sign) } (state.as_str()) }
    }
}

/// How far something is, as a bar and as a number.
pub(super) fn progress(percent: u8, of: &str) -> Markup {
    html! {
        span.progress {
            progress max="100" value=(percent) aria-label={ "Progress of " (super::text::cell(of)) } {}
            span.number { (percent) " %" }
        }
    }
}
