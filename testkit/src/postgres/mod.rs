//! Private PostgreSQL servers, and databases for tests.
//!
//! [`Database`] is what most tests want: an empty database of their own on a server that many share.
//! [`Postgres`] is for tests that kill, stop, suspend and start the server itself. Connections can be cut
//! on both; statements can be delayed by [`Database::lock_table`], or on their way by a
//! [`Proxy`](crate::proxy::Proxy).
//!
//! Guarantees: a started server accepts queries; it listens on loopback alone; its data are on disk
//! (`fsync` is on unless a setting says otherwise) and there again after [`Postgres::kill9`]; dropping it
//! leaves neither process nor file. Leaves to others: schema and migrations.

mod database;
mod faults;
mod server;

use std::{env, time::Duration};

use tokio::sync::OnceCell;
use tokio_postgres::{Client, Connection, NoTls, SimpleQueryMessage, tls::NoTlsStream};

use crate::ServerError;
pub use database::Database;
pub use faults::TableLock;
pub use server::Postgres;

/// Names a server that all tests use, as `postgres://user[:password]@host:port/database`.
///
/// Its user must be allowed to create databases.
pub const URL_VARIABLE: &str = "TEST_DATABASE_URL";

/// The longest that connecting or one administrative statement may take.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(30);

/// What a server that is shared by many short tests runs with: nothing on it outlives the run, and a sync
/// to disk per commit would be most of a test's time.
pub const SHARED_SETTINGS: &[(&str, &str)] = &[
    ("fsync", "off"),
    ("synchronous_commit", "off"),
    ("full_page_writes", "off"),
    ("max_connections", "300"),
];

/// The server of a test process that was given none; it ends with the process.
static OWN: OnceCell<Postgres> = OnceCell::const_new();

/// The address of the server that all tests share: the one given in [`URL_VARIABLE`], or a private one
/// that this process starts the first time it asks.
///
/// # Errors
/// When there is no such server and none can be started.
pub async fn shared_url() -> Result<String, ServerError> {
    match env::var(URL_VARIABLE) {
        Ok(url) if !url.is_empty() => Ok(url),
        _ => Ok(OWN.get_or_try_init(|| Postgres::start_with(SHARED_SETTINGS)).await?.url()),
    }
}

/// The version of the server that all tests share, for example `15.18`.
///
/// # Errors
/// When there is no such server, or it gives no answer.
pub async fn shared_version() -> Result<String, ServerError> {
    let version = ask(&shared_url().await?, "SHOW server_version").await?.unwrap_or_default();
    // Debian adds the version of its package.
    Ok(version.split(' ').next().unwrap_or_default().to_owned())
}

/// Runs one statement on a connection of its own.
async fn execute(url: &str, statement: &str) -> Result<(), ServerError> {
    ask(url, statement).await.map(drop)
}

/// Runs one statement on a connection of its own, and returns the first column of the first row.
async fn ask(url: &str, statement: &str) -> Result<Option<String>, ServerError> {
    let (client, connection) = connect(url, statement).await?;
    let asked = async {
        let answer = within(statement, client.simple_query(statement)).await;
        drop(client); // which ends the connection below
        answer
    };
    let (answer, ended) = tokio::join!(asked, connection);
    let answer = answer?;
    ended.map_err(|error| refused(statement, reason(&error)))?;
    Ok(answer.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None, // the library's enum, which may grow
    }))
}

/// Runs statements on a connection that somebody drives.
async fn execute_on(client: &Client, statements: &str) -> Result<(), ServerError> {
    within(statements, client.batch_execute(statements)).await
}

/// `request` is what it is for, should it fail.
async fn connect(
    url: &str,
    request: &str,
) -> Result<(Client, Connection<tokio_postgres::Socket, NoTlsStream>), ServerError> {
    within(request, tokio_postgres::connect(url, NoTls)).await
}

async fn within<T>(
    request: &str,
    answer: impl Future<Output = Result<T, tokio_postgres::Error>>,
) -> Result<T, ServerError> {
    match tokio::time::timeout(STATEMENT_TIMEOUT, answer).await {
        Ok(answer) => answer.map_err(|error| refused(request, reason(&error))),
        Err(_) => Err(refused(request, format!("no answer within {STATEMENT_TIMEOUT:?}"))),
    }
}

fn refused(request: &str, reason: String) -> ServerError {
    ServerError::Refused { request: request.to_owned(), reason }
}

/// The library's text names only the kind; what the server said is in the source.
fn reason(error: &tokio_postgres::Error) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}
