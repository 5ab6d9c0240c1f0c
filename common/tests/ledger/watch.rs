//! What devices report about files: where they disagree, and what blocks a device.

use common::audit::{Actor, AuditAction};
use common::domain::device::{Device, Source};
use common::domain::hash::{Evidence, HashDispute, HashObservation, HashOutcome, OtherHash, Sha256Hex};
use common::domain::job::{JobState, Requester};
use common::ledger::{
    ClaimedJob, Completeness, End, EnqueueAnswer, ImageRecord, ImageState, LedgerError, StepRecord,
};

use crate::bench::Bench;
use crate::fixtures::*;

on_every_ledger![
    a_device_that_disagrees_is_told_of_the_others,
    what_a_device_reports_now_replaces_what_it_reported,
    a_device_that_left_no_longer_counts,
    a_file_without_a_name_is_compared_within_a_model,
    a_device_outside_the_inventory_is_not_observed,
    of_two_that_disagree_at_once_one_is_told,
    files_that_nobody_trusts_are_disputed,
    a_trusted_hash_ends_a_dispute,
    a_mismatch_blocks_its_device_until_a_person_clears_it,
    a_mismatch_of_the_last_step_blocks_too,
    one_image_has_one_open_mismatch,
    what_a_person_cleared_stays_cleared_for_its_job,
];

const FILE: &str = "PanOS_440-11.1.0";

fn hash(bytes: &str) -> Sha256Hex {
    Sha256Hex::of(bytes.as_bytes())
}

fn seen(n: u32, file_name: Option<&str>, bytes: &str) -> HashObservation {
    HashObservation {
        version: "11.1.0".parse().unwrap(),
        file_name: file_name.map(|name| name.parse().unwrap()),
        sha256: hash(bytes),
        serial: serial(n),
    }
}

fn other(bytes: &str, n_devices: u64, example: u32) -> OtherHash {
    OtherHash { sha256: hash(bytes), n_devices, example: serial(example) }
}

async fn observe(ledger: &Bench, n: u32, file_name: Option<&str>, bytes: &str) -> Vec<OtherHash> {
    ledger.observe(&seen(n, file_name, bytes)).await.unwrap()
}

async fn a_device_that_disagrees_is_told_of_the_others(ledger: &Bench) {
    register(ledger, 6).await;
    for n in [2, 1, 3] {
        assert_eq!(observe(ledger, n, Some(FILE), "a").await, []);
    }
    assert_eq!(observe(ledger, 4, Some(FILE), "b").await, [other("a", 3, 1)]);
    assert_eq!(observe(ledger, 5, Some(FILE), "c").await, [other("a", 3, 1), other("b", 1, 4)]);
    assert_eq!(
        observe(ledger, 1, Some(FILE), "a").await.len(),
        2,
        "those that were there first are told too"
    );
    assert_eq!(observe(ledger, 6, Some("PanOS_vm-11.1.0"), "d").await, [], "another file");
}

async fn what_a_device_reports_now_replaces_what_it_reported(ledger: &Bench) {
    register(ledger, 2).await;
    observe(ledger, 1, Some(FILE), "a").await;
    assert_eq!(observe(ledger, 2, Some(FILE), "b").await, [other("a", 1, 1)]);
    assert_eq!(observe(ledger, 2, Some(FILE), "a").await, []);
    assert_eq!(ledger.disputes().await.unwrap(), []);
}

async fn a_device_that_left_no_longer_counts(ledger: &Bench) {
    register(ledger, 2).await;
    observe(ledger, 1, Some(FILE), "a").await;
    observe(ledger, 2, Some(FILE), "b").await;
    ledger.remove_device(&serial(1), &operator()).await.unwrap();
    assert_eq!(observe(ledger, 2, Some(FILE), "b").await, []);
    assert_eq!(ledger.disputes().await.unwrap(), []);
}

