//! A queue or a worker is paused, and goes on.

use std::time::Duration;

use common::audit::entry::SYSTEM_CHAIN;
use common::audit::{Actor, AuditAction};
use common::domain::hold::{Pause, PauseScope};
use common::domain::job::{JobId, JobSpec, JobState, JobType, Requester};
use common::ledger::{Claim, LedgerError, Rescued};

use crate::bench::Bench;
use crate::fixtures::*;

on_every_ledger![
    while_a_queue_is_paused_none_of_its_jobs_begins_and_those_that_run_go_on,
    a_paused_worker_begins_nothing_and_leaves_the_job_to_others,
    a_pause_that_is_there_stays,
    pauses_are_told_in_the_system_chain,
    a_worker_that_never_was_cannot_be_paused,
    after_a_pause_every_job_that_was_refused_is_woken_once,
    thousands_of_refused_jobs_are_woken,
    a_hold_outlives_a_pause_and_a_pause_a_hold,
    of_several_reasons_the_widest_is_told,
    the_rescue_wakes_nobody_of_a_paused_queue,
    the_rescue_wakes_whom_resuming_did_not_reach,
    pauses_and_claims_at_once_leave_nobody_asleep,
];

const UNCLAIMED_AFTER: Duration = Duration::from_secs(60);
const DOWNLOADS: PauseScope = PauseScope::Queue(JobType::DownloadOnly);

fn upgrade(n: u32) -> JobSpec {
    JobSpec { job_type: JobType::Upgrade, ..wish(n) }
}

async fn paused(ledger: &impl Handle, scope: &PauseScope) -> Pause {
    ledger.pause_part(scope, &operator()).await.unwrap()
}

async fn refused(ledger: &impl Handle, job: JobId) -> Claim {
    ledger.claim(job, &worker("ann"), LEASE).await.unwrap()
}

async fn while_a_queue_is_paused_none_of_its_jobs_begins_and_those_that_run_go_on(ledger: &Bench) {
    register(ledger, 3).await;
    let jobs = enqueue(ledger, vec![wish(1), wish(2), upgrade(3)]).await;
    let running = claim(ledger, jobs[0], "ann").await;
    let pause = paused(ledger, &DOWNLOADS).await;
    assert_eq!((&pause.scope, pause.reason.as_str(), &pause.by), (&DOWNLOADS, "CHG-7", &operator()));
    assert!(is_recent(pause.since));
    assert_eq!(ledger.another().await.pauses().await.unwrap(), std::slice::from_ref(&pause));

    assert_eq!(refused(ledger, jobs[1]).await, Claim::Paused(pause.clone()));
    let waiting = view(ledger, jobs[1]).await;
    assert_eq!((waiting.state, waiting.attempt, waiting.worker), (JobState::Available, 0, None));
    claim(ledger, jobs[2], "ann").await;
    ledger.record(&running.lease, &full_step(&running)).await.unwrap();
    assert_eq!(renew(ledger, std::slice::from_ref(&running.lease)).await.len(), 1);

    assert_eq!(ledger.resume_part(&DOWNLOADS, &operator()).await.unwrap(), Some(pause));
    assert!(ledger.pauses().await.unwrap().is_empty());
    claim(ledger, jobs[1], "ann").await;
}

async fn a_paused_worker_begins_nothing_and_leaves_the_job_to_others(ledger: &Bench) {
    let jobs = seed_many(ledger, 2).await;
    drain(ledger).await;
    ledger.beat(&card("ann"), &[], LEASE).await.unwrap();
    let scope = PauseScope::Worker(worker("ann"));
    let pause = paused(ledger, &scope).await;
    assert_eq!(refused(ledger, jobs[0]).await, Claim::Paused(pause.clone()));
    claim(ledger, jobs[0], "bob").await;

    assert_eq!(refused(ledger, jobs[1]).await, Claim::Paused(pause.clone()));
    assert_eq!(ledger.resume_part(&scope, &operator()).await.unwrap(), Some(pause));
    assert!(
        wake_ups(&drain(ledger).await).is_empty(),
        "its delivery was given back, so nobody is to be woken"
    );
    ledger.elapse(2 * UNCLAIMED_AFTER).await;
    let rescued = ledger.rescue(UNCLAIMED_AFTER, u32::MAX).await.unwrap();
    assert_eq!(
        rescued,
        Rescued { unclaimed: vec![jobs[1]], ..Rescued::default() },
        "it waits for nobody's end"
    );
    claim(ledger, jobs[1], "ann").await;
}

