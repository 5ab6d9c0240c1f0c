//! Opens connections to the server, in plain text or over TLS.
//!
//! Promises: with TLS the certificate and the host's name in it are verified, with the same cryptography as
//! everywhere else in the program. Leaves to others: which of the two ([`address`](super::address)), and
//! keeping connections ([`connection`](super::connection)).

use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinHandle;
use tokio_postgres::{CancelToken, Client, Config, Connection, NoTls, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;
use tracing::debug;

use super::address::Protection;

/// A client, and the task that moves its bytes and ends when the client is dropped.
pub(super) type Connected = (Client, JoinHandle<()>);

/// Opens connections, all protected in the same way.
#[derive(Clone)]
pub(super) enum Link {
    /// Plain text.
    Plain,
    /// TLS with verified certificates.
    Tls(MakeRustlsConnect),
}

impl Link {
    /// Reads the roots to trust.
    ///
    /// # Errors
    /// Why there are none.
    pub(super) fn new(protection: &Protection) -> Result<Self, String> {
        let roots = match protection {
            Protection::None => return Ok(Self::Plain),
            Protection::SystemRoots => system_roots()?,
            Protection::CaFile(file) => roots_of(file)?,
        };
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| format!("TLS is not available: {error}"))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self::Tls(MakeRustlsConnect::new(config)))
    }

    /// One connection.
    ///
    /// # Errors
    /// The client library's.
    pub(super) async fn open(&self, config: &Config) -> Result<Connected, tokio_postgres::Error> {
        match self {
            Self::Plain => {
                let (client, connection) = config.connect(NoTls).await?;
                Ok((client, drive(connection)))
            }
            Self::Tls(tls) => {
                let (client, connection) = config.connect(tls.clone()).await?;
                Ok((client, drive(connection)))
            }
        }
    }
}

impl Link {
    /// Asks the server to stop what a connection does (PostgreSQL manual, "Canceling Requests in Progress").
    ///
    /// # Errors
    /// The client library's.
    pub(super) async fn cancel(&self, token: &CancelToken) -> Result<(), tokio_postgres::Error> {
        match self {
            Self::Plain => token.cancel_query(NoTls).await,
            Self::Tls(tls) => token.cancel_query(tls.clone()).await,
        }
    }
}

impl deadpool_postgres::Connect for Link {
    fn connect(
        &self,
        config: &Config,
    ) -> Pin<Box<dyn Future<Output = Result<Connected, tokio_postgres::Error>> + Send + '_>> {
        let config = config.clone();
        Box::pin(async move { self.open(&config).await })
    }
}

/// The end of a connection is told to whoever uses its client; here it is only noted.
fn drive<T>(connection: Connection<Socket, T>) -> JoinHandle<()>
where
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            debug!(%error, "a connection to PostgreSQL ended");
        }
    })
}

fn system_roots() -> Result<RootCertStore, String> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    let (n_added, _) = roots.add_parsable_certificates(found.certs);
    if n_added > 0 {
        return Ok(roots);
    }
    Err(match found.errors.first() {
        Some(error) => format!("the system's root certificates cannot be read: {error}"),
        None => "the system has no root certificates; name a file with `sslrootcert`".to_owned(),
    })
}

fn roots_of(file: &Path) -> Result<RootCertStore, String> {
    let cannot =
        |error: rustls_pki_types::pem::Error| format!("`{}` has no certificates: {error}", file.display());
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(file).map_err(cannot)? {
        roots
            .add(certificate.map_err(cannot)?)
            .map_err(|error| format!("`{}` holds a certificate that is none: {error}", file.display()))?;
    }
    if roots.is_empty() { Err(format!("`{}` has no certificates", file.display())) } else { Ok(roots) }
}
