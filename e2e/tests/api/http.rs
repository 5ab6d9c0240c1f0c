//! Wishes over HTTP.

use std::collections::BTreeSet;

use common::ledger::JobFilter;
use e2e::crowd;
use e2e::world::{SOON, Setup, Way, World};
use reqwest::Method;
use serde_json::{Value, json};
use testkit::wait::wait_until;

use crate::door::{Door, fleet};

const JOBS: &str = "/api/v1/jobs";

async fn on_both(case: impl AsyncFn(World)) {
    for way in [Way::Embedded, Way::Fleet] {
        case(fleet(way, 6).await).await;
    }
}

#[tokio::test]
async fn a_wish_is_queued_once_told_again_and_carries_who_asked() {
    on_both(async |world| {
        let door = Door::open(&world).await;
        let dry =
            door.post(JOBS, None, &json!({"devices": "all", "target": door.target(), "dry_run": true})).await;
        assert_eq!((dry.status, &dry.body["queued"]), (200, &json!(6)), "{dry:?}");
        assert!(door.jobs().await.is_empty());

        let first = door.post(JOBS, Some("k1"), &door.wish()).await;
        assert_eq!((first.status, first.is_replayed), (201, false), "{first:?}");
        let again = door.post(JOBS, Some("k1"), &door.wish()).await;
        assert_eq!((again.status, again.is_replayed, &again.body), (201, true, &first.body));
        let other = door.post(JOBS, Some("k1"), &json!({"devices": "all", "target": "12.1.0"})).await;
        assert_eq!((other.status, other.code()), (422, "key_reused"));
        let existing = door.post(JOBS, Some("k2"), &door.wish()).await;
        assert_eq!((existing.status, &existing.body["queued"]), (200, &json!(0)), "{existing:?}");

        let jobs = door.jobs().await;
        assert_eq!(jobs.len(), 6);
        assert!(jobs.iter().all(|job| job.requested_by.operator == "api/web-app/alice"));
        assert!(jobs.iter().all(|job| job.requested_by.reason.as_deref() == Some("CHG-1")));
        let batch = first.body["batch_id"].as_str().unwrap();
        let page =
            door.ask(Method::GET, &format!("/api/v1/batches/{batch}?limit=4"), None, &Value::Null).await;
        let page = page.unwrap().body;
        assert_eq!((&page["counts"]["total"], page["jobs"].as_array().unwrap().len()), (&json!(6), 4));
        assert!(page["next_before"].is_i64());
    })
    .await;
}

#[tokio::test]
async fn twenty_at_once_with_one_key_make_one_set_of_jobs_and_hear_one_answer() {
    on_both(async |world| {
        let door = Door::open(&world).await;
        let wish = door.wish();
        let door = &door;
        let wish = &wish;
        let asked = futures_util::future::join_all((0..20).map(|_| door.post(JOBS, Some("race"), wish)));
        let told = asked.await;
        assert!(told.iter().all(|told| told.status == 201), "{told:?}");
        let bodies: BTreeSet<String> = told.iter().map(|told| told.body.to_string()).collect();
        assert_eq!(bodies.len(), 1, "{bodies:?}");
        assert_eq!(told.iter().filter(|told| !told.is_replayed).count(), 1);
        let jobs = door.jobs().await;
        assert_eq!(jobs.len(), 6);
        assert!(jobs.iter().all(|job| job.batch == jobs[0].batch));
    })
    .await;
}

/// So many that they are written in chunks, and that a moment between two of them can be seen.
const MANY: u32 = 4_000;

#[tokio::test]
async fn a_dashboard_that_is_killed_in_the_middle_loses_neither_jobs_nor_the_answer() {
    // Side by side, because each repeat waits until nobody can be at the first request any more.
    tokio::join!(killed_in_the_middle(Way::Embedded), killed_in_the_middle(Way::Fleet));
}

