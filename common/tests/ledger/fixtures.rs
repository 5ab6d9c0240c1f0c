//! Devices, wishes and steps, and what the cases say often. Serials are invented.

use std::ops::Deref;
use std::time::Duration;

use common::audit::{AuditAction, AuditFact, EntryBody};
use common::domain::device::{Device, Ha, Serial, Source};
use common::domain::failure::FailureKind;
use common::domain::job::{BatchId, JobId, JobSpec, JobState, JobType, PairMode, Requester};
use common::domain::lease::{Lease, WorkerId};
use common::domain::path::Goal;
use common::domain::status::{DeviceStatus, Phase, UpgradeStatus};
use common::events::{Envelope, JobEvent};
use common::ledger::{
    Batch, Claim, ClaimedJob, Completeness, DeviceJobRef, End, EnqueueAnswer, ImageRecord, ImageState,
    JobView, Ledger, OutboxKind, OutboxRow, Renewal, Settlement, StepRecord, TakenRows, TrailFilter,
    WorkerCard,
};
use jiff::Timestamp;

/// What fixtures work on: a [`Bench`](crate::bench::Bench), or the ledger as another process has it.
pub trait Handle: Deref<Target = dyn Ledger> {}

impl<T: Deref<Target = dyn Ledger>> Handle for T {}

/// A lease that no test outlives without [`elapse`](crate::bench::Bench::elapse).
pub const LEASE: Duration = Duration::from_secs(600);

/// How long a relay holds rows, likewise.
pub const HOLD: Duration = Duration::from_secs(600);

pub fn serial(n: u32) -> Serial {
    format!("0079{n:08}").parse().unwrap()
}

pub fn device(n: u32) -> Device {
    Device {
        serial: serial(n),
        hostname: format!("edge-{n}"),
        address: Some(format!("192.0.2.{}", n % 250)),
        model: "PA-440".to_owned(),
        sw_version: "10.2.9".to_owned(),
        ha: Ha::Standalone,
        multi_vsys: false,
        connected: true,
        source: Source::Panorama,
    }
}

pub fn operator() -> Requester {
    Requester { operator: "ann".to_owned(), host: "shell-1".to_owned(), reason: Some("CHG-7".to_owned()) }
}

pub fn worker(name: &str) -> WorkerId {
    WorkerId(name.to_owned())
}

pub fn wish(n: u32) -> JobSpec {
    JobSpec {
        serial: serial(n),
        job_type: JobType::DownloadOnly,
        goal: Goal::Target("11.1.4-h7".parse().unwrap()),
        max_attempts: 3,
        retry_of: None,
        pair: PairMode::InTurn,
    }
}

pub fn batch(jobs: Vec<JobSpec>) -> Batch {
    Batch { id: BatchId::new(), by: operator(), jobs }
}

/// Devices 1 to `n`.
pub async fn register(ledger: &impl Handle, n: u32) {
    let devices: Vec<Device> = (1..=n).map(device).collect();
    ledger.record_devices(&devices, Source::Panorama, Completeness::Complete, &operator()).await.unwrap();
}

/// Queues wishes that must all become jobs.
pub async fn enqueue(ledger: &impl Handle, wishes: Vec<JobSpec>) -> Vec<JobId> {
    let answers = ledger.enqueue(&batch(wishes)).await.unwrap();
    answers.into_iter().map(|(serial, answer)| created(&serial, &answer)).collect()
}

pub fn created(serial: &Serial, answer: &EnqueueAnswer) -> JobId {
    match answer {
        EnqueueAnswer::Created { job } => *job,
        other => panic!("{serial}: expected a new job, found {other:?}"),
    }
}

/// Devices 1 to `n`, each with a job.
pub async fn seed_many(ledger: &impl Handle, n: u32) -> Vec<JobId> {
    register(ledger, n).await;
    enqueue(ledger, (1..=n).map(wish).collect()).await
}

/// Device 1 with a job.
pub async fn seed(ledger: &impl Handle) -> JobId {
    seed_many(ledger, 1).await[0]
}

/// Claims a job that must be there to claim.
pub async fn claim(ledger: &impl Handle, job: JobId, name: &str) -> ClaimedJob {
    match ledger.claim(job, &worker(name), LEASE).await.unwrap() {
        Claim::Claimed(claimed) => *claimed,
        other => panic!("job {job}: expected a claim, found {other:?}"),
    }
}

/// Device 1 with a job that `ann` runs.
pub async fn running(ledger: &impl Handle) -> ClaimedJob {
    let job = seed(ledger).await;
    claim(ledger, job, "ann").await
}

pub async fn view(ledger: &impl Handle, job: JobId) -> JobView {
    ledger.job(job).await.unwrap().unwrap()
}

pub async fn state(ledger: &impl Handle, job: JobId) -> JobState {
    view(ledger, job).await.state
}

/// What a step leaves behind that only says how far it is.
pub fn step(claimed: &ClaimedJob) -> StepRecord {
    let device = &claimed.device.device;
    let mut status = DeviceStatus::untouched(
        device.serial.as_str(),
        &device.hostname,
        device.ha.state(),
        &device.sw_version,
        "2026-11-23T12:00:00Z".parse().unwrap(),
    );
    status.job_id = Some(claimed.lease.job);
    status.upgrade_path = vec!["11.1.0".to_owned(), "11.1.4-h7".to_owned()];
    status.downloaded_versions = vec!["11.1.0".to_owned()];
    status.upgrade_status = UpgradeStatus::Downloading;
    status.current_phase = Phase::Download;
    status.progress = 42;
    status.upgrade_message = "11.1.4-h7 is coming".to_owned();
    StepRecord { status, images: Vec::new(), dropped: Vec::new(), audit: Vec::new(), events: Vec::new() }
}

