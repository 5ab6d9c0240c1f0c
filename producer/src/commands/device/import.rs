//! `device import`: devices from a CSV file, for fleets without Panorama and for addresses it does not know.
//!
//! Adds and changes, never removes; what the file does not say of a known device stays as it is.

use std::collections::BTreeMap;
use std::path::Path;

use common::domain::device::{Device, Serial, Source};
use common::ledger::{Changed, Completeness};
use producer::csv_file::BadLine;
use producer::devices_csv::{self, Entry, Facts};
use serde::Serialize;

use crate::context::Context;
use crate::exit;
use crate::input;
use crate::output::{Page, Table, counted};
use crate::requester::requester;

/// What the file changed.
#[derive(Serialize)]
struct Imported {
    total: usize,
    new: Vec<Serial>,
    changed: Vec<Changed>,
    /// Lines that were not used.
    errors: Vec<BadLine>,
}

/// Takes the devices of a file into the inventory.
pub(crate) async fn run(context: &Context, file: &Path) -> anyhow::Result<u8> {
    let input = input::read(file)?;
    let listed = devices_csv::devices(&input.name, &input.text)?;
    let ledger = context.ledger().await?;
    let mut known: BTreeMap<Serial, Device> = ledger
        .devices()
        .await?
        .into_iter()
        .map(|record| (record.device.serial.clone(), record.device))
        .collect();
    let mut overrides = Vec::new();
    let over = |Entry { serial, mut facts, .. }: Entry<Facts>| {
        if let Some(address) = facts.address_override.take() {
            overrides.push((serial.clone(), address));
        }
        let before = known.remove(&serial);
        facts.over(serial, before)
    };
    let devices: Vec<Device> = listed.entries.into_iter().map(over).collect();

    let by = requester(Some(&format!("import of {}", input.name)));
    let discovery = ledger.record_devices(&devices, Source::Csv, Completeness::Partial, &by).await?;
    for (serial, address) in overrides {
        ledger.set_address(&serial, Some(&address), &by).await?;
    }
    let imported = Imported {
        total: discovery.total,
        new: discovery.new,
        changed: discovery.changed,
        errors: listed.bad,
    };
    context.output.print(&imported, |imported, page| show(&input.name, imported, page))?;
    Ok(if imported.errors.is_empty() { exit::OK } else { exit::SOME_NOT })
}

fn show(file: &str, imported: &Imported, page: &mut Page) {
    page.line(format!(
        "{}: {} new, {} changed, {} not used",
        counted(imported.total, "device"),
        imported.new.len(),
        imported.changed.len(),
        counted(imported.errors.len(), "line")
    ));
    let mut table = Table::new(["SERIAL", "CHANGES"]);
    for changed in &imported.changed {
        table.row([changed.serial.to_string(), changed.changes.join(", ")]);
    }
    page.table(&table);
    for bad in &imported.errors {
        page.line(format!("{file}, {bad}"));
    }
}
