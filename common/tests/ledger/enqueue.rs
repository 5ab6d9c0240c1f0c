//! Wishes become jobs, and a device has one active job at most.

use std::collections::{BTreeSet, HashMap};

use common::audit::{Actor, AuditAction};
use common::broker::WakeUp;
use common::domain::device::Source;
use common::domain::job::{JobId, JobSpec, JobState, JobType};
use common::ledger::{Completeness, ENQUEUE_CHUNK, End, EnqueueAnswer, OutboxKind};

use crate::bench::Bench;
use crate::fixtures::*;

on_every_ledger![
    a_wish_becomes_a_job_that_tells_of_itself,
    a_second_wish_meets_the_job_that_holds_the_device,
    a_wish_of_another_type_is_a_conflict,
    a_device_outside_the_inventory_gets_no_job,
    a_device_that_left_the_inventory_gets_no_job,
    a_device_named_twice_in_a_batch_gets_one_job,
    answers_come_in_the_order_of_the_wishes,
    a_batch_larger_than_a_transaction_is_queued_whole,
    two_batches_at_once_make_one_job_per_device,
    a_device_is_free_when_its_job_has_ended,
    a_wish_that_makes_no_job_uses_up_no_number,
    an_empty_batch_answers_nothing,
];

async fn a_wish_becomes_a_job_that_tells_of_itself(ledger: &Bench) {
    register(ledger, 1).await;
    let batch = batch(vec![JobSpec { max_attempts: 5, ..wish(1) }]);
    let answers = ledger.enqueue(&batch).await.unwrap();
    let job = created(&answers[0].0, &answers[0].1);

    let view = view(ledger, job).await;
    assert_eq!((view.serial, view.hostname), (serial(1), "edge-1".to_owned()));
    assert_eq!(
        (view.state, view.job_type, view.goal),
        (JobState::Available, JobType::DownloadOnly, wish(1).goal)
    );
    assert_eq!((view.attempt, view.max_attempts, view.progress), (0, 5, 0));
    assert_eq!((view.batch, view.requested_by, view.retry_of), (batch.id, operator(), None));
    assert!(is_recent(view.created_at) && is_recent(view.due_at));
    assert_eq!((view.started_at, view.ended_at, view.worker, view.cancel), (None, None, None, None));

    let rows = drain(ledger).await;
    assert_eq!(events(&rows), [(1, "queued".to_owned())]);
    assert_eq!(wake_ups(&rows), [format!("{job}:1")]);
    let wake_up = rows.iter().find(|row| row.kind == OutboxKind::WakeUp).unwrap();
    assert_eq!(wake_up.routing_key, WakeUp::routing_key(JobType::DownloadOnly));
    let wake_up = WakeUp::parse(wake_up.body.as_bytes()).unwrap();
    assert_eq!((wake_up.job_id, wake_up.serial, wake_up.attempt), (job, serial(1), 1));

    let entries = chain(ledger, serial(1).as_str()).await;
    assert_eq!(entries.len(), 1);
    assert_eq!((entries[0].action, entries[0].job), (AuditAction::JobQueued, Some(job)));
    assert_eq!(entries[0].actor, Actor::Operator(operator()));
}

async fn a_second_wish_meets_the_job_that_holds_the_device(ledger: &Bench) {
    let job = seed(ledger).await;
    let again = ledger.enqueue(&batch(vec![wish(1)])).await.unwrap();
    assert_eq!(again, [(serial(1), EnqueueAnswer::Existing { job, state: JobState::Available })]);
    claim(ledger, job, "ann").await;
    let again = ledger.enqueue(&batch(vec![wish(1)])).await.unwrap();
    assert_eq!(again, [(serial(1), EnqueueAnswer::Existing { job, state: JobState::Running })]);
    assert_eq!(actions(ledger, 1).await, [AuditAction::JobQueued, AuditAction::JobClaimed]);
}

async fn a_wish_of_another_type_is_a_conflict(ledger: &Bench) {
    let job = seed(ledger).await;
    let upgrade = JobSpec { job_type: JobType::Upgrade, ..wish(1) };
    let answers = ledger.enqueue(&batch(vec![upgrade])).await.unwrap();
    let conflict =
        EnqueueAnswer::Conflict { job, job_type: JobType::DownloadOnly, state: JobState::Available };
    assert_eq!(answers, [(serial(1), conflict)]);
}

async fn a_device_outside_the_inventory_gets_no_job(ledger: &Bench) {
    register(ledger, 1).await;
    let answers = ledger.enqueue(&batch(vec![wish(9), wish(1)])).await.unwrap();
    assert_eq!(answers[0], (serial(9), EnqueueAnswer::UnknownDevice));
    assert!(
        matches!(answers[1].1, EnqueueAnswer::Created { .. }),
        "one unknown device must not stop the others"
    );
}

