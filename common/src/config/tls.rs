//! `[tls]`: whose certificates Panorama and the firewalls may show.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use toml_edit::Value as TomlValue;

use super::Field;
use super::problem::Problems;
use super::setting::{Choice, Found, Value, Wanted};

/// `[tls]`.
#[derive(Debug, Clone, Default)]
pub struct TlsConfig {
    /// What makes a certificate trusted. Default: `system`, the roots of the operating system.
    pub verify: TlsVerify,
    /// PEM file with the CA certificates to trust, for `verify = "ca-file"`. Default: none.
    pub ca_file: Option<PathBuf>,
    /// SHA-256 of the certificate (DER) that each device shows, by host or serial, for
    /// `verify = "pinned"`. Default: none.
    pub pins: Pins,
}

/// What makes a certificate trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TlsVerify {
    /// A chain to the operating system's roots.
    #[default]
    System,
    /// A chain to `tls.ca_file`.
    CaFile,
    /// The fingerprint in `tls.pins`; firewalls come with self-signed certificates.
    Pinned,
    /// Anything: the login can be read by whoever sits in between. Warned of at each start.
    None,
}

impl Choice for TlsVerify {
    const CHOICES: &'static [(&'static str, Self)] = &[
        ("system", Self::System),
        ("ca-file", Self::CaFile),
        ("pinned", Self::Pinned),
        ("none", Self::None),
    ];
}

/// SHA-256 of a certificate in DER.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint(pub [u8; 32]);

impl Fingerprint {
    /// Reads 64 hex digits, also with the colons that certificate tools print.
    fn parse(text: &str) -> Option<Self> {
        let digits: String = text.chars().filter(|sign| *sign != ':').collect();
        let mut bytes = [0; 32];
        hex::decode_to_slice(digits, &mut bytes).ok()?;
        Some(Self(bytes))
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

/// The fingerprint of each device's certificate, by host or serial.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pins(BTreeMap<String, Fingerprint>);

impl Pins {
    /// The fingerprint for a host or a serial.
    #[must_use]
    pub fn of(&self, host_or_serial: &str) -> Option<Fingerprint> {
        self.0.get(host_or_serial).copied()
    }

    /// All of them, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Fingerprint)> {
        self.0.iter().map(|(name, pin)| (name.as_str(), *pin))
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Value for Pins {
    fn read(found: &Found<'_>) -> Result<Self, Wanted> {
        let pairs = found.pairs().ok_or_else(|| {
            "must be a table of host or serial to SHA-256 in quotes (in the environment: HOST=SHA256,HOST=SHA256)"
                .to_owned()
        })?;
        let mut pins = BTreeMap::new();
        for (name, text) in pairs {
            let pin = Fingerprint::parse(text).ok_or_else(|| {
                format!("the pin of `{name}` must be the 64 hex digits of a SHA-256, with or without colons")
            })?;
            pins.insert(name.to_owned(), pin);
        }
        Ok(Self(pins))
    }

    fn text(&self) -> String {
        self.iter().map(|(name, pin)| format!("{name}={pin}")).collect::<Vec<_>>().join(",")
    }

    fn toml(&self) -> TomlValue {
        self.iter().map(|(name, pin)| (name, pin.to_string())).collect()
    }
}

impl TlsConfig {
    pub(super) fn fields(&mut self) -> Vec<Field<'_>> {
        vec![
            Field::new("tls.verify", &mut self.verify),
            Field::new("tls.ca_file", &mut self.ca_file),
            Field::new("tls.pins", &mut self.pins),
        ]
    }

    pub(super) fn check(&self, problems: &mut Problems) {
        match self.verify {
            TlsVerify::System | TlsVerify::None => {}
            TlsVerify::CaFile if self.ca_file.is_none() => problems.add_among(
                &["tls.ca_file", "tls.verify"],
                None,
                "is missing: tls.verify = \"ca-file\" needs the PEM file of your CA",
            ),
            TlsVerify::Pinned if self.pins.is_empty() => problems.add_among(
                &["tls.pins", "tls.verify"],
                None,
                "is missing: tls.verify = \"pinned\" needs the fingerprint of each device",
            ),
            TlsVerify::CaFile | TlsVerify::Pinned => {}
        }
    }
}
