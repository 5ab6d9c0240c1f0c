//! How an attempt ends, and that an ended job stays as it is.

use std::time::Duration;

use common::audit::AuditAction;
use common::domain::failure::FailureKind;
use common::domain::job::{JobId, JobState};
use common::domain::status::{Phase, UpgradeStatus};
use common::ledger::{CancelAnswer, Claim, ClaimedJob, End, LedgerError};

use crate::bench::Bench;
use crate::fixtures::*;

on_every_ledger![
    every_end_leads_to_its_state_and_tells_of_it,
    a_completed_job_is_ready_as_its_document_says,
    only_a_completed_job_is_ready,
    the_document_of_an_ended_job_agrees_with_its_end,
    a_retried_attempt_counts_and_a_snoozed_one_does_not,
    a_retry_after_the_last_attempt_is_a_failure,
    a_released_job_is_woken_at_once,
    an_ended_job_never_changes_again,
    an_ended_job_needs_no_wake_up,
    a_wish_to_stop_wins_over_waiting_on,
    the_events_of_a_whole_life_are_numbered_without_gaps,
];

const SOON: Duration = Duration::from_secs(90);

/// Each end with its state, its word in `attempts`, its audit action and its event.
fn every_end() -> Vec<(End, JobState, &'static str, AuditAction, &'static str)> {
    let snooze = End::Snooze { message: "a commit is running".to_owned(), after: SOON };
    let skipped = End::Skipped { kind: FailureKind::NoPath, message: "it runs the target".to_owned() };
    vec![
        (End::Completed, JobState::Completed, "completed", AuditAction::JobCompleted, "completed"),
        (failed(), JobState::Failed, "failed", AuditAction::JobFailed, "failed"),
        (skipped, JobState::Skipped, "skipped", AuditAction::JobSkipped, "skipped"),
        (End::Cancelled, JobState::Cancelled, "cancelled", AuditAction::JobCancelled, "cancelled"),
        (retry(SOON), JobState::Scheduled, "retry", AuditAction::RetryScheduled, "retry_scheduled"),
        (snooze, JobState::Scheduled, "snooze", AuditAction::JobSnoozed, "snoozed"),
        (End::Released, JobState::Available, "released", AuditAction::JobReleased, "released"),
    ]
}

/// A running job on each of as many devices as there are ends.
async fn one_for_each_end(ledger: &Bench) -> Vec<ClaimedJob> {
    let n = u32::try_from(every_end().len()).unwrap();
    let mut claimed = Vec::new();
    for job in seed_many(ledger, n).await {
        claimed.push(claim(ledger, job, "ann").await);
    }
    claimed
}

async fn every_end_leads_to_its_state_and_tells_of_it(ledger: &Bench) {
    let claimed = one_for_each_end(ledger).await;
    for ((claimed, n), (end, state, word, action, event)) in claimed.iter().zip(1..).zip(every_end()) {
        drain(ledger).await;
        let job = claimed.lease.job;
        ledger.end(&claimed.lease, &end, &full_step(claimed)).await.unwrap();

        let view = view(ledger, job).await;
        assert_eq!(view.state, state, "{end:?}");
        assert_eq!(view.worker, None, "{end:?}");
        assert_eq!(view.ended_at.is_some_and(is_recent), state.is_terminal(), "{end:?}");
        let attempt = ledger.attempts(job).await.unwrap().pop().unwrap();
        assert_eq!(attempt.ending.as_deref(), Some(word));
        assert!(attempt.ended_at.is_some_and(is_recent));

        let done = actions(ledger, n).await;
        assert_eq!(
            done[2..],
            [AuditAction::DownloadRequested, AuditAction::DownloadAccepted, action],
            "{end:?}"
        );
        let told = events(&drain(ledger).await);
        assert_eq!(told.last().unwrap(), &(5, event.to_owned()), "{end:?}");
        assert_eq!(ledger.images(job).await.unwrap().len(), 2, "{end:?}");
    }
}

async fn a_completed_job_is_ready_as_its_document_says(ledger: &Bench) {
    let jobs = seed_many(ledger, 2).await;
    for (job, is_ready) in jobs.into_iter().zip([true, false]) {
        let claimed = claim(ledger, job, "ann").await;
        let mut step = step(&claimed);
        step.status.ready_for_install = is_ready;
        ledger.end(&claimed.lease, &End::Completed, &step).await.unwrap();
        let view = view(ledger, job).await;
        assert_eq!((view.ready_for_install, view.progress, view.failure_kind), (is_ready, 100, None));
    }
}

