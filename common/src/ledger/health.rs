//! What can be seen of a ledger's server or file from outside its tables: whether it loses data, what its user may do,
//! what time it has.
//!
//! Promises: [`look`] reads and changes nothing, not even a schema that is old; it has a connection of its own, so that
//! a ledger which cannot be worked with can still be looked at; an answer holds no secret. Leaves to others: judging
//! what was found (`panos-upgrade doctor`), and what stands in the tables ([`Query`](super::Query)).

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use super::{LedgerError, postgres, sqlite};
use crate::config::{Config, LedgerUrl};

/// A ledger as its server or its file shows itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "engine", rename_all = "snake_case")]
pub enum LedgerHealth {
    /// One file.
    Sqlite(SqliteHealth),
    /// A server.
    Postgres(PostgresHealth),
}

impl LedgerHealth {
    /// The schema that was found, and the one that this program was built for.
    #[must_use]
    pub fn schema(&self) -> Schema {
        match self {
            Self::Sqlite(health) => health.schema,
            Self::Postgres(health) => health.schema,
        }
    }
}

/// Versions of a schema; they count migrations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Schema {
    /// In the ledger; 0 where nothing was ever migrated.
    pub found: u32,
    /// What this program was built for.
    pub wanted: u32,
}

/// A file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SqliteHealth {
    /// Where.
    pub path: PathBuf,
    /// Its schema.
    pub schema: Schema,
    /// `wal`, unless somebody changed it: the file remembers its mode.
    pub journal_mode: String,
    /// The file alone, without its log.
    pub size_bytes: u64,
}

/// A server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PostgresHealth {
    /// Without secrets.
    pub location: String,
    /// As the server says, for example `15.6`.
    pub server_version: String,
    /// Its schema.
    pub schema: Schema,
    /// Whether it only follows another server, and takes no writes.
    pub is_standby: bool,
    /// The user that this program logs in as.
    pub user: String,
    /// Whether that user is above all rights.
    pub is_superuser: bool,
    /// Tables that the user may not read, by name.
    pub unreadable: Vec<String>,
    /// Whether the user may make jobs, which commands that queue need and a dashboard does not.
    pub may_queue: bool,
    /// `fsync`, `synchronous_commit` and `full_page_writes` as this session has them.
    pub fsync: String,
    /// See `fsync`.
    pub synchronous_commit: String,
    /// See `fsync`.
    pub full_page_writes: String,
    /// Connections that the server takes, without those that it keeps for superusers.
    pub max_connections: u32,
    /// Connections of clients that are open, ours included.
    pub n_connections: u32,
    /// What time it is there.
    pub clock: Clock,
}

/// Another machine's clock beside ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Clock {
    /// What it said.
    pub theirs: Timestamp,
    /// What ours said halfway between question and answer.
    pub ours: Timestamp,
    /// Half the time between the two: how wrong the comparison can be.
    #[serde(skip)]
    pub give: Duration,
}

impl Clock {
    /// A reading of `theirs` for a question that was put at `asked`, by our clock, and took `took`.
    #[must_use]
    pub fn read(theirs: Timestamp, asked: Timestamp, took: Duration) -> Self {
        Self { theirs, ours: asked + took / 2, give: took / 2 }
    }

    /// By how much the clocks surely differ: what the way of the answer cannot explain.
    #[must_use]
    pub fn skew(&self) -> Duration {
        self.theirs.duration_since(self.ours).unsigned_abs().saturating_sub(self.give)
    }
}

/// Looks at what `ledger.url` names.
///
/// # Errors
/// [`LedgerError::NotReachable`], also for a file that is not there; [`LedgerError::Store`] for one that is no ledger.
pub async fn look(config: &Config) -> Result<LedgerHealth, LedgerError> {
    match &config.ledger.url {
        LedgerUrl::Sqlite(path) => sqlite::health(path).await.map(LedgerHealth::Sqlite),
        LedgerUrl::Postgres(url) => {
            let complete = config.ledger.postgres_url().ok_or_else(|| LedgerError::NotReachable {
                location: url.to_string(),
                reason: "its address is not complete".to_owned(),
            })?;
            postgres::health(&complete, config.ledger.statement_timeout).await.map(LedgerHealth::Postgres)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_way_of_an_answer_explains_is_no_skew() {
        let asked: Timestamp = "2026-11-23T10:00:00Z".parse().unwrap();
        let of = |ahead_s: i64, took_s| {
            let theirs = asked + jiff::SignedDuration::from_secs(ahead_s);
            Clock::read(theirs, asked, Duration::from_secs(took_s)).skew().as_secs()
        };
        assert_eq!([of(0, 0), of(4, 4), of(10, 4), of(-10, 4)], [0, 0, 6, 10]);
    }
}
