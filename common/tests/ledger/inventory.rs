//! Which devices there are, and what changed since the last look.

use common::audit::entry::SYSTEM_CHAIN;
use common::audit::{Actor, AuditAction};
use common::domain::device::{Device, Ha, Source};
use common::domain::job::JobState;
use common::ledger::{Changed, Completeness, Discovery};

use crate::bench::Bench;
use crate::fixtures::*;

on_every_ledger![
    a_device_is_read_back_as_it_was_recorded,
    a_discovery_tells_what_is_new_changed_and_gone,
    a_device_that_comes_back_is_new,
    a_partial_list_removes_nothing,
    a_complete_list_removes_nothing_of_another_source,
    of_two_entries_with_one_serial_the_later_stands,
    every_discovery_is_in_the_system_chain,
    a_device_that_goes_keeps_its_job_and_its_trail,
    thousands_of_devices_are_recorded_together,
];

async fn record(ledger: &Bench, devices: &[Device]) -> Discovery {
    ledger.record_devices(devices, Source::Panorama, Completeness::Complete, &operator()).await.unwrap()
}

async fn a_device_is_read_back_as_it_was_recorded(ledger: &Bench) {
    let member = |state: &str, peer| Ha::Member { state: state.to_owned(), peer };
    let devices = [
        device(1),
        Device { ha: member("passive", Some(serial(1))), multi_vsys: true, connected: false, ..device(2) },
        Device {
            hostname: "büro \"3\"'; --".to_owned(),
            address: None,
            sw_version: String::new(),
            ha: member("suspended", None),
            ..device(3)
        },
    ];
    record(ledger, &devices).await;
    let read = ledger.devices().await.unwrap();
    assert_eq!(read.iter().map(|record| record.device.clone()).collect::<Vec<_>>(), devices);
    for record in read {
        assert!(is_recent(record.first_seen_at) && is_recent(record.last_seen_at));
        assert_eq!(record.gone_at, None);
        assert_eq!(ledger.device(&record.device.serial).await.unwrap(), Some(record));
    }
    assert_eq!(ledger.device(&serial(4)).await.unwrap(), None);
}

async fn a_discovery_tells_what_is_new_changed_and_gone(ledger: &Bench) {
    let first = record(ledger, &[device(1), device(2), device(3)]).await;
    let new = vec![serial(1), serial(2), serial(3)];
    assert_eq!(first, Discovery { total: 3, new, ..Discovery::default() });

    let moved =
        Device { address: Some("198.51.100.7".to_owned()), sw_version: "11.1.0".to_owned(), ..device(2) };
    let second = record(ledger, &[device(4), moved.clone(), device(1)]).await;
    let changes =
        vec!["address: 192.0.2.2 -> 198.51.100.7".to_owned(), "sw_version: 10.2.9 -> 11.1.0".to_owned()];
    assert_eq!(
        second,
        Discovery {
            total: 3,
            new: vec![serial(4)],
            changed: vec![Changed { serial: serial(2), changes }],
            gone: vec![serial(3)],
        }
    );
    let known: Vec<_> = ledger.devices().await.unwrap().into_iter().map(|record| record.device).collect();
    assert_eq!(known, [device(1), moved.clone(), device(4)]);
    assert!(ledger.device(&serial(3)).await.unwrap().unwrap().gone_at.is_some_and(is_recent));

    let third = record(ledger, &[device(4), moved, device(1)]).await;
    assert_eq!(
        third,
        Discovery { total: 3, ..Discovery::default() },
        "a look that shows the same changes nothing"
    );
}

async fn a_device_that_comes_back_is_new(ledger: &Bench) {
    record(ledger, &[device(1)]).await;
    let first_seen_at = ledger.device(&serial(1)).await.unwrap().unwrap().first_seen_at;
    record(ledger, &[]).await;
    assert!(ledger.devices().await.unwrap().is_empty());
    assert_eq!(record(ledger, &[device(1)]).await.new, [serial(1)]);
    let back = ledger.device(&serial(1)).await.unwrap().unwrap();
    assert_eq!((back.gone_at, back.first_seen_at), (None, first_seen_at));
}

async fn a_partial_list_removes_nothing(ledger: &Bench) {
    record(ledger, &[device(1), device(2)]).await;
    let partial = ledger
        .record_devices(&[device(3)], Source::Panorama, Completeness::Partial, &operator())
        .await
        .unwrap();
    assert!(partial.gone.is_empty());
    assert_eq!(ledger.devices().await.unwrap().len(), 3);
}

async fn a_complete_list_removes_nothing_of_another_source(ledger: &Bench) {
    let imported = Device { source: Source::Csv, ..device(9) };
    ledger.record_devices(&[imported], Source::Csv, Completeness::Partial, &operator()).await.unwrap();
    assert!(record(ledger, &[device(1)]).await.gone.is_empty());
    assert_eq!(ledger.devices().await.unwrap().len(), 2);
    let taken_over = record(ledger, &[device(1), device(9)]).await;
    assert_eq!(taken_over.changed[0].changes, ["source: csv -> panorama"]);
    assert_eq!(record(ledger, &[device(1)]).await.gone, [serial(9)]);
}

async fn of_two_entries_with_one_serial_the_later_stands(ledger: &Bench) {
    let later = Device { hostname: "edge-1b".to_owned(), ..device(1) };
    record(ledger, &[device(1), later.clone()]).await;
    assert_eq!(ledger.device(&serial(1)).await.unwrap().unwrap().device, later);
}

async fn every_discovery_is_in_the_system_chain(ledger: &Bench) {
    record(ledger, &[device(1)]).await;
    record(ledger, &[device(2)]).await;
    let entries = chain(ledger, SYSTEM_CHAIN).await;
    assert_eq!(entries.len(), 2);
    let last = &entries[1];
    assert_eq!((last.action, &last.actor), (AuditAction::InventoryChanged, &Actor::Operator(operator())));
    assert_eq!(last.detail["new"], serde_json::json!([serial(2)]));
    assert_eq!(last.detail["gone"], serde_json::json!([serial(1)]));
}

async fn a_device_that_goes_keeps_its_job_and_its_trail(ledger: &Bench) {
    let job = seed(ledger).await;
    record(ledger, &[]).await;
    assert_eq!(state(ledger, job).await, JobState::Available);
    assert_eq!(actions(ledger, 1).await, [AuditAction::JobQueued]);
    let claimed = claim(ledger, job, "ann").await;
    assert!(claimed.device.gone_at.is_some(), "the worker learns that the device is gone");
}

async fn thousands_of_devices_are_recorded_together(ledger: &Bench) {
    let devices: Vec<Device> = (1..=3_000).map(device).collect();
    assert_eq!(record(ledger, &devices).await.new.len(), 3_000);
    assert_eq!(record(ledger, &devices[..1_000]).await.gone.len(), 2_000);
    assert_eq!(ledger.devices().await.unwrap().len(), 1_000);
}
