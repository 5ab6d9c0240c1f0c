//! Fills an embedded ledger with a fleet in every state, to look at pages and to test them.
//!
//! `cargo run -p dashboard --example showcase -- LEDGER.sqlite [DEVICES]`, then show it with
//! `PANOS_UPGRADE__LEDGER__URL=sqlite:LEDGER.sqlite panos-upgrade-dashboard`.
//!
//! Everything goes through the ledger's own interface, so that what is shown could have happened: jobs are claimed
//! before they end, images are there before they are verified, and each chain holds what was done. Serials, addresses
//! and hashes are invented; so are three hostnames that somebody chose to hurt a page.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail};
use common::audit::{AuditAction, AuditFact};
use common::domain::device::{Device, Ha, Source};
use common::domain::failure::FailureKind;
use common::domain::hash::{Evidence, HashOutcome, Sha256Hex};
use common::domain::job::{BatchId, JobId, JobSpec, JobType, PairMode, Requester};
use common::domain::lease::{Lease, WorkerId};
use common::domain::path::Goal;
use common::domain::status::{DeviceStatus, DiskCheck, Phase, StatusError, UpgradeStatus};
use common::events::JobEvent;
use common::ledger::sqlite::SqliteLedger;
use common::ledger::{
    Batch, Claim, ClaimedJob, Completeness, DeviceJobRef, End, EnqueueAnswer, ImageRecord, ImageState,
    Inventory, Ledger, Queue, StepRecord, WorkerCard, Workers,
};
use jiff::Timestamp;
use serde_json::json;

/// What every device is to be brought to, with what is needed on the way.
const PATH: [&str; 2] = ["11.1.0", "11.1.4-h7"];

/// Long enough to look at.
const LEASE: Duration = Duration::from_secs(3_600);

/// Workers that take the jobs in turn.
const WORKERS: [&str; 3] = ["worker-a-4121", "worker-b-977", "worker-c-20533"];

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().context("the path of the ledger is missing")?;
    let n_devices =
        arguments.next().map_or(Ok(500), |text| text.parse::<u32>()).context("number of devices")?;
    let ledger = SqliteLedger::open(Path::new(&path)).await?;
    fill(&ledger, n_devices).await
}

async fn fill(ledger: &SqliteLedger, n_devices: u32) -> anyhow::Result<()> {
    ledger.migrate().await?;
    let devices: Vec<Device> = (1..=n_devices).map(device).collect::<Result<_, _>>()?;
    ledger.record_devices(&devices, Source::Panorama, Completeness::Complete, &by()).await?;

    // One in fifty is left alone, as are devices that nobody has asked for yet.
    let wishes = devices.iter().enumerate().filter(|(n, _)| n % 50 != 49);
    let wishes: Vec<JobSpec> = wishes.map(|(_, device)| wish(device)).collect::<anyhow::Result<_>>()?;
    let answers = ledger.enqueue(&Batch { id: BatchId::new(), by: by(), jobs: wishes }).await?;
    let jobs = answers.iter().filter_map(|(_, answer)| match answer {
        EnqueueAnswer::Created { job } => Some(*job),
        EnqueueAnswer::Existing { .. }
        | EnqueueAnswer::Conflict { .. }
        | EnqueueAnswer::Mismatch { .. }
        | EnqueueAnswer::UnknownDevice => None,
    });

    let mut held: Vec<Lease> = Vec::new();
    for (n, job) in jobs.enumerate() {
        held.extend(act(ledger, n, job).await?);
    }
    for name in WORKERS {
        let own: Vec<Lease> = held.iter().filter(|lease| lease.owner.0 == name).cloned().collect();
        ledger.beat(&card(name, name == WORKERS[2]), &own, LEASE).await?;
    }
    Ok(())
}

