//! Connections, transactions, and the limit on every answer.
//!
//! Promises: no call waits longer than its limit for an answer; a transaction that is dropped is rolled back;
//! a connection that kept us waiting is closed, so that nobody waits for it again; of a call that is dropped on the way,
//! as by a reader who hangs up, the server is told to stop, and its connection is closed as well. A connection carries
//! no state from one use to the next. Leaves to others: what is asked.
//!
//! Statements that are polled together (`try_join!`) go out together, in their order: one round trip.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Object, RecyclingMethod, Runtime};
use tokio::time::timeout;
use tokio_postgres::{Client, Row};
use tracing::debug;

use super::address::Address;
use super::failure;
use super::link::Link;
use super::statement::{Columns, Param, Statement, borrowed};
use crate::ledger::LedgerError;

/// Longest wait for a connection that somebody else of this process uses.
const WAIT_TIMEOUT: Duration = Duration::from_secs(30);

/// Longest wait for a new connection, with name lookup, TLS and log-in.
const CREATE_TIMEOUT: Duration = Duration::from_secs(15);

/// How much longer than the server's own limit we wait: the answer that it gave up has to arrive.
const ANSWER_GRACE: Duration = Duration::from_secs(5);

/// Longest time to tell the server that an answer is not wanted any more.
const CANCEL_WITHIN: Duration = Duration::from_secs(5);

/// `BEGIN` and `COMMIT` have no file of their own.
const BEGIN: Statement = Statement { name: "begin", text: "BEGIN" };
const COMMIT: Statement = Statement { name: "commit", text: "COMMIT" };

/// Connections that are kept.
pub(super) struct Pool {
    connections: deadpool_postgres::Pool,
    location: Arc<str>,
    limit: Duration,
    link: Link,
}

impl Pool {
    /// A pool without connections yet.
    ///
    /// # Errors
    /// [`LedgerError::NotReachable`] when it cannot be made.
    pub(super) fn new(
        address: &Address,
        link: Link,
        size: u32,
        statement_timeout: Duration,
    ) -> Result<Self, LedgerError> {
        let manager = Manager::from_connect(
            address.with_statement_timeout(statement_timeout),
            link.clone(),
            ManagerConfig { recycling_method: RecyclingMethod::Fast },
        );
        let connections = deadpool_postgres::Pool::builder(manager)
            .max_size(usize::try_from(size).unwrap_or(usize::MAX))
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(WAIT_TIMEOUT))
            .create_timeout(Some(CREATE_TIMEOUT))
            .recycle_timeout(Some(ANSWER_GRACE))
            .build()
            .map_err(|error| LedgerError::NotReachable {
                location: address.location.clone(),
                reason: error.to_string(),
            })?;
        let location = Arc::from(address.location.as_str());
        Ok(Self { connections, location, limit: statement_timeout + ANSWER_GRACE, link })
    }

    /// Where the server is, without secrets.
    pub(super) fn location(&self) -> &str {
        &self.location
    }

    /// A connection for one use.
    ///
    /// # Errors
    /// [`LedgerError::NotReachable`].
    pub(super) async fn connection(&self) -> Result<Connection, LedgerError> {
        let object =
            self.connections.get().await.map_err(|error| failure::of_pool(&self.location, &error))?;
        let watch = Watch {
            location: Arc::clone(&self.location),
            limit: self.limit,
            silent: AtomicBool::new(false),
            n_unanswered: AtomicUsize::new(0),
        };
        Ok(Connection { object: Some(object), watch, link: self.link.clone() })
    }

    /// The rows of one query that stands alone.
    ///
    /// # Errors
    /// [`LedgerError::NotReachable`], [`LedgerError::Store`].
    pub(super) async fn rows<const N: usize>(
        &self,
        statement: &Statement,
        params: [Param<'_>; N],
    ) -> Result<Vec<Row>, LedgerError> {
        let connection = self.connection().await?;
        connection.watch.rows(connection.client()?, statement, &params).await
    }
}

/// One connection in use.
pub(super) struct Connection {
    /// Present until it is dropped.
    object: Option<Object>,
    watch: Watch,
    /// How the server is told to stop.
    link: Link,
}

