//! Two processes that work from one file.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::*;
use crate::broker::Broker;
use crate::broker::in_process::InProcessBroker;
use crate::domain::job::JobState;
use crate::ledger::{End, Outbox, OutboxKind, Query, Settlement};

/// Jobs that two processes share.
const N_JOBS: usize = 200;

/// Started with a path; without one there is nothing to do.
#[tokio::test]
async fn work_as_a_process() {
    let Some(path) = path_as_a_process() else { return };
    let ledger = SqliteLedger::open(&path).await.unwrap();
    let broker = InProcessBroker::new(ledger.store().clone());
    let mut wake_ups = broker.wake_ups(&[JobType::DownloadOnly]).await.unwrap();
    say("ready");
    std::io::stdin().lines().next().unwrap().unwrap();
    let name = worker(&format!("worker-{}", std::process::id()));
    let mut is_first = true;
    loop {
        let Ok(delivery) = tokio::time::timeout(Duration::from_millis(300), wake_ups.next()).await else {
            let counts = ledger.counts(None).await.unwrap();
            if counts.by_state[&JobState::Completed] == counts.total {
                break;
            }
            continue;
        };
        let delivery = delivery.unwrap();
        let job = delivery.wake_up.unwrap().job_id;
        let claim = ledger.claim(job, &name, LEASE).await.unwrap();
        delivery.receipt.ack().await.unwrap();
        if let Claim::Claimed(claimed) = claim {
            say(&format!("{job}"));
            if std::mem::take(&mut is_first) {
                // Until the other has one too: SQLite's lock is not fair, and one alone would prove nothing.
                std::io::stdin().lines().next().unwrap().unwrap();
            }
            ledger.record(&claimed.lease, &step(&claimed, 42)).await.unwrap();
            ledger.end(&claimed.lease, &End::Completed, &step(&claimed, 100)).await.unwrap();
        }
    }
    say("done");
}

#[tokio::test]
async fn two_processes_on_one_file_never_hold_one_job() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ledger.sqlite");
    let ledger = SqliteLedger::open(&path).await.unwrap();
    register(&ledger, 0..N_JOBS).await;
    let jobs: BTreeSet<JobId> = enqueue(&ledger, 0..N_JOBS).await.into_iter().collect();

    let broker = InProcessBroker::new(ledger.store().clone());
    let taken = ledger.take_outbox(1_000, LEASE).await.unwrap();
    broker.publish(&taken.rows).await.unwrap();
    // Every wake-up twice, so that both are asked for every job.
    let again: Vec<_> = taken.rows.iter().filter(|row| row.kind == OutboxKind::WakeUp).cloned().collect();
    broker.publish(&again).await.unwrap();
    let confirmed = taken.rows.iter().map(|row| row.id).collect();
    ledger.settle_outbox(taken.by, &Settlement { confirmed, ..Settlement::default() }).await.unwrap();

    let mut workers = [(); 2].map(|()| Talker::start(process("sharing::work_as_a_process", &path)));
    for worker in &mut workers {
        assert_eq!(worker.hear().unwrap(), "ready");
    }
    for worker in &mut workers {
        worker.tell("go");
    }
    let firsts = workers.each_mut().map(|worker| worker.hear().unwrap());
    for worker in &mut workers {
        worker.tell("on");
    }
    // Each says less than a pipe holds, so one may be heard after the other.
    let mut claims: BTreeMap<JobId, u32> = BTreeMap::new();
    for (worker, first) in workers.iter_mut().zip(firsts) {
        let said: Vec<String> = std::iter::once(first).chain(std::iter::from_fn(|| worker.hear())).collect();
        let (last, claimed) = said.split_last().unwrap();
        assert_eq!(last, "done");
        for job in claimed {
            *claims.entry(JobId(job.parse().unwrap())).or_default() += 1;
        }
    }
    assert!(claims.values().all(|n| *n == 1), "{claims:?}");
    assert_eq!(claims.into_keys().collect::<BTreeSet<_>>(), jobs);
    for job in jobs {
        let attempts = ledger.attempts(job).await.unwrap();
        let endings: Vec<_> = attempts.iter().map(|attempt| attempt.ending.as_deref()).collect();
        assert_eq!(endings, [Some("completed")], "job {job}");
    }
}
