//! `audit verify`: every hash of the trail, recomputed.

use common::audit::verify::{self, Verification};

use crate::context::Context;
use crate::exit;
use crate::output::Page;
use crate::progress::Progress;

/// Recomputes everything; exit code 4 names a break.
pub(crate) async fn run(context: &Context) -> anyhow::Result<u8> {
    let ledger = context.ledger().await?;
    let progress = Progress::waiting("recomputing the trail");
    let found = verify::verify(ledger.as_ref()).await?;
    drop(progress);
    context.output.print(&found, page)?;
    Ok(if found.ok { exit::OK } else { exit::AUDIT_BROKEN })
}

fn page(found: &Verification, page: &mut Page) {
    let Verification { entries, devices, first_bad, .. } = found;
    match first_bad {
        None => page.line(format!("{entries} entries, {devices} devices: every hash fits")),
        Some(bad) => {
            page.line(format!(
                "{entries} entries fit, then chain {} breaks at entry {}: {}",
                bad.chain, bad.seq, bad.reason
            ));
            page.line("keep the ledger as it is, and compare it with a backup and with exported trails");
        }
    }
}
