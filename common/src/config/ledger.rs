//! `[ledger]`: where the truth about every job is kept.

use std::path::PathBuf;
use std::time::Duration;

use super::address::ServerUrl;
use super::problem::Problems;
use super::secret::Secret;
use super::setting::{Care, Found, Value, Wanted, resolved};
use super::{Field, paths};

/// Most connections one process may hold. PostgreSQL allows 100 in all by default (its manual, 20.3.1),
/// and every worker process has a pool.
const LARGEST_POOL: u32 = 100;

/// `[ledger]`.
#[derive(Debug, Clone)]
pub struct LedgerConfig {
    /// `sqlite:PATH` (embedded) or `postgres://user@host:port/database` (fleet). Default: `ledger.sqlite`
    /// in the platform's data directory, so that a first try needs no server. The environment may name a
    /// file that holds the URL (`…__URL_FILE`).
    pub url: LedgerUrl,
    /// Password for PostgreSQL, so that the URL need not hold it; wins over one in the URL. Default: none.
    pub password: Option<Secret>,
    /// Connections to PostgreSQL per process. Default: 8, because a statement takes milliseconds and all
    /// leases are renewed by one; SQLite has one connection whatever this says.
    pub pool_size: u32,
    /// Longest time one statement may run. Default: 30s, half a lease, so that a stuck statement gives up
    /// before the leases it should have renewed run out.
    pub statement_timeout: Duration,
}

/// Which database the ledger lives in.
#[derive(Debug, Clone)]
pub enum LedgerUrl {
    /// A SQLite file, by its absolute path: one machine.
    Sqlite(PathBuf),
    /// A PostgreSQL database: a fleet.
    Postgres(ServerUrl),
}

impl Default for LedgerConfig {
    fn default() -> Self {
        Self {
            url: LedgerUrl::Sqlite(paths::ledger_file()),
            password: None,
            pool_size: 8,
            statement_timeout: Duration::from_secs(30),
        }
    }
}

impl LedgerConfig {
    /// The complete PostgreSQL URL with its password, for the client library; `None` for SQLite.
    #[must_use]
    pub fn postgres_url(&self) -> Option<Secret> {
        match &self.url {
            LedgerUrl::Sqlite(_) => None,
            LedgerUrl::Postgres(url) => Some(url.with_login(None, self.password.as_ref())),
        }
    }

    pub(super) fn fields(&mut self) -> Vec<Field<'_>> {
        vec![
            Field::new("ledger.url", &mut self.url),
            Field::new("ledger.password", &mut self.password),
            Field::new("ledger.pool_size", &mut self.pool_size),
            Field::new("ledger.statement_timeout", &mut self.statement_timeout),
        ]
    }

    pub(super) fn check(&self, problems: &mut Problems) {
        if !(1..=LARGEST_POOL).contains(&self.pool_size) {
            problems.add("ledger.pool_size", self.pool_size, format!("must be from 1 to {LARGEST_POOL}"));
        }
        problems.refuse_zero(&[("ledger.statement_timeout", self.statement_timeout)]);
        if let (LedgerUrl::Sqlite(_), Some(_)) = (&self.url, &self.password) {
            problems.add_among(
                &["ledger.password", "ledger.url"],
                None,
                "a SQLite file has no password; leave it out, or give a postgres:// ledger.url",
            );
        }
    }
}

impl Value for LedgerUrl {
    const CARE: Care = Care::Redacted;

    fn read(found: &Found<'_>) -> Result<Self, Wanted> {
        let text = found.text().map(str::trim).unwrap_or_default();
        if let Some(path) = text.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            if path == ":memory:" {
                return Err(
                    "must be a file: a ledger in memory forgets what its devices are doing".to_owned()
                );
            }
            return resolved(path, found.base)
                .map(Self::Sqlite)
                .map_err(|wanted| format!("the path after `sqlite:` {wanted}"));
        }
        if text.starts_with("postgres") {
            return ServerUrl::parse(text, &["postgres", "postgresql"]).map(Self::Postgres);
        }
        Err("must be sqlite:PATH or postgres://user@host:port/database".to_owned())
    }

    fn is_secret(&self) -> bool {
        matches!(self, Self::Postgres(url) if url.has_password())
    }

    fn text(&self) -> String {
        match self {
            Self::Sqlite(path) => format!("sqlite:{}", path.display()),
            Self::Postgres(url) => url.to_string(),
        }
    }
}
