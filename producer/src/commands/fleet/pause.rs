//! `fleet pause`: no new attempt begins anywhere.

use crate::alarms;
use crate::context::Context;
use crate::exit;
use crate::output::note;
use crate::requester::because;

/// Holds the fleet; a hold that is there stays as it is.
pub(crate) async fn run(context: &Context, reason: &str) -> anyhow::Result<u8> {
    let by = because(reason)?;
    let hold = context.ledger().await?.pause(&by).await?;
    if hold.by.as_ref() != Some(&by) {
        note("note: the fleet was held already; that hold stays, with its reason");
    }
    context.output.print(&hold, alarms::hold)?;
    Ok(exit::OK)
}
