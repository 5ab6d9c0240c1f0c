//! Anchors: all heads of all chains at one moment, under one hash.
//!
//! An anchor keeps the heads that moved since the one before it, and the totals over all; it is linked to its
//! predecessor as entries are: `hash = SHA-256(prev ‖ id ‖ at ‖ n_chains ‖ n_entries ‖ heads)`, numbers as 8 bytes
//! big-endian, `at` in microseconds since 1970, and `heads` the SHA-256 over the moved heads in byte order of their
//! chains, each as length of the name (4 bytes), name, position (8 bytes), hash. The first `prev` binds the
//! installation. PostgreSQL computes the same in SQL; the contract suite holds both to this code.
//!
//! An anchor inside the ledger shows what is cut or changed below it. Only a copy outside the ledger shows that somebody
//! who owns the database built all of it anew: the log has one, `audit anchors` prints them. Leaves to others: when to
//! anchor (rescuer), and recomputing ([`verify`](super::verify)).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tracing::info;
use uuid::Uuid;

use super::EntryHash;
use crate::domain::job::{JobId, JobState};

/// All heads at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Anchor {
    /// Number, from 1 and without gaps.
    pub id: i64,
    /// When, by the database's clock.
    pub at: Timestamp,
    /// Chains at that moment.
    pub n_chains: u64,
    /// Entries in all of them.
    pub n_entries: u64,
    /// Over the heads that moved since the anchor before.
    pub heads: EntryHash,
    /// Hash of the anchor before.
    pub prev: EntryHash,
    /// Hash of this one.
    pub hash: EntryHash,
}

/// A head as an anchor found it; only those are kept that moved since the anchor before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnchoredHead {
    /// Name of the chain.
    pub chain: String,
    /// The anchor.
    pub anchor: i64,
    /// Number of entries at that moment; 0 for a chain that had only begun.
    pub seq: i64,
    /// Hash of the last one.
    pub hash: EntryHash,
}

impl Anchor {
    /// What stands before the first anchor of an installation.
    #[must_use]
    pub fn genesis(installation: Uuid) -> EntryHash {
        let digest = Sha256::new()
            .chain_update(b"panos-upgrade anchors v1")
            .chain_update(installation.as_bytes())
            .finalize();
        EntryHash(digest.into())
    }

    /// The hash that its content gives.
    #[must_use]
    pub fn computed(&self) -> EntryHash {
        let digest = Sha256::new()
            .chain_update(self.prev.0)
            .chain_update(self.id.to_be_bytes())
            .chain_update(self.at.as_microsecond().to_be_bytes())
            .chain_update(self.n_chains.to_be_bytes())
            .chain_update(self.n_entries.to_be_bytes())
            .chain_update(self.heads.0)
            .finalize();
        EntryHash(digest.into())
    }

    /// The same with the hash that its content gives.
    #[must_use]
    pub fn sealed(self) -> Self {
        Self { hash: self.computed(), ..self }
    }

    /// Writes it to the log, which is its copy outside the ledger.
    pub(crate) fn tell(&self) {
        let Self { id, at, n_chains, n_entries, hash, .. } = self;
        info!(
            anchor.id = id,
            anchor.at = %at,
            anchor.n_chains = n_chains,
            anchor.n_entries = n_entries,
            anchor.hash = %hash,
            "audit anchor {id} of {n_entries} entries in {n_chains} chains: {hash}"
        );
    }
}

/// The hash over heads, which come in byte order of their chains.
#[derive(Debug, Clone, Default)]
pub struct HeadsHash(Sha256);

impl HeadsHash {
    /// Adds the next head.
    pub fn add(&mut self, chain: &str, seq: i64, hash: &EntryHash) {
        let length = u32::try_from(chain.len()).unwrap_or(u32::MAX);
        self.0.update(length.to_be_bytes());
        self.0.update(chain.as_bytes());
        self.0.update(seq.to_be_bytes());
        self.0.update(hash.0);
    }

    /// The hash over all that were added.
    #[must_use]
    pub fn end(self) -> EntryHash {
        EntryHash(self.0.finalize().into())
    }
}

/// Whether the entries are there that the rows of some jobs speak of.
///
/// Every job has the entry that queued it, and every job that ended the entry of its end, in the chain of its device:
/// so a tail that was cut together with its head is found for as long as the job is there, without any anchor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobProofs {
    /// The last job that was looked at, to go on after; `None` when there was none left.
    pub last: Option<JobId>,
    /// The first job of which an entry is missing.
    pub unproven: Option<UnprovenJob>,
}

/// A job without one of its entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnprovenJob {
    /// The job.
    pub job: JobId,
    /// Serial of its device, which names the chain.
    pub chain: String,
    /// State of the job.
    pub state: JobState,
    /// The action of the entry that is missing.
    pub missing: String,
    /// Entries in the chain now.
    pub seq: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn anchor() -> Anchor {
        let zero = EntryHash([0; 32]);
        Anchor {
            id: 1,
            at: Timestamp::UNIX_EPOCH,
            n_chains: 2,
            n_entries: 3,
            heads: zero,
            prev: Anchor::genesis(Uuid::nil()),
            hash: zero,
        }
        .sealed()
    }

    #[test]
    fn its_hash_depends_on_everything_in_it() {
        let whole = anchor();
        assert_eq!(whole.computed(), whole.hash);
        let other = EntryHash([1; 32]);
        let at = "1970-01-01T00:00:00.000001Z".parse().unwrap();
        for changed in [
            Anchor { id: 2, ..whole.clone() },
            Anchor { at, ..whole.clone() },
            Anchor { n_chains: 3, ..whole.clone() },
            Anchor { n_entries: 4, ..whole.clone() },
            Anchor { heads: other, ..whole.clone() },
            Anchor { prev: other, ..whole.clone() },
        ] {
            assert_ne!(changed.computed(), whole.hash, "{changed:?}");
        }
        assert_ne!(Anchor::genesis(Uuid::nil()), Anchor::genesis(Uuid::max()));
    }

    #[test]
    fn names_of_different_lengths_cannot_be_mistaken_for_each_other() {
        let hash = EntryHash([7; 32]);
        let of = |heads: &[(&str, i64)]| {
            let mut all = HeadsHash::default();
            heads.iter().for_each(|(chain, seq)| all.add(chain, *seq, &hash));
            all.end()
        };
        assert_ne!(of(&[("ab", 1)]), of(&[("a", 1)]));
        assert_ne!(of(&[("a", 1), ("b", 1)]), of(&[("b", 1), ("a", 1)]));
        assert_ne!(of(&[("a", 1)]), of(&[("a", 2)]));
    }

    #[test]
    fn it_reads_back_from_its_json() {
        let whole = anchor();
        let json = serde_json::to_string(&whole).unwrap();
        assert_eq!(serde_json::from_str::<Anchor>(&json).unwrap(), whole);
        assert!(serde_json::from_str::<EntryHash>("\"abc\"").is_err());
    }
}
