//! Requests of other programs: one of many begins, and what one died over another goes on with.

use std::time::Duration;

use common::domain::job::BatchId;
use common::intake::{Intake, Mode, Rules, Wanted};
use common::ledger::{NewRequest, REQUESTS_KEPT, RequestState};

use crate::bench::Bench;
use crate::fixtures::*;

on_every_ledger![
    a_request_is_begun_once_and_answered_for_ever,
    of_many_at_once_exactly_one_begins,
    the_same_key_with_another_body_is_told_apart,
    what_nobody_answered_is_gone_on_with_after_its_hold_or_its_release,
    a_repeat_after_a_crash_reports_the_jobs_that_are_there_and_makes_no_second_ones,
    old_requests_are_forgotten_and_those_under_way_are_not,
];

const HOLD: Duration = Duration::from_secs(30);

fn request(key: &str, body: u8) -> NewRequest {
    NewRequest { key: key.to_owned(), sha256: [body; 32], batch: BatchId::new(), hold: HOLD }
}

async fn a_request_is_begun_once_and_answered_for_ever(ledger: &Bench) {
    let new = request("api:1", 1);
    let begun = RequestState::Begun { batch: new.batch, is_repeat: false };
    assert_eq!(ledger.begin_request(&new).await.unwrap(), begun);
    assert_eq!(ledger.begin_request(&request("api:1", 1)).await.unwrap(), RequestState::InProgress);
    ledger.answer_request("api:1", 201, "{\"queued\":1}").await.unwrap();
    ledger.answer_request("api:1", 200, "{}").await.unwrap();
    let answered = RequestState::Answered { status: 201, answer: "{\"queued\":1}".to_owned() };
    assert_eq!(ledger.another().await.begin_request(&request("api:1", 1)).await.unwrap(), answered);
    ledger.release_request("api:1").await.unwrap();
    assert_eq!(ledger.begin_request(&request("api:1", 1)).await.unwrap(), answered);
}

async fn of_many_at_once_exactly_one_begins(ledger: &Bench) {
    let asked = (0..20).map(|_| async { ledger.begin_request(&request("api:race", 1)).await.unwrap() });
    let states = futures_util::future::join_all(asked).await;
    let n_begun = states.iter().filter(|state| matches!(state, RequestState::Begun { .. })).count();
    assert_eq!(n_begun, 1, "{states:?}");
    assert_eq!(states.iter().filter(|state| **state == RequestState::InProgress).count(), 19);
}

async fn the_same_key_with_another_body_is_told_apart(ledger: &Bench) {
    ledger.begin_request(&request("api:1", 1)).await.unwrap();
    assert_eq!(ledger.begin_request(&request("api:1", 2)).await.unwrap(), RequestState::OtherBody);
    ledger.answer_request("api:1", 200, "{}").await.unwrap();
    assert_eq!(ledger.begin_request(&request("api:1", 2)).await.unwrap(), RequestState::OtherBody);
    assert!(matches!(ledger.begin_request(&request("amqp:1", 2)).await.unwrap(), RequestState::Begun { .. }));
}

async fn what_nobody_answered_is_gone_on_with_after_its_hold_or_its_release(ledger: &Bench) {
    let first = request("api:1", 1);
    ledger.begin_request(&first).await.unwrap();
    ledger.elapse(HOLD + Duration::from_secs(1)).await;
    let gone_on = RequestState::Begun { batch: first.batch, is_repeat: true };
    assert_eq!(ledger.begin_request(&request("api:1", 1)).await.unwrap(), gone_on);
    assert_eq!(ledger.begin_request(&request("api:1", 1)).await.unwrap(), RequestState::InProgress);
    ledger.release_request("api:1").await.unwrap();
    assert_eq!(ledger.begin_request(&request("api:1", 1)).await.unwrap(), gone_on);
}

async fn a_repeat_after_a_crash_reports_the_jobs_that_are_there_and_makes_no_second_ones(ledger: &Bench) {
    let ended = seed_many(ledger, 3).await;
    for job in &ended {
        ledger.cancel(*job, &operator()).await.unwrap();
    }
    let devices: Vec<_> = ledger.devices().await.unwrap().into_iter().map(|record| record.device).collect();
    let rules = Rules {
        wanted: Wanted { target: Some("12.1.2".parse().unwrap()), ..Wanted::default() },
        policy: common::domain::path::Policy::default(),
        max_attempts: 5,
        pair: common::domain::job::PairMode::AtOnce,
    };
    let (by, batch) = (operator(), BatchId::new());
    let run = async |is_repeat: bool, devices: Vec<_>| {
        let intake = Intake::new(&**ledger, &by).named(batch, is_repeat);
        intake.devices(devices, &rules, Mode::Enqueue).await.unwrap()
    };
    // The first run died after one device of three, whose job has ended since.
    let first = run(false, devices[..1].to_vec()).await;
    assert_eq!(first.queued, 1, "{first:?}");
    ledger.cancel(first.jobs[0].job_id, &by).await.unwrap();

    let second = run(true, devices.clone()).await;
    assert_eq!((second.queued, second.batch_id), (3, Some(batch)), "{second:?}");
    assert!(second.jobs.iter().any(|job| job.job_id == first.jobs[0].job_id));
    let mut third = run(true, devices).await;
    let mut second = second;
    second.jobs.sort_by_key(|job| job.job_id);
    third.jobs.sort_by_key(|job| job.job_id);
    assert_eq!(third.jobs, second.jobs);
    let filter = common::ledger::JobFilter { batch: Some(batch), ..Default::default() };
    assert_eq!(ledger.jobs(&filter, 10).await.unwrap().len(), 3);
}

async fn old_requests_are_forgotten_and_those_under_way_are_not(ledger: &Bench) {
    ledger.begin_request(&request("api:old", 1)).await.unwrap();
    ledger.answer_request("api:old", 200, "{}").await.unwrap();
    ledger.elapse(REQUESTS_KEPT + Duration::from_secs(1)).await;
    ledger.begin_request(&request("api:new", 1)).await.unwrap();
    assert!(matches!(
        ledger.begin_request(&request("api:old", 2)).await.unwrap(),
        RequestState::Begun { .. }
    ));
    assert_eq!(ledger.begin_request(&request("api:new", 1)).await.unwrap(), RequestState::InProgress);
}
