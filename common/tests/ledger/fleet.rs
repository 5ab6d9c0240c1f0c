//! The fleet is held, and goes on.

use std::time::Duration;

use common::audit::entry::SYSTEM_CHAIN;
use common::audit::{Actor, AuditAction};
use common::domain::hold::HoldCause;
use common::domain::job::{JobState, Requester};
use common::ledger::{Claim, End, LoginWatch, Rescued};

use crate::bench::Bench;
use crate::fixtures::*;

on_every_ledger![
    while_the_fleet_is_held_no_attempt_begins_and_those_that_run_go_on,
    a_hold_that_is_there_stays,
    after_a_hold_every_job_that_was_refused_is_woken_once,
    thousands_of_refused_jobs_are_woken,
    the_rescue_wakes_whom_resuming_did_not_reach,
    the_rescue_wakes_nobody_while_the_fleet_is_held,
    refused_log_ins_in_a_row_hold_the_fleet_once,
    an_accepted_log_in_breaks_the_row,
    resuming_forgets_refused_log_ins,
    refusals_at_once_are_all_counted,
    a_hold_and_a_claim_at_once_leave_nobody_asleep,
];

const UNCLAIMED_AFTER: Duration = Duration::from_secs(60);

async fn held_actions(ledger: &Bench) -> Vec<AuditAction> {
    let actions = chain(ledger, SYSTEM_CHAIN).await.into_iter().map(|entry| entry.action);
    actions.filter(|action| matches!(action, AuditAction::FleetHeld | AuditAction::FleetResumed)).collect()
}

async fn while_the_fleet_is_held_no_attempt_begins_and_those_that_run_go_on(ledger: &Bench) {
    let jobs = seed_many(ledger, 2).await;
    let running = claim(ledger, jobs[0], "ann").await;
    assert_eq!(ledger.hold().await.unwrap(), None);
    let hold = ledger.pause(&operator()).await.unwrap();
    assert_eq!((hold.cause, hold.reason.as_str()), (HoldCause::Operator, "CHG-7"));
    assert_eq!(hold.by, Some(operator()));
    assert!(is_recent(hold.since));
    assert_eq!(ledger.another().await.hold().await.unwrap(), Some(hold.clone()));

    assert_eq!(ledger.claim(jobs[1], &worker("bob"), LEASE).await.unwrap(), Claim::Held(hold.clone()));
    let waiting = view(ledger, jobs[1]).await;
    assert_eq!((waiting.state, waiting.attempt, waiting.worker), (JobState::Available, 0, None));
    ledger.record(&running.lease, &full_step(&running)).await.unwrap();
    assert_eq!(renew(ledger, std::slice::from_ref(&running.lease)).await.len(), 1);
    ledger.end(&running.lease, &End::Completed, &step(&running)).await.unwrap();
    let ended = ledger.claim(jobs[0], &worker("bob"), LEASE).await.unwrap();
    assert_eq!(ended, Claim::Ended(JobState::Completed), "an ended job is not held up");

    assert_eq!(ledger.resume(&operator()).await.unwrap(), Some(hold));
    assert_eq!(ledger.hold().await.unwrap(), None);
    claim(ledger, jobs[1], "bob").await;
    let entries = chain(ledger, SYSTEM_CHAIN).await;
    let [.., held, resumed] = &entries[..] else { panic!("{entries:?}") };
    assert_eq!((held.action, resumed.action), (AuditAction::FleetHeld, AuditAction::FleetResumed));
    assert_eq!((&held.actor, &resumed.actor), (&Actor::Operator(operator()), &Actor::Operator(operator())));
    assert_eq!((&held.detail["cause"], &resumed.detail["reason"]), (&"operator".into(), &"CHG-7".into()));
}

