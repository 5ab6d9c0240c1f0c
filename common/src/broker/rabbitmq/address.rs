//! Where RabbitMQ is, and how to log in there: the settings, made ready for the client library.
//!
//! Promises: everything that can be wrong with URL and files is found before the first connection; the password
//! is in no text. Leaves to others: connecting.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fmt, io};

use lapin::tcp::{RustlsConnector, RustlsConnectorConfig};
use lapin::uri::{AMQPUri, SASLMechanism};
use lapin::{AsyncTcpStream, Connection, ConnectionProperties, ErrorKind};
use rustls::CertificateError::{Expired, ExpiredContext, NotValidForName, NotValidForNameContext};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use crate::broker::BrokerError;
use crate::config::{BrokerConfig, BrokerUrl};

/// Seconds between heartbeats; a peer counts as dead after two missed ones. 5 to 20 s is the range that RabbitMQ
/// advises (its documentation, "Heartbeats"); with 10 a broker that was stopped by SIGSTOP was noticed after 20 s
/// (measured with lapin 4.12). `?heartbeat=` in the URL wins.
const HEARTBEAT_S: u16 = 10;

/// A RabbitMQ node or cluster and our login there.
pub(super) struct Address {
    uri: AMQPUri,
    tls: Option<Arc<RustlsConnector>>,
    /// For messages: whom we trust, and what we show.
    ca_file: Option<PathBuf>,
    client_cert_file: Option<PathBuf>,
    shown: String,
}

/// Where it is, without the login.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl Address {
    /// Reads the settings and the files they name.
    pub(super) fn new(config: &BrokerConfig) -> Result<Self, BrokerError> {
        let (BrokerUrl::Amqp(url), Some(complete)) = (&config.url, config.amqp_url()) else {
            return Err(settings("broker.url", "is \"embedded\", which is no RabbitMQ"));
        };
        // The library's error repeats the URL with its password, so it is not handed on.
        let mut uri: AMQPUri = complete
            .expose()
            .parse()
            .map_err(|_| settings("broker.url", "is not an AMQP URL: amqp(s)://user@host:port/vhost"))?;
        // The library takes an IPv6 address for no host at all, and would go to localhost (amq-protocol-uri 10.6).
        uri.authority.host = url.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        // Strictly, `amqp://host/` names a virtual host with an empty name (RabbitMQ's URI specification). Nobody
        // has one, and everybody who writes the slash means the default one.
        if uri.vhost.is_empty() {
            "/".clone_into(&mut uri.vhost);
        }
        // 0 would turn heartbeats off: a dead broker would never be noticed.
        uri.query.heartbeat = uri.query.heartbeat.filter(|seconds| *seconds > 0).or(Some(HEARTBEAT_S));
        let has_password = config.password.is_some() || url.has_password();
        if config.client_cert_file.is_some() && !has_password {
            uri.query.auth_mechanism.get_or_insert(SASLMechanism::External);
        }
        let tls = if url.scheme() == "amqps" { Some(Arc::new(connector(config)?)) } else { None };
        let shown = format!("{}://{}:{}", uri.scheme, url.host(), uri.authority.port);
        let shown = if uri.vhost == "/" { shown } else { format!("{shown}/{}", uri.vhost) };
        let (ca_file, client_cert_file) = (config.ca_file.clone(), config.client_cert_file.clone());
        Ok(Self { uri, tls, ca_file, client_cert_file, shown })
    }

    /// What it means that one side did not trust the other, with the file and the remedy; nothing for any other
    /// error.
    ///
    /// None of it is final: a certificate that has expired is renewed at the broker, and we shall be there.
    pub(super) fn distrust(&self, error: &lapin::Error) -> Option<String> {
        let ErrorKind::IOError(error) = error.kind() else { return None };
        let trust = error.get_ref().and_then(|error| error.downcast_ref::<rustls::Error>());
        let text = match trust {
            Some(rustls::Error::InvalidCertificate(NotValidForName | NotValidForNameContext { .. })) => {
                let host = &self.uri.authority.host;
                format!("its certificate is not for `{host}`: broker.url has to name a host that it is for")
            }
            Some(rustls::Error::InvalidCertificate(Expired | ExpiredContext { .. })) => {
                "its certificate has expired, or the clock of this machine is wrong".to_owned()
            }
            Some(rustls::Error::InvalidCertificate(_)) => match &self.ca_file {
                Some(file) => format!(
                    "its certificate is not from a CA in {}: broker.ca_file has to hold the broker's CA",
                    file.display()
                ),
                None => {
                    "its certificate is from no CA that this machine trusts: set broker.ca_file".to_owned()
                }
            },
            Some(rustls::Error::AlertReceived(_)) => self.shown_in_vain(),
            // In TLS 1.3 our side is done before the broker has looked at our certificate, and a close can
            // overtake the alert that says why.
            None if self.tls.is_some() && ended_by_peer(error.kind()) => {
                format!("it ended the connection, maybe because {}", self.shown_in_vain())
            }
            Some(_) | None => return None,
        };
        Some(format!("{text} ({error})"))
    }

    fn shown_in_vain(&self) -> String {
        match &self.client_cert_file {
            Some(file) => format!(
                "it does not accept the certificate in {}: broker.client_cert_file has to be from a CA that the \
                 broker trusts, for clients, and not expired",
                file.display()
            ),
            None => "it wants a certificate of ours: set broker.client_cert_file and broker.client_key_file"
                .to_owned(),
        }
    }

    /// What a refused login may be about, for a person.
    pub(super) fn login(&self) -> String {
        match (&self.uri.query.auth_mechanism, &self.client_cert_file) {
            (Some(SASLMechanism::External), Some(file)) => format!(
                "we log in by the certificate in {}: the broker has to have a user of its name",
                file.display()
            ),
            _ => "look at broker.username and broker.password".to_owned(),
        }
    }

    /// One try to connect and log in. Without a limit of its own.
    pub(super) async fn connect(&self, properties: ConnectionProperties) -> lapin::Result<Connection> {
        let tls = self.tls.clone();
        let reach = async move |uri: AMQPUri, runtime| {
            let host = uri.authority.host.as_str();
            let addresses: Vec<SocketAddr> =
                tokio::net::lookup_host((host, uri.authority.port)).await?.collect();
            let stream = AsyncTcpStream::connect(&runtime, addresses).await?;
            match &tls {
                Some(connector) => Ok(stream.into_rustls(connector, host).await?),
                None => Ok(stream),
            }
        };
        Connection::connector(self.uri.clone(), lapin::runtime::default_runtime()?, reach, properties).await
    }
}

