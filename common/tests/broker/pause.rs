//! A full worker keeps nothing that an idle one could do.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use common::domain::job::JobType::{self, DownloadOnly, Upgrade};
use tokio::sync::Barrier;
use tokio::time::timeout;

use crate::bench::{A_WHILE, Bench, downloads, next, next_job, next_jobs, publish, wake_up};

on_every_broker!(
    a_paused_stream_leaves_the_next_wake_up_to_another,
    a_paused_stream_delivers_nothing_until_it_is_resumed,
    a_pause_gives_back_what_was_under_way_in_the_other_queues,
    pausing_and_resuming_twice_is_once,
    two_workers_that_pause_all_the_time_do_each_job_once,
);

/// What is handed over at once, not after some timeout.
const AT_ONCE: Duration = Duration::from_secs(10);

async fn a_paused_stream_leaves_the_next_wake_up_to_another(bench: &mut impl Bench) {
    let (full, idle) = (bench.client(), bench.client());
    publish(&*full, &downloads([1, 2, 3])).await;
    let mut of_full = full.wake_ups(&[DownloadOnly]).await.unwrap();
    let last_slot = next(&mut of_full).await;
    of_full.pause().await.unwrap();
    last_slot.receipt.ack().await.unwrap();
    assert_eq!(last_slot.wake_up.unwrap().job_id.0, 1);

    let started = Instant::now();
    let mut of_idle = idle.wake_ups(&[DownloadOnly]).await.unwrap();
    assert_eq!(next_jobs(&mut of_idle, 2).await, [2, 3]);
    assert!(started.elapsed() < AT_ONCE);
    drop((of_idle, idle));

    of_full.resume();
    publish(&*full, &downloads([4])).await;
    assert_eq!(next_job(&mut of_full).await, 4, "it takes wake-ups again");
}

async fn a_paused_stream_delivers_nothing_until_it_is_resumed(bench: &mut impl Bench) {
    let broker = bench.client();
    let mut wake_ups = broker.wake_ups(&[DownloadOnly]).await.unwrap();
    wake_ups.pause().await.unwrap();
    publish(&*broker, &downloads([1])).await;
    assert!(timeout(A_WHILE, wake_ups.next()).await.is_err(), "a delivery in a paused stream");
    assert_eq!(broker.depth(DownloadOnly).await.unwrap().n_ready, 1);
    wake_ups.resume();
    assert_eq!(next_job(&mut wake_ups).await, 1);
}

async fn a_pause_gives_back_what_was_under_way_in_the_other_queues(bench: &mut impl Bench) {
    let (full, idle) = (bench.client(), bench.client());
    publish(&*full, &[wake_up(1, DownloadOnly), wake_up(2, Upgrade), wake_up(3, DownloadOnly)]).await;
    let mut of_full = full.wake_ups(&JobType::ALL).await.unwrap();
    let last_slot = next(&mut of_full).await;
    // Time for the other queue's message to come under way.
    tokio::time::sleep(A_WHILE).await;
    of_full.pause().await.unwrap();
    last_slot.receipt.ack().await.unwrap();

    let started = Instant::now();
    let mut of_idle = idle.wake_ups(&JobType::ALL).await.unwrap();
    let mut jobs = BTreeSet::from([last_slot.wake_up.unwrap().job_id.0]);
    jobs.extend(next_jobs(&mut of_idle, 2).await);
    assert_eq!(jobs, BTreeSet::from([1, 2, 3]));
    assert!(started.elapsed() < AT_ONCE);
}

async fn pausing_and_resuming_twice_is_once(bench: &mut impl Bench) {
    let broker = bench.client();
    publish(&*broker, &downloads([1, 2])).await;
    let mut wake_ups = broker.wake_ups(&[DownloadOnly]).await.unwrap();
    wake_ups.resume();
    let in_hand = next(&mut wake_ups).await;
    wake_ups.pause().await.unwrap();
    wake_ups.pause().await.unwrap();
    in_hand.receipt.ack().await.unwrap();
    wake_ups.resume();
    wake_ups.resume();
    assert_eq!(next_job(&mut wake_ups).await, 2);
    wake_ups.pause().await.unwrap();
    assert_eq!(broker.depth(DownloadOnly).await.unwrap().n_ready, 0);
}

async fn two_workers_that_pause_all_the_time_do_each_job_once(bench: &mut impl Bench) {
    const N_JOBS: i64 = 60;
    let publishing = bench.client();
    publish(&*publishing, &downloads(1..=N_JOBS)).await;
    // Neither goes on before both hold a delivery, or a quick one could do all the work alone.
    let both_have_work = Arc::new(Barrier::new(2));
    let mut workers = Vec::new();
    for _ in 0..2 {
        let (broker, both_have_work) = (bench.client(), Arc::clone(&both_have_work));
        workers.push(tokio::spawn(async move {
            let mut wake_ups = broker.wake_ups(&[DownloadOnly]).await.unwrap();
            let mut jobs = Vec::new();
            while let Ok(delivery) = timeout(Duration::from_secs(3), wake_ups.next()).await {
                let delivery = delivery.unwrap();
                wake_ups.pause().await.unwrap();
                if jobs.is_empty() {
                    timeout(AT_ONCE, both_have_work.wait()).await.expect("both get a delivery");
                }
                delivery.receipt.ack().await.unwrap();
                jobs.push(delivery.wake_up.unwrap().job_id.0);
                wake_ups.resume();
            }
            jobs
        }));
    }
    let mut jobs = Vec::new();
    for worker in workers {
        let of_worker = worker.await.unwrap();
        assert!(!of_worker.is_empty(), "each had one before either went on");
        jobs.extend(of_worker);
    }
    jobs.sort_unstable();
    assert_eq!(jobs, (1..=N_JOBS).collect::<Vec<_>>());
}
