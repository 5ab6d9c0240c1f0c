//! `download queue-all`: one download job per device of the inventory.

use common::domain::device::Device;

use crate::cli::{QueueArgs, Select};
use crate::commands::device::selected;
use crate::context::Context;
use crate::failure::Failure;
use crate::output::note;
use crate::queue::{self, Mode};

/// Queues the devices that are not gone and that the selection chooses.
pub(crate) async fn run(context: &Context, args: &QueueArgs, select: &Select) -> anyhow::Result<u8> {
    let rules = queue::rules(context, &args.goal)?;
    let ledger = context.ledger().await?;
    let devices: Vec<Device> =
        selected(ledger.as_ref(), select).await?.into_iter().map(|record| record.device).collect();
    drop(ledger);
    if devices.is_empty() && select.expressions.is_empty() {
        return Err(Failure::usage("the inventory has no devices")
            .hint("`panos-upgrade device discover` reads them from Panorama, `device import FILE` from a CSV file")
            .into());
    }
    if devices.is_empty() {
        note(
            "note: no device of the inventory matches the selection; `panos-upgrade device list` shows them",
        );
    }
    let mode = Mode::of(args.dry_run);
    let report = queue::devices(context, devices, &rules, mode, args.reason.as_deref()).await?;
    context.output.print(&report, queue::Report::page)?;
    Ok(report.code())
}
