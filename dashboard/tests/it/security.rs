//! Who may ask, what a browser may do with an answer, and limits.

use std::time::Duration;

use common::broker::command::MAX_COMMAND_BYTES;
use dashboard::headers::CONTENT_SECURITY_POLICY;
use dashboard::server::{MAX_BODY_BYTES, MAX_CONNECTIONS};
use testkit::wait::wait_until;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::bench::{Bench, On, TOKEN};

/// Bytes as they are, and what comes back.
async fn raw(bench: &Bench, request: &str) -> String {
    let mut stream = TcpStream::connect(bench.server.address()).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut answer)).await;
    read.unwrap().unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_says_what_a_browser_may_do_with_it() {
    let bench = Bench::new(On::Sqlite).await;
    for path in
        ["/", "/login", "/devices", "/nowhere", "/api/v1/fleet", "/api/v1/nowhere", "/healthz", "/live"]
    {
        let answer = bench.answer(path).await;
        let headers = answer.headers();
        assert_eq!(headers["content-security-policy"], CONTENT_SECURITY_POLICY, "{path}");
        assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(headers["referrer-policy"], "no-referrer", "{path}");
        assert_eq!(headers["cache-control"], "no-store", "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_that_is_not_ours_gets_no_answer() {
    let bench = Bench::new(On::Sqlite).await;
    for host in ["evil.example", "localhost.evil.example"] {
        let answer = bench.get("/api/v1/fleet").header("host", host).send().await.unwrap();
        assert_eq!(answer.status(), 421, "{host}");
    }
    let answer =
        raw(&bench, "GET http://evil.example/ HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
            .await;
    assert!(answer.starts_with("HTTP/1.1 421"), "{answer}");
    let answer = bench.get("/devices").header("host", "localhost:9").send().await.unwrap();
    assert_eq!(answer.status(), 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_a_token_nothing_is_shown_without_it() {
    let bench = Bench::with_token().await;
    for path in
        ["/api/v1/devices", "/api/v1/openapi.json", "/live", "/metrics", "/readyz", "/fragments/devices"]
    {
        assert_eq!(bench.answer(path).await.status(), 401, "{path}");
    }
    for path in ["/", "/devices", "/devices/1", "/nowhere"] {
        let answer = bench.answer(path).await;
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()["location"]),
            (303, &"/login".parse().unwrap()),
            "{path}"
        );
    }
    assert_eq!(bench.answer("/login").await.status(), 200);
    assert_eq!(bench.answer("/healthz").await.status(), 200);
    assert_eq!(bench.get("/api/v1/devices").bearer_auth(TOKEN).send().await.unwrap().status(), 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_that_sent_the_token_may_look_and_not_write() {
    let bench = Bench::with_token().await;
    let login = format!("{}login", bench.server.url());
    let wrong = bench.client.post(&login).form(&[("token", "another")]).send().await.unwrap();
    assert_eq!(wrong.status(), 401);
    assert!(!wrong.headers().contains_key("set-cookie"));
    assert!(!wrong.text().await.unwrap().contains("another"), "it is not repeated");

    let right = bench.client.post(&login).form(&[("token", TOKEN)]).send().await.unwrap();
    assert_eq!((right.status().as_u16(), &right.headers()["location"]), (303, &"/".parse().unwrap()));
    let cookie = right.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
    assert!(!cookie.contains(TOKEN), "it is not the token");
    let cookie = cookie.split(';').next().unwrap();
    assert_eq!(bench.get("/").header("cookie", cookie).send().await.unwrap().status(), 200);
    let post = bench.client.post(format!("{}api/v1/jobs", bench.server.url())).body("{}");
    let written = post.try_clone().unwrap().header("cookie", cookie).send().await.unwrap();
    assert_eq!(written.status(), 401, "a cookie is not enough to write");
    let written = post.bearer_auth(TOKEN).send().await.unwrap();
    assert!(![401, 403].contains(&written.status().as_u16()), "{}", written.status());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_token_nobody_writes() {
    let bench = Bench::new(On::Sqlite).await;
    let answer =
        bench.client.post(format!("{}api/v1/jobs", bench.server.url())).body("{}").send().await.unwrap();
    assert_eq!(answer.status(), 403);
    assert!(answer.text().await.unwrap().contains("dashboard.token"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_is_too_long_is_refused() {
    let bench = Bench::with_token().await;
    let form = format!("token={}", "x".repeat(MAX_BODY_BYTES));
    let answer = bench.client.post(format!("{}login", bench.server.url())).body(form).send().await.unwrap();
    assert_eq!(answer.status(), 413);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wish_that_is_too_long_is_refused_in_the_shape_of_any_error() {
    let bench = Bench::with_token().await;
    let post = bench.client.post(format!("{}api/v1/jobs", bench.server.url())).bearer_auth(TOKEN);
    let answer = post.body(" ".repeat(MAX_COMMAND_BYTES + 1)).send().await.unwrap();
    assert_eq!(answer.status(), 413);
    let body: serde_json::Value = answer.json().await.unwrap();
    assert_eq!(body["error"]["code"], "too_large", "{body}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_too_many_is_told_to_come_again() {
    let bench = Bench::new(On::Sqlite).await;
    let mut held = Vec::new();
    for _ in 0..MAX_CONNECTIONS {
        held.push(TcpStream::connect(bench.server.address()).await.unwrap());
    }
    let request = "GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    let answer = raw(&bench, request).await;
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("retry-after"), "{answer}");
    drop(held);
    wait_until("there is room again", Duration::from_secs(10), async || {
        let answer = raw(&bench, request).await;
        if answer.starts_with("HTTP/1.1 200") { Ok(()) } else { Err(answer) }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_never_ends_is_given_up() {
    let bench = Bench::new(On::Sqlite).await;
    let answer = raw(&bench, "GET / HTTP/1.1\r\nhost: localhost\r\n").await;
    assert!(!answer.contains("200 OK"), "{answer}");
}
