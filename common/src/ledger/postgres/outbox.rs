//! The outbox: written with each change, handed to relays in turns.
//!
//! Promises: as [`Outbox`] says. Relays take and settle one after the other, which costs a millisecond and is
//! what keeps two from holding rows of one job: `SKIP LOCKED` alone would give the later row of a job to
//! another relay while the earlier one is being taken. Publishing goes on side by side.

use std::time::Duration;

use async_trait::async_trait;
use futures_util::try_join;
use uuid::Uuid;

use super::PostgresLedger;
use super::connection::{Transaction, each};
use super::statement::{Columns, Statement, int8, int8s, seconds, statement, texts, uuid};
use crate::domain::job::JobId;
use crate::ledger::rows::{NewOutboxRow, impossible, number, place, word};
use crate::ledger::{
    LONGEST_REFUSED_PAUSE, LedgerError, Outbox, OutboxKind, OutboxRow, OutboxState, REFUSED_PAUSE,
    RelayToken, Settlement, TakenRows,
};

const INSERT_OUTBOX: Statement = statement!("insert_outbox");
const LOCK_SETTLED: Statement = statement!("lock_settled");
const LOCK_OUTBOX: Statement = statement!("lock_outbox");
const TAKE_OUTBOX: Statement = statement!("take_outbox");
const MARK_DISPATCHED: Statement = statement!("mark_dispatched");
const DELETE_CONFIRMED: Statement = statement!("delete_confirmed");
const REST_REFUSED: Statement = statement!("rest_refused");
const FREE_UNKNOWN: Statement = statement!("free_unknown");
const COUNT_OUTBOX: Statement = statement!("count_outbox");
const READ_OUTBOX_STATE: Statement = statement!("read_outbox_state");
const DELETE_WAKE_UPS: Statement = statement!("delete_wake_ups");

/// Key of the lock that a relay holds while it takes or settles rows; any number that nothing else in the database uses.
const TAKING_KEY: i64 = i64::from_be_bytes(*b"pan-outb");

/// Longest text of a refusal that is kept, in characters; a broker says more only when something is odd.
const REASON_CHARS: usize = 500;

/// Adds what a change has to tell, in order.
///
/// # Errors
/// [`LedgerError::NotReachable`], [`LedgerError::Store`].
pub(super) async fn insert(transaction: &Transaction<'_>, rows: &[NewOutboxRow]) -> Result<(), LedgerError> {
    if rows.is_empty() {
        return Ok(());
    }
    let kinds: Vec<&str> = rows.iter().map(|row| row.kind.as_str()).collect();
    let jobs: Vec<i64> = rows.iter().map(|row| row.job.0).collect();
    let job_types: Vec<&str> = rows.iter().map(|row| row.job_type.as_str()).collect();
    let message_ids: Vec<&str> = rows.iter().map(|row| row.message_id.as_str()).collect();
    let routing_keys: Vec<&str> = rows.iter().map(|row| row.routing_key.as_str()).collect();
    let bodies: Vec<&str> = rows.iter().map(|row| row.body.as_str()).collect();
    let params = [
        texts(&kinds),
        int8s(&jobs),
        texts(&job_types),
        texts(&message_ids),
        texts(&routing_keys),
        texts(&bodies),
    ];
    transaction.execute(&INSERT_OUTBOX, params).await?;
    Ok(())
}

/// Forgets the wake-ups of jobs that ended.
///
/// # Errors
/// [`LedgerError::NotReachable`], [`LedgerError::Store`].
pub(super) async fn forget_wake_ups(transaction: &Transaction<'_>, jobs: &[i64]) -> Result<(), LedgerError> {
    if !jobs.is_empty() {
        transaction.execute(&DELETE_WAKE_UPS, [int8s(jobs)]).await?;
    }
    Ok(())
}

#[async_trait]
impl Outbox for PostgresLedger {
    async fn take_outbox(&self, limit: u32, hold: Duration) -> Result<TakenRows, LedgerError> {
        let mut connection = self.pool.connection().await?;
        let transaction = connection.begin().await?;
        let taken = take(&transaction, limit, hold).await?;
        transaction.commit().await?;
        Ok(taken)
    }

