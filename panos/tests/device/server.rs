//! A device of a few lines: HTTP/1.1 over TLS on a loopback port, answers from a closure.
//!
//! It writes status lines and bodies as given, so that reason phrases, cut answers and silence are what
//! a client really meets.

use panos::{Client, Credentials, Endpoint, Fingerprint, Pins, Transport, TransportConfig, Trust};
use rcgen::{CertifiedKey, KeyPair};
use rustls::ServerConfig;
use rustls_pki_types::PrivateKeyDer;
use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// Longest that anything in these tests is waited for.
pub const BOUND: Duration = Duration::from_secs(20);

/// A request as it arrived.
#[derive(Debug, Clone)]
pub struct Call {
    /// Method, path and version.
    pub line: String,
    /// Names in lower case.
    pub headers: HashMap<String, String>,
    /// The decoded form.
    pub form: HashMap<String, String>,
    /// What was sent after the headers, as it is.
    pub body: Vec<u8>,
}

impl Call {
    pub fn field(&self, name: &str) -> &str {
        self.form.get(name).map_or("", String::as_str)
    }

    pub fn key(&self) -> Option<&str> {
        self.headers.get("x-pan-key").map(String::as_str)
    }
}

/// What the device does with a request.
pub enum Answer {
    /// Status line without the version, and body, with its length.
    Http(&'static str, String),
    /// The same after a while.
    Later(Duration, String),
    /// Bytes as they are, then the end of the connection.
    Raw(Vec<u8>),
    /// A first piece, then the same piece again and again.
    Endless(Vec<u8>, Vec<u8>),
    /// Answered once so many requests are being held; for showing that they may overlap.
    WhenHolding(usize, String),
    /// Nothing, with the connection open.
    Silence,
}

impl Answer {
    pub fn ok(body: impl Into<String>) -> Self {
        Self::Http("200 OK", body.into())
    }
}

type Script = dyn Fn(&Call) -> Answer + Send + Sync;

/// A listening device.
pub struct Device {
    pub port: u16,
    pub certificate_pem: String,
    pub fingerprint: Fingerprint,
    state: Arc<State>,
}

struct State {
    script: Box<Script>,
    calls: Mutex<Vec<Call>>,
    n_connections: AtomicUsize,
    held: AtomicUsize,
    most_held: AtomicUsize,
}

impl Device {
    /// Listens on 127.0.0.1 with a certificate for that address.
    pub async fn start(script: impl Fn(&Call) -> Answer + Send + Sync + 'static) -> Self {
        let CertifiedKey { cert, signing_key } =
            rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        Self::start_with(&cert, &signing_key, script).await
    }

    /// Listens with any certificate and any key, fitting or not.
    pub async fn start_with(
        cert: &rcgen::Certificate,
        key: &KeyPair,
        script: impl Fn(&Call) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let signing = provider.key_provider.load_private_key(key).unwrap();
        let shown = rustls::sign::CertifiedKey::new(vec![cert.der().clone()], signing);
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(rustls::sign::SingleCertAndKey::from(shown)));
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(State {
            script: Box::new(script),
            calls: Mutex::default(),
            n_connections: AtomicUsize::default(),
            held: AtomicUsize::default(),
            most_held: AtomicUsize::default(),
        });
        tokio::spawn({
            let state = state.clone();
            async move {
                while let Ok((socket, _)) = listener.accept().await {
                    let (acceptor, state) = (acceptor.clone(), state.clone());
                    tokio::spawn(async move {
                        let Ok(stream) = acceptor.accept(socket).await else { return };
                        state.n_connections.fetch_add(1, Ordering::SeqCst);
                        let _hung_up = serve(stream, &state).await;
                    });
                }
            }
        });
        Self { port, certificate_pem: cert.pem(), fingerprint: Fingerprint::of(cert.der()), state }
    }

    pub fn calls(&self) -> Vec<Call> {
        self.state.calls.lock().unwrap().clone()
    }

    /// How many requests of a type arrived.
    pub fn n_calls(&self, kind: &str) -> usize {
        self.calls().iter().filter(|call| call.field("type") == kind).count()
    }

