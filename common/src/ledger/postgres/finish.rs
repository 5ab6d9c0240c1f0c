//! What a worker leaves behind: after each step, and at the end of its attempt.
//!
//! Promises: the token of the lease is part of the first statement, and a lease that is lost writes nothing; row,
//! images, entries and events are one transaction of four round trips.

use futures_util::try_join;

use super::connection::{Transaction, each};
use super::ending::{self, Ended, held, job_context};
use super::statement::{Statement, boolean, int2, int4s, int8, int8s, statement, text, texts};
use super::{PostgresLedger, outbox, trail};
use crate::clock::{Clock, SystemClock};
use crate::domain::image::ImageFile;
use crate::domain::lease::Lease;
use crate::domain::version::Version;
use crate::ledger::rows::{ended, json, mismatched, stepped};
use crate::ledger::{End, ImageRecord, LedgerError, StepRecord};

const RECORD_STEP: Statement = statement!("record_step");
const LOCK_LEASED: Statement = statement!("lock_leased");
const DROP_IMAGES: Statement = statement!("drop_images");
const UPSERT_IMAGES: Statement = statement!("upsert_images");
const OPEN_MISMATCHES: Statement = statement!("open_mismatches");

impl PostgresLedger {
    /// Writes one step under the lease.
    pub(super) async fn record_step(&self, lease: &Lease, step: &StepRecord) -> Result<(), LedgerError> {
        let at = SystemClock.now();
        let n_events = i64::try_from(step.events.len()).unwrap_or(i64::MAX);
        let mut connection = self.pool.connection().await?;
        let transaction = connection.begin().await?;
        let params = [
            int8(lease.job.0),
            int8(lease.token.0),
            int2(i16::from(step.status.progress.min(100))),
            text(&step.status.upgrade_message),
            boolean(step.status.ready_for_install),
            text(json(&step.status)),
            int8(n_events),
        ];
        let rows = transaction.rows(&RECORD_STEP, params).await?;
        let columns = each(&RECORD_STEP, &rows).next().ok_or(LedgerError::LeaseLost { job: lease.job })?;
        let context = job_context(&columns)?;
        let last_seq = columns.value::<i64>("event_seq")? - n_events;
        let (entries, messages) = stepped(&context, &lease.owner, step, last_seq, at);
        try_join!(
            write_images(&transaction, lease, step),
            trail::append(&transaction, &entries),
            outbox::insert(&transaction, &messages),
        )?;
        transaction.commit().await
    }

    /// Ends the attempt under the lease.
    pub(super) async fn end_attempt(
        &self,
        lease: &Lease,
        end: &End,
        step: &StepRecord,
    ) -> Result<(), LedgerError> {
        let at = SystemClock.now();
        let mut connection = self.pool.connection().await?;
        let transaction = connection.begin().await?;
        let rows = transaction.rows(&LOCK_LEASED, [int8(lease.job.0), int8(lease.token.0)]).await?;
        let columns = each(&LOCK_LEASED, &rows).next().ok_or(LedgerError::LeaseLost { job: lease.job })?;
        let held = held(&columns)?;
        let ending = ended(&held.job, &lease.owner, end, step, at)?;
        let ended = vec![Ended::of(&held, ending)];
        try_join!(write_images(&transaction, lease, step), ending::write(&transaction, ended))?;
        transaction.commit().await
    }
}

/// Images that left the path, images that changed, and what blocks the device from now on.
async fn write_images(
    transaction: &Transaction<'_>,
    lease: &Lease,
    step: &StepRecord,
) -> Result<(), LedgerError> {
    try_join!(
        drop_images(transaction, lease, &step.dropped),
        upsert_images(transaction, lease, &step.images),
        open_mismatches(transaction, lease, &step.images),
    )?;
    Ok(())
}

async fn drop_images(
    transaction: &Transaction<'_>,
    lease: &Lease,
    dropped: &[Version],
) -> Result<(), LedgerError> {
    if !dropped.is_empty() {
        let versions: Vec<String> = dropped.iter().map(ToString::to_string).collect();
        transaction.execute(&DROP_IMAGES, [int8(lease.job.0), texts(&versions)]).await?;
    }
    Ok(())
}

async fn open_mismatches(
    transaction: &Transaction<'_>,
    lease: &Lease,
    images: &[ImageRecord],
) -> Result<(), LedgerError> {
    let mismatched = mismatched(images);
    if mismatched.is_empty() {
        return Ok(());
    }
    let versions: Vec<String> = mismatched.iter().map(|image| image.version.to_string()).collect();
    let files: Vec<&str> = mismatched.iter().map(|image| image.file_name).collect();
    let expected: Vec<&str> = mismatched.iter().map(|image| image.expected).collect();
    let found: Vec<&str> = mismatched.iter().map(|image| image.found).collect();
    let params = [int8(lease.job.0), texts(&versions), texts(&files), texts(&expected), texts(&found)];
    transaction.execute(&OPEN_MISMATCHES, params).await?;
    Ok(())
}

async fn upsert_images(
    transaction: &Transaction<'_>,
    lease: &Lease,
    images: &[ImageRecord],
) -> Result<(), LedgerError> {
    if images.is_empty() {
        return Ok(());
    }
    let versions: Vec<String> = images.iter().map(|image| image.version.to_string()).collect();
    let positions: Vec<i32> = images.iter().map(|image| ending::small(image.position)).collect();
    let rules: Vec<&str> = images.iter().map(|image| image.rule.as_str()).collect();
    let files: Vec<Option<&str>> =
        images.iter().map(|image| image.file_name.as_ref().map(ImageFile::as_str)).collect();
    let sizes: Vec<Option<i64>> = images.iter().map(|image| image.size_bytes.map(large)).collect();
    let states: Vec<&str> = images.iter().map(|image| image.state.as_str()).collect();
    let device_jobs: Vec<Option<i64>> =
        images.iter().map(|image| image.device_job.map(|job| large(job.id))).collect();
    let boots: Vec<Option<i64>> =
        images.iter().map(|image| image.device_job.map(|job| job.booted_at_s)).collect();
    let outcomes: Vec<Option<String>> = images.iter().map(|image| image.outcome.as_ref().map(json)).collect();
    let params = [
        int8(lease.job.0),
        texts(&versions),
        int4s(&positions),
        texts(&rules),
        texts(&files),
        int8s(&sizes),
        texts(&states),
        int8s(&device_jobs),
        int8s(&boots),
        texts(&outcomes),
    ];
    transaction.execute(&UPSERT_IMAGES, params).await?;
    Ok(())
}

/// For columns of eight bytes. No image and no number of a device job is that large.
fn large(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