    async fn settle_outbox(&self, by: RelayToken, settlement: &Settlement) -> Result<(), LedgerError> {
        let Settlement { confirmed, refused, unknown } = settlement;
        if confirmed.is_empty() && refused.is_empty() && unknown.is_empty() {
            return Ok(());
        }
        let (resting, reasons): (Vec<i64>, Vec<String>) = refused
            .iter()
            .map(|(row, reason)| (row, reason.chars().take(REASON_CHARS).collect::<String>()))
            .unzip();
        let (pause, longest) = (REFUSED_PAUSE.as_secs_f64(), LONGEST_REFUSED_PAUSE.as_secs_f64());
        let all: Vec<i64> = confirmed.iter().chain(&resting).chain(unknown).copied().collect();
        let resting = [int8s(&resting), texts(&reasons), seconds(pause), seconds(longest), uuid(by.0)];
        let mut connection = self.pool.connection().await?;
        let transaction = connection.begin().await?;
        try_join!(
            transaction.rows(&LOCK_OUTBOX, [int8(TAKING_KEY)]),
            transaction.execute(&MARK_DISPATCHED, [int8s(confirmed)]),
            transaction.rows(&LOCK_SETTLED, [int8s(&all)]),
            transaction.execute(&DELETE_CONFIRMED, [int8s(confirmed)]),
            transaction.execute(&REST_REFUSED, resting),
            transaction.execute(&FREE_UNKNOWN, [int8s(unknown), uuid(by.0)]),
        )?;
        transaction.commit().await
    }

    async fn outbox_depth(&self) -> Result<u64, LedgerError> {
        let rows = self.pool.rows(&COUNT_OUTBOX, []).await?;
        each(&COUNT_OUTBOX, &rows)
            .next()
            .map_or(Ok(0), |columns| number("count(outbox)", columns.value("n")?))
    }

    async fn outbox_state(&self) -> Result<OutboxState, LedgerError> {
        let rows = self.pool.rows(&READ_OUTBOX_STATE, []).await?;
        let Some(columns) = each(&READ_OUTBOX_STATE, &rows).next() else { return Ok(OutboxState::default()) };
        let oldest_s: Option<f64> = columns.value("oldest_s")?;
        Ok(OutboxState {
            n_rows: number("count(outbox)", columns.value("n")?)?,
            oldest: oldest_s.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()),
            n_refused: number("count(outbox)", columns.value("n_refused")?)?,
            last_problem: columns.value("last_problem")?,
        })
    }
}

/// Takes rows once it is our turn, which lasts until the transaction ends.
///
/// # Errors
/// [`LedgerError::NotReachable`], [`LedgerError::Store`].
pub(super) async fn take(
    transaction: &Transaction<'_>,
    limit: u32,
    hold: Duration,
) -> Result<TakenRows, LedgerError> {
    let by = RelayToken(Uuid::new_v4());
    let params = [int8(i64::from(limit)), seconds(hold.as_secs_f64()), uuid(by.0)];
    let (_, rows) = try_join!(
        transaction.rows(&LOCK_OUTBOX, [int8(TAKING_KEY)]),
        transaction.rows(&TAKE_OUTBOX, params),
    )?;
    let mut rows =
        each(&TAKE_OUTBOX, &rows).map(|columns| outbox_row(&columns)).collect::<Result<Vec<_>, _>>()?;
    // `RETURNING` has no order.
    rows.sort_unstable_by_key(|row| row.id);
    Ok(TakenRows { by, rows })
}

fn outbox_row(columns: &Columns<'_>) -> Result<OutboxRow, LedgerError> {
    let kind: &str = columns.value("kind")?;
    let kind = [OutboxKind::WakeUp, OutboxKind::Event]
        .into_iter()
        .find(|known| known.as_str() == kind)
        .ok_or_else(|| impossible("outbox.kind", &kind))?;
    Ok(OutboxRow {
        id: columns.value("id")?,
        kind,
        job: JobId(columns.value("job_id")?),
        job_type: word("outbox.job_type", columns.value("job_type")?)?,
        message_id: columns.value("message_id")?,
        routing_key: columns.value("routing_key")?,
        body: columns.value("body")?,
        traceparent: place(columns.value("traceparent")?),
    })
}
