//! SIGKILL at any moment: between the write-ahead log and the commit, between the commit and the checkpoint.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::*;
use crate::audit::EntryHash;
use crate::domain::job::JobState;
use crate::ledger::{End, JobView, Outbox, Query, Settlement, Trail, TrailFilter};

/// Processes that are killed.
const N_ROUNDS: usize = 20;

/// Devices that each round has for itself: more than it gets to.
const DEVICES: usize = 400;

/// Tells the process its first device.
const FIRST_VARIABLE: &str = "FIRST_DEVICE";

/// Started with a path; without one there is nothing to do.
#[tokio::test]
async fn write_until_killed() {
    let Some(path) = path_as_a_process() else { return };
    let first: usize = std::env::var(FIRST_VARIABLE).unwrap().parse().unwrap();
    let ledger = SqliteLedger::open(&path).await.unwrap();
    for n in first..first + DEVICES {
        let job = enqueue(&ledger, std::iter::once(n)).await[0];
        say(&format!("queued {job}"));
        let claimed = claim(&ledger, job, "ann").await;
        say(&format!("claimed {job}"));
        ledger.record(&claimed.lease, &step(&claimed, 42)).await.unwrap();
        say(&format!("recorded {job}"));
        ledger.end(&claimed.lease, &End::Completed, &step(&claimed, 100)).await.unwrap();
        say(&format!("completed {job}"));
        if n % 8 == 0 {
            let taken = ledger.take_outbox(3, LEASE).await.unwrap();
            let confirmed = taken.rows.iter().map(|row| row.id).collect();
            let settlement = Settlement { confirmed, ..Settlement::default() };
            ledger.settle_outbox(taken.by, &settlement).await.unwrap();
            for row in taken.rows {
                say(&format!("published {}", row.id));
            }
        }
    }
    panic!("nobody killed it");
}

/// What was said to be committed.
#[derive(Default)]
struct Said {
    jobs: BTreeMap<JobId, &'static str>,
    published: Vec<i64>,
}

impl Said {
    fn note(&mut self, line: &str) {
        let (word, number) = line.split_once(' ').unwrap();
        let number: i64 = number.parse().unwrap();
        match ["queued", "claimed", "recorded", "completed"].into_iter().find(|known| *known == word) {
            Some(word) => drop(self.jobs.insert(JobId(number), word)),
            None => self.published.push(number),
        }
    }
}

#[tokio::test]
async fn a_process_that_is_killed_at_any_moment_loses_nothing_that_it_was_told() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ledger.sqlite");
    let ledger = SqliteLedger::open(&path).await.unwrap();
    register(&ledger, 0..N_ROUNDS * DEVICES).await;
    drop(ledger);

    let seed: u64 = rand::random();
    println!("seed {seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let mut said = Said::default();
    for round in 0..N_ROUNDS {
        let mut command = process("crash::write_until_killed", &path);
        command.env(FIRST_VARIABLE, (round * DEVICES).to_string());
        let mut writer = Talker::start(command);
        for _ in 0..random.random_range(1..120) {
            said.note(&writer.hear().unwrap());
        }
        // Somewhere inside the next transactions, of which one takes some milliseconds.
        let until = Instant::now() + Duration::from_micros(random.random_range(0..8_000));
        while Instant::now() < until {
            std::hint::spin_loop();
        }
        for line in writer.kill() {
            said.note(&line);
        }
        check(&path, &said).await;
    }
    assert!(said.jobs.len() > N_ROUNDS, "{} jobs", said.jobs.len());
}

async fn check(path: &Path, said: &Said) {
    let ledger = SqliteLedger::open(path).await.unwrap();
    let words = ledger.store.read("check", |transaction| {
        let mut query = transaction.prepare("PRAGMA integrity_check")?;
        let words = query.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?;
        let mut query = transaction.prepare("PRAGMA foreign_key_check")?;
        let n_broken = query.query_map([], |_| Ok(()))?.count();
        Ok((words, n_broken))
    });
    assert_eq!(words.await.unwrap(), (vec!["ok".to_owned()], 0));

    for (job, word) in &said.jobs {
        let view =
            ledger.job(*job).await.unwrap().unwrap_or_else(|| panic!("job {job} was {word}, and is gone"));
        assert!(is_as_far(&view, word), "job {job} was {word}, and is {view:?}");
    }
    let rows = ledger.store.read("check", |transaction| {
        let mut query = transaction.prepare("SELECT id FROM outbox")?;
        Ok(query.query_map([], |row| row.get::<_, i64>(0))?.collect::<Result<Vec<_>, _>>()?)
    });
    let rows = rows.await.unwrap();
    assert!(!said.published.iter().any(|id| rows.contains(id)), "a row that was done with is back");
    verify_chains(&ledger).await;
}

fn is_as_far(view: &JobView, word: &str) -> bool {
    let is_running = view.state == JobState::Running;
    let is_completed = view.state == JobState::Completed;
    match word {
        "queued" => true,
        "claimed" => is_running || is_completed,
        "recorded" => is_completed || is_running && view.progress == 42,
        "completed" => is_completed,
        other => panic!("{other}"),
    }
}

/// Recomputes every chain from its genesis to its head.
async fn verify_chains(ledger: &SqliteLedger) {
    let installation = ledger.installation().await.unwrap();
    let mut ends: BTreeMap<String, (i64, EntryHash)> = BTreeMap::new();
    let mut after: Option<(String, i64)> = None;
    loop {
        let place = after.as_ref().map(|(chain, seq)| (chain.as_str(), *seq));
        let page = ledger.entries(&TrailFilter::default(), place, 5_000).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some((last.chain.clone(), last.seq));
        for entry in page {
            let start = || (0, EntryHash::genesis(installation, &entry.chain));
            let end = ends.entry(entry.chain.clone()).or_insert_with(start);
            assert_eq!((entry.seq, entry.prev), (end.0 + 1, end.1), "{}", entry.chain);
            assert_eq!(entry.hash, entry.prev.next(entry.seq, &entry.body), "{}", entry.chain);
            *end = (entry.seq, entry.hash);
        }
    }
    for (chain, (seq, hash)) in ends {
        let head = ledger.store.read("check", move |transaction| {
            let query = "SELECT seq, hash FROM audit_heads WHERE chain = ?1";
            Ok(transaction
                .query_row(query, [chain], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?)))?)
        });
        assert_eq!(head.await.unwrap(), (seq, hash.0.to_vec()));
    }
}
