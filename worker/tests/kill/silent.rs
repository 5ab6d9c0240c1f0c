//! What a worker makes of a device that falls silent, boots, or does something of its own: told as it was, with no
//! log-in too many and no download taken for ours that is not.

use std::time::Duration;

use common::audit::{AuditAction, EntryBody};
use common::config::Config;
use common::domain::failure::FailureKind;
use common::domain::hold::HoldCause;
use common::domain::job::{JobId, JobState};
use common::engine::Engine;
use common::ledger::{JobView, Ledger, TrailFilter};
use common::shutdown::Shutdown;
use serde_json::Value;
use simulator::faults::{Fault, FaultKind};
use simulator::span::Span;
use simulator::word::Word;
use worker::{App, Ending, Until};

use super::{Firewall, TWO_IMAGES, Trouble, expire_leases, queue, told};

const SOON: Duration = Duration::from_secs(30);

/// One job, from its queue to its end, by one worker.
struct Done {
    engine: Engine,
    job: JobView,
}

impl Done {
    async fn at(firewall: &Firewall) -> Self {
        let mut config = firewall.config(&firewall.directory.path().join("ledger.sqlite"));
        config.download.busy_wait = Duration::from_millis(200);
        let engine = Engine::open(&config).await.unwrap();
        queue(engine.ledger.as_ref(), firewall).await;
        Self::by_a_worker(config).await
    }

    /// Of the job that is there.
    async fn by_a_worker(config: Config) -> Self {
        let engine = Engine::open(&config).await.unwrap();
        let app = App::new(engine.clone(), &config, &Shutdown::new()).unwrap();
        let ending = tokio::time::timeout(Duration::from_secs(60), app.run(Until::Idle)).await;
        assert_eq!(ending.expect("it ends in a minute").unwrap(), Ending::Idle);
        let job = engine.ledger.jobs(&Default::default(), 1).await.unwrap().remove(0);
        Self { engine, job }
    }

    /// What the trail says of `action`, in order.
    async fn told(&self, action: AuditAction) -> Vec<Value> {
        let entries = self.engine.ledger.entries(&TrailFilter::default(), None, 500).await.unwrap();
        let bodies = entries.iter().map(|entry| serde_json::from_slice::<EntryBody>(&entry.body).unwrap());
        bodies.filter(|body| body.action == action).map(|body| body.detail).collect()
    }

    /// Whether each silence is told to have been a boot.
    async fn boots(&self) -> Vec<Value> {
        self.told(AuditAction::DeviceSilent)
            .await
            .into_iter()
            .map(|detail| detail["booted"].clone())
            .collect()
    }
}

/// Waits for a state of the world.
pub(super) async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(SOON, waiting).await.unwrap_or_else(|_| panic!("not in time: {what}"));
}

/// A worker whose only device refuses every log-in from its first download on; `meanwhile` is done then, and the worker
/// stops after it. Answers where that leaves the ledger.
async fn refused_while_downloading(
    firewall: &Firewall,
    meanwhile: impl AsyncFnOnce(&dyn Ledger, JobId),
) -> (Engine, JobView) {
    let mut config = firewall.config(&firewall.directory.path().join("ledger.sqlite"));
    config.firewall.refusals_before_hold = 1;
    config.download.silence_timeout = Duration::from_secs(3);
    let engine = Engine::open(&config).await.unwrap();
    queue(engine.ledger.as_ref(), firewall).await;
    let id = engine.ledger.jobs(&Default::default(), 1).await.unwrap()[0].id;
    inject(firewall, Fault::lasting(FaultKind::Stall));
    let stop = Shutdown::new();
    let app = App::new(engine.clone(), &config, &stop).unwrap();
    let directing = async {
        until("a download runs", async || !firewall.downloads().is_empty()).await;
        inject(firewall, Fault::lasting(FaultKind::CredentialsRefused));
        meanwhile(engine.ledger.as_ref(), id).await;
        stop.begin();
    };
    let (ending, ()) = tokio::join!(app.run(Until::Stopped), directing);
    ending.unwrap();
    let job = engine.ledger.job(id).await.unwrap().unwrap();
    (engine, job)
}

pub(super) fn asked(firewall: &Firewall, word: Word) -> u64 {
    let counters = firewall.world.firewalls[0].counters.lock().unwrap();
    counters.commands.get(&word).copied().unwrap_or_default()
}

