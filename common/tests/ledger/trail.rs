//! The audit trail is written, read, verified, and refuses to be changed.
//!
//! | file | holds |
//! |---|---|
//! | `trail/forgery.rs` | a trail that an owner of the database changed |
//! | `trail/tampering.rs`, `trail/tampered_anchors.rs` | every kind of change is found, and where |
//! | `trail/anchors.rs` | what anchors keep, and when |
//! | `trail/meanwhile.rs` | verifying while others write; memory |
//! | `trail/roles.rs` | what PostgreSQL refuses to the roles of `deploy/postgres/roles.sql` |

use std::time::Duration;

use common::audit::entry::SYSTEM_CHAIN;
use common::audit::verify::{Verification, verify};
use common::audit::{Actor, AuditAction, AuditFact, EntryHash, StoredEntry};
use common::ledger::{End, Ledger, LedgerError, TrailFilter};

use crate::bench::Bench;
use crate::fixtures::*;

mod anchors;
mod forgery;
mod meanwhile;
mod roles;
mod tampered_anchors;
mod tampering;

on_every_ledger![
    a_trail_of_whole_lives_verifies,
    an_empty_trail_verifies,
    a_long_trail_verifies_page_by_page,
    every_chain_begins_with_installation_and_name,
    entries_are_paged_and_filtered,
    the_tables_refuse_to_be_changed,
    what_a_person_did_outside_any_job_is_noted,
];

/// Device 1 with five entries, devices 2 and 3 with one each.
async fn written(ledger: &Bench) {
    let jobs = seed_many(ledger, 3).await;
    let claimed = claim(ledger, jobs[0], "ann").await;
    ledger.record(&claimed.lease, &full_step(&claimed)).await.unwrap();
    ledger.end(&claimed.lease, &End::Completed, &step(&claimed)).await.unwrap();
}

async fn verification(ledger: &dyn Ledger) -> Verification {
    verify(ledger).await.unwrap()
}

/// What is found in a trail that fits and has no anchors.
fn whole(entries: u64, devices: u64) -> Verification {
    Verification { entries, devices, anchors: 0, unanchored: entries, ok: true, first_bad: None }
}

async fn a_trail_of_whole_lives_verifies(ledger: &Bench) {
    written(ledger).await;
    let all = whole(5 + 1 + 1 + 1, 3);
    assert_eq!(verification(&**ledger).await, all);
    assert_eq!(verification(&*ledger.another().await).await, all);
}

async fn an_empty_trail_verifies(ledger: &Bench) {
    assert_eq!(verification(&**ledger).await, whole(0, 0));
    register(ledger, 2).await;
    assert_eq!(verification(&**ledger).await, whole(1, 2));
}

async fn a_long_trail_verifies_page_by_page(ledger: &Bench) {
    let jobs = seed_many(ledger, 1_100).await;
    let claimed = claim(ledger, jobs[1_000], "ann").await;
    let facts = full_step(&claimed).audit;
    let mut step = step(&claimed);
    step.audit = facts.into_iter().cycle().take(1_500).collect();
    ledger.record(&claimed.lease, &step).await.unwrap();
    let found = verification(&**ledger).await;
    assert_eq!(found, whole(1 + 1_100 + 1 + 1_500, 1_100));
}

async fn every_chain_begins_with_installation_and_name(ledger: &Bench) {
    seed(ledger).await;
    let installation = ledger.installation().await.unwrap();
    assert_eq!(ledger.another().await.installation().await.unwrap(), installation);
    let entries = ledger.entries(&TrailFilter::default(), None, 100).await.unwrap();
    let chains: Vec<&str> = entries.iter().map(|entry| entry.chain.as_str()).collect();
    assert_eq!(chains, [serial(1).as_str(), SYSTEM_CHAIN]);
    for entry in &entries {
        assert_eq!(entry.prev, EntryHash::genesis(installation, &entry.chain));
        assert!(is_recent(entry.at));
    }
    let heads = ledger.heads(None, 100).await.unwrap();
    assert_eq!((heads[0].seq, heads[0].hash), (1, entries[0].hash));
}

