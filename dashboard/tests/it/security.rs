//! Who may ask, what a browser may do with an answer, and limits.

use std::time::{Duration, Instant};

use common::broker::command::MAX_COMMAND_BYTES;
use dashboard::headers::CONTENT_SECURITY_POLICY;
use dashboard::server::{ANSWERED_WITHIN, HEAD_WITHIN, MAX_BODY_BYTES, MAX_CONNECTIONS};
use serde_json::{Value, json};
use testkit::wait::wait_until;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::bench::{Bench, On, TOKEN};

/// Longer than any request is waited for.
const LONG: Duration = Duration::from_secs(60);

/// How late a limit may be kept on a busy machine.
const A_MOMENT: Duration = Duration::from_secs(8);

/// Timers begin a little after the clock of who asks.
const ROUNDING: Duration = Duration::from_millis(500);

/// Bytes as they are, and what comes back.
async fn raw(bench: &Bench, request: &str) -> String {
    let mut stream = TcpStream::connect(bench.server.address()).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let read = tokio::time::timeout(LONG, stream.read_to_end(&mut answer)).await;
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
        for token in [None, Some("another"), Some("")] {
            let asked = bench.get(path);
            let asked = if let Some(token) = token { asked.bearer_auth(token) } else { asked };
            let answer = asked.send().await.unwrap();
            assert_eq!(answer.status(), 401, "{path} with {token:?}");
            assert_eq!(answer.headers()["www-authenticate"], "Bearer", "{path}");
            let body: Value = answer.json().await.unwrap();
            assert_eq!(body["error"]["code"], "unauthorized", "{path}: {body}");
            assert!(!body.to_string().contains(TOKEN), "{path}");
        }
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
    assert_eq!(written.status(), 400, "with the token it is read, and says nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_token_nobody_writes() {
    let bench = Bench::new(On::Sqlite).await;
    bench.fill(1).await;
    let job = bench.json("/api/v1/jobs").await.1["jobs"][0]["id"].as_i64().unwrap();
    let wish = json!({"devices": "all", "target": "11.1.6", "reason": "CHG-1"});
    for path in ["jobs".to_owned(), format!("jobs/{job}/cancel"), format!("jobs/{job}/retry")] {
        for token in [None, Some(TOKEN), Some("")] {
            let post = bench.client.post(format!("{}api/v1/{path}", bench.server.url()));
            let post = post.header("idempotency-key", "k").json(&wish);
            let post = if let Some(token) = token { post.bearer_auth(token) } else { post };
            let answer = post.send().await.unwrap();
            assert_eq!(answer.status(), 403, "{path} with {token:?}");
            let body: Value = answer.json().await.unwrap();
            assert_eq!(body["error"]["code"], "no_token_configured", "{path}: {body}");
            assert!(body["error"]["remedy"].as_str().unwrap().contains("dashboard.token"), "{body}");
        }
    }
    let jobs = bench.json("/api/v1/jobs").await.1;
    assert_eq!((jobs["jobs"].as_array().unwrap().len(), &jobs["jobs"][0]["state"]), (1, &json!("available")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_is_too_long_is_refused() {
    let bench = Bench::with_token().await;
    let form = format!("token={}", "x".repeat(MAX_BODY_BYTES));
    let answer = bench.client.post(format!("{}login", bench.server.url())).body(form).send().await.unwrap();
    assert_eq!(answer.status(), 413);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_submission_that_is_too_long_is_refused_in_the_shape_of_any_error() {
    let bench = Bench::with_token().await;
    let post = bench.client.post(format!("{}api/v1/jobs", bench.server.url())).bearer_auth(TOKEN);
    let answer = post.body(" ".repeat(MAX_COMMAND_BYTES + 1)).send().await.unwrap();
    assert_eq!(answer.status(), 413);
    let body: Value = answer.json().await.unwrap();
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
    let bench = Bench::with_token().await;
    let began = Instant::now();
    let head = async {
        let answer = raw(&bench, "GET /healthz HTTP/1.1\r\nhost: localhost\r\n").await;
        (answer, began.elapsed())
    };
    let drops = async {
        let answer = drop_by_drop(&bench, "GET /healthz HTTP/1.1\r\nhost: localhost\r\nx: ").await;
        (answer, began.elapsed())
    };
    let body = async {
        let head =
            "POST /login HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\nconnection: close\r\n\r\n";
        (raw(&bench, head).await, began.elapsed())
    };
    let ((head, head_took), (drops, drops_took), (body, body_took)) = tokio::join!(head, drops, body);
    assert!(!head.contains("200 OK") && !drops.contains("200 OK"), "{head} {drops}");
    assert!(body.starts_with("HTTP/1.1 503") && body.contains("\"busy\""), "{body}");
    for (took, limit) in [(head_took, HEAD_WITHIN), (drops_took, HEAD_WITHIN), (body_took, ANSWERED_WITHIN)] {
        assert!(limit <= took + ROUNDING && took < limit + A_MOMENT, "{took:?} of {limit:?}");
    }
    assert_eq!(bench.answer("/healthz").await.status(), 200);
}

/// Sends a beginning, then one byte at a time until nobody listens any more; what came back.
async fn drop_by_drop(bench: &Bench, beginning: &str) -> String {
    let (mut reader, mut writer) = TcpStream::connect(bench.server.address()).await.unwrap().into_split();
    writer.write_all(beginning.as_bytes()).await.unwrap();
    let dripping = async {
        loop {
            tokio::time::sleep(Duration::from_millis(200)).await;
            if writer.write_all(b"x").await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    };
    let mut answer = Vec::new();
    let read = async {
        // Closed with bytes of ours unread: a reset is an end as well.
        let _ = reader.read_to_end(&mut answer).await;
    };
    tokio::select! {
        () = dripping => {}
        read = tokio::time::timeout(LONG, read) => read.unwrap(),
    }
    String::from_utf8_lossy(&answer).into_owned()
}