fn ended_by_peer(kind: io::ErrorKind) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    matches!(kind, BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof)
}

/// Trusts the CA file alone where there is one, because whoever names a CA means that one; else the system's
/// roots. The library's own setting would add the file to them.
fn connector(config: &BrokerConfig) -> Result<RustlsConnector, BrokerError> {
    let roots = match &config.ca_file {
        Some(path) => {
            RustlsConnectorConfig::default().with_parsable_certificates(certificates("broker.ca_file", path)?)
        }
        None => RustlsConnectorConfig::new_with_native_certs().map_err(|error| {
            settings("broker.ca_file", format!("is not set, and the system's roots: {error}"))
        })?,
    };
    let connector = match (&config.client_cert_file, &config.client_key_file) {
        (Some(certificate), Some(key)) => {
            let chain = certificates("broker.client_cert_file", certificate)?;
            let key = PrivateKeyDer::from_pem_file(key)
                .map_err(|error| settings("broker.client_key_file", format!("{}: {error}", key.display())))?;
            roots.connector_with_single_cert(chain, key)
        }
        (None, None) => roots.connector_with_no_client_auth(),
        (Some(_), None) => return Err(settings("broker.client_key_file", "is missing")),
        (None, Some(_)) => return Err(settings("broker.client_cert_file", "is missing")),
    };
    connector.map_err(|error: io::Error| {
        let key =
            if config.client_cert_file.is_some() { "broker.client_cert_file" } else { "broker.ca_file" };
        settings(key, error)
    })
}

fn certificates(key: &'static str, path: &Path) -> Result<Vec<CertificateDer<'static>>, BrokerError> {
    let unusable = |error: &dyn fmt::Display| settings(key, format!("{}: {error}", path.display()));
    let found: Vec<_> =
        CertificateDer::pem_file_iter(path).and_then(Iterator::collect).map_err(|error| unusable(&error))?;
    if found.is_empty() { Err(unusable(&"holds no certificate")) } else { Ok(found) }
}

fn settings(key: &'static str, reason: impl fmt::Display) -> BrokerError {
    BrokerError::Settings { key, reason: reason.to_string() }
}

#[cfg(test)]
mod tests;
