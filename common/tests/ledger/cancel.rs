//! Stopping a job: at once where it waits, through its worker where it runs.

use std::time::Duration;

use common::audit::{Actor, AuditAction};
use common::domain::job::{JobId, JobState, Requester};
use common::ledger::{CancelAnswer, End, EnqueueAnswer, LedgerError};

use crate::bench::Bench;
use crate::fixtures::*;

on_every_ledger![
    an_available_job_is_cancelled_at_once,
    a_scheduled_job_is_cancelled_at_once,
    a_running_job_is_asked_to_stop,
    asking_twice_tells_it_once,
    a_job_that_completes_first_stays_completed,
    a_job_that_does_not_exist_is_told_apart,
    a_cancel_and_a_claim_at_once_agree,
];

fn bob() -> Requester {
    Requester { operator: "bob".to_owned(), host: "shell-2".to_owned(), reason: None }
}

async fn an_available_job_is_cancelled_at_once(ledger: &Bench) {
    let job = seed(ledger).await;
    assert_eq!(ledger.cancel(job, &bob()).await.unwrap(), CancelAnswer::Cancelled);
    let view = view(ledger, job).await;
    assert_eq!((view.state, view.attempt, view.cancel), (JobState::Cancelled, 0, None));
    assert!(view.ended_at.is_some_and(is_recent));

    let last = chain(ledger, serial(1).as_str()).await.pop().unwrap();
    assert_eq!((last.action, last.actor), (AuditAction::JobCancelled, Actor::Operator(bob())));
    let rows = drain(ledger).await;
    assert_eq!(events(&rows), [(1, "queued".to_owned()), (2, "cancelled".to_owned())]);
    assert!(wake_ups(&rows).is_empty(), "nobody needs to be woken for it");
    let answers = ledger.enqueue(&batch(vec![wish(1)])).await.unwrap();
    assert!(matches!(answers[0].1, EnqueueAnswer::Created { .. }), "the device is free: {answers:?}");
}

async fn a_scheduled_job_is_cancelled_at_once(ledger: &Bench) {
    let claimed = running(ledger).await;
    let job = claimed.lease.job;
    ledger.end(&claimed.lease, &retry(Duration::from_secs(60)), &step(&claimed)).await.unwrap();
    assert_eq!(ledger.cancel(job, &bob()).await.unwrap(), CancelAnswer::Cancelled);
    ledger.elapse(Duration::from_secs(60)).await;
    assert_eq!(ledger.promote_due(10).await.unwrap(), (0, None));
    assert_eq!(state(ledger, job).await, JobState::Cancelled);
    let status = ledger.status(&serial(1)).await.unwrap().unwrap();
    assert_eq!(status.upgrade_status, common::domain::status::UpgradeStatus::Cancelled);
}

async fn a_running_job_is_asked_to_stop(ledger: &Bench) {
    let claimed = running(ledger).await;
    let job = claimed.lease.job;
    assert_eq!(ledger.cancel(job, &bob()).await.unwrap(), CancelAnswer::Requested);
    assert_eq!(state(ledger, job).await, JobState::Running);
    let request = view(ledger, job).await.cancel.unwrap();
    assert_eq!(request.by, bob());
    assert!(is_recent(request.at));
    let renewed = renew(ledger, std::slice::from_ref(&claimed.lease)).await;
    assert_eq!(renewed[0].cancel.as_ref(), Some(&request));

    ledger.end(&claimed.lease, &End::Cancelled, &step(&claimed)).await.unwrap();
    assert_eq!(state(ledger, job).await, JobState::Cancelled);
    let done = actions(ledger, 1).await;
    assert_eq!(done[2..], [AuditAction::CancelRequested, AuditAction::JobCancelled]);
    let rows = drain(ledger).await;
    let told = events(&rows);
    assert_eq!(told[2..], [(3, "cancel_requested".to_owned()), (4, "cancelled".to_owned())]);
    let body: serde_json::Value = serde_json::from_str(&rows.last().unwrap().body).unwrap();
    assert_eq!(body["data"]["operator"], "bob", "the event names who wanted it");
}

async fn asking_twice_tells_it_once(ledger: &Bench) {
    let claimed = running(ledger).await;
    for by in [bob(), operator()] {
        assert_eq!(ledger.cancel(claimed.lease.job, &by).await.unwrap(), CancelAnswer::Requested);
    }
    assert_eq!(view(ledger, claimed.lease.job).await.cancel.unwrap().by, bob());
    let n_requests =
        actions(ledger, 1).await.into_iter().filter(|action| *action == AuditAction::CancelRequested);
    assert_eq!(n_requests.count(), 1);
}

async fn a_job_that_completes_first_stays_completed(ledger: &Bench) {
    let claimed = running(ledger).await;
    let job = claimed.lease.job;
    ledger.cancel(job, &bob()).await.unwrap();
    ledger.end(&claimed.lease, &End::Completed, &step(&claimed)).await.unwrap();
    assert_eq!(state(ledger, job).await, JobState::Completed);
    let answer = ledger.cancel(job, &bob()).await.unwrap();
    assert_eq!(answer, CancelAnswer::AlreadyEnded { state: JobState::Completed });
}

async fn a_job_that_does_not_exist_is_told_apart(ledger: &Bench) {
    let answer = ledger.cancel(JobId(4_711), &bob()).await;
    assert!(matches!(answer, Err(LedgerError::UnknownJob { job: JobId(4_711) })), "{answer:?}");
}

/// Whoever comes first, the other one learns of it; no job is both running for good and cancelled.
async fn a_cancel_and_a_claim_at_once_agree(ledger: &Bench) {
    let other = ledger.another().await;
    for job in seed_many(ledger, 20).await {
        let (by, ann) = (bob(), worker("ann"));
        let (cancel, claim) = tokio::join!(other.cancel(job, &by), ledger.claim(job, &ann, LEASE));
        let expected = match cancel.unwrap() {
            CancelAnswer::Cancelled => JobState::Cancelled,
            CancelAnswer::Requested => JobState::Running,
            CancelAnswer::AlreadyEnded { state } => panic!("{state}"),
        };
        assert_eq!(state(ledger, job).await, expected, "{:?}", claim.unwrap());
    }
}
