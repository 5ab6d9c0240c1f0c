//! What the simulator says of itself: its first line, and what its control endpoint answers.
//!
//! Read strictly enough that a changed name fails a test.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

/// The line that the program prints when it is ready.
#[derive(Debug, Clone, Deserialize)]
pub struct Ready {
    pub panorama: Address,
    pub firewall_port: u16,
    pub username: String,
    pub password: String,
    pub api_key: String,
    pub ca_file: PathBuf,
    pub(crate) control: String,
    pub target: String,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Address {
    pub host: String,
    pub port: u16,
}

/// `GET /counters`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Counters {
    pub calls: u64,
    pub devices: BTreeMap<String, BoxCounters>,
}

/// Numbers of one box.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct BoxCounters {
    pub commands: BTreeMap<String, u64>,
    /// Accepted download commands by version.
    pub downloads: BTreeMap<String, u64>,
    pub max_parallel_calls: u32,
    /// Connections that were made to it.
    pub connections: u64,
}

impl Counters {
    /// Accepted download commands of the whole fleet.
    pub fn n_downloads(&self) -> u64 {
        self.devices.values().flat_map(|device| device.downloads.values()).sum()
    }

    /// Accepted download commands by serial and version.
    pub fn downloads(&self) -> BTreeMap<(String, String), u64> {
        let of_device = |(serial, device): (&String, &BoxCounters)| {
            let serial = serial.clone();
            device.downloads.clone().into_iter().map(move |(version, n)| ((serial.clone(), version), n))
        };
        self.devices.iter().flat_map(of_device).collect()
    }

    /// Requests of one kind that the whole fleet got.
    pub fn n_commands(&self, command: &str) -> u64 {
        let of_device = |device: &BoxCounters| device.commands.get(command).copied().unwrap_or(0);
        self.devices.iter().filter(|(serial, _)| *serial != "panorama").map(|(_, one)| of_device(one)).sum()
    }

    /// Every request that a box got.
    pub fn calls_of(&self, serial: &str) -> u64 {
        self.devices.get(serial).map_or(0, |device| device.commands.values().sum())
    }
}

/// One device of `GET /state`.
#[derive(Debug, Clone, Deserialize)]
pub struct DeviceState {
    pub serial: String,
    pub address: String,
    /// What it runs.
    pub version: String,
    pub scenario: String,
    pub present: Vec<String>,
}

/// One request, of `GET /journal`.
#[derive(Debug, Clone, Deserialize)]
pub struct Entry {
    /// When it was answered, in milliseconds since the start.
    pub at_ms: u64,
    pub serial: String,
    pub command: String,
    pub answer: String,
}

#[derive(Deserialize)]
pub(crate) struct Page {
    pub(crate) next: u64,
    pub(crate) entries: Vec<Entry>,
}

#[derive(Deserialize)]
pub(crate) struct FleetState {
    pub(crate) devices: Vec<DeviceState>,
}
