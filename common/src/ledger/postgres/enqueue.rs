//! Wishes become jobs, a thousand devices at a time.
//!
//! Promises: a chunk is one transaction of a few statements, whatever its size; devices come in order of their
//! serials, so that two commands which want the same ones wait for each other in the same order and cannot
//! deadlock. Leaves to others: what is told about a new job, and the answers ([`rows`](crate::ledger::rows)).

use std::collections::{HashMap, HashSet};

use futures_util::try_join;
use tracing::Instrument;

use super::connection::{Transaction, each};
use super::ending::small;
use super::statement::{Columns, Statement, int4s, int8s, statement, text, texts, uuid};
use super::{PostgresLedger, outbox, trail};
use crate::clock::{Clock, SystemClock};
use crate::domain::device::Serial;
use crate::domain::job::{JobId, JobSpec};
use crate::ledger::rows::{Holder, Outcome, answers, first_per_device, json, kept_by, queued, word};
use crate::ledger::{Batch, ENQUEUE_CHUNK, EnqueueAnswer, LedgerError};
use crate::telemetry::{TraceParent, span};

const INSERT_JOBS: Statement = statement!("insert_jobs");
const READ_HOLDERS: Statement = statement!("read_holders");

/// How often wishes are tried again whose device was held when they came and free when we looked who held it.
/// Each time a job has to end between two statements.
const MAX_TRIES: u32 = 10;

impl PostgresLedger {
    /// Queues a batch; answers in its order.
    pub(super) async fn enqueue_batch(
        &self,
        batch: &Batch,
    ) -> Result<Vec<(Serial, EnqueueAnswer)>, LedgerError> {
        self.enqueue_chunks(batch).instrument(span::enqueue(batch.jobs.len())).await
    }

    async fn enqueue_chunks(&self, batch: &Batch) -> Result<Vec<(Serial, EnqueueAnswer)>, LedgerError> {
        let mut outcomes = HashMap::with_capacity(batch.jobs.len());
        for chunk in first_per_device(&batch.jobs).chunks(ENQUEUE_CHUNK) {
            let mut open = chunk.to_vec();
            for _ in 0..MAX_TRIES {
                open = self.try_chunk(batch, open, &mut outcomes).await?;
                if open.is_empty() {
                    break;
                }
            }
            if let Some(spec) = open.first() {
                return Err(INSERT_JOBS.failed(format!("{} is taken and freed all the time", spec.serial)));
            }
        }
        Ok(answers(&batch.jobs, outcomes))
    }

    /// One transaction for these wishes. Answers those whose device became free in the middle: to try them again
    /// here would turn the order of locks around.
    async fn try_chunk<'a>(
        &self,
        batch: &Batch,
        open: Vec<&'a JobSpec>,
        outcomes: &mut HashMap<Serial, Outcome>,
    ) -> Result<Vec<&'a JobSpec>, LedgerError> {
        let mut connection = self.pool.connection().await?;
        let transaction = connection.begin().await?;
        let created = insert_jobs(&transaction, batch, &open).await?;
        let new: HashSet<&Serial> = created.iter().map(|(_, spec)| &spec.serial).collect();
        let others: Vec<&JobSpec> = open.into_iter().filter(|spec| !new.contains(&spec.serial)).collect();
        let (holders, ()) =
            try_join!(read_outcomes(&transaction, &others), tell(&transaction, batch, &created))?;
        transaction.commit().await?;

        outcomes.extend(created.into_iter().map(|(job, spec)| (spec.serial.clone(), Outcome::Created(job))));
        let mut freed = Vec::new();
        for spec in others {
            match holders.get(spec.serial.as_str()) {
                // Not in the inventory, which is an answer without an outcome.
                None => {}
                Some(Some(outcome)) => {
                    outcomes.insert(spec.serial.clone(), *outcome);
                }
                Some(None) => freed.push(spec),
            }
        }
        Ok(freed)
    }
}

