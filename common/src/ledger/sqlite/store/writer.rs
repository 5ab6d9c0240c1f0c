//! The thread that writes: closures in groups, one commit and one sync to disk per group.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use rusqlite::{Connection, Error, Transaction, TransactionBehavior, ffi};
use tokio::sync::{mpsc, watch};

use super::identity::Identity;

/// Writes in one commit: beyond this the sync is a small part of the cost.
const GROUP_LENGTH: usize = 128;

/// After this long a group takes no more writes, so that the first of them is not kept waiting.
const GROUP_TIME: Duration = Duration::from_millis(25);

/// One caller's change; given an error when there is no transaction for it. `None`: the caller has left, and
/// nothing was tried.
pub(super) type Write = Box<dyn for<'t> FnOnce(rusqlite::Result<&'t Transaction<'t>>) -> Option<Done> + Send>;

/// A change that ran and waits for the commit.
pub(super) struct Done {
    /// Whether its changes are to stay.
    pub keep: bool,
    /// Answers the caller, given how the commit went.
    pub settle: Box<dyn FnOnce(rusqlite::Result<()>)>,
}

/// Runs until the last [`Store`](super::Store) is gone; raises `committed` after each commit that changed rows.
///
/// Where no transaction begins, everybody who waits is told: the next one would only wait as long once more, and a
/// line of callers behind a lock would move by one per busy timeout.
pub(super) fn run(
    connection: &mut Connection,
    file: &Identity,
    waiting: &mut mpsc::Receiver<Write>,
    committed: &watch::Sender<u64>,
) {
    while let Some(first) = waiting.blocking_recv() {
        let transaction = match begin(connection, file) {
            Ok(transaction) => transaction,
            Err(error) => {
                // Before anybody is told: who hears of it may ask again, and that is a new question.
                let n_waiting = waiting.len();
                settle(first(Err(copy(&error))), &Ok(()));
                refuse(waiting, n_waiting, &error);
                continue;
            }
        };
        let n_changes = transaction.total_changes();
        let (group, state) = run_group(&transaction, first, waiting);
        let has_changed = transaction.total_changes() != n_changes;
        let outcome = state.and_then(|()| transaction.commit()).and_then(|()| file.check());
        // A look for work that found none must not wake those who would look again.
        if outcome.is_ok() && has_changed && group.iter().any(|done| done.keep) {
            committed.send_modify(|commits| *commits += 1);
        }
        settle(group, &outcome);
    }
}

fn begin<'c>(connection: &'c mut Connection, file: &Identity) -> rusqlite::Result<Transaction<'c>> {
    file.check()?;
    connection.transaction_with_behavior(TransactionBehavior::Immediate)
}

/// Tells the first `n` who wait.
fn refuse(waiting: &mut mpsc::Receiver<Write>, n: usize, error: &Error) {
    for _ in 0..n {
        let Ok(write) = waiting.try_recv() else { return };
        settle(write(Err(copy(error))), &Ok(()));
    }
}

/// Runs `first` and what waits behind it, each in its own savepoint. An error means that the transaction is
/// gone, with everything in it.
fn run_group(
    transaction: &Transaction<'_>,
    first: Write,
    waiting: &mut mpsc::Receiver<Write>,
) -> (Vec<Done>, rusqlite::Result<()>) {
    let began = Instant::now();
    let mut group = Vec::new();
    let mut next = Some(first);
    while let Some(write) = next.take() {
        if let Err(error) = run_one(transaction, write, &mut group) {
            return (group, Err(error));
        }
        if group.len() < GROUP_LENGTH && began.elapsed() < GROUP_TIME {
            next = waiting.try_recv().ok();
        }
    }
    (group, Ok(()))
}

fn run_one(transaction: &Transaction<'_>, write: Write, group: &mut Vec<Done>) -> rusqlite::Result<()> {
    if let Err(error) = transaction.execute_batch("SAVEPOINT one_write") {
        group.extend(write(Err(copy(&error))));
        return Err(error);
    }
    // A panic drops the reply, which tells the caller; what it had written is rolled back here.
    let done = catch_unwind(AssertUnwindSafe(|| write(Ok(transaction)))).unwrap_or_default();
    let keep = done.as_ref().is_some_and(|done| done.keep);
    group.extend(done);
    if transaction.is_autocommit() {
        // A full disk, an I/O error or a lack of memory may roll back everything (sqlite.org/lang_transaction.html).
        return Err(Error::SqliteFailure(
            ffi::Error::new(ffi::SQLITE_ABORT_ROLLBACK),
            Some("the transaction was rolled back by another write's failure".to_owned()),
        ));
    }
    let end = if keep { "RELEASE one_write" } else { "ROLLBACK TO one_write; RELEASE one_write" };
    transaction.execute_batch(end)
}

fn settle(group: impl IntoIterator<Item = Done>, outcome: &rusqlite::Result<()>) {
    for done in group {
        (done.settle)(outcome.as_ref().copied().map_err(copy));
    }
}

/// The same error for another caller, as far as a caller can tell.
fn copy(error: &Error) -> Error {
    match error.sqlite_error() {
        Some(code) => Error::SqliteFailure(*code, Some(error.to_string())),
        None => Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_ERROR), Some(error.to_string())),
    }
}
