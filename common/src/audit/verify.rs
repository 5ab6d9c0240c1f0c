//! Recomputes the whole trail and names the first entry that does not fit.
//!
//! Promises: an entry that was changed, removed, inserted or moved, a chain that begins elsewhere, a head that is
//! not its chain's end and a chain without a head are all found; memory stays flat however long the trail is. It
//! may run while the ledger is in use: what was appended after a head was read is no break.
//! Leaves to others: entries cut from an end together with their head, which only an anchor that is kept
//! elsewhere can show.

use std::collections::VecDeque;

use serde::Serialize;
use uuid::Uuid;

use super::entry::SYSTEM_CHAIN;
use super::{ChainHead, EntryBody, EntryHash, StoredEntry};
use crate::ledger::{LedgerError, Trail, TrailFilter};

/// Entries, or heads, per page: some hundred kilobytes.
const PAGE: u32 = 1_000;

/// What verifying found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verification {
    /// Entries that were recomputed.
    pub entries: u64,
    /// Chains of devices.
    pub devices: u64,
    /// Whether everything fits.
    pub ok: bool,
    /// The first place that does not, by chain and position; left out of JSON when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_bad: Option<FirstBad>,
}

/// Where a trail breaks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FirstBad {
    /// Serial of the device, or `system`.
    pub chain: String,
    /// Position of the entry; 0 for the beginning of the chain.
    pub seq: i64,
    /// What is wrong with it, in one sentence.
    pub reason: String,
}

/// Recomputes every chain from its beginning, in byte order of the names, up to the first bad place.
///
/// # Errors
/// [`LedgerError::NotReachable`], [`LedgerError::Store`]. A broken trail is no error, but
/// [`Verification::first_bad`].
pub async fn verify(trail: &dyn Trail) -> Result<Verification, LedgerError> {
    let installation = trail.installation().await?;
    let mut walker =
        Walker { trail, installation, heads: Heads::new(trail), entries: Entries::new(trail), n_entries: 0 };
    let mut devices = 0;
    let mut first_bad = None;
    while let Some(chain) = walker.next_chain().await? {
        devices += u64::from(chain != SYSTEM_CHAIN);
        if let Err(Bad { seq, reason }) = walker.walk(&chain).await? {
            first_bad = Some(FirstBad { chain, seq, reason });
            break;
        }
    }
    Ok(Verification { entries: walker.n_entries, devices, ok: first_bad.is_none(), first_bad })
}

/// A place that does not fit.
struct Bad {
    seq: i64,
    reason: String,
}

impl Bad {
    fn at(seq: i64, reason: impl Into<String>) -> Self {
        Self { seq, reason: reason.into() }
    }
}

/// Walks heads and entries side by side.
struct Walker<'a> {
    trail: &'a dyn Trail,
    installation: Uuid,
    heads: Heads<'a>,
    entries: Entries<'a>,
    n_entries: u64,
}

impl Walker<'_> {
    /// The chain that comes next, by its head or, when that is missing, by its entries.
    async fn next_chain(&mut self) -> Result<Option<String>, LedgerError> {
        let head = self.heads.peek().await?.map(|head| head.chain.clone());
        let entry = self.entries.peek().await?.map(|entry| entry.chain.clone());
        Ok(match (head, entry) {
            (Some(head), Some(entry)) => Some(head.min(entry)),
            (head, entry) => head.or(entry),
        })
    }

    /// Walks one chain to its head.
    async fn walk(&mut self, chain: &str) -> Result<Result<(), Bad>, LedgerError> {
        let head = match self.heads.take(chain).await? {
            Some(head) => head,
            // Either somebody removed the head, or the chain began after this page of heads was read.
            None => {
                let Some(head) = head_of(self.trail, chain).await? else {
                    let first = self.entries.peek().await?.map_or(0, |entry| entry.seq);
                    return Ok(Err(Bad::at(first, "its chain has no head")));
                };
                self.entries.restart_before(chain);
                head
            }
        };
        let mut hash = EntryHash::genesis(self.installation, chain);
        let (mut seq, mut end) = (0, head.seq);
        if seq == head.seq && hash != head.hash {
            return Ok(Err(Bad::at(0, format!("the head says {}, the chain begins with {hash}", head.hash))));
        }
        while let Some(entry) = self.entries.take(chain).await? {
            if let Err(bad) = follows(&entry, seq, hash) {
                return Ok(Err(bad));
            }
            if entry.seq > end {
                // Appended since the head was read, or inserted behind the end.
                end = head_of(self.trail, chain).await?.map_or(end, |head| head.seq);
                if entry.seq > end {
                    return Ok(Err(Bad::at(
                        entry.seq,
                        format!("it stands behind the head, which is at {end}"),
                    )));
                }
            }
            (seq, hash) = (entry.seq, entry.hash);
            self.n_entries += 1;
            if seq == head.seq && hash != head.hash {
                return Ok(Err(Bad::at(seq, format!("the head says {}, its hash is {hash}", head.hash))));
            }
        }
        if seq < head.seq {
            return Ok(Err(Bad::at(seq + 1, format!("it is missing: the head is at {}", head.seq))));
        }
        Ok(Ok(()))
    }
}

