//! Brings the schema up to date, one process at a time, and says which schema a database has.
//!
//! refinery takes no lock of its own (refinery-core 0.10.1), and two that migrate at once make one of them
//! fail. So a transaction on a second connection holds an advisory lock for as long as it runs: a lock of
//! the session would be left behind in a pooler. Running it again changes nothing.

use std::time::Duration;

use tokio::time::timeout;
use uuid::Uuid;

use super::address::Address;
use super::connection::{Pool, each};
use super::failure;
use super::link::{Connected, Link};
use super::statement::{Statement, borrowed, int8, statement, texts, uuid};
use crate::audit::entry::SYSTEM_CHAIN;
use crate::ledger::LedgerError;
use crate::ledger::rows::number;

mod embedded {
    refinery::embed_migrations!("../migrations/postgres");
}

/// Longest time for one statement of a migration, and for waiting until another process has migrated.
const STATEMENT_LIMIT: Duration = Duration::from_secs(10 * 60);

/// Longest time for all of it.
const WHOLE_LIMIT: Duration = Duration::from_secs(30 * 60);

/// Key of the lock that migrations hold; any number that nothing else in the database uses.
const LOCK_KEY: i64 = i64::from_be_bytes(*b"pan-migr");

const LOCK_MIGRATION: Statement = statement!("lock_migration");
const INSERT_INSTALLATION: Statement = statement!("insert_installation");
const INSERT_HEADS: Statement = statement!("insert_heads");
const FIND_SCHEMA_HISTORY: Statement = statement!("find_schema_history");
const READ_SCHEMA_VERSION: Statement = statement!("read_schema_version");

/// For what refinery runs.
const MIGRATE: Statement = Statement { name: "migrate", text: "" };

/// Applies what is missing; answers the names of what it applied.
///
/// # Errors
/// [`LedgerError::NotReachable`], [`LedgerError::Store`].
pub(super) async fn migrate(address: &Address, link: &Link) -> Result<Vec<String>, LedgerError> {
    timeout(WHOLE_LIMIT, migrate_alone(address, link))
        .await
        .unwrap_or_else(|_| Err(MIGRATE.failed("not done within half an hour")))
}

/// The schema that this program was built for.
pub(super) fn wanted_version() -> u32 {
    let migrations = embedded::migrations::runner();
    let newest = migrations.get_migrations().iter().map(refinery::Migration::version).max();
    newest.and_then(|version| u32::try_from(version).ok()).unwrap_or_default()
}

/// The schema that a database has; 0 for an empty one.
///
/// # Errors
/// [`LedgerError::NotReachable`], [`LedgerError::Store`].
pub(super) async fn found_version(pool: &Pool) -> Result<u32, LedgerError> {
    let rows = pool.rows(&FIND_SCHEMA_HISTORY, []).await?;
    let Some(history) = each(&FIND_SCHEMA_HISTORY, &rows).next() else { return Ok(0) };
    if !history.value::<bool>("present")? {
        return Ok(0);
    }
    let rows = pool.rows(&READ_SCHEMA_VERSION, []).await?;
    let version =
        each(&READ_SCHEMA_VERSION, &rows).next().map_or(Ok(0), |newest| newest.wide::<i32>("version"))?;
    number("refinery_schema_history.version", version)
}

async fn migrate_alone(address: &Address, link: &Link) -> Result<Vec<String>, LedgerError> {
    let config = address.with_statement_timeout(STATEMENT_LIMIT);
    let open = async || -> Result<Connected, LedgerError> {
        link.open(&config).await.map_err(|error| failure::of_connecting(&address.location, &error))
    };
    let failed = |statement: &Statement, error: &tokio_postgres::Error| {
        failure::of_statement(&address.location, statement, error)
    };

    let (mut locking, _) = open().await?;
    let lock = locking.transaction().await.map_err(|error| failed(&LOCK_MIGRATION, &error))?;
    lock.query_typed(LOCK_MIGRATION.text, &borrowed(&[int8(LOCK_KEY)]))
        .await
        .map_err(|error| failed(&LOCK_MIGRATION, &error))?;

    let (mut migrating, _) = open().await?;
    let report = embedded::migrations::runner()
        .run_async(&mut migrating)
        .await
        .map_err(|error| refused(address, &error))?;

    lock.execute_typed(INSERT_INSTALLATION.text, &borrowed(&[uuid(Uuid::now_v7())]))
        .await
        .map_err(|error| failed(&INSERT_INSTALLATION, &error))?;
    lock.execute_typed(INSERT_HEADS.text, &borrowed(&[texts([SYSTEM_CHAIN].as_slice())]))
        .await
        .map_err(|error| failed(&INSERT_HEADS, &error))?;
    lock.commit().await.map_err(|error| failed(&INSERT_HEADS, &error))?;
    Ok(report.applied_migrations().iter().map(ToString::to_string).collect())
}

/// refinery keeps PostgreSQL's error as its source, and says itself what is wrong with the history.
fn refused(address: &Address, error: &refinery::Error) -> LedgerError {
    let source = std::error::Error::source(error).and_then(|source| source.downcast_ref());
    match source {
        Some(source) => failure::of_statement(&address.location, &MIGRATE, source),
        None => MIGRATE.failed(error),
    }
}
