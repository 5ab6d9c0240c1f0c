//! `audit anchors`: the copy that has to leave the ledger.

use common::audit::Anchor;
use common::ledger::Ledger;

use crate::context::Context;
use crate::exit;
use crate::output::time;
use crate::paging;

/// Anchors per page.
const PAGE: u32 = 500;

/// Prints anchors as they come, by number.
pub(crate) async fn run(context: &Context) -> anyhow::Result<u8> {
    let ledger = context.ledger().await?;
    let print = |page: Vec<Anchor>| {
        page.iter().try_for_each(|anchor| context.output.print_line(anchor, &line(anchor)))
    };
    each(ledger.as_ref(), print).await?;
    Ok(exit::OK)
}

/// Hands over all anchors in pages, by number.
async fn each(
    ledger: &dyn Ledger,
    take: impl FnMut(Vec<Anchor>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let ask = async |after| ledger.anchors(after, PAGE).await;
    paging::each(0, |anchor: &Anchor| anchor.id, ask, take).await
}

/// `2026-11-23T14:00:00Z anchor 7: 11 entries in 4 chains, 5b4c..`.
pub(super) fn line(anchor: &Anchor) -> String {
    let Anchor { id, at, n_chains, n_entries, hash, .. } = anchor;
    format!("{} anchor {id}: {n_entries} entries in {n_chains} chains, {hash}", time(*at))
}

/// The last anchor, if there is one.
pub(super) async fn newest(ledger: &dyn Ledger) -> anyhow::Result<Option<Anchor>> {
    let mut newest = None;
    let keep = |mut page: Vec<Anchor>| {
        newest = page.pop();
        Ok(())
    };
    each(ledger, keep).await?;
    Ok(newest)
}
