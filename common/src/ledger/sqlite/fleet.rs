//! [`Fleet`] for SQLite.

use async_trait::async_trait;
use rusqlite::{Row, Transaction};

use super::statement::{Statement, statement};
use super::store::StoreError;
use super::stored::{Stored, optional_time};
use super::wake::WokenRow;
use super::{SqliteLedger, trail, wake};
use crate::clock::{Clock, SystemClock};
use crate::domain::device::Serial;
use crate::domain::hold::FleetHold;
use crate::domain::job::{JobId, Requester};
use crate::ledger::rows::{self, FleetRow, NewHold, RESCUE_AT_MOST, from_json, impossible, json, number};
use crate::ledger::{Fleet, LedgerError, LoginWatch};

const READ_FLEET: Statement = statement!("read_fleet");
const BEGIN_HOLD: Statement = statement!("begin_hold");
const END_HOLD: Statement = statement!("end_hold");
const COUNT_REFUSAL: Statement = statement!("count_refusal");
const FORGET_REFUSALS: Statement = statement!("forget_refusals");
const WAKE_HELD_UP: Statement = statement!("wake_held_up");

#[async_trait]
impl Fleet for SqliteLedger {
    async fn hold(&self) -> Result<Option<FleetHold>, LedgerError> {
        Ok(self.store.read("hold", read).await?.hold)
    }

    async fn pause(&self, by: &Requester) -> Result<FleetHold, LedgerError> {
        let by = by.clone();
        self.store
            .write("pause", move |transaction| match read(transaction)?.hold {
                Some(hold) => Ok(hold),
                None => begin(transaction, &rows::paused(&by)),
            })
            .await
    }

    async fn resume(&self, by: &Requester) -> Result<Option<FleetHold>, LedgerError> {
        let by = by.clone();
        let ended = self.store.write("resume", move |transaction| end(transaction, &by)).await?;
        let at_most = usize::try_from(RESCUE_AT_MOST).unwrap_or(usize::MAX);
        while self.store.write("resume", wake_held_up).await?.len() >= at_most {}
        Ok(ended)
    }

    async fn login_refused(&self, serial: &Serial, trip_after: u32) -> Result<LoginWatch, LedgerError> {
        let serial = serial.clone();
        self.store
            .write("login_refused", move |transaction| {
                let row = read(transaction)?;
                let hold = row.hold.clone();
                let refused = row.refused(&serial, trip_after);
                COUNT_REFUSAL.execute(transaction, (refused.in_row, json(&refused.last)))?;
                let hold = match &refused.trips {
                    Some(new) => Some(begin(transaction, new)?),
                    None => hold,
                };
                Ok(LoginWatch { refused_in_row: refused.in_row, hold })
            })
            .await
    }

    async fn login_accepted(&self) -> Result<(), LedgerError> {
        // Nearly always there is nothing to forget, and a look holds no writer up.
        if self.store.read("login_accepted", read).await?.refused_in_row == 0 {
            return Ok(());
        }
        self.store
            .write("login_accepted", |transaction| FORGET_REFUSALS.execute(transaction, []).map(drop))
            .await
    }
}

/// The row of the fleet.
pub(super) fn read(transaction: &Transaction<'_>) -> Result<FleetRow, StoreError> {
    let row = READ_FLEET.row(transaction, [])?;
    Ok(row.ok_or_else(|| impossible("fleet", &"nothing"))?)
}

/// Wakes jobs that were refused a claim by a hold, or a pause of their queue, that has ended; a bounded number.
pub(super) fn wake_held_up(transaction: &Transaction<'_>) -> Result<Vec<JobId>, StoreError> {
    let woken: Vec<WokenRow> = WAKE_HELD_UP.rows(transaction, [RESCUE_AT_MOST])?;
    wake::tell(transaction, woken)
}

fn begin(transaction: &Transaction<'_>, new: &NewHold) -> Result<FleetHold, StoreError> {
    let params = (new.cause.as_str(), &new.reason, new.by.as_ref().map(json));
    let row: Option<FleetRow> = BEGIN_HOLD.row(transaction, params)?;
    trail::append(transaction, &[new.entry(SystemClock.now())])?;
    let hold = row.and_then(|row| row.hold);
    Ok(hold.ok_or_else(|| impossible("fleet.hold_cause", &"nothing"))?)
}

fn end(transaction: &Transaction<'_>, by: &Requester) -> Result<Option<FleetHold>, StoreError> {
    let row = read(transaction)?;
    END_HOLD.execute(transaction, [])?;
    if let Some(hold) = &row.hold {
        trail::append(transaction, &[rows::resumed_entry(hold, by, SystemClock.now())])?;
    }
    Ok(row.hold)
}

/// The four columns of the hold.
pub(super) fn read_hold(row: &Row<'_>) -> Result<Option<FleetHold>, StoreError> {
    let cause: Option<String> = row.get("hold_cause")?;
    let by: Option<String> = row.get("held_by")?;
    let since = optional_time(row, "held_since")?;
    Ok(rows::hold(cause.as_deref(), row.get("hold_reason")?, since, by.as_deref())?)
}

impl Stored for FleetRow {
    fn read(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            hold: read_hold(row)?,
            refused_in_row: number("fleet.refused_in_row", row.get("refused_in_row")?)?,
            refused_last: from_json("fleet.refused_last", &row.get::<_, String>("refused_last")?)?,
        })
    }
}
