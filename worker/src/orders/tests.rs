use std::time::Duration;

use common::clock::{Clock, SystemClock};
use common::domain::job::Requester;
use futures_util::FutureExt;

use super::*;
use crate::testing::with_a_job;

const BOTH: [JobType; 2] = [JobType::DownloadOnly, JobType::Upgrade];

fn by() -> Requester {
    Requester { operator: "ann".into(), host: "localhost".into(), reason: Some("works".into()) }
}

fn pause(scope: PauseScope) -> Pause {
    Pause { scope, reason: "works".into(), since: SystemClock.now(), by: by() }
}

fn this() -> WorkerId {
    WorkerId("this".into())
}

/// Orders over a ledger of their own, which lives in the directory.
async fn orders() -> (tempfile::TempDir, Arc<dyn common::ledger::Ledger>, Orders) {
    let directory = tempfile::tempdir().unwrap();
    let ledger = with_a_job(directory.path()).await.ledger;
    let gate = Arc::new(Gate::new(Arc::clone(&ledger), 3));
    (directory, ledger, Orders::new(this(), BOTH.to_vec(), gate))
}

#[tokio::test]
async fn a_paused_queue_leaves_the_others_open_and_a_paused_worker_none() {
    let (_directory, _ledger, orders) = orders().await;
    assert_eq!(orders.open(), BOTH);
    let queue = pause(PauseScope::Queue(JobType::Upgrade));
    orders.take_over(None, vec![queue.clone()], Instant::now());
    assert_eq!(orders.open(), [JobType::DownloadOnly]);
    let other = pause(PauseScope::Worker(WorkerId("other".into())));
    orders.take_over(None, vec![other], Instant::now());
    assert_eq!(orders.open(), BOTH, "another worker's pause is not ours");
    let ours = pause(PauseScope::Worker(this()));
    orders.take_over(None, vec![queue, ours], Instant::now());
    assert!(orders.open().is_empty());
}

#[tokio::test]
async fn who_waits_for_a_change_is_told_of_pauses_and_of_holds() {
    let (_directory, ledger, orders) = orders().await;
    assert!(orders.differ(&BOTH).now_or_never().is_none());
    let paused = vec![pause(PauseScope::Queue(JobType::Upgrade))];
    tokio::join!(orders.differ(&BOTH), async { orders.take_over(None, paused, Instant::now()) });
    let hold = ledger.pause(&by()).await.unwrap();
    let open = orders.open();
    tokio::join!(orders.differ(&open), async {
        orders.take_over(Some(&hold), Vec::new(), Instant::now());
    });
    assert!(orders.open().is_empty(), "the fleet is held");
    orders.take_over(None, Vec::new(), Instant::now());
    assert_eq!(orders.open(), BOTH);
}

#[tokio::test]
async fn an_answer_that_was_asked_for_earlier_takes_nothing_back() {
    let (_directory, ledger, orders) = orders().await;
    let earlier = Instant::now();
    tokio::time::sleep(Duration::from_millis(1)).await;
    orders.note(pause(PauseScope::Queue(JobType::Upgrade)), Instant::now());
    let hold = ledger.pause(&by()).await.unwrap();
    orders.take_over(Some(&hold), vec![pause(PauseScope::Queue(JobType::Upgrade))], Instant::now());
    orders.take_over(None, Vec::new(), earlier);
    assert!(orders.open().is_empty());
    orders.take_over(None, Vec::new(), Instant::now());
    assert_eq!(orders.open(), BOTH);
}
