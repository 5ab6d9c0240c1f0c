//! `device discover`: Panorama's list, against what was known.

use common::domain::device::Source;
use common::ledger::{Completeness, Discovery};
use panos::DeviceQuery;
use serde::Serialize;

use crate::context::Context;
use crate::discover::{self, Odd};
use crate::exit;
use crate::failure::Failure;
use crate::output::{Page, Table, counted};
use crate::progress::Progress;
use crate::requester::requester;

/// What the look at Panorama brought. Names of fields are interface.
#[derive(Serialize)]
struct Discovered {
    #[serde(flatten)]
    discovery: Discovery,
    /// Entries that are not, or not wholly, usable.
    errors: Vec<Odd>,
}

/// Reads the fleet and takes it over.
pub(crate) async fn run(context: &Context) -> anyhow::Result<u8> {
    let Some(host) = &context.config.panorama.host else {
        return Err(Failure::usage("panorama.host is not set")
            .hint("`panos-upgrade config set panorama.host NAME`; fleets without Panorama come by `device import FILE`")
            .into());
    };
    let panorama = context.connector()?.panorama(host.as_str())?;
    let ledger = context.ledger().await?;

    let progress = Progress::waiting("asking Panorama for its devices");
    let managed = panorama.devices(DeviceQuery::All).await?;
    let found = discover::devices(managed);
    if found.devices.is_empty() && !ledger.devices().await?.is_empty() {
        // Taken at its word, this answer would mark the whole inventory as gone.
        return Err(Failure::some_not(format!(
            "{host} lists no usable device; the inventory was not changed",
            host = host.as_str()
        ))
        .hint("ask the active Panorama of a pair, and check that the account may see all devices")
        .into());
    }
    let by = requester(None);
    let discovery =
        ledger.record_devices(&found.devices, Source::Panorama, Completeness::Complete, &by).await?;
    drop(progress);

    context.output.print(&Discovered { discovery, errors: found.odd }, page)?;
    Ok(exit::OK)
}

fn page(discovered: &Discovered, page: &mut Page) {
    let Discovered { discovery, errors } = discovered;
    page.line(format!(
        "{}: {} new, {} changed, {} gone",
        counted(discovery.total, "device"),
        discovery.new.len(),
        discovery.changed.len(),
        discovery.gone.len()
    ));
    let mut table = Table::new(["SERIAL", "WHAT"]);
    for changed in &discovery.changed {
        table.row([changed.serial.to_string(), changed.changes.join(", ")]);
    }
    for gone in &discovery.gone {
        table.row([gone.to_string(), "gone; its jobs and its trail stay".to_owned()]);
    }
    for odd in errors {
        table.row([odd.serial.clone(), odd.message.clone()]);
    }
    page.table(&table);
}
