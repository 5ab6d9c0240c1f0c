//! The audit trail, as it is read. Writing happens inside the methods whose changes it speaks of; only what a person
//! does to a device outside any job has a method of its own.

use async_trait::async_trait;
use uuid::Uuid;

use super::LedgerError;
use crate::audit::{AuditFact, ChainHead, StoredEntry};
use crate::domain::device::Serial;
use crate::domain::job::{JobId, Requester};

/// Which entries to read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrailFilter {
    /// Only this chain: a serial, or `system`.
    pub chain: Option<String>,
    /// Only entries of this job.
    pub job: Option<JobId>,
}

/// Reads the audit trail, in pages, so that memory stays flat however long it is.
#[async_trait]
pub trait Trail: Send + Sync {
    /// Names this installation; part of every chain's beginning.
    ///
    /// # Errors
    /// [`LedgerError::NotReachable`], [`LedgerError::Store`].
    async fn installation(&self) -> Result<Uuid, LedgerError>;

    /// Up to `limit` entries by chain (byte order) and position, after the given place.
    ///
    /// # Errors
    /// [`LedgerError::NotReachable`], [`LedgerError::Store`].
    async fn entries(
        &self,
        filter: &TrailFilter,
        after: Option<(&str, i64)>,
        limit: u32,
    ) -> Result<Vec<StoredEntry>, LedgerError>;

    /// Up to `limit` heads by chain (byte order), after the given one.
    ///
    /// # Errors
    /// [`LedgerError::NotReachable`], [`LedgerError::Store`].
    async fn heads(&self, after: Option<&str>, limit: u32) -> Result<Vec<ChainHead>, LedgerError>;

    /// Adds what a person did to a device, outside any job, to the device's chain.
    ///
    /// # Errors
    /// [`LedgerError::UnknownDevice`], [`LedgerError::NotReachable`], [`LedgerError::Store`].
    async fn note(&self, serial: &Serial, fact: &AuditFact, by: &Requester) -> Result<(), LedgerError>;
}
