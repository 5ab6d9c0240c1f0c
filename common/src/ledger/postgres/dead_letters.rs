//! Dead letters: kept, looked at, and let go by a person.
//!
//! Promises: as [`DeadLetters`] says; one process at a time keeps letters, so that their number has a limit. Bodies are
//! sent and read a bounded number of bytes at a time.

use async_trait::async_trait;

use super::connection::{Transaction, each};
use super::ending::small;
use super::statement::{Columns, Statement, bytes, int4, int8, int8s, statement, texts, timestamps};
use super::{PostgresLedger, trail, wake};
use crate::clock::{Clock, SystemClock};
use crate::domain::job::{JobId, Requester};
use crate::ledger::rows::{dead_entry, fingerprint, job_of, number};
use crate::ledger::{
    Collected, DeadEnd, DeadLetter, DeadLetters, LedgerError, MAX_BURIALS, MAX_DEAD_BYTES, MAX_DEAD_LETTERS,
    NewDeadLetter,
};

const LOCK_DEAD_LETTERS: Statement = statement!("lock_dead_letters");
const INSERT_DEAD_LETTERS: Statement = statement!("insert_dead_letters");
const COUNT_DEAD_LETTERS: Statement = statement!("count_dead_letters");
const READ_DEAD_LETTERS: Statement = statement!("read_dead_letters");
const READ_DEAD_LETTER: Statement = statement!("read_dead_letter");
const DELETE_DEAD_LETTER: Statement = statement!("delete_dead_letter");
const WAKE_BURIED: Statement = statement!("wake_buried");
const FORGIVE_BURIALS: Statement = statement!("forgive_burials");

/// Key of the lock that whoever keeps letters holds; any number that nothing else in the database uses.
const KEEPING_KEY: i64 = i64::from_be_bytes(*b"pan-dead");

/// Bodies of one page together, about: a few of the longest.
const PAGE_BYTES: i64 = 64 * 1024 * 1024;

#[async_trait]
impl DeadLetters for PostgresLedger {
    async fn keep_dead(&self, letters: &[NewDeadLetter]) -> Result<Collected, LedgerError> {
        if letters.is_empty() {
            return Ok(Collected::default());
        }
        let mut connection = self.pool.connection().await?;
        let transaction = connection.begin().await?;
        transaction.rows(&LOCK_DEAD_LETTERS, [int8(KEEPING_KEY)]).await?;
        let (mut kept, mut jobs) = (0, Vec::new());
        for part in parts(letters) {
            let new = insert(&transaction, part).await?;
            kept += u64::try_from(new.len()).unwrap_or(u64::MAX);
            jobs.extend(new.into_iter().flatten());
        }
        let rows = transaction.rows(&COUNT_DEAD_LETTERS, []).await?;
        if kept > 0 && count(&rows)? > MAX_DEAD_LETTERS {
            return Err(LedgerError::Full {
                location: self.pool.location().to_owned(),
                reason: format!("at most {MAX_DEAD_LETTERS} dead letters are kept"),
            });
        }
        let woken = transaction.rows(&WAKE_BURIED, [int8s(&jobs), int4(small(MAX_BURIALS))]).await?;
        let woken = wake::tell(&transaction, &WAKE_BURIED, &woken).await?;
        transaction.commit().await?;
        Ok(Collected { kept, woken })
    }

    async fn dead_letters(&self, after: Option<i64>, limit: u32) -> Result<Vec<DeadLetter>, LedgerError> {
        let rows = self
            .pool
            .rows(&READ_DEAD_LETTERS, [int8(after), int8(i64::from(limit)), int8(PAGE_BYTES)])
            .await?;
        each(&READ_DEAD_LETTERS, &rows).map(|columns| dead_letter(&columns)).collect()
    }

    async fn dead_letter(&self, id: i64) -> Result<DeadLetter, LedgerError> {
        let rows = self.pool.rows(&READ_DEAD_LETTER, [int8(id)]).await?;
        let columns = each(&READ_DEAD_LETTER, &rows).next();
        dead_letter(&columns.ok_or(LedgerError::UnknownDeadLetter { id })?)
    }

