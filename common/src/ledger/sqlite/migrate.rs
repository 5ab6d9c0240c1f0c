//! Brings the schema up to date, one process at a time.
//!
//! The migration runner takes no lock of its own (refinery-core 0.10.1, searched), and two processes that start
//! together would both create the first table. So whoever migrates holds an advisory lock on the file's
//! directory; the lock goes with the process that holds it. An up-to-date file is only looked at.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::{Connection, TransactionBehavior};
use uuid::Uuid;

use super::statement::{Statement, statement};
use super::store::{Place, Store, StoreError, open_connection};
use super::stored::Plain;
use super::trail;
use crate::audit::entry::SYSTEM_CHAIN;
use crate::ledger::LedgerError;

mod embedded {
    refinery::embed_migrations!("../migrations/sqlite");
}

const FIND_SCHEMA_HISTORY: Statement = statement!("find_schema_history");
const READ_SCHEMA_VERSION: Statement = statement!("read_schema_version");
const INSERT_INSTALLATION: Statement = statement!("insert_installation");

/// Longest wait for another process that migrates; ours take milliseconds.
const LOCKED_AT_MOST: Duration = Duration::from_secs(20);

/// Pause between two looks at the lock.
const LOCK_PAUSE: Duration = Duration::from_millis(20);

/// Version of the schema that this program was built for.
pub(super) fn wanted_version() -> u32 {
    let runner = embedded::migrations::runner();
    let versions = runner.get_migrations().iter().map(refinery::Migration::version);
    versions.max().and_then(|version| u32::try_from(version).ok()).unwrap_or_default()
}

/// Version of the schema in the file; 0 where nothing was ever migrated.
pub(super) async fn found_version(store: &Store) -> Result<u32, LedgerError> {
    store.read("found_version", version_in).await
}

pub(super) fn version_in(transaction: &rusqlite::Transaction<'_>) -> Result<u32, StoreError> {
    if FIND_SCHEMA_HISTORY.row::<Plain<i64>>(transaction, [])?.is_none() {
        return Ok(0);
    }
    let version = READ_SCHEMA_VERSION.row::<Plain<u32>>(transaction, [])?;
    Ok(version.map_or(0, |Plain(version)| version))
}

/// Migrates where that is needed; answers the names of what ran. Blocks.
pub(super) fn migrate(place: &Place) -> Result<Vec<String>, LedgerError> {
    let refused = |error: StoreError| place.error("migrate", error);
    let mut connection = open_connection(place.path()).map_err(refused)?;
    if is_current(place, &mut connection)? {
        return Ok(Vec::new());
    }
    let _lock = lock_directory(place)?;
    if is_current(place, &mut connection)? {
        return Ok(Vec::new());
    }
    let report = embedded::migrations::runner()
        .set_grouped(true)
        .run(&mut connection)
        .map_err(|error| LedgerError::Store { statement: "migrate", reason: error.to_string() })?;
    begin_installation(&mut connection).map_err(refused)?;
    Ok(report.applied_migrations().iter().map(ToString::to_string).collect())
}

/// Whether the file has this program's schema and an installation.
fn is_current(place: &Place, connection: &mut Connection) -> Result<bool, LedgerError> {
    let wanted = wanted_version();
    let look = |connection: &mut Connection| -> Result<(u32, bool), StoreError> {
        let transaction = connection.transaction()?;
        let found = version_in(&transaction)?;
        let is_installed = found > 0 && trail::read_installation(&transaction)?.is_some();
        Ok((found, is_installed))
    };
    let (found, is_installed) = look(connection).map_err(|error| place.error("found_version", error))?;
    if found > wanted {
        return Err(LedgerError::Schema { location: place.location(), found, wanted });
    }
    Ok(found == wanted && is_installed)
}

/// Names this ledger and begins the chain of entries that belong to no device.
fn begin_installation(connection: &mut Connection) -> Result<(), StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    INSERT_INSTALLATION.execute(&transaction, [Uuid::now_v7().to_string()])?;
    trail::begin_chains(&transaction, &[SYSTEM_CHAIN])?;
    Ok(transaction.commit()?)
}

fn lock_directory(place: &Place) -> Result<File, LedgerError> {
    let refused = |reason: String| place.not_reachable(format!("its directory cannot be locked: {reason}"));
    let directory = place.path().parent().filter(|directory| !directory.as_os_str().is_empty());
    let directory =
        File::open(directory.unwrap_or(Path::new("."))).map_err(|error| refused(error.to_string()))?;
    let until = Instant::now() + LOCKED_AT_MOST;
    loop {
        match directory.try_lock() {
            Ok(()) => return Ok(directory),
            Err(TryLockError::WouldBlock) if Instant::now() < until => thread::sleep(LOCK_PAUSE),
            Err(error) => return Err(refused(error.to_string())),
        }
    }
}
