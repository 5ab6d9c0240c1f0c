//! The fleet at a glance: aggregates, charts and pages of devices.

use std::time::{Duration, Instant};

use common::domain::device::{Device, Serial, Source};
use common::domain::failure::FailureKind;
use common::domain::hash::{Evidence, HashOutcome};
use common::domain::job::{JobId, JobState};
use common::ledger::{
    Completeness, DevicePage, DeviceQuery, DeviceSort, End, ImageCount, ImageRecord, ImageState, MAX_BUCKETS,
    MAX_PER_PAGE, StepRecord,
};
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
    a_page_shows_a_device_with_its_newest_job,
    pages_hold_every_device_once_in_every_order,
    a_search_finds_parts_in_any_case_and_takes_nothing_for_a_pattern,
    devices_are_filtered_by_state_and_by_kind_of_failure,
    a_page_is_never_longer_than_it_may_be,
    a_device_that_left_is_on_no_page,
];

async fn finish(ledger: &Bench, job: JobId, end: &End) {
    let claimed = claim(ledger, job, "ann").await;
    ledger.end(&claimed.lease, end, &step(&claimed)).await.unwrap();
}

async fn page(ledger: &Bench, query: DeviceQuery) -> DevicePage {
    ledger.device_page(&query).await.unwrap()
}

fn searching(search: &str) -> DeviceQuery {
    DeviceQuery { search: Some(search.to_owned()), ..DeviceQuery::default() }
}

fn serials(page: &DevicePage) -> Vec<&str> {
    page.rows.iter().map(|row| row.serial.as_str()).collect()
}

