//! The ledger in one SQLite file: for one machine, with nothing to install.
//!
//! Promises what [`Ledger`] promises; the contract suite holds it to the same behaviour as
//! PostgreSQL. One writer at a time stands in for row locks: a change is one `BEGIN IMMEDIATE` transaction on the
//! [`Store`]'s writing thread, and other processes on the same file wait their turn. Times come from the machine's
//! clock through SQL, so that every process on the file sees the same one.
//!
//! Files are cut as in `postgres`, and statements with the same name do the same there.

mod anchor;
mod cancel;
mod catalogue;
mod claim;
mod dead_letters;
mod enqueue;
mod finish;
mod fleet;
mod health;
mod inventory;
mod migrate;
mod outbox;
mod overview;
mod query;
mod queue;
mod requests;
mod rescue;
mod statement;
mod store;
mod stored;
mod trail;
mod wake;
mod workers;

use std::path::Path;

use async_trait::async_trait;

use crate::ledger::{Ledger, LedgerError};
pub(super) use health::health;
pub use store::{Store, StoreError};

/// The ledger of one machine. Cheap to clone.
#[derive(Clone)]
pub struct SqliteLedger {
    store: Store,
}

impl SqliteLedger {
    /// Opens the file, creating and migrating it where that is needed.
    ///
    /// # Errors
    /// [`LedgerError::NotReachable`]; [`LedgerError::Schema`] when a newer program has migrated it;
    /// [`LedgerError::Store`] when it is not a ledger.
    pub async fn open(path: &Path) -> Result<Self, LedgerError> {
        let path = path.to_owned();
        let open = tokio::task::spawn_blocking(move || {
            let store = Store::open(&path)?;
            migrate::migrate(store.place())?;
            Ok(Self { store })
        });
        open.await.unwrap_or_else(|error| {
            Err(LedgerError::Store { statement: "open the file", reason: error.to_string() })
        })
    }

    /// The file that this ledger is in, for the broker that shares it.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }
}

#[async_trait]
impl Ledger for SqliteLedger {
    async fn migrate(&self) -> Result<Vec<String>, LedgerError> {
        let place = self.store.place().clone();
        tokio::task::spawn_blocking(move || migrate::migrate(&place)).await.unwrap_or_else(|error| {
            Err(LedgerError::Store { statement: "migrate", reason: error.to_string() })
        })
    }

    async fn check(&self) -> Result<(), LedgerError> {
        let (found, wanted) = (migrate::found_version(&self.store).await?, migrate::wanted_version());
        if found == wanted {
            Ok(())
        } else {
            Err(LedgerError::Schema { location: self.location(), found, wanted })
        }
    }

    fn location(&self) -> String {
        self.store.place().location()
    }
}

#[cfg(test)]
mod tests;
