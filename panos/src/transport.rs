//! One HTTPS request, one bounded answer.
//!
//! A process has one [`Transport`]: its connection pools serve thousands of hosts, and a device that is
//! not being called costs at most one idle connection for [`POOL_IDLE_TIMEOUT`]. HTTP/1.1 only, because
//! PAN-OS says in the reason phrase what no header says; always `POST`, no redirects, no proxies from
//! the environment, no repetition.
//!
//! Leaves to others: what the answer means ([`envelope`](crate::envelope)) and whose turn it is
//! ([`client`](crate::client)).

use crate::endpoint::Endpoint;
use crate::error::{Phase, TlsProblem};
use crate::tls::{self, Trust};
use crate::upload::Upload;
use crate::{PanosError, error};
use hyper::ext::ReasonPhrase;
use reqwest::header::HeaderValue;
use reqwest::redirect::Policy;
use std::error::Error;
use std::io;
use std::time::Duration;

/// Longer than the longest pause between two polls of a job (30 s), so that they share a connection.
const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(40);
/// As many as Panorama may be sent at once; a firewall gets one call at a time and never has two.
const POOL_IDLE_PER_HOST: usize = 5;
/// Finds the dead other end of an idle connection before the next call does.
const TCP_KEEPALIVE: Duration = Duration::from_secs(30);

/// Between the last byte of an answer and the next call. hyper-util gives a connection back to its pool in a task of its
/// own, a moment after the last byte (`client::legacy`, "on idle"); a call that is sent in that moment finds the pool
/// empty and opens a second connection, which a firewall's small management processor should not have to greet.
const HAND_BACK: Duration = Duration::from_millis(2);

/// An image over a slow line; field tools allow half an hour.
const UPLOAD_TIMEOUT: Duration = Duration::from_secs(30 * 60);

/// How devices are reached.
#[derive(Debug, Clone)]
pub struct TransportConfig {
    /// How certificates are checked.
    pub trust: Trust,
    /// For the TCP connection and the TLS handshake. A dead address costs 127 s without such a limit.
    pub connect_timeout: Duration,
    /// For one ordinary call as a whole, from the connection to the answer's last byte.
    pub read_timeout: Duration,
    /// The same for calls that make the device ask its update server, and for Panorama's device list:
    /// a software check takes 5 to 30 s, and field tools allow it 60 to 90 s.
    pub slow_timeout: Duration,
    /// Longest answer that is read. A list of 4,000 devices has about 14 MB.
    pub max_answer_bytes: usize,
    /// Sent with every call; devices record it in their own log.
    pub user_agent: String,
}

impl Default for TransportConfig {
    fn default() -> Self {
        Self {
            trust: Trust::System,
            connect_timeout: Duration::from_secs(10),
            read_timeout: Duration::from_secs(60),
            slow_timeout: Duration::from_secs(120),
            max_answer_bytes: 16 * 1024 * 1024,
            user_agent: concat!("panos/", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }
}

/// The connections of a process to all its devices. Clones share them.
#[derive(Debug, Clone)]
pub struct Transport {
    http: reqwest::Client,
    read_timeout: Duration,
    slow_timeout: Duration,
    max_answer_bytes: usize,
}

/// How long an answer may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Patience {
    Ordinary,
    Slow,
    Upload,
}

/// What is sent to a device.
pub(crate) enum Sent<'a> {
    /// A form, the parameters of a command.
    Form(&'a [(&'a str, &'a str)]),
    /// A file, its parameters in the query.
    File { query: &'a [(&'a str, &'a str)], upload: &'a Upload },
}

/// What came back, whole but unread.
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// What followed the status code, when it was not the usual phrase.
    pub(crate) reason: Option<String>,
    pub(crate) body: String,
}

/// Why nothing came back. The client adds who was asked what.
pub(crate) enum Failure {
    NoAnswer { phase: Phase, source: io::Error },
    Tls(TlsProblem),
    TooLarge { limit_bytes: usize },
}

impl Transport {
    /// Prepares pools and trust; connects to nothing.
    ///
    /// # Errors
    /// [`PanosError::Setup`] when the roots or the CA file cannot be used, or the user agent is not a
    /// header value.
    pub fn new(config: &TransportConfig) -> Result<Self, PanosError> {
        let setup = |problem: String| PanosError::Setup { problem };
        let user_agent = HeaderValue::from_str(&config.user_agent).map_err(|_| {
            setup(format!("user agent `{}` is not a header value", config.user_agent.escape_debug()))
        })?;
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls::client_config(&config.trust)?)
            .user_agent(user_agent)
            .http1_only()
            .https_only(true)
            .redirect(Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .connect_timeout(config.connect_timeout)
            .tcp_keepalive(TCP_KEEPALIVE)
            .pool_idle_timeout(POOL_IDLE_TIMEOUT)
            .pool_max_idle_per_host(POOL_IDLE_PER_HOST)
            .build()
            .map_err(|error| setup(format!("no HTTPS client: {}", root_cause(&error))))?;
        Ok(Self {
            http,
            read_timeout: config.read_timeout,
            slow_timeout: config.slow_timeout,
            max_answer_bytes: config.max_answer_bytes,
        })
    }

