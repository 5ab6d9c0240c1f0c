//! The trusted hashes: added all or none, never replaced, removed by name. What devices report is in
//! [`watch`](super::watch).
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
use crate::domain::device::Serial;
use crate::domain::hash::{HashDispute, HashMismatch, HashObservation, OtherHash};
use crate::domain::image::ImageFile;
use crate::domain::job::Requester;
use crate::domain::version::Version;
use crate::ledger::rows::{
    by_version_and_file, catalogue_change, catalogue_entry, column_of, file_name_column, file_name_of,
    untrusted_entry, word,
};
use crate::ledger::{Catalogue, CatalogueChange, LedgerError};

const LOCK_HEAD: Statement = statement!("lock_head");
const READ_HASHES: Statement = statement!("read_hashes");
const INSERT_HASHES: Statement = statement!("insert_hashes");
const DELETE_HASH: Statement = statement!("delete_hash");

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

    async fn remove_hash(
        &self,
        version: &Version,
        file_name: Option<&ImageFile>,
        by: &Requester,
    ) -> Result<Option<CatalogueEntry>, LedgerError> {
        let mut connection = self.pool.connection().await?;
        let transaction = connection.begin().await?;
        let (_, removed) = try_join!(
            transaction.rows(&LOCK_HEAD, [text(SYSTEM_CHAIN)]),
            transaction.rows(&DELETE_HASH, [text(version.to_string()), text(column_of(file_name))]),
        )?;
        let Some(columns) = each(&DELETE_HASH, &removed).next() else { return Ok(None) };
        let removed = trusted(&columns)?;
        trail::append(&transaction, &[untrusted_entry(&removed, by, SystemClock.now())]).await?;
        transaction.commit().await?;
        Ok(Some(removed))
    }

    async fn observe(&self, observation: &HashObservation) -> Result<Vec<OtherHash>, LedgerError> {
        self.observe_hash(observation).await
    }

    async fn disputes(&self) -> Result<Vec<HashDispute>, LedgerError> {
        self.disputed_files().await
    }

    async fn mismatches(&self, open_only: bool) -> Result<Vec<HashMismatch>, LedgerError> {
        self.known_mismatches(open_only).await
    }

    async fn clear_mismatch(
        &self,
        serial: &Serial,
        version: &Version,
        by: &Requester,
    ) -> Result<Option<HashMismatch>, LedgerError> {
        self.clear(serial, version, by).await
    }
}

fn trusted(columns: &Columns<'_>) -> Result<CatalogueEntry, LedgerError> {
    Ok(CatalogueEntry {
        version: word("catalogue.version", columns.value("version")?)?,
        file_name: file_name_of("catalogue.file_name", columns.value("file_name")?)?,
        sha256: word("catalogue.sha256", columns.value("sha256")?)?,
        source: columns.value("source")?,
    })
}
