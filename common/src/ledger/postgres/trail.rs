//! The audit trail: appending under a change, reading in pages. Anchors are next door ([`anchor`](super::anchor)).
//!
//! Promises: entries are linked by the database, in the transaction of the change that they speak of; an
//! entry that finds no chain fails the whole. Leaves to others: what entries say ([`rows`](crate::ledger::rows)),
//! and recomputing the hashes ([`audit::verify`](crate::audit::verify)).

use std::collections::HashMap;
use std::time::Duration;

use async_trait::async_trait;
use uuid::Uuid;

use super::connection::{Transaction, each};
use super::statement::{Statement, bytes, int8, int8s, statement, text, texts};
use super::{PostgresLedger, inventory};
use crate::audit::{Anchor, AnchoredHead, AuditFact, ChainHead, EntryHash, JobProofs, StoredEntry};
use crate::clock::{Clock, SystemClock};
use crate::domain::device::Serial;
use crate::domain::job::{JobId, Requester};
use crate::ledger::rows::{NewEntry, device_entry, impossible};
use crate::ledger::{LedgerError, Trail, TrailFilter};

const APPEND_ENTRIES: Statement = statement!("append_entries");
const INSERT_HEADS: Statement = statement!("insert_heads");
const READ_INSTALLATION: Statement = statement!("read_installation");
const READ_ENTRIES: Statement = statement!("read_entries");
const READ_HEADS: Statement = statement!("read_heads");

/// Adds entries to their chains, those of one chain in the order given.
///
/// Locks the heads of all these chains until the transaction ends; a transaction calls it once, so that the
/// order of locks is the same everywhere.
///
/// # Errors
/// [`LedgerError::Store`] when a chain has no head; then nothing may be committed.
pub(super) async fn append(transaction: &Transaction<'_>, entries: &[NewEntry]) -> Result<(), LedgerError> {
    if entries.is_empty() {
        return Ok(());
    }
    let mut lengths: HashMap<&str, i64> = HashMap::new();
    let positions: Vec<i64> = entries
        .iter()
        .map(|entry| {
            let length = lengths.entry(&entry.chain).or_default();
            *length += 1;
            *length
        })
        .collect();
    let chains: Vec<&str> = entries.iter().map(|entry| entry.chain.as_str()).collect();
    let bodies: Vec<&[u8]> = entries.iter().map(|entry| entry.body.as_slice()).collect();
    let jobs: Vec<Option<i64>> = entries.iter().map(|entry| entry.job.map(|job| job.0)).collect();
    let n_written = transaction
        .execute(&APPEND_ENTRIES, [texts(&chains), int8s(&positions), bytes(&bodies), int8s(&jobs)])
        .await?;
    if usize::try_from(n_written) == Ok(entries.len()) {
        Ok(())
    } else {
        Err(APPEND_ENTRIES.failed(format!("{n_written} of {} entries found their chain", entries.len())))
    }
}

/// Begins the chains that do not exist yet.
///
/// # Errors
/// [`LedgerError::NotReachable`], [`LedgerError::Store`].
pub(super) async fn begin_chains(transaction: &Transaction<'_>, chains: &[&str]) -> Result<(), LedgerError> {
    transaction.execute(&INSERT_HEADS, [texts(chains)]).await?;
    Ok(())
}

#[async_trait]
impl Trail for PostgresLedger {
    async fn installation(&self) -> Result<Uuid, LedgerError> {
        let rows = self.pool.rows(&READ_INSTALLATION, []).await?;
        each(&READ_INSTALLATION, &rows)
            .next()
            .ok_or_else(|| READ_INSTALLATION.failed("the ledger was never migrated"))?
            .value("id")
    }

    async fn entries(
        &self,
        filter: &TrailFilter,
        after: Option<(&str, i64)>,
        limit: u32,
    ) -> Result<Vec<StoredEntry>, LedgerError> {
        let (chain, seq) = after.unzip();
        let params = [
            text(&filter.chain),
            int8(filter.job.map(|JobId(job)| job)),
            text(chain),
            int8(seq),
            int8(i64::from(limit)),
        ];
        let rows = self.pool.rows(&READ_ENTRIES, params).await?;
        each(&READ_ENTRIES, &rows)
            .map(|columns| {
                Ok(StoredEntry {
                    chain: columns.value("chain")?,
                    seq: columns.value("seq")?,
                    at: columns.value("at")?,
                    job: columns.value::<Option<i64>>("job_id")?.map(JobId),
                    body: columns.value("body")?,
                    prev: entry_hash("audit.prev", columns.value("prev")?)?,
                    hash: entry_hash("audit.hash", columns.value("hash")?)?,
                })
            })
            .collect()
    }

    async fn heads(&self, after: Option<&str>, limit: u32) -> Result<Vec<ChainHead>, LedgerError> {
        let rows = self.pool.rows(&READ_HEADS, [text(after), int8(i64::from(limit))]).await?;
        each(&READ_HEADS, &rows)
            .map(|columns| {
                Ok(ChainHead {
                    chain: columns.value("chain")?,
                    seq: columns.value("seq")?,
                    hash: entry_hash("audit_heads.hash", columns.value("hash")?)?,
                })
            })
            .collect()
    }

    async fn note(&self, serial: &Serial, fact: &AuditFact, by: &Requester) -> Result<(), LedgerError> {
        let mut connection = self.pool.connection().await?;
        let transaction = connection.begin().await?;
        inventory::locked_device(&transaction, serial).await?;
        let AuditFact { action, detail } = fact.clone();
        append(&transaction, &[device_entry(serial, action, by, detail, SystemClock.now())]).await?;
        transaction.commit().await
    }

    async fn anchor(&self, not_before: Duration) -> Result<Option<Anchor>, LedgerError> {
        self.anchor_heads(not_before).await
    }

    async fn anchors(&self, after: i64, limit: u32) -> Result<Vec<Anchor>, LedgerError> {
        self.read_anchors(after, limit).await
    }

    async fn anchored_heads(
        &self,
        after: Option<(&str, i64)>,
        limit: u32,
    ) -> Result<Vec<AnchoredHead>, LedgerError> {
        self.read_anchored_heads(after, limit).await
    }

    async fn job_proofs(&self, after: Option<JobId>, limit: u32) -> Result<JobProofs, LedgerError> {
        self.read_job_proofs(after, limit).await
    }
}

pub(super) fn entry_hash(column: &'static str, bytes: &[u8]) -> Result<EntryHash, LedgerError> {
    EntryHash::from_slice(bytes).ok_or_else(|| impossible(column, &format!("{} bytes", bytes.len())))
}
