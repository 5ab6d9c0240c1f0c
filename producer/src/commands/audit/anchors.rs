//! `audit anchors`: the copy that has to leave the ledger.

use common::audit::Anchor;
use common::ledger::{Ledger, LedgerError};

use crate::context::Context;
use crate::exit;
use crate::output::time;

/// Anchors per page.
const PAGE: u32 = 500;

/// Prints anchors as they come, by number.
pub(crate) async fn run(context: &Context) -> anyhow::Result<u8> {
    let ledger = context.ledger().await?;
    let mut last = 0;
    loop {
        let page = ledger.anchors(last, PAGE).await?;
        if page.is_empty() {
            return Ok(exit::OK);
        }
        for anchor in page {
            context.output.print_line(&anchor, &line(&anchor))?;
            last = anchor.id;
        }
    }
}

/// `2026-11-23T14:00:00Z anchor 7: 11 entries in 4 chains, 5b4c..`.
pub(super) fn line(anchor: &Anchor) -> String {
    let Anchor { id, at, n_chains, n_entries, hash, .. } = anchor;
    format!("{} anchor {id}: {n_entries} entries in {n_chains} chains, {hash}", time(*at))
}

/// The last anchor, if there is one.
pub(super) async fn newest(ledger: &dyn Ledger) -> Result<Option<Anchor>, LedgerError> {
    let mut newest: Option<Anchor> = None;
    loop {
        let after = newest.as_ref().map_or(0, |anchor| anchor.id);
        match ledger.anchors(after, PAGE).await?.pop() {
            Some(last) => newest = Some(last),
            None => return Ok(newest),
        }
    }
}
