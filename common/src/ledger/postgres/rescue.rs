//! Jobs that wait, expired or got lost become available, each with a new wake-up.
//!
//! Promises: a job comes back once, whoever asks, also one whose wake-up is nowhere any more; nobody waits for a job that somebody else has in hand; one
//! process at a time rescues, and the others do not wait for it. Times are the database's, whatever a worker's
//! clock says.

use std::time::Duration;

use futures_util::try_join;

use super::PostgresLedger;
use super::connection::{Transaction, each};
use super::ending::{self, Ended, held, small};
use super::statement::{Statement, int4, int8, seconds, statement};
use super::{fleet, pause, wake, workers};
use crate::clock::{Clock, SystemClock};
use crate::domain::job::JobState;
use crate::ledger::rows::{RESCUE_AT_MOST, lost};
use crate::ledger::{LedgerError, MAX_BURIALS, Rescued};

const PROMOTE_DUE: Statement = statement!("promote_due");
const READ_NEXT_DUE: Statement = statement!("read_next_due");
const TRY_LOCK_RESCUE: Statement = statement!("try_lock_rescue");
const LOCK_EXPIRED: Statement = statement!("lock_expired");
const WAKE_UNCLAIMED: Statement = statement!("wake_unclaimed");
const WAKE_UNSENT: Statement = statement!("wake_unsent");

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
        let promoted = wake::tell(&transaction, &PROMOTE_DUE, &due).await?;
        transaction.commit().await?;
        let next_s: Option<f64> =
            each(&READ_NEXT_DUE, &next).next().map_or(Ok(None), |columns| columns.value("next_s"))?;
        let next = next_s.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        Ok((promoted.len(), next))
    }

    /// Brings back what was claimed or sent and lost.
    pub(super) async fn rescue_lost(
        &self,
        unclaimed_after: Duration,
        wake_at_most: u32,
    ) -> Result<Rescued, LedgerError> {
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
        let wake_at_most = int8(i64::from(wake_at_most.min(RESCUE_AT_MOST)));
        let params = [seconds(unclaimed_after.as_secs_f64()), wake_at_most, int4(small(MAX_BURIALS))];
        let unclaimed = transaction.rows(&WAKE_UNCLAIMED, params).await?;
        rescued.unclaimed = wake::tell(&transaction, &WAKE_UNCLAIMED, &unclaimed).await?;
        rescued.held_up = fleet::wake_held_up(&transaction).await?;
        // After all that were woken above, whose wake-ups wait in the outbox by now.
        let unsent = transaction.rows(&WAKE_UNSENT, [int8(i64::from(RESCUE_AT_MOST))]).await?;
        rescued.unsent = wake::tell(&transaction, &WAKE_UNSENT, &unsent).await?;
        workers::forget(&transaction).await?;
        transaction.commit().await?;
        Ok(rescued)
    }
}

async fn lost_jobs(transaction: &Transaction<'_>, rescued: &mut Rescued) -> Result<Vec<Ended>, LedgerError> {
    let at = SystemClock.now();
    let (is_held, paused, rows) = try_join!(
        fleet::is_held(transaction),
        pause::paused_queues(transaction),
        transaction.rows(&LOCK_EXPIRED, [int8(i64::from(RESCUE_AT_MOST))]),
    )?;
    let mut ended = Vec::with_capacity(rows.len());
    for columns in each(&LOCK_EXPIRED, &rows) {
        let held = held(&columns)?;
        let owner =
            held.owner.clone().ok_or_else(|| LOCK_EXPIRED.failed("a running job without a worker"))?;
        let context = &held.job.context;
        let job = context.job;
        let is_held = is_held || paused.contains(&context.job_type);
        let ending = lost(&held.job, &owner, is_held, at)?;
        rescued.expired.push(job);
        if ending.state == JobState::Failed {
            rescued.given_up.push(job);
        }
        ended.push(Ended::of(&held, ending));
    }
    Ok(ended)
}
