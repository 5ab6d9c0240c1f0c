//! Anchors: first each for itself, then each against the heads that it says it saw.
//!
//! Between the two every chain is walked, and its anchored heads are counted here. Anchors that are written meanwhile
//! are not looked at: the walk has passed by some of their heads already.

use uuid::Uuid;

use super::Bad;
use super::pages::PAGE;
use crate::audit::anchor::HeadsHash;
use crate::audit::copies::Copies;
use crate::audit::{Anchor, AnchoredHead, EntryHash};
use crate::ledger::{LedgerError, Trail};

/// The anchors of the ledger as they were when the verification began.
pub(super) struct Anchors {
    /// By number, from 1: they are dense.
    accounts: Vec<Account>,
    /// The newest number that an anchored head names, above those that were read.
    newest_named: i64,
}

/// One anchor: what it says, and what its heads come to.
struct Account {
    n_chains: u64,
    n_entries: u64,
    heads: EntryHash,
    seen: HeadsHash,
    /// Chains that it anchored for the first time.
    n_new: u64,
    /// Entries by which its heads moved.
    n_moved: i64,
}

impl Anchors {
    /// Reads all anchors: dense, linked, each with the hash that its content gives, and the one of its copy.
    pub(super) async fn read(
        trail: &dyn Trail,
        installation: Uuid,
        copies: Option<&Copies>,
    ) -> Result<Result<Self, Bad>, LedgerError> {
        let mut accounts: Vec<Account> = Vec::new();
        let (mut last, mut prev) = (0, Anchor::genesis(installation));
        loop {
            let page = trail.anchors(last, PAGE).await?;
            if page.is_empty() {
                break;
            }
            for anchor in page {
                if let Err(bad) = follows(&anchor, last, prev).and_then(|()| equals_copy(&anchor, copies)) {
                    return Ok(Err(bad));
                }
                (last, prev) = (anchor.id, anchor.hash);
                accounts.push(Account::of(&anchor));
            }
        }
        Ok(match copies.and_then(|copies| copies.first_above(last)) {
            Some(id) => {
                Err(Bad::at(id, format!("it is missing: there is a copy, the ledger ends at {last}")))
            }
            None => Ok(Self { accounts, newest_named: last }),
        })
    }

    /// How many there were.
    pub(super) fn n_anchors(&self) -> u64 {
        self.accounts.len() as u64
    }

    /// Whether the anchor of a head was there when the verification began; an older page of this chain may not
    /// know what a newer one saw.
    pub(super) fn holds(&self, head: &AnchoredHead) -> bool {
        self.place(head.anchor).is_some_and(|place| place < self.accounts.len())
    }

    /// Counts a head of a chain, of which the anchor before, if there is one, saw `before` entries.
    pub(super) fn count(&mut self, head: &AnchoredHead, before: Option<i64>) {
        self.newest_named = self.newest_named.max(head.anchor);
        let place = self.place(head.anchor);
        if let Some(account) = place.and_then(|place| self.accounts.get_mut(place)) {
            account.seen.add(&head.chain, head.seq, &head.hash);
            account.n_new += u64::from(before.is_none());
            account.n_moved += head.seq - before.unwrap_or(0);
        }
    }

    /// Compares what each anchor says with what its heads came to.
    pub(super) async fn end(self, trail: &dyn Trail) -> Result<Result<(), Bad>, LedgerError> {
        let (mut n_chains, mut n_entries) = (0, 0);
        for (id, account) in (1..).zip(self.accounts) {
            n_chains += account.n_new;
            n_entries += account.n_moved;
            let seen = account.seen.end();
            if seen != account.heads {
                let reason =
                    format!("it says {} of its heads, those that are kept give {seen}", account.heads);
                return Ok(Err(Bad::at(id, reason)));
            }
            if (account.n_chains, i64::try_from(account.n_entries)) != (n_chains, Ok(n_entries)) {
                let Account { n_chains: chains, n_entries: entries, .. } = account;
                return Ok(Err(Bad::at(
                    id,
                    format!(
                        "it says {entries} entries in {chains} chains, its heads give {n_entries} in {n_chains}"
                    ),
                )));
            }
        }
        // Heads of an anchor come with it: one that is still not there was removed, or never was.
        let before = self.newest_named - 1;
        let named = trail.anchors(before, 1).await?;
        Ok(match named.first() {
            None if self.newest_named > 0 => {
                Err(Bad::at(self.newest_named, "it is missing: some of its heads are there"))
            }
            None | Some(_) => Ok(()),
        })
    }

    fn place(&self, anchor: i64) -> Option<usize> {
        usize::try_from(anchor.checked_sub(1)?).ok()
    }
}

impl Account {
    fn of(anchor: &Anchor) -> Self {
        let Anchor { n_chains, n_entries, heads, .. } = *anchor;
        Self { n_chains, n_entries, heads, seen: HeadsHash::default(), n_new: 0, n_moved: 0 }
    }
}

/// Compares an anchor with what the one before it, number `last` with hash `prev`, demands.
fn follows(anchor: &Anchor, last: i64, prev: EntryHash) -> Result<(), Bad> {
    let Anchor { id, .. } = *anchor;
    if id != last + 1 {
        return Err(Bad::at(last + 1, format!("it is missing: the next anchor is {id}")));
    }
    if anchor.prev != prev {
        return Err(Bad::at(id, format!("it follows {}, the hash before it is {prev}", anchor.prev)));
    }
    let computed = anchor.computed();
    if anchor.hash != computed {
        return Err(Bad::at(id, format!("its hash is {}, its content gives {computed}", anchor.hash)));
    }
    Ok(())
}

fn equals_copy(anchor: &Anchor, copies: Option<&Copies>) -> Result<(), Bad> {
    match copies.and_then(|copies| copies.hash_of(anchor.id)) {
        Some(copy) if copy != anchor.hash => {
            Err(Bad::at(anchor.id, format!("its hash is {}, its copy says {copy}", anchor.hash)))
        }
        Some(_) | None => Ok(()),
    }
}
