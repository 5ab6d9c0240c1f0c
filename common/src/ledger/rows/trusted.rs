//! What adding and removing hashes changes in the catalogue.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::json;

use super::told::{NewEntry, system_entry};
use super::watch::column_of;
use crate::audit::{Actor, AuditAction};
use crate::domain::catalogue::CatalogueEntry;
use crate::domain::image::ImageFile;
use crate::domain::job::Requester;
use crate::domain::version::Version;
use crate::ledger::{CatalogueChange, CatalogueConflict};

/// Compares `wanted` with everything that is trusted; answers the entries to insert, by version and file.
/// There are none when there is a conflict, also one among the wanted ones.
pub fn catalogue_change(
    trusted: &[CatalogueEntry],
    wanted: &[CatalogueEntry],
) -> (CatalogueChange, Vec<CatalogueEntry>) {
    let mut known: BTreeMap<(Version, Option<&ImageFile>), (&CatalogueEntry, bool)> =
        trusted.iter().map(|entry| (key(entry), (entry, false))).collect();
    let mut change = CatalogueChange::default();
    for entry in wanted {
        match known.get(&key(entry)) {
            None => {
                known.insert(key(entry), (entry, true));
            }
            Some((there, _)) if there.sha256 == entry.sha256 => change.existing += 1,
            Some((there, _)) => change.conflicts.push(CatalogueConflict {
                wanted: entry.clone(),
                trusted: there.sha256.clone(),
                trusted_source: there.source.clone(),
            }),
        }
    }
    if !change.conflicts.is_empty() {
        return (change, Vec::new());
    }
    let added: Vec<_> =
        known.into_values().filter(|(_, is_new)| *is_new).map(|(entry, _)| entry.clone()).collect();
    change.added = added.len();
    (change, added)
}

/// The entry for the system chain.
pub fn catalogue_entry(added: &[CatalogueEntry], by: &Requester, at: Timestamp) -> NewEntry {
    let actor = Actor::Operator(by.clone());
    system_entry(AuditAction::CatalogueChanged, actor, json!({ "added": added }), at)
}

/// The entry for the system chain when a hash is trusted no longer.
pub fn untrusted_entry(removed: &CatalogueEntry, by: &Requester, at: Timestamp) -> NewEntry {
    let actor = Actor::Operator(by.clone());
    system_entry(AuditAction::CatalogueChanged, actor, json!({ "removed": [removed] }), at)
}

/// The order in which a catalogue is told: versions as the vendor orders them, which no database can.
pub fn by_version_and_file(mut entries: Vec<CatalogueEntry>) -> Vec<CatalogueEntry> {
    entries.sort_by(|a, b| key(a).cmp(&key(b)));
    entries
}

/// `catalogue.file_name` of an entry.
pub fn file_name_column(entry: &CatalogueEntry) -> &str {
    column_of(entry.file_name.as_ref())
}

fn key(entry: &CatalogueEntry) -> (Version, Option<&ImageFile>) {
    (entry.version, entry.file_name.as_ref())
}
