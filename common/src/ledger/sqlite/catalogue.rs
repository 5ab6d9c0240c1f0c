//! [`Catalogue`] for SQLite.

use async_trait::async_trait;
use rusqlite::{Row, Transaction};
use serde_json::json;

use super::statement::{Statement, statement};
use super::store::StoreError;
use super::stored::{Stored, file_name, optional_json, optional_time, text, time};
use super::{SqliteLedger, trail};
use crate::clock::{Clock, SystemClock};
use crate::domain::catalogue::CatalogueEntry;
use crate::domain::device::Serial;
use crate::domain::hash::{Cleared, HashDispute, HashMismatch, HashObservation, OtherHash};
use crate::domain::image::ImageFile;
use crate::domain::job::{JobId, Requester};
use crate::domain::version::Version;
use crate::ledger::rows::{self, DisputedHash, column_of, json, number};
use crate::ledger::{Catalogue, CatalogueChange, LedgerError};

const READ_HASHES: Statement = statement!("read_hashes");
const INSERT_HASHES: Statement = statement!("insert_hashes");
const DELETE_HASH: Statement = statement!("delete_hash");
const UPSERT_OBSERVATION: Statement = statement!("upsert_observation");
const READ_OTHER_HASHES: Statement = statement!("read_other_hashes");
const READ_DISPUTES: Statement = statement!("read_disputes");
const READ_MISMATCHES: Statement = statement!("read_mismatches");
const CLEAR_MISMATCH: Statement = statement!("clear_mismatch");

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

    async fn remove_hash(
        &self,
        version: &Version,
        file_name: Option<&ImageFile>,
        by: &Requester,
    ) -> Result<Option<CatalogueEntry>, LedgerError> {
        let (key, by) = ((version.to_string(), column_of(file_name).to_owned()), by.clone());
        self.store
            .write("remove_hash", move |transaction| {
                let removed: Option<CatalogueEntry> = DELETE_HASH.row(transaction, key)?;
                if let Some(removed) = &removed {
                    let entry = rows::untrusted_entry(removed, &by, SystemClock.now());
                    trail::append(transaction, &[entry])?;
                }
                Ok(removed)
            })
            .await
    }

    async fn observe(&self, observation: &HashObservation) -> Result<Vec<OtherHash>, LedgerError> {
        let observation = observation.clone();
        self.store
            .write("observe", move |transaction| {
                let HashObservation { version, file_name, sha256, serial } = &observation;
                let (version, file_name) = (version.to_string(), column_of(file_name.as_ref()));
                let params = (&version, file_name, serial.as_str(), sha256.as_str());
                if UPSERT_OBSERVATION.execute(transaction, params)? == 0 {
                    return Err(LedgerError::UnknownDevice { serial: serial.clone() }.into());
                }
                READ_OTHER_HASHES.rows(transaction, params)
            })
            .await
    }

    async fn disputes(&self) -> Result<Vec<HashDispute>, LedgerError> {
        let read = |transaction: &Transaction<'_>| READ_DISPUTES.rows(transaction, []);
        Ok(rows::disputes(self.store.read("disputes", read).await?))
    }

    async fn mismatches(&self, open_only: bool) -> Result<Vec<HashMismatch>, LedgerError> {
        let read = move |transaction: &Transaction<'_>| READ_MISMATCHES.rows(transaction, [open_only]);
        self.store.read("mismatches", read).await
    }

    async fn clear_mismatch(
        &self,
        serial: &Serial,
        version: &Version,
        by: &Requester,
    ) -> Result<Option<HashMismatch>, LedgerError> {
        let (params, by) = ((serial.to_string(), version.to_string(), json(by)), by.clone());
        self.store
            .write("clear_mismatch", move |transaction| {
                let cleared: Option<HashMismatch> = CLEAR_MISMATCH.row(transaction, params)?;
                if let Some(cleared) = &cleared {
                    let entry = rows::cleared_entry(cleared, &by, SystemClock.now());
                    trail::append(transaction, &[entry])?;
                }
                Ok(cleared)
            })
            .await
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

impl Stored for OtherHash {
    fn read(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            sha256: text(row, "sha256")?,
            n_devices: number("count(hash_observations)", row.get("n")?)?,
            example: text(row, "example")?,
        })
    }
}

impl Stored for DisputedHash {
    fn read(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            version: text(row, "version")?,
            file_name: file_name(row)?,
            platform: row.get("platform")?,
            hash: OtherHash::read(row)?,
        })
    }
}

impl Stored for HashMismatch {
    fn read(row: &Row<'_>) -> Result<Self, StoreError> {
        // A CHECK keeps the two together.
        let cleared = Option::zip(optional_time(row, "cleared_at")?, optional_json(row, "cleared_by")?);
        Ok(Self {
            serial: text(row, "serial")?,
            version: text(row, "version")?,
            file_name: file_name(row)?,
            expected: text(row, "expected")?,
            found: text(row, "found")?,
            job: JobId(row.get("job_id")?),
            raised_at: time(row, "raised_at")?,
            cleared: cleared.map(|(at, by)| Cleared { by, at }),
        })
    }
}
