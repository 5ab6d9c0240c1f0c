//! A campaign that goes on while something is broken: a fleet, workers, downloads under way.
//!
//! The order of a scenario: [`Fire::light`] (jobs are running), then the fault, [`Fire::queue_rest`] while it lasts,
//! the end of the fault, [`Fire::recovers`], [`Fire::end`]. Everything is quick: downloads of seconds, leases of a
//! few, so that a fault of seconds is longer than a lease.
//!
//! Promises: every job gets the time that it needs, within a bound; workers are told to stop and do, or it is found;
//! then everything is judged. Leaves to others: the fault, and the judgement ([`e2e::checker`]).

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use common::broker::EventsFrom;
use common::domain::device::Serial;
use common::domain::job::{BatchId, JobSpec, JobState, JobType, PairMode, Requester};
use common::domain::path::Goal;
use common::ledger::{Batch, EnqueueAnswer, JobFilter, JobView, Ledger, WorkerState};
use e2e::checker::{self, Allowed, Findings};
use e2e::servers::Servers;
use e2e::world::{Setup, Way, World};
use rand::seq::SliceRandom;
use serde_json::json;
use testkit::process::{Process, Stream};
use testkit::wait::poll_until;

use crate::scenario::{Outcome, Size, Stage};
use crate::shelf::Shelf;

/// More jobs than any campaign has.
const ALL: u32 = 100_000;

/// Attempts that a job may use up: faults of devices are counted, and a scenario has many.
const MAX_ATTEMPTS: u32 = 20;

/// How far back a worker may have lived to be asked about.
const RECENTLY: Duration = Duration::from_secs(600);

/// A worker that is told to stop ends within its grace, which is 30 s, and the moment that its last call takes.
const STOPPED_WITHIN: Duration = Duration::from_secs(45);

/// Exit code of a command that a signal ended, in order.
const INTERRUPTED: i32 = 130;

/// What a campaign is like: with every timer short, and room for all of its jobs in each worker, so that a job that
/// waits waits for the fault and for nothing else.
#[must_use]
pub fn setup(stage: &Stage) -> Setup {
    Setup::devices(stage.pick(12, 60))
        .all_at_once()
        .download_time(stage.pick("3s", "4s"))
        .set("lease.ttl", stage.pick("4s", "5s"))
        .set("lease.renew_every", "1s")
        .set("relay.every", "200ms")
        .set("rescue.every", "1s")
        .set("rescue.unclaimed_after", stage.pick("3s", "4s"))
        .set("audit.anchor_every", "5s")
        .set("poll.min", "200ms")
        .set("poll.max", "1s")
        .set("worker.concurrency", stage.pick(16, 80))
        .set("worker.max_attempts", MAX_ATTEMPTS)
}

/// Workers of a campaign.
fn n_workers(stage: &Stage) -> usize {
    stage.pick(2, 3)
}

/// One process that works.
struct Hand {
    name: String,
    process: Process,
}

/// A campaign under way.
pub struct Fire {
    /// Where it burns.
    pub world: Arc<World>,
    size: Size,
    shelf: Shelf,
    hands: Vec<Hand>,
    first: Vec<String>,
    rest: Vec<String>,
    /// What was seen that should not be, before the judgement.
    seen: Vec<(&'static str, String)>,
}

impl Fire {
    /// A fleet of processes with its inventory, and nothing to do yet.
    ///
    /// # Errors
    /// When a server refuses.
    pub async fn lay(stage: &Stage, setup: Setup) -> anyhow::Result<Self> {
        Ok(Self::in_world(stage, stage.world(setup).await?).await)
    }

    /// The same in one file.
    pub async fn lay_embedded(stage: &Stage, setup: Setup) -> Self {
        Self::in_world(stage, stage.embedded(setup).await).await
    }

