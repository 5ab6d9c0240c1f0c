//! The hash chain: `hash = SHA-256(prev ‖ seq ‖ body)`, `seq` as 8 bytes big-endian.
//!
//! The first `prev` of a chain binds the installation and the chain's name, so that a chain cannot be
//! carried to another device or another installation. PostgreSQL computes the same in SQL (`sha256`,
//! `int8send`); the contract suite verifies both backends with this code.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::domain::job::JobId;

/// A SHA-256 of the chain. In JSON and in messages it is 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct EntryHash(pub [u8; 32]);

impl EntryHash {
    /// What stands before the first entry of `chain`.
    #[must_use]
    pub fn genesis(installation: Uuid, chain: &str) -> Self {
        let digest = Sha256::new()
            .chain_update(b"panos-upgrade audit v1")
            .chain_update(installation.as_bytes())
            .chain_update(chain.as_bytes())
            .finalize();
        Self(digest.into())
    }

    /// The hash of entry number `seq` with `body`, whose predecessor has this hash.
    #[must_use]
    pub fn next(&self, seq: i64, body: &[u8]) -> Self {
        let digest =
            Sha256::new().chain_update(self.0).chain_update(seq.to_be_bytes()).chain_update(body).finalize();
        Self(digest.into())
    }

    /// From stored bytes; `None` unless there are exactly 32.
    #[must_use]
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        Some(Self(bytes.try_into().ok()?))
    }
}

impl fmt::Display for EntryHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for EntryHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for EntryHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for EntryHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = hex::decode(&text).ok();
        bytes
            .and_then(|bytes| Self::from_slice(&bytes))
            .ok_or_else(|| de::Error::custom("a hash is 64 hexadecimal digits"))
    }
}

/// An entry as the ledger holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEntry {
    /// Serial of the device, or [`SYSTEM_CHAIN`](super::entry::SYSTEM_CHAIN).
    pub chain: String,
    /// Position from 1, without gaps.
    pub seq: i64,
    /// Database time of the write, beside the body: within [`AT_TOLERANCE`](super::verify::AT_TOLERANCE) of the time
    /// in it, and no nearer proven. What is shown to people is the time in the body.
    pub at: Timestamp,
    /// The job by which the entry is searched: the one in the body.
    pub job: Option<JobId>,
    /// Canonical bytes.
    pub body: Vec<u8>,
    /// Hash of the predecessor.
    pub prev: EntryHash,
    /// Hash of this entry.
    pub hash: EntryHash,
}

/// The end of a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainHead {
    /// Name of the chain.
    pub chain: String,
    /// Number of entries.
    pub seq: i64,
    /// Hash of the last one; the genesis hash when there is none.
    pub hash: EntryHash,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_depends_on_installation_name_position_and_body() {
        let start = EntryHash::genesis(Uuid::nil(), "A");
        assert_ne!(start, EntryHash::genesis(Uuid::nil(), "B"));
        assert_ne!(start, EntryHash::genesis(Uuid::max(), "A"));
        assert_ne!(start.next(1, b"x"), start.next(2, b"x"));
        assert_ne!(start.next(1, b"x"), start.next(1, b"y"));
    }
}
