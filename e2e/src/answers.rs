//! What the simulator says of itself: its first line, and what its control endpoint answers.
//!
//! Read strictly enough that a changed name fails a test.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::Timestamp;
use serde::Deserialize;

/// The line that the program prints when it is ready.
#[derive(Debug, Clone, Deserialize)]
pub struct Ready {
    /// Where Panorama is.
    pub panorama: Address,
    /// Where every firewall listens.
    pub firewall_port: u16,
    /// The account on every box.
    pub username: String,
    /// Its password.
    pub password: String,
    /// A key that every box accepts.
    pub api_key: String,
    /// The authority of their certificates.
    pub ca_file: PathBuf,
    pub(crate) control: String,
    /// What the fleet is to be brought to.
    pub target: String,
}

/// Where a box is.
#[derive(Debug, Clone, Deserialize)]
pub struct Address {
    /// Address.
    pub host: String,
    /// Port.
    pub port: u16,
}

/// `GET /counters`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Counters {
    /// Requests in all.
    pub calls: u64,
    /// By serial.
    pub devices: BTreeMap<String, BoxCounters>,
}

/// Numbers of one box.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct BoxCounters {
    /// Requests by kind.
    pub commands: BTreeMap<String, u64>,
    /// Accepted download commands by version.
    pub downloads: BTreeMap<String, u64>,
    /// The most requests that were answered at once.
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
    /// Which box.
    pub serial: String,
    /// Where it is.
    pub address: String,
    /// What it runs.
    pub version: String,
    /// The problem that it has.
    pub scenario: String,
    /// Versions whose files are on it.
    pub present: Vec<String>,
}

/// One request, of `GET /journal`.
#[derive(Debug, Clone, Deserialize)]
pub struct Entry {
    /// Gapless, from 1.
    pub n: u64,
    /// When it came, in milliseconds since the start.
    pub began_ms: u64,
    /// When it was answered, in milliseconds since the start.
    pub at_ms: u64,
    /// Which box.
    pub serial: String,
    /// What was asked.
    pub command: String,
    /// About which version.
    pub version: Option<String>,
    /// Who asked, by its `User-Agent`.
    pub client: Option<String>,
    /// The download that began with it.
    pub begun: Option<Begun>,
    /// What was answered, in short; `gone` when nobody waited any more.
    pub answer: String,
}

/// A download that began.
#[derive(Debug, Clone, Deserialize)]
pub struct Begun {
    /// Number of the device's job.
    pub job: u32,
    /// How the file stood: `new`, `lost` or `present`.
    pub file: String,
}

#[derive(Deserialize)]
pub(crate) struct Page {
    pub(crate) started_at: Timestamp,
    pub(crate) next: u64,
    pub(crate) entries: Vec<Entry>,
}

#[derive(Deserialize)]
pub(crate) struct FleetState {
    pub(crate) devices: Vec<DeviceState>,
}
