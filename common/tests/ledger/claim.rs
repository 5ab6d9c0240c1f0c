//! Taking a job: one worker gets it, and finds everything it needs.

use std::time::Duration;

use common::audit::{Actor, AuditAction};
use common::domain::job::{JobId, JobState};
use common::ledger::{Claim, End, ImageState, Ledger, LedgerError, StepRecord};

use crate::bench::Bench;
use crate::fixtures::*;

on_every_ledger![
    a_claim_hands_over_the_job_and_tells_of_it,
    of_many_claims_at_once_one_wins,
    what_cannot_be_claimed_says_why,
    a_claim_finds_what_the_attempt_before_it_left,
    a_token_grows_with_every_claim,
    a_job_that_cannot_be_read_is_told_apart_and_leaves_the_others_alone,
];

async fn a_claim_hands_over_the_job_and_tells_of_it(ledger: &Bench) {
    let job = seed(ledger).await;
    let claimed = claim(ledger, job, "ann").await;
    assert_eq!((claimed.lease.job, &claimed.lease.owner), (job, &worker("ann")));
    assert_eq!((claimed.attempt, claimed.max_attempts, claimed.n_snoozes), (1, 3, 0));
    assert_eq!((claimed.goal, claimed.device.device), (wish(1).goal, device(1)));
    assert_eq!((claimed.images, claimed.status), (vec![], None));

    let view = view(ledger, job).await;
    assert_eq!((view.state, view.attempt, view.worker), (JobState::Running, 1, Some(worker("ann"))));
    assert!(view.started_at.is_some_and(is_recent));
    let attempts = ledger.attempts(job).await.unwrap();
    assert_eq!(attempts.len(), 1);
    assert_eq!((attempts[0].attempt, &attempts[0].worker), (1, &worker("ann")));
    assert_eq!((attempts[0].ended_at, &attempts[0].ending), (None, &None));

    let entries = chain(ledger, serial(1).as_str()).await;
    assert_eq!(entries[1].action, AuditAction::JobClaimed);
    assert_eq!(entries[1].actor, Actor::Worker { id: worker("ann") });
    let rows = drain(ledger).await;
    assert_eq!(events(&rows), [(1, "queued".to_owned()), (2, "started".to_owned())]);
}

async fn of_many_claims_at_once_one_wins(ledger: &Bench) {
    let job = seed(ledger).await;
    let other = ledger.another().await;
    let names: Vec<_> = (0..10).map(|n| worker(&format!("w-{n}"))).collect();
    let claims = names.iter().enumerate().map(|(n, name)| {
        let ledger: &dyn Ledger = if n % 2 == 0 { &**ledger } else { &*other };
        ledger.claim(job, name, LEASE)
    });
    let answers = futures_util::future::join_all(claims).await;
    let (won, lost): (Vec<_>, Vec<_>) =
        answers.into_iter().map(Result::unwrap).partition(|answer| matches!(answer, Claim::Claimed(_)));
    assert_eq!(won.len(), 1);
    assert!(lost.iter().all(|answer| *answer == Claim::LeasedElsewhere), "{lost:?}");
    assert_eq!(view(ledger, job).await.attempt, 1);
    assert_eq!(ledger.attempts(job).await.unwrap().len(), 1);
}

async fn what_cannot_be_claimed_says_why(ledger: &Bench) {
    let jobs = seed_many(ledger, 3).await;
    let bob = worker("bob");

    let claimed = claim(ledger, jobs[0], "ann").await;
    assert_eq!(ledger.claim(jobs[0], &bob, LEASE).await.unwrap(), Claim::LeasedElsewhere);
    assert_eq!(ledger.claim(jobs[0], &worker("ann"), LEASE).await.unwrap(), Claim::LeasedElsewhere);
    ledger.end(&claimed.lease, &retry(Duration::from_secs(60)), &step(&claimed)).await.unwrap();
    assert_eq!(ledger.claim(jobs[0], &bob, LEASE).await.unwrap(), Claim::NotDue);

    let claimed = claim(ledger, jobs[1], "ann").await;
    ledger.end(&claimed.lease, &End::Completed, &step(&claimed)).await.unwrap();
    assert_eq!(ledger.claim(jobs[1], &bob, LEASE).await.unwrap(), Claim::Ended(JobState::Completed));

    ledger.cancel(jobs[2], &operator()).await.unwrap();
    assert_eq!(ledger.claim(jobs[2], &bob, LEASE).await.unwrap(), Claim::Ended(JobState::Cancelled));

    assert_eq!(ledger.claim(JobId(1_000_000), &bob, LEASE).await.unwrap(), Claim::Unknown);
}

async fn a_claim_finds_what_the_attempt_before_it_left(ledger: &Bench) {
    let claimed = running(ledger).await;
    let step = full_step(&claimed);
    ledger.record(&claimed.lease, &step).await.unwrap();
    ledger
        .end(
            &claimed.lease,
            &End::Released,
            &StepRecord { images: vec![], audit: vec![], events: vec![], ..step.clone() },
        )
        .await
        .unwrap();

    let next = claim(ledger, claimed.lease.job, "bob").await;
    assert_eq!(next.images, step.images);
    assert_eq!(next.images[1].state, ImageState::Downloading);
    let status = next.status.unwrap();
    assert_eq!((status.upgrade_path, status.progress), (step.status.upgrade_path, 42));
}

async fn a_token_grows_with_every_claim(ledger: &Bench) {
    let mut claimed = running(ledger).await;
    for _ in 0..3 {
        ledger.end(&claimed.lease, &End::Released, &step(&claimed)).await.unwrap();
        let next = claim(ledger, claimed.lease.job, "ann").await;
        assert!(next.lease.token > claimed.lease.token);
        claimed = next;
    }
}

/// What kills the claim of one job must not look like a ledger that is away: workers wait for that.
async fn a_job_that_cannot_be_read_is_told_apart_and_leaves_the_others_alone(ledger: &Bench) {
    let jobs = seed_many(ledger, 2).await;
    ledger.sql(&format!("UPDATE jobs SET goal = 'nonsense' WHERE id = {}", jobs[0])).await.unwrap();
    drain(ledger).await;
    for _ in 0..2 {
        let answer = ledger.claim(jobs[0], &worker("ann"), LEASE).await;
        assert!(matches!(&answer, Err(LedgerError::Store { .. })), "{answer:?}");
    }
    assert!(ledger.attempts(jobs[0]).await.unwrap().is_empty(), "nothing of it is written");
    assert!(drain(ledger).await.is_empty());
    claim(ledger, jobs[1], "ann").await;
}
