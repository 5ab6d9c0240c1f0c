//! Keeping a lease, and what a worker may do that lost it.

use std::time::Duration;

use common::domain::job::JobState;
use common::domain::lease::{Lease, LeaseToken};
use common::ledger::{End, LedgerError};

use crate::bench::Bench;
use crate::fixtures::*;

on_every_ledger![
    renewing_extends_all_leases_that_a_worker_holds,
    a_lease_that_nobody_holds_expires_although_its_worker_renews_others,
    a_renewal_of_nothing_answers_nothing,
    a_lease_that_is_renewed_does_not_expire,
    a_lost_lease_cannot_write,
    a_lost_lease_cannot_write_anything_whatever_became_of_its_job,
    tokens_and_attempts_only_grow,
    a_lost_lease_is_missing_from_the_renewal,
    a_lease_of_an_ended_attempt_cannot_write,
    a_made_up_lease_cannot_write,
];

const NEVER: Duration = Duration::from_secs(100 * 24 * 3_600);

async fn renewing_extends_all_leases_that_a_worker_holds(ledger: &Bench) {
    let jobs = seed_many(ledger, 4).await;
    let mut held = Vec::new();
    for job in &jobs[..3] {
        held.push(claim(ledger, *job, "ann").await.lease);
    }
    let bobs = claim(ledger, jobs[3], "bob").await;

    let mut renewed = renew(ledger, &held).await;
    renewed.sort_by_key(|renewal| renewal.job);
    assert_eq!(renewed.iter().map(|renewal| renewal.job).collect::<Vec<_>>(), jobs[..3]);
    assert!(renewed.iter().all(|renewal| renewal.cancel.is_none()));
    let of_bob = renew(ledger, std::slice::from_ref(&bobs.lease)).await;
    assert_eq!(of_bob.iter().map(|renewal| renewal.token).collect::<Vec<_>>(), [bobs.lease.token]);
}

/// Its claim was committed and the answer lost, or its attempt ended without a word.
async fn a_lease_that_nobody_holds_expires_although_its_worker_renews_others(ledger: &Bench) {
    let jobs = seed_many(ledger, 2).await;
    claim(ledger, jobs[0], "ann").await;
    let held = claim(ledger, jobs[1], "ann").await;
    for _ in 0..2 {
        ledger.elapse(LEASE * 2 / 3).await;
        assert_eq!(renew(ledger, std::slice::from_ref(&held.lease)).await.len(), 1);
    }
    assert_eq!(ledger.rescue(NEVER, u32::MAX).await.unwrap().expired, [jobs[0]]);
    assert_eq!(state(ledger, jobs[0]).await, JobState::Available);
    assert_eq!(state(ledger, jobs[1]).await, JobState::Running);
}

async fn a_renewal_of_nothing_answers_nothing(ledger: &Bench) {
    running(ledger).await;
    assert!(renew(ledger, &[]).await.is_empty());
}

async fn a_lease_that_is_renewed_does_not_expire(ledger: &Bench) {
    let claimed = running(ledger).await;
    for _ in 0..3 {
        ledger.elapse(LEASE * 2 / 3).await;
        assert_eq!(renew(ledger, std::slice::from_ref(&claimed.lease)).await.len(), 1);
        assert!(ledger.rescue(NEVER, u32::MAX).await.unwrap().expired.is_empty());
    }
    ledger.record(&claimed.lease, &step(&claimed)).await.unwrap();
}

/// The worker that went silent wakes up after another one took over.
async fn a_lost_lease_cannot_write(ledger: &Bench) {
    let stale = running(ledger).await;
    let job = stale.lease.job;
    ledger.elapse(2 * LEASE).await;
    assert_eq!(ledger.rescue(NEVER, u32::MAX).await.unwrap().expired, [job]);
    let fresh = claim(ledger, job, "bob").await;

    let (before, trail) = (view(ledger, job).await, actions(ledger, 1).await);
    drain(ledger).await;
    let lost = |answer: Result<(), LedgerError>| matches!(answer, Err(LedgerError::LeaseLost { job: of }) if of == job);
    assert!(lost(ledger.record(&stale.lease, &full_step(&stale)).await));
    for end in all_ends() {
        assert!(lost(ledger.end(&stale.lease, &end, &full_step(&stale)).await), "{end:?}");
    }
    assert_eq!(view(ledger, job).await, before);
    assert_eq!(actions(ledger, 1).await, trail);
    assert!(ledger.images(job).await.unwrap().is_empty());
    assert!(drain(ledger).await.is_empty());

    ledger.end(&fresh.lease, &End::Completed, &step(&fresh)).await.unwrap();
    assert_eq!(state(ledger, job).await, JobState::Completed);
}

