//! What workers leave behind: after each step, and at the end of an attempt.
//!
//! Promises: the token of the lease is part of the first statement, and a lease that is lost writes nothing; row,
//! images, entries and events are one transaction of four round trips, for any number of jobs whose steps come
//! together ([`batch`](super::batch)).

use std::collections::HashMap;

use futures_util::try_join;
use opentelemetry::Context;

use super::batch::{Answers, Wish};
use super::connection::{Pool, Transaction, each};
use super::ending::{self, Ended, held, job_context};
use super::statement::{Param, Statement, bools, int2s, int4s, int8s, statement, texts};
use super::{PostgresLedger, outbox, trail};
use crate::clock::{Clock, SystemClock};
use crate::domain::image::ImageFile;
use crate::domain::job::JobId;
use crate::domain::lease::Lease;
use crate::ledger::rows::{NewEntry, NewOutboxRow, ended, json, mismatched, stepped};
use crate::ledger::{End, ImageRecord, LedgerError, StepRecord};

const RECORD_STEP: Statement = statement!("record_step");
const LOCK_LEASED: Statement = statement!("lock_leased");
const DROP_IMAGES: Statement = statement!("drop_images");
const UPSERT_IMAGES: Statement = statement!("upsert_images");
const OPEN_MISMATCHES: Statement = statement!("open_mismatches");

/// A step to write.
pub(super) struct Step {
    lease: Lease,
    step: StepRecord,
    /// Of the caller: what is told belongs there.
    traced: Context,
}

/// The end of an attempt to write.
pub(super) struct LastStep {
    step: Step,
    end: End,
}

impl Step {
    fn new(lease: &Lease, step: &StepRecord) -> Self {
        Self { lease: lease.clone(), step: step.clone(), traced: Context::current() }
    }

    fn lost(&self) -> LedgerError {
        LedgerError::LeaseLost { job: self.lease.job }
    }
}

impl Wish for Step {
    fn job(&self) -> JobId {
        self.lease.job
    }
}

impl Wish for LastStep {
    fn job(&self) -> JobId {
        self.step.lease.job
    }
}

impl PostgresLedger {
    /// Writes one step under the lease.
    pub(super) async fn record_step(&self, lease: &Lease, step: &StepRecord) -> Result<(), LedgerError> {
        self.steps.written(Step::new(lease, step)).await
    }

    /// Ends the attempt under the lease.
    pub(super) async fn end_attempt(
        &self,
        lease: &Lease,
        end: &End,
        step: &StepRecord,
    ) -> Result<(), LedgerError> {
        self.ends.written(LastStep { step: Step::new(lease, step), end: end.clone() }).await
    }
}

/// Writes steps of different jobs.
///
/// # Errors
/// [`LedgerError::NotReachable`], [`LedgerError::Store`]: none is written. A lost lease is the answer of its step alone.
pub(super) async fn record(pool: &Pool, steps: &[Step]) -> Result<Answers, LedgerError> {
    let at = SystemClock.now();
    let mut connection = pool.connection().await?;
    let transaction = connection.begin().await?;
    let rows = transaction.rows(&RECORD_STEP, step_params(steps)).await?;
    let mut contexts = HashMap::new();
    for columns in each(&RECORD_STEP, &rows) {
        let context = job_context(&columns)?;
        contexts.insert(context.job, (context, columns.value::<i64>("event_seq")?));
    }
    let (mut entries, mut messages) = (Vec::<NewEntry>::new(), Vec::<NewOutboxRow>::new());
    let (mut written, mut answers) = (Vec::new(), Vec::new());
    for step in steps {
        let Some((context, event_seq)) = contexts.get(&step.lease.job) else {
            answers.push(Err(step.lost()));
            continue;
        };
        let _inside = step.traced.clone().attach();
        let told = stepped(context, &step.lease.owner, &step.step, event_seq - n_events(step), at);
        entries.extend(told.0);
        messages.extend(told.1);
        written.push(step);
        answers.push(Ok(()));
    }
    try_join!(
        write_images(&transaction, &written),
        trail::append(&transaction, &entries),
        outbox::insert(&transaction, &messages),
    )?;
    transaction.commit().await?;
    Ok(answers)
}

