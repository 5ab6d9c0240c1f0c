//! A device that is booting: what it says may be told from a real refusal, and costs no key.

use crate::server::{Answer, Device, VERSION, api_key, keygen_reply, password};
use panos::{Client, Endpoint, PanosError, Refusal, Transport};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::net::TcpListener;

const REFUSED: &str =
    "<response status = 'error' code = '403'><result><msg>Invalid credentials.</msg></result></response>";

async fn asked(answer: Answer) -> PanosError {
    let answer = std::sync::Mutex::new(Some(answer));
    let device =
        Device::start(move |_| answer.lock().unwrap().take().unwrap_or(Answer::Raw(Vec::new()))).await;
    device.client(api_key("KEY-0123456789")).system_info().await.unwrap_err()
}

fn error_line(text: &str) -> Answer {
    Answer::ok(format!("<response status='error'><msg><line>{text}</line></msg></response>"))
}

#[tokio::test]
async fn everything_that_a_booting_device_does_may_be_a_boot() {
    let answers = [
        Answer::Raw(Vec::new()),
        Answer::Raw(b"HTTP/1.1 200 OK\r\ncontent-length: 90\r\n\r\n<response".to_vec()),
        Answer::Raw(b"\x00\x00\x00 not HTTP at all\r\n\r\n".to_vec()),
        Answer::Http("503 Service Unavailable", "<html>starting</html>".to_owned()),
        Answer::Http("500 Internal Server Error", String::new()),
        Answer::Http("404 Not Found", "<html>no such page</html>".to_owned()),
        Answer::Http("403 Invalid Credential", REFUSED.to_owned()),
        Answer::ok("<response status=\"success\"><result/></response><response/>"),
        Answer::ok("<html>please wait</html>"),
        error_line("007900000100103 not connected"),
    ];
    for answer in answers {
        let error = asked(answer).await;
        assert!(error.may_be_boot(), "{error:?}");
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let device = Device::start(|_| Answer::Silence).await;
    let closed = Client::new(
        Transport::new(&device.config()).unwrap(),
        Endpoint::new("127.0.0.1", port).unwrap(),
        api_key("KEY-0123456789"),
    );
    assert!(closed.version().await.unwrap_err().may_be_boot());
}

#[tokio::test]
async fn what_a_running_device_refuses_is_no_boot() {
    for answer in [
        error_line("Another download is in progress"),
        error_line("the moon is full"),
        Answer::ok(
            "<response status='error' code='16'><msg><line>Unauthorized request</line></msg></response>",
        ),
        Answer::ok("<response status='error' code='22'><msg><line>Session timed out</line></msg></response>"),
    ] {
        let error = asked(answer).await;
        assert!(!error.may_be_boot(), "{error:?}");
    }
    let stranger = Device::start(|_| Answer::ok(VERSION)).await;
    let other = Device::start(|_| Answer::ok(VERSION)).await;
    let untrusted = stranger.client_with(&other.config(), api_key("KEY-0123456789"));
    let error = untrusted.version().await.unwrap_err();
    assert!(matches!(error, PanosError::Tls { .. }) && !error.may_be_boot(), "{error:?}");
}

/// A device that refuses everybody while `boots` is set, and counts its keys.
async fn device() -> (Device, Arc<AtomicBool>) {
    let boots = Arc::new(AtomicBool::new(false));
    let device = Device::start({
        let boots = boots.clone();
        move |call| match (boots.load(Ordering::SeqCst), call.field("type")) {
            (true, _) => Answer::Http("403 Invalid Credential", REFUSED.to_owned()),
            (false, "keygen") => Answer::ok(keygen_reply("MADE-KEY-NUMBER-1")),
            (false, _) => Answer::ok(VERSION),
        }
    })
    .await;
    (device, boots)
}

#[tokio::test]
async fn a_poll_without_rekey_asks_a_booting_device_for_no_key_and_goes_on_with_the_old_one() {
    let (device, boots) = device().await;
    let client = device.client(password("secret"));
    client.version().await.unwrap();
    let poller = client.without_rekey();
    boots.store(true, Ordering::SeqCst);
    for _ in 0..3 {
        let error = poller.version().await.unwrap_err();
        assert_eq!(error.refusal(), Some(&Refusal::CredentialsRejected));
        assert!(error.may_be_boot(), "{error}");
    }
    boots.store(false, Ordering::SeqCst);
    poller.version().await.unwrap();
    assert_eq!((device.n_calls("keygen"), device.n_calls("version")), (1, 5));
}

#[tokio::test]
async fn a_poll_without_any_key_sends_nothing_and_repeats_a_denial() {
    let (device, boots) = device().await;
    let client = device.client(password("secret"));
    let error = client.without_rekey().version().await.unwrap_err();
    assert!(matches!(error, PanosError::Setup { .. }), "{error:?}");
    assert!(error.to_string().contains("no API key at hand for `version`"), "{error}");
    assert!(device.calls().is_empty());
    boots.store(true, Ordering::SeqCst);
    client.version().await.unwrap_err();
    let error = client.without_rekey().version().await.unwrap_err();
    assert_eq!(error.refusal(), Some(&Refusal::CredentialsRejected), "{error}");
    assert_eq!(device.calls().len(), 1, "the denied keygen alone");
}

#[tokio::test]
async fn a_configured_key_polls_as_it_is() {
    let (device, _) = device().await;
    device.client(api_key("CONFIGURED-KEY")).without_rekey().version().await.unwrap();
    assert_eq!(device.calls().len(), 1);
}
