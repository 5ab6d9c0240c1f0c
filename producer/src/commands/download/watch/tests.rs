//! The picture at several sizes, and what keys do to it.

use common::domain::failure::FailureKind;
use common::domain::hold::{FleetHold, HoldCause};
use common::domain::job::{BatchId, JobId, JobState, JobType, PairMode, Requester};
use common::domain::lease::WorkerId;
use common::domain::path::Goal;
use common::ledger::{AlarmCounts, FleetPicture, JobView, StatusCounts, Throughput, WorkerState, WorkerView};
use jiff::{SignedDuration, Timestamp};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::style::Color;

use super::Left;
use super::draw::draw;
use super::look::Seen;
use super::model::{Colours, Model, Wish};

/// Small, ordinary, wide, and next to nothing.
const SIZES: [(u16, u16); 5] = [(80, 24), (200, 60), (120, 30), (20, 5), (1, 1)];

fn now() -> Timestamp {
    "2026-11-23T14:00:00Z".parse().unwrap()
}

fn by() -> Requester {
    Requester { operator: "ann".to_owned(), host: "desk".to_owned(), reason: None }
}

fn job(id: i64, state: JobState, hostname: &str, message: &str) -> JobView {
    JobView {
        id: JobId(id),
        serial: format!("00{id:04}").parse().unwrap(),
        hostname: hostname.to_owned(),
        job_type: JobType::DownloadOnly,
        goal: Goal::Target("11.1.4-h7".parse().unwrap()),
        batch: BatchId::new(),
        retry_of: None,
        pair: PairMode::InTurn,
        requested_by: by(),
        state,
        attempt: 1,
        max_attempts: 5,
        progress: 42,
        message: message.to_owned(),
        failure_kind: (state == JobState::Failed).then_some(FailureKind::Tls),
        ready_for_install: false,
        worker: Some(WorkerId("ber-17-0a1b2c3d".to_owned())),
        cancel: None,
        due_at: now(),
        created_at: now(),
        started_at: Some(now() - SignedDuration::from_mins(3)),
        ended_at: None,
    }
}

fn worker() -> WorkerView {
    WorkerView {
        id: WorkerId("ber-17-0a1b2c3d".to_owned()),
        host: "ber".to_owned(),
        version: "0.1.0".to_owned(),
        job_types: vec![JobType::DownloadOnly],
        concurrency: 16,
        draining: false,
        started_at: now(),
        seen_at: now() - SignedDuration::from_secs(2),
        state: WorkerState::Working,
        n_running: 12,
        pause: None,
    }
}

/// A fleet of 230 at work, with one hostile device.
fn seen() -> Seen {
    let by_state = [
        (JobState::Available, 88),
        (JobState::Running, 30),
        (JobState::Completed, 110),
        (JobState::Failed, 2),
    ];
    let counts =
        StatusCounts { total: 230, by_state: by_state.into(), ready_for_install: 110, failures: Vec::new() };
    let mut running: Vec<JobView> = (1..30)
        .map(|id| job(id, JobState::Running, &format!("edge-{id}"), "downloading 11.1.4-h7"))
        .collect();
    running.insert(1, job(99, JobState::Running, "\u{1b}[2J<b>東京\u{202e}", &"x\u{7}\u{9b}".repeat(5_000)));
    Seen {
        picture: FleetPicture {
            at: now(),
            counts,
            images: Vec::new(),
            throughput: Throughput {
                ended_last_minute: 12,
                ended_last_10_minutes: 83,
                rate_over_s: 600,
                jobs_left: 118,
                estimated_finish: Some(now() + SignedDuration::from_mins(14)),
            },
            held: None,
            pauses: Vec::new(),
            n_devices: 230,
            alarms: AlarmCounts::default(),
        },
        running,
        failures: vec![job(7, JobState::Failed, "ham-7", "the certificate is not trusted")],
        workers: vec![worker()],
    }
}

fn model(seen: Seen) -> Model {
    let mut model = Model::new(Colours::Shown);
    model.take(Ok(seen), now());
    model
}

fn drawn(model: &Model, (width, height): (u16, u16)) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| draw(frame, model)).unwrap();
    terminal.backend().buffer().clone()
}

fn lines(buffer: &Buffer) -> Vec<String> {
    let width = usize::from(buffer.area.width);
    let rows = buffer.content.chunks(width.max(1));
    rows.map(|row| row.iter().map(ratatui::buffer::Cell::symbol).collect::<String>().trim_end().to_owned())
        .collect()
}

fn key(code: KeyCode) -> KeyEvent {
    KeyEvent::new(code, KeyModifiers::NONE)
}

fn control(letter: char) -> KeyEvent {
    KeyEvent::new(KeyCode::Char(letter), KeyModifiers::CONTROL)
}

#[test]
fn a_small_terminal_has_everything_that_matters() {
    let text = lines(&drawn(&model(seen()), (80, 24))).join("\n");
    for part in [
        "110 of 230 ready for install",
        "done  48 %",
        "available       88  ██",
        "ended: 12 in 1 min, 83 in 10 min; 118 to go, done in about 14 min, at 14:14 UTC",
        "workers: 1 working; 12 of 16 slots in use",
        "RUNNING 30",
        "edge-1              42 downloading 11.1.4-h7",
        "3 min",
        "ham-7  tls  the certificate is not trusted",
        FailureKind::Tls.remedy().get(..40).unwrap(),
        "q leaves",
    ] {
        assert!(text.contains(part), "no {part:?} in\n{text}");
    }
}

