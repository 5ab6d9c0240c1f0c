//! Bringing jobs back: those whose time has come, whose worker went silent, that nobody claimed, whose wake-up is
//! nowhere, or that a hold or a pause refused.

use std::time::Duration;

use rusqlite::Transaction;

use super::finish::write_endings;
use super::statement::{Statement, milliseconds, statement};
use super::store::{Store, StoreError};
use super::stored::{HeldRow, Plain};
use super::{fleet, wake, workers};
use crate::clock::{Clock, SystemClock};
use crate::domain::hold::PauseScope;
use crate::domain::job::JobState;
use crate::domain::lease::WorkerId;
use crate::ledger::rows::{self, RESCUE_AT_MOST};
use crate::ledger::{LedgerError, MAX_BURIALS, Rescued};

const PROMOTE_DUE: Statement = statement!("promote_due");
const READ_NEXT_DUE: Statement = statement!("read_next_due");
const READ_EXPIRED: Statement = statement!("read_expired");
const WAKE_UNSENT: Statement = statement!("wake_unsent");
const WAKE_UNCLAIMED: Statement = statement!("wake_unclaimed");

/// Makes due jobs available.
pub(super) async fn promote_due(store: &Store, limit: u32) -> Result<(usize, Option<Duration>), LedgerError> {
    store
        .write("promote_due", move |transaction| {
            let due = wake::tell(transaction, PROMOTE_DUE.rows(transaction, [limit])?)?;
            let next = READ_NEXT_DUE.row::<Plain<Option<i64>>>(transaction, [])?;
            let next_ms = next.and_then(|Plain(next_ms)| next_ms);
            Ok((due.len(), next_ms.map(|ms| Duration::from_millis(u64::try_from(ms).unwrap_or_default()))))
        })
        .await
}

/// Brings back what was claimed or dispatched, and lost.
pub(super) async fn rescue(
    store: &Store,
    unclaimed_after: Duration,
    wake_at_most: u32,
) -> Result<Rescued, LedgerError> {
    store
        .write("rescue", move |transaction| {
            let mut rescued = rescue_expired(transaction)?;
            let params = (milliseconds(unclaimed_after), wake_at_most.min(RESCUE_AT_MOST), MAX_BURIALS);
            rescued.unclaimed = wake::tell(transaction, WAKE_UNCLAIMED.rows(transaction, params)?)?;
            rescued.held_up = fleet::wake_held_up(transaction)?;
            rescued.unsent = wake::tell(transaction, WAKE_UNSENT.rows(transaction, [RESCUE_AT_MOST])?)?;
            workers::forget_old(transaction)?;
            Ok(rescued)
        })
        .await
}

fn rescue_expired(transaction: &Transaction<'_>) -> Result<Rescued, StoreError> {
    let expired: Vec<HeldRow> = READ_EXPIRED.rows(transaction, [RESCUE_AT_MOST])?;
    if expired.is_empty() {
        return Ok(Rescued::default());
    }
    let is_held = fleet::read(transaction)?.hold.is_some();
    let pauses = workers::all_pauses(transaction)?;
    let now = SystemClock.now();
    let mut rescued = Rescued::default();
    let mut endings = Vec::with_capacity(expired.len());
    for HeldRow { job, token, owner } in expired {
        let queue = PauseScope::Queue(job.context.job_type);
        let is_held = is_held || pauses.iter().any(|pause| pause.scope == queue);
        // The CHECK `leased_while_running` says that there is one.
        let ending = rows::lost(&job, &owner.unwrap_or(WorkerId(String::new())), is_held, now)?;
        rescued.expired.push(job.context.job);
        if ending.state == JobState::Failed {
            rescued.given_up.push(job.context.job);
        }
        endings.push((job, token, ending));
    }
    write_endings(transaction, &endings)?;
    Ok(rescued)
}
