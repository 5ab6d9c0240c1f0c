//! [`Outbox`] for SQLite, and writing to it.

use std::time::Duration;

use async_trait::async_trait;
use rusqlite::{Row, Transaction};
use serde_json::json;
use uuid::Uuid;

use super::SqliteLedger;
use super::statement::{Statement, milliseconds, statement};
use super::store::StoreError;
use super::stored::{Plain, Stored};
use crate::domain::job::JobId;
use crate::ledger::rows::{NewOutboxRow, json, number};
use crate::ledger::{
    LONGEST_REFUSED_PAUSE, LedgerError, Outbox, OutboxRow, OutboxState, REFUSED_PAUSE, RelayToken,
    Settlement, TakenRows,
};

const INSERT_OUTBOX: Statement = statement!("insert_outbox");
const DELETE_WAKE_UPS: Statement = statement!("delete_wake_ups");
const TAKE_OUTBOX: Statement = statement!("take_outbox");
const MARK_DISPATCHED: Statement = statement!("mark_dispatched");
const DELETE_CONFIRMED: Statement = statement!("delete_confirmed");
const REST_REFUSED: Statement = statement!("rest_refused");
const FREE_UNKNOWN: Statement = statement!("free_unknown");
const READ_OUTBOX_STATE: Statement = statement!("read_outbox_state");
const COUNT_OUTBOX: Statement = statement!("count_outbox");

/// Longest text of a refusal that is kept, in characters; a broker says more only when something is odd.
const REASON_CHARS: usize = 500;

#[async_trait]
impl Outbox for SqliteLedger {
    async fn take_outbox(&self, limit: u32, hold: Duration) -> Result<TakenRows, LedgerError> {
        let by = RelayToken(Uuid::new_v4());
        let params = (limit, milliseconds(hold), by.0.to_string());
        let take = move |transaction: &Transaction<'_>| TAKE_OUTBOX.rows(transaction, params);
        let mut rows: Vec<OutboxRow> = self.store.write("take_outbox", take).await?;
        // `RETURNING` promises no order (sqlite.org/lang_returning.html).
        rows.sort_unstable_by_key(|row| row.id);
        Ok(TakenRows { by, rows })
    }

    async fn settle_outbox(&self, by: RelayToken, settlement: &Settlement) -> Result<(), LedgerError> {
        let Settlement { confirmed, refused, unknown } = settlement;
        let refused: Vec<_> = refused
            .iter()
            .map(|(id, reason)| json!({ "id": id, "reason": reason.chars().take(REASON_CHARS).collect::<String>() }))
            .collect();
        let (confirmed, refused, unknown) = (json(confirmed), json(&refused), json(unknown));
        let by = by.0.to_string();
        self.store
            .write("settle_outbox", move |transaction| {
                MARK_DISPATCHED.execute(transaction, [&confirmed])?;
                DELETE_CONFIRMED.execute(transaction, [&confirmed])?;
                let (pause, longest) = (milliseconds(REFUSED_PAUSE), milliseconds(LONGEST_REFUSED_PAUSE));
                REST_REFUSED.execute(transaction, (refused, pause, longest, &by))?;
                FREE_UNKNOWN.execute(transaction, (unknown, &by))?;
                Ok(())
            })
            .await
    }

    async fn outbox_depth(&self) -> Result<u64, LedgerError> {
        let count = |transaction: &Transaction<'_>| COUNT_OUTBOX.row::<Plain<i64>>(transaction, []);
        let depth = self.store.read("outbox_depth", count).await?.map_or(0, |Plain(depth)| depth);
        number("outbox", depth)
    }

    async fn outbox_state(&self) -> Result<OutboxState, LedgerError> {
        self.store
            .read("outbox_state", |transaction| {
                let state = READ_OUTBOX_STATE.row(transaction, [])?;
                Ok(state.unwrap_or_default())
            })
            .await
    }
}

impl Stored for OutboxState {
    fn read(row: &Row<'_>) -> Result<Self, StoreError> {
        let oldest_ms: Option<i64> = row.get("oldest_ms")?;
        Ok(Self {
            n_rows: number("outbox", row.get("n_rows")?)?,
            // A clock that was set back makes a row younger than nothing.
            oldest: oldest_ms.map(|ms| Duration::from_millis(u64::try_from(ms).unwrap_or_default())),
            n_refused: number("outbox.n_refused", row.get("n_refused")?)?,
            last_problem: row.get("last_problem")?,
        })
    }
}

/// Adds rows, in order.
pub(super) fn insert(transaction: &Transaction<'_>, rows: &[NewOutboxRow]) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    let rows: Vec<_> = rows
        .iter()
        .map(|row| {
            json!({
                "kind": row.kind.as_str(),
                "job": row.job,
                "job_type": row.job_type,
                "message_id": row.message_id,
                "routing_key": row.routing_key,
                "body": row.body,
            })
        })
        .collect();
    INSERT_OUTBOX.execute(transaction, [json(&rows)])?;
    Ok(())
}

/// Forgets the wake-ups of jobs that ended.
pub(super) fn delete_wake_ups(
    transaction: &Transaction<'_>,
    jobs: impl Iterator<Item = JobId>,
) -> Result<(), StoreError> {
    DELETE_WAKE_UPS.execute(transaction, [json(&jobs.collect::<Vec<_>>())])?;
    Ok(())
}
