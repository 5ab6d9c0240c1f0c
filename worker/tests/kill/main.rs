//! A worker that dies before or after any of its writes leaves a job that the next one finishes, without
//! asking the device for an image twice, unless the device itself lost it by a reboot. Real ledger and broker (SQLite),
//! real TLS, a simulated firewall.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a panic is a failed test, here as in a test function"
)]

mod mortal;
mod orders;
mod outage;
mod silent;
mod stop;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use common::audit::{AuditAction, EntryBody, verify};
use common::broker::EventsFrom;
use common::config::{self, Config};
use common::domain::device::{Device, Ha, Source};
use common::domain::job::{BatchId, JobSpec, JobState, JobType, PairMode, Requester};
use common::domain::lease::WorkerId;
use common::domain::path::Goal;
use common::engine::Engine;
use common::ledger::{Batch, Completeness, EnqueueAnswer, JobView, Ledger, TrailFilter};
use common::shutdown::Shutdown;
use futures_util::future::join_all;
use mortal::{Death, Mortal};
use simulator::faults::{Fault, FaultKind};
use simulator::scenario::{Named, TARGET};
use simulator::server::Server;
use simulator::server::tls::Certificates;
use simulator::span::Span;
use simulator::world::World;
use tokio_util::sync::CancellationToken;
use worker::{App, Ending, Until};

/// More writes than one job of two images has; reached only if the end of the job was never seen.
const MOST_WRITES: usize = 60;

/// What happens to the firewall meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trouble {
    None,
    /// It reboots in the middle of the first download, and its authentication needs a moment longer than itself.
    Reboot,
}

impl Trouble {
    /// Times that each version may be asked for, and all of them together.
    fn most_requests(self, n_versions: u64) -> (u64, u64) {
        match self {
            Self::None => (1, n_versions),
            Self::Reboot => (2, n_versions + 1),
        }
    }
}

/// One simulated firewall that serves until dropped.
struct Firewall {
    world: Arc<World>,
    port: u16,
    directory: tempfile::TempDir,
    stop: CancellationToken,
}

impl Firewall {
    fn start(seed: u64, trouble: Trouble) -> Self {
        let mut scenario = Named::Plain.scenario();
        scenario.devices = 1;
        scenario.seed = simulator::seeded::Seed(seed);
        scenario.pace.download_time = Duration::from_millis(300);
        scenario.pace.check_time = Duration::ZERO;
        scenario.pace.reboot_time = Duration::from_millis(400);
        let directory = tempfile::tempdir().unwrap();
        let world = Arc::new(World::new(&scenario).unwrap());
        if trouble == Trouble::Reboot {
            let mut device = world.firewalls[0].at(world.clock.now());
            let reboot = Fault::lasting(FaultKind::Reboot { at: None });
            device.faults.inject(Fault { left: Some(1), ..reboot });
            device.spec.quirks.auth_late = Some(Span(Duration::from_millis(300)));
        }
        let certificates = Arc::new(Certificates::create(directory.path()).unwrap());
        let server = Server::bind(&world, 0).unwrap();
        let (port, stop) = (server.port(), CancellationToken::new());
        tokio::spawn(server.serve(Arc::clone(&world), certificates, stop.clone()));
        Self { world, port, directory, stop }
    }

    fn config(&self, ledger: &Path) -> Config {
        let text = format!(
            "[ledger]\nurl = \"sqlite:{}\"\n[firewall]\nport = {}\nusername = \"{}\"\n[tls]\nverify = \"ca-file\"\nca_file = \"{}\"\n[poll]\nmin = \"50ms\"\nmax = \"200ms\"\n",
            ledger.display(),
            self.port,
            simulator::world::USERNAME,
            self.directory.path().join("ca.pem").display(),
        );
        let file = self.directory.path().join("config.toml");
        std::fs::write(&file, text).unwrap();
        let password = ("PANOS_UPGRADE__FIREWALL__PASSWORD".to_owned(), self.world.password.clone());
        config::load(Some(&file), [password]).unwrap()
    }

