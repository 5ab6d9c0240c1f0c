//! What follows from an end, whatever the database.

use std::time::Duration;

use uuid::Uuid;

use super::*;
use crate::broker::WakeUp;
use crate::domain::attempt::MAX_LOST_LEASES;
use crate::domain::failure::FailureKind;
use crate::domain::job::{BatchId, JobId, JobType};
use crate::domain::lease::WorkerId;
use crate::domain::status::{DeviceStatus, Phase, UpgradeStatus};
use crate::events::JobContext;
use crate::ledger::{End, OutboxKind, StepRecord};

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn running() -> HeldJob {
    HeldJob {
        context: JobContext {
            job: JobId(7),
            job_type: JobType::DownloadOnly,
            serial: "007900000100112".parse().unwrap(),
            batch: BatchId(Uuid::nil()),
            attempt: 2,
        },
        state: JobState::Running,
        max_attempts: 3,
        n_snoozes: 1,
        n_lost_leases: 3,
        dispatch_no: 4,
        event_seq: 9,
        progress: 40,
        failure_kind: Some(FailureKind::Unreachable),
        cancel: None,
        status: None,
        traceparent: None,
    }
}

fn step() -> StepRecord {
    let mut status = DeviceStatus::untouched("007900000100112", "edge-1", "standalone", "10.2.9", NOW);
    status.upgrade_status = UpgradeStatus::Downloading;
    status.current_phase = Phase::Download;
    status.ready_for_install = true;
    status.progress = 60;
    StepRecord { status, images: Vec::new(), dropped: Vec::new(), audit: Vec::new(), events: Vec::new() }
}

fn worker() -> WorkerId {
    WorkerId("w-1".to_owned())
}

fn cancel() -> CancelRequest {
    let by = Requester { operator: "ann".into(), host: "shell-1".into(), reason: Some("CHG-1".into()) };
    CancelRequest { by, at: NOW }
}

fn every_end() -> Vec<End> {
    let (kind, message, after) = (FailureKind::DiskFull, "no room".to_owned(), Duration::from_secs(15));
    vec![
        End::Completed,
        End::Failed { kind, message: message.clone() },
        End::Skipped { kind, message: message.clone() },
        End::Cancelled,
        End::Retry { kind, message: message.clone(), after },
        End::Snooze { message, after },
        End::Released,
    ]
}

#[test]
fn the_document_agrees_with_every_end() {
    for end in every_end() {
        let ending = ended(&running(), &worker(), &end, &step(), NOW).unwrap();
        let status = ending.status.unwrap();
        assert_eq!(Some(status.upgrade_status), UpgradeStatus::of(ending.state), "{end:?}");
        assert_eq!(status.current_phase == Phase::Complete, ending.state.is_terminal(), "{end:?}");
        assert_eq!(status.ready_for_install, ending.state == JobState::Completed, "{end:?}");
        assert_eq!(status.ready_for_install, ending.ready_for_install, "{end:?}");
        assert_eq!(status.skip_reason.is_some(), ending.state == JobState::Skipped, "{end:?}");
        assert_eq!(status.upgrade_message, ending.message, "{end:?}");
        assert_eq!(status.progress, ending.progress, "{end:?}");
    }
}

#[test]
fn only_what_is_not_the_devices_fault_gives_the_attempt_back() {
    let charged: Vec<u32> = every_end()
        .iter()
        .map(|end| ended(&running(), &worker(), end, &step(), NOW).unwrap().attempt)
        .collect();
    assert_eq!(charged, [2, 2, 2, 2, 2, 1, 1]);
    let lost = lost(&running(), &worker(), false, NOW).unwrap();
    assert_eq!((lost.attempt, lost.n_lost_leases, lost.state), (1, 4, JobState::Available));
}

#[test]
fn exactly_jobs_that_are_due_at_once_are_woken() {
    for end in every_end() {
        let ending = ended(&running(), &worker(), &end, &step(), NOW).unwrap();
        let wake_ups: Vec<_> = ending.messages.iter().filter(|row| row.kind == OutboxKind::WakeUp).collect();
        if ending.state == JobState::Available {
            assert_eq!(wake_ups[0].message_id, "7:5");
            assert_eq!(WakeUp::parse(wake_ups[0].body.as_bytes()).unwrap().attempt, ending.attempt + 1);
        } else {
            assert!(wake_ups.is_empty(), "{end:?}");
            assert_eq!(ending.dispatch_no, 4, "{end:?}");
        }
    }
}