/// Makes jobs; answers each with the wish that it came from.
async fn insert_jobs<'a>(
    transaction: &Transaction<'_>,
    batch: &Batch,
    specs: &[&'a JobSpec],
) -> Result<Vec<(JobId, &'a JobSpec)>, LedgerError> {
    let serials: Vec<&str> = specs.iter().map(|spec| spec.serial.as_str()).collect();
    let job_types: Vec<&str> = specs.iter().map(|spec| spec.job_type.as_str()).collect();
    let goals: Vec<String> = specs.iter().map(|spec| json(&spec.goal)).collect();
    let max_attempts: Vec<i32> = specs.iter().map(|spec| small(spec.max_attempts)).collect();
    let retries: Vec<Option<i64>> = specs.iter().map(|spec| spec.retry_of.map(|job| job.0)).collect();
    let pairs: Vec<&str> = specs.iter().map(|spec| spec.pair.as_str()).collect();
    let params = [
        texts(&serials),
        texts(&job_types),
        texts(&goals),
        int4s(&max_attempts),
        int8s(&retries),
        uuid(batch.id.0),
        text(&batch.by.operator),
        text(&batch.by.host),
        text(&batch.by.reason),
        texts(&pairs),
        text(TraceParent::current().map(String::from)),
    ];
    let rows = transaction.rows(&INSERT_JOBS, params).await?;
    let by_serial: HashMap<&str, &JobSpec> = specs.iter().map(|spec| (spec.serial.as_str(), *spec)).collect();
    each(&INSERT_JOBS, &rows)
        .map(|columns| {
            let serial: &str = columns.value("serial")?;
            let spec =
                by_serial.get(serial).ok_or_else(|| INSERT_JOBS.failed("a job that nobody asked for"))?;
            Ok((JobId(columns.value("id")?), *spec))
        })
        .collect()
}

/// Entries, events and wake-ups of the new jobs.
async fn tell(
    transaction: &Transaction<'_>,
    batch: &Batch,
    created: &[(JobId, &JobSpec)],
) -> Result<(), LedgerError> {
    let (entries, messages) = queued(batch, created.iter().copied(), SystemClock.now());
    try_join!(trail::append(transaction, &entries), outbox::insert(transaction, &messages))?;
    Ok(())
}

/// What keeps each of these devices from a new job: nothing, where it is free; unknown devices are missing.
async fn read_outcomes(
    transaction: &Transaction<'_>,
    specs: &[&JobSpec],
) -> Result<HashMap<String, Option<Outcome>>, LedgerError> {
    if specs.is_empty() {
        return Ok(HashMap::new());
    }
    let serials: Vec<&str> = specs.iter().map(|spec| spec.serial.as_str()).collect();
    let rows = transaction.rows(&READ_HOLDERS, [texts(&serials)]).await?;
    let outcome = |columns: &Columns<'_>| {
        let mismatch: Option<&str> = columns.value("mismatch")?;
        let mismatch = mismatch.map(|version| word("mismatches.version", version)).transpose()?;
        Ok(kept_by(holder(columns)?, mismatch))
    };
    each(&READ_HOLDERS, &rows).map(|columns| Ok((columns.value("serial")?, outcome(&columns)?))).collect()
}

/// The job that holds one device.
///
/// # Errors
/// [`LedgerError::NotReachable`], [`LedgerError::Store`].
pub(super) async fn read_holder(
    transaction: &Transaction<'_>,
    serial: &Serial,
) -> Result<Option<Holder>, LedgerError> {
    let rows = transaction.rows(&READ_HOLDERS, [texts([serial.as_str()].as_slice())]).await?;
    each(&READ_HOLDERS, &rows).next().map_or(Ok(None), |columns| holder(&columns))
}

fn holder(columns: &Columns<'_>) -> Result<Option<Holder>, LedgerError> {
    let Some(job) = columns.value("id")? else { return Ok(None) };
    Ok(Some(Holder {
        job: JobId(job),
        job_type: word("jobs.job_type", columns.value("job_type")?)?,
        state: word("jobs.state", columns.value("state")?)?,
    }))
}
