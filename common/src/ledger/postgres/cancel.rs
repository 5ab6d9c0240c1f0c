//! A person says stop.
//!
//! Promises: a job that waits has ended when the answer is there; one that runs knows with its next renewal, and
//! only the first wish to stop it is kept and told.

use futures_util::try_join;

use super::connection::each;
use super::ending::{self, Ended, held};
use super::statement::{Statement, int8, statement, text};
use super::{PostgresLedger, outbox, trail};
use crate::clock::{Clock, SystemClock};
use crate::domain::job::{JobId, JobState, Requester};
use crate::ledger::rows::{cancel_requested, cancelled};
use crate::ledger::{CancelAnswer, LedgerError};

const LOCK_JOB: Statement = statement!("lock_job");
const REQUEST_CANCEL: Statement = statement!("request_cancel");

impl PostgresLedger {
    /// Cancels a waiting job, or asks the worker of a running one to stop.
    pub(super) async fn cancel_job(&self, job: JobId, by: &Requester) -> Result<CancelAnswer, LedgerError> {
        let at = SystemClock.now();
        let mut connection = self.pool.connection().await?;
        let transaction = connection.begin().await?;
        let rows = transaction.rows(&LOCK_JOB, [int8(job.0)]).await?;
        let columns = each(&LOCK_JOB, &rows).next().ok_or(LedgerError::UnknownJob { job })?;
        let held = held(&columns)?;
        let answer = match held.job.state {
            state @ (JobState::Completed | JobState::Failed | JobState::Cancelled | JobState::Skipped) => {
                return Ok(CancelAnswer::AlreadyEnded { state });
            }
            JobState::Running if held.job.cancel.is_some() => return Ok(CancelAnswer::Requested),
            JobState::Running => {
                let event_seq = held.job.event_seq + 1;
                let (entries, messages) = cancel_requested(&held.job.context, by, event_seq, at);
                let params = [int8(job.0), text(&by.operator), text(&by.host), text(&by.reason)];
                try_join!(
                    transaction.execute(&REQUEST_CANCEL, params),
                    trail::append(&transaction, &entries),
                    outbox::insert(&transaction, &messages),
                )?;
                CancelAnswer::Requested
            }
            JobState::Scheduled | JobState::Available => {
                let ending = cancelled(&held.job, by, at)?;
                ending::write(&transaction, vec![Ended::of(&held, ending)]).await?;
                CancelAnswer::Cancelled
            }
        };
        transaction.commit().await?;
        Ok(answer)
    }
}
