//! The ledger in PostgreSQL: for a fleet.
//!
//! Cut along the traits: `inventory`, `enqueue`, `claim`, `finish` (record and end, many together by `batch`), `cancel`,
//! `rescue` (and due times), `workers` (beats), `pause`, `outbox`, `dead_letters`, `fleet`, `catalogue`, `watch` (what devices
//! report), `trail`, `query`, `overview`; `ending` and `wake` are what several of them write. Below them `connection`, `link`, `address`, `failure` and `statement`. One query per file in `sql/`, with the names that
//! SQLite has for those that do the same.
//!
//! # Guarantees
//! Those of [`Ledger`]. Every answer has a limit. Nothing keeps a connection's state between uses: statements
//! are unnamed, advisory locks end with their transaction, limits are part of the connection's start. So a
//! pooler in transaction mode may stand in between.
//!
//! # Order of locks
//! Within a transaction: the pair of a device (an advisory lock that claims of paired devices take); rows of `jobs`,
//! several by number, but a job that others wait for before those; rows of `mismatches`; then heads of chains, several
//! by name; then rows of `outbox`; then rows of `workers`. Dead letters come before all of these. What belongs to the system chain begins with its head, or with the row of `fleet`
//! and then its head. One device that a person changes comes before all of these. So no two transactions wait in a
//! circle.

mod address;
mod anchor;
mod batch;
mod cancel;
mod catalogue;
mod claim;
mod connection;
mod dead_letters;
mod ending;
mod enqueue;
mod failure;
mod finish;
mod fleet;
mod health;
mod inventory;
mod link;
mod migrate;
mod outbox;
mod overview;
mod pause;
mod query;
mod queue;
mod requests;
mod rescue;
mod statement;
mod trail;
mod wake;
mod watch;
mod workers;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::{Ledger, LedgerError};
use crate::config::Secret;
use address::Address;
use batch::Batcher;
use connection::Pool;
use finish::{LastStep, Step};
pub(super) use health::health;
use link::Link;

/// Shown where the address itself cannot be read: none of it may be repeated.
const UNREADABLE: &str = "ledger.url";

/// The ledger of a fleet.
pub struct PostgresLedger {
    pool: Arc<Pool>,
    steps: Batcher<Step>,
    ends: Batcher<LastStep>,
    address: Address,
    link: Link,
}

impl PostgresLedger {
    /// Connects, without looking at the schema: [`Ledger::check`] does that.
    ///
    /// `url` is complete with its password ([`LedgerConfig::postgres_url`](crate::config::LedgerConfig::postgres_url)).
    /// Its `sslmode` decides on TLS: `require` and stronger verify the certificate and the name in it, by the
    /// roots of the system or those in `sslrootcert`; anything else is plain text.
    ///
    /// # Errors
    /// [`LedgerError::NotReachable`], also when the server refuses the login or the URL cannot be read.
    pub async fn connect(
        url: &Secret,
        pool_size: u32,
        statement_timeout: Duration,
    ) -> Result<Self, LedgerError> {
        let unusable = |location: &str, reason: String| LedgerError::NotReachable {
            location: location.to_owned(),
            reason,
        };
        let address = Address::parse(url.expose()).map_err(|reason| unusable(UNREADABLE, reason))?;
        let link = Link::new(&address.protection).map_err(|reason| unusable(&address.location, reason))?;
        let pool = Arc::new(Pool::new(&address, link.clone(), pool_size, statement_timeout)?);
        drop(pool.connection().await?);
        let steps = Batcher::new(Arc::clone(&pool), |pool, steps| Box::pin(finish::record(pool, steps)));
        let ends = Batcher::new(Arc::clone(&pool), |pool, ends| Box::pin(finish::end(pool, ends)));
        Ok(Self { pool, steps, ends, address, link })
    }
}

#[async_trait]
impl Ledger for PostgresLedger {
    async fn migrate(&self) -> Result<Vec<String>, LedgerError> {
        migrate::migrate(&self.address, &self.link).await
    }

    async fn check(&self) -> Result<(), LedgerError> {
        let wanted = migrate::wanted_version();
        let found = migrate::found_version(&self.pool).await?;
        if found == wanted {
            Ok(())
        } else {
            Err(LedgerError::Schema { location: self.location(), found, wanted })
        }
    }

    fn location(&self) -> String {
        self.pool.location().to_owned()
    }
}

impl fmt::Debug for PostgresLedger {
    /// Only where it is: the rest holds the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PostgresLedger({})", self.pool.location())
    }
}

#[cfg(test)]
mod tests;
