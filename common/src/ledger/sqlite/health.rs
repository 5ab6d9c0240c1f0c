//! The file seen from outside; see [`crate::ledger::health`]. Opens it as a reader that can write nothing.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};
use tokio::task::spawn_blocking;

use super::migrate;
use crate::ledger::LedgerError;
use crate::ledger::health::{Schema, SqliteHealth};

/// The name in errors.
const LOOK: &str = "look at the file";

/// Looks at a file; makes none.
///
/// # Errors
/// [`LedgerError::NotReachable`] where there is none or it cannot be read, [`LedgerError::Store`] where it is no ledger.
pub(crate) async fn health(path: &Path) -> Result<SqliteHealth, LedgerError> {
    let path = path.to_owned();
    let looked = spawn_blocking(move || look(&path)).await;
    looked.unwrap_or_else(|error| Err(LedgerError::Store { statement: LOOK, reason: error.to_string() }))
}

fn look(path: &Path) -> Result<SqliteHealth, LedgerError> {
    let not_reachable =
        |reason: String| LedgerError::NotReachable { location: format!("sqlite:{}", path.display()), reason };
    let size_bytes = std::fs::metadata(path).map_err(|error| not_reachable(error.to_string()))?.len();
    let of = |error: rusqlite::Error| LedgerError::Store { statement: LOOK, reason: error.to_string() };
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection =
        Connection::open_with_flags(path, flags).map_err(|error| not_reachable(error.to_string()))?;
    let journal_mode = connection.pragma_query_value(None, "journal_mode", |row| row.get(0)).map_err(of)?;
    let transaction = connection.transaction().map_err(of)?;
    let found = migrate::version_in(&transaction)
        .map_err(|error| LedgerError::Store { statement: LOOK, reason: format!("{error:?}") })?;
    let schema = Schema { found, wanted: migrate::wanted_version() };
    Ok(SqliteHealth { path: path.to_owned(), schema, journal_mode, size_bytes })
}
