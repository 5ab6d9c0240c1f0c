//! What people say to a worker that runs: a cancel ends a job at its next safe point, and a hanging device is no reason to
//! wait for one; a pause keeps jobs for others, and ends by itself.

use std::time::{Duration, Instant};

use common::audit::AuditAction;
use common::broker::Control;
use common::config::Config;
use common::domain::hold::PauseScope;
use common::domain::job::{JobState, JobType};
use common::engine::Engine;
use common::ledger::{CancelAnswer, JobView};
use common::shutdown::Shutdown;
use simulator::faults::{Fault, FaultKind};
use simulator::word::Word;
use worker::{App, Ending, Until};

use super::silent::{asked, inject, until};
use super::{Firewall, TWO_IMAGES, Trouble, beside, job, queue, requester, told};

/// A cancel or a resume is felt by then; without the control it would take a beat, which is far longer here.
const PROMPTLY: Duration = Duration::from_secs(2);

/// A firewall, a ledger with one job for it, and a worker's configuration that asks and beats rarely.
async fn patient() -> (Firewall, Config, Engine) {
    let firewall = Firewall::start(TWO_IMAGES, Trouble::None);
    let mut config = firewall.config(&firewall.directory.path().join("ledger.sqlite"));
    config.poll.max = Duration::from_secs(20);
    let engine = Engine::open(&config).await.unwrap();
    queue(engine.ledger.as_ref(), &firewall).await;
    (firewall, config, engine)
}

/// Cancels the job and tells workers; answers the job as it ended, and how long that took.
async fn cancelled(engine: &Engine) -> (JobView, Duration) {
    let job_id = job(engine).await.id;
    let began = Instant::now();
    let answer = engine.ledger.cancel(job_id, &requester()).await.unwrap();
    assert_eq!(answer, CancelAnswer::Requested);
    engine.broker.tell(&Control::Cancel { job_id }).await.unwrap();
    until("the job has ended", async || job(engine).await.state.is_terminal()).await;
    (job(engine).await, began.elapsed())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancel_ends_a_job_between_two_questions_and_says_what_goes_on_on_the_device() {
    let (firewall, mut config, engine) = patient().await;
    config.poll.min = Duration::from_secs(20);
    inject(&firewall, Fault::lasting(FaultKind::Stall));
    let (ended, took) = beside(&engine, &config, async |_| {
        let is_noted = async || !told(&engine, AuditAction::DownloadAccepted).await.is_empty();
        until("the download is noted", is_noted).await;
        cancelled(&engine).await
    })
    .await;
    assert_eq!(ended.state, JobState::Cancelled);
    assert!(took < PROMPTLY, "{took:?}");
    let downloads = told(&engine, AuditAction::DownloadEnded).await;
    assert_eq!(downloads.len(), 1, "{downloads:?}");
    assert_eq!(downloads[0]["result"], "left_running");
    assert!(downloads[0]["details"][0].as_str().unwrap().contains("as its job"), "{downloads:?}");
    assert_eq!(firewall.downloads().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancel_does_not_wait_for_a_device_that_hangs() {
    let (firewall, config, engine) = patient().await;
    let slow = FaultKind::Slow { delay_ms: Duration::from_secs(60) };
    inject(&firewall, Fault::lasting(slow).on(&[Word::SoftwareCheck]));
    let (ended, took) = beside(&engine, &config, async |_| {
        let is_identified = async || !told(&engine, AuditAction::DeviceIdentified).await.is_empty();
        until("the device is known", is_identified).await;
        cancelled(&engine).await
    })
    .await;
    assert_eq!(ended.state, JobState::Cancelled);
    assert!(took < PROMPTLY, "{took:?}");
    assert!(firewall.downloads().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancel_waits_for_the_answer_to_a_request_that_has_left() {
    let (firewall, config, engine) = patient().await;
    let slow = FaultKind::Slow { delay_ms: Duration::from_millis(1_500) };
    inject(&firewall, Fault::lasting(slow).on(&[Word::Download]));
    let (ended, took) = beside(&engine, &config, async |_| {
        let is_leaving = async || !told(&engine, AuditAction::DownloadRequested).await.is_empty();
        until("the request is noted", is_leaving).await;
        cancelled(&engine).await
    })
    .await;
    assert_eq!(ended.state, JobState::Cancelled);
    assert!(took > Duration::from_millis(500), "cut in the middle: {took:?}");
    let accepted = told(&engine, AuditAction::DownloadAccepted).await;
    assert_eq!(accepted.len(), 1, "what the device answered is noted");
    assert_eq!(told(&engine, AuditAction::DownloadEnded).await[0]["device_job"], accepted[0]["device_job"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paused_worker_takes_nothing_and_goes_on_by_itself_when_it_may() {
    let firewall = Firewall::start(TWO_IMAGES, Trouble::None);
    let config = firewall.config(&firewall.directory.path().join("ledger.sqlite"));
    let engine = Engine::open(&config).await.unwrap();
    let took = beside(&engine, &config, async |worker| {
        let scope = PauseScope::Worker(worker);
        let depth = async || engine.broker.depth(JobType::DownloadOnly).await.unwrap();
        until("it listens", async || depth().await.n_consumers == 1).await;
        engine.ledger.pause_part(&scope, &requester()).await.unwrap();
        engine.broker.tell(&Control::Pauses).await.unwrap();
        until("it listens no more", async || depth().await.n_consumers == 0).await;
        queue(engine.ledger.as_ref(), &firewall).await;
        until("a message waits for others", async || depth().await.n_ready == 1).await;
        assert_eq!(job(&engine).await.state, JobState::Available);
        engine.ledger.resume_part(&scope, &requester()).await.unwrap();
        engine.broker.tell(&Control::Pauses).await.unwrap();
        let began = Instant::now();
        until("it has begun", async || job(&engine).await.state != JobState::Available).await;
        let took = began.elapsed();
        until("it is done", async || job(&engine).await.state == JobState::Completed).await;
        took
    })
    .await;
    assert!(took < PROMPTLY, "{took:?}");
    assert!(asked(&firewall, Word::Download) > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_until_idle_ends_when_all_that_waits_is_paused() {
    let (firewall, config, engine) = patient().await;
    let scope = PauseScope::Queue(JobType::DownloadOnly);
    engine.ledger.pause_part(&scope, &requester()).await.unwrap();
    let run = async || App::new(engine.clone(), &config, &Shutdown::new()).unwrap().run(Until::Idle).await;
    assert_eq!(run().await.unwrap(), Ending::Held);
    assert_eq!((job(&engine).await.state, asked(&firewall, Word::Keygen)), (JobState::Available, 0));
    engine.ledger.resume_part(&scope, &requester()).await.unwrap();
    let mut config = config.clone();
    config.poll.max = Duration::from_millis(200);
    let app = App::new(engine.clone(), &config, &Shutdown::new()).unwrap();
    assert_eq!(app.run(Until::Idle).await.unwrap(), Ending::Idle);
    assert_eq!(job(&engine).await.state, JobState::Completed);
}
