//! The server seen from outside the tables; see [`crate::ledger::health`]. One connection, gone afterwards.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::PostgresLedger;
use super::connection::each;
use super::migrate;
use super::statement::{Statement, statement};
use crate::config::Secret;
use crate::ledger::LedgerError;
use crate::ledger::health::{Clock, PostgresHealth, Schema};
use crate::ledger::rows::number;

const READ_CLOCK: Statement = statement!("read_clock");
const READ_SERVER: Statement = statement!("read_server");
const READ_UNREADABLE: Statement = statement!("read_unreadable");

/// Looks at a server.
///
/// # Errors
/// [`LedgerError::NotReachable`], [`LedgerError::Store`].
pub(crate) async fn health(url: &Secret, limit: Duration) -> Result<PostgresHealth, LedgerError> {
    let PostgresLedger { pool, address, .. } = PostgresLedger::connect(url, 1, limit).await?;
    // The connection stands already: what is measured is one round trip.
    let (asked, begun) = (Timestamp::now(), Instant::now());
    let rows = pool.rows(&READ_CLOCK, []).await?;
    let took = begun.elapsed();
    let theirs = each(&READ_CLOCK, &rows).next().map_or(Ok(asked), |columns| columns.value("now"))?;

    let schema = Schema { found: migrate::found_version(&pool).await?, wanted: migrate::wanted_version() };
    let rows = pool.rows(&READ_UNREADABLE, []).await?;
    let unreadable = each(&READ_UNREADABLE, &rows)
        .map(|columns| columns.value::<String>("name"))
        .collect::<Result<_, _>>()?;
    let rows = pool.rows(&READ_SERVER, []).await?;
    let columns = each(&READ_SERVER, &rows)
        .next()
        .ok_or_else(|| READ_SERVER.failed("the server says nothing of itself"))?;
    Ok(PostgresHealth {
        location: address.location,
        server_version: columns.value("server_version")?,
        schema,
        is_standby: columns.value("is_standby")?,
        user: columns.value("login")?,
        is_superuser: columns.value("is_superuser")?,
        unreadable,
        may_queue: columns.value("may_queue")?,
        fsync: columns.value("fsync")?,
        synchronous_commit: columns.value("synchronous_commit")?,
        full_page_writes: columns.value("full_page_writes")?,
        max_connections: number("max_connections", columns.value::<i64>("max_connections")?)?,
        n_connections: number("n_connections", columns.value::<i64>("n_connections")?)?,
        clock: Clock::read(theirs, asked, took),
    })
}
