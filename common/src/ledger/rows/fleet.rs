//! The row of `fleet`, and what a pause, a resume and a refused log-in make of it.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::told::{NewEntry, system_entry};
use super::{from_json, impossible, reason_of, word};
use crate::audit::{Actor, AuditAction};
use crate::domain::device::Serial;
use crate::domain::hold::{FleetHold, HoldCause};
use crate::domain::job::Requester;
use crate::ledger::LedgerError;

/// Serials of refusals that are kept, for the entry that a hold writes: enough to see whether it is one site.
const REFUSED_KEPT: usize = 10;

/// The row of `fleet`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FleetRow {
    pub hold: Option<FleetHold>,
    pub refused_in_row: u32,
    /// Of the last refusals, newest last.
    pub refused_last: Vec<Serial>,
}

/// A hold that begins; the database says when.
#[derive(Debug, Clone, PartialEq)]
pub struct NewHold {
    pub cause: HoldCause,
    pub reason: String,
    pub by: Option<Requester>,
    detail: Value,
}

/// What a refused log-in makes of the row.
#[derive(Debug, Clone, PartialEq)]
pub struct LoginRefused {
    pub in_row: u32,
    pub last: Vec<Serial>,
    /// It was one too many.
    pub trips: Option<NewHold>,
}

/// The four columns of a hold together.
///
/// # Errors
/// [`LedgerError::Store`] when one is missing or holds what it never should.
pub fn hold(
    cause: Option<&str>,
    reason: Option<String>,
    since: Option<Timestamp>,
    by: Option<&str>,
) -> Result<Option<FleetHold>, LedgerError> {
    let Some(cause) = cause else { return Ok(None) };
    let missing = || impossible("fleet.hold_cause", &"a hold without reason or time");
    Ok(Some(FleetHold {
        cause: word("fleet.hold_cause", cause)?,
        reason: reason.ok_or_else(missing)?,
        since: since.ok_or_else(missing)?,
        by: by.map(|by| from_json("fleet.held_by", by)).transpose()?,
    }))
}

/// A person holds the fleet.
pub fn paused(by: &Requester) -> NewHold {
    let reason = reason_of(by);
    let detail = json!({ "cause": HoldCause::Operator, "reason": reason });
    NewHold { cause: HoldCause::Operator, reason, by: Some(by.clone()), detail }
}

impl FleetRow {
    /// One more refusal.
    pub fn refused(mut self, serial: &Serial, trip_after: u32) -> LoginRefused {
        let in_row = self.refused_in_row.saturating_add(1);
        let excess = (self.refused_last.len() + 1).saturating_sub(REFUSED_KEPT);
        self.refused_last.drain(..excess);
        self.refused_last.push(serial.clone());
        let trips = self.hold.is_none() && trip_after > 0 && in_row >= trip_after;
        LoginRefused {
            in_row,
            trips: trips.then(|| tripped(in_row, &self.refused_last)),
            last: self.refused_last,
        }
    }
}

/// The fleet holds itself.
fn tripped(in_row: u32, last: &[Serial]) -> NewHold {
    let devices = last.last().map_or_else(String::new, |serial| format!(", the last one by {serial}"));
    let reason = match in_row {
        1 => format!("a log-in was refused{devices}"),
        _ => format!("{in_row} log-ins in a row were refused{devices}"),
    };
    let cause = HoldCause::Credentials;
    let detail = json!({ "cause": cause, "reason": reason, "refused_in_row": in_row, "refused_last": last });
    NewHold { cause, reason, by: None, detail }
}

impl NewHold {
    /// The entry for the system chain.
    pub fn entry(&self, at: Timestamp) -> NewEntry {
        let actor = self.by.clone().map_or(Actor::System, Actor::Operator);
        system_entry(AuditAction::FleetHeld, actor, self.detail.clone(), at)
    }
}

/// The entry for the system chain when a hold ends.
pub fn resumed_entry(ended: &FleetHold, by: &Requester, at: Timestamp) -> NewEntry {
    let detail = json!({ "cause": ended.cause, "reason": ended.reason, "since": ended.since });
    system_entry(AuditAction::FleetResumed, Actor::Operator(by.clone()), detail, at)
}