    async fn in_world(stage: &Stage, world: Arc<World>) -> Self {
        world.discover().await;
        let mut first = world.simulator.serials().await;
        first.shuffle(&mut stage.random());
        let rest = first.split_off(first.len() / 2);
        let shelf = stage.shelf().clone();
        Self { world, size: stage.size, shelf, hands: Vec::new(), first, rest, seen: Vec::new() }
    }

    /// A fleet that works: half of the devices have a job, and their downloads are under way.
    ///
    /// # Errors
    /// When a server or a program refuses.
    pub async fn light(stage: &Stage, setup: Setup) -> anyhow::Result<Self> {
        let mut fire = Self::lay(stage, setup).await?;
        for _ in 0..n_workers(stage) {
            fire.start_worker(None)?;
        }
        fire.burns().await?;
        Ok(fire)
    }

    /// Starts one more worker, with another configuration if one is given. Answers its place, for [`Fire::worker`].
    ///
    /// # Errors
    /// When the machine refuses.
    pub fn start_worker(&mut self, configuration: Option<&Path>) -> anyhow::Result<usize> {
        let program = match self.world.way() {
            Way::Fleet => "panos-upgrade-worker",
            Way::Embedded => "panos-upgrade",
        };
        let mut program = match configuration {
            Some(file) => self.world.program_with(program, file),
            None => self.world.program(program),
        };
        if self.world.way() == Way::Embedded {
            program = program.arg("work");
        }
        let process = program.start()?;
        let name = format!("worker-{}-{}", self.hands.len() + 1, process.id());
        self.hands.push(Hand { name, process });
        Ok(self.hands.len() - 1)
    }

    /// The process of a worker.
    pub fn worker(&mut self, place: usize) -> &mut Process {
        &mut self.hands[place].process
    }

    /// How many workers there are.
    #[must_use]
    pub fn n_workers(&self) -> usize {
        self.hands.len()
    }

    /// SIGKILL for a worker. It is no longer one of ours.
    ///
    /// # Errors
    /// When it does not die.
    pub fn kill_worker(&mut self, place: usize) -> anyhow::Result<()> {
        let mut hand = self.hands.remove(place);
        hand.process.kill9()?;
        self.keep(&hand);
        Ok(())
    }

    /// SIGTERM for a worker, and its end. One that does not end, or otherwise than in order, is found. It is no longer
    /// one of ours.
    ///
    /// # Errors
    /// When it cannot be told.
    pub async fn stop_worker(&mut self, place: usize) -> anyhow::Result<()> {
        self.hands[place].process.terminate()?;
        let mut hand = self.hands.remove(place);
        self.ends(&mut hand).await;
        self.keep(&hand);
        Ok(())
    }

    /// A configuration whose worker reaches its servers at these addresses.
    #[must_use]
    pub fn configuration(&self, database: &str, broker: &str) -> PathBuf {
        let name = format!("broker-url-{}", uuid::Uuid::new_v4().simple());
        self.world.write(&name, broker);
        self.world.configured(&[("ledger.url", json!(database)), ("broker.url_file", json!(name))])
    }

    /// Where the ledger and the messages of this fleet are.
    ///
    /// # Errors
    /// For an embedded one.
    pub fn servers(&self) -> anyhow::Result<&Servers> {
        self.world.servers().context("this fleet has no servers")
    }

    /// The ledger that the workers use, asked by this process.
    pub async fn ledger(&self) -> &dyn Ledger {
        self.world.engine().await.ledger.as_ref()
    }

    /// Queues the first half, and waits until the downloads are under way.
    ///
    /// # Errors
    /// When the ledger refuses, or nothing begins.
    pub async fn burns(&mut self) -> anyhow::Result<()> {
        let first = std::mem::take(&mut self.first);
        self.queue(&first).await?;
        let wanted = first.len().div_ceil(2) as u64;
        let simulator = &self.world.simulator;
        poll_until(format!("{wanted} downloads were accepted"), self.within(), async || {
            let n = simulator.counters().await.n_downloads();
            if n >= wanted { Ok(()) } else { Err(format!("{n} were")) }
        })
        .await?;
        Ok(())
    }

