//! `download queue-all`: one download job per device of the inventory.

use crate::cli::{QueueArgs, Select};
use crate::commands::device::chosen;
use crate::context::Context;
use crate::queue::{self, Mode, Told};

/// Queues the devices that are not gone and that the selection chooses.
pub(crate) async fn run(context: &Context, args: &QueueArgs, select: &Select) -> anyhow::Result<u8> {
    let rules = queue::rules(context, &args.goal, args.pair.mode())?;
    let devices = chosen(context, select).await?;
    let mode = Mode::of(args.dry_run);
    let report = queue::devices(context, devices, &rules, mode, args.reason.as_deref()).await?;
    context.output.print(&report, queue::Report::page)?;
    Ok(report.code())
}
