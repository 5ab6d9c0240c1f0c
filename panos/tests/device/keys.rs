//! One `keygen` per device and user, one more where a key is no longer good, none where it cannot help.

use crate::server::{Answer, Call, Device, VERSION, api_key, keygen_reply, password};
use futures_util::future::join_all;
use panos::{Client, KeyCache, PanosError, Refusal};
use secrecy::ExposeSecret;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

const DENIED: &str =
    "<response status = 'error' code = '403'><result><msg>Invalid Credential</msg></result></response>";
const TIMED_OUT: &str =
    "<response status=\"error\" code=\"22\"><msg><line>Session timed out</line></msg></response>";

/// How a device says that a key is no longer good.
#[derive(Clone, Copy)]
enum Staleness {
    Expired,
    Rejected,
    SessionTimedOut,
    Mute,
}

impl Staleness {
    fn answer(self, call: &Call) -> Answer {
        match self {
            Self::Expired => {
                let key = call.key().unwrap_or_default();
                Answer::Raw(
                    format!("HTTP/1.1 400 Key Expired: {key} has expired. \r\ncontent-length: 0\r\n\r\n")
                        .into(),
                )
            }
            Self::Rejected => Answer::Http("403 Invalid Credential", DENIED.to_owned()),
            Self::SessionTimedOut => Answer::ok(TIMED_OUT),
            Self::Mute => Answer::Http("400 Bad Request", String::new()),
        }
    }
}

/// A device whose every `keygen` gives the next key, and where only keys from `valid_from` on are good.
async fn device(staleness: Staleness) -> (Device, Arc<AtomicUsize>) {
    let valid_from = Arc::new(AtomicUsize::new(1));
    let (n_made, valid) = (AtomicUsize::new(0), valid_from.clone());
    let device = Device::start(move |call| {
        if call.field("type") == "keygen" {
            let n = n_made.fetch_add(1, Ordering::SeqCst) + 1;
            return Answer::ok(keygen_reply(&format!("MADE-KEY-NUMBER-{n}")));
        }
        let number =
            call.key().and_then(|key| key.rsplit('-').next()).and_then(|n| n.parse().ok()).unwrap_or(0);
        if number >= valid.load(Ordering::SeqCst) { Answer::ok(VERSION) } else { staleness.answer(call) }
    })
    .await;
    (device, valid_from)
}

#[track_caller]
fn refusal<T: std::fmt::Debug>(outcome: Result<T, PanosError>) -> (&'static str, Refusal) {
    match outcome {
        Err(PanosError::Refused { command, refusal, .. }) => (command, refusal),
        other => panic!("expected a refusal, found {other:?}"),
    }
}

#[tokio::test]
async fn a_password_becomes_a_key_once_for_all_callers() {
    let (device, _) = device(Staleness::Expired).await;
    let client = device.client(password("p&ss @wörd+=%")).with_max_concurrent(5);
    assert!(device.calls().is_empty(), "nothing is made before it is needed");
    for outcome in join_all((0..20).map(|_| client.version())).await {
        outcome.unwrap();
    }
    assert_eq!((device.n_calls("keygen"), device.n_calls("version")), (1, 20));
    let keygen = device.calls().into_iter().find(|call| call.field("type") == "keygen").unwrap();
    assert_eq!((keygen.field("user"), keygen.field("password")), ("stager", "p&ss @wörd+=%"));
    assert_eq!((keygen.key(), keygen.line.as_str()), (None, "POST /api/ HTTP/1.1"));
}

#[tokio::test]
async fn a_key_that_is_no_longer_good_is_replaced_once_and_the_call_repeated_once() {
    for staleness in [Staleness::Expired, Staleness::Rejected, Staleness::SessionTimedOut, Staleness::Mute] {
        let (device, valid_from) = device(staleness).await;
        let client = device.client(password("secret"));
        client.version().await.unwrap();
        valid_from.store(2, Ordering::SeqCst);
        client.version().await.unwrap();
        client.version().await.unwrap();
        assert_eq!((device.n_calls("keygen"), device.n_calls("version")), (2, 4));
    }
}

#[tokio::test]
async fn a_new_key_that_is_not_good_either_is_an_honest_error() {
    let cases = [
        (Staleness::Expired, Refusal::KeyExpired),
        (Staleness::Rejected, Refusal::CredentialsRejected),
        (Staleness::SessionTimedOut, Refusal::SessionTimedOut),
    ];
    for (staleness, expected) in cases {
        let (device, valid_from) = device(staleness).await;
        let client = device.client(password("secret"));
        client.version().await.unwrap();
        valid_from.store(usize::MAX, Ordering::SeqCst);
        assert_eq!(refusal(client.version().await), ("version", expected));
        assert_eq!((device.n_calls("keygen"), device.n_calls("version")), (2, 3));
    }
}