async fn only_a_completed_job_is_ready(ledger: &Bench) {
    for (claimed, (end, state, ..)) in one_for_each_end(ledger).await.iter().zip(every_end()) {
        let mut step = step(claimed);
        step.status.ready_for_install = true;
        ledger.end(&claimed.lease, &end, &step).await.unwrap();
        let is_ready = view(ledger, claimed.lease.job).await.ready_for_install;
        assert_eq!(is_ready, state == JobState::Completed, "{end:?}");
    }
}

async fn the_document_of_an_ended_job_agrees_with_its_end(ledger: &Bench) {
    for ((claimed, n), (end, state, ..)) in one_for_each_end(ledger).await.iter().zip(1..).zip(every_end()) {
        ledger.end(&claimed.lease, &end, &step(claimed)).await.unwrap();
        let status = ledger.status(&serial(n)).await.unwrap().unwrap();
        assert_eq!(Some(status.upgrade_status), UpgradeStatus::of(state), "{end:?}");
        assert_eq!(status.current_phase == Phase::Complete, state.is_terminal(), "{end:?}");
        assert_eq!(status.skip_reason.is_some(), state == JobState::Skipped, "{end:?}");
        assert_eq!(status.upgrade_message, view(ledger, claimed.lease.job).await.message, "{end:?}");
    }
}

async fn a_retried_attempt_counts_and_a_snoozed_one_does_not(ledger: &Bench) {
    let claimed = running(ledger).await;
    let job = claimed.lease.job;
    let snooze = End::Snooze { message: "busy".to_owned(), after: SOON };
    ledger.end(&claimed.lease, &snooze, &step(&claimed)).await.unwrap();
    assert_eq!(view(ledger, job).await.attempt, 0);

    ledger.elapse(SOON).await;
    ledger.promote_due(10).await.unwrap();
    let again = claim(ledger, job, "ann").await;
    assert_eq!((again.attempt, again.n_snoozes), (1, 1));
    ledger.end(&again.lease, &retry(SOON), &step(&again)).await.unwrap();
    let view = view(ledger, job).await;
    assert_eq!((view.attempt, view.failure_kind), (1, Some(FailureKind::Unreachable)));

    ledger.elapse(SOON).await;
    ledger.promote_due(10).await.unwrap();
    assert_eq!(claim(ledger, job, "ann").await.attempt, 2);
    let numbers: Vec<u32> =
        ledger.attempts(job).await.unwrap().iter().map(|attempt| attempt.attempt).collect();
    assert_eq!(numbers, [1, 1, 2], "the number of an attempt that was given back comes again");
}

async fn a_released_job_is_woken_at_once(ledger: &Bench) {
    let claimed = running(ledger).await;
    let job = claimed.lease.job;
    drain(ledger).await;
    ledger.end(&claimed.lease, &End::Released, &step(&claimed)).await.unwrap();
    assert_eq!(wake_ups(&drain(ledger).await), [format!("{job}:2")]);
    assert_eq!(claim(ledger, job, "bob").await.attempt, 1);
}

async fn an_ended_job_never_changes_again(ledger: &Bench) {
    let jobs = seed_many(ledger, 4).await;
    for ((job, n), (end, state)) in jobs.into_iter().zip(1..).zip(terminal_ends()) {
        let claimed = claim(ledger, job, "ann").await;
        ledger.end(&claimed.lease, &end, &step(&claimed)).await.unwrap();
        let (ended, trail) = (view(ledger, job).await, actions(ledger, n).await);

        ledger.elapse(2 * LEASE).await;
        assert_eq!(ledger.claim(job, &worker("bob"), LEASE).await.unwrap(), Claim::Ended(state));
        assert_eq!(ledger.cancel(job, &operator()).await.unwrap(), CancelAnswer::AlreadyEnded { state });
        assert!(renew(ledger, std::slice::from_ref(&claimed.lease)).await.is_empty());
        assert!(ledger.rescue(Duration::ZERO, u32::MAX).await.unwrap().expired.is_empty());
        ledger.promote_due(100).await.unwrap();
        for answer in [
            ledger.record(&claimed.lease, &step(&claimed)).await,
            ledger.end(&claimed.lease, &End::Released, &step(&claimed)).await,
        ] {
            assert!(matches!(answer, Err(LedgerError::LeaseLost { .. })), "{answer:?}");
        }
        let now = view(ledger, job).await;
        // `elapse` moves every due time, also that of an ended job.
        assert_eq!(common::ledger::JobView { due_at: ended.due_at, ..now }, ended);
        assert_eq!(actions(ledger, n).await, trail);
    }
}

