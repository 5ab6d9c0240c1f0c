//! The thread that reads: one closure after the other, each on one state of the file.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rusqlite::{Connection, Transaction};
use tokio::sync::mpsc;

use super::identity::Identity;

/// Looks, and answers its caller; given an error when the transaction could not begin.
pub(super) type Read = Box<dyn for<'t> FnOnce(rusqlite::Result<&'t Transaction<'t>>) + Send>;

/// Runs until the last [`Store`](super::Store) is gone.
pub(super) fn run(connection: &mut Connection, file: &Identity, waiting: &mut mpsc::Receiver<Read>) {
    while let Some(read) = waiting.blocking_recv() {
        // A panic drops the reply, which tells the caller; the transaction ends by its destructor, and a read
        // leaves nothing else behind.
        let _ =
            catch_unwind(AssertUnwindSafe(|| match file.check().and_then(|()| connection.transaction()) {
                Ok(transaction) => read(Ok(&transaction)),
                Err(error) => read(Err(error)),
            }));
    }
}
