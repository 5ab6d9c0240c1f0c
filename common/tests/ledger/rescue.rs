//! Jobs that were lost come back.

use std::time::Duration;

use common::audit::{Actor, AuditAction};
use common::domain::attempt::MAX_LOST_LEASES;
use common::domain::failure::FailureKind;
use common::domain::job::JobState;
use common::ledger::Rescued;

use crate::bench::Bench;
use crate::fixtures::*;

on_every_ledger![
    a_job_of_a_silent_worker_comes_back_with_its_attempt,
    a_live_lease_is_left_alone,
    a_job_that_loses_too_many_leases_fails,
    a_lost_job_that_was_to_stop_is_cancelled,
    a_job_that_nobody_claimed_is_woken_again,
    two_rescuers_at_once_bring_a_job_back_once,
];

const UNCLAIMED_AFTER: Duration = Duration::from_secs(3_600);

async fn a_job_of_a_silent_worker_comes_back_with_its_attempt(ledger: &Bench) {
    let claimed = running(ledger).await;
    let job = claimed.lease.job;
    ledger.record(&claimed.lease, &step(&claimed)).await.unwrap();
    drain(ledger).await;
    ledger.elapse(2 * LEASE).await;
    let rescued = ledger.rescue(UNCLAIMED_AFTER).await.unwrap();
    assert_eq!(rescued, Rescued { expired: vec![job], ..Rescued::default() });
    assert_eq!(ledger.rescue(UNCLAIMED_AFTER).await.unwrap(), Rescued::default());

    let view = view(ledger, job).await;
    assert_eq!((view.state, view.attempt, view.worker), (JobState::Available, 0, None));
    let attempt = ledger.attempts(job).await.unwrap().pop().unwrap();
    assert_eq!(attempt.ending.as_deref(), Some("lease_lost"));
    let last = chain(ledger, serial(1).as_str()).await.pop().unwrap();
    assert_eq!((last.action, last.actor), (AuditAction::JobRescued, Actor::System));
    let rows = drain(ledger).await;
    assert_eq!(events(&rows), [(3, "rescued".to_owned())]);
    assert!(rows.iter().any(|row| row.body.contains("\"lost_worker\":\"ann\"")), "{rows:?}");
    assert_eq!(wake_ups(&rows), [format!("{job}:2")]);
    let status = ledger.status(&serial(1)).await.unwrap().unwrap();
    assert_eq!(status.upgrade_status, common::domain::status::UpgradeStatus::Pending);
    assert_eq!(claim(ledger, job, "bob").await.attempt, 1);
}

async fn a_live_lease_is_left_alone(ledger: &Bench) {
    let claimed = running(ledger).await;
    ledger.elapse(LEASE / 2).await;
    assert_eq!(ledger.rescue(UNCLAIMED_AFTER).await.unwrap(), Rescued::default());
    ledger.record(&claimed.lease, &step(&claimed)).await.unwrap();
}

async fn a_job_that_loses_too_many_leases_fails(ledger: &Bench) {
    let job = seed(ledger).await;
    for n_lost in 1..=MAX_LOST_LEASES + 1 {
        claim(ledger, job, "ann").await;
        ledger.elapse(2 * LEASE).await;
        let rescued = ledger.rescue(UNCLAIMED_AFTER).await.unwrap();
        assert_eq!(rescued.expired, [job]);
        assert_eq!(rescued.given_up.is_empty(), n_lost <= MAX_LOST_LEASES, "lease {n_lost}");
    }
    let view = view(ledger, job).await;
    assert_eq!((view.state, view.failure_kind), (JobState::Failed, Some(FailureKind::WorkerLost)));
    let rows = drain(ledger).await;
    assert_eq!(events(&rows).pop().unwrap().1, "failed");
    assert!(wake_ups(&rows).is_empty(), "an ended job needs no wake-up");
    assert_eq!(actions(ledger, 1).await.pop(), Some(AuditAction::JobFailed));
}

async fn a_lost_job_that_was_to_stop_is_cancelled(ledger: &Bench) {
    let claimed = running(ledger).await;
    ledger.cancel(claimed.lease.job, &operator()).await.unwrap();
    ledger.elapse(2 * LEASE).await;
    let rescued = ledger.rescue(UNCLAIMED_AFTER).await.unwrap();
    assert_eq!((rescued.expired, rescued.given_up), (vec![claimed.lease.job], vec![]));
    assert_eq!(state(ledger, claimed.lease.job).await, JobState::Cancelled);
}

async fn a_job_that_nobody_claimed_is_woken_again(ledger: &Bench) {
    let job = seed(ledger).await;
    ledger.elapse(2 * UNCLAIMED_AFTER).await;
    let rescued = ledger.rescue(UNCLAIMED_AFTER).await.unwrap();
    assert!(rescued.unclaimed.is_empty(), "it was never dispatched: its row still waits for a relay");

    drain(ledger).await;
    ledger.elapse(UNCLAIMED_AFTER / 2).await;
    assert!(ledger.rescue(UNCLAIMED_AFTER).await.unwrap().unclaimed.is_empty());
    ledger.elapse(UNCLAIMED_AFTER).await;
    assert_eq!(ledger.rescue(UNCLAIMED_AFTER).await.unwrap().unclaimed, [job]);
    assert!(ledger.rescue(UNCLAIMED_AFTER).await.unwrap().unclaimed.is_empty());
    assert_eq!(wake_ups(&drain(ledger).await), [format!("{job}:2")]);
    assert_eq!(claim(ledger, job, "ann").await.attempt, 1);
}

async fn two_rescuers_at_once_bring_a_job_back_once(ledger: &Bench) {
    let jobs = seed_many(ledger, 20).await;
    for job in &jobs {
        claim(ledger, *job, "ann").await;
    }
    drain(ledger).await;
    ledger.elapse(2 * LEASE).await;
    let other = ledger.another().await;
    let (ours, theirs) = tokio::join!(ledger.rescue(UNCLAIMED_AFTER), other.rescue(UNCLAIMED_AFTER));
    let rest = ledger.rescue(UNCLAIMED_AFTER).await.unwrap();
    let mut expired: Vec<_> =
        [ours.unwrap(), theirs.unwrap(), rest].into_iter().flat_map(|r| r.expired).collect();
    expired.sort_unstable();
    assert_eq!(expired, jobs);
    assert_eq!(wake_ups(&drain(ledger).await).len(), 20);
}
