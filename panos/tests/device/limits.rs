//! Time, size and foreign answers: nothing that a device does keeps a caller waiting or fills its memory.

use crate::server::{Answer, BOUND, Device, VERSION, api_key};
use panos::{Client, Endpoint, PanosError, Phase, Transport, TransportConfig, VersionInfo};
use std::io::ErrorKind;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;

const SHORT: Duration = Duration::from_millis(300);
const LIMIT_BYTES: usize = 100_000;

async fn ask(device: &Device, change: impl FnOnce(&mut TransportConfig)) -> Result<VersionInfo, PanosError> {
    let mut config = device.config();
    change(&mut config);
    let client = device.client_with(&config, api_key("KEY-0123456789"));
    tokio::time::timeout(BOUND, client.version()).await.expect("an end within the bound")
}

#[track_caller]
fn no_answer(outcome: Result<VersionInfo, PanosError>) -> (Phase, ErrorKind, String) {
    match outcome {
        Err(PanosError::NoAnswer { phase, source, .. }) => (phase, source.kind(), source.to_string()),
        other => panic!("expected no answer, found {other:?}"),
    }
}

#[tokio::test]
async fn a_closed_port_is_a_refused_connection() {
    let device = Device::start(|_| Answer::Silence).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let transport = Transport::new(&device.config()).unwrap();
    let client = Client::new(transport, Endpoint::new("127.0.0.1", port).unwrap(), api_key("KEY-0123456789"));
    let error = client.version().await.unwrap_err();
    assert_eq!(error.to_string(), format!("127.0.0.1:{port}: no answer to `version`"));
    let (phase, kind, text) = no_answer(Err(error));
    assert_eq!((phase, kind), (Phase::Connect, ErrorKind::ConnectionRefused), "{text}");
}

#[tokio::test]
async fn a_port_that_accepts_and_says_nothing_costs_the_connect_timeout() {
    let device = Device::start(|_| Answer::Silence).await;
    let mute = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = Endpoint::new("127.0.0.1", mute.local_addr().unwrap().port()).unwrap();
    let config = TransportConfig { connect_timeout: SHORT, ..device.config() };
    let client = Client::new(Transport::new(&config).unwrap(), endpoint, api_key("KEY-0123456789"));
    let (phase, kind, text) = no_answer(tokio::time::timeout(BOUND, client.version()).await.unwrap());
    assert_eq!((phase, kind), (Phase::Connect, ErrorKind::TimedOut), "{text}");
}

#[tokio::test]
async fn silence_after_the_request_costs_the_read_timeout() {
    let device = Device::start(|_| Answer::Silence).await;
    let started = Instant::now();
    let (phase, kind, text) = no_answer(ask(&device, |config| config.read_timeout = SHORT).await);
    assert_eq!((phase, kind), (Phase::Answer, ErrorKind::TimedOut), "{text}");
    assert!(started.elapsed() >= SHORT);
}

#[tokio::test]
async fn an_answer_that_drips_on_and_on_costs_the_read_timeout_too() {
    let device = Device::start(|_| {
        Answer::Endless(
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_vec(),
            b"1\r\n<\r\n".to_vec(),
        )
    })
    .await;
    let (phase, kind, text) = no_answer(ask(&device, |config| config.read_timeout = SHORT).await);
    assert_eq!((phase, kind), (Phase::Answer, ErrorKind::TimedOut), "{text}");
}

#[tokio::test]
async fn a_check_has_more_time_than_an_ordinary_call() {
    let list = include_str!("../../fixtures/software_classic_11.0.xml");
    let device = Device::start(|_| Answer::Later(3 * SHORT, list.to_owned())).await;
    let config = TransportConfig { read_timeout: SHORT, ..device.config() };
    let client = device.client_with(&config, api_key("KEY-0123456789"));
    assert_eq!(client.software_check().await.unwrap().entries.len(), 2);
    assert!(matches!(client.software_info().await, Err(PanosError::NoAnswer { phase: Phase::Answer, .. })));
}

#[tokio::test]
async fn a_connection_that_ends_early_is_no_answer() {
    let answers: [&[u8]; 3] = [
        b"",
        b"HTTP/1.1 200 OK\r\ncontent-le",
        b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n<response status='success'>",
    ];
    for bytes in answers {
        let device = Device::start(|_| Answer::Raw(bytes.to_vec())).await;
        let (phase, _, text) = no_answer(ask(&device, |_| {}).await);
        assert_eq!(phase, Phase::Answer, "{text}");
        assert_eq!(device.calls().len(), 1, "nothing is sent twice");
    }
}

#[tokio::test]
async fn an_answer_beyond_the_limit_is_not_read() {
    let announced =
        Device::start(|_| Answer::Raw(b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n<".to_vec()))
            .await;
    let chunk = format!("4000\r\n{}\r\n", "<a/>\n".repeat(0x4000).get(..0x4000).unwrap());
    let endless = Device::start(move |_| {
        Answer::Endless(
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_vec(),
            chunk.clone().into_bytes(),
        )
    })
    .await;
    for device in [announced, endless] {
        match ask(&device, |config| config.max_answer_bytes = LIMIT_BYTES).await {
            Err(PanosError::TooLarge { limit_bytes, .. }) => assert_eq!(limit_bytes, LIMIT_BYTES),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn an_answer_of_exactly_the_limit_is_read() {
    let device = Device::start(|_| Answer::ok(VERSION)).await;
    assert!(ask(&device, |config| config.max_answer_bytes = VERSION.len()).await.is_ok());
    let shorter = ask(&device, |config| config.max_answer_bytes = VERSION.len() - 1).await;
    assert!(matches!(shorter, Err(PanosError::TooLarge { .. })), "{shorter:?}");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let device = Device::start(|_| {
        Answer::Raw(b"HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n".to_vec())
    })
    .await;
    let outcome = ask(&device, |_| {}).await;
    assert!(
        matches!(&outcome, Err(PanosError::UnexpectedAnswer { found, .. }) if found.contains("302")),
        "{outcome:?}"
    );
    assert_eq!(device.calls().len(), 1);
}

#[tokio::test]
async fn bytes_that_are_no_text_are_an_unexpected_answer_or_a_readable_name() {
    let device = Device::start(|_| {
        Answer::Raw(b"HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\n\xff\xfe\x00\x01<\x80>\x9f".to_vec())
    })
    .await;
    assert!(matches!(ask(&device, |_| {}).await, Err(PanosError::UnexpectedAnswer { .. })));
    let latin = VERSION.replace("pa-vm", "\u{fc}");
    let mut bytes = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", latin.len() - 1).into_bytes();
    bytes.extend(latin.bytes().filter(|&byte| byte != 0xc3));
    let device = Device::start(move |_| Answer::Raw(bytes.clone())).await;
    assert_eq!(ask(&device, |_| {}).await.unwrap().model.as_deref(), Some("\u{fffd}"));
}