/// Brings one job to where its number says; answers the lease of one that runs.
async fn act(ledger: &SqliteLedger, n: usize, job: JobId) -> anyhow::Result<Option<Lease>> {
    let fate = n % 40;
    if fate >= 34 {
        return Ok(None);
    }
    if fate == 33 {
        ledger.cancel(job, &by()).await?;
        return Ok(None);
    }
    let worker = WorkerId(WORKERS[n % WORKERS.len()].to_owned());
    let Claim::Claimed(claimed) = ledger.claim(job, &worker, LEASE).await? else {
        bail!("job {job} cannot be claimed");
    };
    let step = |progress, message: &str| step(&claimed, progress, message);
    let end = match fate {
        0..=19 => {
            ledger.record(&claimed.lease, &begun(&claimed)?).await?;
            let mut last = step(100, "every image is on the device and its hash is the trusted one");
            last.images = images(
                ImageState::Downloaded,
                Some(HashOutcome::Verified { evidence: Evidence::DeviceReported }),
            )?;
            last.status.ready_for_install = true;
            last.status.current_phase = Phase::Complete;
            return finish(ledger, &claimed, End::Completed, last).await;
        }
        20..=25 => {
            ledger.record(&claimed.lease, &begun(&claimed)?).await?;
            let percent = u8::try_from(n * 7 % 90).unwrap_or(0) + 5;
            let mut now = step(percent, "11.1.4-h7 is coming: the device's own job 41 is at work");
            now.images =
                vec![image(0, ImageState::AlreadyPresent, None)?, image(1, ImageState::Downloading, None)?];
            ledger.record(&claimed.lease, &now).await?;
            return Ok(Some(claimed.lease.clone()));
        }
        26 | 27 => failed(FailureKind::DiskFull, "2.4 GB are needed and 0.9 GB are free on /opt/panrepo"),
        28 => failed(FailureKind::Unreachable, &"no answer to `show system info` within 30 s; ".repeat(40)),
        29 => {
            ledger.record(&claimed.lease, &begun(&claimed)?).await?;
            let mut last = step(100, "the device reports another hash than the trusted one");
            let (expected, found) = (Sha256Hex::of(b"trusted"), Sha256Hex::of(&n.to_be_bytes()));
            let differs = HashOutcome::Mismatch { expected, found, evidence: Evidence::DeviceReported };
            last.images = images(ImageState::Downloaded, Some(differs))?;
            return finish(
                ledger,
                &claimed,
                failed(FailureKind::HashMismatch, "11.1.4-h7 is not the vendor's file"),
                last,
            )
            .await;
        }
        30 => failed(FailureKind::Credentials, "the device refuses the account `pan-stage`"),
        31 => End::Skipped {
            kind: FailureKind::NoPath,
            message: "it runs 11.2.3, which is above the target".to_owned(),
        },
        _ => End::Retry {
            kind: FailureKind::UpdateServer,
            message: "the device cannot reach its update server".to_owned(),
            after: Duration::from_secs(900),
        },
    };
    let mut last = step(10, "the device was asked who it is");
    if let End::Failed { kind, message } = &end {
        let (kind, message) = (*kind, message.clone());
        last.status.push_error(StatusError {
            timestamp: Timestamp::now(),
            phase: Phase::PreFlightDiskCheck,
            kind,
            message,
        });
        last.status.disk_space = (kind == FailureKind::DiskFull).then(|| DiskCheck {
            mount: "/opt/panrepo".to_owned(),
            available_gb: 0.9,
            required_gb: 2.4,
            check_passed: false,
        });
    }
    finish(ledger, &claimed, end, last).await
}

async fn finish(
    ledger: &SqliteLedger,
    claimed: &ClaimedJob,
    end: End,
    last: StepRecord,
) -> anyhow::Result<Option<Lease>> {
    ledger.end(&claimed.lease, &end, &last).await?;
    Ok(None)
}

fn failed(kind: FailureKind, message: &str) -> End {
    End::Failed { kind, message: message.to_owned() }
}

fn device(n: u32) -> Result<Device, common::domain::device::SerialError> {
    let hostname = match n {
        7 => "<img src=x onerror=alert(1)>".to_owned(),
        8 => "fw\u{202e}gpj.\u{1b}[2Jexe".to_owned(),
        9 => "\"'`--></title><script>alert(2)</script>".to_owned(),
        _ => format!("{}-fw-{n:04}", ["ams", "fra", "lon", "nyc", "sin", "zrh"][n as usize % 6]),
    };
    let pair = |peer: u32, state: &str| Ha::Member {
        state: state.to_owned(),
        peer: format!("0079{peer:08}").parse().ok(),
    };
    Ok(Device {
        serial: format!("0079{n:08}").parse()?,
        hostname,
        address: Some(format!("10.{}.{}.{}", n / 62_500, n / 250 % 250, n % 250 + 1)),
        model: ["PA-440", "PA-1410", "PA-3220", "PA-5450", "PA-VM"][n as usize % 5].to_owned(),
        sw_version: ["10.2.9", "11.0.4", "10.2.9-h1"][n as usize % 3].to_owned(),
        ha: match n % 10 {
            // Members of pairs are not worked on at the same time, so few are shown as such.
            3 if n % 50 == 43 => pair(n + 100_000, "active"),
            _ => Ha::Standalone,
        },
        multi_vsys: n.is_multiple_of(7),
        connected: !n.is_multiple_of(41),
        source: Source::Panorama,
    })
}

