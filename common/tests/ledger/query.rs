//! What operators, dashboards and tests read.

use std::time::Duration;

use common::domain::device::{Device, Ha, Serial, Source};
use common::domain::failure::FailureKind;
use common::domain::job::{BatchId, JobId, JobSpec, JobState, JobType};
use common::ledger::{Completeness, End, ImageState, JobFilter, PairMember, StepRecord};

use crate::bench::Bench;
use crate::fixtures::*;

on_every_ledger![
    jobs_are_listed_newest_first,
    every_filter_keeps_what_it_says,
    pages_hold_every_job_once,
    the_newest_job_of_a_device_stands_for_it,
    counts_have_every_state_and_every_job_once,
    counts_of_a_batch_are_its_own,
    a_device_that_left_is_counted_nowhere_but_in_its_batch,
    failures_are_grouped_with_their_remedies,
    members_of_pairs_come_with_what_their_newest_job_left,
    images_come_in_order_of_the_path,
    a_device_without_a_look_has_no_status,
    what_does_not_exist_is_none,
];

async fn listed(ledger: &Bench, filter: &JobFilter) -> Vec<JobId> {
    ledger.jobs(filter, 1_000).await.unwrap().into_iter().map(|job| job.id).collect()
}

fn newest_first(mut jobs: Vec<JobId>) -> Vec<JobId> {
    jobs.sort_unstable_by(|a, b| b.cmp(a));
    jobs
}

async fn ended(ledger: &Bench, job: JobId, end: &End) {
    let claimed = claim(ledger, job, "ann").await;
    ledger.end(&claimed.lease, end, &step(&claimed)).await.unwrap();
}

async fn a_device_that_left_is_counted_nowhere_but_in_its_batch(ledger: &Bench) {
    register(ledger, 2).await;
    let both = batch(vec![wish(1), wish(2)]);
    let answers = ledger.enqueue(&both).await.unwrap();
    let jobs: Vec<_> = answers.iter().map(|(serial, answer)| created(serial, answer)).collect();
    ended(ledger, jobs[0], &End::Completed).await;
    ledger.remove_device(&serial(1), &operator()).await.unwrap();

    assert_eq!(ledger.counts(None).await.unwrap().total, 1);
    assert_eq!(ledger.counts(Some(both.id)).await.unwrap().total, 2);
    let newest = JobFilter { newest_per_device: true, ..JobFilter::default() };
    assert_eq!(listed(ledger, &newest).await, [jobs[1]]);
    assert_eq!(listed(ledger, &JobFilter::default()).await, newest_first(jobs), "its jobs stay");
}

async fn jobs_are_listed_newest_first(ledger: &Bench) {
    let jobs = seed_many(ledger, 3).await;
    assert_eq!(listed(ledger, &JobFilter::default()).await, newest_first(jobs));
}

async fn every_filter_keeps_what_it_says(ledger: &Bench) {
    register(ledger, 4).await;
    let first = batch(vec![wish(1), wish(2)]);
    let second = batch(vec![wish(3), JobSpec { job_type: JobType::Upgrade, ..wish(4) }]);
    let mut jobs = Vec::new();
    for batch in [&first, &second] {
        let answers = ledger.enqueue(batch).await.unwrap();
        jobs.extend(answers.into_iter().map(|(serial, answer)| created(&serial, &answer)));
    }
    ended(ledger, jobs[0], &End::Completed).await;
    claim(ledger, jobs[1], "ann").await;

    let all = JobFilter::default;
    let cases = [
        (JobFilter { states: vec![JobState::Completed], ..all() }, vec![jobs[0]]),
        (JobFilter { states: vec![JobState::Completed, JobState::Running], ..all() }, vec![jobs[0], jobs[1]]),
        (JobFilter { states: vec![JobState::Skipped], ..all() }, vec![]),
        (JobFilter { job_types: vec![JobType::Upgrade], ..all() }, vec![jobs[3]]),
        (JobFilter { serial: Some(serial(2)), ..all() }, vec![jobs[1]]),
        (JobFilter { batch: Some(second.id), ..all() }, vec![jobs[2], jobs[3]]),
        (JobFilter { batch: Some(BatchId::new()), ..all() }, vec![]),
        (JobFilter { before: Some(jobs[2]), ..all() }, vec![jobs[0], jobs[1]]),
        (JobFilter { states: vec![JobState::Available], batch: Some(first.id), ..all() }, vec![]),
        (
            JobFilter {
                states: vec![JobState::Available],
                batch: Some(second.id),
                before: Some(jobs[3]),
                ..all()
            },
            vec![jobs[2]],
        ),
    ];
    for (filter, expected) in cases {
        assert_eq!(listed(ledger, &filter).await, newest_first(expected), "{filter:?}");
    }
}

