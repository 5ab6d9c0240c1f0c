use std::sync::atomic::{AtomicU32, Ordering};

use common::domain::hold::HoldCause;
use common::domain::job::Requester;
use futures_util::FutureExt;
use futures_util::future::join_all;

use super::*;
use crate::testing::{SERIAL, with_a_job};

/// A gate over a ledger of its own, which lives in the directory.
async fn gate(trip_after: u32) -> (tempfile::TempDir, Gate) {
    let directory = tempfile::tempdir().unwrap();
    let engine = with_a_job(directory.path()).await;
    (directory, Gate::new(engine.ledger, trip_after))
}

fn serial() -> Serial {
    SERIAL.parse().unwrap()
}

async fn refuse(gate: &Gate) {
    gate.enter().await.ok().unwrap().refused(&serial()).await.unwrap();
}

#[tokio::test]
async fn until_a_log_in_is_accepted_only_a_few_attempts_make_their_first_call() {
    let (_directory, gate) = gate(3).await;
    let mut passes: Vec<_> = Vec::new();
    for _ in 0..FIRST_CALLS {
        passes.push(gate.enter().now_or_never().unwrap().ok().unwrap());
    }
    assert!(gate.enter().now_or_never().is_none(), "one too many");
    passes.pop();
    assert!(gate.enter().now_or_never().is_some(), "no answer is neither a yes nor a no, and makes room");
    passes.pop().unwrap().accepted().await;
    let all: Vec<_> = (0..100).map(|_| gate.enter().now_or_never()).collect();
    assert!(all.iter().all(Option::is_some), "open for all");
}

#[tokio::test]
async fn who_waits_goes_on_when_a_log_in_is_accepted() {
    let (_directory, gate) = gate(3).await;
    let mut passes: Vec<_> = Vec::new();
    for _ in 0..FIRST_CALLS {
        passes.push(gate.enter().await.ok().unwrap());
    }
    let (_, waited) = tokio::join!(passes.pop().unwrap().accepted(), gate.enter());
    assert!(waited.is_ok());
}

#[tokio::test]
async fn refusals_in_a_row_hold_the_fleet_and_turn_away_who_waits() {
    let (_directory, gate) = gate(3).await;
    let mut passes: Vec<_> = Vec::new();
    for _ in 0..FIRST_CALLS {
        passes.push(gate.enter().await.ok().unwrap());
    }
    for pass in passes {
        assert!(!gate.is_shut());
        pass.refused(&serial()).await.unwrap();
    }
    assert!(gate.enter().await.is_err(), "turned away");
    let hold = gate.ledger.hold().await.unwrap().unwrap();
    assert_eq!((hold.cause, hold.by), (HoldCause::Credentials, None));
}

#[tokio::test]
async fn wrong_credentials_are_refused_by_a_handful_of_a_thousand_devices() {
    let (_directory, gate) = gate(3).await;
    let n_refused = AtomicU32::new(0);
    let attempts = (0..1_000).map(|_| async {
        if let Ok(pass) = gate.enter().await {
            n_refused.fetch_add(1, Ordering::Relaxed);
            pass.refused(&serial()).await.unwrap();
        }
    });
    join_all(attempts).await;
    // Three that hold the fleet, and those that were on their way meanwhile.
    assert!((3..=5).contains(&n_refused.load(Ordering::Relaxed)), "{n_refused:?}");
    assert!(gate.is_shut());
}

#[tokio::test]
async fn refusals_that_may_belong_to_a_boot_are_not_counted_and_let_nobody_pass() {
    let (_directory, gate) = gate(3).await;
    gate.enter().await.ok().unwrap().accepted().await;
    let mut passes = Vec::new();
    for _ in 0..10 {
        let mut pass = gate.enter().await.ok().unwrap();
        pass.doubted();
        passes.push(pass);
        if gate.enter().now_or_never().is_none() {
            break;
        }
    }
    assert_eq!(passes.len(), FIRST_CALLS, "the first one narrowed the gate, and each keeps its place");
    assert!(!gate.is_shut());
    passes.pop().unwrap().accepted().await;
    assert!(gate.enter().now_or_never().is_some(), "one device has booted, so the credentials are good");
    assert_eq!(
        gate.ledger.login_refused(&serial(), 3).await.unwrap().refused_in_row,
        1,
        "the first that counts"
    );
}

#[tokio::test]
async fn who_waits_is_turned_away_by_the_hold_of_another_process() {
    let (_directory, gate) = gate(3).await;
    let mut passes: Vec<_> = Vec::new();
    for _ in 0..FIRST_CALLS {
        passes.push(gate.enter().await.ok().unwrap());
    }
    let by = Requester { operator: "ann".into(), host: "localhost".into(), reason: Some("works".into()) };
    let hold = gate.ledger.pause(&by).await.unwrap();
    let (waited, ()) = tokio::join!(gate.enter(), async { gate.shut(&hold) });
    assert!(waited.is_err());
    passes.pop().unwrap().accepted().await;
    assert!(gate.is_shut(), "an attempt that runs does not end a hold");
}

#[tokio::test]
async fn an_accepted_log_in_between_refusals_keeps_the_fleet_going() {
    let (_directory, gate) = gate(2).await;
    for _ in 0..3 {
        refuse(&gate).await;
        gate.enter().await.ok().unwrap().accepted().await;
    }
    assert_eq!(gate.ledger.hold().await.unwrap(), None);
    refuse(&gate).await;
    refuse(&gate).await;
    assert!(gate.ledger.hold().await.unwrap().is_some());
}

#[tokio::test]
async fn after_a_hold_the_log_in_has_to_prove_itself_again() {
    let (_directory, gate) = gate(1).await;
    gate.enter().await.ok().unwrap().accepted().await;
    refuse(&gate).await;
    assert!(gate.is_shut());
    gate.reopen(Instant::now());
    let passes: Vec<_> = (0..=FIRST_CALLS).map(|_| gate.enter().now_or_never()).collect();
    assert_eq!(passes.iter().filter(|pass| pass.is_some()).count(), FIRST_CALLS);
}

#[tokio::test]
async fn zero_never_holds_the_fleet() {
    let (_directory, gate) = gate(0).await;
    let passes: Vec<_> = (0..100).map(|_| gate.enter().now_or_never().unwrap().ok().unwrap()).collect();
    for pass in passes {
        pass.refused(&serial()).await.unwrap();
    }
    assert_eq!(gate.ledger.hold().await.unwrap(), None);
}
