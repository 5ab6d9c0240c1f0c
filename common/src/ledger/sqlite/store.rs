//! One SQLite file, reached through two connections that live on threads of their own.
//!
//! Guarantees: a write runs alone, in order of arrival, and is answered after its commit reached the disk, and while
//! the file at the path is still the one that it went to; its statements stay together or none of them stays. Writes that wait together share one transaction, each in
//! its own savepoint, because it is the sync to disk that costs time; one that fails takes back only itself.
//! Reads see every write that was answered before they began, and never hold one up (write-ahead log). The
//! queues are bounded, every answer has a time limit, and a panic in a closure is that closure's error alone.
//!
//! A caller that goes away before its write began takes the write with it. One that goes away later, or
//! meets the time limit, does not know whether it was committed: what the ledger writes is safe to ask twice.
//!
//! Leaves to others: the schema ([`migrate`](super::migrate)) and every statement. The file must be on a local
//! disk: a write-ahead log needs memory shared between its processes (sqlite.org/wal.html).

mod connection;
mod identity;
mod meaning;
mod reader;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rusqlite::Transaction;
use tokio::sync::{mpsc, oneshot, watch};

use crate::ledger::LedgerError;

pub(super) use connection::open as open_connection;
use identity::Identity;
use reader::Read;
use writer::{Done, Write};

/// Longest wait for an answer: the disk's worst moments, and several times what a lock of another process may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// Calls that may wait for one thread; more callers than this wait to get in line.
const QUEUE_LENGTH: usize = 1_024;

/// What a closure may fail with; `?` makes it of either.
#[derive(Debug)]
pub enum StoreError {
    /// SQLite said no.
    Sqlite(rusqlite::Error),
    /// SQLite said no to a statement that has a name of its own.
    Statement {
        /// The name, for the error.
        statement: &'static str,
        /// SQLite's words.
        error: rusqlite::Error,
    },
    /// The ledger's own answer, handed on as it is.
    Ledger(LedgerError),
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<LedgerError> for StoreError {
    fn from(error: LedgerError) -> Self {
        Self::Ledger(error)
    }
}

/// A SQLite file. Cheap to clone; the threads end with the last clone.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    place: Place,
    writes: mpsc::Sender<Write>,
    reads: mpsc::Sender<Read>,
    committed: watch::Receiver<u64>,
}

/// Where the file is, and what its errors mean for a caller.
#[derive(Debug, Clone)]
pub(super) struct Place(PathBuf);

impl Store {
    /// Opens the file and starts its threads; creates the file (mode 0600) and its directories (0700) where
    /// they are missing. Blocks for as long as the disk takes.
    ///
    /// # Errors
    /// [`LedgerError::NotReachable`].
    pub fn open(path: &Path) -> Result<Self, LedgerError> {
        let place = Place(path.to_owned());
        let refused = |error: StoreError| place.error("open the file", error);
        let mut writing = connection::open(path).map_err(refused)?;
        let mut reading = connection::open_for_reading(path).map_err(refused)?;
        let file = Identity::of(path)
            .map_err(|error| place.not_reachable(format!("the file cannot be looked up: {error}")))?;

        let (writes, mut waiting_writes) = mpsc::channel(QUEUE_LENGTH);
        let (reads, mut waiting_reads) = mpsc::channel(QUEUE_LENGTH);
        let (raise, committed) = watch::channel(0);
        let same = file.clone();
        spawn("ledger-writer", move || writer::run(&mut writing, &file, &mut waiting_writes, &raise))
            .and_then(|()| {
                spawn("ledger-reader", move || reader::run(&mut reading, &same, &mut waiting_reads))
            })
            .map_err(|error| place.not_reachable(format!("its thread did not start: {error}")))?;
        Ok(Self { inner: Arc::new(Inner { place, writes, reads, committed }) })
    }

