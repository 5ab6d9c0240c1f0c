//! Which devices there are, and what changed since the last look.

use common::audit::entry::SYSTEM_CHAIN;
use common::audit::{Actor, AuditAction};
use common::domain::device::{Device, Ha, Source};
use common::domain::job::JobState;
use common::ledger::{Changed, Completeness, Discovery, EnqueueAnswer, LedgerError, RemoveAnswer};

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
    an_address_that_a_person_set_wins_over_the_source,
    an_address_of_an_unknown_device_cannot_be_set,
    a_device_that_a_person_removed_is_out_until_it_is_seen_again,
    a_device_with_a_job_is_not_removed,
    a_device_is_removed_or_has_a_job_never_both,
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

async fn an_address_that_a_person_set_wins_over_the_source(ledger: &Bench) {
    let job = seed(ledger).await;
    let by = operator();
    let set = ledger.set_address(&serial(1), Some("198.51.100.7"), &by).await.unwrap();
    assert_eq!(set.device.address.as_deref(), Some("198.51.100.7"));
    assert_eq!(set.address_override.as_deref(), Some("198.51.100.7"));
    assert_eq!(ledger.set_address(&serial(1), Some("198.51.100.7"), &by).await.unwrap(), set);
    assert_eq!(ledger.device(&serial(1)).await.unwrap().as_ref(), Some(&set));
    assert_eq!(claim(ledger, job, "ann").await.device, set);

    let moved = Device { address: Some("203.0.113.9".to_owned()), ..device(1) };
    assert_eq!(record(ledger, &[device(1)]).await.changed, [], "what the source says did not change");
    let changed = record(ledger, &[moved]).await.changed;
    assert_eq!(changed[0].changes, ["address: 192.0.2.1 -> 203.0.113.9"]);
    assert_eq!(ledger.devices().await.unwrap()[0].device.address.as_deref(), Some("198.51.100.7"));

    let back = ledger.set_address(&serial(1), None, &by).await.unwrap();
    assert_eq!((back.device.address.as_deref(), back.address_override), (Some("203.0.113.9"), None));
    let entries = chain(ledger, serial(1).as_str()).await;
    let set: Vec<_> =
        entries.iter().filter(|entry| entry.action == AuditAction::DeviceAddressChanged).collect();
    assert_eq!(set.len(), 2, "the same address again tells nothing");
    assert_eq!((&set[0].actor, set[0].job), (&Actor::Operator(by), None));
    assert_eq!((&set[0].detail["before"], &set[0].detail["after"]), (&().into(), &"198.51.100.7".into()));
}

async fn an_address_of_an_unknown_device_cannot_be_set(ledger: &Bench) {
    let answer = ledger.set_address(&serial(1), Some("198.51.100.7"), &operator()).await;
    assert!(matches!(answer, Err(LedgerError::UnknownDevice { .. })), "{answer:?}");
    let answer = ledger.remove_device(&serial(1), &operator()).await;
    assert!(matches!(answer, Err(LedgerError::UnknownDevice { .. })), "{answer:?}");
}

async fn a_device_that_a_person_removed_is_out_until_it_is_seen_again(ledger: &Bench) {
    register(ledger, 2).await;
    for _ in 0..2 {
        let answer = ledger.remove_device(&serial(1), &operator()).await.unwrap();
        assert_eq!(answer, RemoveAnswer::Removed);
    }
    assert_eq!(ledger.devices().await.unwrap().len(), 1);
    assert!(ledger.device(&serial(1)).await.unwrap().unwrap().gone_at.is_some());
    let answers = ledger.enqueue(&batch(vec![wish(1)])).await.unwrap();
    assert_eq!(answers[0].1, EnqueueAnswer::UnknownDevice);
    assert_eq!(actions(ledger, 1).await, [AuditAction::DeviceRemoved], "once");
    assert_eq!(record(ledger, &[device(1), device(2)]).await.new, [serial(1)]);
    assert_eq!(ledger.devices().await.unwrap().len(), 2);
}

async fn a_device_with_a_job_is_not_removed(ledger: &Bench) {
    let job = seed(ledger).await;
    let answer = ledger.remove_device(&serial(1), &operator()).await.unwrap();
    assert_eq!(answer, RemoveAnswer::ActiveJob { job, state: JobState::Available });
    assert!(ledger.device(&serial(1)).await.unwrap().unwrap().gone_at.is_none());
    ledger.cancel(job, &operator()).await.unwrap();
    assert_eq!(ledger.remove_device(&serial(1), &operator()).await.unwrap(), RemoveAnswer::Removed);
}

async fn a_device_is_removed_or_has_a_job_never_both(ledger: &Bench) {
    const ROUNDS: u32 = 25;
    register(ledger, ROUNDS).await;
    let other = ledger.another().await;
    for n in 1..=ROUNDS {
        let (wishes, device, by) = (batch(vec![wish(n)]), serial(n), operator());
        let (answers, removed) = tokio::join!(ledger.enqueue(&wishes), other.remove_device(&device, &by));
        match (&answers.unwrap()[0].1, removed.unwrap()) {
            (EnqueueAnswer::Created { job }, RemoveAnswer::ActiveJob { job: held, .. }) => {
                assert_eq!(*job, held);
            }
            (EnqueueAnswer::UnknownDevice, RemoveAnswer::Removed) => {}
            both => panic!("device {n}: {both:?}"),
        }
    }
}
