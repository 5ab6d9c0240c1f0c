//! Values for pages; every word that comes from outside is the caller's. Serials are invented.

use common::audit::{Actor, AuditAction, EntryBody, EntryHash, StoredEntry};
use common::domain::device::{Device, Ha, Serial, Source};
use common::domain::failure::FailureKind;
use common::domain::hash::{Evidence, HashOutcome, Sha256Hex};
use common::domain::hold::{FleetHold, HoldCause, Pause, PauseScope};
use common::domain::job::{BatchId, JobId, JobState, JobType, PairMode, Requester};
use common::domain::lease::WorkerId;
use common::domain::path::Goal;
use common::domain::status::{DeviceStatus, DiskCheck, Phase, StatusError};
use common::ledger::{
    AlarmCounts, AttemptView, Bucket, CancelRequest, DevicePage, DeviceRecord, DeviceRow, FailureCount,
    FleetPicture, ImageCount, ImageState, ImageView, JobView, StatusCounts, Throughput, WorkerState,
    WorkerView,
};
use jiff::Timestamp;

use super::super::device::DeviceView;
use super::super::layout::Made;
use crate::state::{Picture, RecentEvent};

/// What somebody may write into a hostname, a reason or an answer.
pub(super) const HOSTILE: [&str; 9] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    "</title></textarea></svg><b>",
    "fw\u{0}\u{1b}[2J\u{7f}\u{9b}31m",
    "\u{202e}gpj.exe\u{2066}\u{200f}\u{61c}",
    "javascript:alert(1)",
    "&lt;b&gt; &amp; &#60;",
    "line\r\nline\ttab",
];

pub(super) fn ten_kilobytes() -> String {
    "q".repeat(10_000)
}

pub(super) fn made() -> Made {
    Made { revision: 7, at: at(0), is_fresh: true }
}

fn at(minutes: i64) -> Timestamp {
    Timestamp::from_second(1_795_000_000 + minutes * 60).unwrap()
}

fn serial() -> Serial {
    "007900000001".parse().unwrap()
}

fn by(words: &str) -> Requester {
    Requester { operator: words.to_owned(), host: words.to_owned(), reason: Some(words.to_owned()) }
}

pub(super) fn picture(words: &str) -> Picture {
    let by_state = JobState::ALL.into_iter().zip((1..).map(|n| n * 1_000)).collect();
    let failures =
        vec![FailureCount { kind: FailureKind::DiskFull, count: 3, remedy: FailureKind::DiskFull.remedy() }];
    let counts =
        StatusCounts { total: 28_000, by_state, ready_for_install: 3_900, failures: failures.clone() };
    let image = ImageCount {
        version: "11.1.4-h7".to_owned(),
        wanted: 9,
        running: 1,
        present: 5,
        verified: 4,
        mismatch: 1,
    };
    let hostile = ImageCount { version: words.to_owned(), ..image.clone() };
    let hold = FleetHold {
        cause: HoldCause::Credentials,
        reason: words.to_owned(),
        since: at(-9),
        by: Some(by(words)),
    };
    let pause = |scope| Pause { scope, reason: words.to_owned(), since: at(-5), by: by(words) };
    let fleet = FleetPicture {
        at: at(0),
        counts,
        images: vec![image, hostile],
        throughput: Throughput {
            ended_last_minute: 12,
            ended_last_10_minutes: 97,
            rate_over_s: 600,
            jobs_left: 6_000,
            estimated_finish: Some(at(600)),
        },
        held: Some(hold),
        pauses: vec![
            pause(PauseScope::Queue(JobType::DownloadOnly)),
            pause(PauseScope::Worker(WorkerId(words.to_owned()))),
        ],
        n_devices: 28_000,
        alarms: AlarmCounts { open_mismatches: 1, disputes: 2, dead_letters: 3 },
    };
    let event = RecentEvent {
        at: at(-1),
        serial: words.to_owned(),
        job: JobId(7),
        event: words.to_owned(),
        text: words.to_owned(),
    };
    Picture {
        revision: 7,
        fleet,
        chart: (0..60)
            .map(|minute| Bucket { from: at(minute - 60), completed: 5, not_completed: 1 })
            .collect(),
        workers: vec![worker(words, WorkerState::Working), worker("w-2", WorkerState::Silent)],
        running: vec![job(words, JobState::Running)],
        exceptions: failures,
        recent: vec![event],
        ledger_ok: true,
        feed_ok: true,
    }
}

fn worker(words: &str, state: WorkerState) -> WorkerView {
    let id = WorkerId(words.to_owned());
    WorkerView {
        id: id.clone(),
        host: words.to_owned(),
        version: words.to_owned(),
        job_types: vec![JobType::DownloadOnly],
        concurrency: 50,
        draining: false,
        started_at: at(-90),
        seen_at: at(0),
        state,
        n_running: 1,
        pause: Some(Pause {
            scope: PauseScope::Worker(id),
            reason: words.to_owned(),
            since: at(-5),
            by: by(words),
        }),
    }
}

