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

/// What a device answered in so many words is not read on this side of the limit, and soon.
async fn refused_in_time(body: String, expected: &str) {
    let device = Device::start(move |_| Answer::ok(body.clone())).await;
    let client = device.client(api_key("KEY-0123456789"));
    let outcome = tokio::time::timeout(BOUND, client.software_info()).await.expect("an end within the bound");
    match outcome {
        Err(PanosError::UnexpectedAnswer { expected: wanted, found, .. }) => {
            let said = format!("{wanted} {found}");
            assert!(said.contains(expected), "{said}");
            assert!(said.len() < 1_000, "{} characters", said.len());
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_answer_too_deep_or_with_too_many_elements_attributes_or_entries_is_refused() {
    refused_in_time("<response status='success'>".repeat(100_000), "levels of elements").await;
    refused_in_time(
        format!("<response status='success'>{}</response>", "<a/>".repeat(1_000_001)),
        "1000000 elements",
    )
    .await;
    let attributes: String = (0..100_000).map(|n| format!(" a{n}='1'")).collect();
    refused_in_time(format!("<response{attributes}/>"), "attributes in one element").await;
    let entries = "<entry><version>1.0.0</version></entry>".repeat(panos::limits::MAX_IMAGES + 1);
    refused_in_time(
        format!("<response status='success'><result><sw-updates><versions>{entries}</versions></sw-updates></result></response>"),
        "at most 5000 `entry`",
    )
    .await;
}

#[tokio::test]
async fn a_message_of_megabytes_is_a_short_message_and_does_not_take_long() {
    let marks = "Key Expired: A ".repeat(400_000);
    for body in [
        format!("<response status='error'><msg><line>{marks}</line></msg></response>"),
        format!("<html>{marks}</html>"),
        format!("<response status='error'><msg>{}</msg></response>", "<line>x</line>".repeat(400_000)),
    ] {
        let device = Device::start(move |_| Answer::ok(body.clone())).await;
        let client = device.client(api_key("KEY-0123456789"));
        let outcome = tokio::time::timeout(BOUND, client.version()).await.expect("an end within the bound");
        assert!(outcome.unwrap_err().to_string().chars().count() < 1_200);
    }
}

#[tokio::test]
async fn texts_are_cut_and_freed_of_control_characters() {
    let long = "n\u{202e}&#27;[31m\n".repeat(1_000);
    let answer = include_str!("../../fixtures/system_info_vm_10.0.xml")
        .replace("<hostname>ber-core-fw2</hostname>", &format!("<hostname>{long}</hostname>"));
    let device = Device::start(move |_| Answer::ok(answer.clone())).await;
    let info = device.client(api_key("KEY-0123456789")).system_info().await.unwrap();
    assert_eq!(info.hostname.chars().count(), panos::limits::MAX_FIELD_CHARS);
    assert!(info.hostname.starts_with("n\u{fffd}\u{fffd}[31m n"), "{:?}", info.hostname);
    assert!(!info.hostname.contains(char::is_control));
}