    /// Runs `change` in a transaction (`BEGIN IMMEDIATE`) and answers after the commit. `name` names the
    /// statement in errors.
    ///
    /// # Errors
    /// What `change` answers, with nothing written; [`LedgerError::NotReachable`] when the file is locked or
    /// gone, or when no answer came in time; [`LedgerError::Full`] when its disk is; [`LedgerError::Store`] for
    /// every other word of SQLite.
    pub async fn write<T, F>(&self, name: &'static str, change: F) -> Result<T, LedgerError>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        let place = self.inner.place.clone();
        let (reply, answer) = oneshot::channel();
        // What is written belongs to the trace of the caller, whose thread is another one.
        let traced = opentelemetry::Context::current();
        let write: Write = Box::new(move |transaction| {
            if reply.is_closed() {
                return None;
            }
            let _inside = traced.attach();
            let result = transaction.map_err(StoreError::from).and_then(change);
            let keep = result.is_ok();
            let settle = move |committed: rusqlite::Result<()>| {
                let result = result.and_then(|value| Ok(committed.map(|()| value)?));
                // The caller may have left in the meantime.
                let _ = reply.send(result.map_err(|error| place.error(name, error)));
            };
            Some(Done { keep, settle: Box::new(settle) })
        });
        self.answered(name, &self.inner.writes, write, answer).await
    }

    /// Runs `look` in a read transaction: one state of the file, however many statements.
    ///
    /// # Errors
    /// As for [`write`](Self::write).
    pub async fn read<T, F>(&self, name: &'static str, look: F) -> Result<T, LedgerError>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        let place = self.inner.place.clone();
        let (reply, answer) = oneshot::channel();
        let read: Read = Box::new(move |transaction| {
            if !reply.is_closed() {
                let result = transaction.map_err(StoreError::from).and_then(look);
                let _ = reply.send(result.map_err(|error| place.error(name, error)));
            }
        });
        self.answered(name, &self.inner.reads, read, answer).await
    }

    /// Changes with every commit of *this* process that changed rows, so that what waits for one wakes at once.
    #[must_use]
    pub fn committed(&self) -> watch::Receiver<u64> {
        self.inner.committed.clone()
    }

    /// A number that changes whenever anybody, other processes included, has committed since the last call. It
    /// means nothing in itself, and nothing to another [`Store`]. Costs no disk access.
    ///
    /// # Errors
    /// As for [`write`](Self::write).
    pub async fn data_version(&self) -> Result<i64, LedgerError> {
        self.read("data_version", |transaction| {
            Ok(transaction.query_row("PRAGMA data_version", [], |row| row.get(0))?)
        })
        .await
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.inner.place.0
    }

    pub(super) fn place(&self) -> &Place {
        &self.inner.place
    }

    /// Gets in line, and waits for the answer; both together for at most [`ANSWER_WITHIN`].
    async fn answered<J, T>(
        &self,
        name: &'static str,
        line: &mpsc::Sender<J>,
        job: J,
        answer: oneshot::Receiver<Result<T, LedgerError>>,
    ) -> Result<T, LedgerError> {
        let place = &self.inner.place;
        let wait = async {
            if line.send(job).await.is_err() {
                return Err(place.not_reachable("its thread has ended".to_owned()));
            }
            answer.await.unwrap_or_else(|_| {
                Err(LedgerError::Store {
                    statement: name,
                    reason: "it panicked; nothing was written".to_owned(),
                })
            })
        };
        tokio::time::timeout(ANSWER_WITHIN, wait).await.unwrap_or_else(|_| {
            Err(place.not_reachable(format!("no answer to {name} within {} s", ANSWER_WITHIN.as_secs())))
        })
    }
}

impl Place {
    /// The file.
    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// The file as people write it in the configuration.
    pub(super) fn location(&self) -> String {
        format!("sqlite:{}", self.0.display())
    }

    /// Where the file is: SQLite keeps two more beside it.
    fn directory(&self) -> &Path {
        let parent = self.0.parent().filter(|directory| !directory.as_os_str().is_empty());
        parent.unwrap_or(Path::new("."))
    }

    pub(super) fn not_reachable(&self, reason: String) -> LedgerError {
        LedgerError::NotReachable { location: self.location(), reason }
    }
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
    thread::Builder::new().name(name.to_owned()).spawn(run).map(drop)
}

#[cfg(test)]
mod tests;
