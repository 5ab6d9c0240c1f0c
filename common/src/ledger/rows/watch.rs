//! What devices report about files: observations, disputes and mismatches, to and from their columns.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::json;

use super::told::{NewEntry, device_entry};
use super::word;
use crate::audit::AuditAction;
use crate::domain::hash::{HashDispute, HashMismatch, HashObservation, HashOutcome, OtherHash};
use crate::domain::image::ImageFile;
use crate::domain::job::Requester;
use crate::domain::version::Version;
use crate::ledger::{ImageRecord, LedgerError};

/// One hash of a disputed file, as the database counted it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisputedHash {
    pub version: Version,
    pub file_name: Option<ImageFile>,
    /// Tells files without a name apart.
    pub platform: String,
    pub hash: OtherHash,
}

/// An image of a step whose hash is not the trusted one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mismatched<'a> {
    pub version: Version,
    pub file_name: &'a str,
    pub expected: &'a str,
    pub found: &'a str,
}

/// Those of a step that block their device.
pub fn mismatched(images: &[ImageRecord]) -> Vec<Mismatched<'_>> {
    images.iter().filter_map(Mismatched::of).collect()
}

impl<'a> Mismatched<'a> {
    fn of(image: &'a ImageRecord) -> Option<Self> {
        match image.outcome.as_ref()? {
            HashOutcome::Mismatch { expected, found, .. } => Some(Self {
                version: image.version,
                file_name: column_of(image.file_name.as_ref()),
                expected: expected.as_str(),
                found: found.as_str(),
            }),
            HashOutcome::Verified { .. } | HashOutcome::NotReported | HashOutcome::NoReference { .. } => None,
        }
    }
}

/// `file_name` of a file that may have none.
pub fn column_of(file_name: Option<&ImageFile>) -> &str {
    file_name.map_or("", ImageFile::as_str)
}

/// Reads a column where an empty text stands for no name.
///
/// # Errors
/// [`LedgerError::Store`] when it holds no file name.
pub fn file_name_of(column: &'static str, text: &str) -> Result<Option<ImageFile>, LedgerError> {
    (!text.is_empty()).then(|| word(column, text)).transpose()
}

/// Names a file for the lock that its observations take in turn.
pub fn file_key(observation: &HashObservation) -> String {
    format!("{} {}", observation.version, column_of(observation.file_name.as_ref()))
}

/// Disputes by version and file, from rows in which the hashes of a file come most devices first.
pub fn disputes(rows: Vec<DisputedHash>) -> Vec<HashDispute> {
    let mut by_file: BTreeMap<(Version, Option<ImageFile>, String), Vec<OtherHash>> = BTreeMap::new();
    for DisputedHash { version, file_name, platform, hash } in rows {
        by_file.entry((version, file_name, platform)).or_default().push(hash);
    }
    let dispute = |((version, file_name, _), hashes)| HashDispute { version, file_name, hashes };
    by_file.into_iter().map(dispute).collect()
}

/// The entry for the device's chain when a person let a mismatch go.
pub fn cleared_entry(mismatch: &HashMismatch, by: &Requester, at: Timestamp) -> NewEntry {
    let detail = json!({
        "version": mismatch.version,
        "file_name": mismatch.file_name,
        "expected": mismatch.expected,
        "found": mismatch.found,
        "raised_at": mismatch.raised_at,
        "found_by_job": mismatch.job,
    });
    device_entry(&mismatch.serial, AuditAction::MismatchCleared, by, detail, at)
}
