//! A real ledger, and what only a test may do to it: set its clock by hand, read its rows.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::config::Secret;
use common::ledger::Ledger;
use common::ledger::postgres::PostgresLedger;
use common::ledger::sqlite::SqliteLedger;
use tempfile::TempDir;
use testkit::postgres::Database;
use tokio::task::JoinHandle;

/// Schedules run one after the other: enough connections for that.
const POOL_SIZE: u32 = 2;

/// Longer than any statement of a test should take.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(30);

/// The rows of `jobs` after a number, as text. Both dialects read it.
const JOBS: &str = "SELECT id || ' ' || state || ' attempt ' || attempt || ' token ' || lease_token
       || ' events ' || event_seq || CASE WHEN cancel_requested_at IS NULL THEN '' ELSE ' cancel' END
       || CASE WHEN held_up THEN ' held_up' ELSE '' END || ' wake-ups ' || dispatch_no
       || CASE WHEN dispatched_at IS NULL THEN '' ELSE ' dispatched' END
       || ' lost ' || n_lost_leases || ' buried ' || n_buried || coalesce(' by ' || lease_owner, '')
    FROM jobs WHERE id > {after} ORDER BY id";

/// A ledger with data of its own.
pub struct Bench {
    pub ledger: Arc<dyn Ledger>,
    /// Schedules that were begun.
    n_schedules: AtomicU32,
    place: Place,
}

/// Where the data are, and a connection past all our code.
enum Place {
    Sqlite { connection: Mutex<rusqlite::Connection>, _directory: TempDir },
    Postgres { client: tokio_postgres::Client, connection: JoinHandle<()>, _database: Database },
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Self::Postgres { connection, .. } = self {
            connection.abort();
        }
    }
}

impl Bench {
    /// A migrated ledger in a file.
    pub async fn sqlite() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("ledger.sqlite");
        let ledger = Arc::new(SqliteLedger::open(&file).await.unwrap());
        ledger.migrate().await.unwrap();
        let connection = rusqlite::Connection::open(file).unwrap();
        connection.busy_timeout(STATEMENT_TIMEOUT).unwrap();
        let place = Place::Sqlite { connection: Mutex::new(connection), _directory: directory };
        Self { ledger, n_schedules: AtomicU32::new(0), place }
    }

    /// A migrated ledger in a PostgreSQL database.
    pub async fn postgres() -> Self {
        let database = Database::create().await;
        let database = database.unwrap_or_else(|error| panic!("no PostgreSQL for this test: {error}"));
        let url = Secret::new(database.url());
        let ledger = Arc::new(PostgresLedger::connect(&url, POOL_SIZE, STATEMENT_TIMEOUT).await.unwrap());
        ledger.migrate().await.unwrap();
        let (client, connection) =
            tokio_postgres::connect(database.url(), tokio_postgres::NoTls).await.unwrap();
        let connection = tokio::spawn(async { connection.await.unwrap() });
        let place = Place::Postgres { client, connection, _database: database };
        Self { ledger, n_schedules: AtomicU32::new(0), place }
    }

    /// The number of a schedule that begins: it shares nothing with those before it, of which all jobs have ended, no
    /// message is left and nothing is paused.
    pub async fn begin(&self) -> u32 {
        let ended = format!("state = 'cancelled', ended_at = {}, held_up = {}", self.now(), self.no());
        self.sql(&format!(
            "UPDATE jobs SET {ended}, lease_owner = NULL, lease_expires_at = NULL WHERE ended_at IS NULL;
             UPDATE fleet SET hold_cause = NULL, hold_reason = NULL, held_since = NULL, held_by = NULL;
             DELETE FROM outbox; DELETE FROM pauses; DELETE FROM dead_letters"
        ))
        .await;
        self.n_schedules.fetch_add(1, Ordering::SeqCst)
    }

    /// The lease of a job ran out long ago.
    pub async fn expire_lease(&self, job: i64) {
        self.sql(&format!("UPDATE jobs SET {} WHERE id = {job}", self.past("lease_expires_at"))).await;
    }

    /// A job is due since long ago.
    pub async fn come_due(&self, job: i64) {
        self.sql(&format!(
            "UPDATE jobs SET {} WHERE id = {job} AND state = 'scheduled'",
            self.past("due_at")
        ))
        .await;
    }

    /// Every dispatch was long ago.
    pub async fn age_dispatches(&self) {
        self.sql(&format!("UPDATE jobs SET {}", self.past("dispatched_at"))).await;
    }

    /// Every hold of a relay ran out, and every rest.
    pub async fn lapse_holds(&self) {
        self.sql(&format!("UPDATE outbox SET {}", self.past("taken_until"))).await;
    }

    /// The greatest number that a job has.
    pub async fn last_job(&self) -> i64 {
        self.lines("SELECT cast(coalesce(max(id), 0) AS text) FROM jobs").await[0].parse().unwrap()
    }

    /// Jobs after that number.
    pub async fn jobs(&self, after: i64) -> Vec<String> {
        self.lines(&JOBS.replace("{after}", &after.to_string())).await
    }

    /// The outbox, oldest first.
    pub async fn outbox(&self) -> Vec<String> {
        let number = match self.place {
            Place::Sqlite { .. } => "json_extract(body, '$.jobsequence')",
            Place::Postgres { .. } => "(body::json ->> 'jobsequence')",
        };
        self.lines(&format!(
            "SELECT CASE WHEN kind = 'event' THEN 'event ' || job_id || ':' || {number}
                         ELSE 'wake_up ' || message_id END
                    || CASE WHEN taken_until > {} THEN ' held' ELSE '' END
             FROM outbox ORDER BY id",
            self.now()
        ))
        .await
    }

    fn now(&self) -> &'static str {
        match self.place {
            Place::Sqlite { .. } => "CAST(unixepoch('subsec') * 1000 AS INTEGER)",
            Place::Postgres { .. } => "now()",
        }
    }

    fn no(&self) -> &'static str {
        match self.place {
            Place::Sqlite { .. } => "0",
            Place::Postgres { .. } => "false",
        }
    }

    /// A day and more back: longer than anything here waits.
    fn past(&self, column: &str) -> String {
        match self.place {
            Place::Sqlite { .. } => format!("{column} = {column} - 100000000"),
            Place::Postgres { .. } => format!("{column} = {column} - interval '100000 seconds'"),
        }
    }

    async fn sql(&self, statements: &str) {
        match &self.place {
            Place::Sqlite { connection, .. } => connection.lock().unwrap().execute_batch(statements).unwrap(),
            Place::Postgres { client, .. } => client.batch_execute(statements).await.unwrap(),
        }
    }

    async fn lines(&self, query: &str) -> Vec<String> {
        match &self.place {
            Place::Sqlite { connection, .. } => {
                let connection = connection.lock().unwrap();
                let mut statement = connection.prepare(query).unwrap();
                let rows = statement.query_map([], |row| row.get(0)).unwrap();
                rows.map(Result::unwrap).collect()
            }
            Place::Postgres { client, .. } => {
                client.query(query, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
            }
        }
    }
}