fn by() -> Requester {
    Requester {
        operator: "ann".to_owned(),
        host: "ops-1".to_owned(),
        reason: Some("CHG-4711, autumn wave".to_owned()),
    }
}

fn wish(device: &Device) -> anyhow::Result<JobSpec> {
    Ok(JobSpec {
        serial: device.serial.clone(),
        job_type: JobType::DownloadOnly,
        goal: Goal::Target(PATH[1].parse()?),
        max_attempts: 3,
        retry_of: None,
        pair: PairMode::InTurn,
    })
}

fn card(name: &str, draining: bool) -> WorkerCard {
    WorkerCard {
        id: WorkerId(name.to_owned()),
        host: name.rsplit_once('-').map_or(name, |(host, _)| host).to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        job_types: vec![JobType::DownloadOnly],
        concurrency: 50,
        draining,
    }
}

/// A step that says how far it is.
fn step(claimed: &ClaimedJob, progress: u8, message: &str) -> StepRecord {
    let device = &claimed.device.device;
    let mut status = DeviceStatus::untouched(
        device.serial.as_str(),
        &device.hostname,
        device.ha.state(),
        &device.sw_version,
        Timestamp::now(),
    );
    status.job_id = Some(claimed.lease.job);
    status.target_version = Some(PATH[1].to_owned());
    status.upgrade_path = PATH.map(str::to_owned).to_vec();
    status.upgrade_status = UpgradeStatus::Downloading;
    status.current_phase = Phase::Download;
    status.progress = progress;
    status.upgrade_message = message.to_owned();
    for version in PATH {
        status.version_hashes.insert(version.to_owned(), Sha256Hex::of(version.as_bytes()).to_string());
    }
    StepRecord { status, images: Vec::new(), dropped: Vec::new(), audit: Vec::new(), events: Vec::new() }
}

/// The step in which the device said who it is and was asked for an image.
fn begun(claimed: &ClaimedJob) -> anyhow::Result<StepRecord> {
    let device = &claimed.device.device;
    let mut begun = step(claimed, 5, "11.1.0 is there, 11.1.4-h7 was asked for");
    begun.images = vec![image(0, ImageState::AlreadyPresent, None)?, image(1, ImageState::Requested, None)?];
    begun.audit = vec![
        AuditFact::new(
            AuditAction::DeviceIdentified,
            json!({ "serial": device.serial, "model": device.model, "sw_version": device.sw_version }),
        ),
        AuditFact::new(AuditAction::PathPlanned, json!({ "path": PATH, "missing": [PATH[1]] })),
        AuditFact::new(
            AuditAction::SpaceChecked,
            json!({ "mount": "/opt/panrepo", "available_gb": 6.1, "required_gb": 2.4 }),
        ),
        AuditFact::new(AuditAction::DownloadRequested, json!({ "version": PATH[1] })),
        AuditFact::new(AuditAction::DownloadAccepted, json!({ "version": PATH[1], "device_job": 41 })),
    ];
    begun.events =
        vec![JobEvent::DownloadStarted { version: PATH[1].to_owned(), device_job: 41, adopted: false }];
    Ok(begun)
}

fn images(state: ImageState, outcome: Option<HashOutcome>) -> anyhow::Result<Vec<ImageRecord>> {
    let first = Some(HashOutcome::Verified { evidence: Evidence::DeviceReported });
    Ok(vec![image(0, ImageState::AlreadyPresent, first)?, image(1, state, outcome)?])
}

fn image(position: u32, state: ImageState, outcome: Option<HashOutcome>) -> anyhow::Result<ImageRecord> {
    let version = PATH[position as usize];
    let rules = ["the base of the train that holds the target", "the version that was asked for"];
    Ok(ImageRecord {
        version: version.parse()?,
        position,
        rule: rules[position as usize].to_owned(),
        file_name: Some(format!("PanOS_440-{version}").parse()?),
        size_bytes: Some(if position == 0 { 1_210_000_000 } else { 480_000_000 }),
        state,
        device_job: (state == ImageState::Downloading)
            .then_some(DeviceJobRef { id: 41, booted_at_s: 1_763_000_000 }),
        outcome,
    })
}
