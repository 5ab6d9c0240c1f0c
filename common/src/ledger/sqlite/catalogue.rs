//! [`Catalogue`] for SQLite.

use async_trait::async_trait;
use rusqlite::Transaction;
use serde_json::json;

use super::statement::{Statement, statement};
use super::store::StoreError;
use super::{SqliteLedger, trail};
use crate::clock::{Clock, SystemClock};
use crate::domain::catalogue::CatalogueEntry;
use crate::domain::job::Requester;
use crate::ledger::rows::{self, json};
use crate::ledger::{Catalogue, CatalogueChange, LedgerError};

const READ_HASHES: Statement = statement!("read_hashes");
const INSERT_HASHES: Statement = statement!("insert_hashes");

#[async_trait]
impl Catalogue for SqliteLedger {
    async fn add_hashes(
        &self,
        entries: &[CatalogueEntry],
        by: &Requester,
    ) -> Result<CatalogueChange, LedgerError> {
        let (entries, by) = (entries.to_vec(), by.clone());
        self.store
            .write("add_hashes", move |transaction| {
                let trusted: Vec<CatalogueEntry> = READ_HASHES.rows(transaction, [])?;
                let (change, new) = rows::catalogue_change(&trusted, &entries);
                if !new.is_empty() {
                    insert(transaction, &new)?;
                    let entry = rows::catalogue_entry(&new, &by, SystemClock.now());
                    trail::append(transaction, &[entry])?;
                }
                Ok(change)
            })
            .await
    }

    async fn hashes(&self) -> Result<Vec<CatalogueEntry>, LedgerError> {
        let read = |transaction: &Transaction<'_>| READ_HASHES.rows(transaction, []);
        Ok(rows::by_version_and_file(self.store.read("hashes", read).await?))
    }
}

fn insert(transaction: &Transaction<'_>, entries: &[CatalogueEntry]) -> Result<(), StoreError> {
    let entries: Vec<_> = entries
        .iter()
        .map(|entry| {
            json!({
                "version": entry.version,
                "file_name": rows::file_name_column(entry),
                "sha256": entry.sha256,
                "source": entry.source,
            })
        })
        .collect();
    INSERT_HASHES.execute(transaction, [json(&entries)])?;
    Ok(())
}
