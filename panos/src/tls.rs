//! Whom we believe to be a device: the system's roots, a CA file, a pinned certificate, or anybody.
//!
//! A management certificate is self-signed unless an administrator replaced it (usage guide 9.1, whose
//! examples switch verification off), so pins are the honest way for most fleets. Leaves to others:
//! which device a pin belongs to in an inventory; here pins go by host.

use crate::endpoint::canonical_host;
use crate::error::{PanosError, TlsProblem};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, OtherError, RootCertStore, SignatureScheme,
};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::{Arc, PoisonError, RwLock};

/// How the certificate of a device is checked.
#[derive(Debug, Clone)]
pub enum Trust {
    /// By the operating system's roots, with name and dates.
    System,
    /// By the certificates in a PEM file, with name and dates.
    CaFile(PathBuf),
    /// By the SHA-256 of the leaf certificate alone: name, issuer and dates do not count. A host without
    /// a pin is refused. The other side still proves that it holds the certificate's private key.
    Pinned(Pins),
    /// Not at all: **whoever answers at the address gets the credentials**. For laboratories.
    None,
}

/// SHA-256 of a certificate in DER form. Prints and parses as 64 hexadecimal digits; colons may be in it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 32]);

/// The text is not the SHA-256 of a certificate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a SHA-256 fingerprint (64 hexadecimal digits, colons allowed)")]
pub struct InvalidFingerprint(String);

impl Fingerprint {
    /// The fingerprint of a certificate in DER form.
    pub fn of(certificate: &[u8]) -> Self {
        Self(Sha256::digest(certificate).into())
    }
}

impl From<[u8; 32]> for Fingerprint {
    fn from(digest: [u8; 32]) -> Self {
        Self(digest)
    }
}

impl FromStr for Fingerprint {
    type Err = InvalidFingerprint;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits: String = text.trim().chars().filter(|&c| c != ':').collect();
        let mut bytes = [0; 32];
        hex::decode_to_slice(&digits, &mut bytes)
            .map_err(|_| InvalidFingerprint(text.escape_debug().take(100).collect()))?;
        Ok(Self(bytes))
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

/// The pinned certificates, per host. Clones share one table, so devices may be added while it is in use.
#[derive(Debug, Clone, Default)]
pub struct Pins(Arc<RwLock<HashMap<String, Vec<Fingerprint>>>>);

impl Pins {
    /// An empty table: every host is refused.
    pub fn new() -> Self {
        Self::default()
    }

    /// Allows a certificate for a host (any port). A second one, as before a renewal, is allowed as well.
    pub fn insert(&self, host: &str, fingerprint: Fingerprint) {
        let mut pins = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let allowed = pins.entry(canonical_host(host)).or_default();
        if !allowed.contains(&fingerprint) {
            allowed.push(fingerprint);
        }
    }

    /// Whether `found` is allowed for `host`.
    fn check(&self, host: &str, found: Fingerprint) -> Result<(), TlsProblem> {
        let pins = self.0.read().unwrap_or_else(PoisonError::into_inner);
        match pins.get(&canonical_host(host)) {
            Some(allowed) if allowed.contains(&found) => Ok(()),
            Some(allowed) => Err(TlsProblem::PinMismatch {
                expected: allowed.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
                found,
            }),
            None => Err(TlsProblem::NotPinned { found }),
        }
    }
}

/// Makes ring the process's TLS implementation, unless one is installed. Harmless to repeat.
///
/// This crate brings its own provider and does not need it; other users of rustls in the process may.
pub fn install_crypto_provider() {
    // The error says that a provider is installed already, which is what we want.
    let _already_installed = ring::default_provider().install_default();
}

/// The TLS side of a [`Transport`](crate::Transport): TLS 1.2 and 1.3.
pub(crate) fn client_config(trust: &Trust) -> Result<ClientConfig, PanosError> {
    let provider = Arc::new(ring::default_provider());
    let without_roots = |belief| Arc::new(WithoutRoots { belief, provider: provider.clone() });
    let verifier: Arc<dyn ServerCertVerifier> = match trust {
        Trust::System => by_roots(system_roots()?, &provider)?,
        Trust::CaFile(path) => by_roots(roots_from(path)?, &provider)?,
        Trust::Pinned(pins) => without_roots(Belief::Pinned(pins.clone())),
        Trust::None => without_roots(Belief::Anybody),
    };
    config_with(verifier, provider)
}

/// The TLS side of a look at a certificate, whoever shows it: the other side only proves that it holds the private key.
/// **Nothing secret may be sent over it.**
///
/// # Errors
/// [`PanosError::Setup`].
pub fn look_at_certificates() -> Result<ClientConfig, PanosError> {
    let provider = Arc::new(ring::default_provider());
    config_with(Arc::new(WithoutRoots { belief: Belief::Holder, provider: provider.clone() }), provider)
}

fn config_with(
    verifier: Arc<dyn ServerCertVerifier>,
    provider: Arc<CryptoProvider>,
) -> Result<ClientConfig, PanosError> {
    let versions = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    Ok(versions
        .map_err(|error| setup(format!("no TLS version to offer: {error}")))?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth())
}

fn by_roots(
    roots: RootCertStore,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<WebPkiServerVerifier>, PanosError> {
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone())
        .build()
        .map_err(|error| setup(format!("no usable root certificates: {error}")))
}

fn system_roots() -> Result<RootCertStore, PanosError> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    let (n_usable, _) = roots.add_parsable_certificates(found.certs);
    if n_usable == 0 {
        let cause = found.errors.first().map_or_else(String::new, |error| format!(": {error}"));
        return Err(setup(format!("the operating system offers no root certificates{cause}")));
    }
    Ok(roots)
}

