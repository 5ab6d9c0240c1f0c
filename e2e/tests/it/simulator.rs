//! The simulated fleet as a process, and its control endpoint.
//!
//! Promises: it is ready when [`Simulator::start`] returns and gone when it is dropped; what the endpoint
//! answers is read strictly enough that a changed name fails a test; every call has a bound.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use testkit::process::{Ended, Process, Program, Stream};
use testkit::wait::wait_until;

use crate::world::SOON;

/// One answer of the control endpoint; counters of a thousand devices are some hundred kilobytes.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// What the fleet is like, as options of the program.
#[derive(Debug, Clone)]
pub struct Fleet {
    pub devices: u64,
    pub seed: u64,
    pub scenario: String,
    pub download_time: String,
}

/// The line that the program prints when it is ready.
#[derive(Debug, Clone, Deserialize)]
pub struct Ready {
    pub panorama: Address,
    pub firewall_port: u16,
    pub username: String,
    pub password: String,
    pub api_key: String,
    pub ca_file: PathBuf,
    control: String,
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

    /// Every request that a box got.
    pub fn calls_of(&self, serial: &str) -> u64 {
        self.devices.get(serial).map_or(0, |device| device.commands.values().sum())
    }
}

/// One device of `GET /state`.
#[derive(Debug, Clone, Deserialize)]
pub struct DeviceState {
    pub serial: String,
    pub scenario: String,
    pub present: Vec<String>,
}

#[derive(Deserialize)]
struct FleetState {
    devices: Vec<DeviceState>,
}

/// A running fleet.
pub struct Simulator {
    process: Process,
    ready: Ready,
    http: reqwest::Client,
}

impl Simulator {
    /// Starts a fleet that keeps its files in `directory`.
    pub async fn start(fleet: &Fleet, directory: &Path) -> Self {
        let program = Program::ours("panos-simulator")
            .unwrap()
            .args(["--devices", &fleet.devices.to_string()])
            .args(["--seed", &fleet.seed.to_string()])
            .args(["--scenario", &fleet.scenario])
            .args(["--download-time", &fleet.download_time])
            .args(["--port", "0", "--control", "127.0.0.1:0", "--state-dir"])
            .arg(directory.join("simulator"));
        let mut process = program.start().unwrap();
        let line = process.ready_line(SOON).await.unwrap();
        let ready: Ready = serde_json::from_str(&line).unwrap();
        // The endpoint is plain HTTP; the client wants a provider all the same before it is built.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().timeout(ANSWER_WITHIN).no_proxy().build().unwrap();
        Self { process, ready, http }
    }

    /// Where it is, and its secrets.
    pub fn ready(&self) -> &Ready {
        &self.ready
    }

    /// What it logged.
    pub fn log(&self) -> String {
        self.process.text(Stream::Stderr)
    }

    pub async fn counters(&self) -> Counters {
        self.get("/counters").await
    }

    pub async fn devices(&self) -> Vec<DeviceState> {
        self.get::<FleetState>("/state").await.devices
    }

    /// The true hashes of all images, as CSV.
    pub async fn catalogue(&self) -> String {
        self.send(self.http.get(self.url("/catalogue"))).await.text().await.unwrap()
    }

    /// Makes something go wrong on one box; `panorama` is a serial too.
    pub async fn inject(&self, serial: &str, fault: &Value) {
        let path = format!("/devices/{serial}/faults");
        self.send(self.http.post(self.url(&path)).body(fault.to_string())).await;
    }

    /// Takes away what was injected on one box.
    pub async fn heal(&self, serial: &str) {
        self.send(self.http.delete(self.url(&format!("/devices/{serial}/faults")))).await;
    }

    /// No download of the fleet makes any progress, until [`Simulator::go_on`]: the moment in which a test
    /// does something to a worker is then the same on a slow and on a fast machine.
    pub async fn stand_still(&self) {
        let stall = json!({"kind": "stall"}).to_string();
        self.send(self.http.post(self.url("/faults")).body(stall)).await;
    }

    /// Downloads go on where they stood.
    pub async fn go_on(&self) {
        self.send(self.http.delete(self.url("/faults"))).await;
    }

    /// Waits until so many download commands were accepted.
    pub async fn until_downloads(&self, n: u64) -> Counters {
        wait_until(format!("{n} downloads were accepted"), SOON, async || {
            let counters = self.counters().await;
            match counters.n_downloads() {
                found if found >= n => Ok(counters),
                found => Err(format!("{found} were, in {} calls", counters.calls)),
            }
        })
        .await
    }

    /// `panos-simulator check`: whether the jobs in `file` ended as the scenario says.
    pub async fn check(&self, file: &Path) -> Ended {
        let check =
            Program::ours("panos-simulator").unwrap().args(["check", "--control", &self.ready.control]);
        check.arg("--jobs").arg(file).run(SOON).await.unwrap()
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> T {
        self.send(self.http.get(self.url(path))).await.json().await.unwrap()
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> reqwest::Response {
        let response = request.send().await.unwrap();
        let (status, url) = (response.status(), response.url().path().to_owned());
        if !status.is_success() {
            panic!("{url}: {status}: {}", response.text().await.unwrap_or_default());
        }
        response
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.ready.control)
    }
}
