//! Files of devices: by `serial`, or HA pairs by `serial_1` and `serial_2`.

use std::collections::BTreeSet;

use common::domain::device::Device;
use fuzzkit::{assert_printable, text_of};
use producer::csv_file;
use producer::devices_csv::{Facts, Listed, devices, serials};

/// Words of the format.
#[allow(dead_code, reason = "only the ordinary test takes words; the coverage-guided one finds them")]
pub const WORDS: &[&str] = &[
    "serial,hostname,mgmt_ip,current_version,model\n",
    "serial_1,serial_2,hostname_1,hostname_2,mgmt_ip_1,mgmt_ip_2,model\n",
    "address_override",
    "007900000100103",
    "192.0.2.1",
    "2001:db8::7",
    "11.1.4-h7",
    "PA-440",
    "unknown",
    "'=1+1",
    "\"",
    "\"\"",
    ",",
    ";",
    "\r\n",
    "\u{feff}",
];

/// Longest message: a cell is quoted and cut in it.
const LONGEST_MESSAGE: usize = 1_500;

/// What is read is told apart by line, each serial once, and is read again from an export as what it was.
pub fn check(input: &[u8]) {
    let text = text_of(input);
    let n_lines = 1 + text.replace("\r\n", "\n").matches(['\n', '\r']).count() as u64;
    match devices("fleet.csv", &text) {
        Ok(listed) => {
            check_lines(&listed, n_lines);
            let bare = serials("fleet.csv", &text).expect("the same header");
            assert!(bare.entries.len() >= listed.entries.len(), "fewer serials than devices");
            let read: Vec<Device> = listed.entries.into_iter().map(known).collect();
            let again = devices("export.csv", &exported(&read)).expect("our own export");
            assert!(again.bad.is_empty(), "{:?}", again.bad);
            let again: Vec<Device> = again.entries.into_iter().map(known).collect();
            assert_eq!(plain(again), plain(read));
        }
        Err(unusable) => {
            assert_printable(&unusable.to_string(), LONGEST_MESSAGE);
            assert!(serials("fleet.csv", &text).is_err(), "one header, two opinions");
        }
    }
}

fn check_lines(listed: &Listed<Facts>, n_lines: u64) {
    let mut seen = BTreeSet::new();
    for entry in &listed.entries {
        assert!((2..=n_lines).contains(&entry.line), "line {} of {n_lines}", entry.line);
        assert!(seen.insert(&entry.serial), "{} twice", entry.serial);
    }
    for bad in &listed.bad {
        assert!((1..=n_lines).contains(&bad.line), "line {} of {n_lines}", bad.line);
        assert_printable(&bad.to_string(), LONGEST_MESSAGE);
    }
}

/// A device of which nothing is known but what the file says.
fn known(entry: producer::devices_csv::Entry<Facts>) -> Device {
    entry.facts.over(entry.serial, None)
}

/// Pairs are exported in another file.
fn plain(devices: Vec<Device>) -> Vec<Device> {
    devices
        .into_iter()
        .map(|device| Device { ha: common::domain::device::Ha::Standalone, ..device })
        .collect()
}

fn exported(devices: &[Device]) -> String {
    let row = |device: &Device| {
        let address = device.address.clone().unwrap_or_default();
        [
            device.serial.to_string(),
            device.hostname.clone(),
            address,
            device.sw_version.clone(),
            device.model.clone(),
        ]
    };
    let header = ["serial", "hostname", "mgmt_ip", "current_version", "model"];
    csv_file::text(header, devices.iter().map(row)).expect("memory")
}