    /// Posts what is to be sent and reads the answer, within the time and size that are allowed.
    pub(crate) async fn post(
        &self,
        endpoint: &Endpoint,
        key: Option<&HeaderValue>,
        sent: &Sent<'_>,
        patience: Patience,
    ) -> Result<Reply, Failure> {
        let limit = match patience {
            Patience::Ordinary => self.read_timeout,
            Patience::Slow => self.slow_timeout,
            Patience::Upload => UPLOAD_TIMEOUT,
        };
        let request = self.http.post(endpoint.url().clone());
        let mut request = match sent {
            Sent::Form(form) => request.form(form),
            Sent::File { query, upload } => upload.attach(request.query(query)).await.map_err(unreadable)?,
        };
        if let Some(key) = key {
            request = request.header("X-PAN-KEY", key);
        }
        match tokio::time::timeout(limit, self.exchange(request)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Failure::NoAnswer {
                phase: Phase::Answer,
                source: io::Error::new(io::ErrorKind::TimedOut, format!("no whole answer within {limit:?}")),
            }),
        }
    }

    async fn exchange(&self, request: reqwest::RequestBuilder) -> Result<Reply, Failure> {
        let mut response = request.send().await.map_err(|error| failure(&error))?;
        let too_large = Failure::TooLarge { limit_bytes: self.max_answer_bytes };
        let announced = response.content_length().and_then(|length| usize::try_from(length).ok());
        if announced.is_some_and(|length| length > self.max_answer_bytes) {
            return Err(too_large);
        }
        let reason = response
            .extensions()
            .get::<ReasonPhrase>()
            .map(|reason| String::from_utf8_lossy(reason.as_bytes()).into_owned());
        let mut body = Vec::with_capacity(announced.unwrap_or_default());
        while let Some(chunk) = response.chunk().await.map_err(|error| failure(&error))? {
            if chunk.len() > self.max_answer_bytes - body.len() {
                return Err(too_large);
            }
            body.extend_from_slice(&chunk);
        }
        tokio::time::sleep(HAND_BACK).await;
        let body = String::from_utf8(body)
            .unwrap_or_else(|broken| String::from_utf8_lossy(broken.as_bytes()).into_owned());
        Ok(Reply { status: response.status().as_u16(), reason, body })
    }
}

/// The file to be sent is gone: nothing was sent.
fn unreadable(source: io::Error) -> Failure {
    Failure::NoAnswer { phase: Phase::Connect, source }
}

/// What a failed exchange means, by the causes inside it.
fn failure(error: &reqwest::Error) -> Failure {
    let phase = if error.is_connect() { Phase::Connect } else { Phase::Answer };
    if let Some(problem) = causes(error).find_map(tls_problem) {
        return Failure::Tls(problem);
    }
    let kind = causes(error)
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .map(io::Error::kind)
        .find(|&kind| kind != io::ErrorKind::Other);
    let (kind, text) = match (kind, error.is_timeout(), phase) {
        (_, true, Phase::Connect) => (io::ErrorKind::TimedOut, "no connection in time".to_owned()),
        (_, true, Phase::Answer) => (io::ErrorKind::TimedOut, "no answer in time".to_owned()),
        (kind, false, _) => (kind.unwrap_or(io::ErrorKind::Other), root_cause(error)),
    };
    Failure::NoAnswer { phase, source: io::Error::new(kind, text) }
}

/// What rustls objects to. Alerts and protocol errors are handshake problems; a cut connection is not here.
fn tls_problem(cause: &(dyn Error + 'static)) -> Option<TlsProblem> {
    use rustls::{CertificateError, Error as Tls};
    match cause.downcast_ref::<Tls>()? {
        Tls::InvalidCertificate(CertificateError::Other(other)) => {
            let ours = other.0.downcast_ref::<error::TlsProblem>().cloned();
            Some(ours.unwrap_or_else(|| TlsProblem::Untrusted(other.0.to_string())))
        }
        Tls::InvalidCertificate(problem) => Some(TlsProblem::Untrusted(problem.to_string())),
        problem => Some(TlsProblem::Handshake(problem.to_string())),
    }
}

/// The error and everything inside it. An `io::Error` hides what it wraps from `source()`.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    fn inner<'a>(cause: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
        match cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(wrapped) => Some(wrapped),
            None => cause.source(),
        }
    }
    std::iter::successors(Some(error), |cause| inner(*cause))
}

/// The innermost cause's text: the one that says something. URLs stand further out and hold no secret.
fn root_cause(error: &(dyn Error + 'static)) -> String {
    causes(error).last().map_or_else(|| error.to_string(), ToString::to_string)
}
