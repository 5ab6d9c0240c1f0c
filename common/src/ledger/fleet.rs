//! What concerns the whole fleet: its hold, and the log-ins that devices refused.

use async_trait::async_trait;

use super::LedgerError;
use crate::domain::device::Serial;
use crate::domain::hold::FleetHold;
use crate::domain::job::Requester;

/// What is known after a refused log-in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginWatch {
    /// Refusals since the last log-in that a device accepted, anywhere in the fleet.
    pub refused_in_row: u32,
    /// The hold there is, whatever its cause.
    pub hold: Option<FleetHold>,
}

/// Holds the fleet and lets it go.
///
/// # Guarantees
/// There is at most one hold. While there is one no claim succeeds; attempts that run go on. Holding and resuming
/// write one entry each into the system chain, with the change. A job that was refused a claim by a hold gets a
/// new wake-up after it, also when whoever resumes dies in the middle: the rescue goes on then.
#[async_trait]
pub trait Fleet: Send + Sync {
    /// The hold there is.
    ///
    /// # Errors
    /// [`LedgerError::NotReachable`], [`LedgerError::Store`].
    async fn hold(&self) -> Result<Option<FleetHold>, LedgerError>;

    /// Holds the fleet, for the reason of `by`; a hold that is there stays and is answered.
    ///
    /// # Errors
    /// [`LedgerError::NotReachable`], [`LedgerError::Store`].
    async fn pause(&self, by: &Requester) -> Result<FleetHold, LedgerError>;

    /// Ends the hold and forgets refused log-ins; wakes the jobs that were refused a claim, a bounded number per
    /// transaction. Answers the hold that ended.
    ///
    /// # Errors
    /// [`LedgerError::NotReachable`], [`LedgerError::Store`].
    async fn resume(&self, by: &Requester) -> Result<Option<FleetHold>, LedgerError>;

    /// A device refused the log-in. With refusal number `trip_after` in a row the fleet is held, once, unless a
    /// hold is there; 0 never holds it.
    ///
    /// # Errors
    /// [`LedgerError::NotReachable`], [`LedgerError::Store`].
    async fn login_refused(&self, serial: &Serial, trip_after: u32) -> Result<LoginWatch, LedgerError>;

    /// A device accepted the log-in: refusals are no longer in a row. Costs a look where there were none.
    ///
    /// # Errors
    /// [`LedgerError::NotReachable`], [`LedgerError::Store`].
    async fn login_accepted(&self) -> Result<(), LedgerError>;
}
