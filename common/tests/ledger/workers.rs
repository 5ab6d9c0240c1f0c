//! A worker says that it lives, and people see it.

use std::time::Duration;

use common::domain::hold::PauseScope;
use common::domain::job::{JobState, JobType};
use common::ledger::{Claim, End, WORKERS_KEPT, WorkerCard, WorkerState, WorkerView};

use crate::bench::Bench;
use crate::fixtures::*;

on_every_ledger![
    a_beat_makes_the_worker_known_and_brings_back_what_it_needs,
    a_beat_extends_the_leases_that_it_names_and_no_other,
    a_wish_to_stop_comes_with_the_beat,
    a_worker_without_beats_falls_silent_and_speaks_again,
    a_worker_that_left_stays_gone,
    a_worker_that_never_beat_leaves_without_a_trace,
    only_live_leases_count_as_running,
    old_workers_are_forgotten_with_their_pauses,
    beats_of_many_workers_and_their_steps_go_on_side_by_side,
];

const NEVER: Duration = Duration::from_secs(100 * 24 * 3_600);
const DAY: Duration = Duration::from_secs(24 * 3_600);

async fn known(ledger: &Bench) -> Vec<(String, WorkerState)> {
    let workers = ledger.workers(WORKERS_KEPT).await.unwrap();
    workers.into_iter().map(|worker| (worker.id.0, worker.state)).collect()
}

async fn only(ledger: &Bench) -> WorkerView {
    let mut workers = ledger.workers(WORKERS_KEPT).await.unwrap();
    assert_eq!(workers.len(), 1, "{workers:?}");
    workers.remove(0)
}

async fn a_beat_makes_the_worker_known_and_brings_back_what_it_needs(ledger: &Bench) {
    assert!(ledger.workers(WORKERS_KEPT).await.unwrap().is_empty());
    let beat = ledger.beat(&card("ann"), &[], LEASE).await.unwrap();
    assert_eq!((beat.renewals, beat.hold, beat.pauses), (vec![], None, vec![]));

    let first = only(ledger).await;
    let WorkerCard { id, host, version, job_types, concurrency, draining } = card("ann");
    assert_eq!((&first.id, &first.host, &first.version), (&id, &host, &version));
    assert_eq!((&first.job_types, first.concurrency, first.draining), (&job_types, concurrency, draining));
    assert_eq!((first.state, first.n_running, &first.pause), (WorkerState::Working, 0, &None));
    assert!(is_recent(first.started_at) && is_recent(first.seen_at));

    ledger.beat(&card("bob"), &[], LEASE).await.unwrap();
    let hold = ledger.pause(&operator()).await.unwrap();
    let queue = ledger.pause_part(&PauseScope::Queue(JobType::Upgrade), &operator()).await.unwrap();
    let own = ledger.pause_part(&PauseScope::Worker(worker("ann")), &operator()).await.unwrap();
    ledger.pause_part(&PauseScope::Worker(worker("bob")), &operator()).await.unwrap();
    ledger.elapse(LEASE / 2).await;
    let job_types = JobType::ALL.to_vec();
    let card = WorkerCard { draining: true, concurrency: 7, job_types: job_types.clone(), ..card("ann") };
    let beat = ledger.beat(&card, &[], LEASE).await.unwrap();
    assert_eq!(
        (beat.hold, beat.pauses),
        (Some(hold), vec![queue, own.clone()]),
        "another's pause is not ours"
    );

    let workers = ledger.another().await.workers(WORKERS_KEPT).await.unwrap();
    let again = workers.iter().find(|worker| worker.id == card.id).unwrap();
    assert_eq!((again.state, again.draining, again.concurrency), (WorkerState::Draining, true, 7));
    assert_eq!((&again.job_types, &again.pause), (&job_types, &Some(own)));
    assert!(again.seen_at > again.started_at, "the first beat stays the first");
}

async fn a_beat_extends_the_leases_that_it_names_and_no_other(ledger: &Bench) {
    let jobs = seed_many(ledger, 3).await;
    let named = claim(ledger, jobs[0], "ann").await;
    claim(ledger, jobs[1], "ann").await;
    claim(ledger, jobs[2], "bob").await;
    ledger.elapse(LEASE * 2 / 3).await;
    let beat = ledger.beat(&card("ann"), std::slice::from_ref(&named.lease), LEASE).await.unwrap();
    assert_eq!(beat.renewals.len(), 1);
    assert_eq!((beat.renewals[0].job, beat.renewals[0].token), (jobs[0], named.lease.token));
    ledger.elapse(LEASE * 2 / 3).await;
    assert_eq!(ledger.rescue(NEVER, u32::MAX).await.unwrap().expired, jobs[1..]);
    assert_eq!(state(ledger, jobs[0]).await, JobState::Running);
}

async fn a_wish_to_stop_comes_with_the_beat(ledger: &Bench) {
    let jobs = seed_many(ledger, 2).await;
    let held = [claim(ledger, jobs[0], "ann").await.lease, claim(ledger, jobs[1], "ann").await.lease];
    ledger.cancel(jobs[1], &operator()).await.unwrap();
    let mut renewals = renew(ledger, &held).await;
    renewals.sort_by_key(|renewal| renewal.job);
    assert_eq!(renewals[0].cancel, None);
    assert_eq!(renewals[1].cancel.as_ref().map(|request| &request.by), Some(&operator()));
}

