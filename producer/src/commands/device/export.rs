//! `device export`: the inventory as CSV, standalone devices and HA pairs apart.
//!
//! Column names are interface, the predecessor tool's. Of a pair the active member comes first; a member
//! whose peer the inventory does not have stands among the standalone devices.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use common::domain::device::{Device, Serial};
use serde::Serialize;

use crate::context::Context;
use crate::csv_file;
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
    let (standalone, pairs) = split(devices.into_iter().map(|record| record.device).collect());
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

/// Devices alone, and pairs of which both members are here and name each other, or one names the other.
fn split(devices: Vec<Device>) -> (Vec<Device>, Vec<(Device, Device)>) {
    let by_serial: BTreeMap<Serial, Device> =
        devices.into_iter().map(|device| (device.serial.clone(), device)).collect();
    let (mut paired, mut pairs) = (BTreeSet::new(), Vec::new());
    for device in by_serial.values() {
        let Some(peer) = device.ha.peer().and_then(|peer| by_serial.get(peer)) else { continue };
        let is_free = |device: &Device| !paired.contains(&device.serial);
        if peer.serial == device.serial || !is_free(device) || !is_free(peer) {
            continue;
        }
        let (first, second) =
            if is_active(peer) && !is_active(device) { (peer, device) } else { (device, peer) };
        pairs.push((first.clone(), second.clone()));
        paired.extend([device.serial.clone(), peer.serial.clone()]);
    }
    (by_serial.into_values().filter(|device| !paired.contains(&device.serial)).collect(), pairs)
}

/// `active`, `active-primary`.
fn is_active(device: &Device) -> bool {
    matches!(device.ha.state(), "active" | "active-primary")
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

#[cfg(test)]
mod tests {
    use common::domain::device::{Ha, Source};

    use super::*;

    fn device(serial: &str, state: &str, peer: Option<&str>) -> Device {
        Device {
            serial: serial.parse().unwrap(),
            hostname: String::new(),
            address: None,
            model: String::new(),
            sw_version: String::new(),
            ha: Ha::Member { state: state.to_owned(), peer: peer.map(|peer| peer.parse().unwrap()) },
            multi_vsys: false,
            connected: true,
            source: Source::Panorama,
        }
    }

    #[test]
    fn pairs_are_written_once_with_the_active_member_first_and_orphans_alone() {
        let (alone, pairs) = split(vec![
            device("01", "passive", Some("02")),
            device("02", "active", Some("01")),
            device("03", "active", Some("99")),
            device("04", "active", Some("04")),
            device("05", "suspended", None),
        ]);
        let alone: Vec<_> = alone.iter().map(|device| device.serial.as_str()).collect();
        assert_eq!(alone, ["03", "04", "05"]);
        let pairs: Vec<_> = pairs.iter().map(|(a, b)| (a.serial.as_str(), b.serial.as_str())).collect();
        assert_eq!(pairs, [("02", "01")]);
    }
}
