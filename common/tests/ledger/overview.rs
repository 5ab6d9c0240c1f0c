//! The fleet at a glance: aggregates and charts here, pages of devices in `pages`.

mod measure;
mod pages;

use std::time::Duration;

use common::domain::failure::FailureKind;
use common::domain::hash::{Evidence, HashOutcome};
use common::domain::job::{JobId, JobState};
use common::ledger::{DeviceQuery, End, ImageCount, ImageRecord, ImageState, MAX_BUCKETS, StepRecord};
use jiff::{SignedDuration, Timestamp};

use crate::bench::Bench;
use crate::fixtures::*;

on_every_ledger![
    an_empty_ledger_has_a_picture,
    a_picture_counts_the_newest_job_of_each_device,
    an_image_is_counted_by_how_far_it_is,
    throughput_is_of_the_last_minutes,
    alarms_are_what_waits_for_a_person,
    a_picture_shows_the_hold_and_the_pauses,
    a_chart_has_every_stretch_and_what_ended_in_it,
];

async fn finish(ledger: &Bench, job: JobId, end: &End) {
    let claimed = claim(ledger, job, "ann").await;
    ledger.end(&claimed.lease, end, &step(&claimed)).await.unwrap();
}

async fn an_empty_ledger_has_a_picture(ledger: &Bench) {
    let picture = ledger.fleet_picture().await.unwrap();
    assert!(is_recent(picture.at));
    assert_eq!((picture.counts.total, picture.n_devices), (0, 0));
    assert_eq!(picture.counts.by_state.len(), JobState::ALL.len());
    assert!(picture.images.is_empty() && picture.held.is_none() && picture.pauses.is_empty());
    assert_eq!(picture.throughput.estimated_finish, None);
    assert_eq!(ledger.device_page(&DeviceQuery::default()).await.unwrap().total, 0);
}

async fn a_picture_counts_the_newest_job_of_each_device(ledger: &Bench) {
    let jobs = seed_many(ledger, 3).await;
    finish(ledger, jobs[0], &failed()).await;
    finish(ledger, jobs[1], &failed()).await;
    enqueue(ledger, vec![wish(1)]).await;
    register(ledger, 5).await;
    finish(ledger, jobs[2], &End::Completed).await;
    ledger.remove_device(&serial(3), &operator()).await.unwrap();

    let picture = ledger.fleet_picture().await.unwrap();
    assert_eq!(picture.counts, ledger.counts(None).await.unwrap(), "as `Query` counts");
    assert_eq!((picture.counts.total, picture.n_devices), (2, 4), "two never had a job");
    assert_eq!(picture.counts.by_state[&JobState::Available], 1);
    assert_eq!(picture.counts.by_state[&JobState::Completed], 0, "it left");
    assert_eq!(picture.counts.failures.len(), 1);
    assert_eq!(
        (picture.counts.failures[0].kind, picture.counts.failures[0].count),
        (FailureKind::DiskFull, 1)
    );
}

fn with_outcome(image: ImageRecord, outcome: HashOutcome) -> ImageRecord {
    ImageRecord { outcome: Some(outcome), ..image }
}

async fn an_image_is_counted_by_how_far_it_is(ledger: &Bench) {
    let hash = |letter: &str| letter.repeat(64).parse().unwrap();
    let evidence = Evidence::DeviceReported;
    let jobs = seed_many(ledger, 5).await;
    let present = || image("11.1.4", 1, ImageState::Downloaded);
    let mismatch = HashOutcome::Mismatch { expected: hash("a"), found: hash("b"), evidence };
    let images = [
        image("11.1.4", 1, ImageState::Missing),
        image("11.1.4", 1, ImageState::Downloading),
        with_outcome(present(), HashOutcome::NotReported),
        with_outcome(present(), HashOutcome::Verified { evidence }),
        with_outcome(present(), mismatch),
    ];
    for (job, image) in jobs.iter().zip(images) {
        let claimed = claim(ledger, *job, "ann").await;
        let record = StepRecord { images: vec![image], ..step(&claimed) };
        ledger.record(&claimed.lease, &record).await.unwrap();
    }
    let count = ImageCount {
        version: "11.1.4".to_owned(),
        wanted: 5,
        running: 1,
        present: 1,
        verified: 1,
        mismatch: 1,
    };
    assert_eq!(ledger.fleet_picture().await.unwrap().images, [count]);
}

async fn throughput_is_of_the_last_minutes(ledger: &Bench) {
    let jobs = seed_many(ledger, 5).await;
    for job in &jobs[..3] {
        finish(ledger, *job, &End::Completed).await;
    }
    ended_before(ledger, jobs[0], 120).await;
    ended_before(ledger, jobs[1], 1_200).await;

    let picture = ledger.fleet_picture().await.unwrap();
    let speed = &picture.throughput;
    assert_eq!((speed.ended_last_minute, speed.ended_last_10_minutes, speed.jobs_left), (1, 2, 2));
    assert_eq!(speed.rate_over_s, 10, "they began just now");
    let finish = picture.at + SignedDuration::from_secs(10);
    assert_eq!(speed.estimated_finish, Some(finish), "two left at two in ten seconds");

    began_before(ledger, jobs[0], 300).await;
    let speed = ledger.fleet_picture().await.unwrap().throughput;
    assert!((300..330).contains(&speed.rate_over_s), "{speed:?}");
    began_before(ledger, jobs[0], 3_000).await;
    let picture = ledger.fleet_picture().await.unwrap();
    let finish = picture.at + SignedDuration::from_secs(600);
    assert_eq!(picture.throughput.rate_over_s, 600);
    assert_eq!(picture.throughput.estimated_finish, Some(finish), "two left at two in ten minutes");
}

