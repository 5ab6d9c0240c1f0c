//! The audit trail, as it is read. Writing happens inside the methods whose changes it speaks of; only anchors, and what
//! a person does to a device outside any job, have methods of their own.

use std::time::Duration;

use async_trait::async_trait;
use uuid::Uuid;

use super::LedgerError;
use crate::audit::{Anchor, AnchoredHead, AuditFact, ChainHead, JobProofs, StoredEntry};
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

    /// Anchors all heads of one moment together, when the last anchor is at least `not_before` old and some chain has
    /// grown since. Answers `None` otherwise, and while another process anchors. Each anchor is written to the log, as
    /// the copy outside the ledger. Appenders are not held up by it.
    ///
    /// # Errors
    /// [`LedgerError::NotReachable`], [`LedgerError::Store`].
    async fn anchor(&self, not_before: Duration) -> Result<Option<Anchor>, LedgerError>;

    /// Up to `limit` anchors by number, after the given one; 0 begins.
    ///
    /// # Errors
    /// [`LedgerError::NotReachable`], [`LedgerError::Store`].
    async fn anchors(&self, after: i64, limit: u32) -> Result<Vec<Anchor>, LedgerError>;

    /// Up to `limit` heads that anchors found moved, by chain (byte order) and anchor, after the given place.
    ///
    /// # Errors
    /// [`LedgerError::NotReachable`], [`LedgerError::Store`].
    async fn anchored_heads(
        &self,
        after: Option<(&str, i64)>,
        limit: u32,
    ) -> Result<Vec<AnchoredHead>, LedgerError>;

    /// Looks whether the next `limit` jobs by number, after the given one, have the entries that their rows demand.
    ///
    /// # Errors
    /// [`LedgerError::NotReachable`], [`LedgerError::Store`].
    async fn job_proofs(&self, after: Option<JobId>, limit: u32) -> Result<JobProofs, LedgerError>;
}
