//! What a worker's step leaves behind: all of it, or nothing.

use std::time::Duration;

use common::audit::{Actor, AuditAction};
use common::domain::failure::FailureKind;
use common::domain::hash::{Evidence, HashOutcome, Sha256Hex};
use common::domain::job::JobState;
use common::domain::lease::{Lease, LeaseToken};
use common::ledger::{End, ImageRecord, ImageState, LedgerError, StepRecord};

use crate::bench::Bench;
use crate::fixtures::*;

on_every_ledger![
    a_step_is_written_with_all_that_it_tells,
    a_step_replaces_only_the_images_that_it_names,
    an_image_is_read_back_as_it_was_written,
    a_step_that_fails_in_the_middle_leaves_nothing,
    the_last_failure_is_kept_until_a_step_succeeds,
    steps_of_many_jobs_at_once_are_all_written,
    an_image_that_left_the_path_is_dropped_unless_it_was_asked_for,
    events_are_numbered_without_gaps_whoever_writes_at_once,
    a_relay_that_dies_leaves_no_gap,
];

async fn a_step_is_written_with_all_that_it_tells(ledger: &Bench) {
    let claimed = running(ledger).await;
    let job = claimed.lease.job;
    drain(ledger).await;
    let mut step = full_step(&claimed);
    step.status.ready_for_install = true;
    ledger.record(&claimed.lease, &step).await.unwrap();

    let view = view(ledger, job).await;
    assert_eq!(
        (view.state, view.progress, view.message),
        (JobState::Running, 42, "11.1.4-h7 is coming".to_owned())
    );
    assert!(view.ready_for_install);
    assert_eq!(ledger.status(&serial(1)).await.unwrap(), Some(step.status));
    assert_eq!(ledger.images(job).await.unwrap(), step.images);

    let entries = chain(ledger, serial(1).as_str()).await;
    let [.., asked, accepted] = &entries[..] else { panic!("{entries:?}") };
    assert_eq!(
        (asked.action, accepted.action),
        (AuditAction::DownloadRequested, AuditAction::DownloadAccepted)
    );
    assert_eq!((&asked.actor, asked.job), (&Actor::Worker { id: worker("ann") }, Some(job)));
    assert_eq!(asked.detail, step.audit[0].detail);
    let told = events(&drain(ledger).await);
    assert_eq!(told, [(3, "image_present".to_owned()), (4, "download_started".to_owned())]);
}

async fn a_step_replaces_only_the_images_that_it_names(ledger: &Bench) {
    let claimed = running(ledger).await;
    let step = full_step(&claimed);
    ledger.record(&claimed.lease, &step).await.unwrap();
    let arrived = image("11.1.4-h7", 1, ImageState::Downloaded);
    let later = StepRecord { images: vec![arrived.clone()], ..full_step(&claimed) };
    ledger.record(&claimed.lease, &later).await.unwrap();
    let images = ledger.images(claimed.lease.job).await.unwrap();
    assert_eq!(images, [step.images[0].clone(), arrived]);
}

async fn an_image_is_read_back_as_it_was_written(ledger: &Bench) {
    let claimed = running(ledger).await;
    let (a, b) = (Sha256Hex::of(b"a"), Sha256Hex::of(b"b"));
    let (evidence, found) = (Evidence::DeviceReported, a.clone());
    let outcomes = [
        None,
        Some(HashOutcome::Verified { evidence: Evidence::ComputedFromBytes }),
        Some(HashOutcome::Mismatch { expected: b, found: a, evidence }),
        Some(HashOutcome::NotReported),
        Some(HashOutcome::NoReference { found, evidence }),
    ];
    let versions = ["10.2.0", "10.2.9-h1", "11.0.0", "11.1.0", "11.1.4-h7"];
    let mut images: Vec<ImageRecord> = versions
        .into_iter()
        .zip(0..)
        .zip(ImageState::ALL)
        .zip(outcomes)
        .map(|(((version, position), state), outcome)| ImageRecord {
            outcome,
            ..image(version, position, state)
        })
        .collect();
    images[0].file_name = None;
    images[0].size_bytes = None;
    ledger.record(&claimed.lease, &StepRecord { images: images.clone(), ..step(&claimed) }).await.unwrap();
    assert_eq!(ledger.images(claimed.lease.job).await.unwrap(), images);
}

/// An entry that somebody slipped in behind the head makes the append fail after the job was changed.
async fn a_step_that_fails_in_the_middle_leaves_nothing(ledger: &Bench) {
    let claimed = running(ledger).await;
    let job = claimed.lease.job;
    let slip_in = format!(
        "INSERT INTO audit (chain, seq, job_id, body, prev, hash)
         SELECT chain, seq + 1, job_id, body, prev, hash FROM audit WHERE chain = '{}' AND seq = 2",
        serial(1)
    );
    ledger.sql(&slip_in).await.unwrap();
    drain(ledger).await;
    let before = view(ledger, job).await;
    let answer = ledger.record(&claimed.lease, &full_step(&claimed)).await;
    assert!(matches!(answer, Err(LedgerError::Store { .. })), "{answer:?}");
    assert_eq!(view(ledger, job).await, before);
    assert_eq!(ledger.status(&serial(1)).await.unwrap(), None);
    assert!(ledger.images(job).await.unwrap().is_empty());
    assert!(drain(ledger).await.is_empty());
}