async fn a_file_without_a_name_is_compared_within_a_model(ledger: &Bench) {
    let of = |n: u32, model: &str| Device { model: model.to_owned(), ..device(n) };
    let devices = [device(1), device(2), of(3, "PA-VM"), of(4, ""), of(5, "")];
    ledger.record_devices(&devices, Source::Panorama, Completeness::Complete, &operator()).await.unwrap();
    assert_eq!(observe(ledger, 1, None, "a").await, []);
    assert_eq!(observe(ledger, 3, None, "b").await, [], "another platform");
    assert_eq!(observe(ledger, 4, None, "c").await, [], "nobody knows its platform");
    assert_eq!(observe(ledger, 5, None, "d").await, []);
    assert_eq!(observe(ledger, 2, None, "e").await, [other("a", 1, 1)]);
    let disputes = ledger.disputes().await.unwrap();
    assert_eq!(disputes.len(), 1);
    assert_eq!((disputes[0].file_name.as_ref(), disputes[0].hashes.len()), (None, 2));
}

async fn a_device_outside_the_inventory_is_not_observed(ledger: &Bench) {
    let answer = ledger.observe(&seen(1, Some(FILE), "a")).await;
    assert!(matches!(answer, Err(LedgerError::UnknownDevice { .. })), "{answer:?}");
}

async fn of_two_that_disagree_at_once_one_is_told(ledger: &Bench) {
    register(ledger, 2).await;
    let other = ledger.another().await;
    for round in 0..20 {
        let file = format!("PanOS_440-11.1.{round}");
        let (ours, theirs) = (seen(1, Some(&file), "a"), seen(2, Some(&file), "b"));
        let (ours, theirs) = tokio::join!(ledger.observe(&ours), other.observe(&theirs));
        assert_eq!(ours.unwrap().len() + theirs.unwrap().len(), 1, "round {round}");
    }
    assert_eq!(ledger.disputes().await.unwrap().len(), 20);
}

async fn files_that_nobody_trusts_are_disputed(ledger: &Bench) {
    register(ledger, 4).await;
    for (n, bytes) in [(1, "a"), (2, "b"), (3, "b")] {
        observe(ledger, n, Some(FILE), bytes).await;
    }
    for (n, bytes) in [(1, "x"), (4, "x")] {
        observe(ledger, n, Some("PanOS_440-10.2.9"), bytes).await;
    }
    let dispute = HashDispute {
        version: "11.1.0".parse().unwrap(),
        file_name: Some(FILE.parse().unwrap()),
        hashes: vec![other("b", 2, 2), other("a", 1, 1)],
    };
    assert_eq!(ledger.disputes().await.unwrap(), [dispute]);
}

async fn a_trusted_hash_ends_a_dispute(ledger: &Bench) {
    register(ledger, 2).await;
    observe(ledger, 1, Some(FILE), "a").await;
    observe(ledger, 2, Some(FILE), "b").await;
    for file_name in [Some(FILE), None] {
        assert_eq!(ledger.disputes().await.unwrap().len(), 1);
        let entry = common::domain::catalogue::CatalogueEntry {
            version: "11.1.0".parse().unwrap(),
            file_name: file_name.map(|name| name.parse().unwrap()),
            sha256: hash("a"),
            source: "vendor".to_owned(),
        };
        ledger.add_hashes(std::slice::from_ref(&entry), &operator()).await.unwrap();
        assert_eq!(ledger.disputes().await.unwrap(), []);
        let removed =
            ledger.remove_hash(&entry.version, entry.file_name.as_ref(), &operator()).await.unwrap();
        assert_eq!(removed, Some(entry));
    }
}

/// A step after which 11.1.0 is on the device with other bytes than the trusted ones.
fn mismatching(claimed: &ClaimedJob, found: &str) -> StepRecord {
    let outcome = HashOutcome::Mismatch {
        expected: hash("trusted"),
        found: hash(found),
        evidence: Evidence::DeviceReported,
    };
    let image = ImageRecord { outcome: Some(outcome), ..image("11.1.0", 0, ImageState::Downloaded) };
    StepRecord { images: vec![image], ..step(claimed) }
}

async fn wish_again(ledger: &Bench) -> EnqueueAnswer {
    ledger.enqueue(&batch(vec![wish(1)])).await.unwrap().pop().unwrap().1
}