async fn pages_hold_every_job_once(ledger: &Bench) {
    let jobs = seed_many(ledger, 25).await;
    let mut paged: Vec<JobId> = Vec::new();
    loop {
        let filter = JobFilter { before: paged.last().copied(), ..JobFilter::default() };
        let page = ledger.jobs(&filter, 10).await.unwrap();
        if page.is_empty() {
            break;
        }
        paged.extend(page.into_iter().map(|job| job.id));
    }
    assert_eq!(paged, newest_first(jobs));
}

async fn the_newest_job_of_a_device_stands_for_it(ledger: &Bench) {
    let jobs = seed_many(ledger, 2).await;
    ended(ledger, jobs[0], &failed()).await;
    let repeat = enqueue(ledger, vec![wish(1)]).await[0];
    let newest = JobFilter { newest_per_device: true, ..JobFilter::default() };
    assert_eq!(listed(ledger, &newest).await, newest_first(vec![repeat, jobs[1]]));
    let failed = JobFilter { states: vec![JobState::Failed], ..newest };
    assert!(
        listed(ledger, &failed).await.is_empty(),
        "a job that was repeated does not stand for its device"
    );
    assert_eq!(ledger.counts(None).await.unwrap().total, 2);
    assert_eq!(ledger.status(&serial(1)).await.unwrap(), None, "the newest job has no document yet");
}

async fn counts_have_every_state_and_every_job_once(ledger: &Bench) {
    let empty = ledger.counts(None).await.unwrap();
    assert_eq!((empty.total, empty.by_state.len()), (0, JobState::ALL.len()));

    let jobs = seed_many(ledger, 7).await;
    for (job, (end, _)) in jobs[..4].iter().zip(terminal_ends()) {
        ended(ledger, *job, &end).await;
    }
    ended(ledger, jobs[4], &retry(Duration::from_secs(60))).await;
    claim(ledger, jobs[5], "ann").await;
    let counts = ledger.counts(None).await.unwrap();
    assert_eq!(counts.total, 7);
    for state in JobState::ALL {
        assert_eq!(counts.by_state[&state], 1, "{state}");
    }
    assert_eq!(counts.ready_for_install, 0);
}

async fn counts_of_a_batch_are_its_own(ledger: &Bench) {
    let jobs = seed_many(ledger, 3).await;
    let first = view(ledger, jobs[0]).await.batch;
    let claimed = claim(ledger, jobs[0], "ann").await;
    let mut step = step(&claimed);
    step.status.ready_for_install = true;
    ledger.end(&claimed.lease, &End::Completed, &step).await.unwrap();
    let repeat = batch(vec![wish(1)]);
    ledger.enqueue(&repeat).await.unwrap();

    let counts = ledger.counts(Some(first)).await.unwrap();
    assert_eq!((counts.total, counts.by_state[&JobState::Completed], counts.ready_for_install), (3, 1, 1));
    assert_eq!(ledger.counts(Some(repeat.id)).await.unwrap().total, 1);
    let all = ledger.counts(None).await.unwrap();
    assert_eq!((all.total, all.by_state[&JobState::Completed], all.ready_for_install), (3, 0, 0));
}

