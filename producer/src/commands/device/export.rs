//! `device export`: the inventory as CSV, standalone devices and HA pairs apart.
//!
//! Column names are interface, the predecessor tool's. Of a pair the active member comes first; a member
//! whose peer the inventory does not have stands among the standalone devices.

use common::intake::pairs::{Pair, pairs};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use common::domain::device::{Device, Serial};
use producer::csv_file;
use serde::Serialize;

use crate::context::Context;
use crate::exit;
use crate::input;
use crate::output::counted;

const STANDALONE: [&str; 5] = ["serial", "hostname", "mgmt_ip", "current_version", "model"];

const PAIRS: [&str; 9] = [
    "serial_1",
    "serial_2",
    "hostname_1",
    "hostname_2",
    "mgmt_ip_1",
    "mgmt_ip_2",
    "current_version_1",
    "current_version_2",
    "model",
];

/// What was written.
#[derive(Serialize)]
struct Exported {
    standalone: Written,
    ha_pairs: Written,
}

/// One file.
#[derive(Serialize)]
struct Written {
    file: PathBuf,
    rows: usize,
}

/// Writes both files, each in one step.
pub(crate) async fn run(context: &Context, output_dir: &Path) -> anyhow::Result<u8> {
    let devices = context.ledger().await?.devices().await?;
    let devices: Vec<Device> = devices.into_iter().map(|record| record.device).collect();
    let (standalone, pairs) = split(&devices);
    let exported = Exported {
        standalone: Written { file: output_dir.join("standalone_devices.csv"), rows: standalone.len() },
        ha_pairs: Written { file: output_dir.join("ha_pairs.csv"), rows: pairs.len() },
    };
    input::write(&exported.standalone.file, &csv_file::text(STANDALONE, standalone.into_iter().map(row))?)?;
    input::write(&exported.ha_pairs.file, &csv_file::text(PAIRS, pairs.into_iter().map(pair_row))?)?;
    context.output.print(&exported, |exported, page| {
        for (written, noun) in [(&exported.standalone, "device"), (&exported.ha_pairs, "HA pair")] {
            page.line(format!("{}: {}", written.file.display(), counted(written.rows, noun)));
        }
    })?;
    Ok(exit::OK)
}

/// Devices alone, and pairs of which both members are here.
fn split(devices: &[Device]) -> (Vec<Device>, Vec<(Device, Device)>) {
    let pairs: Vec<(Device, Device)> =
        pairs(devices).into_iter().map(|Pair { first, second }| (first.clone(), second.clone())).collect();
    let paired: BTreeSet<&Serial> =
        pairs.iter().flat_map(|(first, second)| [&first.serial, &second.serial]).collect();
    let alone = devices.iter().filter(|device| !paired.contains(&device.serial)).cloned().collect();
    (alone, pairs)
}

fn row(device: Device) -> [String; 5] {
    let address = device.address.unwrap_or_default();
    [device.serial.into(), device.hostname, address, device.sw_version, device.model]
}

fn pair_row((first, second): (Device, Device)) -> [String; 9] {
    let [serial_1, hostname_1, address_1, version_1, model] = row(first);
    let [serial_2, hostname_2, address_2, version_2, _] = row(second);
    [serial_1, serial_2, hostname_1, hostname_2, address_1, address_2, version_1, version_2, model]
}