    /// Queues the other half.
    ///
    /// # Errors
    /// When the ledger refuses.
    pub async fn queue_rest(&mut self) -> anyhow::Result<()> {
        let rest = std::mem::take(&mut self.rest);
        self.queue(&rest).await
    }

    async fn queue(&self, serials: &[String]) -> anyhow::Result<()> {
        let target = self.world.simulator.ready().target.parse()?;
        let spec = |serial: &String| -> anyhow::Result<JobSpec> {
            Ok(JobSpec {
                serial: serial.parse::<Serial>()?,
                job_type: JobType::DownloadOnly,
                goal: Goal::Target(target),
                max_attempts: MAX_ATTEMPTS,
                retry_of: None,
                pair: PairMode::AtOnce,
            })
        };
        let jobs = serials.iter().map(spec).collect::<Result<Vec<_>, _>>()?;
        let by = Requester { operator: "chaos".to_owned(), host: "localhost".to_owned(), reason: None };
        let answers = self.ledger().await.enqueue(&Batch { id: BatchId::new(), by, jobs }).await?;
        for (serial, answer) in answers {
            ensure!(matches!(answer, EnqueueAnswer::Created { .. }), "{serial}: {answer:?}");
        }
        Ok(())
    }

    /// Every job, once the ledger answers.
    ///
    /// # Errors
    /// When it does not in time.
    pub async fn jobs(&self) -> anyhow::Result<Vec<JobView>> {
        let ledger = self.ledger().await;
        let jobs = poll_until("the ledger answers", self.within(), async || {
            ledger.jobs(&JobFilter::default(), ALL).await.map_err(|error| error.to_string())
        })
        .await?;
        Ok(jobs)
    }

    /// The fault lasts so long.
    pub async fn lasts(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }

    /// Waits until every job is in good hands: ended, or leased by a worker that lives. Called when a fault ends; what
    /// it answers is the time to recover.
    ///
    /// # Errors
    /// When it is not so in time; the message says where the jobs are.
    pub async fn recovers(&self) -> anyhow::Result<Duration> {
        let began = Instant::now();
        let ledger = self.ledger().await;
        poll_until("every job has ended or is leased by a living worker", self.within(), async || {
            let workers = ledger.workers(RECENTLY).await.map_err(|error| error.to_string())?;
            let jobs = ledger.jobs(&JobFilter::default(), ALL).await.map_err(|error| error.to_string())?;
            let lives = |state| matches!(state, WorkerState::Working | WorkerState::Draining);
            let n_held: u64 =
                workers.iter().filter(|worker| lives(worker.state)).map(|one| one.n_running).sum();
            let active = jobs.iter().filter(|job| !job.state.is_terminal());
            let (running, waiting): (Vec<_>, Vec<_>) = active.partition(|job| job.state == JobState::Running);
            if waiting.is_empty() && n_held >= running.len() as u64 {
                return Ok(());
            }
            Err(format!("{} wait, {} run, {n_held} leases live", waiting.len(), running.len()))
        })
        .await?;
        Ok(began.elapsed())
    }

    /// Notes what should not be.
    pub fn saw(&mut self, invariant: &'static str, what: impl Into<String>) {
        self.seen.push((invariant, what.into()));
    }

    /// Waits until all jobs have ended, stops the workers, and has everything judged.
    ///
    /// # Errors
    /// When the ledger does not answer any more.
    pub async fn end(
        mut self,
        n_faults: u32,
        recovered_in: Option<Duration>,
        allowed: &Allowed,
    ) -> anyhow::Result<Outcome> {
        // What has not ended by then is found by the checker, which names it.
        let _ = self.all_have_ended().await;
        // So is what was not told, or cannot be read.
        let _ = self.all_is_told().await;
        self.stop_workers().await;
        self.judged(n_faults, recovered_in, allowed).await
    }

