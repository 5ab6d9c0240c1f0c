//! [`Trail`] for SQLite, and appending to the chains. Anchors are next door ([`anchor`]).
//!
//! The hashes are computed here, where PostgreSQL does it in SQL: SQLite has no SHA-256. The one writer makes
//! reading a head and writing the next entry one step.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use rusqlite::Transaction;
use serde_json::json;
use uuid::Uuid;

use super::statement::{Statement, statement};
use super::store::StoreError;
use super::stored::Plain;
use super::{SqliteLedger, anchor, inventory};
use crate::audit::{Anchor, AnchoredHead, AuditFact, ChainHead, EntryHash, JobProofs, StoredEntry};
use crate::clock::{Clock, SystemClock};
use crate::domain::device::Serial;
use crate::domain::job::{JobId, Requester};
use crate::ledger::rows::{self, NewEntry, impossible, json, word};
use crate::ledger::{LedgerError, Trail, TrailFilter};

const READ_INSTALLATION: Statement = statement!("read_installation");
const INSERT_HEADS: Statement = statement!("insert_heads");
const READ_HEADS_OF: Statement = statement!("read_heads_of");
const UPDATE_HEADS: Statement = statement!("update_heads");
const INSERT_ENTRIES: Statement = statement!("insert_entries");
const READ_ENTRIES: Statement = statement!("read_entries");
const READ_HEADS: Statement = statement!("read_heads");

#[async_trait]
impl Trail for SqliteLedger {
    async fn installation(&self) -> Result<Uuid, LedgerError> {
        self.store.read("installation", installation).await
    }

    async fn entries(
        &self,
        filter: &TrailFilter,
        after: Option<(&str, i64)>,
        limit: u32,
    ) -> Result<Vec<StoredEntry>, LedgerError> {
        let (chain, job) = (filter.chain.clone(), filter.job.map(|job| job.0));
        // No name is empty and no position below 1, so this is before every entry, or every one of the chain.
        let first = (filter.chain.as_deref().unwrap_or_default(), 0);
        let (after_chain, after_seq) = after.map_or(first, |after| after.max(first));
        let after_chain = after_chain.to_owned();
        self.store
            .read("entries", move |transaction| {
                READ_ENTRIES.rows(transaction, (chain, job, after_chain, after_seq, limit))
            })
            .await
    }

    async fn heads(&self, after: Option<&str>, limit: u32) -> Result<Vec<ChainHead>, LedgerError> {
        let after = after.unwrap_or_default().to_owned();
        self.store.read("heads", move |transaction| READ_HEADS.rows(transaction, (after, limit))).await
    }

    async fn note(&self, serial: &Serial, fact: &AuditFact, by: &Requester) -> Result<(), LedgerError> {
        let (serial, fact, by) = (serial.clone(), fact.clone(), by.clone());
        self.store
            .write("note", move |transaction| {
                inventory::known_device(transaction, &serial)?;
                let AuditFact { action, detail } = fact;
                append(transaction, &[rows::device_entry(&serial, action, &by, detail, SystemClock.now())])
            })
            .await
    }

    async fn anchor(&self, not_before: Duration) -> Result<Option<Anchor>, LedgerError> {
        anchor::anchor(&self.store, not_before).await
    }

    async fn anchors(&self, after: i64, limit: u32) -> Result<Vec<Anchor>, LedgerError> {
        anchor::anchors(&self.store, after, limit).await
    }

    async fn anchored_heads(
        &self,
        after: Option<(&str, i64)>,
        limit: u32,
    ) -> Result<Vec<AnchoredHead>, LedgerError> {
        anchor::anchored_heads(&self.store, after, limit).await
    }

    async fn job_proofs(&self, after: Option<JobId>, limit: u32) -> Result<JobProofs, LedgerError> {
        anchor::job_proofs(&self.store, after, limit).await
    }
}

/// The name of this ledger; `None` before its first migration has ended.
pub(super) fn read_installation(transaction: &Transaction<'_>) -> Result<Option<Uuid>, StoreError> {
    let id = READ_INSTALLATION.row::<Plain<String>>(transaction, [])?;
    Ok(id.map(|Plain(id)| word("installation.id", &id)).transpose()?)
}

pub(super) fn installation(transaction: &Transaction<'_>) -> Result<Uuid, StoreError> {
    let id = read_installation(transaction)?;
    Ok(id.ok_or_else(|| impossible("installation.id", &"nothing"))?)
}

/// Begins the chains that do not exist yet.
pub(super) fn begin_chains(transaction: &Transaction<'_>, chains: &[&str]) -> Result<(), StoreError> {
    let installation = installation(transaction)?;
    let heads: Vec<_> = chains
        .iter()
        .map(|chain| json!({ "chain": chain, "hash": EntryHash::genesis(installation, chain).to_string() }))
        .collect();
    INSERT_HEADS.execute(transaction, [json(&heads)])?;
    Ok(())
}

/// Adds entries to the ends of their chains, those of one chain in the order given.
pub(super) fn append(transaction: &Transaction<'_>, entries: &[NewEntry]) -> Result<(), StoreError> {
    if entries.is_empty() {
        return Ok(());
    }
    let chains: Vec<&str> = entries.iter().map(|entry| entry.chain.as_str()).collect();
    let heads: Vec<ChainHead> = READ_HEADS_OF.rows(transaction, [json(&chains)])?;
    let mut heads: BTreeMap<String, ChainHead> =
        heads.into_iter().map(|head| (head.chain.clone(), head)).collect();

    let mut linked = Vec::with_capacity(entries.len());
    for entry in entries {
        let head = heads
            .get_mut(&entry.chain)
            .ok_or_else(|| impossible("audit_heads", &format!("no chain {}", entry.chain)))?;
        let body = std::str::from_utf8(&entry.body).map_err(|error| impossible("audit.body", &error))?;
        let prev = head.hash;
        head.seq += 1;
        head.hash = prev.next(head.seq, &entry.body);
        linked.push(json!({
            "chain": entry.chain,
            "seq": head.seq,
            "job": entry.job,
            "body": body,
            "prev": prev.to_string(),
            "hash": head.hash.to_string(),
        }));
    }
    INSERT_ENTRIES.execute(transaction, [json(&linked)])?;
    let ends: Vec<_> = heads
        .values()
        .map(|head| json!({ "chain": head.chain, "seq": head.seq, "hash": head.hash.to_string() }))
        .collect();
    UPDATE_HEADS.execute(transaction, [json(&ends)])?;
    Ok(())
}
