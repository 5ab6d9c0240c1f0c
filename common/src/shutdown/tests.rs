//! Stopping, in paused time: nothing but the case with real signals waits for a real clock.

use std::future::pending;
use std::sync::atomic::AtomicUsize;

use tokio::time::{Instant, sleep};

use super::*;

const GRACE: Duration = Duration::from_secs(30);

#[tokio::test(start_paused = true)]
async fn tasks_that_end_within_the_grace_period_are_never_told_to_leave() {
    let shutdown = Shutdown::new();
    let inner = shutdown.clone();
    let task = shutdown.spawn(async move {
        inner.draining().await;
        sleep(GRACE / 2).await;
        inner.is_aborting()
    });
    let began = Instant::now();
    assert!(shutdown.drain(GRACE).await);
    assert_eq!(began.elapsed(), GRACE / 2);
    assert_eq!(task.await.unwrap(), Some(false));
    assert!(shutdown.is_draining() && !shutdown.is_aborting());
}

#[tokio::test(start_paused = true)]
async fn after_the_grace_period_tasks_are_told_to_leave_and_waited_for() {
    let shutdown = Shutdown::new();
    let ended = Arc::new(AtomicUsize::new(0));
    for _ in 0..3 {
        let (inner, ended) = (shutdown.clone(), ended.clone());
        shutdown.spawn(async move {
            assert_eq!(inner.unless_aborting(pending::<()>()).await, None);
            sleep(Duration::from_secs(1)).await; // hands its lease back
            ended.fetch_add(1, Ordering::SeqCst);
        });
    }
    let began = Instant::now();
    assert!(!shutdown.drain(GRACE).await);
    assert_eq!(began.elapsed(), GRACE + Duration::from_secs(1));
    assert_eq!(ended.load(Ordering::SeqCst), 3);
    assert!(!shutdown.panicked());
}

#[tokio::test(start_paused = true)]
async fn aborting_cuts_the_grace_period_short() {
    let shutdown = Shutdown::new();
    let inner = shutdown.clone();
    shutdown.spawn(async move { inner.aborting().await });
    let second_signal = shutdown.clone();
    tokio::spawn(async move {
        sleep(Duration::from_secs(2)).await;
        second_signal.abort();
    });
    let began = Instant::now();
    assert!(!shutdown.drain(GRACE).await);
    assert_eq!(began.elapsed(), Duration::from_secs(2));
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_a_task_makes_the_others_leave() {
    let shutdown = Shutdown::new();
    let inner = shutdown.clone();
    let other = shutdown.spawn(async move { inner.unless_aborting(pending::<()>()).await });
    let broken = shutdown.spawn(async { panic!("a loop of the worker is broken") });
    assert_eq!(broken.await.unwrap(), None::<()>);
    assert_eq!(other.await.unwrap(), Some(None));
    assert!(shutdown.panicked() && shutdown.is_draining() && shutdown.is_aborting());
    assert!(!shutdown.drain(GRACE).await);
}

#[tokio::test(start_paused = true)]
async fn draining_ends_a_wait_for_work_and_spares_a_wait_for_a_device() {
    let shutdown = Shutdown::new();
    assert_eq!(shutdown.unless_draining(async { 1 }).await, Some(1));
    shutdown.begin();
    assert_eq!(shutdown.unless_draining(async { 2 }).await, None);
    assert_eq!(shutdown.unless_aborting(async { 3 }).await, Some(3));
    shutdown.abort();
    assert_eq!(shutdown.unless_aborting(async { 4 }).await, None);
}

/// Signals are for the whole process: once they are caught they harm no test beside this one.
#[cfg(unix)]
#[tokio::test]
async fn the_first_signal_drains_and_the_second_aborts() {
    const BOUND: Duration = Duration::from_secs(10);
    let send = |signal: &str| {
        let own_id = std::process::id().to_string();
        assert!(std::process::Command::new("kill").args([signal, &own_id]).status().unwrap().success());
    };
    let shutdown = Shutdown::new();
    shutdown.listen_for_signals().unwrap();
    send("-TERM");
    tokio::time::timeout(BOUND, shutdown.draining()).await.unwrap();
    assert!(!shutdown.is_aborting());
    send("-INT");
    tokio::time::timeout(BOUND, shutdown.aborting()).await.unwrap();
}
