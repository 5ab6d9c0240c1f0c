//! Jobs that get a new wake-up, whoever gives it to them.

use tokio_postgres::Row;

use super::connection::{Transaction, each};
use super::ending::job_context;
use super::outbox;
use super::statement::{Columns, Statement};
use crate::domain::job::JobId;
use crate::ledger::LedgerError;
use crate::ledger::rows::{NewOutboxRow, number, wake_up};

/// Writes the wake-ups of jobs that have a new `dispatch_no`, the answer of `statement`; answers the jobs. Both go by
/// number, because `RETURNING` has no order.
///
/// # Errors
/// [`LedgerError::NotReachable`], [`LedgerError::Store`].
pub(super) async fn tell(
    transaction: &Transaction<'_>,
    statement: &Statement,
    rows: &[Row],
) -> Result<Vec<JobId>, LedgerError> {
    let new_wake_up = |columns: Columns<'_>| {
        let dispatch_no = number("jobs.dispatch_no", columns.wide::<i32>("dispatch_no")?)?;
        Ok(wake_up(&job_context(&columns)?, dispatch_no))
    };
    let mut messages =
        each(statement, rows).map(new_wake_up).collect::<Result<Vec<NewOutboxRow>, LedgerError>>()?;
    messages.sort_unstable_by_key(|message| message.job);
    outbox::insert(transaction, &messages).await?;
    Ok(messages.into_iter().map(|message| message.job).collect())
}