async fn a_pause_that_is_there_stays(ledger: &Bench) {
    let pause = paused(ledger, &DOWNLOADS).await;
    let other = Requester { operator: "bob".to_owned(), host: "shell-2".to_owned(), reason: None };
    assert_eq!(ledger.pause_part(&DOWNLOADS, &other).await.unwrap(), pause);
    assert_eq!(ledger.resume_part(&PauseScope::Queue(JobType::Upgrade), &other).await.unwrap(), None);
    assert_eq!(ledger.resume_part(&PauseScope::Worker(worker("download_only")), &other).await.unwrap(), None);
    assert_eq!(ledger.pauses().await.unwrap(), std::slice::from_ref(&pause));
    assert_eq!(ledger.resume_part(&DOWNLOADS, &other).await.unwrap(), Some(pause));
    assert_eq!(ledger.resume_part(&DOWNLOADS, &other).await.unwrap(), None);
    let reason = ledger.pause_part(&DOWNLOADS, &other).await.unwrap().reason;
    assert!(reason.contains("no reason"), "{reason}");
}

async fn pauses_are_told_in_the_system_chain(ledger: &Bench) {
    ledger.beat(&card("ann"), &[], LEASE).await.unwrap();
    let scope = PauseScope::Worker(worker("ann"));
    for scope in [&DOWNLOADS, &scope] {
        for _ in 0..2 {
            ledger.pause_part(scope, &operator()).await.unwrap();
        }
        for _ in 0..2 {
            ledger.resume_part(scope, &operator()).await.unwrap();
        }
    }
    let entries = chain(ledger, SYSTEM_CHAIN).await;
    let told: Vec<_> =
        entries.iter().map(|entry| (entry.action, entry.detail["name"].as_str().unwrap())).collect();
    assert_eq!(
        told,
        [
            (AuditAction::QueuePaused, "download_only"),
            (AuditAction::QueueResumed, "download_only"),
            (AuditAction::WorkerPaused, "ann"),
            (AuditAction::WorkerResumed, "ann"),
        ]
    );
    for entry in entries {
        assert_eq!((entry.actor, &entry.detail["reason"]), (Actor::Operator(operator()), &"CHG-7".into()));
    }
}

async fn a_worker_that_never_was_cannot_be_paused(ledger: &Bench) {
    let answer = ledger.pause_part(&PauseScope::Worker(worker("ann")), &operator()).await;
    assert!(
        matches!(&answer, Err(LedgerError::UnknownWorker { worker: of }) if *of == worker("ann")),
        "{answer:?}"
    );
    assert!(ledger.pauses().await.unwrap().is_empty());
    assert!(chain(ledger, SYSTEM_CHAIN).await.is_empty());
    ledger.beat(&card("ann"), &[], LEASE).await.unwrap();
    ledger.leave(&worker("ann")).await.unwrap();
    paused(ledger, &PauseScope::Worker(worker("ann"))).await;
}

async fn after_a_pause_every_job_that_was_refused_is_woken_once(ledger: &Bench) {
    let jobs = seed_many(ledger, 5).await;
    paused(ledger, &DOWNLOADS).await;
    for job in jobs.iter().take(4) {
        for _ in 0..2 {
            assert!(matches!(refused(ledger, *job).await, Claim::Paused(_)));
        }
    }
    ledger.cancel(jobs[0], &operator()).await.unwrap();
    drain(ledger).await;
    ledger.resume_part(&DOWNLOADS, &operator()).await.unwrap();
    let woken = drain(ledger).await;
    assert_eq!(wake_ups(&woken), jobs[1..4].iter().map(|job| format!("{job}:2")).collect::<Vec<_>>());
    assert_eq!(ledger.rescue(UNCLAIMED_AFTER, u32::MAX).await.unwrap(), Rescued::default());
    for job in &jobs[1..4] {
        assert_eq!(claim(ledger, *job, "ann").await.attempt, 1);
    }
}

async fn thousands_of_refused_jobs_are_woken(ledger: &Bench) {
    let jobs = seed_many(ledger, 2_100).await;
    drain(ledger).await;
    paused(ledger, &DOWNLOADS).await;
    ledger.sql("UPDATE jobs SET held_up = (1 = 1)").await.unwrap();
    ledger.resume_part(&DOWNLOADS, &operator()).await.unwrap();
    assert_eq!(wake_ups(&drain(ledger).await).len(), jobs.len());
}

async fn a_hold_outlives_a_pause_and_a_pause_a_hold(ledger: &Bench) {
    let jobs = seed_many(ledger, 2).await;
    drain(ledger).await;
    paused(ledger, &DOWNLOADS).await;
    assert!(matches!(refused(ledger, jobs[0]).await, Claim::Paused(_)));
    ledger.pause(&operator()).await.unwrap();
    assert!(matches!(refused(ledger, jobs[1]).await, Claim::Held(_)));
    ledger.resume(&operator()).await.unwrap();
    assert!(wake_ups(&drain(ledger).await).is_empty(), "their queue is still paused");

    ledger.pause(&operator()).await.unwrap();
    ledger.resume_part(&DOWNLOADS, &operator()).await.unwrap();
    assert!(wake_ups(&drain(ledger).await).is_empty(), "the fleet is still held");
    ledger.resume(&operator()).await.unwrap();
    assert_eq!(wake_ups(&drain(ledger).await), jobs.iter().map(|job| format!("{job}:2")).collect::<Vec<_>>());
}

