//! [`Workers`] for SQLite.

use std::time::Duration;

use async_trait::async_trait;
use rusqlite::{Row, Transaction};
use serde_json::json;

use super::statement::{Statement, milliseconds, statement};
use super::store::StoreError;
use super::stored::{Plain, Stored, time};
use super::{SqliteLedger, fleet, trail};
use crate::clock::{Clock, SystemClock};
use crate::domain::hold::{Pause, PauseScope};
use crate::domain::job::{JobType, Requester};
use crate::domain::lease::{Lease, WorkerId};
use crate::ledger::rows::{self, RESCUE_AT_MOST, from_json, impossible, number};
use crate::ledger::{Beat, LedgerError, Renewal, WORKERS_KEPT, WorkerCard, WorkerView, Workers};

const TOUCH_WORKER: Statement = statement!("touch_worker");
const RENEW_LEASES: Statement = statement!("renew_leases");
const LEAVE: Statement = statement!("leave");
const READ_WORKERS: Statement = statement!("read_workers");
const FIND_WORKER: Statement = statement!("find_worker");
const FORGET_WORKERS: Statement = statement!("forget_workers");
const FORGET_PAUSES: Statement = statement!("forget_pauses");
const READ_PAUSES: Statement = statement!("read_pauses");
const READ_PAUSE: Statement = statement!("read_pause");
const BEGIN_PAUSE: Statement = statement!("begin_pause");
const END_PAUSE: Statement = statement!("end_pause");

#[async_trait]
impl Workers for SqliteLedger {
    async fn beat(&self, card: &WorkerCard, held: &[Lease], ttl: Duration) -> Result<Beat, LedgerError> {
        let card = card.clone();
        let held: Vec<_> =
            held.iter().map(|lease| json!({ "job": lease.job, "token": lease.token })).collect();
        self.store
            .write("beat", move |transaction| {
                let ttl = milliseconds(ttl);
                touch(transaction, &card, ttl)?;
                let renewals: Vec<Renewal> = if held.is_empty() {
                    Vec::new()
                } else {
                    RENEW_LEASES.rows(transaction, (rows::json(&held), ttl))?
                };
                let hold = fleet::read(transaction)?.hold;
                Ok(Beat { renewals, hold, pauses: READ_PAUSES.rows(transaction, [Some(&card.id.0)])? })
            })
            .await
    }

    async fn leave(&self, worker: &WorkerId) -> Result<(), LedgerError> {
        let worker = worker.0.clone();
        self.store.write("leave", move |transaction| LEAVE.execute(transaction, [worker]).map(drop)).await
    }

    async fn workers(&self, since: Duration) -> Result<Vec<WorkerView>, LedgerError> {
        self.store
            .read("workers", move |transaction| READ_WORKERS.rows(transaction, [milliseconds(since)]))
            .await
    }

    async fn pauses(&self) -> Result<Vec<Pause>, LedgerError> {
        self.store.read("pauses", all_pauses).await
    }

    async fn pause_part(&self, scope: &PauseScope, by: &Requester) -> Result<Pause, LedgerError> {
        let (scope, by) = (scope.clone(), by.clone());
        self.store.write("pause_part", move |transaction| begin(transaction, &scope, &by)).await
    }

    async fn resume_part(&self, scope: &PauseScope, by: &Requester) -> Result<Option<Pause>, LedgerError> {
        let (part, by) = (scope.clone(), by.clone());
        let ended = self.store.write("resume_part", move |transaction| end(transaction, &part, &by)).await?;
        match scope {
            PauseScope::Queue(_) => {
                let at_most = usize::try_from(RESCUE_AT_MOST).unwrap_or(usize::MAX);
                while self.store.write("resume_part", fleet::wake_held_up).await?.len() >= at_most {}
            }
            // It left its jobs to others.
            PauseScope::Worker(_) => {}
        }
        Ok(ended)
    }
}

/// Whose attempts may not begin: pauses of queues and of workers.
pub(super) fn all_pauses(transaction: &Transaction<'_>) -> Result<Vec<Pause>, StoreError> {
    READ_PAUSES.rows(transaction, [None::<String>])
}

/// Forgets workers that are gone for long, and what was theirs.
pub(super) fn forget_old(transaction: &Transaction<'_>) -> Result<(), StoreError> {
    FORGET_WORKERS.execute(transaction, [milliseconds(WORKERS_KEPT)])?;
    FORGET_PAUSES.execute(transaction, []).map(drop)
}

fn touch(transaction: &Transaction<'_>, card: &WorkerCard, ttl: i64) -> Result<(), StoreError> {
    let WorkerCard { id, host, version, job_types, concurrency, draining } = card;
    let params = (&id.0, host, version, rows::json(job_types), concurrency, draining, ttl);
    TOUCH_WORKER.execute(transaction, params).map(drop)
}

fn begin(transaction: &Transaction<'_>, scope: &PauseScope, by: &Requester) -> Result<Pause, StoreError> {
    let key = (scope.kind(), scope.name());
    if let Some(pause) = READ_PAUSE.row(transaction, (key.0, &key.1))? {
        return Ok(pause);
    }
    match scope {
        PauseScope::Queue(_) => {}
        PauseScope::Worker(worker) => {
            let found = FIND_WORKER.row::<Plain<i64>>(transaction, [&worker.0])?;
            found.ok_or_else(|| LedgerError::UnknownWorker { worker: worker.clone() })?;
        }
    }
    let params = (key.0, &key.1, rows::reason_of(by), rows::json(by));
    let pause: Option<Pause> = BEGIN_PAUSE.row(transaction, params)?;
    let pause = pause.ok_or_else(|| impossible("pauses", &"nothing"))?;
    trail::append(transaction, &[rows::part_paused_entry(&pause, SystemClock.now())])?;
    Ok(pause)
}

fn end(
    transaction: &Transaction<'_>,
    scope: &PauseScope,
    by: &Requester,
) -> Result<Option<Pause>, StoreError> {
    let ended: Option<Pause> = END_PAUSE.row(transaction, (scope.kind(), scope.name()))?;
    if let Some(pause) = &ended {
        trail::append(transaction, &[rows::part_resumed_entry(pause, by, SystemClock.now())])?;
    }
    Ok(ended)
}

/// The five columns of a pause; none of them where there is none.
pub(super) fn read_pause(row: &Row<'_>) -> Result<Option<Pause>, StoreError> {
    let Some(kind) = row.get::<_, Option<String>>("scope")? else { return Ok(None) };
    let scope = rows::scope(&kind, &row.get::<_, String>("name")?)?;
    let by: String = row.get("paused_by")?;
    Ok(Some(rows::pause(scope, row.get("reason")?, time(row, "since")?, &by)?))
}

impl Stored for Pause {
    fn read(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(read_pause(row)?.ok_or_else(|| impossible("pauses.scope", &"nothing"))?)
    }
}

impl Stored for WorkerView {
    fn read(row: &Row<'_>) -> Result<Self, StoreError> {
        let draining = row.get("draining")?;
        let job_types: Vec<JobType> = from_json("workers.job_types", &row.get::<_, String>("job_types")?)?;
        Ok(Self {
            id: WorkerId(row.get("id")?),
            host: row.get("host")?,
            version: row.get("version")?,
            job_types,
            concurrency: number("workers.concurrency", row.get("concurrency")?)?,
            draining,
            started_at: time(row, "started_at")?,
            seen_at: time(row, "seen_at")?,
            state: rows::worker_state(row.get("has_left")?, row.get("is_silent")?, draining),
            n_running: number("read_workers", row.get("n_running")?)?,
            pause: read_pause(row)?,
        })
    }
}
