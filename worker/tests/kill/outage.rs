//! What a worker makes of a ledger that is away, and of a claim that fails for itself: downloads go on on their devices
//! and are taken over, nothing is asked for twice, and no message goes round for ever.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use common::audit::AuditAction;
use common::config::Config;
use common::domain::device::{Device, Ha, Source};
use common::domain::job::{BatchId, JobId, JobSpec, JobState, JobType, PairMode};
use common::domain::path::Goal;
use common::engine::Engine;
use common::ledger::{Batch, Completeness};
use simulator::faults::{Fault, FaultKind};
use simulator::scenario::TARGET;

use super::mortal::{Death, Ill, Mortal};
use super::silent::{inject, until};
use super::{Firewall, TWO_IMAGES, Trouble, beside, job, queue, requester, told};

/// Calls that a ledger misses before it comes back.
const MISSED: usize = 3;

/// A lease that ends soon, and a worker that looks often.
fn hasty(firewall: &Firewall) -> Config {
    let mut config = firewall.config(&firewall.directory.path().join("ledger.sqlite"));
    config.lease.ttl = Duration::from_secs(2);
    config.lease.renew_every = Duration::from_millis(300);
    config.rescue.every = Duration::from_millis(300);
    config
}

fn with_faults(engine: &Engine, death: Death) -> (Arc<Mortal>, Engine) {
    let mortal = Arc::new(Mortal::new(Arc::clone(&engine.ledger), death));
    let faulty = Engine { ledger: mortal.clone(), broker: Arc::clone(&engine.broker) };
    (mortal, faulty)
}

