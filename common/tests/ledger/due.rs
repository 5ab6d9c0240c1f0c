//! Scheduled jobs come due, by the database's clock.

use std::time::Duration;

use common::broker::WakeUp;
use common::domain::job::JobState;
use common::ledger::OutboxKind;

use crate::bench::Bench;
use crate::fixtures::*;

on_every_ledger![
    a_job_becomes_available_when_its_time_has_come,
    the_next_due_time_is_told,
    promotion_takes_the_oldest_first_and_keeps_its_limit,
    two_promoters_at_once_wake_a_job_once,
];

/// Ends the running jobs so that number n is due after n minutes.
async fn schedule(ledger: &Bench, n: u32) -> Vec<common::domain::job::JobId> {
    let jobs = seed_many(ledger, n).await;
    for (job, minutes) in jobs.iter().zip(1..) {
        let claimed = claim(ledger, *job, "ann").await;
        ledger.end(&claimed.lease, &retry(minutes * MINUTE), &step(&claimed)).await.unwrap();
    }
    drain(ledger).await;
    jobs
}

const MINUTE: Duration = Duration::from_secs(60);

async fn a_job_becomes_available_when_its_time_has_come(ledger: &Bench) {
    let job = schedule(ledger, 1).await[0];
    assert_eq!(ledger.promote_due(10).await.unwrap().0, 0);
    assert_eq!(state(ledger, job).await, JobState::Scheduled);

    ledger.elapse(MINUTE).await;
    assert_eq!(ledger.promote_due(10).await.unwrap(), (1, None));
    assert_eq!(state(ledger, job).await, JobState::Available);
    let rows = drain(ledger).await;
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!((rows[0].kind, &rows[0].message_id), (OutboxKind::WakeUp, &format!("{job}:2")));
    assert_eq!(WakeUp::parse(rows[0].body.as_bytes()).unwrap().attempt, 2);
    assert_eq!(ledger.promote_due(10).await.unwrap(), (0, None));
}

async fn the_next_due_time_is_told(ledger: &Bench) {
    assert_eq!(ledger.promote_due(10).await.unwrap(), (0, None));
    schedule(ledger, 3).await;
    let (n_due, next) = ledger.promote_due(10).await.unwrap();
    let next = next.unwrap();
    assert_eq!(n_due, 0);
    assert!(next <= MINUTE && next > MINUTE / 2, "{next:?}");
    ledger.elapse(MINUTE).await;
    let (n_due, next) = ledger.promote_due(10).await.unwrap();
    let next = next.unwrap();
    assert_eq!(n_due, 1);
    assert!(next <= MINUTE && next > MINUTE / 2, "{next:?}");
}

async fn promotion_takes_the_oldest_first_and_keeps_its_limit(ledger: &Bench) {
    let jobs = schedule(ledger, 3).await;
    ledger.elapse(10 * MINUTE).await;
    assert_eq!(ledger.promote_due(2).await.unwrap(), (2, Some(Duration::ZERO)), "one is due and was left");
    assert_eq!(state(ledger, jobs[1]).await, JobState::Available);
    assert_eq!(state(ledger, jobs[2]).await, JobState::Scheduled);
    assert_eq!(ledger.promote_due(2).await.unwrap(), (1, None));
}

async fn two_promoters_at_once_wake_a_job_once(ledger: &Bench) {
    schedule(ledger, 20).await;
    ledger.elapse(30 * MINUTE).await;
    let other = ledger.another().await;
    let (ours, theirs) = tokio::join!(ledger.promote_due(100), other.promote_due(100));
    let (left, _) = ledger.promote_due(100).await.unwrap();
    assert_eq!(ours.unwrap().0 + theirs.unwrap().0 + left, 20);
    assert_eq!(wake_ups(&drain(ledger).await).len(), 20);
}