#[test]
fn a_wide_terminal_lists_the_workers_beside_the_states_and_every_running_device() {
    let text = lines(&drawn(&model(seen()), (200, 60))).join("\n");
    for part in ["WORKER", "ber-17-0a1b2c3d", "12/16", "2 s ago", "edge-29"] {
        assert!(text.contains(part), "no {part:?} in\n{text}");
    }
}

#[test]
fn what_devices_say_cannot_write_on_the_terminal_at_any_size() {
    for size in SIZES {
        let buffer = drawn(&model(seen()), size);
        assert!(buffer.content.iter().all(|cell| !cell.symbol().chars().any(char::is_control)), "{size:?}");
        assert!(buffer.content.iter().all(|cell| !cell.symbol().contains('\u{202e}')), "{size:?}");
    }
    let text = lines(&drawn(&model(seen()), (200, 60))).join("\n");
    assert!(text.contains("\\u{1b}[2J<b>東"), "{text}");
    assert!(text.contains("x\\u{7}\\u{9b}x"), "{text}");
}

#[test]
fn an_outage_keeps_the_last_picture_and_says_that_it_is_old() {
    let mut model = model(seen());
    model.take(Err("the ledger at postgres://db is not reachable".to_owned()), now());
    model.take(Err("still not".to_owned()), now() + SignedDuration::from_mins(5));
    let text = lines(&drawn(&model, (80, 24))).join("\n");
    assert!(text.contains("THE LEDGER DOES NOT ANSWER since 2026-11-23T14:00:00Z"), "{text}");
    assert!(text.contains("110 of 230"), "{text}");
    model.take(Ok(seen()), now());
    assert!(!lines(&drawn(&model, (80, 24))).join("\n").contains("NOT ANSWER"));
    let mut unseen = Model::new(Colours::Shown);
    unseen.take(Err("refused".to_owned()), now());
    assert!(lines(&drawn(&unseen, (80, 24))).join("\n").contains("the ledger does not answer: refused"));
}

#[test]
fn holds_and_alarms_stand_above_everything() {
    let mut seen = seen();
    let cause = HoldCause::Credentials;
    seen.picture.held =
        Some(FleetHold { cause, reason: "3 log-ins were refused".to_owned(), since: now(), by: None });
    seen.picture.alarms = AlarmCounts { open_mismatches: 2, disputes: 1, dead_letters: 4 };
    for size in [(80, 24), (200, 60)] {
        let lines = lines(&drawn(&model(seen.clone()), size));
        assert!(lines[1].contains("THE FLEET IS HELD: 3 log-ins were refused"), "{lines:?}");
        assert!(lines[2].contains("ALARM: 2 hash mismatches"), "{lines:?}");
        assert!(lines[4].contains("dead letters"), "{lines:?}");
        assert!(lines.last().unwrap().starts_with("q leaves"), "{lines:?}");
    }
}

#[test]
fn without_colours_the_picture_says_the_same() {
    let plain = Model { colours: Colours::None, ..model(seen()) };
    let (without, with) = (drawn(&plain, (80, 24)), drawn(&model(seen()), (80, 24)));
    assert!(without.content.iter().all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset));
    assert!(with.content.iter().any(|cell| cell.fg != Color::Reset));
    assert_eq!(lines(&without), lines(&with));
}

#[test]
fn keys_scroll_within_what_runs_hide_failures_and_leave() {
    let mut model = model(seen());
    assert_eq!(model.key(key(KeyCode::Up)), Wish::Stay);
    assert_eq!(model.scrolled, 0);
    for (code, scrolled) in [
        (KeyCode::Down, 1),
        (KeyCode::PageDown, 11),
        (KeyCode::End, 29),
        (KeyCode::PageDown, 29),
        (KeyCode::PageUp, 19),
    ] {
        model.key(key(code));
        assert_eq!(model.scrolled, scrolled, "{code:?}");
    }
    let text = lines(&drawn(&model, (80, 24))).join("\n");
    assert!(text.contains("RUNNING 20/30") && !text.contains("edge-2 "), "{text}");
    let mut fewer = seen();
    fewer.running.truncate(3);
    model.take(Ok(fewer), now());
    assert_eq!(model.scrolled, 2, "fewer run than it was scrolled by");

    model.key(key(KeyCode::Char('f')));
    assert!(!lines(&drawn(&model, (80, 24))).join("\n").contains("LAST FAILURES"));
    assert_eq!(model.key(key(KeyCode::Char('q'))), Wish::Leave(Left::Asked));
    assert_eq!(model.key(key(KeyCode::Esc)), Wish::Leave(Left::Asked));
    assert_eq!(model.key(control('c')), Wish::Leave(Left::Interrupted));
    assert_eq!(model.key(control('z')), Wish::Suspend);
}

#[test]
fn it_is_over_when_an_answer_says_that_nothing_waits_or_runs() {
    let mut model = Model::new(Colours::Shown);
    assert!(!model.is_idle(), "nothing was seen yet");
    model.take(Ok(seen()), now());
    assert!(!model.is_idle());
    let mut done = seen();
    done.picture.counts.by_state = [(JobState::Completed, 230)].into();
    model.take(Ok(done), now());
    assert!(model.is_idle());
    model.take(Err("away".to_owned()), now());
    assert!(!model.is_idle(), "it may have changed since");
}