async fn a_device_that_left_the_inventory_gets_no_job(ledger: &Bench) {
    register(ledger, 2).await;
    register(ledger, 1).await;
    let answers = ledger.enqueue(&batch(vec![wish(2)])).await.unwrap();
    assert_eq!(answers, [(serial(2), EnqueueAnswer::UnknownDevice)]);
}

async fn a_device_named_twice_in_a_batch_gets_one_job(ledger: &Bench) {
    register(ledger, 1).await;
    let upgrade = JobSpec { job_type: JobType::Upgrade, ..wish(1) };
    let answers = ledger.enqueue(&batch(vec![wish(1), wish(1), upgrade])).await.unwrap();
    let job = created(&answers[0].0, &answers[0].1);
    let state = JobState::Available;
    assert_eq!(answers[1].1, EnqueueAnswer::Existing { job, state });
    assert_eq!(answers[2].1, EnqueueAnswer::Conflict { job, job_type: JobType::DownloadOnly, state });
    assert_eq!(drain(ledger).await.len(), 2);
}

async fn answers_come_in_the_order_of_the_wishes(ledger: &Bench) {
    register(ledger, 5).await;
    let order = [3, 1, 5, 2, 4];
    let answers = ledger.enqueue(&batch(order.map(wish).to_vec())).await.unwrap();
    let serials: Vec<_> = answers.into_iter().map(|(serial, _)| serial).collect();
    assert_eq!(serials, order.map(serial));
}

async fn a_batch_larger_than_a_transaction_is_queued_whole(ledger: &Bench) {
    let n = u32::try_from(2 * ENQUEUE_CHUNK + 300).unwrap();
    let jobs = seed_many(ledger, n).await;
    assert_eq!(jobs.iter().collect::<BTreeSet<_>>().len(), jobs.len());
    let counts = ledger.counts(None).await.unwrap();
    assert_eq!((counts.total, counts.by_state[&JobState::Available]), (u64::from(n), u64::from(n)));
    assert_eq!(ledger.outbox_depth().await.unwrap(), 2 * u64::from(n));

    let again = ledger.enqueue(&batch((1..=n).map(wish).collect())).await.unwrap();
    let existing = |answer: &EnqueueAnswer| matches!(answer, EnqueueAnswer::Existing { .. });
    assert!(again.iter().all(|(_, answer)| existing(answer)));
    assert_eq!(ledger.outbox_depth().await.unwrap(), 2 * u64::from(n));
}

async fn two_batches_at_once_make_one_job_per_device(ledger: &Bench) {
    const N: u32 = 200;
    register(ledger, N).await;
    let other = ledger.another().await;
    let forwards = batch((1..=N).map(wish).collect());
    let backwards = batch((1..=N).rev().map(wish).collect());
    let (ours, theirs) = tokio::join!(ledger.enqueue(&forwards), other.enqueue(&backwards));

    let mut holders: HashMap<_, BTreeSet<JobId>> = HashMap::new();
    let mut n_created = 0;
    for (serial, answer) in ours.unwrap().into_iter().chain(theirs.unwrap()) {
        match answer {
            EnqueueAnswer::Created { job } => {
                n_created += 1;
                holders.entry(serial).or_default().insert(job);
            }
            EnqueueAnswer::Existing { job, .. } => {
                holders.entry(serial).or_default().insert(job);
            }
            EnqueueAnswer::Conflict { .. }
            | EnqueueAnswer::Mismatch { .. }
            | EnqueueAnswer::UnknownDevice => panic!("{serial}: {answer:?}"),
        }
    }
    assert_eq!(n_created, N);
    assert!(holders.values().all(|jobs| jobs.len() == 1), "both must name the same job");
    assert_eq!(ledger.outbox_depth().await.unwrap(), 2 * u64::from(N));
}

async fn a_device_is_free_when_its_job_has_ended(ledger: &Bench) {
    let claimed = running(ledger).await;
    ledger.end(&claimed.lease, &End::Completed, &step(&claimed)).await.unwrap();
    let repeat = JobSpec { retry_of: Some(claimed.lease.job), ..wish(1) };
    let job = enqueue(ledger, vec![repeat]).await[0];
    assert!(job > claimed.lease.job, "a number is never used again");
    assert_eq!(view(ledger, job).await.retry_of, Some(claimed.lease.job));
}

/// Numbers are said on the phone; a nightly run that finds everything queued must not make them grow.
async fn a_wish_that_makes_no_job_uses_up_no_number(ledger: &Bench) {
    let first = seed(ledger).await;
    for _ in 0..5 {
        ledger.enqueue(&batch(vec![wish(1), wish(9)])).await.unwrap();
    }
    register(ledger, 2).await;
    assert_eq!(enqueue(ledger, vec![wish(2)]).await, [JobId(first.0 + 1)]);
}

async fn an_empty_batch_answers_nothing(ledger: &Bench) {
    ledger.record_devices(&[], Source::Csv, Completeness::Partial, &operator()).await.unwrap();
    assert!(ledger.enqueue(&batch(Vec::new())).await.unwrap().is_empty());
}
