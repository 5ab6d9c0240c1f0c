//! What a test can do to a PostgreSQL that goes on running.
//!
//! Promises: a cut is seen by the clients and leaves the server as it was; a lock is held until it is
//! released or dropped, and everybody who wants the table waits for it, like for a database that is slow.
//! Leaves to others: servers that die or stand still ([`Postgres::kill9`], [`Postgres::suspend`]), and
//! networks that do ([`Proxy`](crate::proxy::Proxy)).

use tokio::task::JoinHandle;
use tokio_postgres::Client;

use super::{Database, Postgres, ask, connect, execute_on};
use crate::ServerError;

impl Postgres {
    /// Ends every connection of a client, to whichever database, from the server's side, and returns how
    /// many. The clients read `FATAL: terminating connection due to administrator command`.
    ///
    /// # Errors
    /// When the server gives no answer.
    pub async fn cut_connections(&self) -> Result<usize, ServerError> {
        terminate(&self.url(), "").await
    }
}

impl Database {
    /// Ends every connection to this database from the server's side and returns how many.
    ///
    /// # Errors
    /// When the server gives no answer.
    pub async fn cut_connections(&self) -> Result<usize, ServerError> {
        terminate(self.server_url(), &format!("AND datname = '{}'", self.name())).await
    }

    /// How many clients are connected to it, those of the test included.
    ///
    /// # Errors
    /// When the server gives no answer.
    pub async fn n_connections(&self) -> Result<usize, ServerError> {
        let query = format!(
            "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND datname = '{}'",
            self.name()
        );
        count(self.server_url(), &query).await
    }

    /// How many clients are waiting for a lock: who ran into a [`TableLock`], for example.
    ///
    /// # Errors
    /// When the server gives no answer.
    pub async fn n_waiting(&self) -> Result<usize, ServerError> {
        let query = format!(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = '{}'",
            self.name()
        );
        count(self.server_url(), &query).await
    }

    /// Takes a table, named as SQL names it, away from everybody, readers too (`ACCESS EXCLUSIVE`), as an
    /// operator's `ALTER TABLE` does. A statement that wants it waits, for the client's own patience or
    /// `lock_timeout`.
    ///
    /// # Errors
    /// When there is no such table, or somebody else does not let go of it.
    pub async fn lock_table(&self, table: &str) -> Result<TableLock, ServerError> {
        let request = format!("BEGIN; LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE");
        let (client, connection) = connect(self.url(), &request).await?;
        let lock = TableLock { client, connection: tokio::spawn(async { drop(connection.await) }) };
        execute_on(&lock.client, &request).await?;
        Ok(lock)
    }
}

/// A table that nobody else can use. Dropping it releases the table too, a moment later.
#[derive(Debug)]
#[must_use = "dropping it releases the table"]
pub struct TableLock {
    client: Client,
    connection: JoinHandle<()>,
}

impl TableLock {
    /// Gives the table back.
    ///
    /// # Errors
    /// When the server is gone, and the lock with it.
    pub async fn release(self) -> Result<(), ServerError> {
        execute_on(&self.client, "ROLLBACK").await
    }
}

impl Drop for TableLock {
    fn drop(&mut self) {
        self.connection.abort();
    }
}

/// Ends the connections of clients for which `condition` holds, but not the one that asks for it.
async fn terminate(url: &str, condition: &str) -> Result<usize, ServerError> {
    let query = format!(
        "SELECT count(*) FROM (SELECT pg_terminate_backend(pid) AS done FROM pg_stat_activity
         WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() {condition}) AS ended WHERE done"
    );
    count(url, &query).await
}

async fn count(url: &str, query: &str) -> Result<usize, ServerError> {
    let answer = ask(url, query).await?.unwrap_or_default();
    answer.parse().map_err(|_| ServerError::Refused {
        request: query.to_owned(),
        reason: format!("`{answer}` is not a number"),
    })
}
