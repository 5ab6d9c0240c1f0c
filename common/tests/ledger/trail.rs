//! The audit trail verifies, refuses to be changed, and shows every change that was forced on it.

use common::audit::entry::SYSTEM_CHAIN;
use common::audit::verify::{FirstBad, Verification, verify};
use common::audit::{Actor, AuditAction, AuditFact, EntryHash, StoredEntry};
use common::ledger::{End, Ledger, LedgerError, TrailFilter};

use crate::bench::Bench;
use crate::fixtures::*;

on_every_ledger![
    a_trail_of_whole_lives_verifies,
    an_empty_trail_verifies,
    a_long_trail_verifies_page_by_page,
    a_trail_verifies_while_it_is_written,
    every_chain_begins_with_installation_and_name,
    entries_are_paged_and_filtered,
    the_tables_refuse_to_be_changed,
    an_edited_entry_is_found,
    an_entry_edited_with_its_hash_is_found,
    a_deleted_entry_is_found,
    an_inserted_entry_is_found,
    an_entry_linked_behind_the_head_is_found,
    an_entry_that_names_another_predecessor_is_found,
    swapped_entries_are_found,
    a_cut_tail_is_found,
    a_chain_carried_to_another_device_is_found,
    a_chain_without_its_head_is_found,
    a_changed_head_is_found,
    an_emptied_chain_is_found,
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

/// Does `statements` to a written trail, past its guards; expects the first bad place to be there.
async fn tampered(ledger: &Bench, statements: &str, chain: &str, seq: i64) {
    written(ledger).await;
    assert!(verification(&**ledger).await.ok);
    ledger.disarm().await;
    ledger.sql(statements).await.unwrap();
    let found = verification(&**ledger).await;
    assert!(!found.ok);
    let FirstBad { chain: bad_chain, seq: bad_seq, reason } = found.first_bad.unwrap();
    assert_eq!((bad_chain.as_str(), bad_seq), (chain, seq), "{reason}");
}

/// Serials 1 and 2 as SQL texts.
const ONE: &str = "'007900000001'";
const TWO: &str = "'007900000002'";

async fn a_trail_of_whole_lives_verifies(ledger: &Bench) {
    written(ledger).await;
    let all = Verification { entries: 5 + 1 + 1 + 1, devices: 3, ok: true, first_bad: None };
    assert_eq!(verification(&**ledger).await, all);
    assert_eq!(verification(&*ledger.another().await).await, all);
}

async fn an_empty_trail_verifies(ledger: &Bench) {
    assert_eq!(
        verification(&**ledger).await,
        Verification { entries: 0, devices: 0, ok: true, first_bad: None }
    );
    register(ledger, 2).await;
    assert_eq!(
        verification(&**ledger).await,
        Verification { entries: 1, devices: 2, ok: true, first_bad: None }
    );
}

async fn a_long_trail_verifies_page_by_page(ledger: &Bench) {
    let jobs = seed_many(ledger, 1_100).await;
    let claimed = claim(ledger, jobs[1_000], "ann").await;
    let facts = full_step(&claimed).audit;
    let mut step = step(&claimed);
    step.audit = facts.into_iter().cycle().take(1_500).collect();
    ledger.record(&claimed.lease, &step).await.unwrap();
    let found = verification(&**ledger).await;
    assert_eq!(
        found,
        Verification { entries: 1 + 1_100 + 1 + 1_500, devices: 1_100, ok: true, first_bad: None }
    );
}

async fn a_trail_verifies_while_it_is_written(ledger: &Bench) {
    let jobs = seed_many(ledger, 30).await;
    let other = ledger.another().await;
    let write = async {
        for job in jobs {
            let claimed = claim(&other, job, "ann").await;
            other.record(&claimed.lease, &full_step(&claimed)).await.unwrap();
            other.end(&claimed.lease, &End::Completed, &step(&claimed)).await.unwrap();
            register(&other, 30 + u32::try_from(job.0).unwrap()).await;
        }
    };
    let look = async {
        for _ in 0..30 {
            let found = verification(&**ledger).await;
            assert_eq!(found.first_bad, None);
        }
    };
    tokio::join!(write, look);
    assert!(verification(&**ledger).await.ok);
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
    for statement in [
        "UPDATE audit SET job_id = NULL",
        "UPDATE audit SET body = prev WHERE seq = 1",
        "DELETE FROM audit",
        "DELETE FROM audit WHERE seq = 5",
        "DELETE FROM audit_heads",
    ] {
        let refusal = ledger.sql(statement).await.unwrap_err();
        assert!(refusal.contains("append-only"), "{statement}: {refusal}");
    }
    assert!(verification(&**ledger).await.ok);
}

async fn an_edited_entry_is_found(ledger: &Bench) {
    let other = format!("SELECT body FROM audit WHERE chain = {TWO} AND seq = 1");
    let edit = format!("UPDATE audit SET body = ({other}) WHERE chain = {ONE} AND seq = 3");
    tampered(ledger, &edit, serial(1).as_str(), 3).await;
}

/// Whoever edits an entry can compute its hash, and then the next entry does not fit.
async fn an_entry_edited_with_its_hash_is_found(ledger: &Bench) {
    written(ledger).await;
    let entries = ledger.entries(&TrailFilter::default(), None, 100).await.unwrap();
    let hash = entries[2].prev.next(3, &entries[0].body);
    ledger.disarm().await;
    let edit = format!(
        "UPDATE audit SET body = (SELECT body FROM audit WHERE chain = {ONE} AND seq = 1), hash = {}
         WHERE chain = {ONE} AND seq = 3",
        ledger.bytes(&hash.to_string())
    );
    ledger.sql(&edit).await.unwrap();
    let first_bad = verification(&**ledger).await.first_bad.unwrap();
    assert_eq!((first_bad.chain.as_str(), first_bad.seq), (serial(1).as_str(), 4), "{}", first_bad.reason);
}

async fn a_deleted_entry_is_found(ledger: &Bench) {
    let delete = format!("DELETE FROM audit WHERE chain = {ONE} AND seq = 2");
    tampered(ledger, &delete, serial(1).as_str(), 2).await;
}

/// No trigger stands against an `INSERT`, because that is what the ledger does.
async fn an_inserted_entry_is_found(ledger: &Bench) {
    let insert = format!(
        "INSERT INTO audit (chain, seq, job_id, body, prev, hash)
         SELECT chain, 6, job_id, body, hash, prev FROM audit WHERE chain = {ONE} AND seq = 5"
    );
    tampered(ledger, &insert, serial(1).as_str(), 6).await;
}

/// Whoever knows the rules can link an entry rightly; the head still tells that the ledger did not write it.
async fn an_entry_linked_behind_the_head_is_found(ledger: &Bench) {
    written(ledger).await;
    let entries = ledger.entries(&TrailFilter::default(), None, 100).await.unwrap();
    let hash = entries[4].hash.next(6, &entries[0].body);
    let insert = format!(
        "INSERT INTO audit (chain, seq, job_id, body, prev, hash)
         SELECT chain, 6, job_id, body, {}, {} FROM audit WHERE chain = {ONE} AND seq = 1",
        ledger.bytes(&entries[4].hash.to_string()),
        ledger.bytes(&hash.to_string())
    );
    ledger.sql(&insert).await.unwrap();
    let first_bad = verification(&**ledger).await.first_bad.unwrap();
    assert_eq!((first_bad.chain.as_str(), first_bad.seq), (serial(1).as_str(), 6), "{}", first_bad.reason);
}

async fn an_entry_that_names_another_predecessor_is_found(ledger: &Bench) {
    let unlink = format!("UPDATE audit SET prev = hash WHERE chain = {ONE} AND seq = 2");
    tampered(ledger, &unlink, serial(1).as_str(), 2).await;
}

async fn swapped_entries_are_found(ledger: &Bench) {
    let swap = format!(
        "UPDATE audit SET seq = 99 WHERE chain = {ONE} AND seq = 3;
         UPDATE audit SET seq = 3 WHERE chain = {ONE} AND seq = 4;
         UPDATE audit SET seq = 4 WHERE chain = {ONE} AND seq = 99"
    );
    tampered(ledger, &swap, serial(1).as_str(), 3).await;
}

async fn a_cut_tail_is_found(ledger: &Bench) {
    let cut = format!("DELETE FROM audit WHERE chain = {ONE} AND seq > 3");
    tampered(ledger, &cut, serial(1).as_str(), 4).await;
}

async fn a_chain_carried_to_another_device_is_found(ledger: &Bench) {
    let carry = format!(
        "DELETE FROM audit WHERE chain = {TWO};
         INSERT INTO audit (chain, seq, job_id, body, prev, hash)
         SELECT {TWO}, seq, job_id, body, prev, hash FROM audit WHERE chain = {ONE};
         UPDATE audit_heads SET seq = (SELECT h.seq FROM audit_heads h WHERE h.chain = {ONE}),
                                hash = (SELECT h.hash FROM audit_heads h WHERE h.chain = {ONE})
         WHERE chain = {TWO}"
    );
    tampered(ledger, &carry, serial(2).as_str(), 1).await;
}

async fn a_chain_without_its_head_is_found(ledger: &Bench) {
    let behead = format!("DELETE FROM audit_heads WHERE chain = {TWO}");
    tampered(ledger, &behead, serial(2).as_str(), 1).await;
}

async fn a_changed_head_is_found(ledger: &Bench) {
    let change = format!(
        "UPDATE audit_heads SET hash = (SELECT h.hash FROM audit_heads h WHERE h.chain = {ONE}) WHERE chain = {TWO}"
    );
    tampered(ledger, &change, serial(2).as_str(), 1).await;
}

async fn an_emptied_chain_is_found(ledger: &Bench) {
    let empty = format!("DELETE FROM audit WHERE chain = {TWO}");
    tampered(ledger, &empty, serial(2).as_str(), 1).await;
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