async fn killed_in_the_middle(way: Way) {
    let world = World::new(way, Setup::devices(1)).await;
    let ledger = &*world.engine().await.ledger;
    crowd::register(ledger, MANY).await.unwrap();
    let mut door = Door::open(&world).await;
    let wish = json!({"devices": "all", "target": crowd::TARGET, "reason": "CHG-1"});
    let some_are_queued = async {
        while ledger.jobs(&JobFilter::default(), 1).await.unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        () = some_are_queued => {}
        told = door.ask(Method::POST, JOBS, Some("kill"), &wish) => panic!("{way:?}: it was done at once: {told:?}"),
    }
    door.kill9();
    let before = door.jobs().await.len();
    assert!((1..MANY as usize).contains(&before), "{way:?}: {before} were queued when it was killed");

    door.start().await;
    let told = wait_until("the repeat is answered", SOON * 4, async || {
        match door.ask(Method::POST, JOBS, Some("kill"), &wish).await {
            Some(told) if told.status == 201 => Ok(told),
            other => Err(format!("{other:?}")),
        }
    })
    .await;
    assert_eq!(told.body["queued"], json!(MANY), "{way:?}");
    assert_eq!(door.post(JOBS, Some("kill"), &wish).await.body, told.body, "{way:?}");
    let jobs = door.jobs().await;
    assert_eq!(jobs.len(), MANY as usize, "{way:?}");
    assert!(jobs.iter().all(|job| job.batch == jobs[0].batch), "{way:?}");
    let devices: BTreeSet<_> = jobs.iter().map(|job| &job.serial).collect();
    assert_eq!(devices.len(), jobs.len(), "{way:?}: one job each");
}

#[tokio::test]
async fn everything_that_is_wrong_is_told_and_nothing_is_queued() {
    let world = fleet(Way::Embedded, 2).await;
    let door = Door::open(&world).await;
    let bad = door.post(JOBS, Some("k"), &json!({"device": "01", "target": "eleven", "dry_run": 1})).await;
    assert_eq!((bad.status, bad.code()), (400, "bad_request"));
    let message = bad.body["error"]["message"].as_str().unwrap();
    for part in ["`device`", "devices: missing", "target:", "dry_run:"] {
        assert!(message.contains(part), "{message}");
    }
    assert_eq!(door.post(JOBS, None, &door.wish()).await.code(), "key_missing");
    assert_eq!(door.post(JOBS, Some(&"k".repeat(129)), &door.wish()).await.code(), "bad_key");
    let unknown = json!({"devices": ["99999"], "target": door.target()});
    let unknown = door.post(JOBS, Some("u"), &unknown).await;
    assert_eq!((unknown.status, &unknown.body["errors"][0]["reason"]), (200, &json!("unknown_device")));
    assert!(door.jobs().await.is_empty());
    let many: Vec<String> = (0..10_000).map(|n| format!("{n:015}")).collect();
    let many = door.post(JOBS, Some("m"), &json!({"devices": many, "target": door.target()})).await;
    assert_eq!((many.status, many.body["errors"].as_array().unwrap().len()), (200, 10_000));
}

#[tokio::test]
async fn a_job_is_cancelled_and_retried_once_per_key() {
    let world = fleet(Way::Embedded, 1).await;
    let door = Door::open(&world).await;
    let queued = door.post(JOBS, Some("q"), &door.wish()).await;
    let job = queued.body["jobs"][0]["job_id"].as_i64().unwrap();
    let (cancel, retry) = (format!("{JOBS}/{job}/cancel"), format!("{JOBS}/{job}/retry"));
    let why = json!({"reason": "CHG-2"});
    assert_eq!(door.post(&retry, Some("early"), &why).await.code(), "job_not_ended");
    assert_eq!(door.post(&cancel, Some("c"), &json!({})).await.code(), "bad_request");
    let cancelled = door.post(&cancel, Some("c"), &why).await;
    assert_eq!((cancelled.status, &cancelled.body["answer"]), (200, &json!("cancelled")));
    assert!(door.post(&cancel, Some("c"), &why).await.is_replayed);
    let retried = door.post(&retry, Some("r"), &why).await;
    assert_eq!(retried.status, 201, "{retried:?}");
    assert_eq!(door.post(&retry, Some("r"), &why).await.body, retried.body);
    assert_eq!(door.jobs().await.len(), 2);
    assert_eq!(door.post(&format!("{JOBS}/4711/cancel"), Some("x"), &why).await.code(), "unknown_job");
}
