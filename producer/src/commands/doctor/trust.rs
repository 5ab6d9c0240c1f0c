//! Whether a certificate is one that the configuration trusts, and why not; judged beside the handshake, so that one
//! that nobody trusts can still be shown.

use std::path::PathBuf;
use std::sync::Arc;

use common::config::Fingerprint;
use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::ring;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use sha2::{Digest, Sha256};

/// Whom the configuration trusts.
#[derive(Debug, Clone)]
pub(super) enum Trust {
    /// The system's roots, with name and dates.
    System,
    /// The roots in this file, with name and dates.
    File(PathBuf),
    /// The certificate with this fingerprint; none is known for this host.
    Pinned(Option<Fingerprint>),
    /// Whoever answers.
    Anybody,
}

impl Trust {
    /// In words.
    pub(super) fn by(&self) -> String {
        match self {
            Self::System => "the roots of this system".to_owned(),
            Self::File(file) => format!("the roots in {}", file.display()),
            Self::Pinned(_) => "its pin".to_owned(),
            Self::Anybody => "nobody: tls.verify is \"none\"".to_owned(),
        }
    }

    /// Judges a chain, the leaf first.
    ///
    /// # Errors
    /// Why it is not trusted.
    pub(super) fn judge(&self, host: &str, chain: &[CertificateDer<'static>]) -> Result<(), String> {
        let (leaf, others) = chain.split_first().ok_or("the server showed no certificate")?;
        let roots = match self {
            Self::Anybody => return Ok(()),
            Self::Pinned(None) => {
                return Err(format!("nothing is pinned for it; tls.pins would need {}", fingerprint(leaf)));
            }
            Self::Pinned(Some(pin)) if pin.to_string() == fingerprint(leaf) => return Ok(()),
            Self::Pinned(Some(pin)) => {
                return Err(format!("pinned is {pin}, shown was {}", fingerprint(leaf)));
            }
            Self::System => system_roots()?,
            Self::File(file) => roots_of(file)?,
        };
        let name = ServerName::try_from(host.to_owned()).map_err(|error| error.to_string())?;
        let verifier =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::new(ring::default_provider()))
                .build()
                .map_err(|error| error.to_string())?;
        let judged = verifier.verify_server_cert(leaf, others, &name, &[], UnixTime::now());
        judged.map(drop).map_err(|error| error.to_string())
    }
}

/// SHA-256 of a certificate, in hexadecimal digits.
pub(super) fn fingerprint(certificate: &CertificateDer<'_>) -> String {
    hex::encode(Sha256::digest(certificate))
}

fn system_roots() -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    let (n_usable, _) = roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if n_usable == 0 { Err("this system has no root certificates".to_owned()) } else { Ok(roots) }
}

fn roots_of(file: &PathBuf) -> Result<RootCertStore, String> {
    let unusable = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(file).map_err(|error| unusable(&error))? {
        roots.add(certificate.map_err(|error| unusable(&error))?).map_err(|error| unusable(&error))?;
    }
    if roots.is_empty() { Err(unusable(&"holds no certificate")) } else { Ok(roots) }
}
