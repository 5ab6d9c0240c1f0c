//! The three paths, asked as an orchestrator does.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::super::metrics;
use super::*;

/// Ready as told; hangs where nothing is told.
struct Told(Option<bool>);

#[async_trait]
impl Probe for Told {
    async fn readiness(&self) -> Readiness {
        match self.0 {
            Some(true) => vec![Part::ready("ledger", "answers")].into(),
            Some(false) => vec![Part::ready("ledger", "answers"), Part::not_ready("broker", "away")].into(),
            None => std::future::pending().await,
        }
    }
}

/// Status line with headers, and body, of a GET of `path`.
async fn got(probe: Told, path: &str) -> (String, String) {
    let listener = listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (end, routes) = (CancellationToken::new(), router(Arc::new(probe), metrics::install()));
    let ask = async {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        end.cancel();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.to_owned(), body.to_owned())
    };
    let (answer, ()) = tokio::join!(ask, serve(listener, routes, &end));
    answer
}

#[tokio::test]
async fn a_process_that_is_not_ready_is_alive_and_says_which_part_is_not() {
    let (head, _) = got(Told(Some(false)), "/healthz").await;
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    let (head, body) = got(Told(Some(false)), "/readyz").await;
    assert!(head.starts_with("HTTP/1.1 503"), "{head}");
    let body: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(body["ready"], false);
    assert_eq!(body["parts"][1], serde_json::json!({ "name": "broker", "ready": false, "why": "away" }));
    let (head, _) = got(Told(Some(true)), "/readyz").await;
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
}

#[tokio::test]
async fn a_probe_that_hangs_is_not_ready() {
    let began = std::time::Instant::now();
    let (head, body) = got(Told(None), "/readyz").await;
    assert!(head.starts_with("HTTP/1.1 503") && body.contains("probe"), "{head}\n{body}");
    assert!(began.elapsed() < PROBED_WITHIN * 3);
}

#[tokio::test]
async fn metrics_say_which_format_they_have() {
    let (head, body) = got(Told(Some(true)), "/metrics").await;
    assert!(head.starts_with("HTTP/1.1 200") && head.contains(TEXT), "{head}");
    assert!(body.contains("panos_upgrade_build_info"), "{body}");
}

#[tokio::test]
async fn connections_that_say_nothing_take_no_more_than_the_places_there_are() {
    let listener = listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (end, routes) = (CancellationToken::new(), router(Arc::new(Told(Some(true))), metrics::install()));
    let ask = async {
        let mut silent = Vec::new();
        for _ in 0..MAX_CONNECTIONS {
            silent.push(TcpStream::connect(address).await.unwrap());
        }
        let mut one_more = TcpStream::connect(address).await.unwrap();
        one_more.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
        let mut answer = [0; 15];
        let early = tokio::time::timeout(Duration::from_millis(300), one_more.read_exact(&mut answer)).await;
        assert!(early.is_err(), "it has no place yet");
        drop(silent);
        let answered = tokio::time::timeout(HEAD_WITHIN, one_more.read_exact(&mut answer)).await;
        answered.unwrap().unwrap();
        assert_eq!(&answer, b"HTTP/1.1 200 OK");
        end.cancel();
    };
    let ((), ()) = tokio::join!(ask, serve(listener, routes, &end));
}
