//! Jobs that wait, expired or got lost become available, each with a new wake-up.
//!
//! Promises: a job comes back once, whoever asks; nobody waits for a job that somebody else has in hand; one
//! process at a time rescues, and the others do not wait for it. Times are the database's, whatever a worker's
//! clock says.

use std::time::Duration;

use futures_util::try_join;
use tokio_postgres::Row;

use super::PostgresLedger;
use super::connection::{Transaction, each};
use super::ending::{self, Ended, held, job_context};
use super::outbox;
use super::statement::{Columns, Statement, int8, seconds, statement};
use crate::clock::{Clock, SystemClock};
use crate::domain::job::JobState;
use crate::ledger::rows::{NewOutboxRow, RESCUE_AT_MOST, lost, number, wake_up};
use crate::ledger::{LedgerError, Rescued};

const PROMOTE_DUE: Statement = statement!("promote_due");
const READ_NEXT_DUE: Statement = statement!("read_next_due");
const TRY_LOCK_RESCUE: Statement = statement!("try_lock_rescue");
const LOCK_EXPIRED: Statement = statement!("lock_expired");
const WAKE_UNCLAIMED: Statement = statement!("wake_unclaimed");

/// Key of the lock that whoever rescues holds; any number that nothing else in the database uses.
const RESCUE_KEY: i64 = i64::from_be_bytes(*b"pan-resc");

impl PostgresLedger {
    /// Makes scheduled jobs whose time has come available; answers how many, and how long until the next one.
    pub(super) async fn promote(&self, limit: u32) -> Result<(usize, Option<Duration>), LedgerError> {
        let mut connection = self.pool.connection().await?;
        let transaction = connection.begin().await?;
        // The second statement sees what the first one did: they are of one transaction.
        let (due, next) = try_join!(
            transaction.rows(&PROMOTE_DUE, [int8(i64::from(limit))]),
            transaction.rows(&READ_NEXT_DUE, []),
        )?;
        let messages = new_wake_ups(&PROMOTE_DUE, &due)?;
        outbox::insert(&transaction, &messages).await?;
        transaction.commit().await?;
        let next_s: Option<f64> =
            each(&READ_NEXT_DUE, &next).next().map_or(Ok(None), |columns| columns.value("next_s"))?;
        let next = next_s.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        Ok((messages.len(), next))
    }

    /// Brings back what was claimed or sent and lost.
    pub(super) async fn rescue_lost(&self, unclaimed_after: Duration) -> Result<Rescued, LedgerError> {
        let mut connection = self.pool.connection().await?;
        let transaction = connection.begin().await?;
        let rows = transaction.rows(&TRY_LOCK_RESCUE, [int8(RESCUE_KEY)]).await?;
        let locked =
            each(&TRY_LOCK_RESCUE, &rows).next().map_or(Ok(false), |columns| columns.value("locked"))?;
        if !locked {
            return Ok(Rescued::default());
        }
        let mut rescued = Rescued::default();
        let lost = lost_jobs(&transaction, &mut rescued).await?;
        ending::write(&transaction, lost).await?;
        // After what expired, which is available since a moment ago and not dispatched yet.
        wake_unclaimed(&transaction, unclaimed_after, &mut rescued).await?;
        transaction.commit().await?;
        Ok(rescued)
    }
}

async fn lost_jobs(transaction: &Transaction<'_>, rescued: &mut Rescued) -> Result<Vec<Ended>, LedgerError> {
    let at = SystemClock.now();
    let rows = transaction.rows(&LOCK_EXPIRED, [int8(i64::from(RESCUE_AT_MOST))]).await?;
    let mut ended = Vec::with_capacity(rows.len());
    for columns in each(&LOCK_EXPIRED, &rows) {
        let held = held(&columns)?;
        let owner =
            held.owner.clone().ok_or_else(|| LOCK_EXPIRED.failed("a running job without a worker"))?;
        let ending = lost(&held.job, &owner, at)?;
        let job = held.job.context.job;
        rescued.expired.push(job);
        if ending.state == JobState::Failed {
            rescued.given_up.push(job);
        }
        ended.push(Ended::of(&held, ending));
    }
    Ok(ended)
}

async fn wake_unclaimed(
    transaction: &Transaction<'_>,
    unclaimed_after: Duration,
    rescued: &mut Rescued,
) -> Result<(), LedgerError> {
    let params = [seconds(unclaimed_after.as_secs_f64()), int8(i64::from(RESCUE_AT_MOST))];
    let rows = transaction.rows(&WAKE_UNCLAIMED, params).await?;
    let messages = new_wake_ups(&WAKE_UNCLAIMED, &rows)?;
    rescued.unclaimed = messages.iter().map(|message| message.job).collect();
    outbox::insert(transaction, &messages).await
}

/// The wake-ups of jobs that have a new `dispatch_no`, by number of the job.
fn new_wake_ups(statement: &Statement, rows: &[Row]) -> Result<Vec<NewOutboxRow>, LedgerError> {
    let new_wake_up = |columns: Columns<'_>| {
        let dispatch_no = number("jobs.dispatch_no", columns.wide::<i32>("dispatch_no")?)?;
        Ok(wake_up(&job_context(&columns)?, dispatch_no))
    };
    let mut messages = each(statement, rows).map(new_wake_up).collect::<Result<Vec<_>, LedgerError>>()?;
    messages.sort_unstable_by_key(|message| message.job);
    Ok(messages)
}