async fn an_ended_job_needs_no_wake_up(ledger: &Bench) {
    let claimed = running(ledger).await;
    ledger.end(&claimed.lease, &End::Completed, &step(&claimed)).await.unwrap();
    let rows = drain(ledger).await;
    assert!(wake_ups(&rows).is_empty(), "{rows:?}");
    assert_eq!(events(&rows).len(), 3);
}

async fn a_wish_to_stop_wins_over_waiting_on(ledger: &Bench) {
    let snooze = End::Snooze { message: "busy".to_owned(), after: SOON };
    let ends = [retry(SOON), snooze, End::Released];
    let jobs: Vec<JobId> = seed_many(ledger, 3).await;
    for (job, end) in jobs.into_iter().zip(ends) {
        let claimed = claim(ledger, job, "ann").await;
        assert_eq!(ledger.cancel(job, &operator()).await.unwrap(), CancelAnswer::Requested);
        ledger.end(&claimed.lease, &end, &step(&claimed)).await.unwrap();
        assert_eq!(state(ledger, job).await, JobState::Cancelled, "{end:?}");
    }
}

async fn the_events_of_a_whole_life_are_numbered_without_gaps(ledger: &Bench) {
    let claimed = running(ledger).await;
    let job = claimed.lease.job;
    ledger.record(&claimed.lease, &full_step(&claimed)).await.unwrap();
    ledger.end(&claimed.lease, &retry(SOON), &full_step(&claimed)).await.unwrap();
    ledger.elapse(SOON).await;
    ledger.promote_due(10).await.unwrap();
    claim(ledger, job, "ann").await;
    ledger.elapse(2 * LEASE).await;
    ledger.rescue(Duration::from_secs(3_600), u32::MAX).await.unwrap();
    let claimed = claim(ledger, job, "bob").await;
    ledger.cancel(job, &operator()).await.unwrap();
    ledger.end(&claimed.lease, &End::Cancelled, &step(&claimed)).await.unwrap();

    let told = events(&drain(ledger).await);
    let numbers: Vec<i64> = told.iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, (1..=12).collect::<Vec<i64>>(), "{told:?}");
    let names: Vec<&str> = told.iter().map(|(_, name)| name.as_str()).collect();
    let [.., cancel_requested, cancelled] = names[..] else { panic!("{names:?}") };
    assert_eq!((cancel_requested, cancelled), ("cancel_requested", "cancelled"));
}

async fn a_retry_after_the_last_attempt_is_a_failure(ledger: &Bench) {
    let job = seed(ledger).await;
    for attempt in 1..=3 {
        let claimed = claim(ledger, job, "ann").await;
        assert_eq!((claimed.attempt, claimed.max_attempts), (attempt, 3));
        drain(ledger).await;
        ledger.end(&claimed.lease, &retry(Duration::ZERO), &step(&claimed)).await.unwrap();
        ledger.promote_due(10).await.unwrap();
    }
    let view = view(ledger, job).await;
    assert_eq!((view.state, view.attempt), (JobState::Failed, 3));
    assert_eq!((view.failure_kind, view.message.as_str()), (Some(FailureKind::Unreachable), "no answer"));
    let told: Vec<String> = events(&drain(ledger).await).into_iter().map(|(_, name)| name).collect();
    assert_eq!(told, ["failed"]);
    assert_eq!(actions(ledger, 1).await.last(), Some(&AuditAction::JobFailed));
    let endings = ledger.attempts(job).await.unwrap().into_iter().map(|attempt| attempt.ending.unwrap());
    assert_eq!(endings.collect::<Vec<_>>(), ["retry", "retry", "failed"]);
}
