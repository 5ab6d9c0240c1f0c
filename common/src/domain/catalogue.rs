//! The trusted hashes: what the bytes of an image have to be.
//!
//! Promises: one key has one hash; two different ones are refused with both places, never chosen between. A
//! hash for a file wins over a hash for its version, because images of one version differ between platforms.
//! Leaves to others: reading files ([`parse`] takes text), and what a difference means
//! ([`hash::judge`](super::hash::judge)).

use std::collections::{BTreeMap, btree_map::Entry};

use serde::{Deserialize, Serialize};

use super::hash::Sha256Hex;
use super::image::ImageFile;
use super::version::Version;

mod read;

pub use super::input::Problem as CatalogueProblem;
pub use read::parse;

/// One trusted hash.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CatalogueEntry {
    /// Of an image of this version.
    pub version: Version,
    /// Of this file; `None` stands for any file of the version, as the predecessor tool has it.
    pub file_name: Option<ImageFile>,
    /// The hash.
    pub sha256: Sha256Hex,
    /// Where it stands, for messages and for the audit trail: `hashes.csv, line 3`.
    pub source: String,
}

impl CatalogueEntry {
    fn key(&self) -> (Version, Option<ImageFile>) {
        (self.version, self.file_name.clone())
    }
}

/// Two hashes for one key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "two hashes for {}: {} ({}) and {} ({})",
    key_text(.first), .first.sha256, .first.source, .second.sha256, .second.source
)]
pub struct CatalogueConflict {
    /// The one that was there.
    pub first: Box<CatalogueEntry>,
    /// The one that contradicts it.
    pub second: Box<CatalogueEntry>,
}

fn key_text(entry: &CatalogueEntry) -> String {
    match &entry.file_name {
        Some(file_name) => format!("{} of {}", file_name, entry.version),
        None => format!("any file of {}", entry.version),
    }
}

/// Trusted hashes by version and file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Catalogue {
    entries: BTreeMap<(Version, Option<ImageFile>), CatalogueEntry>,
}

impl Catalogue {
    /// A catalogue of entries from any number of files.
    ///
    /// # Errors
    /// Every [`CatalogueConflict`] among them.
    pub fn new(entries: impl IntoIterator<Item = CatalogueEntry>) -> Result<Self, Vec<CatalogueConflict>> {
        let mut catalogue = Self::default();
        let conflicts: Vec<_> = entries.into_iter().filter_map(|entry| catalogue.add(entry).err()).collect();
        if conflicts.is_empty() { Ok(catalogue) } else { Err(conflicts) }
    }

    /// Adds an entry. One that repeats what is known changes nothing.
    ///
    /// # Errors
    /// [`CatalogueConflict`] when the key has another hash, which is kept.
    pub fn add(&mut self, entry: CatalogueEntry) -> Result<(), CatalogueConflict> {
        match self.entries.entry(entry.key()) {
            Entry::Vacant(slot) => {
                slot.insert(entry);
                Ok(())
            }
            Entry::Occupied(slot) if slot.get().sha256 == entry.sha256 => Ok(()),
            Entry::Occupied(slot) => {
                Err(CatalogueConflict { first: Box::new(slot.get().clone()), second: Box::new(entry) })
            }
        }
    }

    /// The hash that an image has to have: that of its file, else that of its version.
    pub fn expected(&self, version: &Version, file_name: Option<&ImageFile>) -> Option<&Sha256Hex> {
        self.entry(version, file_name).map(|entry| &entry.sha256)
    }

    /// The entry behind [`Catalogue::expected`], which knows where it stands.
    pub fn entry(&self, version: &Version, file_name: Option<&ImageFile>) -> Option<&CatalogueEntry> {
        let of_file = file_name.and_then(|file_name| self.entries.get(&(*version, Some(file_name.clone()))));
        of_file.or_else(|| self.entries.get(&(*version, None)))
    }

    /// All entries, by version and file.
    pub fn entries(&self) -> impl Iterator<Item = &CatalogueEntry> {
        self.entries.values()
    }

    /// How many hashes it has.
    pub fn n_entries(&self) -> usize {
        self.entries.len()
    }

    /// Whether it has none, so that nothing can ever be verified.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

#[cfg(test)]
mod tests;
