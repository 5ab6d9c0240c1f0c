//! A worker that is told to stop: gone in bounded time whatever ledger, device and step are doing, with its jobs handed
//! back uncounted, so that the next one goes on where it was.

use std::sync::Arc;
use std::time::{Duration, Instant};

use common::audit::AuditAction;
use common::config::Config;
use common::domain::job::JobState;
use common::engine::Engine;
use common::ledger::WorkerState;
use common::shutdown::Shutdown;
use simulator::faults::{Fault, FaultKind};
use simulator::word::Word;
use worker::{App, Ending, Until};

use super::mortal::{Death, Ill, Mortal};
use super::silent::{asked, inject, until};
use super::{Firewall, TWO_IMAGES, Trouble, expire_leases, job, queue, told};

/// Grace, abort, parts and last words, with nothing answering in any of them.
const AT_MOST: Duration = Duration::from_secs(16);

/// What is told to the worker while its download runs.
#[derive(Debug, Clone, Copy)]
enum Said {
    Once,
    Twice,
}

/// Stops a worker while it waits for the answer to a question that takes `slow`; answers how long it took to leave.
async fn stopped(
    firewall: &Firewall,
    engine: &Engine,
    config: &Config,
    slow: Duration,
    said: Said,
) -> Duration {
    inject(firewall, Fault::lasting(FaultKind::Stall));
    let stop = Shutdown::new();
    let app = App::new(engine.clone(), config, &stop).unwrap();
    let directing = async {
        let is_noted = async || !told(engine, AuditAction::DownloadAccepted).await.is_empty();
        until("the download is noted", is_noted).await;
        inject(firewall, Fault::lasting(FaultKind::Slow { delay_ms: slow }).on(&[Word::Job]));
        let n_before = asked(firewall, Word::Job);
        until("an answer is waited for", async || asked(firewall, Word::Job) > n_before).await;
        stop.begin();
        match said {
            Said::Once => {}
            Said::Twice => stop.abort(),
        }
        Instant::now()
    };
    let (ending, told_at) = tokio::join!(app.run(Until::Stopped), directing);
    assert_eq!(ending.unwrap(), Ending::Stopped);
    told_at.elapsed()
}

/// Lets another worker finish the job, and looks that it went on where the first one was.
async fn taken_over(firewall: &Firewall, engine: &Engine, config: &Config) {
    firewall.world.firewalls[0].at(firewall.world.clock.now()).faults.clear();
    let app = App::new(engine.clone(), config, &Shutdown::new()).unwrap();
    let ending = tokio::time::timeout(Duration::from_secs(60), app.run(Until::Idle)).await;
    assert_eq!(ending.expect("it ends in a minute").unwrap(), Ending::Idle);
    let done = job(engine).await;
    assert_eq!((done.state, done.attempt), (JobState::Completed, 1), "{done:?}");
    assert!(firewall.downloads().iter().all(|(_, n)| *n == 1), "{:?}", firewall.downloads());
}

async fn handed_back(slow: Duration, grace: Duration, said: Said) -> Duration {
    let firewall = Firewall::start(TWO_IMAGES, Trouble::None);
    let mut config = firewall.config(&firewall.directory.path().join("ledger.sqlite"));
    config.worker.grace = grace;
    let engine = Engine::open(&config).await.unwrap();
    queue(engine.ledger.as_ref(), &firewall).await;
    let took = stopped(&firewall, &engine, &config, slow, said).await;
    let back = job(&engine).await;
    assert_eq!((back.state, back.attempt), (JobState::Available, 0), "{back:?}");
    assert_eq!(engine.ledger.outbox_depth().await.unwrap(), 0, "its wake-up is out");
    let workers = engine.ledger.workers(Duration::from_secs(60)).await.unwrap();
    assert_eq!(workers.iter().map(|worker| worker.state).collect::<Vec<_>>(), [WorkerState::Gone]);
    taken_over(&firewall, &engine, &config).await;
    took
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn within_its_grace_a_worker_lets_a_question_be_answered_and_hands_its_job_back() {
    let took = handed_back(Duration::from_secs(2), Duration::from_secs(20), Said::Once).await;
    assert!(took < Duration::from_secs(10), "{took:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_its_grace_a_worker_leaves_without_the_answer_and_hands_its_job_back() {
    let took = handed_back(Duration::from_secs(30), Duration::from_millis(300), Said::Once).await;
    assert!(took < Duration::from_secs(5), "{took:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn told_twice_a_worker_leaves_at_once_and_hands_its_job_back() {
    let took = handed_back(Duration::from_secs(30), Duration::from_secs(60), Said::Twice).await;
    assert!(took < Duration::from_secs(5), "{took:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_whose_ledger_hangs_while_it_stops_is_gone_in_time_and_is_taken_over_from() {
    let firewall = Firewall::start(TWO_IMAGES, Trouble::None);
    let file = firewall.directory.path().join("ledger.sqlite");
    let mut config = firewall.config(&file);
    config.worker.grace = Duration::from_millis(300);
    let engine = Engine::open(&config).await.unwrap();
    queue(engine.ledger.as_ref(), &firewall).await;
    let mortal = Arc::new(Mortal::new(Arc::clone(&engine.ledger), Death::Never));
    let faulty = Engine { ledger: mortal.clone(), broker: Arc::clone(&engine.broker) };
    let stop = Shutdown::new();
    let app = App::new(faulty, &config, &stop).unwrap();
    inject(&firewall, Fault::lasting(FaultKind::Stall));
    let directing = async {
        let is_noted = async || !told(&engine, AuditAction::DownloadAccepted).await.is_empty();
        until("the download is noted", is_noted).await;
        mortal.falls(Ill::Hangs);
        stop.begin();
        Instant::now()
    };
    let (ending, told_at) = tokio::join!(app.run(Until::Stopped), directing);
    assert_eq!(ending.unwrap(), Ending::Stopped);
    assert!(told_at.elapsed() < AT_MOST, "{:?}", told_at.elapsed());
    assert_eq!(job(&engine).await.state, JobState::Running, "left to its lease");
    expire_leases(&file);
    taken_over(&firewall, &engine, &config).await;
}
