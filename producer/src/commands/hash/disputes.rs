//! `hash disputes`: files about which devices disagree.

use common::domain::hash::HashDispute;
use serde::Serialize;

use crate::alarms;
use crate::context::Context;
use crate::exit;
use crate::output::Page;

/// Files with several hashes, none of them trusted.
#[derive(Serialize)]
struct Disputes {
    disputes: Vec<HashDispute>,
}

/// Lists them.
pub(crate) async fn run(context: &Context) -> anyhow::Result<u8> {
    let disputes = Disputes { disputes: context.ledger().await?.disputes().await? };
    context.output.print(&disputes, page)?;
    Ok(if disputes.disputes.is_empty() { exit::OK } else { exit::SOME_NOT })
}

fn page(Disputes { disputes }: &Disputes, page: &mut Page) {
    if disputes.is_empty() {
        return page.line("devices agree about every file of which no hash is trusted");
    }
    alarms::disputes(disputes, usize::MAX, page);
    page.line("find out which hash the vendor publishes, then `panos-upgrade hash add`");
}
