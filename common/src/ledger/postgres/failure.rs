//! What the client library's errors mean to a caller: try again later, or look at the program.
//!
//! Promises: a text names the server without secrets, and the SQLSTATE with PostgreSQL's own message; its
//! `DETAIL`, where the values of a row stand, is left out.

use std::error::Error as _;
use std::io;

use deadpool_postgres::{PoolError, TimeoutType};
use tokio_postgres::Error;
use tokio_postgres::error::{DbError, SqlState};

use super::statement::Statement;
use crate::ledger::LedgerError;

/// A connection could not be had: whatever the reason, the ledger is out of reach.
pub(super) fn of_connecting(location: &str, error: &Error) -> LedgerError {
    not_reachable(location, words(error))
}

/// The pool has no connection for us.
pub(super) fn of_pool(location: &str, error: &PoolError) -> LedgerError {
    let reason = match error {
        PoolError::Timeout(TimeoutType::Wait) => "all connections are in use (`ledger.pool_size`)".to_owned(),
        PoolError::Timeout(TimeoutType::Create) => "no connection in time".to_owned(),
        PoolError::Timeout(TimeoutType::Recycle) => "a connection does not answer".to_owned(),
        PoolError::Backend(error) => words(error),
        PoolError::Closed | PoolError::NoRuntimeSpecified | PoolError::PostCreateHook(_) => error.to_string(),
    };
    not_reachable(location, reason)
}

/// A statement failed.
pub(super) fn of_statement(location: &str, statement: &Statement, error: &Error) -> LedgerError {
    match error.as_db_error() {
        Some(refusal) if *refusal.code() == SqlState::DISK_FULL => {
            LedgerError::Full { location: location.to_owned(), reason: sentence(refusal) }
        }
        Some(refusal) if went_away(refusal) => not_reachable(location, sentence(refusal)),
        Some(refusal) => statement.failed(sentence(refusal)),
        None if lost(error) => {
            not_reachable(location, format!("the connection was lost in {}", statement.name))
        }
        None => statement.failed(words(error)),
    }
}

/// A statement got no answer within its limit.
pub(super) fn of_silence(location: &str, statement: &Statement) -> LedgerError {
    not_reachable(location, format!("no answer to {}", statement.name))
}

fn not_reachable(location: &str, reason: String) -> LedgerError {
    LedgerError::NotReachable { location: location.to_owned(), reason }
}

/// Whether the server spoke of itself and not of the statement: it is stopping, starting, failing over, short of
/// memory or connections, ended what took or waited too long, or took one of two that waited for each other back
/// (PostgreSQL manual, appendix A). The same statement may be answered in a moment.
fn went_away(refusal: &DbError) -> bool {
    const CONNECTION_EXCEPTION: &str = "08";
    /// Memory, connections, a configured limit; the disk has its own error.
    const INSUFFICIENT_RESOURCES: &str = "53";
    const OF_THE_SERVER: [&SqlState; 10] = [
        &SqlState::ADMIN_SHUTDOWN,
        &SqlState::CRASH_SHUTDOWN,
        &SqlState::CANNOT_CONNECT_NOW,
        &SqlState::DATABASE_DROPPED,
        &SqlState::QUERY_CANCELED,
        &SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
        &SqlState::LOCK_NOT_AVAILABLE,
        &SqlState::T_R_DEADLOCK_DETECTED,
        &SqlState::T_R_SERIALIZATION_FAILURE,
        // A standby after a failover; the primary takes writes again.
        &SqlState::READ_ONLY_SQL_TRANSACTION,
    ];
    let code = refusal.code();
    [CONNECTION_EXCEPTION, INSUFFICIENT_RESOURCES].iter().any(|class| code.code().starts_with(class))
        || OF_THE_SERVER.contains(&code)
}

/// Whether the connection broke under the statement. A value that does not fit its column is another matter.
fn lost(error: &Error) -> bool {
    error.is_closed() || error.source().and_then(|source| source.downcast_ref::<io::Error>()).is_some()
}

fn sentence(refusal: &DbError) -> String {
    format!("{} (SQLSTATE {})", refusal.message(), refusal.code().code())
}

/// The library's text names only the kind; what happened is in its source.
fn words(error: &Error) -> String {
    match (error.as_db_error(), error.source()) {
        (Some(refusal), _) => sentence(refusal),
        (None, Some(source)) => format!("{error}: {source}"),
        (None, None) => error.to_string(),
    }
}