impl Connection {
    /// Begins a transaction (READ COMMITTED: each statement sees what was committed before it began).
    ///
    /// # Errors
    /// [`LedgerError::NotReachable`], [`LedgerError::Store`].
    pub(super) async fn begin(&mut self) -> Result<Transaction<'_>, LedgerError> {
        let Self { object, watch, .. } = self;
        let client = object.as_mut().ok_or_else(|| BEGIN.failed("the connection was given back"))?;
        let inner = watch.answer(&BEGIN, tokio_postgres::Client::transaction(client)).await?;
        Ok(Transaction { inner, watch })
    }

    fn client(&self) -> Result<&Client, LedgerError> {
        match &self.object {
            Some(object) => Ok(object),
            None => Err(BEGIN.failed("the connection was given back")),
        }
    }
}

impl Drop for Connection {
    /// A silent connection, and one whose answer nobody waits for any more, leaves the pool and is closed with its client;
    /// any other goes back. What the server still does for us it is told to stop, or it would go on unseen.
    fn drop(&mut self) {
        let Some(object) = self.object.take() else { return };
        let is_unanswered = *self.watch.n_unanswered.get_mut() > 0;
        if !is_unanswered && !*self.watch.silent.get_mut() {
            return;
        }
        let client = Object::take(object);
        // Outside a runtime nothing can be told; the server's own limit ends the statement then.
        if is_unanswered && let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let (token, link) = (client.cancel_token(), self.link.clone());
            runtime.spawn(async move {
                if !matches!(timeout(CANCEL_WITHIN, link.cancel(&token)).await, Ok(Ok(()))) {
                    debug!("PostgreSQL was not told that an answer is not wanted any more");
                }
            });
        }
    }
}

/// A transaction, rolled back unless it is committed.
pub(super) struct Transaction<'a> {
    inner: tokio_postgres::Transaction<'a>,
    watch: &'a Watch,
}

impl Transaction<'_> {
    /// The rows of a query.
    ///
    /// # Errors
    /// [`LedgerError::NotReachable`], [`LedgerError::Store`].
    pub(super) async fn rows<const N: usize>(
        &self,
        statement: &Statement,
        params: [Param<'_>; N],
    ) -> Result<Vec<Row>, LedgerError> {
        self.watch.rows(self.inner.client(), statement, &params).await
    }

    /// How many rows a statement changed.
    ///
    /// # Errors
    /// As [`Transaction::rows`].
    pub(super) async fn execute<const N: usize>(
        &self,
        statement: &Statement,
        params: [Param<'_>; N],
    ) -> Result<u64, LedgerError> {
        let params = borrowed(&params);
        self.watch.answer(statement, self.inner.client().execute_typed(statement.text, &params)).await
    }

    /// Makes it last.
    ///
    /// # Errors
    /// [`LedgerError::NotReachable`], after which it may have been committed or not; [`LedgerError::Store`].
    pub(super) async fn commit(self) -> Result<(), LedgerError> {
        self.watch.answer(&COMMIT, self.inner.commit()).await
    }
}

/// Sees to it that answers come in time.
struct Watch {
    location: Arc<str>,
    limit: Duration,
    /// Set when an answer did not come: nothing more is expected from this connection.
    silent: AtomicBool,
    /// Statements that were sent and not answered. Whoever drops a call leaves one.
    n_unanswered: AtomicUsize,
}

impl Watch {
    async fn rows(
        &self,
        client: &Client,
        statement: &Statement,
        params: &[Param<'_>],
    ) -> Result<Vec<Row>, LedgerError> {
        self.answer(statement, client.query_typed(statement.text, &borrowed(params))).await
    }

    async fn answer<T>(
        &self,
        statement: &Statement,
        asked: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Result<T, LedgerError> {
        self.n_unanswered.fetch_add(1, Ordering::Relaxed);
        let answered = timeout(self.limit, asked).await;
        self.n_unanswered.fetch_sub(1, Ordering::Relaxed);
        match answered {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(failure::of_statement(&self.location, statement, &error)),
            Err(_) => {
                self.silent.store(true, Ordering::Relaxed);
                Err(failure::of_silence(&self.location, statement))
            }
        }
    }
}

/// The rows of an answer with the name of its query.
pub(super) fn each<'a>(statement: &'a Statement, rows: &'a [Row]) -> impl Iterator<Item = Columns<'a>> {
    rows.iter().map(move |row| Columns { statement, row })
}
