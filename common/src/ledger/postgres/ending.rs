//! Jobs that are held still, and what their end writes.
//!
//! Promises: any number of ends is the same few statements. Leaves to others: what an end is
//! ([`rows`](crate::ledger::rows)), and when there is one.

use futures_util::try_join;
use tokio_postgres::Row;

use super::connection::Transaction;
use super::statement::{Columns, Statement, bools, int2s, int4s, int8s, seconds_each, statement, texts};
use super::{outbox, trail, wake};
use crate::domain::failure::FailureKind;
use crate::domain::job::{BatchId, JobId};
use crate::domain::lease::{LeaseToken, WorkerId};
use crate::events::JobContext;
use crate::ledger::rows::{
    AttemptEnding, Ending, HeldJob, NewEntry, NewOutboxRow, cancel_request, from_json, json, number, place,
    word,
};
use crate::ledger::{CancelRequest, LedgerError};

const END_JOBS: Statement = statement!("end_jobs");
const END_ATTEMPTS: Statement = statement!("end_attempts");
const WAKE_WAITING: Statement = statement!("wake_waiting");

/// A locked row of `jobs`.
pub(super) struct Held {
    pub(super) job: HeldJob,
    /// Of the last claim.
    pub(super) token: LeaseToken,
    /// Whose claim it is, while it runs.
    pub(super) owner: Option<WorkerId>,
}

/// The end of one locked job.
pub(super) struct Ended {
    pub(super) job: JobId,
    pub(super) token: LeaseToken,
    pub(super) ending: Ending,
}

impl Ended {
    /// How `held` ends.
    pub(super) fn of(held: &Held, ending: Ending) -> Self {
        Self { job: held.job.context.job, token: held.token, ending }
    }

    fn is_over(&self) -> bool {
        self.ending.state.is_terminal()
    }
}

/// Writes the ends of locked jobs: rows, attempts, entries, events, wake-ups, also of those who waited for them.
///
/// # Errors
/// [`LedgerError::NotReachable`], [`LedgerError::Store`].
pub(super) async fn write(transaction: &Transaction<'_>, mut ended: Vec<Ended>) -> Result<(), LedgerError> {
    if ended.is_empty() {
        return Ok(());
    }
    let over: Vec<i64> = ended.iter().filter(|one| one.is_over()).map(|one| one.job.0).collect();
    let entries: Vec<NewEntry> =
        ended.iter_mut().flat_map(|one| std::mem::take(&mut one.ending.entries)).collect();
    let messages: Vec<NewOutboxRow> =
        ended.iter_mut().flat_map(|one| std::mem::take(&mut one.ending.messages)).collect();
    let (n_changed, woken, ..) = try_join!(
        end_jobs(transaction, &ended),
        wake_waiting(transaction, &ended),
        end_attempts(transaction, &ended),
        trail::append(transaction, &entries),
        outbox::forget_wake_ups(transaction, &over),
        outbox::insert(transaction, &messages),
    )?;
    wake::tell(transaction, &WAKE_WAITING, &woken).await?;
    if usize::try_from(n_changed) == Ok(ended.len()) {
        Ok(())
    } else {
        Err(END_JOBS.failed(format!("{n_changed} of {} jobs changed", ended.len())))
    }
}

async fn wake_waiting(transaction: &Transaction<'_>, ended: &[Ended]) -> Result<Vec<Row>, LedgerError> {
    let jobs: Vec<i64> = ended.iter().map(|one| one.job.0).collect();
    let over: Vec<bool> = ended.iter().map(Ended::is_over).collect();
    transaction.rows(&WAKE_WAITING, [int8s(&jobs), bools(over)]).await
}

async fn end_jobs(transaction: &Transaction<'_>, ended: &[Ended]) -> Result<u64, LedgerError> {
    let each_ending = || ended.iter().map(|one| &one.ending);
    let jobs: Vec<i64> = ended.iter().map(|one| one.job.0).collect();
    let states: Vec<&str> = each_ending().map(|ending| ending.state.as_str()).collect();
    let attempts: Vec<i32> = each_ending().map(|ending| small(ending.attempt)).collect();
    let snoozes: Vec<i32> = each_ending().map(|ending| small(ending.n_snoozes)).collect();
    let lost_leases: Vec<i32> = each_ending().map(|ending| small(ending.n_lost_leases)).collect();
    let dispatch_nos: Vec<i32> = each_ending().map(|ending| small(ending.dispatch_no)).collect();
    let held_up: Vec<bool> = each_ending().map(|ending| ending.held_up).collect();
    let due_after_s: Vec<Option<f64>> =
        each_ending().map(|ending| ending.due_after.map(|after| after.as_secs_f64())).collect();
    let progress: Vec<i16> = each_ending().map(|ending| i16::from(ending.progress)).collect();
    let messages: Vec<&str> = each_ending().map(|ending| ending.message.as_str()).collect();
    let kinds: Vec<Option<&str>> =
        each_ending().map(|ending| ending.failure_kind.map(FailureKind::as_str)).collect();
    let ready: Vec<bool> = each_ending().map(|ending| ending.ready_for_install).collect();
    let statuses: Vec<Option<String>> =
        each_ending().map(|ending| ending.status.as_ref().map(json)).collect();
    let event_seqs: Vec<i64> = each_ending().map(|ending| ending.event_seq).collect();
    let over: Vec<bool> = ended.iter().map(Ended::is_over).collect();
    let params = [
        int8s(&jobs),
        texts(&states),
        int4s(&attempts),
        int4s(&snoozes),
        int4s(&lost_leases),
        int4s(&dispatch_nos),
        bools(&held_up),
        seconds_each(&due_after_s),
        int2s(&progress),
        texts(&messages),
        texts(&kinds),
        bools(&ready),
        texts(&statuses),
        int8s(&event_seqs),
        bools(&over),
    ];
    transaction.execute(&END_JOBS, params).await
}