/// A ledger that is ill for longer than the lease, while a download runs.
async fn outlasts(ill: Ill) {
    let firewall = Firewall::start(TWO_IMAGES, Trouble::None);
    let config = hasty(&firewall);
    let engine = Engine::open(&config).await.unwrap();
    queue(engine.ledger.as_ref(), &firewall).await;
    inject(&firewall, Fault::times(FaultKind::Pause { delay_ms: Duration::from_secs(5) }, 1));
    let (mortal, faulty) = with_faults(&engine, Death::Never);
    beside(&faulty, &config, async |_| {
        let is_noted = async || !told(&engine, AuditAction::DownloadAccepted).await.is_empty();
        until("the download is noted", is_noted).await;
        mortal.falls(ill);
        // Nobody else is there to take the job: its lease passes, here and in the ledger.
        tokio::time::sleep(config.lease.ttl + Duration::from_secs(1)).await;
        assert_eq!(job(&engine).await.state, JobState::Running, "{ill:?}: nothing is written meanwhile");
        mortal.falls(Ill::Not);
        until("the job is done", async || job(&engine).await.state.is_terminal()).await;
    })
    .await;
    let done = job(&engine).await;
    assert_eq!((done.state, done.attempt), (JobState::Completed, 1), "{ill:?}: {done:?}");
    assert!(firewall.downloads().iter().all(|(_, n)| *n == 1), "{ill:?}: {:?}", firewall.downloads());
    let attempts = engine.ledger.attempts(done.id).await.unwrap();
    let endings: Vec<_> = attempts.iter().filter_map(|attempt| attempt.ending.as_deref()).collect();
    assert_eq!(endings, ["lease_lost", "completed"], "{ill:?}: {attempts:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ledger_that_is_away_for_longer_than_a_lease_costs_neither_a_request_nor_an_attempt() {
    tokio::join!(outlasts(Ill::Away), outlasts(Ill::Full), outlasts(Ill::Hangs));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ledger_that_comes_back_before_the_lease_ends_finds_its_attempt_going_on() {
    let firewall = Firewall::start(TWO_IMAGES, Trouble::None);
    let mut config = hasty(&firewall);
    config.lease.ttl = Duration::from_secs(30);
    let engine = Engine::open(&config).await.unwrap();
    queue(engine.ledger.as_ref(), &firewall).await;
    let (mortal, faulty) = with_faults(&engine, Death::Never);
    beside(&faulty, &config, async |_| {
        until("a download runs", async || !firewall.downloads().is_empty()).await;
        mortal.falls(Ill::Away);
        let is_missed = async || mortal.n_missed.load(Ordering::SeqCst) >= MISSED;
        until("the ledger is missed, and more than once", is_missed).await;
        mortal.falls(Ill::Not);
        until("the job is done", async || job(&engine).await.state.is_terminal()).await;
    })
    .await;
    let done = job(&engine).await;
    assert_eq!(done.state, JobState::Completed, "{done:?}");
    assert_eq!(engine.ledger.attempts(done.id).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_cannot_be_claimed_ends_as_a_dead_letter_and_keeps_nobody_from_working() {
    let firewall = Firewall::start(TWO_IMAGES, Trouble::None);
    let config = hasty(&firewall);
    let engine = Engine::open(&config).await.unwrap();
    let poisoned = queue_without_address(&engine).await;
    queue(engine.ledger.as_ref(), &firewall).await;
    let (mortal, faulty) = with_faults(&engine, Death::Never);
    mortal.falls(Ill::CannotClaim(poisoned));
    beside(&faulty, &config, async |_| {
        until("the other job is done", async || job(&engine).await.state == JobState::Completed).await;
        until("it is a dead letter", async || engine.ledger.n_dead().await.unwrap() > 0).await;
        let letter = engine.ledger.dead_letters(None, 1).await.unwrap().remove(0);
        assert_eq!(letter.job, Some(poisoned), "{letter:?}");
        mortal.falls(Ill::Not);
        // The collector has woken it again.
        let is_over = async || engine.ledger.job(poisoned).await.unwrap().unwrap().state.is_terminal();
        until("it is claimed after all", is_over).await;
    })
    .await;
    let n_refused = mortal.n_refused.load(Ordering::SeqCst);
    assert!((3..=20).contains(&n_refused), "{n_refused} claims were tried");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_defect_in_the_middle_of_a_download_leaves_it_to_the_next_attempt() {
    let mut n_met = 0;
    for n in 3..=10 {
        let firewall = Firewall::start(TWO_IMAGES, Trouble::None);
        let config = firewall.config(&firewall.directory.path().join("ledger.sqlite"));
        let engine = Engine::open(&config).await.unwrap();
        queue(engine.ledger.as_ref(), &firewall).await;
        edit(&config, "UPDATE jobs SET max_attempts = 2");
        let (_mortal, faulty) = with_faults(&engine, Death::Panic(n));
        beside(&faulty, &config, async |_| {
            let is_over =
                async || matches!(job(&engine).await.state, JobState::Scheduled | JobState::Completed);
            until("the attempt has ended", is_over).await;
            edit(&config, "UPDATE jobs SET due_at = 1 WHERE state = 'scheduled'");
            until("the job is done", async || job(&engine).await.state.is_terminal()).await;
        })
        .await;
        let done = job(&engine).await;
        assert_eq!(done.state, JobState::Completed, "write {n}: {done:?}");
        assert!(firewall.downloads().iter().all(|(_, n)| *n == 1), "write {n}: {:?}", firewall.downloads());
        n_met += usize::from(done.attempt == 2);
    }
    assert!(n_met >= 6, "only {n_met} defects were met");
}

fn edit(config: &Config, sql: &str) {
    let common::config::LedgerUrl::Sqlite(path) = &config.ledger.url else { panic!("a file") };
    let file = rusqlite::Connection::open(path).unwrap();
    file.busy_timeout(Duration::from_secs(5)).unwrap();
    file.execute(sql, []).unwrap();
}

/// A job that ends as soon as it is claimed: nobody knows where its device is.
async fn queue_without_address(engine: &Engine) -> JobId {
    let device = Device {
        serial: "007900000999999".parse().unwrap(),
        hostname: "nowhere".into(),
        address: None,
        model: String::new(),
        sw_version: String::new(),
        ha: Ha::Standalone,
        multi_vsys: false,
        connected: true,
        source: Source::Csv,
    };
    let devices = std::slice::from_ref(&device);
    let partial = Completeness::Partial;
    engine.ledger.record_devices(devices, Source::Csv, partial, &requester()).await.unwrap();
    let wish = JobSpec {
        serial: device.serial,
        job_type: JobType::DownloadOnly,
        goal: Goal::Target(TARGET.to_string().parse().unwrap()),
        max_attempts: 1,
        pair: PairMode::InTurn,
        retry_of: None,
    };
    let batch = Batch { id: BatchId::new(), by: requester(), jobs: vec![wish] };
    engine.ledger.enqueue(&batch).await.unwrap();
    job(engine).await.id
}