async fn a_hold_that_is_there_stays(ledger: &Bench) {
    let hold = ledger.pause(&operator()).await.unwrap();
    let other = Requester { operator: "bob".to_owned(), host: "shell-2".to_owned(), reason: None };
    assert_eq!(ledger.pause(&other).await.unwrap(), hold);
    assert_eq!(ledger.login_refused(&serial(1), 1).await.unwrap().hold, Some(hold.clone()));
    assert_eq!(ledger.resume(&other).await.unwrap(), Some(hold));
    assert_eq!(ledger.resume(&other).await.unwrap(), None);
    assert_eq!(held_actions(ledger).await, [AuditAction::FleetHeld, AuditAction::FleetResumed]);
}

async fn after_a_hold_every_job_that_was_refused_is_woken_once(ledger: &Bench) {
    let jobs = seed_many(ledger, 5).await;
    ledger.pause(&operator()).await.unwrap();
    for job in jobs.iter().take(4) {
        for _ in 0..2 {
            assert!(matches!(ledger.claim(*job, &worker("ann"), LEASE).await.unwrap(), Claim::Held(_)));
        }
    }
    ledger.cancel(jobs[0], &operator()).await.unwrap();
    drain(ledger).await;
    ledger.resume(&operator()).await.unwrap();
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
    ledger.pause(&operator()).await.unwrap();
    ledger.sql("UPDATE jobs SET held_up = (1 = 1)").await.unwrap();
    ledger.resume(&operator()).await.unwrap();
    let woken = drain(ledger).await;
    assert_eq!(wake_ups(&woken).len(), jobs.len());
}

async fn the_rescue_wakes_whom_resuming_did_not_reach(ledger: &Bench) {
    let jobs = seed_many(ledger, 3).await;
    drain(ledger).await;
    ledger.sql("UPDATE jobs SET held_up = (1 = 1)").await.unwrap();
    let rescued = ledger.rescue(UNCLAIMED_AFTER, u32::MAX).await.unwrap();
    assert_eq!(rescued, Rescued { held_up: jobs.clone(), ..Rescued::default() });
    assert_eq!(wake_ups(&drain(ledger).await), jobs.iter().map(|job| format!("{job}:2")).collect::<Vec<_>>());
    assert_eq!(ledger.rescue(UNCLAIMED_AFTER, u32::MAX).await.unwrap(), Rescued::default());
}

async fn the_rescue_wakes_nobody_while_the_fleet_is_held(ledger: &Bench) {
    let jobs = seed_many(ledger, 3).await;
    claim(ledger, jobs[0], "ann").await;
    drain(ledger).await;
    ledger.pause(&operator()).await.unwrap();
    assert!(matches!(ledger.claim(jobs[1], &worker("ann"), LEASE).await.unwrap(), Claim::Held(_)));
    ledger.elapse(2 * LEASE).await;
    let rescued = ledger.rescue(UNCLAIMED_AFTER, u32::MAX).await.unwrap();
    assert_eq!(rescued, Rescued { expired: vec![jobs[0]], ..Rescued::default() });
    assert_eq!(state(ledger, jobs[0]).await, JobState::Available);
    assert!(wake_ups(&drain(ledger).await).is_empty());
    assert!(matches!(ledger.claim(jobs[0], &worker("ann"), LEASE).await.unwrap(), Claim::Held(_)));

    ledger.resume(&operator()).await.unwrap();
    let rows = drain(ledger).await;
    assert_eq!(wake_ups(&rows), [format!("{}:2", jobs[0]), format!("{}:2", jobs[1])]);
    ledger.elapse(2 * UNCLAIMED_AFTER).await;
    assert_eq!(
        ledger.rescue(UNCLAIMED_AFTER, u32::MAX).await.unwrap().unclaimed,
        jobs,
        "now it looks for lost ones"
    );
}

