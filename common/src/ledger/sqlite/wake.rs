//! Jobs that get a new wake-up, whoever gives it to them.

use rusqlite::{Row, Transaction};
use serde_json::json;

use super::outbox;
use super::statement::{Statement, statement};
use super::store::StoreError;
use super::stored::Stored;
use crate::domain::job::JobId;
use crate::events::JobContext;
use crate::ledger::rows::{self, Ending, HeldJob, NewOutboxRow, json, number};

const WAKE_WAITING: Statement = statement!("wake_waiting");

/// A job with a new `dispatch_no`.
pub(super) struct WokenRow {
    context: JobContext,
    dispatch_no: u32,
}

impl Stored for WokenRow {
    fn read(row: &Row<'_>) -> Result<Self, StoreError> {
        let dispatch_no = number("jobs.dispatch_no", row.get("dispatch_no")?)?;
        Ok(Self { context: JobContext::read(row)?, dispatch_no })
    }
}

/// Writes their wake-ups; answers the jobs. Both go by number: `RETURNING` promises no order
/// (sqlite.org/lang_returning.html).
pub(super) fn tell(
    transaction: &Transaction<'_>,
    mut woken: Vec<WokenRow>,
) -> Result<Vec<JobId>, StoreError> {
    woken.sort_unstable_by_key(|row| row.context.job);
    let messages: Vec<NewOutboxRow> =
        woken.iter().map(|row| rows::wake_up(&row.context, row.dispatch_no)).collect();
    outbox::insert(transaction, &messages)?;
    Ok(woken.into_iter().map(|row| row.context.job).collect())
}

/// Wakes the jobs that waited for these ends.
pub(super) fn after<'a>(
    transaction: &Transaction<'_>,
    endings: impl Iterator<Item = (&'a HeldJob, &'a Ending)>,
) -> Result<(), StoreError> {
    let ended: Vec<_> = endings
        .map(|(job, ending)| json!({ "id": job.context.job, "is_over": ending.state.is_terminal() }))
        .collect();
    tell(transaction, WAKE_WAITING.rows(transaction, [json(&ended)])?)?;
    Ok(())
}
