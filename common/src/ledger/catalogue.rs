//! The trusted hashes, as the ledger keeps them.

use async_trait::async_trait;
use serde::Serialize;

use super::LedgerError;
use crate::domain::catalogue::CatalogueEntry;
use crate::domain::hash::Sha256Hex;
use crate::domain::job::Requester;

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

/// Keeps the trusted hashes.
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
}