async fn an_empty_ledger_has_a_picture(ledger: &Bench) {
    let picture = ledger.fleet_picture().await.unwrap();
    assert!(is_recent(picture.at));
    assert_eq!((picture.counts.total, picture.n_devices), (0, 0));
    assert_eq!(picture.counts.by_state.len(), JobState::ALL.len());
    assert!(picture.images.is_empty() && picture.held.is_none() && picture.pauses.is_empty());
    assert_eq!(picture.throughput.estimated_finish, None);
    assert_eq!(page(ledger, DeviceQuery::default()).await.total, 0);
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

async fn a_page_shows_a_device_with_its_newest_job(ledger: &Bench) {
    register(ledger, 2).await;
    let first = enqueue(ledger, vec![wish(2)]).await[0];
    finish(ledger, first, &failed()).await;
    let second = enqueue(ledger, vec![wish(2)]).await[0];
    let claimed = claim(ledger, second, "ann").await;
    ledger.record(&claimed.lease, &step(&claimed)).await.unwrap();
    ledger.set_address(&serial(2), Some("203.0.113.9"), &operator()).await.unwrap();

    let found = page(ledger, DeviceQuery::default()).await;
    assert_eq!((found.total, found.page), (2, 1));
    let [idle, busy] = &found.rows[..] else { panic!("two devices, not {found:?}") };
    assert_eq!((idle.job_id, idle.state, idle.updated_at), (None, None, None));
    assert_eq!((idle.progress, idle.message.as_str()), (0, ""));
    let job = view(ledger, second).await;
    assert_eq!((busy.job_id, busy.state, busy.progress), (Some(second), Some(JobState::Running), 42));
    assert_eq!((busy.message.as_str(), &busy.worker), ("11.1.4-h7 is coming", &Some(worker("ann"))));
    assert_eq!((busy.updated_at, busy.failure_kind), (job.started_at, None));
    assert_eq!(busy.address.as_deref(), Some("203.0.113.9"), "the one that a person set");
}

async fn pages_hold_every_device_once_in_every_order(ledger: &Bench) {
    register(ledger, 23).await;
    let jobs = enqueue(ledger, (1..=9).map(wish).collect()).await;
    for job in &jobs[..4] {
        finish(ledger, *job, &End::Completed).await;
    }
    for sort in DeviceSort::ALL {
        for descending in [false, true] {
            let mut rows = Vec::new();
            for page_no in 1..=4 {
                let query =
                    DeviceQuery { sort, descending, page: page_no, per_page: 7, ..DeviceQuery::default() };
                let found = page(ledger, query).await;
                assert_eq!((found.total, found.page, found.per_page), (23, page_no, 7));
                rows.extend(found.rows);
            }
            let mut seen: Vec<_> = rows.iter().map(|row| row.serial.clone()).collect();
            let has_job: Vec<_> = rows.iter().map(|row| row.job_id.is_some()).collect();
            match (sort, descending) {
                (DeviceSort::Serial, false) => assert!(rows.is_sorted_by_key(|row| row.serial.clone())),
                (DeviceSort::Serial, true) => {
                    assert!(rows.iter().rev().is_sorted_by_key(|row| row.serial.clone()));
                }
                (DeviceSort::Hostname, false) => assert!(rows.is_sorted_by_key(|row| row.hostname.clone())),
                (DeviceSort::Hostname, true) => {
                    assert!(rows.iter().rev().is_sorted_by_key(|row| row.hostname.clone()));
                }
                (DeviceSort::State, _) => {
                    let first = if descending { JobState::Completed } else { JobState::Available };
                    assert_eq!(rows[0].state, Some(first), "{sort} {descending}");
                }
                (DeviceSort::Updated, _) => {
                    let mut moments: Vec<_> = rows.iter().filter_map(|row| row.updated_at).collect();
                    if descending {
                        moments.reverse();
                    }
                    assert!(moments.is_sorted(), "{sort} {descending}");
                }
            }
            match sort {
                DeviceSort::Serial | DeviceSort::Hostname => {}
                DeviceSort::State | DeviceSort::Updated => {
                    assert!(has_job.is_sorted_by(|a, b| a >= b), "those without a job come last");
                }
            }
            seen.sort();
            seen.dedup();
            assert_eq!(seen.len(), 23, "{sort} {descending}");
        }
    }
    let beyond = page(ledger, DeviceQuery { page: u32::MAX, ..DeviceQuery::default() }).await;
    assert_eq!((beyond.total, beyond.rows.len()), (23, 0));
}

async fn a_search_finds_parts_in_any_case_and_takes_nothing_for_a_pattern(ledger: &Bench) {
    let strange = |n: u32, hostname: &str, model: &str| Device {
        hostname: hostname.to_owned(),
        model: model.to_owned(),
        address: Some(format!("2001:DB8::{n}")),
        ..device(n)
    };
    let devices = [
        strange(1, "Berlin-Edge_1", "PA-440"),
        strange(2, "100%", "PA-5450"),
        strange(3, r"back\slash", "PA-440"),
        strange(4, "' OR 1=1 --", "PA-VM"),
    ];
    ledger.record_devices(&devices, Source::Csv, Completeness::Complete, &operator()).await.unwrap();
    let cases = [
        ("berlin", vec![1]),
        ("EDGE_1", vec![1]),
        ("edgeX1", vec![]),
        ("_", vec![1]),
        ("%", vec![2]),
        (r"\", vec![3]),
        ("' or 1=1", vec![4]),
        ("pa-440", vec![1, 3]),
        ("2001:db8::2", vec![2]),
        ("00000003", vec![3]),
        ("  berlin ", vec![1]),
        ("", vec![1, 2, 3, 4]),
        ("ber\0lin", vec![1]),
        ("nowhere", vec![]),
    ];
    for (search, expected) in cases {
        let found = page(ledger, searching(search)).await;
        let expected: Vec<_> = expected.into_iter().map(serial).collect();
        assert_eq!(serials(&found), expected.iter().map(Serial::as_str).collect::<Vec<_>>(), "{search:?}");
        assert_eq!(found.total, expected.len() as u64, "{search:?}");
    }
    assert_eq!(page(ledger, searching(&"ä%".repeat(100_000))).await.total, 0, "a very long one");
}

async fn devices_are_filtered_by_state_and_by_kind_of_failure(ledger: &Bench) {
    let jobs = seed_many(ledger, 4).await;
    finish(ledger, jobs[0], &failed()).await;
    finish(ledger, jobs[1], &End::Completed).await;
    let claimed = claim(ledger, jobs[2], "ann").await;
    ledger.end(&claimed.lease, &retry(LEASE), &step(&claimed)).await.unwrap();

    let state = |state| DeviceQuery { state: Some(state), ..DeviceQuery::default() };
    let kind = |kind| DeviceQuery { kind: Some(kind), ..DeviceQuery::default() };
    assert_eq!(serials(&page(ledger, state(JobState::Completed)).await), [serial(2).as_str()]);
    assert_eq!(serials(&page(ledger, kind(FailureKind::DiskFull)).await), [serial(1).as_str()]);
    assert_eq!(page(ledger, kind(FailureKind::Unreachable)).await.total, 0, "that one is tried again");
    enqueue(ledger, vec![wish(1)]).await;
    assert_eq!(page(ledger, state(JobState::Failed)).await.total, 0, "the newest job stands for the device");
    let both = DeviceQuery { search: Some("edge-4".to_owned()), ..state(JobState::Available) };
    assert_eq!(serials(&page(ledger, both).await), [serial(4).as_str()]);
}

async fn a_page_is_never_longer_than_it_may_be(ledger: &Bench) {
    register(ledger, MAX_PER_PAGE + 1).await;
    let found = page(ledger, DeviceQuery { per_page: u32::MAX, page: 0, ..DeviceQuery::default() }).await;
    assert_eq!((found.page, found.per_page, found.rows.len()), (1, MAX_PER_PAGE, MAX_PER_PAGE as usize));
    let least = page(ledger, DeviceQuery { per_page: 0, ..DeviceQuery::default() }).await;
    assert_eq!((least.per_page, least.rows.len()), (1, 1));
}

async fn a_device_that_left_is_on_no_page(ledger: &Bench) {
    register(ledger, 2).await;
    ledger.remove_device(&serial(1), &operator()).await.unwrap();
    let found = page(ledger, DeviceQuery::default()).await;
    assert_eq!((found.total, serials(&found)), (1, vec![serial(2).as_str()]));
}

/// Not a contract but a measurement, for a person who changes a statement: 10,000 devices, 100,000 jobs, 300,000 images.
async fn how_long_a_large_fleet_takes(ledger: &Bench) {
    const DEVICES: u32 = 10_000;
    const JOBS_EACH: u32 = 10;
    let is_postgres = ledger.address().starts_with("postgres");
    for first in (1..=DEVICES).step_by(1_000) {
        let devices: Vec<Device> = (first..first + 1_000).map(device).collect();
        ledger.record_devices(&devices, Source::Csv, Completeness::Partial, &operator()).await.unwrap();
    }
    let (numbers, now, batch, back) = if is_postgres {
        (
            "generate_series(1, 10) AS s (n)",
            "now()",
            "gen_random_uuid()",
            "(n - random()) * interval '1 hour'",
        )
    } else {
        (
            "(WITH RECURSIVE s (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 10) SELECT n FROM s)",
            "CAST(unixepoch('subsec') * 1000 AS INTEGER)",
            "'0'",
            "(n * 3600000 - abs(random() % 3600000))",
        )
    };
    assert_eq!(JOBS_EACH, 10);
    let fill = format!(
        "INSERT INTO jobs (serial, job_type, goal, batch_id, operator, operator_host, state, max_attempts, ended_at, failure_kind, status)
         SELECT serial, 'download_only', '{{\"target\":\"11.1.4\"}}', {batch}, 'a', 'b', CASE WHEN n = 3 THEN 'failed' ELSE 'completed' END,
                3, {now} - {back}, CASE WHEN n = 3 THEN 'disk_full' END, '{status}'
         FROM {numbers} CROSS JOIN devices ORDER BY n;
         INSERT INTO job_images (job_id, version, position, rule, state, outcome)
         SELECT j.id, v.version, 0, 'because', 'downloaded', '{outcome}'
         FROM jobs j CROSS JOIN (SELECT '11.1.0' AS version UNION ALL SELECT '11.1.4' UNION ALL SELECT '10.2.0') v;
         INSERT INTO hash_observations (version, file_name, serial, sha256)
         SELECT v.version, 'PanOS_440-' || v.version, d.serial, '{hash}'
         FROM devices d CROSS JOIN (SELECT '11.1.0' AS version UNION ALL SELECT '11.1.4' UNION ALL SELECT '10.2.0') v;
         ANALYZE;",
        status = "x".repeat(1_500),
        outcome = format_args!("{{\"evidence\":\"device_reported\",\"found\":\"{}\",\"outcome\":\"no_reference\"}}", "c".repeat(64)),
        hash = "c".repeat(64),
    );
    ledger.sql(&fill).await.unwrap();

    let by = |sort| DeviceQuery { sort, ..DeviceQuery::default() };
    let mut told = Vec::new();
    let hour_ago = Timestamp::now() - SignedDuration::from_hours(1);
    for (what, query) in [
        ("picture", None),
        ("first page", Some(by(DeviceSort::Serial))),
        ("by state", Some(by(DeviceSort::State))),
        ("last page by update", Some(DeviceQuery { page: 200, descending: true, ..by(DeviceSort::Updated) })),
        ("search", Some(searching("edge-77"))),
        ("failed", Some(DeviceQuery { state: Some(JobState::Failed), ..DeviceQuery::default() })),
    ] {
        let mut took = Vec::new();
        for _ in 0..40 {
            let begin = Instant::now();
            match &query {
                Some(query) => drop(ledger.device_page(query).await.unwrap()),
                None => drop(ledger.fleet_picture().await.unwrap()),
            }
            took.push(begin.elapsed());
        }
        took.sort();
        told.push(format!("{what}: median {:?}, p95 {:?}", took[20], took[37]));
    }
    let begin = Instant::now();
    ledger.ended_over_time(hour_ago, Duration::from_secs(60)).await.unwrap();
    told.push(format!("chart: {:?}", begin.elapsed()));
    panic!("measured, not failed:\n{}", told.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures, and panics with what it found"]
async fn measure_sqlite() {
    how_long_a_large_fleet_takes(&Bench::sqlite().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures, and panics with what it found"]
async fn measure_postgres() {
    how_long_a_large_fleet_takes(&Bench::postgres().await).await;
}