async fn refused_log_ins_in_a_row_hold_the_fleet_once(ledger: &Bench) {
    let job = seed(ledger).await;
    for n in 1..=2 {
        let watch = ledger.login_refused(&serial(n), 3).await.unwrap();
        assert_eq!(watch, LoginWatch { refused_in_row: n, hold: None });
    }
    let watch = ledger.login_refused(&serial(3), 3).await.unwrap();
    let hold = watch.hold.unwrap();
    assert_eq!((watch.refused_in_row, hold.cause, &hold.by), (3, HoldCause::Credentials, &None));
    assert!(hold.reason.contains(serial(3).as_str()), "{}", hold.reason);
    assert_eq!(ledger.claim(job, &worker("ann"), LEASE).await.unwrap(), Claim::Held(hold.clone()));
    let again = ledger.login_refused(&serial(4), 3).await.unwrap();
    assert_eq!(again, LoginWatch { refused_in_row: 4, hold: Some(hold) });

    assert_eq!(held_actions(ledger).await, [AuditAction::FleetHeld]);
    let entry = chain(ledger, SYSTEM_CHAIN).await.pop().unwrap();
    assert_eq!((entry.actor, &entry.detail["refused_in_row"]), (Actor::System, &3.into()));
    assert_eq!(entry.detail["refused_last"], serde_json::json!([serial(1), serial(2), serial(3)]));
}

async fn an_accepted_log_in_breaks_the_row(ledger: &Bench) {
    ledger.login_accepted().await.unwrap();
    for _ in 0..2 {
        for n in 1..=2 {
            let watch = ledger.login_refused(&serial(1), 3).await.unwrap();
            assert_eq!(watch, LoginWatch { refused_in_row: n, hold: None });
        }
        ledger.login_accepted().await.unwrap();
    }
    for n in 1..=10 {
        let watch = ledger.login_refused(&serial(1), 0).await.unwrap();
        assert_eq!(watch, LoginWatch { refused_in_row: n, hold: None }, "zero never holds");
    }
}

async fn resuming_forgets_refused_log_ins(ledger: &Bench) {
    let hold = ledger.login_refused(&serial(1), 1).await.unwrap().hold;
    ledger.login_accepted().await.unwrap();
    assert_eq!(ledger.hold().await.unwrap(), hold, "only a person ends a hold");
    ledger.login_refused(&serial(1), 5).await.unwrap();
    assert_eq!(ledger.resume(&operator()).await.unwrap(), hold);
    assert_eq!(ledger.login_refused(&serial(1), 5).await.unwrap().refused_in_row, 1);
}

async fn refusals_at_once_are_all_counted(ledger: &Bench) {
    const EACH: u32 = 15;
    let other = ledger.another().await;
    let device = serial(1);
    let ours = async {
        for _ in 0..EACH {
            ledger.login_refused(&device, 2 * EACH).await.unwrap();
        }
    };
    let theirs = async {
        for _ in 0..EACH {
            other.login_refused(&device, 2 * EACH).await.unwrap();
        }
    };
    tokio::join!(ours, theirs);
    assert!(ledger.hold().await.unwrap().is_some(), "the last one was one too many");
    assert_eq!(ledger.login_refused(&device, 0).await.unwrap().refused_in_row, 2 * EACH + 1);
    assert_eq!(held_actions(ledger).await, [AuditAction::FleetHeld]);
}

/// Claims meet holds that come and go; at rest every job runs, or has a wake-up that a relay can take.
async fn a_hold_and_a_claim_at_once_leave_nobody_asleep(ledger: &Bench) {
    let jobs = seed_many(ledger, 30).await;
    drain(ledger).await;
    let other = ledger.another().await;
    let by = operator();
    let holding = async {
        for _ in 0..15 {
            other.pause(&by).await.unwrap();
            other.resume(&by).await.unwrap();
        }
    };
    let claiming = async {
        let mut refused = Vec::new();
        for job in &jobs {
            match ledger.claim(*job, &worker("ann"), LEASE).await.unwrap() {
                Claim::Claimed(_) => {}
                Claim::Held(_) => refused.push(*job),
                answer => panic!("{answer:?}"),
            }
        }
        refused
    };
    let ((), refused) = tokio::join!(holding, claiming);
    ledger.rescue(UNCLAIMED_AFTER, u32::MAX).await.unwrap();
    let rows = drain(ledger).await;
    let woken = wake_ups(&rows);
    for job in refused {
        assert!(woken.contains(&format!("{job}:2").as_str()), "job {job} sleeps");
    }
}