fn roots_from(path: &Path) -> Result<RootCertStore, PanosError> {
    let unusable = |cause: String| setup(format!("CA file {}: {cause}", path.display()));
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(|error| unusable(error.to_string()))? {
        let certificate = certificate.map_err(|error| unusable(error.to_string()))?;
        roots.add(certificate).map_err(|error| unusable(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(unusable("holds no certificate in PEM form".to_owned()));
    }
    Ok(roots)
}

fn setup(problem: String) -> PanosError {
    PanosError::Setup { problem }
}

/// Whom a handshake believes that asks no root.
#[derive(Debug)]
enum Belief {
    /// Who holds the key of a certificate whose SHA-256 is pinned for the host.
    Pinned(Pins),
    /// Who holds the key of the certificate that is shown.
    Holder,
    /// Everybody. With no certificate to compare, a signature by its key would prove nothing.
    Anybody,
}

/// Judges by a [`Belief`] alone.
#[derive(Debug)]
struct WithoutRoots {
    belief: Belief,
    provider: Arc<CryptoProvider>,
}

impl WithoutRoots {
    /// Whether the other side has to prove that it holds the private key.
    fn asks_for_proof(&self) -> bool {
        match self.belief {
            Belief::Pinned(_) | Belief::Holder => true,
            Belief::Anybody => false,
        }
    }
}

impl ServerCertVerifier for WithoutRoots {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        match &self.belief {
            Belief::Holder | Belief::Anybody => {}
            Belief::Pinned(pins) => {
                let host = match server_name {
                    ServerName::IpAddress(address) => IpAddr::from(*address).to_string(),
                    name => name.to_str().into_owned(),
                };
                let refused = |problem| CertificateError::Other(OtherError(Arc::new(problem)));
                pins.check(&host, Fingerprint::of(end_entity)).map_err(refused)?;
            }
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        if !self.asks_for_proof() {
            return Ok(HandshakeSignatureValid::assertion());
        }
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        if !self.asks_for_proof() {
            return Ok(HandshakeSignatureValid::assertion());
        }
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_read_with_and_without_colons() {
        let plain: Fingerprint = "AB".repeat(32).parse().unwrap();
        let colons: Fingerprint = vec!["ab"; 32].join(":").parse().unwrap();
        assert_eq!(plain, colons);
        assert_eq!(plain.to_string(), "ab".repeat(32));
        assert!("ab".repeat(31).parse::<Fingerprint>().is_err());
        assert!("xy".repeat(32).parse::<Fingerprint>().is_err());
    }

    #[test]
    fn a_pin_is_found_however_the_host_is_written() {
        let (pins, found) = (Pins::new(), Fingerprint::of(b"certificate"));
        pins.insert("[2001:DB8:0::10]", found);
        pins.insert("FW.example.com", found);
        assert_eq!(pins.check("2001:db8::10", found), Ok(()));
        assert_eq!(pins.check("fw.example.com", found), Ok(()));
        assert_eq!(pins.check("fw2.example.com", found), Err(TlsProblem::NotPinned { found }));
    }

    #[test]
    fn a_ca_file_that_cannot_be_used_is_named() {
        let missing = client_config(&Trust::CaFile("/nonexistent/ca.pem".into())).unwrap_err();
        assert!(missing.to_string().contains("/nonexistent/ca.pem"), "{missing}");
        let empty = tempfile::NamedTempFile::new().unwrap();
        let refused = client_config(&Trust::CaFile(empty.path().into())).unwrap_err();
        assert!(refused.to_string().contains("no certificate"), "{refused}");
    }
}