async fn the_last_failure_is_kept_until_a_step_succeeds(ledger: &Bench) {
    let claimed = running(ledger).await;
    let job = claimed.lease.job;
    ledger.end(&claimed.lease, &retry(Duration::ZERO), &step(&claimed)).await.unwrap();
    ledger.promote_due(10).await.unwrap();
    let claimed = claim(ledger, job, "ann").await;
    assert_eq!(view(ledger, job).await.failure_kind, Some(FailureKind::Unreachable));
    ledger.record(&claimed.lease, &step(&claimed)).await.unwrap();
    assert_eq!(view(ledger, job).await.failure_kind, None);
}

async fn steps_of_many_jobs_at_once_are_all_written(ledger: &Bench) {
    let jobs = seed_many(ledger, 30).await;
    let mut claimed = Vec::new();
    for job in jobs {
        claimed.push(claim(ledger, job, "ann").await);
    }
    for _ in 0..3 {
        let steps: Vec<_> = claimed.iter().map(full_step).collect();
        let writes = claimed.iter().zip(&steps).map(|(claimed, step)| ledger.record(&claimed.lease, step));
        let answers = futures_util::future::join_all(writes).await;
        answers.into_iter().for_each(Result::unwrap);
    }
    for n in 1..=30 {
        assert_eq!(actions(ledger, n).await.len(), 2 + 3 * 2);
    }
    let rows = drain(ledger).await;
    for claimed in &claimed {
        let of_job: Vec<_> = rows.iter().filter(|row| row.job == claimed.lease.job).cloned().collect();
        let numbers: Vec<i64> = events(&of_job).into_iter().map(|(number, _)| number).collect();
        assert_eq!(numbers, (1..=8).collect::<Vec<_>>());
    }
}

async fn an_image_that_left_the_path_is_dropped_unless_it_was_asked_for(ledger: &Bench) {
    let claimed = running(ledger).await;
    let states = [
        ImageState::Missing,
        ImageState::Missing,
        ImageState::Requested,
        ImageState::Downloading,
        ImageState::Downloaded,
        ImageState::AlreadyPresent,
    ];
    let images: Vec<ImageRecord> =
        (0..).zip(states).map(|(n, state)| image(&format!("11.1.{n}"), n, state)).collect();
    ledger.record(&claimed.lease, &StepRecord { images: images.clone(), ..step(&claimed) }).await.unwrap();
    let dropped = images[1..].iter().map(|image| image.version).collect();
    let added = image("11.1.9", 9, ImageState::Missing);
    let replanned = StepRecord { images: vec![added.clone()], dropped, ..step(&claimed) };
    ledger.record(&claimed.lease, &replanned).await.unwrap();
    let mut kept = images;
    kept.remove(1);
    kept.push(added);
    assert_eq!(ledger.images(claimed.lease.job).await.unwrap(), kept);
}

/// A worker writes steps while its job is asked to stop, its lease is renewed, and a relay takes what is there.
async fn events_are_numbered_without_gaps_whoever_writes_at_once(ledger: &Bench) {
    let claimed = running(ledger).await;
    let job = claimed.lease.job;
    let other = ledger.another().await;
    let stale = Lease { token: LeaseToken(0), ..claimed.lease.clone() };
    let steps = async {
        for _ in 0..15 {
            ledger.record(&claimed.lease, &full_step(&claimed)).await.unwrap();
        }
    };
    let strangers = async {
        for n in 0..15 {
            let answer = other.record(&stale, &full_step(&claimed)).await;
            assert!(matches!(answer, Err(LedgerError::LeaseLost { .. })), "{answer:?}");
            if n == 5 {
                other.cancel(job, &operator()).await.unwrap();
            }
            assert_eq!(renew(&other, std::slice::from_ref(&claimed.lease)).await.len(), 1);
        }
    };
    let relay = async {
        let mut published = Vec::new();
        for _ in 0..15 {
            published.extend(drain(&other).await);
        }
        published
    };
    let ((), (), mut published) = tokio::join!(steps, strangers, relay);
    ledger.end(&claimed.lease, &End::Cancelled, &step(&claimed)).await.unwrap();
    published.extend(drain(ledger).await);
    let numbers: Vec<i64> = events(&published).into_iter().map(|(number, _)| number).collect();
    // Queued, started, two of each step, the wish to stop, the end.
    assert_eq!(numbers, (1..=34).collect::<Vec<_>>());
}

/// Between the step and the broker's answer; what was told is told again, and nothing is missing.
async fn a_relay_that_dies_leaves_no_gap(ledger: &Bench) {
    let claimed = running(ledger).await;
    ledger.record(&claimed.lease, &full_step(&claimed)).await.unwrap();
    let mut published = take(ledger, 3).await.rows;
    ledger.elapse(2 * HOLD).await;
    ledger.record(&claimed.lease, &full_step(&claimed)).await.unwrap();
    published.extend(drain(&ledger.another().await).await);
    let mut numbers: Vec<i64> = events(&published).into_iter().map(|(number, _)| number).collect();
    assert_eq!(numbers.len(), 8, "two of them twice: {numbers:?}");
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6]);
}