    /// Has everything judged as it is now. Workers must have been stopped.
    ///
    /// # Errors
    /// When the ledger does not answer any more.
    pub async fn judged(
        mut self,
        n_faults: u32,
        recovered_in: Option<Duration>,
        allowed: &Allowed,
    ) -> anyhow::Result<Outcome> {
        let n_jobs = self.jobs().await?.len() as u64;
        let mut findings: Findings = checker::check(&self.world, allowed).await;
        findings.other.append(&mut self.seen);
        Ok(Outcome { n_faults, n_jobs, findings, recovered_in })
    }

    /// Waits until no job waits or runs.
    ///
    /// # Errors
    /// When it is not so in time.
    pub async fn all_have_ended(&self) -> anyhow::Result<()> {
        let ledger = self.ledger().await;
        poll_until("every job has ended", self.within(), async || {
            let jobs = ledger.jobs(&JobFilter::default(), ALL).await.map_err(|error| error.to_string())?;
            match jobs.iter().filter(|job| !job.state.is_terminal()).count() {
                0 => Ok(()),
                n => Err(format!("{n} have not")),
            }
        })
        .await?;
        Ok(())
    }

    /// Waits until nothing is left to publish, and the log of events can be read. A relay that lost its ledger between
    /// publishing and settling holds its rows for some seconds, so that no other publishes them meanwhile.
    async fn all_is_told(&self) -> anyhow::Result<()> {
        let engine = self.world.engine().await;
        poll_until("the outbox is empty, and the log of events can be read", self.within(), async || {
            match engine.ledger.outbox_depth().await.map_err(|error| error.to_string())? {
                0 => {
                    engine.broker.events(EventsFrom::Next).await.map(drop).map_err(|error| error.to_string())
                }
                n => Err(format!("{n} rows wait in the outbox")),
            }
        })
        .await?;
        Ok(())
    }

    /// Whether a process that was told to stop did so in order: `panos-upgrade work` says that it was interrupted.
    fn is_in_order(&self, status: ExitStatus) -> bool {
        match self.world.way() {
            Way::Fleet => status.success(),
            Way::Embedded => status.success() || status.code() == Some(INTERRUPTED),
        }
    }

    /// SIGTERM for all. One that ended before, or ends otherwise than in order, is found.
    pub async fn stop_workers(&mut self) {
        let mut hands = std::mem::take(&mut self.hands);
        let mut told = Vec::new();
        for hand in &mut hands {
            if hand.process.is_running() {
                told.push(hand.process.terminate().is_ok());
            } else {
                told.push(false);
                self.saw("I13", format!("{} ended, and nobody had told it to", hand.name));
            }
        }
        for (hand, is_told) in hands.iter_mut().zip(told) {
            if is_told {
                self.ends(hand).await;
            }
            self.keep(hand);
        }
    }

    /// Waits for the end of one that was told to stop.
    async fn ends(&mut self, hand: &mut Hand) {
        match hand.process.wait(STOPPED_WITHIN).await {
            Ok(status) if self.is_in_order(status) => {}
            Ok(status) => self.saw("I13", format!("{} was told to stop and ended by {status}", hand.name)),
            Err(_) => self.saw("I13", format!("{} was told to stop and did not", hand.name)),
        }
    }

    fn keep(&self, hand: &Hand) {
        let mut text = hand.process.text(Stream::Stdout);
        let _ = write!(text, "{}", hand.process.text(Stream::Stderr));
        self.shelf.keep_output(hand.name.clone(), text);
    }

    /// The bound of whatever has to become so.
    #[must_use]
    pub fn within(&self) -> Duration {
        match self.size {
            Size::Short => Duration::from_secs(60),
            Size::Full => Duration::from_secs(150),
        }
    }
}

/// A scenario that fails, panics or is aborted leaves its workers here: their words go on the shelf.
impl Drop for Fire {
    fn drop(&mut self) {
        for hand in std::mem::take(&mut self.hands) {
            self.keep(&hand);
        }
    }
}
