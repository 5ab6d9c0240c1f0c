//! Streams of pictures, a ledger that goes away, and stopping.

use std::time::{Duration, Instant};

use serde_json::Value;
use testkit::wait::wait_until;

use crate::bench::{Bench, On};

/// Reads a stream until an event holds what is looked for.
async fn read_until(answer: &mut reqwest::Response, wanted: impl Fn(&Value) -> bool) -> Value {
    let mut text = String::new();
    loop {
        let chunk = tokio::time::timeout(Duration::from_secs(20), answer.chunk()).await.unwrap().unwrap();
        text.push_str(std::str::from_utf8(&chunk.expect("the stream goes on")).unwrap());
        while let Some((event, rest)) = text.clone().split_once("\n\n") {
            rest.clone_into(&mut text);
            let data = event.lines().find_map(|line| line.strip_prefix("data: "));
            if let Some(data) = data.map(|data| serde_json::from_str::<Value>(data).unwrap())
                && wanted(&data)
            {
                return data;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_open_page_is_shown_what_changes() {
    let bench = Bench::new(On::Sqlite).await;
    let mut stream = bench.answer("/live").await;
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    let first = read_until(&mut stream, |_| true).await;
    bench.fill(2).await;
    let shown = read_until(&mut stream, |data| data["html"].as_str().unwrap().contains("data-count")).await;
    assert!(shown["revision"].as_u64() > first["revision"].as_u64());
    assert!(!shown["html"].as_str().unwrap().contains("<script>"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_too_many_is_told_so_and_a_closed_one_leaves_its_place() {
    let bench = Bench::new(On::Sqlite).await;
    let mut open = Vec::new();
    for _ in 0..64 {
        let answer = bench.answer("/live").await;
        assert_eq!(answer.status(), 200);
        open.push(answer);
    }
    let refused = bench.answer("/live").await;
    assert_eq!(refused.status(), 503);
    assert!(refused.headers().contains_key("retry-after"));
    drop(open);
    wait_until("a place is free", Duration::from_secs(20), async || {
        let status = bench.answer("/live").await.status();
        if status == 200 { Ok(()) } else { Err(status.to_string()) }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_ends_open_streams_at_once() {
    let bench = Bench::new(On::Sqlite).await;
    let mut stream = bench.answer("/live").await;
    read_until(&mut stream, |_| true).await;
    let begin = Instant::now();
    assert!(bench.stop.drain(Duration::from_secs(10)).await, "nobody had to be told twice");
    assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
    while stream.chunk().await.unwrap().is_some() {}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_its_ledger_a_dashboard_says_so_and_recovers() {
    let bench = Bench::new(On::Postgres).await;
    bench.fill(1).await;
    let is_ok = async |wanted: bool| {
        let what = format!("ledger_ok is {wanted}");
        wait_until(what, Duration::from_secs(40), async || {
            let (status, fleet) = bench.json("/api/v1/fleet").await;
            let found = status == 200 && fleet["ledger_ok"] == wanted && fleet["n_devices"] == 1;
            if found { Ok(()) } else { Err(fleet.to_string()) }
        })
        .await;
    };
    is_ok(true).await;
    let database = bench.database.as_ref().unwrap();
    let lock = database.lock_table("devices").await.unwrap();
    is_ok(false).await;
    assert_eq!(bench.answer("/").await.status(), 200, "the page shows what was known");
    assert_eq!(bench.answer("/readyz").await.status(), 503);
    assert_eq!(bench.answer("/healthz").await.status(), 200);
    lock.release().await.unwrap();
    is_ok(true).await;
}