#[test]
fn a_wish_to_stop_wins_over_every_way_of_waiting_on() {
    let asked = HeldJob { cancel: Some(cancel()), ..running() };
    for end in every_end() {
        let with = ended(&asked, &worker(), &end, &step(), NOW).unwrap().state;
        let without = ended(&running(), &worker(), &end, &step(), NOW).unwrap().state;
        let expected = if without.is_terminal() { without } else { JobState::Cancelled };
        assert_eq!(with, expected, "{end:?}");
    }
    let lost = lost(&asked, &worker(), false, NOW).unwrap();
    assert_eq!((lost.state, lost.attempt_ending.unwrap().word), (JobState::Cancelled, "lease_lost"));
}

#[test]
fn a_job_that_loses_too_many_leases_fails() {
    let at = |n_lost_leases| lost(&HeldJob { n_lost_leases, ..running() }, &worker(), false, NOW).unwrap();
    assert_eq!(at(MAX_LOST_LEASES - 1).state, JobState::Available);
    let failed = at(MAX_LOST_LEASES);
    assert_eq!((failed.state, failed.failure_kind), (JobState::Failed, Some(FailureKind::WorkerLost)));
}

#[test]
fn the_last_failure_is_kept_until_something_succeeds() {
    let kinds: Vec<Option<FailureKind>> = every_end()
        .iter()
        .map(|end| ended(&running(), &worker(), end, &step(), NOW).unwrap().failure_kind)
        .collect();
    let (new, old) = (Some(FailureKind::DiskFull), Some(FailureKind::Unreachable));
    assert_eq!(kinds, [None, new, new, old, new, old, old]);
}

#[test]
fn a_retry_after_the_last_attempt_is_a_failure() {
    let end = End::Retry {
        kind: FailureKind::DiskFull,
        message: "no room".to_owned(),
        after: Duration::from_secs(15),
    };
    let at = |attempt| {
        let context = JobContext { attempt, ..running().context };
        ended(&HeldJob { context, ..running() }, &worker(), &end, &step(), NOW).unwrap()
    };
    assert_eq!((at(2).state, at(2).attempt_ending.unwrap().word), (JobState::Scheduled, "retry"));
    for attempt in [3, 4] {
        let ending = at(attempt);
        assert_eq!((ending.state, ending.due_after), (JobState::Failed, None));
        assert_eq!((ending.failure_kind, ending.message.as_str()), (Some(FailureKind::DiskFull), "no room"));
        assert_eq!(ending.attempt_ending.unwrap().word, "failed");
    }
}

#[test]
fn what_is_lost_while_the_fleet_is_held_has_no_wake_up() {
    let lost = lost(&running(), &worker(), true, NOW).unwrap();
    assert_eq!((lost.state, lost.held_up, lost.dispatch_no), (JobState::Available, true, 4));
    assert!(lost.messages.iter().all(|row| row.kind == OutboxKind::Event));
    let asked = HeldJob { cancel: Some(cancel()), ..running() };
    let cancelled = super::lost(&asked, &worker(), true, NOW).unwrap();
    assert_eq!((cancelled.state, cancelled.held_up), (JobState::Cancelled, false));
}

#[test]
fn refusals_in_a_row_hold_the_fleet_once() {
    let serial: Serial = "007900000100112".parse().unwrap();
    let mut row = FleetRow::default();
    for n in 1..=30 {
        let refused = row.clone().refused(&serial, 20);
        assert_eq!((refused.in_row, refused.trips.is_some()), (n, n >= 20));
        assert!(refused.last.len() <= 10, "{refused:?}");
        row = FleetRow { refused_in_row: refused.in_row, refused_last: refused.last, hold: None };
    }
    assert!(row.clone().refused(&serial, 0).trips.is_none(), "zero never holds");
    let held = FleetHold {
        cause: crate::domain::hold::HoldCause::Operator,
        reason: "window".to_owned(),
        since: NOW,
        by: None,
    };
    assert!(FleetRow { hold: Some(held), ..row }.refused(&serial, 20).trips.is_none());
}

#[test]
fn an_end_of_a_job_that_does_not_run_is_refused() {
    for state in JobState::ALL.into_iter().filter(|state| *state != JobState::Running) {
        let job = HeldJob { state, ..running() };
        assert!(ended(&job, &worker(), &End::Completed, &step(), NOW).is_err(), "{state}");
    }
}
