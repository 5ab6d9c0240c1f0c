//! Verifying while others write never cries wolf; and its memory stays flat.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use common::audit::{AuditAction, AuditFact};
use common::ledger::{Claim, End, LedgerError};
use futures_util::future::join_all;

use super::verification;
use crate::bench::Bench;
use crate::fixtures::*;

on_every_ledger![
    a_trail_verifies_while_many_write_and_anchor,
    chains_of_several_pages_verify_while_they_grow,
    memory_stays_flat_however_long_the_trail_is,
];

async fn a_trail_verifies_while_many_write_and_anchor(ledger: &Bench) {
    let jobs = seed_many(ledger, 40).await;
    let is_over = AtomicBool::new(false);
    let write = async {
        join_all(jobs.chunks(10).map(async |jobs| {
            let other = ledger.another().await;
            for job in jobs {
                let claimed = again(async || other.claim(*job, &worker("ann"), LEASE).await).await;
                let Claim::Claimed(claimed) = claimed else { panic!("job {job}: {claimed:?}") };
                again(async || other.record(&claimed.lease, &full_step(&claimed)).await).await;
                again(async || other.anchor(Duration::ZERO).await).await;
                again(async || other.end(&claimed.lease, &End::Completed, &step(&claimed)).await).await;
            }
        }))
        .await;
        is_over.store(true, Ordering::SeqCst);
    };
    let begin = async {
        for n in 41..60 {
            register(ledger, n).await;
        }
    };
    let look = async {
        while !is_over.load(Ordering::SeqCst) {
            assert_eq!(verification(&**ledger).await.first_bad, None);
        }
    };
    tokio::join!(write, begin, look);
    assert!(verification(&**ledger).await.ok);
}

/// Asks as a worker does: SQLite's lock is not fair, and of many writers one may wait for it too long.
async fn again<T>(ask: impl AsyncFn() -> Result<T, LedgerError>) -> T {
    let mut n_tries = 0;
    loop {
        match ask().await {
            Ok(answer) => return answer,
            Err(LedgerError::NotReachable { .. }) if n_tries < 10 => n_tries += 1,
            Err(error) => panic!("{error}"),
        }
    }
}

/// A page of entries is older than the page of heads that is read behind it, and than a newer anchor.
async fn chains_of_several_pages_verify_while_they_grow(ledger: &Bench) {
    seed_many(ledger, 2_100).await;
    let is_over = AtomicBool::new(false);
    let write = async {
        for round in 0..40_u32 {
            for n in [1_u32, 999, 1_000, 1_001, 1_500, 1_999, 2_000, 2_001, 2_100] {
                let fact = AuditFact::new(AuditAction::ImageDeleted, serde_json::json!({ "round": round }));
                ledger.note(&serial(n), &fact, &operator()).await.unwrap();
            }
            ledger.anchor(Duration::ZERO).await.unwrap();
        }
        is_over.store(true, Ordering::SeqCst);
    };
    let look = async {
        let other = ledger.another().await;
        while !is_over.load(Ordering::SeqCst) {
            assert_eq!(verification(&*other).await.first_bad, None);
        }
    };
    tokio::join!(write, look);
    assert!(verification(&**ledger).await.ok);
}

/// Kilobytes of entries, or of anything else, that a test may hold at once.
const FLAT_KB: u64 = 16 * 1024;

async fn memory_stays_flat_however_long_the_trail_is(ledger: &Bench) {
    // Twice what may be held: 8,000 entries of 4 kB.
    let fact = AuditFact::new(AuditAction::DownloadEnded, serde_json::json!({ "answer": "x".repeat(4_000) }));
    let claimed = running(ledger).await;
    for _ in 0..40 {
        let mut long = step(&claimed);
        long.audit = vec![fact.clone(); 200];
        ledger.record(&claimed.lease, &long).await.unwrap();
    }
    ledger.anchor(Duration::ZERO).await.unwrap().unwrap();
    // The peak since now (Linux, Documentation/filesystems/proc.rst, clear_refs).
    fs::write("/proc/self/clear_refs", "5").unwrap();
    let before = peak_kb();
    let found = verification(&**ledger).await;
    let grown = peak_kb() - before;
    assert_eq!((found.ok, found.entries), (true, 8_000 + 3));
    assert!(grown < FLAT_KB, "{grown} KiB more while {} entries were verified", found.entries);
}

/// The most memory that this process has had.
fn peak_kb() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim_end_matches("kB").trim().parse().unwrap()
}
