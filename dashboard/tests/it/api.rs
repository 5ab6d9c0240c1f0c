//! What programs read.

use std::time::Duration;

use common::domain::job::JobId;
use common::domain::lease::WorkerId;
use serde_json::{Value, json};
use testkit::wait::wait_until;

use crate::bench::{Bench, On, serial};

macro_rules! on_every_ledger {
    ($($case:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() { super::$case(&super::Bench::new(super::On::Sqlite).await).await; })+
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() { super::$case(&super::Bench::new(super::On::Postgres).await).await; })+
        }
    };
}

on_every_ledger![
    the_fleet_is_counted,
    devices_come_in_pages_and_hostile_names_as_they_are,
    one_device_has_its_jobs_and_a_whole_timeline,
    jobs_come_newest_first_and_every_page_leads_to_the_next,
    what_is_wrong_is_told_in_one_shape,
];

async fn the_fleet_is_counted(bench: &Bench) {
    bench.fill(3).await;
    let fleet = wait_until("the picture has the devices", Duration::from_secs(15), async || {
        let (status, fleet) = bench.json("/api/v1/fleet").await;
        if status == 200 && fleet["n_devices"] == 3 { Ok(fleet) } else { Err(fleet.to_string()) }
    })
    .await;
    assert_eq!(fleet["counts"]["by_state"]["available"], 3);
    assert_eq!(fleet["ledger_ok"], true);
    assert_eq!(fleet["throughput"]["jobs_left"], 3);
    let (_, chart) = bench.json("/api/v1/fleet/chart?minutes=10").await;
    assert_eq!(chart["bucket_s"], 60);
    assert_eq!(chart["buckets"].as_array().unwrap().len(), 11);
    assert_eq!(bench.json("/api/v1/workers").await, (200, json!({ "workers": [] })));
}

async fn devices_come_in_pages_and_hostile_names_as_they_are(bench: &Bench) {
    bench.fill(5).await;
    let (status, page) = bench.json("/api/v1/devices?per_page=2&page=3").await;
    assert_eq!((status, &page["total"], &page["page"]), (200, &json!(5), &json!(3)));
    assert_eq!(page["rows"][0]["serial"], serial(5).as_str());
    assert_eq!(page["rows"][0]["state"], "available");
    let answer = bench.answer("/api/v1/devices?search=%3Cscript").await;
    assert_eq!(answer.headers()["content-type"], "application/json");
    let page: Value = answer.json().await.unwrap();
    assert_eq!((&page["total"], &page["rows"][0]["hostname"]), (&json!(1), &json!("<script>\"&\u{202e}\n")));
    let (_, none) = bench.json("/api/v1/devices?state=failed&sort=updated&descending=true").await;
    assert_eq!((&none["total"], &none["rows"]), (&json!(0), &json!([])));
}

async fn one_device_has_its_jobs_and_a_whole_timeline(bench: &Bench) {
    bench.fill(1).await;
    let path = format!("/api/v1/devices/{}", serial(1));
    let (status, device) = bench.json(&path).await;
    assert_eq!((status, &device["device"]["model"]), (200, &json!("PA-440")));
    let job = device["jobs"][0]["id"].as_i64().unwrap();
    let worker = WorkerId("w-1".to_owned());
    bench.engine.ledger.claim(JobId(job), &worker, Duration::from_secs(60)).await.unwrap();
    let (_, job) = bench.json(&format!("/api/v1/jobs/{job}")).await;
    assert_eq!(
        (&job["job"]["serial"], &job["attempts"][0]["worker"]),
        (&json!(serial(1).as_str()), &json!("w-1"))
    );

    let (_, first) = bench.json(&format!("{path}/timeline?limit=1")).await;
    assert_eq!(first["chain"]["verdict"], "whole");
    let n = first["chain"]["entries"].as_i64().unwrap();
    assert!(n >= 2 && first["next_after"] == 1, "{first}");
    let (_, last) = bench.json(&format!("{path}/timeline?after=1")).await;
    assert_eq!(last["entries"].as_array().unwrap().len(), usize::try_from(n - 1).unwrap());
    assert_eq!(last["entries"][0]["prev"], first["entries"][0]["hash"]);
    assert_eq!(last["next_after"], Value::Null);
}

async fn jobs_come_newest_first_and_every_page_leads_to_the_next(bench: &Bench) {
    bench.fill(5).await;
    let (mut seen, mut path) = (Vec::new(), "/api/v1/jobs?state=available&limit=2".to_owned());
    loop {
        let (status, page) = bench.json(&path).await;
        assert_eq!(status, 200, "{page}");
        seen.extend(page["jobs"].as_array().unwrap().iter().map(|job| job["id"].as_i64().unwrap()));
        let Some(before) = page["next_before"].as_i64() else { break };
        path = format!("/api/v1/jobs?state=available&limit=2&before={before}");
    }
    assert_eq!(seen.len(), 5);
    assert!(seen.is_sorted_by(|a, b| a > b), "{seen:?}");
}

async fn what_is_wrong_is_told_in_one_shape(bench: &Bench) {
    let cases = [
        ("/api/v1/devices/nobody", 404, "unknown_device"),
        ("/api/v1/devices/nobody/timeline", 404, "unknown_device"),
        ("/api/v1/jobs/1", 404, "unknown_job"),
        ("/api/v1/jobs/one", 404, "unknown_job"),
        ("/api/v1/devices?page=0", 400, "bad_request"),
        ("/api/v1/devices?per_page=501", 400, "bad_request"),
        ("/api/v1/devices?state=asleep", 400, "bad_request"),
        ("/api/v1/devices?colour=blue", 400, "bad_request"),
        ("/api/v1/jobs?limit=many", 400, "bad_request"),
        ("/api/v1/fleet/chart?minutes=0", 400, "bad_request"),
        ("/api/v1/nothing", 404, "unknown_path"),
        ("/api/v1/devices/%ff", 400, "bad_request"),
        ("/api/v1/jobs/%ff", 400, "bad_request"),
        ("/api/v1/batches/%ff", 400, "bad_request"),
        ("/api/v1/batches/1?limit=0", 400, "bad_request"),
    ];
    for (path, status, code) in cases {
        let (found, body) = bench.json(path).await;
        assert_eq!((found, &body["error"]["code"]), (status, &json!(code)), "{path}: {body}");
        for field in ["message", "remedy"] {
            assert!(body["error"][field].as_str().is_some_and(|text| !text.is_empty()), "{path}: {body}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_path_that_is_described_is_there() {
    let bench = Bench::new(On::Sqlite).await;
    let (_, document) = bench.json("/api/v1/openapi.json").await;
    for path in document["paths"].as_object().unwrap().keys() {
        let path = path.replace("{serial}", "nobody").replace("{id}", "0");
        let answer = bench.answer(&path).await;
        assert!(
            answer.status() != 404
                || answer.json::<Value>().await.unwrap()["error"]["code"] != "unknown_path",
            "{path}"
        );
    }
}