async fn of_several_reasons_the_widest_is_told(ledger: &Bench) {
    let job = seed(ledger).await;
    ledger.beat(&card("ann"), &[], LEASE).await.unwrap();
    let of_worker = paused(ledger, &PauseScope::Worker(worker("ann"))).await;
    assert_eq!(refused(ledger, job).await, Claim::Paused(of_worker));
    let of_queue = paused(ledger, &DOWNLOADS).await;
    assert_eq!(refused(ledger, job).await, Claim::Paused(of_queue));
    let hold = ledger.pause(&operator()).await.unwrap();
    assert_eq!(refused(ledger, job).await, Claim::Held(hold));
    ledger.cancel(job, &operator()).await.unwrap();
    assert_eq!(refused(ledger, job).await, Claim::Ended(JobState::Cancelled));
}

async fn the_rescue_wakes_nobody_of_a_paused_queue(ledger: &Bench) {
    register(ledger, 4).await;
    let jobs = enqueue(ledger, vec![wish(1), wish(2), wish(3), upgrade(4)]).await;
    claim(ledger, jobs[0], "ann").await;
    drain(ledger).await;
    paused(ledger, &DOWNLOADS).await;
    assert!(matches!(refused(ledger, jobs[1]).await, Claim::Paused(_)));
    ledger.elapse(2 * LEASE).await;
    let rescued = ledger.rescue(UNCLAIMED_AFTER, u32::MAX).await.unwrap();
    let expected = Rescued { expired: vec![jobs[0]], unclaimed: vec![jobs[3]], ..Rescued::default() };
    assert_eq!(rescued, expected, "the other queue is not paused");
    assert_eq!(state(ledger, jobs[0]).await, JobState::Available);
    assert_eq!(wake_ups(&drain(ledger).await), [format!("{}:2", jobs[3])]);
    assert!(matches!(refused(ledger, jobs[0]).await, Claim::Paused(_)));

    ledger.resume_part(&DOWNLOADS, &operator()).await.unwrap();
    let rows = drain(ledger).await;
    assert_eq!(wake_ups(&rows), [format!("{}:2", jobs[0]), format!("{}:2", jobs[1])]);
    ledger.elapse(2 * UNCLAIMED_AFTER).await;
    assert_eq!(
        ledger.rescue(UNCLAIMED_AFTER, u32::MAX).await.unwrap().unclaimed,
        jobs,
        "now it looks for lost ones"
    );
}

async fn the_rescue_wakes_whom_resuming_did_not_reach(ledger: &Bench) {
    register(ledger, 2).await;
    let jobs = enqueue(ledger, vec![wish(1), upgrade(2)]).await;
    drain(ledger).await;
    paused(ledger, &DOWNLOADS).await;
    ledger.sql("UPDATE jobs SET held_up = (1 = 1)").await.unwrap();
    assert_eq!(
        ledger.rescue(UNCLAIMED_AFTER, u32::MAX).await.unwrap().held_up,
        jobs[1..],
        "one queue is paused"
    );
    ledger.sql("DELETE FROM pauses").await.unwrap();
    assert_eq!(ledger.rescue(UNCLAIMED_AFTER, u32::MAX).await.unwrap().held_up, jobs[..1]);
    assert_eq!(ledger.rescue(UNCLAIMED_AFTER, u32::MAX).await.unwrap(), Rescued::default());
}

/// Claims meet pauses that come and go; at rest every job runs, or has a wake-up that a relay can take.
async fn pauses_and_claims_at_once_leave_nobody_asleep(ledger: &Bench) {
    let jobs = seed_many(ledger, 40).await;
    drain(ledger).await;
    let (other, third) = (ledger.another().await, ledger.another().await);
    let by = operator();
    let pausing = async {
        for _ in 0..15 {
            other.pause_part(&DOWNLOADS, &by).await.unwrap();
            other.resume_part(&DOWNLOADS, &by).await.unwrap();
        }
    };
    let holding = async {
        for _ in 0..5 {
            third.pause(&by).await.unwrap();
            third.resume(&by).await.unwrap();
        }
    };
    let claiming = async |jobs: &[JobId]| {
        let mut refused = Vec::new();
        for job in jobs {
            match ledger.claim(*job, &worker("ann"), LEASE).await.unwrap() {
                Claim::Claimed(_) => {}
                Claim::Paused(_) | Claim::Held(_) => refused.push(*job),
                answer => panic!("{answer:?}"),
            }
        }
        refused
    };
    let (first, second) = jobs.split_at(jobs.len() / 2);
    let ((), (), mut refused, more) = tokio::join!(pausing, holding, claiming(first), claiming(second));
    refused.extend(more);
    ledger.rescue(UNCLAIMED_AFTER, u32::MAX).await.unwrap();
    let rows = drain(ledger).await;
    let woken = wake_ups(&rows);
    for job in refused {
        assert!(woken.contains(&format!("{job}:2").as_str()), "job {job} sleeps");
    }
}
