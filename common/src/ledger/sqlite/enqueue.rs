//! Wishes become jobs, a thousand devices per transaction.

use std::collections::HashMap;

use rusqlite::{Row, Transaction};
use serde_json::json;
use tracing::Instrument;

use super::statement::{Statement, statement};
use super::store::{Store, StoreError};
use super::stored::{Stored, optional_text, text};
use super::{outbox, trail};
use crate::clock::{Clock, SystemClock};
use crate::domain::device::Serial;
use crate::domain::job::{JobId, JobSpec};
use crate::domain::version::Version;
use crate::ledger::rows::{self, Holder, Outcome, json};
use crate::ledger::{Batch, ENQUEUE_CHUNK, EnqueueAnswer, LedgerError};
use crate::telemetry::{TraceParent, span};

const INSERT_JOBS: Statement = statement!("insert_jobs");
const READ_HOLDERS: Statement = statement!("read_holders");

/// Queues a batch; answers in the order of its jobs.
pub(super) async fn enqueue(
    store: &Store,
    batch: &Batch,
) -> Result<Vec<(Serial, EnqueueAnswer)>, LedgerError> {
    enqueue_chunks(store, batch).instrument(span::enqueue(batch.jobs.len())).await
}

async fn enqueue_chunks(store: &Store, batch: &Batch) -> Result<Vec<(Serial, EnqueueAnswer)>, LedgerError> {
    let mut outcomes = HashMap::new();
    for chunk in rows::first_per_device(&batch.jobs).chunks(ENQUEUE_CHUNK) {
        let jobs = chunk.iter().map(|spec| (*spec).clone()).collect();
        let chunk = Batch { id: batch.id, by: batch.by.clone(), jobs };
        outcomes.extend(store.write("enqueue", move |transaction| insert(transaction, &chunk)).await?);
    }
    Ok(rows::answers(&batch.jobs, outcomes))
}

/// One chunk, one wish per device.
fn insert(transaction: &Transaction<'_>, chunk: &Batch) -> Result<HashMap<Serial, Outcome>, StoreError> {
    let wishes: Vec<_> = chunk
        .jobs
        .iter()
        .map(|spec| {
            json!({
                "serial": spec.serial,
                "job_type": spec.job_type,
                "goal": json(&spec.goal),
                "max_attempts": spec.max_attempts,
                "retry_of": spec.retry_of,
                "pair_mode": spec.pair,
            })
        })
        .collect();
    let (by, place) = (&chunk.by, TraceParent::current().map(String::from));
    let params = (json(&wishes), chunk.id.to_string(), &by.operator, &by.host, &by.reason, place);
    let created: Vec<CreatedRow> = INSERT_JOBS.rows(transaction, params)?;
    let mut outcomes: HashMap<Serial, Outcome> =
        created.into_iter().map(|row| (row.serial, Outcome::Created(row.job))).collect();

    let others = |spec: &&JobSpec| !outcomes.contains_key(&spec.serial);
    let others: Vec<&Serial> = chunk.jobs.iter().filter(others).map(|spec| &spec.serial).collect();
    let holders = read_holders(transaction, &others)?;

    let new = chunk.jobs.iter().filter_map(|spec| match outcomes.get(&spec.serial)? {
        Outcome::Created(job) => Some((*job, spec)),
        Outcome::Held(_) | Outcome::Mismatch(_) => None,
    });
    let (entries, messages) = rows::queued(chunk, new, SystemClock.now());
    trail::append(transaction, &entries)?;
    outbox::insert(transaction, &messages)?;

    outcomes.extend(holders.into_iter().filter_map(|HolderRow { serial, holder, mismatch }| {
        Some((serial, rows::kept_by(holder, mismatch)?))
    }));
    Ok(outcomes)
}

struct CreatedRow {
    serial: Serial,
    job: JobId,
}

impl Stored for CreatedRow {
    fn read(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self { serial: text(row, "serial")?, job: JobId(row.get("id")?) })
    }
}

/// What keeps one device from a new job.
pub(super) struct HolderRow {
    serial: Serial,
    pub(super) holder: Option<Holder>,
    mismatch: Option<Version>,
}

/// What keeps devices from a new job; devices that are not in the inventory are missing.
pub(super) fn read_holders(
    transaction: &Transaction<'_>,
    serials: &[&Serial],
) -> Result<Vec<HolderRow>, StoreError> {
    READ_HOLDERS.rows(transaction, [json(&serials)])
}

impl Stored for HolderRow {
    fn read(row: &Row<'_>) -> Result<Self, StoreError> {
        let holder = match row.get::<_, Option<i64>>("id")? {
            None => None,
            Some(job) => {
                Some(Holder { job: JobId(job), job_type: text(row, "job_type")?, state: text(row, "state")? })
            }
        };
        Ok(Self { serial: text(row, "serial")?, holder, mismatch: optional_text(row, "mismatch")? })
    }
}
