//! The simulated fleet as a process, and its control endpoint.
//!
//! Promises: it is ready when [`Simulator::start`] returns and gone when it is dropped; what the endpoint
//! answers is read strictly ([`answers`](crate::answers)); every call has a bound.

use std::fs;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use testkit::process::{Ended, Process, Program, Stream};
use testkit::wait::wait_until;

pub use crate::answers::{Counters, DeviceState, Entry, Ready};
use crate::answers::{FleetState, Page};
use crate::world::SOON;

/// One answer of the control endpoint; counters of a thousand devices are some hundred kilobytes.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// What the fleet is like, as options of the program.
#[derive(Debug, Clone)]
pub struct Fleet {
    /// Generated devices; with 0, the scenario decides.
    pub devices: u64,
    /// From which everything random of it follows.
    pub seed: u64,
    /// The name of a built-in scenario, or the text of a scenario file.
    pub scenario: String,
    /// What a download takes about.
    pub download_time: String,
}

/// What every box was asked.
#[derive(Debug, Clone)]
pub struct Journal {
    /// The wall-clock time that its milliseconds are counted from.
    pub started_at: Timestamp,
    /// In the order of their ends.
    pub entries: Vec<Entry>,
    /// Requests that had to make room for later ones.
    pub n_forgotten: u64,
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
        Self::start_at(fleet, directory, 0).await
    }

    /// The same boxes are another fleet from now on, at the same addresses with other certificates.
    pub async fn become_another(&mut self, fleet: &Fleet, directory: &Path) {
        self.process.terminate().unwrap();
        self.process.wait(SOON).await.unwrap();
        *self = Self::start_at(fleet, directory, self.ready.firewall_port).await;
    }

    async fn start_at(fleet: &Fleet, directory: &Path, port: u16) -> Self {
        let mut program = Program::ours("panos-simulator")
            .unwrap()
            .args(["--seed", &fleet.seed.to_string()])
            .args(["--download-time", &fleet.download_time])
            .args(["--port", &port.to_string(), "--control", "127.0.0.1:0", "--state-dir"])
            .arg(directory.join("simulator"));
        if fleet.devices > 0 {
            program = program.args(["--devices", &fleet.devices.to_string()]);
        }
        program = if fleet.scenario.contains('\n') {
            let file = directory.join("fleet.toml");
            fs::write(&file, &fleet.scenario).unwrap();
            program.arg("--scenario").arg(file)
        } else {
            program.args(["--scenario", &fleet.scenario])
        };
        let mut process = program.start().unwrap();
        let line = process.ready_line(SOON).await.unwrap();
        let ready: Ready = serde_json::from_str(&line).unwrap();
        // The endpoint is plain HTTP; the client wants a provider all the same before it is built.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().timeout(ANSWER_WITHIN).no_proxy().build().unwrap();
        Self { process, ready, http }
    }

    /// Its process number.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Where it is, and its secrets.
    pub fn ready(&self) -> &Ready {
        &self.ready
    }

    /// What it logged.
    pub fn log(&self) -> String {
        self.process.text(Stream::Stderr)
    }

    /// Numbers of every box.
    pub async fn counters(&self) -> Counters {
        self.get("/counters").await
    }

    /// Every request so far and what was answered, in order.
    pub async fn journal(&self) -> Vec<Entry> {
        self.whole_journal().await.entries
    }

    /// The requests after number `since`, and where to go on.
    pub async fn journal_since(&self, since: u64) -> (Vec<Entry>, u64) {
        let page: Page = self.get(&format!("/journal?since={since}")).await;
        (page.entries, page.next)
    }

    /// [`Simulator::journal`], with its clock and its gaps.
    pub async fn whole_journal(&self) -> Journal {
        let mut entries: Vec<Entry> = Vec::new();
        let (mut since, mut n_forgotten) = (0, 0);
        loop {
            let page: Page = self.get(&format!("/journal?since={since}")).await;
            let Some(first) = page.entries.first() else {
                return Journal { started_at: page.started_at, entries, n_forgotten };
            };
            n_forgotten += first.n - since - 1;
            since = page.next;
            entries.extend(page.entries);
        }
    }

    /// Every device as it is.
    pub async fn devices(&self) -> Vec<DeviceState> {
        self.get::<FleetState>("/state").await.devices
    }

    /// Every device, in the order of the scenario.
    pub async fn serials(&self) -> Vec<String> {
        self.devices().await.into_iter().map(|device| device.serial).collect()
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

    /// Makes the same go wrong on every firewall.
    pub async fn inject_everywhere(&self, fault: &Value) {
        self.send(self.http.post(self.url("/faults")).body(fault.to_string())).await;
    }

    /// Takes away what was injected on any firewall.
    pub async fn heal_everywhere(&self) {
        self.send(self.http.delete(self.url("/faults"))).await;
    }

    /// No download of the fleet makes any progress, until [`Simulator::go_on`]: the moment in which a test
    /// does something to a worker is then the same on a slow and on a fast machine.
    pub async fn stand_still(&self) {
        self.inject_everywhere(&json!({"kind": "stall"})).await;
    }

    /// Downloads go on where they stood.
    pub async fn go_on(&self) {
        self.heal_everywhere().await;
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

    /// `panos-simulator calls`: whether downloads took few requests, and their ends were noticed in time.
    pub async fn calls(&self, at_most: u64) -> Ended {
        let calls =
            Program::ours("panos-simulator").unwrap().args(["calls", "--control", &self.ready.control]);
        calls.args(["--max-calls", &at_most.to_string()]).run(SOON).await.unwrap()
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
