//! How long a look at a large fleet with a long history takes: no contract, but what a person who changes a statement wants
//! to know.

use std::time::{Duration, Instant};

use common::domain::device::{Device, Source};
use common::domain::job::JobState;
use common::ledger::{Completeness, DeviceQuery, DeviceSort};
use jiff::{SignedDuration, Timestamp};

use super::pages::searching;
use crate::bench::Bench;
use crate::fixtures::*;

/// 10,000 devices, 100,000 jobs, 300,000 images.
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
async fn sqlite() {
    how_long_a_large_fleet_takes(&Bench::sqlite().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures, and panics with what it found"]
async fn postgres() {
    how_long_a_large_fleet_takes(&Bench::postgres().await).await;
}
