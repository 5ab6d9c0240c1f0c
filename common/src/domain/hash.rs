//! SHA-256 of images: what was found, by whom, and what that proves.
//!
//! Promises: a [`Sha256Hex`] is 64 lower-case digits; only a hash equal to the trusted catalogue is ever
//! called verified; a mismatch is accepted in no mode. Leaves to others: where trusted hashes come from
//! ([`catalogue`](super::catalogue)) and what a job does with an outcome (the worker).
//!
//! The API never hands out a stored image, so a firewall's hash is its own word; only the import route, where
//! we hold the file, computes one from bytes. Many lists carry no hash at all (none of the 11.x entries of
//! the public collection panos-versions, 2024). A finished download alone means that the device has loaded
//! the image, which checks its signature, and is not called verified.

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

mod fleet;

pub use fleet::{Cleared, HashDispute, HashMismatch, HashObservation, OtherHash};

/// Hex digits of a SHA-256.
const DIGITS: usize = 64;

/// A SHA-256 in hex: 64 digits, lower-case, whatever case they came in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(extend("pattern" = "^[0-9a-f]{64}$"))]
pub struct Sha256Hex(String);

impl Sha256Hex {
    /// Reads exactly 64 hex digits of either case; white space around them is for the caller to trim.
    ///
    /// # Errors
    /// [`Sha256Error`] tells the length and the first character that is no hex digit.
    pub fn parse(text: &str) -> Result<Self, Sha256Error> {
        let length = text.chars().count();
        let offending = text.chars().enumerate().find(|(_, c)| !c.is_ascii_hexdigit());
        match offending {
            None if length == DIGITS => Ok(Self(text.to_ascii_lowercase())),
            None => Err(Sha256Error::Length { length }),
            Some((index, found)) => Err(Sha256Error::NotHex { length, position: index + 1, found }),
        }
    }

    /// The hex form of a digest that somebody computed while streaming an image.
    pub fn from_digest(digest: [u8; 32]) -> Self {
        Self(hex::encode(digest))
    }

    /// The hash of `bytes`. Blocks for as long as hashing takes.
    pub fn of(bytes: &[u8]) -> Self {
        Self::from_digest(Sha256::digest(bytes).into())
    }

    /// The 64 digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Sha256Hex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl FromStr for Sha256Hex {
    type Err = Sha256Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl TryFrom<String> for Sha256Hex {
    type Error = Sha256Error;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<Sha256Hex> for String {
    fn from(hash: Sha256Hex) -> Self {
        hash.0
    }
}

/// The text is no SHA-256.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Sha256Error {
    /// Hex digits, but too few or too many.
    #[error("a SHA-256 has 64 hex digits, found {length}")]
    Length {
        /// Characters found.
        length: usize,
    },
    /// Something else than hex digits.
    #[error("a SHA-256 has 64 hex digits, found {length} characters with {found:?} at position {position}")]
    NotHex {
        /// Characters found.
        length: usize,
        /// Of the first offending character, counted from 1.
        position: usize,
        /// The first offending character.
        found: char,
    },
}

/// Who says what the hash of an image is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// The firewall, in its software list. It may be wrong about itself.
    DeviceReported,
    /// We, from the bytes that went to the firewall.
    ComputedFromBytes,
}

impl Evidence {
    /// The name it has in events, in the audit trail and in the ledger.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DeviceReported => "device_reported",
            Self::ComputedFromBytes => "computed_from_bytes",
        }
    }
}

/// What is known about the bytes of one image on one device.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum HashOutcome {
    /// Equal to the trusted catalogue.
    Verified {
        /// Who gave the hash that is equal.
        evidence: Evidence,
    },
    /// Differs from the catalogue: never ready for install, never retried silently.
    Mismatch {
        /// What the catalogue has.
        expected: Sha256Hex,
        /// What the device or the bytes have.
        found: Sha256Hex,
        /// Who gave `found`.
        evidence: Evidence,
    },
    /// The device gave no hash.
    NotReported,
    /// The catalogue has no hash for this file.
    NoReference {
        /// What the device or the bytes have; recorded, so that the fleet can be compared.
        found: Sha256Hex,
        /// Who gave `found`.
        evidence: Evidence,
    },
}

impl HashOutcome {
    /// The name it has in events, in the audit trail and in the ledger.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Verified { .. } => "verified",
            Self::Mismatch { .. } => "mismatch",
            Self::NotReported => "not_reported",
            Self::NoReference { .. } => "no_reference",
        }
    }

    /// Who gave the hash; `None` when nobody gave one.
    pub const fn evidence(&self) -> Option<Evidence> {
        match self {
            Self::Verified { evidence }
            | Self::Mismatch { evidence, .. }
            | Self::NoReference { evidence, .. } => Some(*evidence),
            Self::NotReported => None,
        }
    }

    /// Whether an image with this outcome may count as staged. A mismatch never does.
    pub const fn accepted(&self, mode: VerificationMode) -> bool {
        match self {
            Self::Verified { .. } => true,
            Self::Mismatch { .. } => false,
            Self::NotReported | Self::NoReference { .. } => match mode {
                VerificationMode::Lenient => true,
                VerificationMode::Strict => false,
            },
        }
    }
}

/// Weighs the hash of one image against the trusted one. Without a reported hash there is nothing to weigh,
/// whether or not the catalogue has one.
pub fn judge(reported: Option<&Sha256Hex>, expected: Option<&Sha256Hex>, evidence: Evidence) -> HashOutcome {
    match (reported, expected) {
        (None, Some(_) | None) => HashOutcome::NotReported,
        (Some(found), None) => HashOutcome::NoReference { found: found.clone(), evidence },
        (Some(found), Some(expected)) if found == expected => HashOutcome::Verified { evidence },
        (Some(found), Some(expected)) => {
            HashOutcome::Mismatch { expected: expected.clone(), found: found.clone(), evidence }
        }
    }
}

/// What to do with an image of which nothing is proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VerificationMode {
    /// It counts as staged, with its honest outcome told everywhere. The default, because most devices
    /// report no hash.
    #[default]
    Lenient,
    /// It fails.
    Strict,
}

impl VerificationMode {
    /// The word in the configuration and on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Lenient => "lenient",
            Self::Strict => "strict",
        }
    }
}

impl fmt::Display for VerificationMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for VerificationMode {
    type Err = VerificationModeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "lenient" => Ok(Self::Lenient),
            "strict" => Ok(Self::Strict),
            other => Err(VerificationModeError { input: super::input::quoted(other) }),
        }
    }
}

/// The text is no verification mode.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{input} is not a verification mode: write lenient or strict")]
pub struct VerificationModeError {
    input: String,
}

#[cfg(test)]
mod tests;