fn job(words: &str, state: JobState) -> JobView {
    JobView {
        id: JobId(7),
        serial: serial(),
        hostname: words.to_owned(),
        job_type: JobType::DownloadOnly,
        goal: Goal::Target("11.1.4-h7".parse().unwrap()),
        batch: BatchId::new(),
        retry_of: Some(JobId(3)),
        pair: PairMode::InTurn,
        requested_by: by(words),
        state,
        attempt: 2,
        max_attempts: 3,
        progress: 42,
        message: words.to_owned(),
        failure_kind: Some(FailureKind::DiskFull),
        ready_for_install: true,
        worker: Some(WorkerId(words.to_owned())),
        cancel: Some(CancelRequest { by: by(words), at: at(-1) }),
        due_at: at(-60),
        created_at: at(-60),
        started_at: Some(at(-30)),
        ended_at: Some(at(-1)),
    }
}

/// Page two of four, with one row.
pub(super) fn devices(words: &str) -> DevicePage {
    let row = DeviceRow {
        serial: serial(),
        hostname: words.to_owned(),
        model: words.to_owned(),
        address: Some(words.to_owned()),
        sw_version: words.to_owned(),
        job_id: Some(JobId(7)),
        state: Some(JobState::Failed),
        progress: 42,
        message: words.to_owned(),
        failure_kind: Some(FailureKind::DiskFull),
        ready_for_install: true,
        worker: Some(WorkerId(words.to_owned())),
        updated_at: Some(at(-1)),
    };
    DevicePage { total: 350, page: 2, per_page: 100, rows: vec![row] }
}

pub(super) fn device(words: &str) -> DeviceView {
    let device = Device {
        serial: serial(),
        hostname: words.to_owned(),
        address: Some(words.to_owned()),
        model: words.to_owned(),
        sw_version: words.to_owned(),
        ha: Ha::Member { state: words.to_owned(), peer: Some("007900000002".parse().unwrap()) },
        multi_vsys: true,
        connected: true,
        source: Source::Panorama,
    };
    let record = DeviceRecord {
        device,
        first_seen_at: at(-900),
        last_seen_at: at(-9),
        gone_at: Some(at(-1)),
        address_override: Some(words.to_owned()),
    };
    DeviceView {
        device: record,
        status: Some(status(words)),
        jobs: vec![job(words, JobState::Failed), job(words, JobState::Running)],
        images: images(words),
        attempts: vec![AttemptView {
            attempt: 2,
            worker: WorkerId(words.to_owned()),
            started_at: at(-1),
            ended_at: Some(at(0)),
            ending: Some(words.to_owned()),
            kind: Some(FailureKind::DiskFull),
            message: Some(words.to_owned()),
        }],
        entries: entries(words),
        verdict: super::super::device::whole_chain(2),
    }
}

fn status(words: &str) -> DeviceStatus {
    let mut status = DeviceStatus::untouched("007900000001", words, words, words, at(-9));
    status.starting_version = words.to_owned();
    status.upgrade_path = vec![words.to_owned()];
    status.version_hashes.insert("11.1.0".to_owned(), words.to_owned());
    let disk =
        DiskCheck { mount: words.to_owned(), available_gb: 1.5, required_gb: 2.5, check_passed: false };
    status.disk_space = Some(disk);
    status.push_error(StatusError {
        timestamp: at(-1),
        phase: Phase::Download,
        kind: FailureKind::DiskFull,
        message: words.to_owned(),
    });
    status
}

fn images(words: &str) -> Vec<ImageView> {
    let image = |version: &str, state, outcome| ImageView {
        version: version.parse().unwrap(),
        position: 0,
        rule: words.to_owned(),
        file_name: None,
        size_bytes: Some(480_000_000),
        state,
        device_job: None,
        outcome,
    };
    let evidence = Evidence::DeviceReported;
    let (expected, found) = (Sha256Hex::of(b"trusted"), Sha256Hex::of(b"found"));
    vec![
        image("11.1.0", ImageState::AlreadyPresent, Some(HashOutcome::Verified { evidence })),
        image("11.1.2", ImageState::Downloaded, Some(HashOutcome::NotReported)),
        image(
            "11.1.3",
            ImageState::Downloaded,
            Some(HashOutcome::NoReference { found: found.clone(), evidence }),
        ),
        image("11.1.4-h7", ImageState::Downloaded, Some(HashOutcome::Mismatch { expected, found, evidence })),
        image("11.1.5", ImageState::Downloading, None),
    ]
}

/// One that can be read and one that cannot.
fn entries(words: &str) -> Vec<StoredEntry> {
    let body = EntryBody {
        v: 1,
        at: at(-3),
        actor: Actor::Operator(by(words)),
        action: AuditAction::JobQueued,
        job: Some(JobId(7)),
        detail: serde_json::json!({ "said": words, words: [words, 1, null] }),
    };
    let entry = |seq, body: Vec<u8>| StoredEntry {
        chain: "007900000001".to_owned(),
        seq,
        at: at(seq - 4),
        job: Some(JobId(7)),
        body,
        prev: EntryHash([1; 32]),
        hash: EntryHash([2; 32]),
    };
    vec![entry(1, serde_json::to_vec(&body).unwrap()), entry(2, words.as_bytes().to_vec())]
}
