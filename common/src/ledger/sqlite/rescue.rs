//! Bringing jobs back: those whose time has come, whose worker went silent, or that nobody claimed.

use std::time::Duration;

use rusqlite::{Row, Transaction};

use super::finish::write_endings;
use super::outbox;
use super::statement::{Statement, milliseconds, statement};
use super::store::{Store, StoreError};
use super::stored::{HeldRow, Plain, Stored};
use crate::clock::{Clock, SystemClock};
use crate::domain::job::JobState;
use crate::domain::lease::WorkerId;
use crate::events::JobContext;
use crate::ledger::rows::{self, NewOutboxRow, RESCUE_AT_MOST, number};
use crate::ledger::{LedgerError, Rescued};

const PROMOTE_DUE: Statement = statement!("promote_due");
const READ_NEXT_DUE: Statement = statement!("read_next_due");
const READ_EXPIRED: Statement = statement!("read_expired");
const WAKE_UNCLAIMED: Statement = statement!("wake_unclaimed");

/// Makes due jobs available.
pub(super) async fn promote_due(store: &Store, limit: u32) -> Result<(usize, Option<Duration>), LedgerError> {
    store
        .write("promote_due", move |transaction| {
            let due = by_number(PROMOTE_DUE.rows(transaction, [limit])?);
            outbox::insert(transaction, &wake_ups(&due))?;
            let next = READ_NEXT_DUE.row::<Plain<Option<i64>>>(transaction, [])?;
            let next_ms = next.and_then(|Plain(next_ms)| next_ms);
            Ok((due.len(), next_ms.map(|ms| Duration::from_millis(u64::try_from(ms).unwrap_or_default()))))
        })
        .await
}

/// Brings back what was claimed or dispatched, and lost.
pub(super) async fn rescue(store: &Store, unclaimed_after: Duration) -> Result<Rescued, LedgerError> {
    store
        .write("rescue", move |transaction| {
            let mut rescued = rescue_expired(transaction)?;
            let params = (milliseconds(unclaimed_after), RESCUE_AT_MOST);
            let unclaimed = by_number(WAKE_UNCLAIMED.rows(transaction, params)?);
            outbox::insert(transaction, &wake_ups(&unclaimed))?;
            rescued.unclaimed = unclaimed.iter().map(|row| row.context.job).collect();
            Ok(rescued)
        })
        .await
}

fn rescue_expired(transaction: &Transaction<'_>) -> Result<Rescued, StoreError> {
    let expired: Vec<HeldRow> = READ_EXPIRED.rows(transaction, [RESCUE_AT_MOST])?;
    let now = SystemClock.now();
    let mut rescued = Rescued::default();
    let mut endings = Vec::with_capacity(expired.len());
    for HeldRow { job, token, owner } in expired {
        // The CHECK `leased_while_running` says that there is one.
        let ending = rows::lost(&job, &owner.unwrap_or(WorkerId(String::new())), now)?;
        rescued.expired.push(job.context.job);
        if ending.state == JobState::Failed {
            rescued.given_up.push(job.context.job);
        }
        endings.push((job, token, ending));
    }
    write_endings(transaction, &endings)?;
    Ok(rescued)
}

fn wake_ups(woken: &[WokenRow]) -> Vec<NewOutboxRow> {
    woken.iter().map(|row| rows::wake_up(&row.context, row.dispatch_no)).collect()
}

/// The order of their numbers: `RETURNING` promises none (sqlite.org/lang_returning.html).
fn by_number(mut woken: Vec<WokenRow>) -> Vec<WokenRow> {
    woken.sort_unstable_by_key(|row| row.context.job);
    woken
}

/// A job with a new wake-up.
struct WokenRow {
    context: JobContext,
    dispatch_no: u32,
}

impl Stored for WokenRow {
    fn read(row: &Row<'_>) -> Result<Self, StoreError> {
        let dispatch_no = number("jobs.dispatch_no", row.get("dispatch_no")?)?;
        Ok(Self { context: JobContext::read(row)?, dispatch_no })
    }
}
