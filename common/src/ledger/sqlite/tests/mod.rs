//! What only this ledger can suffer, with the file as other processes and the disk leave it. What it shares with
//! PostgreSQL is in `common/tests/ledger`.
//!
//! | file | holds |
//! |---|---|
//! | `crash.rs` | killed at any moment, nothing that was answered is lost |
//! | `sharing.rs` | two processes on one file never hold one job |
//! | `access.rs` | files that this user may not write |
//! | `idle.rs` | what runs all the time reads no whole table, and writes nothing where there is nothing |
//!
//! Processes are this test program itself, started with the name of one test and an address in its environment.

mod access;
mod crash;
mod idle;
mod sharing;

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::SqliteLedger;
use crate::domain::device::{Device, Ha, Serial, Source};
use crate::domain::job::{BatchId, JobId, JobSpec, JobType, PairMode, Requester};
use crate::domain::lease::WorkerId;
use crate::domain::path::Goal;
use crate::domain::status::DeviceStatus;
use crate::ledger::{Batch, Claim, ClaimedJob, Completeness, EnqueueAnswer, Inventory, Queue, StepRecord};

/// A lease that no test outlives.
const LEASE: Duration = Duration::from_secs(600);

/// Tells a process where its ledger is.
const PATH_VARIABLE: &str = "LEDGER_UNDER_TEST";

fn serial(n: usize) -> Serial {
    format!("0079{n:08}").parse().unwrap()
}

fn operator() -> Requester {
    Requester { operator: "ann".to_owned(), host: "shell-1".to_owned(), reason: None }
}

fn worker(name: &str) -> WorkerId {
    WorkerId(name.to_owned())
}

/// Devices `numbers`, beside those that are there.
async fn register(ledger: &SqliteLedger, numbers: impl Iterator<Item = usize>) {
    let devices: Vec<Device> = numbers
        .map(|n| Device {
            serial: serial(n),
            hostname: format!("edge-{n}"),
            address: Some("192.0.2.1".to_owned()),
            model: "PA-440".to_owned(),
            sw_version: "10.2.9".to_owned(),
            ha: Ha::Standalone,
            multi_vsys: false,
            connected: true,
            source: Source::Panorama,
        })
        .collect();
    ledger.record_devices(&devices, Source::Panorama, Completeness::Partial, &operator()).await.unwrap();
}

/// A job for each of these devices.
async fn enqueue(ledger: &SqliteLedger, numbers: impl Iterator<Item = usize>) -> Vec<JobId> {
    let wish = |n| JobSpec {
        serial: serial(n),
        job_type: JobType::DownloadOnly,
        goal: Goal::Target("11.1.4-h7".parse().unwrap()),
        max_attempts: 3,
        retry_of: None,
        pair: PairMode::InTurn,
    };
    let batch = Batch { id: BatchId::new(), by: operator(), jobs: numbers.map(wish).collect() };
    let created = |(serial, answer): (Serial, EnqueueAnswer)| match answer {
        EnqueueAnswer::Created { job } => job,
        other => panic!("{serial}: expected a new job, found {other:?}"),
    };
    ledger.enqueue(&batch).await.unwrap().into_iter().map(created).collect()
}

async fn claim(ledger: &SqliteLedger, job: JobId, name: &str) -> ClaimedJob {
    match ledger.claim(job, &worker(name), LEASE).await.unwrap() {
        Claim::Claimed(claimed) => *claimed,
        other => panic!("job {job}: expected a claim, found {other:?}"),
    }
}

/// A step that says how far it is.
fn step(claimed: &ClaimedJob, progress: u8) -> StepRecord {
    let device = &claimed.device.device;
    let now = "2026-11-23T12:00:00Z".parse().unwrap();
    let mut status = DeviceStatus::untouched(
        device.serial.as_str(),
        &device.hostname,
        device.ha.state(),
        &device.sw_version,
        now,
    );
    status.job_id = Some(claimed.lease.job);
    status.progress = progress;
    StepRecord { status, images: Vec::new(), dropped: Vec::new(), audit: Vec::new(), events: Vec::new() }
}

/// The file that a test shares with its process, when this is the process.
fn path_as_a_process() -> Option<PathBuf> {
    std::env::var_os(PATH_VARIABLE).map(PathBuf::from)
}

/// One test of this program, as a process of its own on `path`.
fn process(test: &str, path: &Path) -> Command {
    // Through /proc, so that it starts for a user who may not walk to the file as well.
    let mut command = Command::new("/proc/self/exe");
    command
        .args([&format!("ledger::sqlite::tests::{test}"), "--exact", "--nocapture"])
        .env(PATH_VARIABLE, path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    command
}

/// A process whose lines are read; killed when it is dropped.
struct Talker {
    child: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

/// What a process begins a line with that is for the test; the test program says other things as well.
const MARK: &str = "|";

/// Says something to the test that started this process.
fn say(words: &str) {
    let line = format!("\n{MARK}{words}\n");
    std::io::stdout().write_all(line.as_bytes()).unwrap();
    std::io::stdout().flush().unwrap();
}

impl Talker {
    fn start(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    /// What it says next; nothing when it has ended.
    fn hear(&mut self) -> Option<String> {
        self.lines
            .by_ref()
            .map(|line| line.unwrap())
            .find_map(|line| line.strip_prefix(MARK).map(str::to_owned))
    }

    fn tell(&mut self, words: &str) {
        writeln!(self.child.stdin.as_mut().unwrap(), "{words}").unwrap();
    }

    /// SIGKILL; answers what it had said and nobody had heard.
    fn kill(&mut self) -> Vec<String> {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        std::iter::from_fn(|| self.hear()).collect()
    }
}

impl Drop for Talker {
    fn drop(&mut self) {
        // Only fails when it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
