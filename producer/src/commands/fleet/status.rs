//! `fleet status`: what holds the fleet, and how much waits behind it.

use common::domain::hold::FleetHold;
use common::ledger::StatusCounts;
use serde::Serialize;

use crate::alarms;
use crate::commands::download::status::one_line;
use crate::context::Context;
use crate::exit;
use crate::output::Page;

/// The hold, if any, and the jobs by state.
#[derive(Serialize)]
struct Fleet {
    hold: Option<FleetHold>,
    #[serde(flatten)]
    counts: StatusCounts,
}

/// Tells what holds the fleet.
pub(crate) async fn run(context: &Context) -> anyhow::Result<u8> {
    let ledger = context.ledger().await?;
    let fleet = Fleet { hold: ledger.hold().await?, counts: ledger.counts(None).await? };
    context.output.print(&fleet, page)?;
    Ok(if fleet.hold.is_none() { exit::OK } else { exit::SOME_NOT })
}

fn page(fleet: &Fleet, page: &mut Page) {
    match &fleet.hold {
        Some(hold) => alarms::hold(hold, page),
        None => page.line("nothing holds the fleet"),
    }
    page.line(one_line(&fleet.counts));
}