/// Compares an entry with what the one before it, number `seq` with `hash`, demands.
fn follows(entry: &StoredEntry, seq: i64, hash: EntryHash) -> Result<(), Bad> {
    if entry.seq != seq + 1 {
        return Err(Bad::at(seq + 1, format!("it is missing: the next entry is {}", entry.seq)));
    }
    if entry.prev != hash {
        return Err(Bad::at(entry.seq, format!("it follows {}, the hash before it is {hash}", entry.prev)));
    }
    let computed = hash.next(entry.seq, &entry.body);
    if entry.hash != computed {
        return Err(Bad::at(entry.seq, format!("its hash is {}, its content gives {computed}", entry.hash)));
    }
    serde_json::from_slice::<EntryBody>(&entry.body)
        .map(drop)
        .map_err(|error| Bad::at(entry.seq, format!("its content is no entry: {error}")))
}

/// The head of one chain as it is now.
async fn head_of(trail: &dyn Trail, chain: &str) -> Result<Option<ChainHead>, LedgerError> {
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

/// Heads by chain, page by page.
struct Heads<'a> {
    trail: &'a dyn Trail,
    page: VecDeque<ChainHead>,
    /// Last of the last page.
    after: Option<String>,
    is_read: bool,
}

impl<'a> Heads<'a> {
    fn new(trail: &'a dyn Trail) -> Self {
        Self { trail, page: VecDeque::new(), after: None, is_read: false }
    }

    async fn peek(&mut self) -> Result<Option<&ChainHead>, LedgerError> {
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
    async fn take(&mut self, chain: &str) -> Result<Option<ChainHead>, LedgerError> {
        let is_next = self.peek().await?.is_some_and(|head| head.chain == chain);
        Ok(if is_next { self.page.pop_front() } else { None })
    }
}

/// Entries by chain and position, page by page.
struct Entries<'a> {
    trail: &'a dyn Trail,
    page: VecDeque<StoredEntry>,
    /// Last of the last page.
    after: Option<(String, i64)>,
    is_read: bool,
}

impl<'a> Entries<'a> {
    fn new(trail: &'a dyn Trail) -> Self {
        Self { trail, page: VecDeque::new(), after: None, is_read: false }
    }

    async fn peek(&mut self) -> Result<Option<&StoredEntry>, LedgerError> {
        if self.page.is_empty() && !self.is_read {
            let after = self.after.as_ref().map(|(chain, seq)| (chain.as_str(), *seq));
            self.page = self.trail.entries(&TrailFilter::default(), after, PAGE).await?.into();
            match self.page.back() {
                Some(last) => self.after = Some((last.chain.clone(), last.seq)),
                None => self.is_read = true,
            }
        }
        Ok(self.page.front())
    }

    /// The next entry, if it is one of `chain`.
    async fn take(&mut self, chain: &str) -> Result<Option<StoredEntry>, LedgerError> {
        let is_next = self.peek().await?.is_some_and(|entry| entry.chain == chain);
        Ok(if is_next { self.page.pop_front() } else { None })
    }

    /// Reads `chain` anew from its first entry.
    fn restart_before(&mut self, chain: &str) {
        self.page.clear();
        // No entry has a position below 1.
        self.after = Some((chain.to_owned(), 0));
        self.is_read = false;
    }
}
