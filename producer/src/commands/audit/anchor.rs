//! `audit anchor`: all heads under one hash, now.

use std::time::Duration;

use common::audit::Anchor;
use serde::Serialize;

use super::anchors::{line, newest};
use crate::context::Context;
use crate::exit;
use crate::output::Page;

/// What there is now. Names of fields are interface.
#[derive(Serialize)]
struct Made {
    /// Whether this command made it.
    new: bool,
    anchor: Option<Anchor>,
}

/// Anchors all chains together; when nothing was written since the last anchor, that one is shown.
pub(crate) async fn run(context: &Context) -> anyhow::Result<u8> {
    let ledger = context.ledger().await?;
    let made = match ledger.anchor(Duration::ZERO).await? {
        Some(anchor) => Made { new: true, anchor: Some(anchor) },
        None => Made { new: false, anchor: newest(ledger.as_ref()).await? },
    };
    context.output.print(&made, page)?;
    Ok(exit::OK)
}

fn page(made: &Made, page: &mut Page) {
    match made {
        Made { new: true, anchor: Some(anchor) } => {
            page.line(line(anchor));
            page.line("keep a copy outside the ledger: panos-upgrade audit anchors --output json");
        }
        Made { new: _, anchor: Some(anchor) } => {
            page.line("no chain has grown since the last anchor, or another process anchors right now");
            page.line(line(anchor));
        }
        Made { new: _, anchor: None } => page.line("there is nothing to anchor yet"),
    }
}
