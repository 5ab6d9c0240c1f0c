//! `download from-csv`: one download job per device of a file.

use std::collections::BTreeMap;
use std::path::Path;

use common::domain::device::{Device, Serial};
use producer::devices_csv;

use crate::cli::QueueArgs;
use crate::context::Context;
use crate::input;
use crate::queue::{self, Fault, Mode, Told};

/// Queues the devices of the file that the inventory has; tells the lines of the others.
pub(crate) async fn run(context: &Context, file: &Path, args: &QueueArgs) -> anyhow::Result<u8> {
    let rules = queue::rules(context, &args.goal, args.pair.mode())?;
    let input = input::read(file)?;
    let listed = devices_csv::serials(&input.name, &input.text)?;
    let ledger = context.ledger().await?;
    let mut inventory: BTreeMap<Serial, Device> = ledger
        .devices()
        .await?
        .into_iter()
        .map(|record| (record.device.serial.clone(), record.device))
        .collect();
    drop(ledger);

    let mut faults: Vec<Fault> =
        listed.bad.into_iter().map(|bad| Fault::bad_line(bad.line, bad.message)).collect();
    let mut devices = Vec::new();
    for entry in listed.entries {
        match inventory.remove(&entry.serial) {
            Some(device) => devices.push(device),
            None => faults.push(Fault::unknown_device(&entry.serial, Some(entry.line))),
        }
    }
    let mode = Mode::of(args.dry_run);
    let mut report = queue::devices(context, devices, &rules, mode, args.reason.as_deref()).await?;
    for fault in faults {
        report.fault(fault);
    }
    context.output.print(&report, queue::Report::page)?;
    Ok(report.code())
}
