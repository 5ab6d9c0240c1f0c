//! Whether one device's audit chain is whole.
//!
//! Promises: the verdict is that of [`verify`], shown a trail that holds this one chain and nothing else. A verdict is
//! kept for a short while under the head that it is for, so that a page that refreshes itself does not make the ledger
//! read the chain again each second; few are made at a time, and none of a chain that is too long for a page.
//! Leaves to others: anchors, and what compares chains with each other (`audit verify`).

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use common::audit::verify::verify;
use common::audit::{Anchor, AnchoredHead, AuditFact, ChainHead, EntryHash, JobProofs, StoredEntry};
use common::domain::device::Serial;
use common::domain::job::{JobId, Requester};
use common::ledger::{LedgerError, Trail, TrailFilter};
use tokio::sync::Semaphore;
use uuid::Uuid;

/// Entries that are recomputed for a page: some megabytes, a fraction of a second. A job leaves about twenty.
const MAX_RECOMPUTED: i64 = 5_000;

/// How long recomputing may take before the page does without.
const PATIENCE: Duration = Duration::from_millis(1_500);

/// How long a verdict counts for an unchanged head.
const FRESH: Duration = Duration::from_secs(30);

/// Chains that are recomputed at the same time; each reads pages from the ledger.
const AT_ONCE: usize = 2;

/// Verdicts that are kept; beyond that all are forgotten.
const KEPT: usize = 1_000;

/// Heads per page when one is looked for; names before it are few.
const HEADS_PER_PAGE: u32 = 100;

/// Pages of heads that are looked through.
const HEAD_PAGES: usize = 10;

/// What is known of a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::pages) enum Verdict {
    /// Every hash fits.
    Whole {
        /// Entries that were recomputed.
        entries: u64,
    },
    /// Something was changed, removed or inserted.
    Broken {
        /// Position.
        seq: i64,
        /// In one sentence.
        reason: String,
    },
    /// Nobody looked.
    Unchecked {
        /// Why not.
        reason: &'static str,
    },
}

impl Verdict {
    /// The word in `data-chain`.
    pub(super) fn as_str(&self) -> &'static str {
        match self {
            Self::Whole { .. } => "whole",
            Self::Broken { .. } => "broken",
            Self::Unchecked { .. } => "unchecked",
        }
    }
}

/// Verdicts of this process.
pub(super) struct Verdicts {
    known: Mutex<HashMap<String, Known>>,
    at_once: Semaphore,
}

/// A verdict, and what it is for.
struct Known {
    head: EntryHash,
    at: Instant,
    verdict: Verdict,
}

impl Default for Verdicts {
    fn default() -> Self {
        Self { known: Mutex::default(), at_once: Semaphore::new(AT_ONCE) }
    }
}

impl Verdicts {
    /// What is known of this chain, recomputed unless that was done a moment ago.
    pub(super) async fn of(
        &self,
        trail: &(impl Trail + ?Sized),
        chain: &str,
        head: Option<&ChainHead>,
    ) -> Result<Verdict, LedgerError> {
        let Some(head) = head else {
            // A device gets its chain with its first row in the inventory.
            return Ok(Verdict::Broken { seq: 0, reason: "the chain of this device has no head".to_owned() });
        };
        if head.seq > MAX_RECOMPUTED {
            return Ok(Verdict::Unchecked { reason: "the chain is too long for a page" });
        }
        if let Some(verdict) = self.fresh(head) {
            return Ok(verdict);
        }
        let Ok(_permit) = self.at_once.try_acquire() else {
            return Ok(Verdict::Unchecked {
                reason: "other chains are being recomputed: look again in a moment",
            });
        };
        let trail = OneChain { trail, chain };
        match tokio::time::timeout(PATIENCE, verify(&trail)).await {
            Ok(found) => {
                let found = found?;
                let verdict = match found.first_bad {
                    None => Verdict::Whole { entries: found.entries },
                    Some(bad) => Verdict::Broken { seq: bad.seq, reason: bad.reason },
                };
                self.keep(head, &verdict);
                Ok(verdict)
            }
            Err(_) => Ok(Verdict::Unchecked { reason: "recomputing it took too long for a page" }),
        }
    }

