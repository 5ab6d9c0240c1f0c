//! The ledgers under test, and what only a test may do to them.

use std::ops::Deref;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use common::config::Secret;
use common::ledger::Ledger;
use common::ledger::postgres::PostgresLedger;
use common::ledger::sqlite::SqliteLedger;
use tempfile::TempDir;
use testkit::postgres::Database;

/// Connections of a PostgreSQL ledger in a test: enough for the concurrent cases, few enough for many tests.
const POOL_SIZE: u32 = 6;

/// Longer than any statement of a test should take.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(30);

/// A ledger with data of its own. It is used like the [`Ledger`] that it holds.
pub struct Bench {
    ledger: Arc<dyn Ledger>,
    place: Place,
    /// Whether the tables still refuse what [`Bench::disarm`] takes away.
    is_armed: AtomicBool,
}

/// Where the data are.
enum Place {
    Sqlite(TempDir),
    Postgres(Database),
}

impl Deref for Bench {
    type Target = dyn Ledger;

    fn deref(&self) -> &Self::Target {
        &*self.ledger
    }
}

impl Bench {
    /// A migrated ledger in a file.
    pub async fn sqlite() -> Self {
        Self::on(Place::Sqlite(tempfile::tempdir().unwrap())).await
    }

    /// A migrated ledger in a PostgreSQL database.
    pub async fn postgres() -> Self {
        let database = Database::create().await;
        Self::on(Place::Postgres(
            database.unwrap_or_else(|error| panic!("no PostgreSQL for this test: {error}")),
        ))
        .await
    }

    async fn on(place: Place) -> Self {
        let ledger = open(&place.address()).await;
        ledger.migrate().await.unwrap();
        Self { ledger, place, is_armed: AtomicBool::new(true) }
    }

    /// The ledger as another process has it: it shares nothing with this one but the data.
    pub async fn another(&self) -> Arc<dyn Ledger> {
        open(&self.place.address()).await
    }

    /// Where another process finds the data: for [`open`].
    pub fn address(&self) -> String {
        self.place.address()
    }

    /// Lets time pass: everything that waits for a moment, waits so much less.
    pub async fn elapse(&self, length: Duration) {
        let back = |column: &str| match &self.place {
            Place::Sqlite(_) => format!("{column} = {column} - {}", length.as_millis()),
            Place::Postgres(_) => {
                format!("{column} = {column} - interval '{} milliseconds'", length.as_millis())
            }
        };
        let jobs = ["due_at", "dispatched_at", "lease_expires_at"].map(back).join(", ");
        self.sql(&format!("UPDATE jobs SET {jobs}")).await.unwrap();
        let outbox = ["taken_until", "created_at"].map(back).join(", ");
        self.sql(&format!("UPDATE outbox SET {outbox}")).await.unwrap();
        let requests = ["held_until", "created_at"].map(back).join(", ");
        self.sql(&format!("UPDATE requests SET {requests}")).await.unwrap();
        let workers = ["started_at", "seen_at", "silent_at", "left_at"].map(back).join(", ");
        self.sql(&format!("UPDATE workers SET {workers}")).await.unwrap();
    }

    /// Runs statements as somebody who has the database's password, past all our code. Answers the
    /// database's words when it refuses.
    pub async fn sql(&self, statements: &str) -> Result<(), String> {
        match &self.place {
            Place::Sqlite(directory) => {
                let (path, statements) = (file(directory), statements.to_owned());
                let foreign_keys = self.is_armed.load(Ordering::SeqCst);
                let run = move || {
                    let connection = rusqlite::Connection::open(path)?;
                    connection.busy_timeout(STATEMENT_TIMEOUT)?;
                    connection.pragma_update(None, "foreign_keys", foreign_keys)?;
                    connection.execute_batch(&statements)
                };
                tokio::task::spawn_blocking(run).await.unwrap().map_err(|error| error.to_string())
            }
            Place::Postgres(database) => {
                let (client, connection) =
                    tokio_postgres::connect(database.url(), tokio_postgres::NoTls).await.unwrap();
                let run = async {
                    let result = client.batch_execute(statements).await;
                    drop(client); // which ends the connection
                    result.map_err(|error| {
                        error.as_db_error().map_or(error.to_string(), |error| error.message().into())
                    })
                };
                tokio::join!(run, connection).0
            }
        }
    }

    /// Bytes as this database writes them in a statement.
    pub fn bytes(&self, hex: &str) -> String {
        match &self.place {
            Place::Sqlite(_) => format!("x'{hex}'"),
            Place::Postgres(_) => format!("'\\x{hex}'::bytea"),
        }
    }

    /// Takes away what refuses changes of the trail, as the owner of the database can.
    pub async fn disarm(&self) {
        let statements = match &self.place {
            Place::Sqlite(_) => {
                "DROP TRIGGER audit_refuses_update; DROP TRIGGER audit_refuses_delete;
                 DROP TRIGGER audit_heads_refuse_delete"
            }
            Place::Postgres(_) => {
                "ALTER TABLE audit DISABLE TRIGGER USER; ALTER TABLE audit_heads DISABLE TRIGGER USER;
                 ALTER TABLE audit DROP CONSTRAINT audit_chain_fkey"
            }
        };
        self.sql(statements).await.unwrap();
        self.is_armed.store(false, Ordering::SeqCst);
    }
}

impl Place {
    fn address(&self) -> String {
        match self {
            Self::Sqlite(directory) => file(directory).display().to_string(),
            Self::Postgres(database) => database.url().to_owned(),
        }
    }
}

fn file(directory: &TempDir) -> PathBuf {
    directory.path().join("ledger.sqlite")
}

/// A ledger at an address: a URL, or the path of a file.
pub async fn open(address: &str) -> Arc<dyn Ledger> {
    if address.starts_with("postgres") {
        let url = Secret::new(address);
        Arc::new(PostgresLedger::connect(&url, POOL_SIZE, STATEMENT_TIMEOUT).await.unwrap())
    } else {
        Arc::new(SqliteLedger::open(address.as_ref()).await.unwrap())
    }
}