    /// Times that each version was asked for.
    fn downloads(&self) -> Vec<(String, u64)> {
        let counters = self.world.firewalls[0].counters.lock().unwrap();
        counters.downloads.iter().map(|(version, n)| (version.to_string(), *n)).collect()
    }
}

impl Drop for Firewall {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

fn requester() -> Requester {
    Requester { operator: "test".into(), host: "localhost".into(), reason: None }
}

/// Runs a worker until `meanwhile`, which is told its name, is done.
async fn beside<T>(engine: &Engine, config: &Config, meanwhile: impl AsyncFnOnce(WorkerId) -> T) -> T {
    let stop = Shutdown::new();
    let app = App::new(engine.clone(), config, &stop).unwrap();
    let worker = app.worker().clone();
    let directing = async {
        let done = meanwhile(worker).await;
        stop.begin();
        done
    };
    let (ending, done) = tokio::join!(app.run(Until::Stopped), directing);
    ending.unwrap();
    done
}

/// The newest job.
async fn job(engine: &Engine) -> JobView {
    engine.ledger.jobs(&Default::default(), 1).await.unwrap().remove(0)
}

/// What the trail says of `action`, in order.
async fn told(engine: &Engine, action: AuditAction) -> Vec<serde_json::Value> {
    let entries = engine.ledger.entries(&TrailFilter::default(), None, 500).await.unwrap();
    let bodies = entries.iter().map(|entry| serde_json::from_slice::<EntryBody>(&entry.body).unwrap());
    bodies.filter(|body| body.action == action).map(|body| body.detail).collect()
}

async fn queue(ledger: &dyn Ledger, firewall: &Firewall) {
    let simulated = &firewall.world.firewalls[0];
    let device = Device {
        serial: simulated.serial.parse().unwrap(),
        hostname: "fw".into(),
        address: Some(simulated.address.to_string()),
        model: String::new(),
        sw_version: String::new(),
        ha: Ha::Standalone,
        multi_vsys: false,
        connected: true,
        source: Source::Csv,
    };
    ledger
        .record_devices(std::slice::from_ref(&device), Source::Csv, Completeness::Partial, &requester())
        .await
        .unwrap();
    let job = JobSpec {
        serial: device.serial,
        job_type: JobType::DownloadOnly,
        goal: Goal::Target(TARGET.to_string().parse().unwrap()),
        max_attempts: 1,
        pair: PairMode::InTurn,
        retry_of: None,
    };
    let batch = Batch { id: BatchId::new(), by: requester(), jobs: vec![job] };
    let answers = ledger.enqueue(&batch).await.unwrap();
    assert!(matches!(answers[0].1, EnqueueAnswer::Created { .. }), "{answers:?}");
}

/// Makes every lease expire, as if its time had passed.
fn expire_leases(ledger: &Path) {
    let file = rusqlite::Connection::open(ledger).unwrap();
    file.busy_timeout(Duration::from_secs(5)).unwrap();
    file.execute("UPDATE jobs SET lease_expires_at = 1 WHERE state = 'running'", []).unwrap();
    file.execute("UPDATE outbox SET taken_until = NULL", []).unwrap();
    file.execute("UPDATE broker_wake_ups SET hidden_until = 0", []).unwrap();
}

/// Versions that the feed says have arrived.
async fn arrivals(engine: &Engine) -> usize {
    let mut feed = engine.broker.events(EventsFrom::First).await.unwrap();
    let mut versions = BTreeSet::new();
    loop {
        let event = tokio::time::timeout(Duration::from_secs(10), feed.next()).await;
        let event = event.expect("the feed ends with the job's end").unwrap();
        if event.routing_key.ends_with(".image_present") {
            let body: serde_json::Value = serde_json::from_str(&event.body).unwrap();
            versions.insert(body["data"]["version"].as_str().unwrap().to_owned());
        } else if event.routing_key.ends_with(".completed") {
            return versions.len();
        }
    }
}

/// Runs one job with a worker that dies at `death`, then with one that lives. Answers whether the first one died.
async fn survives(death: Death, seed: u64, trouble: Trouble) -> bool {
    let firewall = Firewall::start(seed, trouble);
    let ledger_file = firewall.directory.path().join("ledger.sqlite");
    let config = firewall.config(&ledger_file);
    let engine = Engine::open(&config).await.unwrap();
    queue(engine.ledger.as_ref(), &firewall).await;

    let mortal = Arc::new(Mortal::new(Arc::clone(&engine.ledger), death));
    let dead = mortal.dead.clone();
    let doomed = Engine { ledger: mortal, broker: Arc::clone(&engine.broker) };
    let app = App::new(doomed, &config, &Shutdown::new()).unwrap();
    let died = tokio::select! {
        () = dead.cancelled() => true,
        ending = app.run(Until::Idle) => { assert_eq!(ending.unwrap(), Ending::Idle); false }
    };
    drop(app);
    expire_leases(&ledger_file);

    let successor = App::new(engine.clone(), &config, &Shutdown::new()).unwrap();
    let ending = tokio::time::timeout(Duration::from_secs(60), successor.run(Until::Idle));
    assert_eq!(ending.await.expect("the successor finishes in a minute").unwrap(), Ending::Idle, "{death:?}");

    let jobs = engine.ledger.jobs(&Default::default(), 10).await.unwrap();
    assert_eq!(jobs.len(), 1);
    assert_eq!(
        (jobs[0].state, jobs[0].ready_for_install),
        (JobState::Completed, true),
        "{death:?}: {jobs:?}"
    );
    assert_eq!(jobs[0].attempt, 1, "{death:?}: a lost worker costs no attempt");
    let downloads = firewall.downloads();
    let (most, most_in_all) = trouble.most_requests(2);
    assert!(
        downloads.len() == 2
            && downloads.iter().all(|(_, n)| *n <= most)
            && downloads.iter().map(|(_, n)| n).sum::<u64>() <= most_in_all,
        "{death:?}: asked for {downloads:?}"
    );
    assert_eq!(arrivals(&engine).await, downloads.len(), "{death:?}: the feed names each image that came");
    let trail = verify::verify(engine.ledger.as_ref()).await.unwrap();
    assert!(trail.ok, "{death:?}: {trail:?}");
    assert_eq!(engine.ledger.outbox_depth().await.unwrap(), 0, "{death:?}");
    died
}

/// The seed of a fleet whose first device needs two images: base and target.
const TWO_IMAGES: u64 = 7;

/// Dies at every write, some at a time, until a run has no more of them. Answers how many there were.
async fn survives_all(death: impl Fn(usize) -> Death, trouble: Trouble) -> usize {
    /// Runs side by side: most of their time is waiting.
    const SOME: usize = 4;
    for first in (0..MOST_WRITES).step_by(SOME) {
        let runs = (first..first + SOME).map(|n| survives(death(n), TWO_IMAGES, trouble));
        let n_died = join_all(runs).await.into_iter().take_while(|died| *died).count();
        if n_died < SOME {
            return first + n_died;
        }
    }
    panic!("the job never ends by itself");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_dies_before_a_write_is_survived_without_a_second_request() {
    let n_deaths = survives_all(Death::Before, Trouble::None).await;
    assert!(n_deaths > 8, "only {n_deaths} writes were met");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_dies_after_a_write_is_survived_without_a_second_request() {
    let n_deaths = survives_all(Death::After, Trouble::None).await;
    assert!(n_deaths > 8, "only {n_deaths} writes were met");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_dies_around_a_reboot_is_survived_with_one_more_request_for_what_was_lost() {
    let n_deaths = survives_all(Death::After, Trouble::Reboot).await;
    assert!(n_deaths > 10, "only {n_deaths} writes were met");
}

#[tokio::test]
async fn a_worker_refuses_job_types_that_it_cannot_perform() {
    let firewall = Firewall::start(TWO_IMAGES, Trouble::None);
    let mut config = firewall.config(&firewall.directory.path().join("ledger.sqlite"));
    config.worker.job_types = vec![JobType::DownloadOnly, JobType::Upgrade];
    let engine = Engine::open(&config).await.unwrap();
    let refused = App::new(engine, &config, &Shutdown::new()).err().unwrap().to_string();
    assert!(refused.contains("worker.job_types has `upgrade`"), "{refused}");
}
