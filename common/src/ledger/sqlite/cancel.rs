//! Stopping jobs: at once where they wait, by asking their worker where they run.

use rusqlite::Transaction;

use super::finish::write_endings;
use super::statement::{Statement, statement};
use super::store::{Store, StoreError};
use super::stored::HeldRow;
use super::{outbox, trail};
use crate::clock::{Clock, SystemClock};
use crate::domain::job::{JobId, JobState, Requester};
use crate::ledger::{CancelAnswer, LedgerError, rows};

const READ_JOB_TO_CANCEL: Statement = statement!("read_job_to_cancel");
const REQUEST_CANCEL: Statement = statement!("request_cancel");

/// Cancels a waiting job, or asks the worker of a running one to stop.
pub(super) async fn cancel(store: &Store, job: JobId, by: &Requester) -> Result<CancelAnswer, LedgerError> {
    let by = by.clone();
    store.write("cancel", move |transaction| stop(transaction, job, &by)).await
}

fn stop(transaction: &Transaction<'_>, job: JobId, by: &Requester) -> Result<CancelAnswer, StoreError> {
    let row: Option<HeldRow> = READ_JOB_TO_CANCEL.row(transaction, [job.0])?;
    let HeldRow { job: held, token, .. } = row.ok_or(LedgerError::UnknownJob { job })?;
    let now = SystemClock.now();
    match held.state {
        state @ (JobState::Completed | JobState::Failed | JobState::Cancelled | JobState::Skipped) => {
            Ok(CancelAnswer::AlreadyEnded { state })
        }
        // It was asked before: one wish, one entry.
        JobState::Running if held.cancel.is_some() => Ok(CancelAnswer::Requested),
        JobState::Running => {
            let event_seq = held.event_seq + 1;
            REQUEST_CANCEL.execute(transaction, (job.0, &by.operator, &by.host, &by.reason, event_seq))?;
            let (entries, messages) = rows::cancel_requested(&held.context, by, event_seq, now);
            trail::append(transaction, &entries)?;
            outbox::insert(transaction, &messages)?;
            Ok(CancelAnswer::Requested)
        }
        JobState::Scheduled | JobState::Available => {
            let ending = rows::cancelled(&held, by, now)?;
            write_endings(transaction, &[(held, token, ending)])?;
            Ok(CancelAnswer::Cancelled)
        }
    }
}
