//! Anchoring all heads, and reading anchors.
//!
//! The hashes are computed here, where PostgreSQL does it in SQL. The one writer makes reading all heads and writing the
//! anchor one moment; whether there is anything to do is asked without it.

use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Row, Transaction};
use serde_json::json;

use super::statement::{Statement, milliseconds, statement};
use super::store::{Store, StoreError};
use super::stored::{Stored, text, time};
use super::trail;
use crate::audit::anchor::HeadsHash;
use crate::audit::{Anchor, AnchoredHead, ChainHead, EntryHash, JobProofs, UnprovenJob};
use crate::domain::job::JobId;
use crate::ledger::LedgerError;
use crate::ledger::rows::{impossible, json, number};

const READ_LAST_ANCHOR: Statement = statement!("read_last_anchor");
const READ_HEAD_TOTALS: Statement = statement!("read_head_totals");
const READ_MOVED_HEADS: Statement = statement!("read_moved_heads");
const INSERT_ANCHOR: Statement = statement!("insert_anchor");
const INSERT_ANCHORED_HEADS: Statement = statement!("insert_anchored_heads");
const READ_ANCHORS: Statement = statement!("read_anchors");
const READ_ANCHORED_HEADS: Statement = statement!("read_anchored_heads");
const READ_JOB_PROOFS: Statement = statement!("read_job_proofs");

/// Sorts before every name.
const BEGINNING: (&str, i64) = ("", 0);

/// Anchors all heads together, if it is time.
pub(super) async fn anchor(store: &Store, not_before: Duration) -> Result<Option<Anchor>, LedgerError> {
    let look = move |transaction: &Transaction<'_>| due(transaction, not_before);
    if store.read("is_anchor_due", look).await?.is_none() {
        return Ok(None);
    }
    let anchored = store
        .write("anchor", move |transaction| match due(transaction, not_before)? {
            Some(due) => write(transaction, &due),
            None => Ok(None),
        })
        .await?;
    if let Some(anchor) = &anchored {
        anchor.tell();
    }
    Ok(anchored)
}

/// Anchors by number.
pub(super) async fn anchors(store: &Store, after: i64, limit: u32) -> Result<Vec<Anchor>, LedgerError> {
    store.read("anchors", move |transaction| READ_ANCHORS.rows(transaction, (after, limit))).await
}

/// Anchored heads by chain and anchor.
pub(super) async fn anchored_heads(
    store: &Store,
    after: Option<(&str, i64)>,
    limit: u32,
) -> Result<Vec<AnchoredHead>, LedgerError> {
    let (chain, number) = after.unwrap_or(BEGINNING);
    let chain = chain.to_owned();
    store
        .read("anchored_heads", move |transaction| {
            READ_ANCHORED_HEADS.rows(transaction, (chain, number, limit))
        })
        .await
}

/// Whether jobs have the entries that their rows demand.
pub(super) async fn job_proofs(
    store: &Store,
    after: Option<JobId>,
    limit: u32,
) -> Result<JobProofs, LedgerError> {
    let after = after.map_or(0, |job| job.0);
    let proofs =
        store.read("job_proofs", move |transaction| READ_JOB_PROOFS.row(transaction, (after, limit)));
    proofs.await?.ok_or_else(|| impossible("jobs", &"no answer"))
}

/// What an anchor that is due goes on from.
struct Due {
    id: i64,
    prev: EntryHash,
    totals: Totals,
}

/// All heads in two numbers, as they are bound again.
struct Totals {
    n_chains: i64,
    n_entries: i64,
    now_ms: i64,
}

/// Whether the last anchor is old enough and some chain has grown since.
fn due(transaction: &Transaction<'_>, not_before: Duration) -> Result<Option<Due>, StoreError> {
    let Some(totals) = READ_HEAD_TOTALS.row::<Totals>(transaction, [])? else { return Ok(None) };
    let Some(last) = READ_LAST_ANCHOR.row::<Anchor>(transaction, [])? else {
        let prev = Anchor::genesis(trail::installation(transaction)?);
        return Ok((totals.n_chains > 0).then_some(Due { id: 1, prev, totals }));
    };
    let is_old = totals.now_ms.saturating_sub(milliseconds(not_before)) >= last.at.as_millisecond();
    let before = (i64::try_from(last.n_chains), i64::try_from(last.n_entries));
    let has_grown = before != (Ok(totals.n_chains), Ok(totals.n_entries));
    Ok((is_old && has_grown).then_some(Due { id: last.id + 1, prev: last.hash, totals }))
}

fn write(transaction: &Transaction<'_>, due: &Due) -> Result<Option<Anchor>, StoreError> {
    let moved: Vec<ChainHead> = READ_MOVED_HEADS.rows(transaction, [])?;
    if moved.is_empty() {
        return Ok(None);
    }
    let mut heads = HeadsHash::default();
    moved.iter().for_each(|head| heads.add(&head.chain, head.seq, &head.hash));
    let Due { id, prev, totals: Totals { n_chains, n_entries, now_ms } } = *due;
    let anchor = Anchor {
        id,
        at: Timestamp::from_millisecond(now_ms).map_err(|error| impossible("audit_anchors.at", &error))?,
        n_chains: number("audit_heads", n_chains)?,
        n_entries: number("audit_heads.seq", n_entries)?,
        heads: heads.end(),
        prev,
        hash: prev,
    }
    .sealed();
    let Anchor { heads, prev, hash, .. } = &anchor;
    INSERT_ANCHOR.execute(transaction, (id, now_ms, n_chains, n_entries, heads.0, prev.0, hash.0))?;
    let rows: Vec<_> = moved
        .iter()
        .map(|head| json!({ "chain": head.chain, "seq": head.seq, "hash": head.hash.to_string() }))
        .collect();
    INSERT_ANCHORED_HEADS.execute(transaction, (id, json(&rows)))?;
    Ok(Some(anchor))
}

impl Stored for Totals {
    fn read(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self { n_chains: row.get("n_chains")?, n_entries: row.get("n_entries")?, now_ms: row.get("now")? })
    }
}

impl Stored for Anchor {
    fn read(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.get("id")?,
            at: time(row, "at")?,
            n_chains: number("audit_anchors.n_chains", row.get("n_chains")?)?,
            n_entries: number("audit_anchors.n_entries", row.get("n_entries")?)?,
            heads: hash(row, "heads")?,
            prev: hash(row, "prev")?,
            hash: hash(row, "hash")?,
        })
    }
}

impl Stored for AnchoredHead {
    fn read(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            chain: row.get("chain")?,
            anchor: row.get("anchor")?,
            seq: row.get("seq")?,
            hash: hash(row, "hash")?,
        })
    }
}

impl Stored for JobProofs {
    fn read(row: &Row<'_>) -> Result<Self, StoreError> {
        let unproven = match row.get::<_, Option<i64>>("id")? {
            None => None,
            Some(id) => Some(UnprovenJob {
                job: JobId(id),
                chain: row.get("serial")?,
                state: text(row, "state")?,
                missing: row.get("action")?,
                seq: row.get("seq")?,
            }),
        };
        Ok(Self { last: row.get::<_, Option<i64>>("last")?.map(JobId), unproven })
    }
}

fn hash(row: &Row<'_>, name: &'static str) -> Result<EntryHash, StoreError> {
    let bytes: [u8; 32] = row.get(name)?;
    Ok(EntryHash(bytes))
}
