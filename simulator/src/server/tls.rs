//! A certificate authority of our own, and a leaf certificate for each address.
//!
//! Leaves are made when an address is first talked to and kept; they share one key, as nobody is protected by
//! it. No session is resumed, so that nothing has to be remembered per client.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SanType, date_time_ymd,
};
use rustls::ServerConfig;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::NoServerSessionStorage;
use tokio_rustls::TlsAcceptor;

use crate::counters::lock;

/// Name of the authority's file in the state directory.
const CA_FILE: &str = "ca.pem";

/// What goes wrong with certificates.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A certificate could not be made.
    #[error("cannot make a certificate")]
    Make(#[from] rcgen::Error),
    /// TLS does not take it.
    #[error("cannot set up TLS")]
    SetUp(#[from] rustls::Error),
    /// The authority's file could not be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// The authority and the leaves made so far.
pub struct Certificates {
    issuer: Issuer<'static, KeyPair>,
    /// An authority that nobody is told of.
    stranger: Issuer<'static, KeyPair>,
    ca: CertificateDer<'static>,
    ca_file: PathBuf,
    leaf_key: KeyPair,
    provider: Arc<CryptoProvider>,
    acceptors: Mutex<HashMap<(Ipv4Addr, bool), TlsAcceptor>>,
}

impl std::fmt::Debug for Certificates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Certificates").field("ca_file", &self.ca_file).finish_non_exhaustive()
    }
}

impl Certificates {
    /// Makes an authority and writes its certificate into `state_dir`.
    ///
    /// # Errors
    /// It cannot be made, or not written.
    pub fn create(state_dir: &Path) -> Result<Self, TlsError> {
        let ca_key = KeyPair::generate()?;
        let params = ca_params();
        let ca = params.self_signed(&ca_key)?;
        let ca_file = state_dir.join(CA_FILE);
        std::fs::write(&ca_file, ca.pem())
            .map_err(|source| TlsError::Write { path: ca_file.clone(), source })?;
        Ok(Self {
            issuer: Issuer::new(params, ca_key),
            stranger: Issuer::new(ca_params(), KeyPair::generate()?),
            ca: ca.der().clone(),
            ca_file,
            leaf_key: KeyPair::generate()?,
            provider: Arc::new(rustls::crypto::ring::default_provider()),
            acceptors: Mutex::default(),
        })
    }

    /// Where the authority's certificate lies.
    pub fn ca_file(&self) -> &Path {
        &self.ca_file
    }

    /// What accepts TLS at an address; `is_trusted` decides whose authority has signed for it.
    ///
    /// # Errors
    /// The certificate cannot be made.
    pub fn acceptor(&self, address: Ipv4Addr, is_trusted: bool) -> Result<TlsAcceptor, TlsError> {
        if let Some(known) = lock(&self.acceptors).get(&(address, is_trusted)) {
            return Ok(known.clone());
        }
        let issuer = if is_trusted { &self.issuer } else { &self.stranger };
        let leaf = leaf_params(address).signed_by(&self.leaf_key, issuer)?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.leaf_key.serialize_der()));
        let ca = is_trusted.then(|| self.ca.clone());
        let chain = std::iter::once(leaf.der().clone()).chain(ca).collect();
        let mut config = ServerConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let acceptor = TlsAcceptor::from(Arc::new(config));
        Ok(lock(&self.acceptors).entry((address, is_trusted)).or_insert(acceptor).clone())
    }
}

fn ca_params() -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "panos-simulator CA");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2049, 12, 31);
    params
}

fn leaf_params(address: Ipv4Addr) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, address.to_string());
    params.subject_alt_names = vec![
        SanType::IpAddress(IpAddr::V4(address)),
        // The same address for who knows it as one of IPv6.
        SanType::IpAddress(IpAddr::V6(address.to_ipv6_mapped())),
    ];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2049, 12, 31);
    params
}
