//! Anchoring all heads, and reading anchors.
//!
//! Promises: an anchor is one statement and so one moment; whoever appends meanwhile waits for nothing; two processes
//! never anchor at once, and the second does not wait. Leaves to others: when
//! ([`Trail::anchor`](crate::ledger::Trail::anchor)'s callers), and recomputing ([`audit::verify`](crate::audit::verify)).

use std::time::Duration;

use super::PostgresLedger;
use super::connection::{Transaction, each};
use super::statement::{Columns, Statement, int8, seconds, statement, text};
use super::trail::entry_hash;
use crate::audit::{Anchor, AnchoredHead, JobProofs, UnprovenJob};
use crate::domain::job::JobId;
use crate::ledger::LedgerError;
use crate::ledger::rows::{number, word};

const IS_ANCHOR_DUE: Statement = statement!("is_anchor_due");
const TRY_LOCK_ANCHOR: Statement = statement!("try_lock_anchor");
const INSERT_ANCHOR: Statement = statement!("insert_anchor");
const READ_ANCHORS: Statement = statement!("read_anchors");
const READ_ANCHORED_HEADS: Statement = statement!("read_anchored_heads");
const READ_JOB_PROOFS: Statement = statement!("read_job_proofs");

/// Key of the lock that whoever anchors holds; any number that nothing else in the database uses.
const ANCHOR_KEY: i64 = i64::from_be_bytes(*b"pan-anch");

impl PostgresLedger {
    pub(super) async fn anchor_heads(&self, not_before: Duration) -> Result<Option<Anchor>, LedgerError> {
        let mut connection = self.pool.connection().await?;
        let transaction = connection.begin().await?;
        let age = not_before.as_secs_f64();
        if !is_true(&transaction, &IS_ANCHOR_DUE, seconds(age), "due").await?
            || !is_true(&transaction, &TRY_LOCK_ANCHOR, int8(ANCHOR_KEY), "locked").await?
        {
            return Ok(None);
        }
        let rows = transaction.rows(&INSERT_ANCHOR, [seconds(age)]).await?;
        let anchor = each(&INSERT_ANCHOR, &rows).next().map(|columns| anchor(&columns)).transpose()?;
        transaction.commit().await?;
        if let Some(anchor) = &anchor {
            anchor.tell();
        }
        Ok(anchor)
    }

    pub(super) async fn read_anchors(&self, after: i64, limit: u32) -> Result<Vec<Anchor>, LedgerError> {
        let rows = self.pool.rows(&READ_ANCHORS, [int8(after), int8(i64::from(limit))]).await?;
        each(&READ_ANCHORS, &rows).map(|columns| anchor(&columns)).collect()
    }

    pub(super) async fn read_anchored_heads(
        &self,
        after: Option<(&str, i64)>,
        limit: u32,
    ) -> Result<Vec<AnchoredHead>, LedgerError> {
        let (chain, number) = after.unzip();
        let params = [text(chain), int8(number), int8(i64::from(limit))];
        let rows = self.pool.rows(&READ_ANCHORED_HEADS, params).await?;
        each(&READ_ANCHORED_HEADS, &rows)
            .map(|columns| {
                Ok(AnchoredHead {
                    chain: columns.value("chain")?,
                    anchor: columns.value("anchor")?,
                    seq: columns.value("seq")?,
                    hash: entry_hash("audit_anchor_heads.hash", columns.value("hash")?)?,
                })
            })
            .collect()
    }

    pub(super) async fn read_job_proofs(
        &self,
        after: Option<JobId>,
        limit: u32,
    ) -> Result<JobProofs, LedgerError> {
        let params = [int8(after.map_or(0, |job| job.0)), int8(i64::from(limit))];
        let rows = self.pool.rows(&READ_JOB_PROOFS, params).await?;
        let Some(columns) = each(&READ_JOB_PROOFS, &rows).next() else {
            return Err(READ_JOB_PROOFS.failed("no answer"));
        };
        let last = columns.value::<Option<i64>>("last")?.map(JobId);
        let unproven = match columns.value::<Option<i64>>("id")? {
            None => None,
            Some(id) => Some(UnprovenJob {
                job: JobId(id),
                chain: columns.value("serial")?,
                state: word("jobs.state", columns.value("state")?)?,
                missing: columns.value("action")?,
                seq: columns.value("seq")?,
            }),
        };
        Ok(JobProofs { last, unproven })
    }
}

/// A question that is answered by one truth value.
async fn is_true(
    transaction: &Transaction<'_>,
    statement: &Statement,
    param: super::statement::Param<'_>,
    column: &str,
) -> Result<bool, LedgerError> {
    let rows = transaction.rows(statement, [param]).await?;
    each(statement, &rows).next().map_or(Ok(false), |columns| columns.value(column))
}

fn anchor(columns: &Columns<'_>) -> Result<Anchor, LedgerError> {
    Ok(Anchor {
        id: columns.value("id")?,
        at: columns.value("at")?,
        n_chains: number("audit_anchors.n_chains", columns.value("n_chains")?)?,
        n_entries: number("audit_anchors.n_entries", columns.value("n_entries")?)?,
        heads: entry_hash("audit_anchors.heads", columns.value("heads")?)?,
        prev: entry_hash("audit_anchors.prev", columns.value("prev")?)?,
        hash: entry_hash("audit_anchors.hash", columns.value("hash")?)?,
    })
}
