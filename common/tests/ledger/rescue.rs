//! Jobs that were lost come back.

use std::time::Duration;

use common::audit::{Actor, AuditAction};
use common::domain::attempt::MAX_LOST_LEASES;
use common::domain::failure::FailureKind;
use common::domain::hold::PauseScope;
use common::domain::job::{JobState, JobType};
use common::ledger::{End, LedgerError, Rescued};

use crate::bench::Bench;
use crate::fixtures::*;

on_every_ledger![
    a_job_of_a_silent_worker_comes_back_with_its_attempt,
    a_live_lease_is_left_alone,
    a_job_that_loses_too_many_leases_fails,
    a_lost_job_that_was_to_stop_is_cancelled,
    a_job_that_nobody_claimed_is_woken_again,
    two_rescuers_at_once_bring_a_job_back_once,
    of_a_rescue_and_an_end_at_once_one_ends_the_attempt,
    a_job_whose_wake_up_is_nowhere_is_woken_again,
    the_rescue_looks_for_lost_wake_ups_only_where_jobs_may_begin,
    jobs_that_nobody_claimed_are_counted_by_type,
];

const UNCLAIMED_AFTER: Duration = Duration::from_secs(3_600);

async fn a_job_of_a_silent_worker_comes_back_with_its_attempt(ledger: &Bench) {
    let claimed = running(ledger).await;
    let job = claimed.lease.job;
    ledger.record(&claimed.lease, &step(&claimed)).await.unwrap();
    drain(ledger).await;
    ledger.elapse(2 * LEASE).await;
    let rescued = ledger.rescue(UNCLAIMED_AFTER, u32::MAX).await.unwrap();
    assert_eq!(rescued, Rescued { expired: vec![job], ..Rescued::default() });
    assert_eq!(ledger.rescue(UNCLAIMED_AFTER, u32::MAX).await.unwrap(), Rescued::default());

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
    assert_eq!(ledger.rescue(UNCLAIMED_AFTER, u32::MAX).await.unwrap(), Rescued::default());
    ledger.record(&claimed.lease, &step(&claimed)).await.unwrap();
}