/// A step with one of everything.
pub fn full_step(claimed: &ClaimedJob) -> StepRecord {
    let sent = serde_json::json!({ "version": "11.1.4-h7", "sent": "<request/>" });
    StepRecord {
        images: vec![
            image("11.1.0", 0, ImageState::Downloaded),
            image("11.1.4-h7", 1, ImageState::Downloading),
        ],
        audit: vec![
            AuditFact::new(AuditAction::DownloadRequested, sent),
            AuditFact::new(AuditAction::DownloadAccepted, serde_json::json!({ "device_job": 41 })),
        ],
        events: vec![
            JobEvent::ImagePresent { version: "11.1.0".to_owned() },
            JobEvent::DownloadStarted { version: "11.1.4-h7".to_owned(), device_job: 41, adopted: false },
        ],
        ..step(claimed)
    }
}

pub fn image(version: &str, position: u32, state: ImageState) -> ImageRecord {
    ImageRecord {
        version: version.parse().unwrap(),
        position,
        rule: "the version that was asked for".to_owned(),
        file_name: Some(format!("PanOS_440-{version}").parse().unwrap()),
        size_bytes: Some(480_000_000),
        state,
        device_job: (state == ImageState::Downloading)
            .then_some(DeviceJobRef { id: 41, booted_at_s: 1_763_000_000 }),
        outcome: None,
    }
}

pub fn retry(after: Duration) -> End {
    End::Retry { kind: FailureKind::Unreachable, message: "no answer".to_owned(), after }
}

pub fn failed() -> End {
    End::Failed { kind: FailureKind::DiskFull, message: "2 GiB are missing".to_owned() }
}

/// The four ends after which nothing moves.
pub fn terminal_ends() -> Vec<(End, JobState)> {
    let skipped = End::Skipped { kind: FailureKind::NoPath, message: "it runs the target".to_owned() };
    vec![
        (End::Completed, JobState::Completed),
        (failed(), JobState::Failed),
        (skipped, JobState::Skipped),
        (End::Cancelled, JobState::Cancelled),
    ]
}

/// Every end there is.
pub fn all_ends() -> Vec<End> {
    let snooze = End::Snooze { message: "busy".to_owned(), after: LEASE };
    let waiting = [retry(LEASE), snooze, End::Released];
    terminal_ends().into_iter().map(|(end, _)| end).chain(waiting).collect()
}

/// Takes everything from the outbox, as a relay with a broker that takes everything.
pub async fn drain(ledger: &impl Handle) -> Vec<OutboxRow> {
    let mut drained = Vec::new();
    loop {
        let taken = take(ledger, 1_000).await;
        if taken.rows.is_empty() {
            return drained;
        }
        let confirmed = taken.rows.iter().map(|row| row.id).collect();
        ledger.settle_outbox(taken.by, &Settlement { confirmed, ..Settlement::default() }).await.unwrap();
        drained.extend(taken.rows);
    }
}

/// Takes rows from the outbox, as a relay.
pub async fn take(ledger: &impl Handle, limit: u32) -> TakenRows {
    ledger.take_outbox(limit, HOLD).await.unwrap()
}

/// What a worker says of itself.
pub fn card(name: &str) -> WorkerCard {
    WorkerCard {
        id: worker(name),
        host: "pod-1".to_owned(),
        version: "1.2.3".to_owned(),
        job_types: vec![JobType::DownloadOnly],
        concurrency: 50,
        draining: false,
    }
}

/// Extends leases, all of one worker.
pub async fn renew(ledger: &impl Handle, held: &[Lease]) -> Vec<Renewal> {
    let name = held.first().map_or("ann", |lease| lease.owner.0.as_str());
    ledger.beat(&card(name), held, LEASE).await.unwrap().renewals
}

/// Number and type of each event among `rows`, in order.
pub fn events(rows: &[OutboxRow]) -> Vec<(i64, String)> {
    let read = |row: &OutboxRow| {
        let envelope: Envelope = serde_json::from_str(&row.body).unwrap();
        assert_eq!(envelope.id.to_string(), row.message_id);
        assert_eq!(envelope.jobid, row.job);
        let name = envelope.event_type.trim_start_matches("panos.job.").trim_end_matches(".v1").to_owned();
        (envelope.jobsequence, name)
    };
    rows.iter().filter(|row| row.kind == OutboxKind::Event).map(read).collect()
}

/// Message ids of the wake-ups among `rows`.
pub fn wake_ups(rows: &[OutboxRow]) -> Vec<&str> {
    rows.iter().filter(|row| row.kind == OutboxKind::WakeUp).map(|row| row.message_id.as_str()).collect()
}

/// The bodies of a chain, in order.
pub async fn chain(ledger: &impl Handle, chain: &str) -> Vec<EntryBody> {
    let filter = TrailFilter { chain: Some(chain.to_owned()), job: None };
    let entries = ledger.entries(&filter, None, 10_000).await.unwrap();
    entries.iter().map(|entry| serde_json::from_slice(&entry.body).unwrap()).collect()
}

/// What was done to device `n`, in order.
pub async fn actions(ledger: &impl Handle, n: u32) -> Vec<AuditAction> {
    chain(ledger, serial(n).as_str()).await.into_iter().map(|body| body.action).collect()
}

/// Whether a time read from the ledger is about now; a minute leaves room for slow machines.
pub fn is_recent(at: Timestamp) -> bool {
    (Timestamp::now().as_second() - at.as_second()).abs() < 60
}