    pub fn n_connections(&self) -> usize {
        self.state.n_connections.load(Ordering::SeqCst)
    }

    pub fn most_at_once(&self) -> usize {
        self.state.most_held.load(Ordering::SeqCst)
    }

    pub fn endpoint(&self) -> Endpoint {
        Endpoint::new("127.0.0.1", self.port).unwrap()
    }

    /// Short limits, the device's certificate pinned.
    pub fn config(&self) -> TransportConfig {
        let pins = Pins::new();
        pins.insert("127.0.0.1", self.fingerprint);
        TransportConfig {
            trust: Trust::Pinned(pins),
            connect_timeout: Duration::from_secs(5),
            read_timeout: Duration::from_secs(5),
            slow_timeout: Duration::from_secs(10),
            ..TransportConfig::default()
        }
    }

    pub fn client(&self, credentials: Credentials) -> Client {
        self.client_with(&self.config(), credentials)
    }

    pub fn client_with(&self, config: &TransportConfig, credentials: Credentials) -> Client {
        Client::new(Transport::new(config).unwrap(), self.endpoint(), credentials)
    }
}

pub fn api_key(key: &str) -> Credentials {
    Credentials::ApiKey(key.to_owned().into())
}

pub fn password(password: &str) -> Credentials {
    Credentials::Password { username: "stager".to_owned(), password: password.to_owned().into() }
}

/// An answer to `version`.
pub const VERSION: &str = "<response status=\"success\"><result><sw-version>10.2.9-h1</sw-version>\
                           <multi-vsys>off</multi-vsys><model>pa-vm</model><serial>007900000100112</serial>\
                           </result></response>";

pub fn keygen_reply(key: &str) -> String {
    format!("<response status = 'success'><result><key>{key}</key></result></response>")
}

async fn serve<S>(mut stream: S, state: &State) -> io::Result<()>
where
    S: AsyncReadExt + AsyncWriteExt + Unpin,
{
    loop {
        let call = read_call(&mut stream).await?;
        state.calls.lock().unwrap().push(call.clone());
        let held = state.held.fetch_add(1, Ordering::SeqCst) + 1;
        state.most_held.fetch_max(held, Ordering::SeqCst);
        let outcome = answer(&mut stream, (state.script)(&call), state).await;
        state.held.fetch_sub(1, Ordering::SeqCst);
        if !outcome? {
            return stream.shutdown().await;
        }
    }
}

/// Whether the connection goes on.
async fn answer<S>(stream: &mut S, answer: Answer, state: &State) -> io::Result<bool>
where
    S: AsyncReadExt + AsyncWriteExt + Unpin,
{
    match answer {
        Answer::Http(status, body) => http(stream, status, &body).await?,
        Answer::Later(after, body) => {
            tokio::time::sleep(after).await;
            http(stream, "200 OK", &body).await?;
        }
        Answer::Raw(bytes) => {
            stream.write_all(&bytes).await?;
            return Ok(false);
        }
        Answer::Endless(first, again) => {
            stream.write_all(&first).await?;
            loop {
                stream.write_all(&again).await?;
                stream.flush().await?;
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
        Answer::WhenHolding(n, body) => {
            let together = async {
                while state.most_held.load(Ordering::SeqCst) < n {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            };
            tokio::time::timeout(BOUND, together).await.map_err(io::Error::other)?;
            http(stream, "200 OK", &body).await?;
        }
        Answer::Silence => {
            // Until the client hangs up.
            let _end = stream.read_u8().await;
            return Ok(false);
        }
    }
    Ok(true)
}

async fn http<S: AsyncWriteExt + Unpin>(stream: &mut S, status: &str, body: &str) -> io::Result<()> {
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/xml\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await?;
    stream.flush().await
}

async fn read_call<S: AsyncReadExt + Unpin>(stream: &mut S) -> io::Result<Call> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let head = String::from_utf8(head).map_err(io::Error::other)?;
    let mut lines = head.trim_end().split("\r\n");
    let line = lines.next().unwrap_or_default().to_owned();
    let headers: HashMap<_, _> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    let form = url::form_urlencoded::parse(&body).into_owned().collect();
    Ok(Call { line, headers, form, body })
}