/// Moves the end of a job back.
async fn ended_before(ledger: &Bench, job: JobId, seconds: i64) {
    moved_back(ledger, "ended_at", job, seconds).await;
}

/// Moves the beginning of a job back.
async fn began_before(ledger: &Bench, job: JobId, seconds: i64) {
    moved_back(ledger, "started_at", job, seconds).await;
}

async fn moved_back(ledger: &Bench, column: &str, job: JobId, seconds: i64) {
    let back = if ledger.address().starts_with("postgres") {
        format!("{column} - interval '{seconds} seconds'")
    } else {
        format!("{column} - {}", seconds * 1_000)
    };
    ledger.sql(&format!("UPDATE jobs SET {column} = {back} WHERE id = {job}")).await.unwrap();
}

async fn alarms_are_what_waits_for_a_person(ledger: &Bench) {
    let hash = |letter: &str| letter.repeat(64);
    seed_many(ledger, 3).await;
    let observed = |n: u32, file: &str, letter: &str| {
        format!(
            "INSERT INTO hash_observations (version, file_name, serial, sha256)
             VALUES ('11.1.0', '{file}', '{}', '{}');",
            serial(n),
            hash(letter)
        )
    };
    let mismatch = format!(
        "INSERT INTO mismatches (serial, version, expected, found, job_id)
         SELECT serial, '11.1.0', '{}', '{}', id FROM jobs WHERE serial IN ('{}', '{}');",
        hash("a"),
        hash("b"),
        serial(1),
        serial(3)
    );
    let same = observed(1, "same", "c") + &observed(2, "same", "c");
    let disputed = observed(1, "disputed", "c") + &observed(2, "disputed", "d");
    let trusted = observed(1, "trusted", "c") + &observed(2, "trusted", "d");
    let gone = observed(1, "gone", "c") + &observed(3, "gone", "d");
    ledger.sql(&(mismatch + &same + &disputed + &trusted + &gone)).await.unwrap();
    let trust = format!(
        "INSERT INTO catalogue (version, file_name, sha256, source) VALUES ('11.1.0', 'trusted', '{}', 'test')",
        hash("c")
    );
    ledger.sql(&trust).await.unwrap();
    let leave = if ledger.address().starts_with("postgres") { "now()" } else { "1" };
    ledger
        .sql(&format!("UPDATE devices SET gone_at = {leave} WHERE serial = '{}'", serial(3)))
        .await
        .unwrap();

    let alarms = ledger.fleet_picture().await.unwrap().alarms;
    assert_eq!((alarms.open_mismatches, alarms.disputes, alarms.dead_letters), (1, 1, 0));
    assert_eq!(ledger.disputes().await.unwrap().len(), 1, "as the catalogue says");
    assert_eq!(ledger.mismatches(true).await.unwrap().len(), 1, "likewise");
}

async fn a_picture_shows_the_hold_and_the_pauses(ledger: &Bench) {
    let hold = ledger.pause(&operator()).await.unwrap();
    let queue = common::domain::hold::PauseScope::Queue(common::domain::job::JobType::DownloadOnly);
    let pause = ledger.pause_part(&queue, &operator()).await.unwrap();
    let picture = ledger.fleet_picture().await.unwrap();
    assert_eq!((picture.held, picture.pauses), (Some(hold), vec![pause]));
}

async fn a_chart_has_every_stretch_and_what_ended_in_it(ledger: &Bench) {
    let jobs = seed_many(ledger, 3).await;
    finish(ledger, jobs[0], &End::Completed).await;
    finish(ledger, jobs[1], &End::Completed).await;
    finish(ledger, jobs[2], &failed()).await;
    ended_before(ledger, jobs[0], 80).await;
    let now = view(ledger, jobs[2]).await.ended_at.unwrap();
    let minute = Duration::from_secs(60);

    let chart = ledger.ended_over_time(now - SignedDuration::from_secs(150), minute).await.unwrap();
    let ended: Vec<_> = chart.iter().map(|bucket| (bucket.completed, bucket.not_completed)).collect();
    assert_eq!(ended, [(0, 0), (1, 0), (1, 1)]);
    assert_eq!(chart[1].from.duration_since(chart[0].from), SignedDuration::from_secs(60));

    let all = ledger.ended_over_time(Timestamp::UNIX_EPOCH, minute).await.unwrap();
    assert_eq!(all.len(), MAX_BUCKETS as usize);
    assert_eq!(all.iter().map(|bucket| bucket.completed).sum::<u64>(), 2, "the newest stretches");
    assert_eq!(all.iter().map(|bucket| bucket.not_completed).sum::<u64>(), 1);
    let to_come = ledger.ended_over_time(now + SignedDuration::from_hours(1), minute).await.unwrap();
    assert!(to_come.is_empty());
}