async fn a_worker_without_beats_falls_silent_and_speaks_again(ledger: &Bench) {
    ledger.beat(&card("ann"), &[], LEASE).await.unwrap();
    ledger.elapse(LEASE / 2).await;
    assert_eq!(only(ledger).await.state, WorkerState::Working);
    ledger.elapse(LEASE).await;
    assert_eq!(only(ledger).await.state, WorkerState::Silent);
    let lately = ledger.workers(LEASE / 4).await.unwrap();
    assert!(lately.is_empty(), "it fell silent half a lease ago: {lately:?}");
    assert_eq!(ledger.workers(LEASE).await.unwrap().len(), 1);

    let started_at = only(ledger).await.started_at;
    ledger.beat(&card("ann"), &[], LEASE).await.unwrap();
    let again = only(ledger).await;
    assert_eq!((again.state, again.started_at), (WorkerState::Working, started_at));
}

async fn a_worker_that_left_stays_gone(ledger: &Bench) {
    ledger.beat(&card("ann"), &[], LEASE).await.unwrap();
    ledger.elapse(Duration::from_secs(10)).await;
    ledger.beat(&card("bob"), &[], LEASE).await.unwrap();
    for _ in 0..2 {
        ledger.leave(&worker("ann")).await.unwrap();
    }
    let both = [("ann".to_owned(), WorkerState::Gone), ("bob".to_owned(), WorkerState::Working)];
    assert_eq!(known(ledger).await, both, "oldest start first");
    ledger.beat(&card("ann"), &[], LEASE).await.unwrap();
    assert_eq!(known(ledger).await, both, "that beat was late");
    ledger.elapse(LEASE / 2).await;
    assert_eq!(ledger.workers(LEASE / 4).await.unwrap().len(), 1, "it left longer ago");
}

async fn a_worker_that_never_beat_leaves_without_a_trace(ledger: &Bench) {
    ledger.leave(&worker("ann")).await.unwrap();
    assert!(ledger.workers(WORKERS_KEPT).await.unwrap().is_empty());
}

async fn only_live_leases_count_as_running(ledger: &Bench) {
    let jobs = seed_many(ledger, 4).await;
    let mut held = Vec::new();
    for job in &jobs[..3] {
        held.push(claim(ledger, *job, "ann").await);
    }
    claim(ledger, jobs[3], "bob").await;
    ledger.end(&held[2].lease, &End::Completed, &step(&held[2])).await.unwrap();
    renew(ledger, &[held[0].lease.clone(), held[1].lease.clone()]).await;
    assert_eq!(only(ledger).await.n_running, 2);
    ledger.elapse(LEASE * 2 / 3).await;
    renew(ledger, std::slice::from_ref(&held[0].lease)).await;
    ledger.elapse(LEASE * 2 / 3).await;
    assert_eq!(only(ledger).await.n_running, 1, "the other lease is over");
}

async fn old_workers_are_forgotten_with_their_pauses(ledger: &Bench) {
    let job = seed(ledger).await;
    let names = async || {
        let mut names: Vec<_> =
            ledger.workers(2 * WORKERS_KEPT).await.unwrap().into_iter().map(|worker| worker.id.0).collect();
        names.sort_unstable();
        names
    };
    for name in ["silent", "gone", "busy", "alive"] {
        ledger.beat(&card(name), &[], LEASE).await.unwrap();
        ledger.pause_part(&PauseScope::Worker(worker(name)), &operator()).await.unwrap();
    }
    ledger.leave(&worker("gone")).await.unwrap();
    ledger.sql("DELETE FROM pauses WHERE name = 'busy'").await.unwrap();
    let answer = ledger.claim(job, &worker("busy"), 30 * DAY).await.unwrap();
    assert!(matches!(answer, Claim::Claimed(_)), "{answer:?}");
    ledger.elapse(WORKERS_KEPT - DAY).await;
    ledger.rescue(NEVER, u32::MAX).await.unwrap();
    assert_eq!(names().await, ["alive", "busy", "gone", "silent"], "not old enough");

    ledger.beat(&card("alive"), &[], LEASE).await.unwrap();
    ledger.elapse(2 * DAY).await;
    ledger.rescue(NEVER, u32::MAX).await.unwrap();
    assert_eq!(names().await, ["alive", "busy"], "one was seen lately, one has a job");
    let pauses = ledger.pauses().await.unwrap();
    assert_eq!(pauses.iter().map(|pause| pause.scope.name()).collect::<Vec<_>>(), ["alive"]);
}

/// Leases are extended while the same jobs are written about: nobody waits in a circle, nobody loses a lease.
async fn beats_of_many_workers_and_their_steps_go_on_side_by_side(ledger: &Bench) {
    let jobs = seed_many(ledger, 12).await;
    let mut held = Vec::new();
    for (n, job) in jobs.iter().enumerate() {
        held.push(claim(ledger, *job, if n % 2 == 0 { "ann" } else { "bob" }).await);
    }
    let other = ledger.another().await;
    let of = |name: &str| -> Vec<_> {
        let own = held.iter().filter(|claimed| claimed.lease.owner == worker(name));
        own.map(|claimed| claimed.lease.clone()).collect()
    };
    let beats = async |name: &str| {
        let mut leases = of(name);
        for _ in 0..10 {
            assert_eq!(renew(&other, &leases).await.len(), leases.len());
            leases.reverse();
        }
    };
    let steps = async {
        for claimed in held.iter().cycle().take(36) {
            ledger.record(&claimed.lease, &full_step(claimed)).await.unwrap();
        }
    };
    tokio::join!(beats("ann"), beats("bob"), steps);
    assert!(ledger.rescue(NEVER, u32::MAX).await.unwrap().expired.is_empty());
}
