//! What a worker writes under its lease: steps, and the end of its attempt.

use rusqlite::Transaction;
use serde_json::json;

use super::statement::{Statement, milliseconds, statement};
use super::store::{Store, StoreError};
use super::stored::HeldRow;
use super::{outbox, trail, wake};
use crate::clock::{Clock, SystemClock};
use crate::domain::job::JobId;
use crate::domain::lease::{Lease, LeaseToken};
use crate::ledger::rows::{self, Ending, HeldJob, json};
use crate::ledger::{End, ImageRecord, LedgerError, StepRecord};

const READ_HELD: Statement = statement!("read_held");
const RECORD_STEP: Statement = statement!("record_step");
const DROP_IMAGES: Statement = statement!("drop_images");
const UPSERT_IMAGES: Statement = statement!("upsert_images");
const OPEN_MISMATCHES: Statement = statement!("open_mismatches");
const END_JOBS: Statement = statement!("end_jobs");
const END_ATTEMPTS: Statement = statement!("end_attempts");

/// Writes one step.
pub(super) async fn record(store: &Store, lease: &Lease, step: &StepRecord) -> Result<(), LedgerError> {
    let (lease, step) = (lease.clone(), step.clone());
    store
        .write("record", move |transaction| {
            let HeldJob { context, event_seq, .. } = held(transaction, &lease)?;
            let (entries, messages) =
                rows::stepped(&context, &lease.owner, &step, event_seq, SystemClock.now());
            let status = &step.status;
            let n_changed = RECORD_STEP.execute(
                transaction,
                (
                    lease.job.0,
                    lease.token.0,
                    json(status),
                    status.progress.min(100),
                    &status.upgrade_message,
                    status.ready_for_install,
                    i64::try_from(messages.len()).unwrap_or(i64::MAX),
                ),
            )?;
            expect_one(n_changed, lease.job)?;
            write_images(transaction, lease.job, &step)?;
            trail::append(transaction, &entries)?;
            outbox::insert(transaction, &messages)
        })
        .await
}

/// Ends an attempt with what its last step left behind.
pub(super) async fn end(
    store: &Store,
    lease: &Lease,
    end: &End,
    step: &StepRecord,
) -> Result<(), LedgerError> {
    let (lease, end, step) = (lease.clone(), end.clone(), step.clone());
    store
        .write("end", move |transaction| {
            let job = held(transaction, &lease)?;
            let ending = rows::ended(&job, &lease.owner, &end, &step, SystemClock.now())?;
            write_images(transaction, lease.job, &step)?;
            write_endings(transaction, &[(job, lease.token, ending)])
        })
        .await
}

/// The job of a lease, as long as the lease is the current one.
fn held(transaction: &Transaction<'_>, lease: &Lease) -> Result<HeldJob, StoreError> {
    let row: Option<HeldRow> = READ_HELD.row(transaction, (lease.job.0, lease.token.0))?;
    Ok(row.ok_or(LedgerError::LeaseLost { job: lease.job })?.job)
}

/// The last line of defence: the row must still be the one that was read.
fn expect_one(n_changed: usize, job: JobId) -> Result<(), StoreError> {
    if n_changed == 1 { Ok(()) } else { Err(LedgerError::LeaseLost { job }.into()) }
}

/// Images that left the path, images that changed, and what blocks the device from now on.
fn write_images(transaction: &Transaction<'_>, job: JobId, step: &StepRecord) -> Result<(), StoreError> {
    if !step.dropped.is_empty() {
        DROP_IMAGES.execute(transaction, (job.0, json(&step.dropped)))?;
    }
    upsert_images(transaction, job, &step.images)?;
    let mismatched: Vec<_> = rows::mismatched(&step.images)
        .iter()
        .map(|image| {
            json!({
                "version": image.version,
                "file_name": image.file_name,
                "expected": image.expected,
                "found": image.found,
            })
        })
        .collect();
    if !mismatched.is_empty() {
        OPEN_MISMATCHES.execute(transaction, (job.0, json(&mismatched)))?;
    }
    Ok(())
}

fn upsert_images(
    transaction: &Transaction<'_>,
    job: JobId,
    images: &[ImageRecord],
) -> Result<(), StoreError> {
    if images.is_empty() {
        return Ok(());
    }
    let images: Vec<_> = images
        .iter()
        .map(|image| {
            json!({
                "version": image.version,
                "position": image.position,
                "rule": image.rule,
                "file_name": image.file_name,
                "size_bytes": image.size_bytes,
                "state": image.state,
                "device_job": image.device_job.map(|device_job| device_job.id),
                "booted_at_s": image.device_job.map(|device_job| device_job.booted_at_s),
                "outcome": image.outcome.as_ref().map(json),
            })
        })
        .collect();
    UPSERT_IMAGES.execute(transaction, (job.0, json(&images)))?;
    Ok(())
}

/// Writes the ends of any number of jobs: the row, the open attempt, who waited for it, the trail, the outbox.
pub(super) fn write_endings(
    transaction: &Transaction<'_>,
    endings: &[(HeldJob, LeaseToken, Ending)],
) -> Result<(), StoreError> {
    if endings.is_empty() {
        return Ok(());
    }
    let jobs: Vec<_> = endings
        .iter()
        .map(|(job, token, ending)| {
            json!({
                "id": job.context.job,
                "token": token,
                "was": job.state,
                "state": ending.state,
                "attempt": ending.attempt,
                "n_snoozes": ending.n_snoozes,
                "n_lost_leases": ending.n_lost_leases,
                "dispatch_no": ending.dispatch_no,
                "held_up": u8::from(ending.held_up),
                "due_after_ms": ending.due_after.map(milliseconds),
                "event_seq": ending.event_seq,
                "progress": ending.progress,
                "message": ending.message,
                "failure_kind": ending.failure_kind,
                "ready_for_install": u8::from(ending.ready_for_install),
                "status": ending.status.as_ref().map(json),
            })
        })
        .collect();
    let n_changed = END_JOBS.execute(transaction, [json(&jobs)])?;
    if n_changed != endings.len() {
        let reason = format!("{n_changed} of {} jobs ended", endings.len());
        return Err(LedgerError::Store { statement: END_JOBS.name, reason }.into());
    }
    let attempts: Vec<_> = endings
        .iter()
        .filter_map(|(job, token, ending)| {
            let end = ending.attempt_ending.as_ref()?;
            Some(json!({
                "job": job.context.job,
                "token": token,
                "ending": end.word,
                "kind": end.kind,
                "message": end.message,
            }))
        })
        .collect();
    END_ATTEMPTS.execute(transaction, [json(&attempts)])?;
    wake::after(transaction, endings.iter().map(|(job, _, ending)| (job, ending)))?;

    let terminal = endings.iter().filter(|(_, _, ending)| ending.state.is_terminal());
    outbox::delete_wake_ups(transaction, terminal.map(|(job, _, _)| job.context.job))?;
    let entries: Vec<_> = endings.iter().flat_map(|(_, _, ending)| ending.entries.clone()).collect();
    trail::append(transaction, &entries)?;
    let messages: Vec<_> = endings.iter().flat_map(|(_, _, ending)| ending.messages.clone()).collect();
    outbox::insert(transaction, &messages)
}