async fn a_job_that_loses_too_many_leases_fails(ledger: &Bench) {
    let job = seed(ledger).await;
    for n_lost in 1..=MAX_LOST_LEASES + 1 {
        claim(ledger, job, "ann").await;
        ledger.elapse(2 * LEASE).await;
        let rescued = ledger.rescue(UNCLAIMED_AFTER, u32::MAX).await.unwrap();
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
    let rescued = ledger.rescue(UNCLAIMED_AFTER, u32::MAX).await.unwrap();
    assert_eq!((rescued.expired, rescued.given_up), (vec![claimed.lease.job], vec![]));
    assert_eq!(state(ledger, claimed.lease.job).await, JobState::Cancelled);
}

async fn a_job_that_nobody_claimed_is_woken_again(ledger: &Bench) {
    let job = seed(ledger).await;
    ledger.elapse(2 * UNCLAIMED_AFTER).await;
    let rescued = ledger.rescue(UNCLAIMED_AFTER, u32::MAX).await.unwrap();
    assert!(rescued.unclaimed.is_empty(), "it was never dispatched: its row still waits for a relay");

    drain(ledger).await;
    ledger.elapse(UNCLAIMED_AFTER / 2).await;
    assert!(ledger.rescue(UNCLAIMED_AFTER, u32::MAX).await.unwrap().unclaimed.is_empty());
    ledger.elapse(UNCLAIMED_AFTER).await;
    assert_eq!(ledger.rescue(UNCLAIMED_AFTER, u32::MAX).await.unwrap().unclaimed, [job]);
    assert!(ledger.rescue(UNCLAIMED_AFTER, u32::MAX).await.unwrap().unclaimed.is_empty());
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
    let (ours, theirs) =
        tokio::join!(ledger.rescue(UNCLAIMED_AFTER, u32::MAX), other.rescue(UNCLAIMED_AFTER, u32::MAX));
    let rest = ledger.rescue(UNCLAIMED_AFTER, u32::MAX).await.unwrap();
    let mut expired: Vec<_> =
        [ours.unwrap(), theirs.unwrap(), rest].into_iter().flat_map(|r| r.expired).collect();
    expired.sort_unstable();
    assert_eq!(expired, jobs);
    assert_eq!(wake_ups(&drain(ledger).await).len(), 20);
}

/// The lease ran out while its worker was ending the attempt: whoever comes second finds nothing to end.
async fn of_a_rescue_and_an_end_at_once_one_ends_the_attempt(ledger: &Bench) {
    let jobs = seed_many(ledger, 20).await;
    let mut held = Vec::new();
    for job in &jobs {
        held.push(claim(ledger, *job, "ann").await);
    }
    drain(ledger).await;
    ledger.elapse(2 * LEASE).await;
    let other = ledger.another().await;
    let ending = async {
        let mut ended = Vec::new();
        for claimed in &held {
            match ledger.end(&claimed.lease, &End::Completed, &step(claimed)).await {
                Ok(()) => ended.push(claimed.lease.job),
                Err(LedgerError::LeaseLost { .. }) => {}
                Err(error) => panic!("{error}"),
            }
        }
        ended
    };
    let rescuing = async {
        let mut expired = Vec::new();
        for _ in 0..5 {
            expired.extend(other.rescue(UNCLAIMED_AFTER, u32::MAX).await.unwrap().expired);
        }
        expired
    };
    let (ended, rescued) = tokio::join!(ending, rescuing);
    let mut all: Vec<_> = ended.iter().chain(&rescued).copied().collect();
    all.sort_unstable();
    assert_eq!(all, jobs, "{ended:?} ended, {rescued:?} rescued");
    let rows = drain(ledger).await;
    for job in jobs {
        let attempts = ledger.attempts(job).await.unwrap();
        let ending = if ended.contains(&job) { "completed" } else { "lease_lost" };
        assert_eq!(attempts.iter().map(|a| a.ending.as_deref()).collect::<Vec<_>>(), [Some(ending)]);
        let of_job: Vec<_> = rows.iter().filter(|row| row.job == job).cloned().collect();
        assert_eq!(events(&of_job).iter().map(|(number, _)| *number).collect::<Vec<_>>(), [3], "{job}");
    }
}

async fn a_job_whose_wake_up_is_nowhere_is_woken_again(ledger: &Bench) {
    let jobs = seed_many(ledger, 3).await;
    ledger
        .sql(&format!("DELETE FROM outbox WHERE kind = 'wake_up' AND job_id <> {}", jobs[0]))
        .await
        .unwrap();
    ledger.cancel(jobs[1], &operator()).await.unwrap();
    let rescued = ledger.rescue(UNCLAIMED_AFTER, u32::MAX).await.unwrap();
    assert_eq!(rescued, Rescued { unsent: vec![jobs[2]], ..Rescued::default() });
    assert_eq!(ledger.rescue(UNCLAIMED_AFTER, u32::MAX).await.unwrap(), Rescued::default());
    let rows = drain(ledger).await;
    assert_eq!(wake_ups(&rows), [format!("{}:1", jobs[0]), format!("{}:2", jobs[2])]);
    assert_eq!(
        ledger.rescue(UNCLAIMED_AFTER, u32::MAX).await.unwrap(),
        Rescued::default(),
        "the broker has both"
    );
    assert_eq!(claim(ledger, jobs[2], "ann").await.attempt, 1);
}

async fn the_rescue_looks_for_lost_wake_ups_only_where_jobs_may_begin(ledger: &Bench) {
    let job = seed(ledger).await;
    ledger.sql("DELETE FROM outbox").await.unwrap();
    ledger.pause(&operator()).await.unwrap();
    assert_eq!(ledger.rescue(UNCLAIMED_AFTER, u32::MAX).await.unwrap(), Rescued::default());
    ledger.resume(&operator()).await.unwrap();
    let queue = PauseScope::Queue(JobType::DownloadOnly);
    ledger.pause_part(&queue, &operator()).await.unwrap();
    assert_eq!(ledger.rescue(UNCLAIMED_AFTER, u32::MAX).await.unwrap(), Rescued::default());
    ledger.resume_part(&queue, &operator()).await.unwrap();
    let rescued = ledger.rescue(UNCLAIMED_AFTER, u32::MAX).await.unwrap();
    assert_eq!(rescued, Rescued { unsent: vec![job], ..Rescued::default() });
}

async fn jobs_that_nobody_claimed_are_counted_by_type(ledger: &Bench) {
    let jobs = seed_many(ledger, 4).await;
    let n_unclaimed = async |job_type| ledger.n_unclaimed(job_type, Duration::from_secs(60)).await.unwrap();
    let download = JobType::DownloadOnly;
    ledger.elapse(Duration::from_secs(90)).await;
    assert_eq!(n_unclaimed(download).await, 0, "none was dispatched");
    drain(ledger).await;
    assert_eq!(n_unclaimed(download).await, 0, "all were dispatched now");
    ledger.elapse(Duration::from_secs(90)).await;
    assert_eq!(n_unclaimed(download).await, 4);
    assert_eq!(n_unclaimed(JobType::Upgrade).await, 0);

    claim(ledger, jobs[0], "ann").await;
    ledger.sql(&format!("UPDATE jobs SET held_up = (1 = 1) WHERE id = {}", jobs[1])).await.unwrap();
    ledger.sql(&format!("UPDATE jobs SET waits_for = {} WHERE id = {}", jobs[0], jobs[2])).await.unwrap();
    assert_eq!(n_unclaimed(download).await, 1, "the others wait for something else");
    ledger.pause(&operator()).await.unwrap();
    assert_eq!(n_unclaimed(download).await, 0);
    ledger.resume(&operator()).await.unwrap();
    let queue = PauseScope::Queue(download);
    ledger.pause_part(&queue, &operator()).await.unwrap();
    assert_eq!(n_unclaimed(download).await, 0);
}
