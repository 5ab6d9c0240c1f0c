//! The trusted hashes: added all or none, never replaced.
//!
//! Promises: two calls at once come one after the other, because both begin with the head of the system chain.
//! Leaves to others: what counts as a conflict ([`rows`](crate::ledger::rows)).

use async_trait::async_trait;
use futures_util::try_join;

use super::PostgresLedger;
use super::connection::each;
use super::statement::{Columns, Statement, statement, text, texts};
use super::trail;
use crate::audit::entry::SYSTEM_CHAIN;
use crate::clock::{Clock, SystemClock};
use crate::domain::catalogue::CatalogueEntry;
use crate::domain::job::Requester;
use crate::ledger::rows::{by_version_and_file, catalogue_change, catalogue_entry, file_name_column, word};
use crate::ledger::{Catalogue, CatalogueChange, LedgerError};

const LOCK_HEAD: Statement = statement!("lock_head");
const READ_HASHES: Statement = statement!("read_hashes");
const INSERT_HASHES: Statement = statement!("insert_hashes");

#[async_trait]
impl Catalogue for PostgresLedger {
    async fn add_hashes(
        &self,
        entries: &[CatalogueEntry],
        by: &Requester,
    ) -> Result<CatalogueChange, LedgerError> {
        let mut connection = self.pool.connection().await?;
        let transaction = connection.begin().await?;
        // All of them: a few thousand at most, and only a person adds some.
        let (_, known) = try_join!(
            transaction.rows(&LOCK_HEAD, [text(SYSTEM_CHAIN)]),
            transaction.rows(&READ_HASHES, []),
        )?;
        let known: Vec<CatalogueEntry> =
            each(&READ_HASHES, &known).map(|columns| trusted(&columns)).collect::<Result<_, _>>()?;
        let (change, new) = catalogue_change(&known, entries);
        if !new.is_empty() {
            let versions: Vec<String> = new.iter().map(|entry| entry.version.to_string()).collect();
            let files: Vec<&str> = new.iter().map(file_name_column).collect();
            let hashes: Vec<&str> = new.iter().map(|entry| entry.sha256.as_str()).collect();
            let sources: Vec<&str> = new.iter().map(|entry| entry.source.as_str()).collect();
            let entry = [catalogue_entry(&new, by, SystemClock.now())];
            try_join!(
                transaction.execute(
                    &INSERT_HASHES,
                    [texts(&versions), texts(&files), texts(&hashes), texts(&sources)]
                ),
                trail::append(&transaction, &entry),
            )?;
            transaction.commit().await?;
        }
        Ok(change)
    }

    async fn hashes(&self) -> Result<Vec<CatalogueEntry>, LedgerError> {
        let rows = self.pool.rows(&READ_HASHES, []).await?;
        let entries =
            each(&READ_HASHES, &rows).map(|columns| trusted(&columns)).collect::<Result<Vec<_>, _>>()?;
        Ok(by_version_and_file(entries))
    }
}

fn trusted(columns: &Columns<'_>) -> Result<CatalogueEntry, LedgerError> {
    let file_name: &str = columns.value("file_name")?;
    let file_name = (!file_name.is_empty()).then(|| word("catalogue.file_name", file_name)).transpose()?;
    Ok(CatalogueEntry {
        version: word("catalogue.version", columns.value("version")?)?,
        file_name,
        sha256: word("catalogue.sha256", columns.value("sha256")?)?,
        source: columns.value("source")?,
    })
}