    fn fresh(&self, head: &ChainHead) -> Option<Verdict> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let known = known.get(&head.chain)?;
        (known.head == head.hash && known.at.elapsed() < FRESH).then(|| known.verdict.clone())
    }

    fn keep(&self, head: &ChainHead, verdict: &Verdict) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= KEPT {
            known.clear();
        }
        let verdict = verdict.clone();
        known.insert(head.chain.clone(), Known { head: head.hash, at: Instant::now(), verdict });
    }
}

/// The head of one chain as it is now.
pub(super) async fn head_of(
    trail: &(impl Trail + ?Sized),
    chain: &str,
) -> Result<Option<ChainHead>, LedgerError> {
    let mut after = name_before(chain);
    for _ in 0..HEAD_PAGES {
        let heads = trail.heads(after.as_deref(), HEADS_PER_PAGE).await?;
        let Some(last) = heads.last().map(|head| head.chain.clone()) else { return Ok(None) };
        if let Some(head) = heads.into_iter().find(|head| head.chain == chain) {
            return Ok(Some(head));
        }
        if last.as_str() > chain {
            return Ok(None);
        }
        after = Some(last);
    }
    Ok(None)
}

/// A name that sorts before the chain's, with few names between the two.
fn name_before(chain: &str) -> Option<String> {
    let mut shorter = chain.to_owned();
    shorter.pop();
    Some(shorter).filter(|shorter| !shorter.is_empty())
}

/// A trail that holds one chain, without anchors.
struct OneChain<'a, T: ?Sized> {
    trail: &'a T,
    chain: &'a str,
}

impl<T: ?Sized> OneChain<'_, T> {
    /// Whether a walk that stands at this chain has ours before it.
    fn is_after(&self, chain: Option<&str>) -> bool {
        chain.is_none_or(|chain| chain < self.chain)
    }

    fn read_only() -> LedgerError {
        LedgerError::Store {
            statement: "one_chain",
            reason: "a view of one chain is not written to".to_owned(),
        }
    }
}

#[async_trait]
impl<T: Trail + ?Sized> Trail for OneChain<'_, T> {
    async fn installation(&self) -> Result<Uuid, LedgerError> {
        self.trail.installation().await
    }

    async fn entries(
        &self,
        filter: &TrailFilter,
        after: Option<(&str, i64)>,
        limit: u32,
    ) -> Result<Vec<StoredEntry>, LedgerError> {
        let filter = TrailFilter { chain: Some(self.chain.to_owned()), ..filter.clone() };
        match after {
            Some((chain, _)) if chain > self.chain => Ok(Vec::new()),
            Some((chain, seq)) if chain == self.chain => {
                self.trail.entries(&filter, Some((chain, seq)), limit).await
            }
            Some(_) | None => self.trail.entries(&filter, None, limit).await,
        }
    }

    async fn heads(&self, after: Option<&str>, _limit: u32) -> Result<Vec<ChainHead>, LedgerError> {
        if !self.is_after(after) {
            return Ok(Vec::new());
        }
        Ok(head_of(self.trail, self.chain).await?.into_iter().collect())
    }

    async fn note(&self, _serial: &Serial, _fact: &AuditFact, _by: &Requester) -> Result<(), LedgerError> {
        Err(Self::read_only())
    }

    async fn anchor(&self, _not_before: Duration) -> Result<Option<Anchor>, LedgerError> {
        Err(Self::read_only())
    }

    async fn anchors(&self, _after: i64, _limit: u32) -> Result<Vec<Anchor>, LedgerError> {
        Ok(Vec::new())
    }

    async fn anchored_heads(
        &self,
        _after: Option<(&str, i64)>,
        _limit: u32,
    ) -> Result<Vec<AnchoredHead>, LedgerError> {
        Ok(Vec::new())
    }

    async fn job_proofs(&self, _after: Option<JobId>, _limit: u32) -> Result<JobProofs, LedgerError> {
        Ok(JobProofs { last: None, unproven: None })
    }
}

#[cfg(test)]
mod tests;
