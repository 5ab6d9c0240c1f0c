//! Whom the client believes to be a device.

use crate::server::{Answer, BOUND, Device, VERSION, api_key};
use panos::{PanosError, Pins, TlsProblem, TransportConfig, Trust};
use std::io::Write;
use tempfile::NamedTempFile;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

async fn device() -> Device {
    Device::start(|_| Answer::ok(VERSION)).await
}

async fn ask(device: &Device, trust: Trust) -> Result<(), TlsProblem> {
    let config = TransportConfig { trust, ..device.config() };
    match device.client_with(&config, api_key("KEY-0123456789")).version().await {
        Ok(_) => Ok(()),
        Err(PanosError::Tls { problem, .. }) => {
            assert!(device.calls().is_empty(), "a device that is not trusted gets no request");
            Err(problem)
        }
        Err(other) => panic!("{other:?}"),
    }
}

fn ca_file(pem: &str) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(pem.as_bytes()).unwrap();
    file
}

#[tokio::test]
async fn a_certificate_in_the_ca_file_is_trusted_and_another_is_not() {
    let (ours, other) = (device().await, device().await);
    let file = ca_file(&ours.certificate_pem);
    assert_eq!(ask(&ours, Trust::CaFile(file.path().into())).await, Ok(()));
    let refused = ask(&other, Trust::CaFile(file.path().into())).await;
    assert!(matches!(refused, Err(TlsProblem::Untrusted(_))), "{refused:?}");
}

#[tokio::test]
async fn a_certificate_for_another_name_is_not_trusted_by_a_ca_file() {
    let made = rcgen::generate_simple_self_signed(["fw.example.com".to_owned()]).unwrap();
    let device = Device::start_with(&made.cert, &made.signing_key, |_| Answer::ok(VERSION)).await;
    let file = ca_file(&device.certificate_pem);
    let refused = ask(&device, Trust::CaFile(file.path().into())).await;
    assert!(matches!(refused, Err(TlsProblem::Untrusted(_))), "{refused:?}");
}

#[tokio::test]
async fn a_pinned_certificate_is_trusted_whatever_its_name() {
    let made = rcgen::generate_simple_self_signed(["some.other.name".to_owned()]).unwrap();
    let device = Device::start_with(&made.cert, &made.signing_key, |_| Answer::ok(VERSION)).await;
    let pins = Pins::new();
    let trust = Trust::Pinned(pins.clone());
    assert_eq!(ask(&device, trust.clone()).await, Err(TlsProblem::NotPinned { found: device.fingerprint }));
    pins.insert("127.0.0.1", device.fingerprint);
    assert_eq!(ask(&device, trust).await, Ok(()), "a pin counts from the moment it is added");
}

#[tokio::test]
async fn another_certificate_than_the_pinned_one_is_refused_with_both_fingerprints() {
    let (device, other) = (device().await, device().await);
    let pins = Pins::new();
    pins.insert("127.0.0.1", other.fingerprint);
    assert_eq!(
        ask(&device, Trust::Pinned(pins)).await,
        Err(TlsProblem::PinMismatch { expected: other.fingerprint.to_string(), found: device.fingerprint })
    );
}

#[tokio::test]
async fn a_pinned_certificate_without_its_private_key_is_refused() {
    let genuine = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let thief = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let device = Device::start_with(&genuine.cert, &thief.signing_key, |_| Answer::ok(VERSION)).await;
    let pins = Pins::new();
    pins.insert("127.0.0.1", device.fingerprint);
    let refused = ask(&device, Trust::Pinned(pins)).await;
    assert!(refused.is_err(), "{refused:?}");
}

#[tokio::test]
async fn a_self_signed_certificate_is_not_trusted_by_the_system_roots() {
    let device = device().await;
    let config = TransportConfig { trust: Trust::System, ..device.config() };
    // A machine without any root certificates says so at once, which is right as well.
    match panos::Transport::new(&config) {
        Ok(_) => assert!(matches!(ask(&device, Trust::System).await, Err(TlsProblem::Untrusted(_)))),
        Err(error) => assert!(matches!(error, PanosError::Setup { .. }), "{error:?}"),
    }
}

#[tokio::test]
async fn trust_in_nobody_in_particular_lets_anybody_answer() {
    assert_eq!(ask(&device().await, Trust::None).await, Ok(()));
}

#[tokio::test]
async fn a_port_that_does_not_speak_tls_is_a_failed_handshake() {
    let pinned = device().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = panos::Endpoint::new("127.0.0.1", listener.local_addr().unwrap().port()).unwrap();
    let plain = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut hello = [0; 64];
        socket.read_exact(&mut hello).await.unwrap();
        socket.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        let _until_closed = socket.read_to_end(&mut Vec::new()).await;
    });
    let client = panos::Client::new(
        panos::Transport::new(&pinned.config()).unwrap(),
        endpoint,
        api_key("KEY-0123456789"),
    );
    let outcome = client.version().await;
    assert!(matches!(outcome, Err(PanosError::Tls { problem: TlsProblem::Handshake(_), .. })), "{outcome:?}");
    tokio::time::timeout(BOUND, plain).await.unwrap().unwrap();
}

#[test]
fn the_crypto_provider_may_be_installed_again_and_again() {
    panos::install_crypto_provider();
    panos::install_crypto_provider();
    assert!(rustls::crypto::CryptoProvider::get_default().is_some());
}
