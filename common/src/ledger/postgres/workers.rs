//! Workers: their beats, and what is known of each.
//!
//! Promises: a beat is one statement, so its leases, its row, and the hold and pauses that it reads cost one round
//! trip. Leaves to others: pauses ([`pause`](super::pause)).

use std::time::Duration;

use async_trait::async_trait;

use super::connection::{Transaction, each};
use super::ending::{cancel_of, small};
use super::statement::{Columns, Statement, boolean, int4, int8s, seconds, statement, text};
use super::{PostgresLedger, fleet, pause};
use crate::domain::hold::{Pause, PauseScope};
use crate::domain::job::{JobId, Requester};
use crate::domain::lease::{Lease, LeaseToken, WorkerId};
use crate::ledger::rows::{from_json, json, number, worker_state};
use crate::ledger::{Beat, LedgerError, Renewal, WORKERS_KEPT, WorkerCard, WorkerView, Workers};

const BEAT: Statement = statement!("beat");
const LEAVE: Statement = statement!("leave");
const READ_WORKERS: Statement = statement!("read_workers");
const FORGET_WORKERS: Statement = statement!("forget_workers");
const FORGET_PAUSES: Statement = statement!("forget_pauses");

#[async_trait]
impl Workers for PostgresLedger {
    async fn beat(&self, card: &WorkerCard, held: &[Lease], ttl: Duration) -> Result<Beat, LedgerError> {
        let (jobs, tokens): (Vec<i64>, Vec<i64>) =
            held.iter().map(|lease| (lease.job.0, lease.token.0)).unzip();
        let params = [
            int8s(&jobs),
            int8s(&tokens),
            seconds(ttl.as_secs_f64()),
            text(&card.id.0),
            text(&card.host),
            text(&card.version),
            text(json(&card.job_types)),
            int4(small(card.concurrency)),
            boolean(card.draining),
        ];
        let rows = self.pool.rows(&BEAT, params).await?;
        let first = each(&BEAT, &rows).next().ok_or_else(|| BEAT.failed("there is no fleet"))?;
        Ok(Beat {
            renewals: each(&BEAT, &rows)
                .filter_map(|columns| renewal(&columns).transpose())
                .collect::<Result<_, _>>()?,
            hold: fleet::hold_of(&first)?,
            pauses: from_json("pauses", first.value("pauses")?)?,
        })
    }

    async fn leave(&self, worker: &WorkerId) -> Result<(), LedgerError> {
        self.pool.rows(&LEAVE, [text(&worker.0)]).await?;
        Ok(())
    }

    async fn workers(&self, since: Duration) -> Result<Vec<WorkerView>, LedgerError> {
        // None is kept for longer, unless it has a job that nobody rescued; and no interval is too long this way.
        let since_s = since.min(10 * WORKERS_KEPT).as_secs_f64();
        let rows = self.pool.rows(&READ_WORKERS, [seconds(since_s)]).await?;
        each(&READ_WORKERS, &rows).map(|columns| worker_view(&columns)).collect()
    }

    async fn pauses(&self) -> Result<Vec<Pause>, LedgerError> {
        self.read_pauses().await
    }

    async fn pause_part(&self, scope: &PauseScope, by: &Requester) -> Result<Pause, LedgerError> {
        self.begin_pause(scope, by).await
    }

    async fn resume_part(&self, scope: &PauseScope, by: &Requester) -> Result<Option<Pause>, LedgerError> {
        self.end_pause(scope, by).await
    }
}

/// Forgets workers that ended or fell silent long ago, and their pauses. The last that a transaction does: a beat has
/// jobs in hand before its worker's row.
///
/// # Errors
/// [`LedgerError::NotReachable`], [`LedgerError::Store`].
pub(super) async fn forget(transaction: &Transaction<'_>) -> Result<(), LedgerError> {
    transaction.execute(&FORGET_WORKERS, [seconds(WORKERS_KEPT.as_secs_f64())]).await?;
    transaction.execute(&FORGET_PAUSES, []).await?;
    Ok(())
}

/// The lease of a row; one row has none where no lease lives on.
fn renewal(columns: &Columns<'_>) -> Result<Option<Renewal>, LedgerError> {
    let Some(job) = columns.value::<Option<i64>>("id")? else { return Ok(None) };
    Ok(Some(Renewal {
        job: JobId(job),
        token: LeaseToken(columns.value("lease_token")?),
        cancel: cancel_of(columns)?,
    }))
}

fn worker_view(columns: &Columns<'_>) -> Result<WorkerView, LedgerError> {
    let draining = columns.value("draining")?;
    Ok(WorkerView {
        id: WorkerId(columns.value("id")?),
        host: columns.value("host")?,
        version: columns.value("version")?,
        job_types: from_json("workers.job_types", columns.value("job_types")?)?,
        concurrency: number("workers.concurrency", columns.wide::<i32>("concurrency")?)?,
        draining,
        started_at: columns.value("started_at")?,
        seen_at: columns.value("seen_at")?,
        state: worker_state(columns.value("has_left")?, columns.value("is_silent")?, draining),
        n_running: number("count(jobs)", columns.value("n_running")?)?,
        pause: pause::pause_of(columns)?,
    })
}
