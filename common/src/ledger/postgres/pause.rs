//! Pauses of queues and of workers.
//!
//! Promises: whoever begins or ends one holds the system chain's head first; claims read past that lock. A claim that a
//! queue's pause refuses notes it in the job, and whoever ends the pause wakes those; a note that is made at the same
//! moment is found by the rescue.

use std::collections::HashSet;

use tokio_postgres::Row;

use super::connection::{Transaction, each};
use super::statement::{Columns, Statement, statement, text};
use super::{PostgresLedger, fleet, trail};
use crate::audit::entry::SYSTEM_CHAIN;
use crate::clock::{Clock, SystemClock};
use crate::domain::hold::{Pause, PauseScope};
use crate::domain::job::{JobType, Requester};
use crate::ledger::LedgerError;
use crate::ledger::rows::{self, json, part_paused_entry, part_resumed_entry, reason_of};

const LOCK_HEAD: Statement = statement!("lock_head");
const LOCK_WORKER: Statement = statement!("lock_worker");
const READ_PAUSES: Statement = statement!("read_pauses");
const BEGIN_PAUSE: Statement = statement!("begin_pause");
const END_PAUSE: Statement = statement!("end_pause");

impl PostgresLedger {
    /// All pauses.
    pub(super) async fn read_pauses(&self) -> Result<Vec<Pause>, LedgerError> {
        let rows = self.pool.rows(&READ_PAUSES, [text(None::<&str>), text(None::<&str>)]).await?;
        pauses(&READ_PAUSES, &rows)
    }

    /// Begins a pause, or answers the one that is there.
    pub(super) async fn begin_pause(&self, scope: &PauseScope, by: &Requester) -> Result<Pause, LedgerError> {
        let mut connection = self.pool.connection().await?;
        let transaction = connection.begin().await?;
        transaction.rows(&LOCK_HEAD, [text(SYSTEM_CHAIN)]).await?;
        if let PauseScope::Worker(worker) = scope
            && transaction.rows(&LOCK_WORKER, [text(&worker.0)]).await?.is_empty()
        {
            return Err(LedgerError::UnknownWorker { worker: worker.clone() });
        }
        let (kind, name) = (scope.kind(), scope.name());
        let there = transaction.rows(&READ_PAUSES, [text(kind), text(&name)]).await?;
        if let Some(pause) = pauses(&READ_PAUSES, &there)?.pop() {
            return Ok(pause);
        }
        let params = [text(kind), text(&name), text(reason_of(by)), text(json(by))];
        let rows = transaction.rows(&BEGIN_PAUSE, params).await?;
        let begun = pauses(&BEGIN_PAUSE, &rows)?.pop();
        let pause = begun.ok_or_else(|| BEGIN_PAUSE.failed("there is no pause after it"))?;
        trail::append(&transaction, &[part_paused_entry(&pause, SystemClock.now())]).await?;
        transaction.commit().await?;
        Ok(pause)
    }

    /// Ends a pause, and wakes whom it refused.
    pub(super) async fn end_pause(
        &self,
        scope: &PauseScope,
        by: &Requester,
    ) -> Result<Option<Pause>, LedgerError> {
        let mut connection = self.pool.connection().await?;
        let transaction = connection.begin().await?;
        transaction.rows(&LOCK_HEAD, [text(SYSTEM_CHAIN)]).await?;
        let rows = transaction.rows(&END_PAUSE, [text(scope.kind()), text(scope.name())]).await?;
        let ended = pauses(&END_PAUSE, &rows)?.pop();
        if let Some(pause) = &ended {
            trail::append(&transaction, &[part_resumed_entry(pause, by, SystemClock.now())]).await?;
        }
        transaction.commit().await?;
        match scope {
            // Also where there was no pause: whoever ended it may have died before it woke everybody.
            PauseScope::Queue(_) => fleet::wake_all_held_up(&mut connection).await?,
            PauseScope::Worker(_) => {}
        }
        Ok(ended)
    }
}

/// Types of jobs that are paused.
///
/// # Errors
/// [`LedgerError::NotReachable`], [`LedgerError::Store`].
pub(super) async fn paused_queues(transaction: &Transaction<'_>) -> Result<HashSet<JobType>, LedgerError> {
    let rows = transaction.rows(&READ_PAUSES, [text(None::<&str>), text(None::<&str>)]).await?;
    let queue = |pause: Pause| match pause.scope {
        PauseScope::Queue(job_type) => Some(job_type),
        PauseScope::Worker(_) => None,
    };
    Ok(pauses(&READ_PAUSES, &rows)?.into_iter().filter_map(queue).collect())
}

/// The columns of a pause, where there is one.
///
/// # Errors
/// [`LedgerError::Store`] when a column holds what it never should.
pub(super) fn pause_of(columns: &Columns<'_>) -> Result<Option<Pause>, LedgerError> {
    let Some(kind) = columns.value::<Option<&str>>("scope")? else { return Ok(None) };
    let scope = rows::scope(kind, columns.value("name")?)?;
    rows::pause(scope, columns.value("reason")?, columns.value("since")?, columns.value("paused_by")?)
        .map(Some)
}

pub(super) fn pauses(statement: &Statement, rows: &[Row]) -> Result<Vec<Pause>, LedgerError> {
    each(statement, rows).filter_map(|columns| pause_of(&columns).transpose()).collect()
}
