//! What devices report about files, and the mismatches that a person clears.
//!
//! Promises: of two devices that disagree about a file at the same moment one is told, because observations of one
//! file take turns. Leaves to others: opening a mismatch, which belongs to a step ([`finish`](super::finish)).

use futures_util::try_join;

use super::connection::each;
use super::statement::{Columns, Statement, boolean, statement, text};
use super::{PostgresLedger, trail};
use crate::clock::{Clock, SystemClock};
use crate::domain::device::Serial;
use crate::domain::hash::{Cleared, HashDispute, HashMismatch, HashObservation, OtherHash};
use crate::domain::image::ImageFile;
use crate::domain::job::{JobId, Requester};
use crate::domain::version::Version;
use crate::ledger::LedgerError;
use crate::ledger::rows::{
    DisputedHash, cleared_entry, column_of, disputes, file_key, file_name_of, from_json, json, number, word,
};

const LOCK_FILE: Statement = statement!("lock_file");
const UPSERT_OBSERVATION: Statement = statement!("upsert_observation");
const READ_OTHER_HASHES: Statement = statement!("read_other_hashes");
const READ_DISPUTES: Statement = statement!("read_disputes");
const READ_MISMATCHES: Statement = statement!("read_mismatches");
const CLEAR_MISMATCH: Statement = statement!("clear_mismatch");

impl PostgresLedger {
    /// Notes what a device reports for a file; answers what others report.
    pub(super) async fn observe_hash(
        &self,
        observation: &HashObservation,
    ) -> Result<Vec<OtherHash>, LedgerError> {
        let HashObservation { version, file_name, sha256, serial } = observation;
        let params = || {
            let file_name = column_of(file_name.as_ref());
            [text(version.to_string()), text(file_name), text(serial.as_str()), text(sha256.as_str())]
        };
        let mut connection = self.pool.connection().await?;
        let transaction = connection.begin().await?;
        let (_, n_written, others) = try_join!(
            transaction.rows(&LOCK_FILE, [text(file_key(observation))]),
            transaction.execute(&UPSERT_OBSERVATION, params()),
            transaction.rows(&READ_OTHER_HASHES, params()),
        )?;
        if n_written == 0 {
            return Err(LedgerError::UnknownDevice { serial: serial.clone() });
        }
        let others = each(&READ_OTHER_HASHES, &others)
            .map(|columns| other_hash(&columns))
            .collect::<Result<_, _>>()?;
        transaction.commit().await?;
        Ok(others)
    }

    /// Files of which the fleet reports several hashes, none of them trusted.
    pub(super) async fn disputed_files(&self) -> Result<Vec<HashDispute>, LedgerError> {
        let rows = self.pool.rows(&READ_DISPUTES, []).await?;
        let hashes = each(&READ_DISPUTES, &rows)
            .map(|columns| {
                Ok(DisputedHash {
                    version: word("hash_observations.version", columns.value("version")?)?,
                    file_name: file_of(&columns)?,
                    platform: columns.value("platform")?,
                    hash: other_hash(&columns)?,
                })
            })
            .collect::<Result<Vec<_>, LedgerError>>()?;
        Ok(disputes(hashes))
    }

    /// Images that differ from the trusted hash.
    pub(super) async fn known_mismatches(&self, open_only: bool) -> Result<Vec<HashMismatch>, LedgerError> {
        let rows = self.pool.rows(&READ_MISMATCHES, [boolean(open_only)]).await?;
        each(&READ_MISMATCHES, &rows).map(|columns| mismatch(&columns)).collect()
    }

    /// Lets the mismatch go that blocks a device.
    pub(super) async fn clear(
        &self,
        serial: &Serial,
        version: &Version,
        by: &Requester,
    ) -> Result<Option<HashMismatch>, LedgerError> {
        let mut connection = self.pool.connection().await?;
        let transaction = connection.begin().await?;
        let params = [text(serial.as_str()), text(version.to_string()), text(json(by))];
        let rows = transaction.rows(&CLEAR_MISMATCH, params).await?;
        let Some(columns) = each(&CLEAR_MISMATCH, &rows).next() else { return Ok(None) };
        let cleared = mismatch(&columns)?;
        trail::append(&transaction, &[cleared_entry(&cleared, by, SystemClock.now())]).await?;
        transaction.commit().await?;
        Ok(Some(cleared))
    }
}

fn file_of(columns: &Columns<'_>) -> Result<Option<ImageFile>, LedgerError> {
    file_name_of("file_name", columns.value("file_name")?)
}

fn other_hash(columns: &Columns<'_>) -> Result<OtherHash, LedgerError> {
    Ok(OtherHash {
        sha256: word("hash_observations.sha256", columns.value("sha256")?)?,
        n_devices: number("count(hash_observations)", columns.value("n")?)?,
        example: word("hash_observations.serial", columns.value("example")?)?,
    })
}

fn mismatch(columns: &Columns<'_>) -> Result<HashMismatch, LedgerError> {
    // A CHECK keeps the two together.
    let cleared = Option::zip(columns.value("cleared_at")?, columns.value::<Option<&str>>("cleared_by")?)
        .map(|(at, by)| Ok(Cleared { by: from_json("mismatches.cleared_by", by)?, at }))
        .transpose()?;
    Ok(HashMismatch {
        serial: word("mismatches.serial", columns.value("serial")?)?,
        version: word("mismatches.version", columns.value("version")?)?,
        file_name: file_of(columns)?,
        expected: word("mismatches.expected", columns.value("expected")?)?,
        found: word("mismatches.found", columns.value("found")?)?,
        job: JobId(columns.value("job_id")?),
        raised_at: columns.value("raised_at")?,
        cleared,
    })
}