#[tokio::test]
async fn a_key_refused_in_the_call_that_made_it_is_not_replaced() {
    let (device, valid_from) = device(Staleness::Rejected).await;
    valid_from.store(usize::MAX, Ordering::SeqCst);
    let client = device.client(password("secret"));
    assert_eq!(refusal(client.version().await), ("version", Refusal::CredentialsRejected));
    assert_eq!((device.n_calls("keygen"), device.n_calls("version")), (1, 1));
}

#[tokio::test]
async fn callers_whose_key_expires_together_make_one_new_key() {
    let (device, valid_from) = device(Staleness::Expired).await;
    let client = device.client(password("secret")).with_max_concurrent(5);
    client.version().await.unwrap();
    valid_from.store(2, Ordering::SeqCst);
    for outcome in join_all((0..5).map(|_| client.version())).await {
        outcome.unwrap();
    }
    assert_eq!(device.n_calls("keygen"), 2);
}

#[tokio::test]
async fn a_denied_keygen_is_told_to_all_who_waited_and_never_repeated() {
    let device = Device::start(|_| Answer::Later(Duration::from_millis(100), DENIED.to_owned())).await;
    let client = device.client(password("wrong"));
    for outcome in join_all((0..5).map(|_| client.version())).await {
        assert_eq!(refusal(outcome), ("keygen", Refusal::CredentialsRejected));
    }
    assert_eq!((device.n_calls("keygen"), device.calls().len()), (1, 1));
    assert_eq!(refusal(client.version().await), ("keygen", Refusal::CredentialsRejected));
    assert_eq!(device.n_calls("keygen"), 2, "a later call is a new decision of the caller");
}

#[tokio::test]
async fn a_configured_key_is_never_replaced() {
    for staleness in [Staleness::Expired, Staleness::Rejected, Staleness::SessionTimedOut] {
        let (device, _) = device(staleness).await;
        assert_eq!(refusal(device.client(api_key("CONFIGURED-KEY-0")).version().await).0, "version");
        assert_eq!((device.n_calls("keygen"), device.calls().len()), (0, 1));
    }
}

#[tokio::test]
async fn a_role_that_lacks_a_right_costs_no_key() {
    let denied = "<response status = 'error' code = '403'><result><msg>Type [op] not authorized for user role.</msg></result></response>";
    let device = Device::start(|call| match call.field("type") {
        "keygen" => Answer::ok(keygen_reply("MADE-KEY-NUMBER-1")),
        _ => Answer::Http("403 Forbidden", denied.to_owned()),
    })
    .await;
    let client = device.client(password("secret"));
    assert_eq!(refusal(client.version().await).1, Refusal::Permission);
    assert_eq!(refusal(client.version().await).1, Refusal::Permission);
    assert_eq!(device.n_calls("keygen"), 1);
}

#[tokio::test]
async fn clients_that_share_a_cache_share_the_key() {
    let (device, _) = device(Staleness::Expired).await;
    let keys = KeyCache::new();
    for _ in 0..3 {
        device.client(password("secret")).with_key_cache(keys.clone()).version().await.unwrap();
    }
    assert_eq!((device.n_calls("keygen"), device.n_calls("version")), (1, 3));
    let key = keys.key(&device.endpoint(), "stager").unwrap();
    assert_eq!(key.expose_secret(), "MADE-KEY-NUMBER-1");
    assert!(keys.key(&device.endpoint(), "somebody else").is_none());
    keys.forget(&device.endpoint());
    assert!(keys.key(&device.endpoint(), "stager").is_none());
}

#[tokio::test]
async fn a_key_from_elsewhere_saves_the_keygen() {
    let (device, _) = device(Staleness::Expired).await;
    let keys = KeyCache::new();
    keys.insert(&device.endpoint(), "stager", "GIVEN-KEY-NUMBER-1".to_owned().into()).await;
    device.client(password("secret")).with_key_cache(keys).version().await.unwrap();
    assert_eq!(device.n_calls("keygen"), 0);
}

#[tokio::test]
async fn a_caller_who_gives_up_during_keygen_leaves_nothing_locked() {
    let n_asked = AtomicUsize::new(0);
    let device =
        Device::start(move |call| match (call.field("type"), n_asked.fetch_add(1, Ordering::SeqCst)) {
            ("keygen", 0) => Answer::Silence,
            ("keygen", _) => Answer::ok(keygen_reply("MADE-KEY-NUMBER-1")),
            _ => Answer::ok(VERSION),
        })
        .await;
    let client = device.client(password("secret"));
    assert!(tokio::time::timeout(Duration::from_millis(200), client.version()).await.is_err());
    client.version().await.unwrap();
}

#[tokio::test]
async fn a_key_that_no_header_can_carry_is_a_setup_problem() {
    let (device, _) = device(Staleness::Expired).await;
    let client: Client = device.client(api_key("broken\nkey-0123456789"));
    let error = client.version().await.unwrap_err();
    assert!(matches!(error, PanosError::Setup { .. }), "{error:?}");
    assert!(!format!("{error:?}").contains("0123456789"));
    assert!(device.calls().is_empty());
}
