//! Heads, entries and anchored heads, page by page.
//!
//! Leaves to others: what they have to be. A page may be older than another thing that was read since; who finds
//! something missing in it asks for a new one ([`Entries::again_after`]) before it cries.

use std::collections::VecDeque;

use crate::audit::{AnchoredHead, ChainHead, StoredEntry};
use crate::ledger::{LedgerError, Trail, TrailFilter};

/// Heads and anchors per page: a hundred kilobytes.
pub(super) const PAGE: u32 = 1_000;

/// Entries per page: some hundred kilobytes, a few megabytes where devices were talkative.
const ENTRIES_PER_PAGE: u32 = 500;

/// Heads by chain.
pub(super) struct Heads<'a> {
    trail: &'a dyn Trail,
    page: VecDeque<ChainHead>,
    /// Last of the last page.
    after: Option<String>,
    is_read: bool,
}

impl<'a> Heads<'a> {
    pub(super) fn new(trail: &'a dyn Trail) -> Self {
        Self { trail, page: VecDeque::new(), after: None, is_read: false }
    }

    /// The next head.
    pub(super) async fn peek(&mut self) -> Result<Option<&ChainHead>, LedgerError> {
        if self.page.is_empty() && !self.is_read {
            self.page = self.trail.heads(self.after.as_deref(), PAGE).await?.into();
            match self.page.back() {
                Some(last) => self.after = Some(last.chain.clone()),
                None => self.is_read = true,
            }
        }
        Ok(self.page.front())
    }

    /// The next head, if it is that of `chain`.
    pub(super) async fn take(&mut self, chain: &str) -> Result<Option<ChainHead>, LedgerError> {
        let is_next = self.peek().await?.is_some_and(|head| head.chain == chain);
        Ok(if is_next { self.page.pop_front() } else { None })
    }
}

/// The head of one chain as it is now.
pub(super) async fn head_of(trail: &dyn Trail, chain: &str) -> Result<Option<ChainHead>, LedgerError> {
    let mut heads = Heads::new(trail);
    heads.after = before(chain);
    while heads.peek().await?.is_some_and(|head| head.chain.as_str() < chain) {
        heads.page.pop_front();
    }
    heads.take(chain).await
}

/// A name that sorts before `chain`, with few names between the two; `None` for the very beginning.
fn before(chain: &str) -> Option<String> {
    let mut shorter = chain.to_owned();
    shorter.pop();
    Some(shorter).filter(|shorter| !shorter.is_empty())
}

/// Entries by chain and position.
pub(super) struct Entries<'a> {
    trail: &'a dyn Trail,
    page: VecDeque<StoredEntry>,
    /// Last of the last page.
    after: Option<(String, i64)>,
    is_read: bool,
    /// Is told how many are taken, when a page is.
    told: &'a (dyn Fn(u64) + Sync),
    n_taken: u64,
}

impl<'a> Entries<'a> {
    pub(super) fn new(trail: &'a dyn Trail, told: &'a (dyn Fn(u64) + Sync)) -> Self {
        Self { trail, page: VecDeque::new(), after: None, is_read: false, told, n_taken: 0 }
    }

    /// The next entry.
    pub(super) async fn peek(&mut self) -> Result<Option<&StoredEntry>, LedgerError> {
        if self.page.is_empty() && !self.is_read {
            (self.told)(self.n_taken);
            let after = self.after.as_ref().map(|(chain, seq)| (chain.as_str(), *seq));
            self.page = self.trail.entries(&TrailFilter::default(), after, ENTRIES_PER_PAGE).await?.into();
            match self.page.back() {
                Some(last) => self.after = Some((last.chain.clone(), last.seq)),
                None => self.is_read = true,
            }
        }
        Ok(self.page.front())
    }

    /// The next entry, if it is one of `chain`.
    pub(super) async fn take(&mut self, chain: &str) -> Result<Option<StoredEntry>, LedgerError> {
        let is_next = self.peek().await?.is_some_and(|entry| entry.chain == chain);
        self.n_taken += u64::from(is_next);
        Ok(if is_next { self.page.pop_front() } else { None })
    }

    /// Reads anew what stands behind a place.
    pub(super) fn again_after(&mut self, chain: &str, seq: i64) {
        self.page.clear();
        self.after = Some((chain.to_owned(), seq));
        self.is_read = false;
    }
}

/// Heads that anchors found moved, by chain and anchor.
pub(super) struct AnchoredHeads<'a> {
    trail: &'a dyn Trail,
    page: VecDeque<AnchoredHead>,
    /// Last of the last page.
    after: Option<(String, i64)>,
    is_read: bool,
}

impl<'a> AnchoredHeads<'a> {
    pub(super) fn new(trail: &'a dyn Trail) -> Self {
        Self { trail, page: VecDeque::new(), after: None, is_read: false }
    }

    /// The next anchored head.
    pub(super) async fn peek(&mut self) -> Result<Option<&AnchoredHead>, LedgerError> {
        if self.page.is_empty() && !self.is_read {
            let after = self.after.as_ref().map(|(chain, anchor)| (chain.as_str(), *anchor));
            self.page = self.trail.anchored_heads(after, PAGE).await?.into();
            match self.page.back() {
                Some(last) => self.after = Some((last.chain.clone(), last.anchor)),
                None => self.is_read = true,
            }
        }
        Ok(self.page.front())
    }

    /// The next anchored head, if it is one of `chain`.
    pub(super) async fn take(&mut self, chain: &str) -> Result<Option<AnchoredHead>, LedgerError> {
        let is_next = self.peek().await?.is_some_and(|head| head.chain == chain);
        Ok(if is_next { self.page.pop_front() } else { None })
    }
}