async fn entries_are_paged_and_filtered(ledger: &Bench) {
    written(ledger).await;
    let all = ledger.entries(&TrailFilter::default(), None, 100).await.unwrap();
    assert_eq!(all.len(), 8);
    let mut paged: Vec<StoredEntry> = Vec::new();
    loop {
        let after = paged.last().map(|entry| (entry.chain.as_str(), entry.seq));
        let page = ledger.entries(&TrailFilter::default(), after, 3).await.unwrap();
        if page.is_empty() {
            break;
        }
        assert!(page.len() <= 3);
        paged.extend(page);
    }
    assert_eq!(paged, all);

    let of_device = TrailFilter { chain: Some(serial(1).to_string()), job: None };
    assert_eq!(ledger.entries(&of_device, None, 100).await.unwrap(), all[..5]);
    assert_eq!(ledger.entries(&of_device, Some((serial(1).as_str(), 3)), 100).await.unwrap(), all[3..5]);
    let job = ledger.jobs(&common::ledger::JobFilter::default(), 1).await.unwrap()[0].id;
    let of_job = TrailFilter { chain: None, job: Some(job) };
    assert_eq!(ledger.entries(&of_job, None, 100).await.unwrap(), all[6..7]);

    let heads = ledger.heads(None, 100).await.unwrap();
    assert_eq!(ledger.heads(None, 2).await.unwrap(), heads[..2]);
    assert_eq!(ledger.heads(Some(&heads[1].chain), 100).await.unwrap(), heads[2..]);
}

async fn the_tables_refuse_to_be_changed(ledger: &Bench) {
    written(ledger).await;
    ledger.anchor(Duration::ZERO).await.unwrap().unwrap();
    for statement in [
        "UPDATE audit SET job_id = NULL",
        "UPDATE audit SET body = prev WHERE seq = 1",
        "DELETE FROM audit",
        "DELETE FROM audit WHERE seq = 5",
        "UPDATE audit_anchors SET n_chains = 0",
        "DELETE FROM audit_anchors",
        "UPDATE audit_anchor_heads SET seq = 0",
        "DELETE FROM audit_anchor_heads WHERE seq = 5",
        "DELETE FROM audit_heads",
    ] {
        let refusal = ledger.sql(statement).await.unwrap_err();
        assert!(refusal.contains("append-only"), "{statement}: {refusal}");
    }
    // What each database has of its own to get rid of a row without deleting it.
    let around: &[&str] = if ledger.is_postgres() {
        &[
            "TRUNCATE audit",
            "TRUNCATE audit_anchors CASCADE",
            "TRUNCATE audit_anchor_heads",
            "TRUNCATE audit_heads CASCADE",
        ]
    } else {
        &[
            "INSERT OR REPLACE INTO audit SELECT chain, seq, at, NULL, body, prev, hash FROM audit",
            "INSERT OR REPLACE INTO audit (rowid, chain, seq, body, prev, hash)
             SELECT rowid, 'x', seq, body, prev, hash FROM audit",
            "UPDATE OR REPLACE audit SET seq = 1",
            "INSERT OR REPLACE INTO audit_anchors SELECT id, at, 0, 0, heads, prev, hash FROM audit_anchors",
            "INSERT OR REPLACE INTO audit_anchor_heads SELECT chain, anchor, 0, hash FROM audit_anchor_heads",
        ]
    };
    for statement in around {
        let refusal = ledger.sql(statement).await.unwrap_err();
        assert!(refusal.contains("append-only"), "{statement}: {refusal}");
    }
    assert!(verification(&**ledger).await.ok);
}

async fn what_a_person_did_outside_any_job_is_noted(ledger: &Bench) {
    let fact = AuditFact::new(AuditAction::ImageDeleted, serde_json::json!({ "version": "10.1.0" }));
    let answer = ledger.note(&serial(1), &fact, &operator()).await;
    assert!(matches!(answer, Err(LedgerError::UnknownDevice { .. })), "{answer:?}");
    register(ledger, 1).await;
    ledger.note(&serial(1), &fact, &operator()).await.unwrap();
    let entry = chain(ledger, serial(1).as_str()).await.pop().unwrap();
    assert_eq!((entry.action, entry.actor), (AuditAction::ImageDeleted, Actor::Operator(operator())));
    assert_eq!((entry.job, entry.detail), (None, fact.detail));
    assert!(verification(&**ledger).await.ok);
}
