//! Devices and jobs that no firewall stands behind: as many as wanted in a moment, and as hostile as wanted.
//!
//! Written through the ledger's own doors, so that what comes of it is what the programs make of it. For pages and
//! benchmarks; a case about firewalls takes the [`simulator`](crate::simulator).

use std::time::Duration;

use common::domain::device::{Device, Ha, Serial, Source};
use common::domain::job::{BatchId, JobId, JobSpec, JobType, PairMode, Requester};
use common::domain::lease::WorkerId;
use common::domain::path::Goal;
use common::domain::status::DeviceStatus;
use common::ledger::{
    Batch, Claim, ClaimedJob, Completeness, End, EnqueueAnswer, Ledger, LedgerError, StepRecord,
};
use jiff::Timestamp;

/// What the jobs of a crowd bring.
pub const TARGET: &str = "11.1.4-h7";

/// Longer than anything that is done with a crowd.
const LEASE: Duration = Duration::from_secs(3_600);

/// The serial of device `n`.
pub fn serial(n: u32) -> Serial {
    format!("0079{n:08}").parse().unwrap()
}

/// Device `n`, with an unremarkable hostname.
pub fn device(n: u32) -> Device {
    Device {
        serial: serial(n),
        hostname: format!("edge-{n:05}"),
        address: Some(format!("192.0.2.{}", n % 250)),
        model: "PA-440".to_owned(),
        sw_version: "10.2.9".to_owned(),
        ha: Ha::Standalone,
        multi_vsys: false,
        connected: true,
        source: Source::Panorama,
    }
}

/// Who did all this.
pub fn requester() -> Requester {
    Requester { operator: "ann".to_owned(), host: "shell-1".to_owned(), reason: Some("CHG-7".to_owned()) }
}

/// Takes devices 1 to `n` into the inventory.
///
/// # Errors
/// What the ledger says.
pub async fn register(ledger: &dyn Ledger, n: u32) -> Result<(), LedgerError> {
    let devices: Vec<Device> = (1..=n).map(device).collect();
    record(ledger, &devices).await
}

/// Takes these devices into the inventory, as they are.
///
/// # Errors
/// What the ledger says.
pub async fn record(ledger: &dyn Ledger, devices: &[Device]) -> Result<(), LedgerError> {
    ledger.record_devices(devices, Source::Panorama, Completeness::Partial, &requester()).await.map(drop)
}

/// Queues a job for each device that has none, and answers the new ones.
///
/// # Errors
/// What the ledger says.
pub async fn enqueue(
    ledger: &dyn Ledger,
    serials: impl IntoIterator<Item = Serial>,
) -> Result<Vec<JobId>, LedgerError> {
    let wish = |serial: Serial| JobSpec {
        serial,
        job_type: JobType::DownloadOnly,
        goal: Goal::Target(TARGET.parse().unwrap()),
        max_attempts: 3,
        retry_of: None,
        pair: PairMode::InTurn,
    };
    let jobs = serials.into_iter().map(wish).collect();
    let answers = ledger.enqueue(&Batch { id: BatchId::new(), by: requester(), jobs }).await?;
    let created = answers.into_iter().filter_map(|(_, answer)| match answer {
        EnqueueAnswer::Created { job } => Some(job),
        EnqueueAnswer::Existing { .. }
        | EnqueueAnswer::Conflict { .. }
        | EnqueueAnswer::Mismatch { .. }
        | EnqueueAnswer::UnknownDevice => None,
    });
    Ok(created.collect())
}

/// Begins an attempt, as a worker of this name does.
///
/// # Errors
/// What the ledger says.
///
/// # Panics
/// When the job cannot be claimed.
pub async fn claim(ledger: &dyn Ledger, job: JobId, worker: &str) -> Result<ClaimedJob, LedgerError> {
    match ledger.claim(job, &WorkerId(worker.to_owned()), LEASE).await? {
        Claim::Claimed(claimed) => Ok(*claimed),
        other => panic!("job {job}: expected a claim, found {other:?}"),
    }
}

/// A step that says how far the attempt is, and nothing else.
pub fn step(claimed: &ClaimedJob, progress: u8, message: &str) -> StepRecord {
    let device = &claimed.device.device;
    let now = Timestamp::now();
    let mut status = DeviceStatus::untouched(
        device.serial.as_str(),
        &device.hostname,
        device.ha.state(),
        &device.sw_version,
        now,
    );
    status.job_id = Some(claimed.lease.job);
    status.upgrade_path = vec![TARGET.to_owned()];
    status.progress = progress;
    message.clone_into(&mut status.upgrade_message);
    StepRecord { status, images: Vec::new(), dropped: Vec::new(), audit: Vec::new(), events: Vec::new() }
}

/// Begins an attempt that ends at once like this.
///
/// # Errors
/// What the ledger says.
pub async fn end(ledger: &dyn Ledger, job: JobId, end: &End) -> Result<(), LedgerError> {
    let claimed = claim(ledger, job, "crowd").await?;
    ledger.end(&claimed.lease, end, &step(&claimed, 0, "begun")).await
}
