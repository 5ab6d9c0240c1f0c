//! Pages of devices: sorted, searched, filtered.

use common::domain::device::{Device, Serial, Source};
use common::domain::failure::FailureKind;
use common::domain::job::JobState;
use common::ledger::{Completeness, DevicePage, DeviceQuery, DeviceSort, End, MAX_PER_PAGE};

use super::finish;
use crate::bench::Bench;
use crate::fixtures::*;

on_every_ledger![
    a_page_shows_a_device_with_its_newest_job,
    pages_hold_every_device_once_in_every_order,
    a_search_finds_parts_in_any_case_and_takes_nothing_for_a_pattern,
    devices_are_filtered_by_state_and_by_kind_of_failure,
    a_page_is_never_longer_than_it_may_be,
    a_device_that_left_is_on_no_page,
];

async fn page(ledger: &Bench, query: DeviceQuery) -> DevicePage {
    ledger.device_page(&query).await.unwrap()
}

pub(super) fn searching(search: &str) -> DeviceQuery {
    DeviceQuery { search: Some(search.to_owned()), ..DeviceQuery::default() }
}

fn serials(page: &DevicePage) -> Vec<&str> {
    page.rows.iter().map(|row| row.serial.as_str()).collect()
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
