//! The fleet's hold, and the log-ins that were refused in a row.
//!
//! Promises: whoever changes the row of the fleet holds it first and the system chain's head after it; claims read
//! past that lock. Leaves to others: what a refusal makes of the row ([`rows`](crate::ledger::rows)).

use async_trait::async_trait;

use super::connection::{Connection, Transaction, each};
use super::statement::{Columns, Statement, int4, int8, statement, text};
use super::{PostgresLedger, ending, trail, wake};
use crate::clock::{Clock, SystemClock};
use crate::domain::device::Serial;
use crate::domain::hold::FleetHold;
use crate::domain::job::{JobId, Requester};
use crate::ledger::rows::{
    FleetRow, NewHold, RESCUE_AT_MOST, from_json, hold, json, number, paused, resumed_entry,
};
use crate::ledger::{Fleet, LedgerError, LoginWatch};

const READ_FLEET: Statement = statement!("read_fleet");
const LOCK_FLEET: Statement = statement!("lock_fleet");
const BEGIN_HOLD: Statement = statement!("begin_hold");
const END_HOLD: Statement = statement!("end_hold");
const COUNT_REFUSAL: Statement = statement!("count_refusal");
const FORGET_REFUSALS: Statement = statement!("forget_refusals");
const WAKE_HELD_UP: Statement = statement!("wake_held_up");

#[async_trait]
impl Fleet for PostgresLedger {
    async fn hold(&self) -> Result<Option<FleetHold>, LedgerError> {
        let rows = self.pool.rows(&READ_FLEET, []).await?;
        Ok(fleet_row(&READ_FLEET, &rows)?.hold)
    }

    async fn pause(&self, by: &Requester) -> Result<FleetHold, LedgerError> {
        let mut connection = self.pool.connection().await?;
        let transaction = connection.begin().await?;
        if let Some(hold) = locked(&transaction).await?.hold {
            return Ok(hold);
        }
        let hold = begin(&transaction, &paused(by)).await?;
        transaction.commit().await?;
        Ok(hold)
    }

    async fn resume(&self, by: &Requester) -> Result<Option<FleetHold>, LedgerError> {
        let mut connection = self.pool.connection().await?;
        let transaction = connection.begin().await?;
        let ended = locked(&transaction).await?.hold;
        transaction.execute(&END_HOLD, []).await?;
        if let Some(hold) = &ended {
            trail::append(&transaction, &[resumed_entry(hold, by, SystemClock.now())]).await?;
        }
        transaction.commit().await?;

        wake_all_held_up(&mut connection).await?;
        Ok(ended)
    }

    async fn login_refused(&self, serial: &Serial, trip_after: u32) -> Result<LoginWatch, LedgerError> {
        let mut connection = self.pool.connection().await?;
        let transaction = connection.begin().await?;
        let row = locked(&transaction).await?;
        let hold = row.hold.clone();
        let refused = row.refused(serial, trip_after);
        let params = [int4(ending::small(refused.in_row)), text(json(&refused.last))];
        transaction.execute(&COUNT_REFUSAL, params).await?;
        let hold = match &refused.trips {
            Some(new) => Some(begin(&transaction, new).await?),
            None => hold,
        };
        transaction.commit().await?;
        Ok(LoginWatch { refused_in_row: refused.in_row, hold })
    }

    async fn login_accepted(&self) -> Result<(), LedgerError> {
        self.pool.rows(&FORGET_REFUSALS, []).await?;
        Ok(())
    }
}

/// Whether the fleet is held.
///
/// # Errors
/// [`LedgerError::NotReachable`], [`LedgerError::Store`].
pub(super) async fn is_held(transaction: &Transaction<'_>) -> Result<bool, LedgerError> {
    let rows = transaction.rows(&READ_FLEET, []).await?;
    Ok(fleet_row(&READ_FLEET, &rows)?.hold.is_some())
}

/// Wakes the jobs that were refused a claim by a hold or a pause that has ended, a bounded number per transaction.
///
/// # Errors
/// [`LedgerError::NotReachable`], [`LedgerError::Store`].
pub(super) async fn wake_all_held_up(connection: &mut Connection) -> Result<(), LedgerError> {
    let at_most = usize::try_from(RESCUE_AT_MOST).unwrap_or(usize::MAX);
    loop {
        let transaction = connection.begin().await?;
        let woken = wake_held_up(&transaction).await?;
        transaction.commit().await?;
        if woken.len() < at_most {
            return Ok(());
        }
    }
}

/// Wakes jobs that were refused a claim by a hold, or the pause of their queue, that has ended; a bounded number.
///
/// # Errors
/// [`LedgerError::NotReachable`], [`LedgerError::Store`].
pub(super) async fn wake_held_up(transaction: &Transaction<'_>) -> Result<Vec<JobId>, LedgerError> {
    let rows = transaction.rows(&WAKE_HELD_UP, [int8(i64::from(RESCUE_AT_MOST))]).await?;
    wake::tell(transaction, &WAKE_HELD_UP, &rows).await
}

/// The four columns of a hold.
///
/// # Errors
/// [`LedgerError::Store`] when a column holds what it never should.
pub(super) fn hold_of(columns: &Columns<'_>) -> Result<Option<FleetHold>, LedgerError> {
    let (cause, by) = (columns.value("hold_cause")?, columns.value("held_by")?);
    hold(cause, columns.value("hold_reason")?, columns.value("held_since")?, by)
}

/// The row, held still until the transaction ends.
async fn locked(transaction: &Transaction<'_>) -> Result<FleetRow, LedgerError> {
    let rows = transaction.rows(&LOCK_FLEET, []).await?;
    fleet_row(&LOCK_FLEET, &rows)
}

/// Holds the fleet; its row is locked.
async fn begin(transaction: &Transaction<'_>, new: &NewHold) -> Result<FleetHold, LedgerError> {
    let by = new.by.as_ref().map(json);
    let rows = transaction.rows(&BEGIN_HOLD, [text(new.cause.as_str()), text(&new.reason), text(by)]).await?;
    trail::append(transaction, &[new.entry(SystemClock.now())]).await?;
    let hold = fleet_row(&BEGIN_HOLD, &rows)?.hold;
    hold.ok_or_else(|| BEGIN_HOLD.failed("there is no hold after it"))
}

fn fleet_row(statement: &Statement, rows: &[tokio_postgres::Row]) -> Result<FleetRow, LedgerError> {
    let columns = each(statement, rows).next().ok_or_else(|| statement.failed("there is no fleet"))?;
    Ok(FleetRow {
        hold: hold_of(&columns)?,
        refused_in_row: number("fleet.refused_in_row", columns.wide::<i32>("refused_in_row")?)?,
        refused_last: from_json("fleet.refused_last", columns.value("refused_last")?)?,
    })
}
