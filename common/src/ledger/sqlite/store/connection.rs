//! Opens connections to the file, all with the same manners.
//!
//! The file is never opened here except to create it: on POSIX systems closing any handle of a file drops
//! every lock that the process has on it, SQLite's included (sqlite.org/howtocorrupt.html, 2.2).

use std::fs::{DirBuilder, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, ffi};

use super::StoreError;
use crate::ledger::LedgerError;

/// How long one statement waits for a lock of another process, which holds it for one transaction.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Pause between two tries of what SQLite's own busy handler does not cover.
const BUSY_PAUSE: Duration = Duration::from_millis(20);

/// The log is cut back to this size after a checkpoint; without a limit it stays as large as it ever was.
const LOG_LIMIT_BYTES: i64 = 64 * 1024 * 1024;

/// Statements kept ready per connection: more than the ledger and the embedded broker have together.
const STATEMENT_CACHE: usize = 160;

/// A connection that may write; creates the file where it is missing.
pub(crate) fn open(path: &Path) -> Result<Connection, StoreError> {
    create(path).map_err(|error| LedgerError::NotReachable {
        location: format!("sqlite:{}", path.display()),
        reason: format!(
            "the file cannot be created: {error}; this user needs to write in {}",
            path.parent().unwrap_or(path).display()
        ),
    })?;
    let connection = connect(path)?;
    switch_to_wal(&connection)?;
    // FULL: with NORMAL the last commits before a power cut are gone (sqlite.org/pragma.html, synchronous), and
    // a worker would have acted on a lease that nobody remembers.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "journal_size_limit", LOG_LIMIT_BYTES)?;
    Ok(connection)
}

/// A connection that cannot write.
pub(super) fn open_for_reading(path: &Path) -> Result<Connection, StoreError> {
    let connection = connect(path)?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

fn connect(path: &Path) -> Result<Connection, StoreError> {
    // Not a URI, so that no character of a path means anything; no mutex, one thread has it.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    // Before SQLite makes its two files beside this one, with the mode of this one: they would stay read-only.
    if connection.is_readonly("main")? {
        let error = ffi::Error::new(ffi::SQLITE_READONLY);
        return Err(rusqlite::Error::SqliteFailure(error, Some("the file is read-only".to_owned())).into());
    }
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(STATEMENT_CACHE);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    // Without it SQLite plans a statement anew at each use whose parameter might fit a partial index (measured: a tenth of
    // a busy worker's time); with it a plan does not depend on values (sqlite.org/queryplanner-ng.html, QPSG).
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    Ok(connection)
}

/// Creates directories and file for their owner alone. SQLite gives log and shared memory the file's mode.
fn create(path: &Path) -> std::io::Result<()> {
    if let Some(directory) = path.parent().filter(|directory| !directory.as_os_str().is_empty()) {
        DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    }
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

/// Two processes that switch a new file at the same time get `SQLITE_BUSY` without any wait, because waiting
/// for each other would be a deadlock; so we wait here.
fn switch_to_wal(connection: &Connection) -> Result<(), StoreError> {
    let until = Instant::now() + BUSY_TIMEOUT;
    loop {
        match connection.pragma_update(None, "journal_mode", "WAL") {
            Err(error)
                if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) && Instant::now() < until =>
            {
                thread::sleep(BUSY_PAUSE);
            }
            other => return Ok(other?),
        }
    }
}
