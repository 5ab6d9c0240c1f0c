//! What a worker counts while it works. The names stand in [`common::telemetry::names`].
//!
//! Promises: nothing is counted, at no cost, in a process that nobody scrapes; every label is a word of ours, of which
//! there is a known number, whatever a device says or is called.
//! Leaves to others: what the ledger knows ([`common::telemetry::fleet`]), rendering.

use std::sync::Arc;
use std::time::Duration;

use common::domain::failure::FailureKind;
use common::domain::hash::HashOutcome;
use common::ledger::{End, Rescued, Settlement};
use common::telemetry::{label, names, span};
use metrics::{counter, gauge, histogram};
use panos::Observer;
use tracing::Instrument;

/// The commands that a worker sends to firewalls; what else this program can say is `other`.
const COMMANDS: [&str; 9] = [
    "keygen",
    "show system info",
    "show system disk-space",
    "show high-availability state",
    "show jobs id",
    "show jobs all",
    "request system software check",
    "request system software info",
    "request system software download",
];

/// Begins counters at nothing, so that the first failure is an increase and not a series out of nowhere.
pub(crate) fn begin(n_slots: usize) {
    gauge!(names::SLOTS).set(number(n_slots));
    gauge!(names::LEASES).set(0.0);
    for counter in [names::LEASES_LOST, names::LOGINS_REFUSED] {
        counter!(counter).absolute(0);
    }
    for ending in ["completed", "cancelled", "snooze", "released", "lease_lost"] {
        counter!(names::ATTEMPTS, "ending" => ending, "kind" => "none").absolute(0);
    }
    for ending in ["failed", "skipped", "retry"] {
        for kind in FailureKind::ALL {
            counter!(names::ATTEMPTS, "ending" => ending, "kind" => kind.as_str()).absolute(0);
        }
    }
    for outcome in ["verified", "mismatch", "not_reported", "no_reference"] {
        counter!(names::IMAGES, "outcome" => outcome).absolute(0);
    }
    rescued(&Rescued::default());
    relayed(&Settlement::default());
}

/// An attempt ended; without an end it let go, because its lease was lost.
pub(crate) fn attempt_ended(end: Option<&End>) {
    let (ending, kind) = match end {
        Some(End::Completed) => ("completed", "none"),
        Some(End::Failed { kind, .. }) => ("failed", kind.as_str()),
        Some(End::Skipped { kind, .. }) => ("skipped", kind.as_str()),
        Some(End::Cancelled) => ("cancelled", "none"),
        Some(End::Retry { kind, .. }) => ("retry", kind.as_str()),
        Some(End::Snooze { .. }) => ("snooze", "none"),
        Some(End::Released) => ("released", "none"),
        None => ("lease_lost", "none"),
    };
    counter!(names::ATTEMPTS, "ending" => ending, "kind" => kind).increment(1);
}

/// A step of an attempt: its time, and its span. One that is cut is in neither.
pub(crate) async fn step<T>(name: &'static str, work: impl Future<Output = T>) -> T {
    let began = tokio::time::Instant::now();
    let output = work.instrument(span::step(name)).await;
    histogram!(names::STEP_SECONDS, "step" => name).record(began.elapsed());
    output
}

/// Counts the calls of a client.
pub(crate) fn calls() -> Observer {
    Arc::new(|call| {
        let command = label::one_of(call.command, &COMMANDS);
        histogram!(names::CALL_SECONDS, "command" => command, "result" => call.result.as_str())
            .record(call.took);
    })
}

/// An image was compared with the trusted hashes.
pub(crate) fn image(outcome: &HashOutcome) {
    counter!(names::IMAGES, "outcome" => outcome.as_str()).increment(1);
}

/// A firewall refused a log-in.
pub(crate) fn login_refused() {
    counter!(names::LOGINS_REFUSED).increment(1);
}

/// An attempt was fenced.
pub(crate) fn lease_lost() {
    counter!(names::LEASES_LOST).increment(1);
}

/// Leases that are held now.
pub(crate) fn leases(n_held: usize) {
    gauge!(names::LEASES).set(number(n_held));
}

/// A beat was answered, or not.
pub(crate) fn beat(is_answered: bool, took: Duration) {
    let result = if is_answered { "ok" } else { "error" };
    histogram!(names::BEAT_SECONDS, "result" => result).record(took);
}

/// What one rescue brought back.
pub(crate) fn rescued(rescued: &Rescued) {
    let Rescued { expired, given_up, unclaimed, held_up, unsent } = rescued;
    let lost = [
        ("expired", expired.len()),
        ("given_up", given_up.len()),
        ("unclaimed", unclaimed.len()),
        ("held_up", held_up.len()),
        ("unsent", unsent.len()),
    ];
    for (what, n_jobs) in lost {
        counter!(names::RESCUED, "lost" => what).increment(n_jobs as u64);
    }
}

/// What the broker said to one window of messages.
pub(crate) fn relayed(settlement: &Settlement) {
    let said = [
        ("confirmed", settlement.confirmed.len()),
        ("refused", settlement.refused.len()),
        ("unknown", settlement.unknown.len()),
    ];
    for (what, n_rows) in said {
        counter!(names::RELAYED, "result" => what).increment(n_rows as u64);
    }
}

/// A small number as a gauge has it.
fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}
