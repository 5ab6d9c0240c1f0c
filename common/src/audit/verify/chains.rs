//! Walks heads, entries and anchored heads side by side, chain by chain.
//!
//! They are read in pages while the ledger goes on, so a page of entries can be older than a head. A chain only ever
//! grows at its end: what seems to be missing there is looked for once more behind the last entry before it is called
//! missing, and what stands behind a head is held against the head as it is then.

use jiff::Timestamp;
use uuid::Uuid;

use super::anchors::Anchors;
use super::pages::{AnchoredHeads, Entries, Heads, head_of};
use super::{AT_TOLERANCE, Bad};
use crate::audit::{AnchoredHead, ChainHead, EntryBody, EntryHash, StoredEntry};
use crate::ledger::{LedgerError, Trail};

/// Walks the chains in byte order of their names.
pub(super) struct Walker<'a> {
    trail: &'a dyn Trail,
    installation: Uuid,
    heads: Heads<'a>,
    entries: Entries<'a>,
    anchored: AnchoredHeads<'a>,
    pub(super) anchors: Anchors,
    pub(super) n_entries: u64,
    pub(super) n_unanchored: u64,
}

/// How far the walk of one chain is.
struct Walk<'c> {
    chain: &'c str,
    /// As it was when the walk began.
    head: ChainHead,
    /// Where the chain ends, as far as we know by now.
    end: i64,
    /// Position and hash of the last entry that fits.
    seq: i64,
    hash: EntryHash,
    /// Entries that the last anchor saw; `None` before the first one.
    anchored: Option<i64>,
}

impl<'a> Walker<'a> {
    pub(super) fn new(
        trail: &'a dyn Trail,
        installation: Uuid,
        anchors: Anchors,
        told: &'a (dyn Fn(u64) + Sync),
    ) -> Self {
        Self {
            trail,
            installation,
            heads: Heads::new(trail),
            entries: Entries::new(trail, told),
            anchored: AnchoredHeads::new(trail),
            anchors,
            n_entries: 0,
            n_unanchored: 0,
        }
    }

    /// The chain that comes next: by its head, or by its entries or an anchor when the head is missing.
    pub(super) async fn next_chain(&mut self) -> Result<Option<String>, LedgerError> {
        let head = self.heads.peek().await?.map(|head| head.chain.clone());
        let entry = self.entries.peek().await?.map(|entry| entry.chain.clone());
        let anchored = self.anchored.peek().await?.map(|head| head.chain.clone());
        Ok([head, entry, anchored].into_iter().flatten().min())
    }

    /// Walks one chain to its head.
    pub(super) async fn walk(&mut self, chain: &str) -> Result<Result<(), Bad>, LedgerError> {
        let head = match self.heads.take(chain).await? {
            Some(head) => head,
            // Either somebody removed the head, or the chain began after this page of heads was read.
            None => match head_of(self.trail, chain).await? {
                Some(head) => {
                    self.entries.again_after(chain, 0);
                    head
                }
                None => return self.headless(chain).await,
            },
        };
        let hash = EntryHash::genesis(self.installation, chain);
        let mut walk = Walk { chain, end: head.seq, head, seq: 0, hash, anchored: None };
        let walked = self.steps(&mut walk).await?;
        self.n_unanchored += u64::try_from(walk.seq - walk.anchored.unwrap_or(0)).unwrap_or(0);
        Ok(walked)
    }

    async fn steps(&mut self, walk: &mut Walk<'_>) -> Result<Result<(), Bad>, LedgerError> {
        let mut is_fresh = false;
        loop {
            if let Err(bad) = self.heads_at(walk).await? {
                return Ok(Err(bad));
            }
            match self.entries.take(walk.chain).await? {
                Some(entry) => {
                    is_fresh = false;
                    if let Err(bad) = self.step(walk, &entry).await? {
                        return Ok(Err(bad));
                    }
                }
                None => match self.still_wanted(walk).await? {
                    None => return Ok(Ok(())),
                    Some(_) if !is_fresh => {
                        self.entries.again_after(walk.chain, walk.seq);
                        is_fresh = true;
                    }
                    Some(reason) => {
                        return Ok(Err(Bad::at(walk.seq + 1, format!("it is missing: {reason}"))));
                    }
                },
            }
        }
    }