/// Ends attempts of different jobs.
///
/// # Errors
/// As for [`record`]; an end that cannot be is the answer of its job alone.
pub(super) async fn end(pool: &Pool, last_steps: &[LastStep]) -> Result<Answers, LedgerError> {
    let at = SystemClock.now();
    let mut connection = pool.connection().await?;
    let transaction = connection.begin().await?;
    let jobs: Vec<i64> = last_steps.iter().map(|last| last.step.lease.job.0).collect();
    let tokens: Vec<i64> = last_steps.iter().map(|last| last.step.lease.token.0).collect();
    let rows = transaction.rows(&LOCK_LEASED, [int8s(&jobs), int8s(&tokens)]).await?;
    let mut leased = HashMap::new();
    for columns in each(&LOCK_LEASED, &rows) {
        let held = held(&columns)?;
        leased.insert(held.job.context.job, held);
    }
    let (mut written, mut endings, mut answers) = (Vec::new(), Vec::new(), Vec::new());
    for LastStep { step, end } in last_steps {
        let Some(held) = leased.get(&step.lease.job) else {
            answers.push(Err(step.lost()));
            continue;
        };
        let _inside = step.traced.clone().attach();
        let ending = ended(&held.job, &step.lease.owner, end, &step.step, at);
        answers.push(ending.map(|ending| {
            endings.push(Ended::of(held, ending));
            written.push(step);
        }));
    }
    try_join!(write_images(&transaction, &written), ending::write(&transaction, endings))?;
    transaction.commit().await?;
    Ok(answers)
}

fn n_events(step: &Step) -> i64 {
    i64::try_from(step.step.events.len()).unwrap_or(i64::MAX)
}

fn step_params(steps: &[Step]) -> [Param<'_>; 7] {
    let statuses = || steps.iter().map(|step| &step.step.status);
    [
        int8s(steps.iter().map(|step| step.lease.job.0).collect::<Vec<_>>()),
        int8s(steps.iter().map(|step| step.lease.token.0).collect::<Vec<_>>()),
        int2s(statuses().map(|status| i16::from(status.progress.min(100))).collect::<Vec<_>>()),
        texts(statuses().map(|status| status.upgrade_message.as_str()).collect::<Vec<_>>()),
        bools(statuses().map(|status| status.ready_for_install).collect::<Vec<_>>()),
        texts(statuses().map(json).collect::<Vec<_>>()),
        int8s(steps.iter().map(n_events).collect::<Vec<_>>()),
    ]
}

/// Images that left the path, images that changed, and what blocks the devices from now on.
async fn write_images(transaction: &Transaction<'_>, steps: &[&Step]) -> Result<(), LedgerError> {
    try_join!(
        drop_images(transaction, steps),
        upsert_images(transaction, steps),
        open_mismatches(transaction, steps),
    )?;
    Ok(())
}

async fn drop_images(transaction: &Transaction<'_>, steps: &[&Step]) -> Result<(), LedgerError> {
    let (jobs, versions): (Vec<i64>, Vec<String>) = steps
        .iter()
        .flat_map(|step| step.step.dropped.iter().map(|version| (step.lease.job.0, version.to_string())))
        .unzip();
    if !jobs.is_empty() {
        transaction.execute(&DROP_IMAGES, [int8s(&jobs), texts(&versions)]).await?;
    }
    Ok(())
}

async fn open_mismatches(transaction: &Transaction<'_>, steps: &[&Step]) -> Result<(), LedgerError> {
    let (mut jobs, mut mismatches) = (Vec::new(), Vec::new());
    for step in steps {
        let found = mismatched(&step.step.images);
        jobs.extend(found.iter().map(|_| step.lease.job.0));
        mismatches.extend(found);
    }
    if mismatches.is_empty() {
        return Ok(());
    }
    let versions: Vec<String> = mismatches.iter().map(|image| image.version.to_string()).collect();
    let files: Vec<&str> = mismatches.iter().map(|image| image.file_name).collect();
    let expected: Vec<&str> = mismatches.iter().map(|image| image.expected).collect();
    let found: Vec<&str> = mismatches.iter().map(|image| image.found).collect();
    let params = [int8s(&jobs), texts(&versions), texts(&files), texts(&expected), texts(&found)];
    transaction.execute(&OPEN_MISMATCHES, params).await?;
    Ok(())
}

async fn upsert_images(transaction: &Transaction<'_>, steps: &[&Step]) -> Result<(), LedgerError> {
    let (jobs, images): (Vec<i64>, Vec<&ImageRecord>) =
        steps.iter().flat_map(|step| step.step.images.iter().map(|image| (step.lease.job.0, image))).unzip();
    if jobs.is_empty() {
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
        int8s(&jobs),
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