async fn end_attempts(transaction: &Transaction<'_>, ended: &[Ended]) -> Result<(), LedgerError> {
    let ended: Vec<(&Ended, &AttemptEnding)> =
        ended.iter().filter_map(|one| Some((one, one.ending.attempt_ending.as_ref()?))).collect();
    if ended.is_empty() {
        return Ok(());
    }
    let jobs: Vec<i64> = ended.iter().map(|(one, _)| one.job.0).collect();
    let tokens: Vec<i64> = ended.iter().map(|(one, _)| one.token.0).collect();
    let words: Vec<&str> = ended.iter().map(|(_, ending)| ending.word).collect();
    let kinds: Vec<Option<&str>> =
        ended.iter().map(|(_, ending)| ending.kind.map(FailureKind::as_str)).collect();
    let messages: Vec<Option<&str>> = ended.iter().map(|(_, ending)| ending.message.as_deref()).collect();
    let params = [int8s(&jobs), int8s(&tokens), texts(&words), texts(&kinds), texts(&messages)];
    transaction.execute(&END_ATTEMPTS, params).await?;
    Ok(())
}

/// For columns of four bytes. Counts of a job's life do not come near their end.
pub(super) fn small(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// What events say of a job, from the columns of that name.
///
/// # Errors
/// [`LedgerError::Store`] when a column holds what it never should.
pub(super) fn job_context(columns: &Columns<'_>) -> Result<JobContext, LedgerError> {
    Ok(JobContext {
        job: JobId(columns.value("id")?),
        job_type: word("jobs.job_type", columns.value("job_type")?)?,
        serial: word("jobs.serial", columns.value("serial")?)?,
        batch: BatchId(columns.value("batch_id")?),
        attempt: number("jobs.attempt", columns.wide::<i32>("attempt")?)?,
    })
}

/// Who wants a job to stop, from the columns `cancel_…`.
///
/// # Errors
/// [`LedgerError::Store`] when a column holds what it never should.
pub(super) fn cancel_of(columns: &Columns<'_>) -> Result<Option<CancelRequest>, LedgerError> {
    Ok(cancel_request(
        columns.value("cancel_requested_at")?,
        columns.value("cancel_operator")?,
        columns.value("cancel_host")?,
        columns.value("cancel_reason")?,
    ))
}

/// One locked job.
///
/// # Errors
/// [`LedgerError::Store`] when a column holds what it never should.
pub(super) fn held(columns: &Columns<'_>) -> Result<Held, LedgerError> {
    let kind: Option<&str> = columns.value("failure_kind")?;
    let status: Option<&str> = columns.value("status")?;
    let job = HeldJob {
        context: job_context(columns)?,
        state: word("jobs.state", columns.value("state")?)?,
        max_attempts: number("jobs.max_attempts", columns.wide::<i32>("max_attempts")?)?,
        n_snoozes: number("jobs.n_snoozes", columns.wide::<i32>("n_snoozes")?)?,
        n_lost_leases: number("jobs.n_lost_leases", columns.wide::<i32>("n_lost_leases")?)?,
        dispatch_no: number("jobs.dispatch_no", columns.wide::<i32>("dispatch_no")?)?,
        event_seq: columns.value("event_seq")?,
        progress: number("jobs.progress", columns.wide::<i16>("progress")?)?,
        failure_kind: kind.map(|kind| word("jobs.failure_kind", kind)).transpose()?,
        cancel: cancel_of(columns)?,
        status: status.map(|status| from_json("jobs.status", status)).transpose()?,
        traceparent: place(columns.value("traceparent")?),
    };
    let owner: Option<String> = columns.value("lease_owner")?;
    Ok(Held { job, token: LeaseToken(columns.value("lease_token")?), owner: owner.map(WorkerId) })
}