pub(super) fn inject(firewall: &Firewall, fault: Fault) {
    firewall.world.firewalls[0].at(firewall.world.clock.now()).faults.inject(fault);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_boot_is_told_as_one_and_is_not_stormed_with_log_ins() {
    let firewall = Firewall::start(TWO_IMAGES, Trouble::Reboot);
    // Longer than until the first new key is asked for, whose refusal leaves none to try.
    firewall.world.firewalls[0].at(firewall.world.clock.now()).spec.quirks.auth_late =
        Some(Span(Duration::from_secs(2)));
    let done = Done::at(&firewall).await;
    assert_eq!((done.job.state, done.job.attempt), (JobState::Completed, 1), "{:?}", done.job);
    assert_eq!(done.boots().await, [Value::Bool(true)]);
    let n_keygens = asked(&firewall, Word::Keygen);
    assert!(n_keygens <= 3, "{n_keygens} keygens: one to begin with, and two while it boots");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silence_without_a_boot_is_told_as_one_and_loses_nothing() {
    let firewall = Firewall::start(TWO_IMAGES, Trouble::None);
    inject(&firewall, Fault::times(FaultKind::HttpError { status: 503 }, 1).on(&[Word::Job]));
    let done = Done::at(&firewall).await;
    assert_eq!((done.job.state, done.job.attempt), (JobState::Completed, 1), "{:?}", done.job);
    assert_eq!(done.boots().await, [Value::Bool(false)]);
    let ended = done.told(AuditAction::DownloadEnded).await;
    assert!(ended.iter().all(|detail| detail["result"] == "ok"), "{ended:?}");
    assert!(firewall.downloads().iter().all(|(_, n)| *n == 1), "{:?}", firewall.downloads());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silence_before_a_download_that_is_taken_over_costs_no_attempt() {
    let firewall = Firewall::start(TWO_IMAGES, Trouble::None);
    let file = firewall.directory.path().join("ledger.sqlite");
    let config = firewall.config(&file);
    let engine = Engine::open(&config).await.unwrap();
    queue(engine.ledger.as_ref(), &firewall).await;
    // Longer than all that comes before it is taken over, on whatever machine.
    inject(&firewall, Fault::times(FaultKind::Pause { delay_ms: Duration::from_secs(5) }, 1));
    // On a runtime of its own, which takes all its tasks with it: one that lived on would make a new key some day, and
    // so end the key of the next worker, as PAN-OS has one per account.
    let doomed = tokio::runtime::Runtime::new().unwrap();
    let of_doomed = config.clone();
    doomed.spawn(async move {
        let engine = Engine::open(&of_doomed).await.unwrap();
        App::new(engine, &of_doomed, &Shutdown::new()).unwrap().run(Until::Stopped).await
    });
    let is_noted = async || !told(&engine, AuditAction::DownloadAccepted).await.is_empty();
    until("a download runs", is_noted).await;
    doomed.shutdown_background();
    expire_leases(&file);
    for word in [Word::SoftwareCheck, Word::DiskSpace] {
        inject(&firewall, Fault::times(FaultKind::HttpError { status: 503 }, 1).on(&[word]));
    }
    let done = Done::by_a_worker(config).await;
    assert_eq!((done.job.state, done.job.attempt), (JobState::Completed, 1), "{:?}", done.job);
    assert_eq!(done.boots().await, [Value::Bool(false), Value::Bool(false)]);
    assert!(firewall.downloads().iter().all(|(_, n)| *n == 1), "{:?}", firewall.downloads());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_content_update_is_not_taken_for_a_download_whose_request_was_lost() {
    let firewall = Firewall::start(TWO_IMAGES, Trouble::None);
    firewall.world.firewalls[0].at(firewall.world.clock.now()).spec.quirks.content_update_after =
        Some(Span(Duration::from_millis(1)));
    inject(&firewall, Fault::times(FaultKind::Reset, 1).on(&[Word::Download]));
    let done = Done::at(&firewall).await;
    assert_eq!((done.job.state, done.job.attempt), (JobState::Completed, 1), "{:?}", done.job);
    let snoozed = done.told(AuditAction::JobSnoozed).await;
    assert!(!snoozed.is_empty(), "it met the content update, and waited");
    let adopted = done.told(AuditAction::DownloadAdopted).await;
    assert!(adopted.is_empty(), "nothing was to be adopted: {adopted:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_that_outlasts_the_silence_is_an_honest_one_and_counts() {
    let firewall = Firewall::start(TWO_IMAGES, Trouble::None);
    let until_ended = async |ledger: &dyn Ledger, id| {
        assert_eq!(ledger.hold().await.unwrap(), None, "it may be a boot");
        let is_over = async || ledger.job(id).await.unwrap().unwrap().state.is_terminal();
        until("the job has ended", is_over).await;
    };
    let (engine, job) = refused_while_downloading(&firewall, until_ended).await;
    assert_eq!((job.state, job.failure_kind), (JobState::Failed, Some(FailureKind::Credentials)));
    let hold = engine.ledger.hold().await.unwrap().unwrap();
    assert_eq!(hold.cause, HoldCause::Credentials);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_log_ins_are_refused_everywhere_a_silent_device_is_not_logged_in_to() {
    let firewall = Firewall::start(TWO_IMAGES, Trouble::None);
    let serial = firewall.world.firewalls[0].serial.parse().unwrap();
    let hold = async |ledger: &dyn Ledger, id| {
        ledger.login_refused(&serial, 1).await.unwrap();
        let is_back = async || ledger.job(id).await.unwrap().unwrap().state == JobState::Available;
        until("the job is handed back", is_back).await;
    };
    let (_engine, job) = refused_while_downloading(&firewall, hold).await;
    assert_eq!((job.state, job.attempt), (JobState::Available, 0), "no attempt is charged");
    assert_eq!(asked(&firewall, Word::Keygen), 1, "the one that it began with");
}