    async fn n_dead(&self) -> Result<u64, LedgerError> {
        count(&self.pool.rows(&COUNT_DEAD_LETTERS, []).await?)
    }

    async fn end_dead(&self, id: i64, how: DeadEnd, by: &Requester) -> Result<(), LedgerError> {
        let mut connection = self.pool.connection().await?;
        let transaction = connection.begin().await?;
        let rows = transaction.rows(&DELETE_DEAD_LETTER, [int8(id)]).await?;
        let columns = each(&DELETE_DEAD_LETTER, &rows).next();
        let letter = dead_letter(&columns.ok_or(LedgerError::UnknownDeadLetter { id })?)?;
        if let Some(job) = letter.job {
            transaction.execute(&FORGIVE_BURIALS, [int8(job.0)]).await?;
        }
        trail::append(&transaction, &[dead_entry(&letter, how, by, SystemClock.now())]).await?;
        transaction.commit().await
    }
}

/// Writes letters that are not there yet; answers for each of those the job that it names.
async fn insert(
    transaction: &Transaction<'_>,
    letters: &[NewDeadLetter],
) -> Result<Vec<Option<i64>>, LedgerError> {
    let bodies: Vec<&[u8]> = letters.iter().map(kept_of).collect();
    let hashes: Vec<Vec<u8>> = bodies.iter().map(|body| fingerprint(body).to_vec()).collect();
    // What was cut is longer than any wake-up.
    let jobs: Vec<Option<i64>> = bodies.iter().map(|body| job_of(body).map(|JobId(job)| job)).collect();
    let sizes: Vec<i64> =
        letters.iter().map(|letter| i64::try_from(letter.size_bytes).unwrap_or(i64::MAX)).collect();
    let of =
        |field: fn(&NewDeadLetter) -> &str| letters.iter().map(|l| writable(field(l))).collect::<Vec<_>>();
    let params = [
        texts(of(|letter| &letter.message_id)),
        texts(of(|letter| &letter.routing_key)),
        bytes(bodies),
        int8s(sizes),
        bytes(hashes),
        texts(of(|letter| &letter.reason)),
        timestamps(letters.iter().map(|letter| letter.died_at).collect::<Vec<_>>()),
        int8s(jobs),
    ];
    let rows = transaction.rows(&INSERT_DEAD_LETTERS, params).await?;
    each(&INSERT_DEAD_LETTERS, &rows).map(|columns| columns.value("job_id")).collect()
}

/// Letters in groups of few bytes, so that no statement grows beyond what the server takes (1 GiB) or hurts.
fn parts(letters: &[NewDeadLetter]) -> Vec<&[NewDeadLetter]> {
    let (mut parts, mut from, mut n_bytes) = (Vec::new(), 0, 0);
    for (n, letter) in letters.iter().enumerate() {
        n_bytes += kept_of(letter).len();
        if n_bytes > MAX_DEAD_BYTES && n > from {
            parts.push(&letters[from..n]);
            (from, n_bytes) = (n, kept_of(letter).len());
        }
    }
    parts.push(&letters[from..]);
    parts
}

/// The bytes that are kept.
fn kept_of(letter: &NewDeadLetter) -> &[u8] {
    &letter.body[..letter.body.len().min(MAX_DEAD_BYTES)]
}

/// PostgreSQL's texts hold every character but NUL (its manual, "Character Types"); what others send may have one.
fn writable(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

fn count(rows: &[tokio_postgres::Row]) -> Result<u64, LedgerError> {
    each(&COUNT_DEAD_LETTERS, rows)
        .next()
        .map_or(Ok(0), |columns| number("count(dead_letters)", columns.value("n")?))
}

fn dead_letter(columns: &Columns<'_>) -> Result<DeadLetter, LedgerError> {
    Ok(DeadLetter {
        id: columns.value("id")?,
        message_id: columns.value("message_id")?,
        routing_key: columns.value("routing_key")?,
        body: columns.value("body")?,
        size_bytes: number("dead_letters.size_bytes", columns.value("size_bytes")?)?,
        reason: columns.value("reason")?,
        died_at: columns.value("died_at")?,
        collected_at: columns.value("collected_at")?,
        job: columns.value::<Option<i64>>("job_id")?.map(JobId),
    })
}