    /// One entry further.
    async fn step(
        &mut self,
        walk: &mut Walk<'_>,
        entry: &StoredEntry,
    ) -> Result<Result<(), Bad>, LedgerError> {
        if let Err(bad) = follows(entry, walk.seq, walk.hash) {
            return Ok(Err(bad));
        }
        if entry.seq > walk.end {
            // Appended since the head was read, or inserted behind the end.
            walk.end = head_of(self.trail, walk.chain).await?.map_or(walk.end, |head| head.seq);
            if entry.seq > walk.end {
                let reason = format!("it stands behind the head, which is at {}", walk.end);
                return Ok(Err(Bad::at(entry.seq, reason)));
            }
        }
        (walk.seq, walk.hash) = (entry.seq, entry.hash);
        self.n_entries += 1;
        Ok(Ok(()))
    }

    /// Compares the hash that was reached with the head and the anchored heads that are here.
    async fn heads_at(&mut self, walk: &mut Walk<'_>) -> Result<Result<(), Bad>, LedgerError> {
        if walk.seq == walk.head.seq && walk.hash != walk.head.hash {
            let reason = match walk.seq {
                0 => format!("the head says {}, the chain begins with {}", walk.head.hash, walk.hash),
                _ => format!("the head says {}, its hash is {}", walk.head.hash, walk.hash),
            };
            return Ok(Err(Bad::at(walk.seq, reason)));
        }
        while let Some(head) = self.next_anchored(walk.chain).await? {
            if head.seq > walk.seq {
                break;
            }
            if head.seq < walk.seq {
                let reason = format!(
                    "anchor {} saw the chain end at {}, after it had been longer",
                    head.anchor, head.seq
                );
                return Ok(Err(Bad::at(head.seq + 1, reason)));
            }
            if head.hash != walk.hash {
                let reason = format!("anchor {} says {}, its hash is {}", head.anchor, head.hash, walk.hash);
                return Ok(Err(Bad::at(walk.seq, reason)));
            }
            self.anchored.take(walk.chain).await?;
            self.anchors.count(&head, walk.anchored);
            walk.anchored = Some(head.seq);
        }
        Ok(Ok(()))
    }

    /// The next head of a chain that counts: of an anchor that was there when we began.
    async fn next_anchored(&mut self, chain: &str) -> Result<Option<AnchoredHead>, LedgerError> {
        while let Some(head) = self.anchored.peek().await?.filter(|head| head.chain == chain).cloned() {
            if self.anchors.holds(&head) {
                return Ok(Some(head));
            }
            self.anchored.take(chain).await?;
            self.anchors.count(&head, None);
        }
        Ok(None)
    }

    /// Who says that there is an entry behind the last one.
    async fn still_wanted(&mut self, walk: &Walk<'_>) -> Result<Option<String>, LedgerError> {
        if walk.seq < walk.head.seq {
            return Ok(Some(format!("the head is at {}", walk.head.seq)));
        }
        let anchored = self.next_anchored(walk.chain).await?;
        Ok(anchored.map(|head| format!("anchor {} saw the chain end at {}", head.anchor, head.seq)))
    }

    /// What is wrong with a chain that has no head.
    async fn headless(&mut self, chain: &str) -> Result<Result<(), Bad>, LedgerError> {
        let first = self.entries.peek().await?.filter(|entry| entry.chain == chain).map(|entry| entry.seq);
        let anchored = self.next_anchored(chain).await?;
        Ok(match (first, anchored) {
            (Some(first), _) => Err(Bad::at(first, "its chain has no head")),
            (None, Some(AnchoredHead { seq: 0, anchor, .. })) => {
                Err(Bad::at(0, format!("the chain is gone, which anchor {anchor} saw begin")))
            }
            (None, Some(AnchoredHead { seq, anchor, .. })) => Err(Bad::at(
                1,
                format!("it is missing with its chain, which anchor {anchor} saw end at {seq}"),
            )),
            // Heads of an anchor that came later, or that is not there: the anchors tell.
            (None, None) => Ok(()),
        })
    }
}

/// Compares an entry with what the one before it, number `seq` with `hash`, demands, and its columns with its content.
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
    let body: EntryBody = serde_json::from_slice(&entry.body)
        .map_err(|error| Bad::at(entry.seq, format!("its content is no entry: {error}")))?;
    if entry.job != body.job {
        let named = |job: Option<_>| job.map_or("no job".to_owned(), |job| format!("job {job}"));
        return Err(Bad::at(
            entry.seq,
            format!("its column says {}, its content {}", named(entry.job), named(body.job)),
        ));
    }
    if !is_near(entry.at, body.at) {
        return Err(Bad::at(
            entry.seq,
            format!("its column says {}, its content {}, which no clock explains", entry.at, body.at),
        ));
    }
    Ok(())
}

fn is_near(stored: Timestamp, told: Timestamp) -> bool {
    stored.duration_since(told).unsigned_abs() <= AT_TOLERANCE
}
