//! One attempt, from lease to end.
//!
//! Promises: every attempt ends its job in exactly one way, or lets go without a word when the lease is
//! lost; a panic inside is a failed attempt, not a dead worker. Leaves to others: the steps themselves.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use common::audit::AuditAction;
use common::domain::attempt::backoff;
use common::domain::failure::FailureKind;
use common::domain::status::Phase;
use common::events::JobEvent;
use common::ledger::{ClaimedJob, End, ImageState, LedgerError};
use common::report::Chain;
use futures_util::FutureExt;
use serde_json::json;
use tokio::time::Instant;
use tracing::{Instrument, error, info, info_span, warn};

use crate::context::Context;
use crate::error::{Disposition, LONGEST_SNOOZE, MAX_SNOOZES, StepError};
use crate::hold::Hold;
use crate::journal::Journal;
use crate::measure;
use crate::steps::{self, Acting, Attempt};
use crate::uncut::Uncut;

/// Performs a claimed job under its lease.
pub(crate) async fn perform(job: ClaimedJob, hold: Arc<Hold>, context: Arc<Context>) {
    let serial = &job.device.device.serial;
    let span = info_span!(
        "attempt",
        job.id = job.lease.job.0,
        job.type = %job.job_type,
        device.serial = %serial,
        attempt = job.attempt,
        worker.id = %job.lease.owner,
    );
    if let Some(place) = &job.traceparent {
        place.continue_in(&span);
    }
    attempt(&job, &hold, &context).instrument(span).await;
}

async fn attempt(job: &ClaimedJob, hold: &Arc<Hold>, context: &Arc<Context>) {
    let (serial, began) = (&job.device.device.serial, Instant::now());
    info!("{serial}: attempt {} of {} begins", job.attempt, job.max_attempts);
    let mut journal = context.journal(job, hold);
    let (acting, writing) = (Acting::default(), journal.writing());
    let steps = async {
        let mut attempt = Attempt::new(job, hold, context, &mut journal, &acting)?;
        let until_cut = async {
            tokio::select! {
                biased;
                () = aborted(context, &acting) => Err(StepError::Stopping),
                () = cancelled(hold, &acting, &writing) => Err(StepError::Cancelled),
                done = steps::run(&mut attempt) => done,
            }
        };
        hold.guard(until_cut).await?
    };
    let outcome = AssertUnwindSafe(steps).catch_unwind().await;
    let ended = match outcome {
        Ok(outcome) => end_of(outcome, job, context, &mut journal),
        Err(_) => {
            // What the journal had gathered may be half a thought: start from what the claim brought.
            journal = context.journal(job, hold);
            error!("{serial}: the attempt panicked; see the lines above");
            Some(retry_or_fail(FailureKind::Internal, "the worker met a defect in itself", job, &mut journal))
        }
    };
    let Some(end) = ended else {
        measure::attempt_ended(None);
        warn!("{serial}: lease lost, nothing more is written");
        return;
    };
    if let Err(lost) = journal.end(&end).await {
        measure::attempt_ended(None);
        warn!("{serial}: the end of the attempt was not written: {}", Chain(&lost));
        return;
    }
    measure::attempt_ended(Some(&end));
    let duration_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    info!(duration_ms, "{serial}: {}", sentence(&end));
}

/// Ends when the process has to leave, and no request is between leaving and being noted: handed back in that
/// moment, the job would be claimed by a worker that may look before the device has begun.
async fn aborted(context: &Context, acting: &Acting) {
    context.stop.aborting().await;
    acting.free().await;
}

/// Ends when somebody wants the job to stop, and neither a request nor a write is in the middle. What is cut then is a
/// question or a wait, so a device that hangs does not keep a cancel waiting.
async fn cancelled(hold: &Hold, acting: &Acting, writing: &Uncut) {
    hold.cancelled().await;
    loop {
        acting.free().await;
        writing.free().await;
        // Both at one moment: a request is noted before and after it is sent.
        if acting.is_free() {
            return;
        }
    }
}

/// How the attempt ends; `None` when it has nothing to say any more.
fn end_of(
    outcome: Result<(), StepError>,
    job: &ClaimedJob,
    context: &Context,
    journal: &mut Journal,
) -> Option<End> {
    let Err(error) = outcome else {
        return Some(End::Completed);
    };
    let message = Chain(&error).to_string();
    match error.disposition() {
        Disposition::LetGo => {
            if !matches!(error, StepError::Ledger(LedgerError::LeaseLost { .. })) {
                error!("the attempt cannot be written down: {message}");
            }
            None
        }
        Disposition::Release => Some(End::Released),
        Disposition::Cancel => {
            tell_what_stays(job, journal);
            Some(End::Cancelled)
        }
        Disposition::Skip(kind) => {
            journal.failed(kind, &message);
            journal.at(Phase::Complete, 100, message.clone());
            Some(End::Skipped { kind, message })
        }
        Disposition::Fail(kind) => Some(fail(kind, &message, journal)),
        Disposition::Retry(kind) => Some(retry_or_fail(kind, &message, job, journal)),
        Disposition::Snooze if job.n_snoozes >= MAX_SNOOZES => {
            Some(fail(FailureKind::Busy, &message, journal))
        }
        Disposition::Snooze => {
            Some(End::Snooze { message, after: context.patience.busy.min(LONGEST_SNOOZE) })
        }
    }
}

/// A cancelled job leaves a download that runs on its device to go on: the API has a command to begin one and none to
/// stop it. The trail, the feed and the log say so.
fn tell_what_stays(job: &ClaimedJob, journal: &mut Journal) {
    let running: Vec<_> = journal
        .images()
        .iter()
        .filter(|image| matches!(image.state, ImageState::Requested | ImageState::Downloading))
        .map(|image| (image.version.to_string(), image.device_job.map(|noted| noted.id)))
        .collect();
    for (version, device_job) in running {
        let as_job = device_job.map_or_else(String::new, |id| format!(" as its job {id}"));
        let message = format!(
            "cancelled; the device goes on downloading {version}{as_job}, which it cannot be asked to stop"
        );
        info!("{}: {message}", job.device.device.serial);
        journal.audit(
            AuditAction::DownloadEnded,
            json!({ "version": version, "device_job": device_job, "result": "left_running", "details": [&message] }),
        );
        let (phase, progress) = (journal.status().current_phase, journal.status().progress);
        journal.event(JobEvent::Progress { phase, progress, version: Some(version), message });
    }
}

fn fail(kind: FailureKind, message: &str, journal: &mut Journal) -> End {
    journal.failed(kind, message);
    End::Failed { kind, message: message.to_owned() }
}

fn retry_or_fail(kind: FailureKind, message: &str, job: &ClaimedJob, journal: &mut Journal) -> End {
    if job.attempt >= job.max_attempts {
        return fail(kind, message, journal);
    }
    journal.failed(kind, message);
    let after = backoff(job.attempt, rand::random());
    End::Retry { kind, message: message.to_owned(), after }
}

/// How the attempt ended, for the log.
fn sentence(end: &End) -> String {
    match end {
        End::Completed => "every image is on the device".to_owned(),
        End::Failed { kind, message } => format!("failed ({kind}): {message}"),
        End::Skipped { kind, message } => format!("skipped ({kind}): {message}"),
        End::Cancelled => "cancelled".to_owned(),
        End::Retry { message, after, .. } => format!("trying again in {} s: {message}", after.as_secs()),
        End::Snooze { message, after } => format!("asking again in {} s: {message}", after.as_secs()),
        End::Released => "handed back".to_owned(),
    }
}