async fn failures_are_grouped_with_their_remedies(ledger: &Bench) {
    let of = |kind| End::Failed { kind, message: "so it was".to_owned() };
    let skipped = End::Skipped { kind: FailureKind::NoPath, message: "so it was".to_owned() };
    let ends = [of(FailureKind::Tls), of(FailureKind::DiskFull), of(FailureKind::DiskFull), skipped];
    let jobs = seed_many(ledger, 5).await;
    for (job, end) in jobs.iter().zip(&ends) {
        ended(ledger, *job, end).await;
    }
    ended(ledger, jobs[4], &retry(Duration::from_secs(60))).await;
    let failures = ledger.counts(None).await.unwrap().failures;
    let told: Vec<_> = failures.iter().map(|failure| (failure.kind, failure.count)).collect();
    assert_eq!(told[0], (FailureKind::DiskFull, 2));
    assert_eq!(told.len(), 3, "what is tried again is no failure yet: {told:?}");
    assert!(told.contains(&(FailureKind::NoPath, 1)) && told.contains(&(FailureKind::Tls, 1)));
    assert_eq!(failures[0].remedy, FailureKind::DiskFull.remedy());
}

async fn images_come_in_order_of_the_path(ledger: &Bench) {
    let claimed = running(ledger).await;
    // The order of the path is neither that of versions nor that of texts.
    let images: Vec<_> = ["10.2.10", "9.1.0", "11.1.0", "10.2.9"]
        .into_iter()
        .zip(0..)
        .map(|(version, position)| image(version, position, ImageState::Missing))
        .collect();
    let backwards = images.iter().rev().cloned().collect();
    ledger.record(&claimed.lease, &StepRecord { images: backwards, ..step(&claimed) }).await.unwrap();
    assert_eq!(ledger.images(claimed.lease.job).await.unwrap(), images);
}

async fn a_device_without_a_look_has_no_status(ledger: &Bench) {
    let claimed = running(ledger).await;
    assert_eq!(ledger.status(&serial(1)).await.unwrap(), None);
    ledger.record(&claimed.lease, &step(&claimed)).await.unwrap();
    assert_eq!(ledger.status(&serial(1)).await.unwrap(), Some(step(&claimed).status));
}

async fn what_does_not_exist_is_none(ledger: &Bench) {
    let (job, stranger) = (JobId(4_711), "0000".parse::<Serial>().unwrap());
    assert_eq!(ledger.job(job).await.unwrap(), None);
    assert!(ledger.images(job).await.unwrap().is_empty());
    assert!(ledger.attempts(job).await.unwrap().is_empty());
    assert_eq!(ledger.status(&stranger).await.unwrap(), None);
}

async fn members_of_pairs_come_with_what_their_newest_job_left(ledger: &Bench) {
    let names = |n: u32, peer: u32| {
        let ha = Ha::Member { state: "active".to_owned(), peer: Some(serial(peer)) };
        Device { ha, ..device(n) }
    };
    // The second is named only; the sixth leaves, and with it the name of the fifth.
    let devices = [names(1, 2), device(2), names(3, 9), names(4, 3), device(5), names(6, 5), device(7)];
    ledger.record_devices(&devices, Source::Panorama, Completeness::Partial, &operator()).await.unwrap();
    let jobs = enqueue(ledger, (1..=4).map(wish).collect()).await;
    for (job, is_ready) in [(jobs[0], true), (jobs[2], false), (jobs[3], true)] {
        let claimed = claim(ledger, job, "ann").await;
        let images = vec![
            image("11.1.0", 0, ImageState::AlreadyPresent),
            image("11.1.4", 1, ImageState::Downloaded),
            image("12.1.2", 2, ImageState::Missing),
        ];
        let mut record = StepRecord { images, ..step(&claimed) };
        record.status.ready_for_install = is_ready;
        ledger.end(&claimed.lease, &End::Completed, &record).await.unwrap();
    }
    let again = enqueue(ledger, vec![wish(4)]).await[0];
    claim(ledger, again, "ann").await;
    ledger.remove_device(&serial(6), &operator()).await.unwrap();

    let members = ledger.pair_members().await.unwrap();
    assert_eq!(members[0].device, names(1, 2));
    let told = |member: &PairMember| {
        let mut ready = member.ready.clone();
        ready.iter_mut().for_each(|versions| versions.sort());
        (member.device.serial.clone(), member.state, ready)
    };
    let both = vec!["11.1.0".parse().unwrap(), "11.1.4".parse().unwrap()];
    let expected = [
        (serial(1), Some(JobState::Completed), Some(both)),
        (serial(2), Some(JobState::Available), None),
        (serial(3), Some(JobState::Completed), None),
        (serial(4), Some(JobState::Running), None),
    ];
    assert_eq!(members.iter().map(told).collect::<Vec<_>>(), expected);
}
