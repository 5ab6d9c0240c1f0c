//! `hash mismatches`: devices with an image that is not the trusted one.

use common::domain::hash::HashMismatch;
use serde::Serialize;

use crate::alarms;
use crate::context::Context;
use crate::exit;
use crate::output::Page;

/// By device.
#[derive(Serialize)]
struct Mismatches {
    mismatches: Vec<HashMismatch>,
}

/// Lists the open ones, or all.
pub(crate) async fn run(context: &Context, all: bool) -> anyhow::Result<u8> {
    let listed = Mismatches { mismatches: context.ledger().await?.mismatches(!all).await? };
    context.output.print(&listed, page)?;
    let is_open = listed.mismatches.iter().any(|mismatch| mismatch.cleared.is_none());
    Ok(if is_open { exit::SOME_NOT } else { exit::OK })
}

fn page(Mismatches { mismatches }: &Mismatches, page: &mut Page) {
    if mismatches.is_empty() {
        return page.line("no image differs from a trusted hash");
    }
    alarms::mismatches(mismatches, usize::MAX, page);
    if mismatches.iter().any(|mismatch| mismatch.cleared.is_none()) {
        page.line("an open one blocks its device; `panos-upgrade hash clear SERIAL --version V --reason TEXT` after a look at it");
    }
}