/// Available, scheduled, running again, ended: a write under the old token is refused in each state.
async fn a_lost_lease_cannot_write_anything_whatever_became_of_its_job(ledger: &Bench) {
    let stale = running(ledger).await;
    let job = stale.lease.job;
    let refused = async |state_now: JobState| {
        assert_eq!(state(ledger, job).await, state_now);
        let (before, trail) = (view(ledger, job).await, actions(ledger, 1).await);
        drain(ledger).await;
        let mut answers = vec![ledger.record(&stale.lease, &full_step(&stale)).await];
        for end in all_ends() {
            answers.push(ledger.end(&stale.lease, &end, &full_step(&stale)).await);
        }
        for answer in answers {
            assert!(matches!(answer, Err(LedgerError::LeaseLost { job: of }) if of == job), "{answer:?}");
        }
        assert!(renew(ledger, std::slice::from_ref(&stale.lease)).await.is_empty());
        assert_eq!((view(ledger, job).await, actions(ledger, 1).await), (before, trail));
        assert!(drain(ledger).await.is_empty());
    };
    ledger.elapse(2 * LEASE).await;
    ledger.rescue(NEVER, u32::MAX).await.unwrap();
    refused(JobState::Available).await;
    let next = claim(ledger, job, "ann").await;
    refused(JobState::Running).await;
    ledger.end(&next.lease, &retry(LEASE), &step(&next)).await.unwrap();
    refused(JobState::Scheduled).await;
    ledger.elapse(2 * LEASE).await;
    ledger.promote_due(10).await.unwrap();
    let last = claim(ledger, job, "bob").await;
    ledger.end(&last.lease, &End::Completed, &step(&last)).await.unwrap();
    refused(JobState::Completed).await;
}

/// Through every way that an attempt can end without ending the job.
async fn tokens_and_attempts_only_grow(ledger: &Bench) {
    let job = seed(ledger).await;
    let (mut token, mut attempt) = (LeaseToken(0), 0);
    let snooze = End::Snooze { message: "busy".to_owned(), after: Duration::ZERO };
    let ends =
        [Some(End::Released), None, Some(snooze), Some(retry(Duration::ZERO)), Some(End::Released), None];
    for end in ends {
        let claimed = claim(ledger, job, "ann").await;
        assert!(claimed.lease.token > token, "{end:?}");
        assert!(claimed.attempt >= attempt, "{end:?}: an attempt that was charged comes again");
        (token, attempt) = (claimed.lease.token, claimed.attempt);
        match &end {
            Some(end) => ledger.end(&claimed.lease, end, &step(&claimed)).await.unwrap(),
            None => {
                ledger.elapse(2 * LEASE).await;
                assert_eq!(ledger.rescue(NEVER, u32::MAX).await.unwrap().expired, [job]);
            }
        }
        ledger.promote_due(10).await.unwrap();
    }
    let tokens: Vec<i64> = ledger.attempts(job).await.unwrap().iter().map(|a| i64::from(a.attempt)).collect();
    assert_eq!(tokens, [1, 1, 1, 1, 2, 2], "only the retry was charged");
}

async fn a_lost_lease_is_missing_from_the_renewal(ledger: &Bench) {
    let stale = running(ledger).await;
    ledger.elapse(2 * LEASE).await;
    ledger.rescue(NEVER, u32::MAX).await.unwrap();
    assert!(renew(ledger, std::slice::from_ref(&stale.lease)).await.is_empty());
    let fresh = claim(ledger, stale.lease.job, "ann").await;
    let renewed = renew(ledger, &[stale.lease.clone(), fresh.lease.clone()]).await;
    assert_eq!(renewed.len(), 1);
    assert_eq!(renewed[0].token, fresh.lease.token);
    assert_ne!(renewed[0].token, stale.lease.token);
}

async fn a_lease_of_an_ended_attempt_cannot_write(ledger: &Bench) {
    let claimed = running(ledger).await;
    ledger.end(&claimed.lease, &retry(Duration::from_secs(60)), &step(&claimed)).await.unwrap();
    for answer in [
        ledger.record(&claimed.lease, &step(&claimed)).await,
        ledger.end(&claimed.lease, &End::Completed, &step(&claimed)).await,
    ] {
        assert!(matches!(answer, Err(LedgerError::LeaseLost { .. })), "{answer:?}");
    }
    assert_eq!(state(ledger, claimed.lease.job).await, JobState::Scheduled);
}

async fn a_made_up_lease_cannot_write(ledger: &Bench) {
    let claimed = running(ledger).await;
    for token in [claimed.lease.token.0 - 1, claimed.lease.token.0 + 1] {
        let lease = Lease { token: LeaseToken(token), ..claimed.lease.clone() };
        let answer = ledger.record(&lease, &step(&claimed)).await;
        assert!(matches!(answer, Err(LedgerError::LeaseLost { .. })), "{answer:?}");
    }
}