async fn a_mismatch_blocks_its_device_until_a_person_clears_it(ledger: &Bench) {
    let claimed = running(ledger).await;
    let job = claimed.lease.job;
    ledger.record(&claimed.lease, &mismatching(&claimed, "evil")).await.unwrap();
    let held = EnqueueAnswer::Existing { job, state: JobState::Running };
    assert_eq!(wish_again(ledger).await, held, "its own job comes first");
    ledger.end(&claimed.lease, &failed(), &step(&claimed)).await.unwrap();

    let version = "11.1.0".parse().unwrap();
    assert_eq!(wish_again(ledger).await, EnqueueAnswer::Mismatch { version });
    let twice = ledger.enqueue(&batch(vec![wish(1), wish(1)])).await.unwrap();
    assert!(twice.iter().all(|(_, answer)| *answer == EnqueueAnswer::Mismatch { version }), "{twice:?}");
    let open = ledger.mismatches(true).await.unwrap();
    assert_eq!(open.len(), 1);
    assert_eq!((&open[0].serial, open[0].version, open[0].job), (&serial(1), version, job));
    assert_eq!((&open[0].expected, &open[0].found), (&hash("trusted"), &hash("evil")));
    assert_eq!(open[0].file_name.as_ref().map(ToString::to_string).as_deref(), Some(FILE));
    assert!(is_recent(open[0].raised_at) && open[0].cleared.is_none());

    let by = Requester { reason: Some("reimaged, CHG-9".to_owned()), ..operator() };
    let other = ledger.clear_mismatch(&serial(1), &"10.2.9".parse().unwrap(), &by).await.unwrap();
    assert_eq!(other, None, "another version");
    let cleared = ledger.clear_mismatch(&serial(1), &version, &by).await.unwrap().unwrap();
    assert_eq!(cleared.cleared.as_ref().map(|cleared| &cleared.by), Some(&by));
    assert_eq!(ledger.clear_mismatch(&serial(1), &version, &by).await.unwrap(), None);
    assert_eq!(ledger.mismatches(true).await.unwrap(), []);
    assert_eq!(ledger.mismatches(false).await.unwrap(), [cleared]);
    let entry = chain(ledger, serial(1).as_str()).await.pop().unwrap();
    assert_eq!((entry.action, entry.actor), (AuditAction::MismatchCleared, Actor::Operator(by)));
    assert_eq!(entry.detail["found"], hash("evil").as_str());
    assert!(matches!(wish_again(ledger).await, EnqueueAnswer::Created { .. }));
}

async fn a_mismatch_of_the_last_step_blocks_too(ledger: &Bench) {
    let claimed = running(ledger).await;
    ledger.end(&claimed.lease, &failed(), &mismatching(&claimed, "evil")).await.unwrap();
    assert!(matches!(wish_again(ledger).await, EnqueueAnswer::Mismatch { .. }));
}

async fn one_image_has_one_open_mismatch(ledger: &Bench) {
    let claimed = running(ledger).await;
    for found in ["evil", "evil", "worse"] {
        ledger.record(&claimed.lease, &mismatching(&claimed, found)).await.unwrap();
    }
    let open = ledger.mismatches(false).await.unwrap();
    assert_eq!(open.iter().map(|mismatch| &mismatch.found).collect::<Vec<_>>(), [&hash("worse")]);
}

async fn what_a_person_cleared_stays_cleared_for_its_job(ledger: &Bench) {
    let claimed = running(ledger).await;
    ledger.record(&claimed.lease, &mismatching(&claimed, "evil")).await.unwrap();
    ledger.clear_mismatch(&serial(1), &"11.1.0".parse().unwrap(), &operator()).await.unwrap().unwrap();
    ledger.record(&claimed.lease, &mismatching(&claimed, "evil")).await.unwrap();
    assert_eq!(ledger.mismatches(true).await.unwrap(), []);
    ledger.end(&claimed.lease, &End::Completed, &step(&claimed)).await.unwrap();
    let again = enqueue(ledger, vec![wish(1)]).await[0];
    let claimed = claim(ledger, again, "ann").await;
    ledger.record(&claimed.lease, &mismatching(&claimed, "evil")).await.unwrap();
    assert_eq!(ledger.mismatches(true).await.unwrap().len(), 1, "the next job found it again");
}
