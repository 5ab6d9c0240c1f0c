//! The inventory: which devices there are, and what changed since the last look.

use async_trait::async_trait;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::LedgerError;
use crate::domain::device::{Device, Serial, Source};
use crate::domain::job::{JobId, JobState, Requester};

/// A device with what the ledger knows besides.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DeviceRecord {
    /// The device as last seen.
    #[serde(flatten)]
    pub device: Device,
    /// When it was first seen.
    pub first_seen_at: Timestamp,
    /// When it was last seen.
    pub last_seen_at: Timestamp,
    /// Set when the last look at its source did not show it, or a person took it out.
    pub gone_at: Option<Timestamp>,
    /// An address that a person set; `device.address` is this one then, whatever the source says.
    pub address_override: Option<String>,
}

/// What became of a wish to take a device out of the inventory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum RemoveAnswer {
    /// It is out. A discovery that sees it brings it back.
    Removed,
    /// A job holds it: cancel that first.
    ActiveJob {
        /// Which one.
        job: JobId,
        /// Where it is.
        state: JobState,
    },
}

/// One device whose facts changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Changed {
    /// The device.
    pub serial: Serial,
    /// Fields as `name: old -> new`.
    pub changes: Vec<String>,
}

/// What a discovery found, against what was known.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Discovery {
    /// Devices in the answer.
    pub total: usize,
    /// Never seen before, or seen again after being gone.
    pub new: Vec<Serial>,
    /// Known, with other facts.
    pub changed: Vec<Changed>,
    /// Known from the same source, not in the answer. Their jobs and trail stay.
    pub gone: Vec<Serial>,
}

/// Reads and writes the inventory.
#[async_trait]
pub trait Inventory: Send + Sync {
    /// Takes over what a source shows *now*: inserts, updates, marks as gone what the same source no longer
    /// shows (only if `complete`: a CSV import adds and never removes), creates the audit chain of each new
    /// device and one entry in the system chain. Set-based; one transaction.
    ///
    /// # Errors
    /// [`LedgerError::NotReachable`], [`LedgerError::Store`].
    async fn record_devices(
        &self,
        devices: &[Device],
        source: Source,
        complete: Completeness,
        by: &Requester,
    ) -> Result<Discovery, LedgerError>;

    /// One device, gone or not.
    ///
    /// # Errors
    /// [`LedgerError::NotReachable`], [`LedgerError::Store`].
    async fn device(&self, serial: &Serial) -> Result<Option<DeviceRecord>, LedgerError>;

    /// All devices that are not gone, by serial.
    ///
    /// # Errors
    /// [`LedgerError::NotReachable`], [`LedgerError::Store`].
    async fn devices(&self) -> Result<Vec<DeviceRecord>, LedgerError>;

    /// Gives a device an address that wins over what its source says; `None` goes back to the source's. One entry in
    /// the device's chain; the same address again writes nothing.
    ///
    /// # Errors
    /// [`LedgerError::UnknownDevice`], [`LedgerError::NotReachable`], [`LedgerError::Store`].
    async fn set_address(
        &self,
        serial: &Serial,
        address: Option<&str>,
        by: &Requester,
    ) -> Result<DeviceRecord, LedgerError>;

    /// Takes a device out of the inventory as if its source no longer showed it; its jobs and its trail stay. One
    /// entry in its chain; a device that is out already is left as it is.
    ///
    /// # Errors
    /// [`LedgerError::UnknownDevice`], [`LedgerError::NotReachable`], [`LedgerError::Store`].
    async fn remove_device(&self, serial: &Serial, by: &Requester) -> Result<RemoveAnswer, LedgerError>;
}

/// Whether a list of devices is all that its source has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Completeness {
    /// All: what is missing is gone.
    Complete,
    /// Some: what is missing stays.
    Partial,
}
