//! [`DeadLetters`] for SQLite.

use std::collections::BTreeSet;

use async_trait::async_trait;
use rusqlite::{Row, Transaction};

use super::statement::{Statement, statement};
use super::store::StoreError;
use super::stored::{Plain, Stored, time};
use super::wake::WokenRow;
use super::{SqliteLedger, trail, wake};
use crate::clock::{Clock, SystemClock};
use crate::domain::job::{JobId, Requester};
use crate::ledger::rows::{self, json, number};
use crate::ledger::{
    Collected, DeadEnd, DeadLetter, DeadLetters, LedgerError, MAX_BURIALS, MAX_DEAD_BYTES, MAX_DEAD_LETTERS,
    NewDeadLetter,
};

const INSERT_DEAD_LETTER: Statement = statement!("insert_dead_letter");
const COUNT_DEAD_LETTERS: Statement = statement!("count_dead_letters");
const WAKE_BURIED: Statement = statement!("wake_buried");
const READ_DEAD_LETTERS: Statement = statement!("read_dead_letters");
const READ_DEAD_LETTER: Statement = statement!("read_dead_letter");
const DELETE_DEAD_LETTER: Statement = statement!("delete_dead_letter");
const FORGIVE_BURIALS: Statement = statement!("forgive_burials");

#[async_trait]
impl DeadLetters for SqliteLedger {
    async fn keep_dead(&self, letters: &[NewDeadLetter]) -> Result<Collected, LedgerError> {
        if letters.is_empty() {
            return Ok(Collected::default());
        }
        let (letters, location) = (letters.to_vec(), self.store.place().location());
        self.store
            .write("keep_dead", move |transaction| {
                let kept = keep(transaction, &letters)?;
                if !kept.is_empty() && count(transaction)? > MAX_DEAD_LETTERS {
                    let reason =
                        format!("at most {MAX_DEAD_LETTERS} dead letters are kept; requeue or drop some");
                    return Err(LedgerError::Full { location, reason }.into());
                }
                let jobs: BTreeSet<JobId> =
                    kept.iter().filter_map(|letter| rows::job_of(&letter.body)).collect();
                let woken: Vec<WokenRow> = WAKE_BURIED.rows(transaction, (json(&jobs), MAX_BURIALS))?;
                let woken = wake::tell(transaction, woken)?;
                Ok(Collected { kept: u64::try_from(kept.len()).unwrap_or(u64::MAX), woken })
            })
            .await
    }

    async fn dead_letters(&self, after: Option<i64>, limit: u32) -> Result<Vec<DeadLetter>, LedgerError> {
        self.store
            .read("dead_letters", move |transaction| READ_DEAD_LETTERS.rows(transaction, (after, limit)))
            .await
    }

    async fn dead_letter(&self, id: i64) -> Result<DeadLetter, LedgerError> {
        self.store.read("dead_letter", move |transaction| one(transaction, id)).await
    }

    async fn n_dead(&self) -> Result<u64, LedgerError> {
        self.store.read("n_dead", count).await
    }

    async fn end_dead(&self, id: i64, how: DeadEnd, by: &Requester) -> Result<(), LedgerError> {
        let by = by.clone();
        self.store
            .write("end_dead", move |transaction| {
                let letter = one(transaction, id)?;
                trail::append(transaction, &[rows::dead_entry(&letter, how, &by, SystemClock.now())])?;
                DELETE_DEAD_LETTER.execute(transaction, [id])?;
                if let Some(job) = letter.job {
                    FORGIVE_BURIALS.execute(transaction, [job.0])?;
                }
                Ok(())
            })
            .await
    }
}

/// Keeps letters; answers those that were not kept before.
fn keep<'a>(
    transaction: &Transaction<'_>,
    letters: &'a [NewDeadLetter],
) -> Result<Vec<&'a NewDeadLetter>, StoreError> {
    let mut kept = Vec::new();
    for letter in letters {
        let body = &letter.body[..letter.body.len().min(MAX_DEAD_BYTES)];
        let params = (
            &letter.message_id,
            &letter.routing_key,
            body,
            i64::try_from(letter.size_bytes).unwrap_or(i64::MAX),
            rows::fingerprint(body),
            &letter.reason,
            letter.died_at.as_millisecond(),
            // What was cut is longer than any wake-up.
            rows::job_of(body).map(|job| job.0),
        );
        if INSERT_DEAD_LETTER.execute(transaction, params)? == 1 {
            kept.push(letter);
        }
    }
    Ok(kept)
}

fn count(transaction: &Transaction<'_>) -> Result<u64, StoreError> {
    let n = COUNT_DEAD_LETTERS.row::<Plain<i64>>(transaction, [])?.map_or(0, |Plain(n)| n);
    Ok(number("dead_letters", n)?)
}

fn one(transaction: &Transaction<'_>, id: i64) -> Result<DeadLetter, StoreError> {
    let letter: Option<DeadLetter> = READ_DEAD_LETTER.row(transaction, [id])?;
    Ok(letter.ok_or(LedgerError::UnknownDeadLetter { id })?)
}

impl Stored for DeadLetter {
    fn read(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.get("id")?,
            message_id: row.get("message_id")?,
            routing_key: row.get("routing_key")?,
            body: row.get("body")?,
            size_bytes: number("dead_letters.size_bytes", row.get("size_bytes")?)?,
            reason: row.get("reason")?,
            died_at: time(row, "died_at")?,
            collected_at: time(row, "collected_at")?,
            job: row.get::<_, Option<i64>>("job_id")?.map(JobId),
        })
    }
}
