//! The trusted hashes: added together or not at all, never replaced.

use common::audit::entry::SYSTEM_CHAIN;
use common::audit::{Actor, AuditAction};
use common::domain::catalogue::CatalogueEntry;
use common::domain::hash::Sha256Hex;
use common::ledger::{CatalogueChange, CatalogueConflict};

use crate::bench::Bench;
use crate::fixtures::*;

on_every_ledger![
    hashes_are_read_back_in_order_of_versions,
    a_hash_that_is_there_already_changes_nothing,
    a_conflict_stores_nothing_of_the_call,
    two_hashes_for_one_file_in_one_call_are_a_conflict,
    a_hash_for_any_file_and_one_for_a_file_stand_side_by_side,
    hashes_added_at_once_are_all_there,
    a_hash_that_is_removed_is_trusted_no_longer,
];

fn entry(version: &str, file_name: Option<&str>, bytes: &str) -> CatalogueEntry {
    CatalogueEntry {
        version: version.parse().unwrap(),
        file_name: file_name.map(|name| name.parse().unwrap()),
        sha256: Sha256Hex::of(bytes.as_bytes()),
        source: "hashes.csv, line 3".to_owned(),
    }
}

async fn add(ledger: &Bench, entries: &[CatalogueEntry]) -> CatalogueChange {
    ledger.add_hashes(entries, &operator()).await.unwrap()
}

async fn hashes_are_read_back_in_order_of_versions(ledger: &Bench) {
    let (a, b) = (entry("9.1.19", None, "a"), entry("10.2.9", Some("PanOS_440-10.2.9"), "b"));
    let (c, d) = (entry("10.2.10", None, "c"), entry("10.2.10", Some("PanOS_vm-10.2.10"), "d"));
    let entries = [d.clone(), b.clone(), a.clone(), c.clone()];
    assert_eq!(add(ledger, &entries).await, CatalogueChange { added: 4, ..CatalogueChange::default() });
    assert_eq!(ledger.hashes().await.unwrap(), [a, b, c, d]);
}

async fn a_hash_that_is_there_already_changes_nothing(ledger: &Bench) {
    let first = entry("11.1.0", None, "a");
    add(ledger, std::slice::from_ref(&first)).await;
    let elsewhere = CatalogueEntry { source: "other.csv, line 1".to_owned(), ..first.clone() };
    let change = add(ledger, &[elsewhere]).await;
    assert_eq!(change, CatalogueChange { existing: 1, ..CatalogueChange::default() });
    assert_eq!(ledger.hashes().await.unwrap(), [first]);
    let told = chain(ledger, SYSTEM_CHAIN).await;
    assert_eq!(told.iter().map(|entry| entry.action).collect::<Vec<_>>(), [AuditAction::CatalogueChanged]);
    assert_eq!(told[0].detail["added"][0]["version"], "11.1.0");
}

async fn a_conflict_stores_nothing_of_the_call(ledger: &Bench) {
    let trusted = entry("11.1.0", None, "a");
    add(ledger, std::slice::from_ref(&trusted)).await;
    let wanted = entry("11.1.0", None, "b");
    let change = add(ledger, &[entry("11.1.1", None, "c"), wanted.clone()]).await;
    let conflict =
        CatalogueConflict { wanted, trusted: trusted.sha256.clone(), trusted_source: trusted.source.clone() };
    assert_eq!((change.added, change.conflicts), (0, vec![conflict]));
    assert_eq!(ledger.hashes().await.unwrap(), [trusted]);
    assert_eq!(chain(ledger, SYSTEM_CHAIN).await.len(), 1);
}

async fn two_hashes_for_one_file_in_one_call_are_a_conflict(ledger: &Bench) {
    let change = add(ledger, &[entry("11.1.0", None, "a"), entry("11.1.0", None, "b")]).await;
    assert_eq!((change.added, change.conflicts.len()), (0, 1));
    assert!(ledger.hashes().await.unwrap().is_empty());
}

async fn a_hash_for_any_file_and_one_for_a_file_stand_side_by_side(ledger: &Bench) {
    let entries = [entry("11.1.0", None, "a"), entry("11.1.0", Some("PanOS_440-11.1.0"), "b")];
    assert_eq!(add(ledger, &entries).await.added, 2);
    assert_eq!(ledger.hashes().await.unwrap(), entries);
}

async fn hashes_added_at_once_are_all_there(ledger: &Bench) {
    let other = ledger.another().await;
    let (ours, theirs) =
        ([entry("11.1.0", None, "a"), entry("11.1.1", None, "b")], [entry("11.1.1", None, "b")]);
    let by = operator();
    let (ours, theirs) = tokio::join!(ledger.add_hashes(&ours, &by), other.add_hashes(&theirs, &by));
    assert_eq!(ours.unwrap().added + theirs.unwrap().added, 2);
    assert_eq!(ledger.hashes().await.unwrap().len(), 2);
}

async fn a_hash_that_is_removed_is_trusted_no_longer(ledger: &Bench) {
    let (of_any, of_file) = (entry("11.1.0", None, "a"), entry("11.1.0", Some("PanOS_440-11.1.0"), "b"));
    add(ledger, &[of_any.clone(), of_file.clone()]).await;
    let remove = async |entry: &CatalogueEntry| {
        ledger.remove_hash(&entry.version, entry.file_name.as_ref(), &operator()).await.unwrap()
    };
    assert_eq!(remove(&of_any).await.as_ref(), Some(&of_any));
    assert_eq!(remove(&of_any).await, None);
    assert_eq!(ledger.hashes().await.unwrap(), [of_file]);
    let told = chain(ledger, SYSTEM_CHAIN).await;
    assert_eq!(told.len(), 2, "one entry for adding, one for removing");
    assert_eq!(told[1].action, AuditAction::CatalogueChanged);
    assert_eq!(told[1].actor, Actor::Operator(operator()), "with the reason");
    assert_eq!(told[1].detail["removed"][0]["sha256"], of_any.sha256.as_str());
    let again = add(ledger, &[entry("11.1.0", None, "c")]).await;
    assert_eq!(again.added, 1, "another hash may be trusted now");
}
