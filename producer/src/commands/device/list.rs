//! `device list`: the inventory.

use common::domain::device::{Device, Source};
use common::ledger::DeviceRecord;
use serde::Serialize;

use super::selected;
use crate::cli::Select;
use crate::context::Context;
use crate::exit;
use crate::output::{Page, Table, counted};

/// The inventory, by serial.
#[derive(Serialize)]
struct Devices {
    devices: Vec<DeviceRecord>,
}

/// Lists devices that are not gone.
pub(crate) async fn run(context: &Context, select: &Select) -> anyhow::Result<u8> {
    let devices = selected(context.ledger().await?.as_ref(), select).await?;
    context.output.print(&Devices { devices }, page)?;
    Ok(exit::OK)
}

/// Where a device is known from is left out: this fits 80 columns, `device show` has the rest.
fn page(Devices { devices }: &Devices, page: &mut Page) {
    let mut table = Table::new(["SERIAL", "HOSTNAME", "MODEL", "VERSION", "ADDRESS", "HA", "CONN"]);
    for DeviceRecord { device, .. } in devices {
        table.row([
            device.serial.to_string(),
            device.hostname.clone(),
            device.model.clone(),
            device.sw_version.clone(),
            device.address.clone().unwrap_or_default(),
            device.ha.state().to_owned(),
            connected(device).to_owned(),
        ]);
    }
    page.table(&table);
    page.line(counted(devices.len(), "device"));
}

/// Whether Panorama had contact with it; of a device that only a file names nobody said.
pub(super) fn connected(device: &Device) -> &'static str {
    match (device.source, device.connected) {
        (Source::Csv, _) => "-",
        (Source::Panorama, true) => "yes",
        (Source::Panorama, false) => "no",
    }
}
