//! The trusted hashes, what devices report beside them, and the mismatches that a person has to clear.

use async_trait::async_trait;
use serde::Serialize;

use super::LedgerError;
use crate::domain::catalogue::CatalogueEntry;
use crate::domain::device::Serial;
use crate::domain::hash::{HashDispute, HashMismatch, HashObservation, OtherHash, Sha256Hex};
use crate::domain::image::ImageFile;
use crate::domain::job::Requester;
use crate::domain::version::Version;

/// What adding hashes changed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct CatalogueChange {
    /// New keys.
    pub added: usize,
    /// Keys that were there with the same hash.
    pub existing: usize,
    /// Keys that are there with another hash: nothing of this call was stored.
    pub conflicts: Vec<CatalogueConflict>,
}

/// Two hashes for one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CatalogueConflict {
    /// What was to be added.
    pub wanted: CatalogueEntry,
    /// The hash that is trusted now.
    pub trusted: Sha256Hex,
    /// Where that one came from.
    pub trusted_source: String,
}

/// Keeps the trusted hashes, and what is known against them.
#[async_trait]
pub trait Catalogue: Send + Sync {
    /// Adds entries, all or none, with one entry in the system chain. A hash that is trusted is never
    /// replaced silently: see [`CatalogueChange::conflicts`].
    ///
    /// # Errors
    /// [`LedgerError::NotReachable`], [`LedgerError::Store`].
    async fn add_hashes(
        &self,
        entries: &[CatalogueEntry],
        by: &Requester,
    ) -> Result<CatalogueChange, LedgerError>;

    /// Everything trusted, by version and file.
    ///
    /// # Errors
    /// [`LedgerError::NotReachable`], [`LedgerError::Store`].
    async fn hashes(&self) -> Result<Vec<CatalogueEntry>, LedgerError>;

    /// Trusts a hash no longer: that of the file, or with `None` the one that stands for any file of the version.
    /// Answers what was trusted; one entry in the system chain then.
    ///
    /// # Errors
    /// [`LedgerError::NotReachable`], [`LedgerError::Store`].
    async fn remove_hash(
        &self,
        version: &Version,
        file_name: Option<&ImageFile>,
        by: &Requester,
    ) -> Result<Option<CatalogueEntry>, LedgerError>;

    /// Notes what a device reports for a file, in place of what it reported before, and answers the other hashes that
    /// devices of the inventory report for the same file, most devices first. Of two that disagree and come at the
    /// same moment at least one is told of the other. A file without a name is the same file on devices of one model.
    ///
    /// # Errors
    /// [`LedgerError::UnknownDevice`], [`LedgerError::NotReachable`], [`LedgerError::Store`].
    async fn observe(&self, observation: &HashObservation) -> Result<Vec<OtherHash>, LedgerError>;

    /// Files for which devices of the inventory report several hashes while none is trusted, by version and file.
    ///
    /// # Errors
    /// [`LedgerError::NotReachable`], [`LedgerError::Store`].
    async fn disputes(&self) -> Result<Vec<HashDispute>, LedgerError>;

    /// Images that differ from the trusted hash, oldest first; cleared ones too, and those of
    /// devices that left the inventory, unless only open ones are asked for.
    ///
    /// # Errors
    /// [`LedgerError::NotReachable`], [`LedgerError::Store`].
    async fn mismatches(&self, open_only: bool) -> Result<Vec<HashMismatch>, LedgerError>;

    /// Lets the open mismatch of this device and version go, so that jobs may be queued for the device again; `None`
    /// when there is none. One entry in the device's chain. The caller sees to it that `by` has a reason.
    ///
    /// # Errors
    /// [`LedgerError::NotReachable`], [`LedgerError::Store`].
    async fn clear_mismatch(
        &self,
        serial: &Serial,
        version: &Version,
        by: &Requester,
    ) -> Result<Option<HashMismatch>, LedgerError>;
}
