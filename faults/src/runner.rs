//! Plays scenarios: some at a time, each with a bound, until the time is over.
//!
//! Every scenario is played once with the first seed; then random ones follow with the seeds after it. None is begun
//! that would not end in time, as far as its earlier plays tell. Two scenarios never have the same server.
//!
//! Promises: a scenario that fails, panics or does not end is one more line of the report, and ends nothing but
//! itself; what its programs printed is then on disk. Leaves to others: what comes of a report ([`report`](crate::report)).

use std::any::Any;
use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context;
use common::report::Chain;
use futures_util::FutureExt;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::runtime::Builder;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use crate::pool::Pool;
use crate::report::{Play, Report};
use crate::scenario::{Needs, Outcome, Scenario, Size, Stage};
use crate::shelf::Shelf;

/// What a scenario gets to die after it was told to.
const ABORTED_WITHIN: Duration = Duration::from_secs(30);

/// What is to be played.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Once each, in this order.
    pub scenarios: Vec<Scenario>,
    /// How much of each.
    pub size: Size,
    /// The first seed.
    pub seed: u64,
    /// When to be done; without it, each is played once, however long it takes.
    pub time: Option<Duration>,
    /// What a play takes as a rule, for a scenario that was not played yet.
    pub usual: Duration,
    /// The longest that one play may take.
    pub bound: Duration,
    /// How many at a time.
    pub n_at_once: usize,
    /// Where the logs of a scenario that fails are written.
    pub logs: PathBuf,
}

/// The longest that one play may take, servers included; far more than any takes on a free machine.
#[must_use]
pub fn bound(size: Size) -> Duration {
    match size {
        Size::Short => Duration::from_secs(240),
        Size::Full => Duration::from_secs(480),
    }
}

/// What a play takes as a rule, on two processors.
#[must_use]
pub fn usual(size: Size) -> Duration {
    match size {
        Size::Short => Duration::from_secs(25),
        Size::Full => Duration::from_secs(70),
    }
}

/// Plays them, and calls `told` after each.
pub async fn run(plan: &Plan, mut told: impl FnMut(&Play)) -> Report {
    let mut run = Run::new(plan);
    while run.begin_some() {
        if let Some(play) = run.next_end().await {
            told(&play);
            run.plays.push(play);
        }
    }
    Report {
        seed: plan.seed,
        size: plan.size,
        plays: run.plays,
        not_played: run.not_played,
        took: run.started.elapsed(),
    }
}

struct Run<'a> {
    plan: &'a Plan,
    started: Instant,
    pool: Arc<Pool>,
    waiting: VecDeque<(Scenario, u64)>,
    playing: JoinSet<Play>,
    needs_in_use: Vec<Needs>,
    plays: Vec<Play>,
    not_played: Vec<&'static str>,
    next_seed: u64,
    random: StdRng,
}

impl<'a> Run<'a> {
    fn new(plan: &'a Plan) -> Self {
        Self {
            plan,
            started: Instant::now(),
            pool: Arc::new(Pool::default()),
            waiting: plan.scenarios.iter().map(|scenario| (*scenario, plan.seed)).collect(),
            playing: JoinSet::new(),
            needs_in_use: Vec::new(),
            plays: Vec::new(),
            not_played: Vec::new(),
            next_seed: plan.seed,
            random: StdRng::seed_from_u64(plan.seed),
        }
    }

    /// Begins as many as there is room for; whether any is being played.
    fn begin_some(&mut self) -> bool {
        while self.playing.len() < self.plan.n_at_once {
            let Some((scenario, seed)) = self.next() else { break };
            self.needs_in_use.push(scenario.needs);
            let (pool, plan) = (Arc::clone(&self.pool), self.plan.clone());
            self.playing.spawn(async move { play(scenario, seed, &plan, pool).await });
        }
        !self.playing.is_empty()
    }

    /// The next that can be begun now, if there is one.
    fn next(&mut self) -> Option<(Scenario, u64)> {
        if self.waiting.is_empty() {
            self.draw();
        }
        while let Some(at) = self.waiting.iter().position(|(scenario, _)| self.is_free(scenario.needs)) {
            let (scenario, seed) = self.waiting.remove(at)?;
            if self.fits(&scenario) {
                return Some((scenario, seed));
            }
            if seed == self.plan.seed {
                self.not_played.push(scenario.name);
            }
        }
        None
    }

    /// A random one for when all have been played, if any fits.
    fn draw(&mut self) {
        let fitting: Vec<Scenario> =
            self.plan.scenarios.iter().filter(|scenario| self.fits(scenario)).copied().collect();
        if self.plan.time.is_none() || fitting.is_empty() {
            return;
        }
        self.next_seed = self.next_seed.wrapping_add(1);
        let drawn = fitting[self.random.random_range(0..fitting.len())];
        self.waiting.push_back((drawn, self.next_seed));
    }

    fn is_free(&self, needs: Needs) -> bool {
        self.needs_in_use.iter().all(|used| !clash(*used, needs))
    }

    /// Whether it would end in time.
    fn fits(&self, scenario: &Scenario) -> bool {
        let of_it = self.plays.iter().filter(|play| play.scenario.name == scenario.name);
        let takes = of_it.map(|play| play.took).max().unwrap_or(self.plan.usual);
        self.plan.time.is_none_or(|time| self.started.elapsed() + takes <= time)
    }

    /// Waits for the next end.
    async fn next_end(&mut self) -> Option<Play> {
        // A play catches what its scenario does; it does not panic itself.
        let play = self.playing.join_next().await?.ok()?;
        let needs = play.scenario.needs;
        if let Some(at) = self.needs_in_use.iter().position(|used| *used == needs) {
            self.needs_in_use.swap_remove(at);
        }
        let is_wanted = self.waiting.iter().any(|(scenario, _)| clash(scenario.needs, needs));
        if !is_wanted && self.plan.time.is_none() {
            self.pool.end(needs).await;
        }
        Some(play)
    }
}

/// Whether two of these cannot be played at once: they want the same server, or more nodes of RabbitMQ than two
/// cores keep alive.
fn clash(one: Needs, other: Needs) -> bool {
    let has_nodes = |needs| matches!(needs, Needs::Broker | Needs::Cluster | Needs::Both);
    let has_database = |needs| matches!(needs, Needs::Database | Needs::Both);
    (has_nodes(one) && has_nodes(other)) || (has_database(one) && has_database(other))
}

/// Plays one scenario to its end.
async fn play(scenario: Scenario, seed: u64, plan: &Plan, pool: Arc<Pool>) -> Play {
    let started = Instant::now();
    let bound = plan.bound;
    let (size, logs) = (plan.size, plan.logs.clone());
    let (sender, receiver) = oneshot::channel();
    let begun = thread::Builder::new().name(scenario.name.to_owned()).spawn(move || {
        // Nobody listens any more when this took far too long.
        let _ = sender.send(on_this_thread(scenario, seed, size, bound, &pool, &logs));
    });
    let ended = tokio::time::timeout(bound + ABORTED_WITHIN, receiver).await;
    let (outcome, logs) = match (begun, ended) {
        (Ok(_), Ok(Ok(ended))) => ended,
        (Err(error), _) => (Err(format!("it has no thread: {error}")), None),
        (Ok(_), Ok(Err(_))) => (Err("its thread ended without a word".to_owned()), None),
        (Ok(_), Err(_)) => {
            (Err(format!("did not end within {} s, nor when it was told to", bound.as_secs())), None)
        }
    };
    Play { scenario, seed, outcome, took: started.elapsed(), logs }
}

type Ended = (Result<Outcome, String>, Option<PathBuf>);

/// Plays on a runtime of its own, so that whatever it has begun ends with it.
fn on_this_thread(
    scenario: Scenario,
    seed: u64,
    size: Size,
    bound: Duration,
    pool: &Pool,
    logs: &Path,
) -> Ended {
    let runtime = match Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return (Err(format!("it has no runtime: {error}")), None),
    };
    let shelf = Shelf::default();
    let ended = runtime.block_on(async {
        let mut stage = Stage::new(seed, size, shelf.clone());
        let played = async {
            pool.furnish(&mut stage, scenario.needs).await.context("its servers do not start")?;
            (scenario.run)(stage).await
        };
        let outcome = judged(played, bound).await;
        let play = Play { scenario, seed, outcome, took: Duration::ZERO, logs: None };
        let mut written = None;
        if !play.is_good() {
            for (name, text) in pool.logs(scenario.needs).await {
                shelf.keep_output(name, text);
            }
            written = write_logs(&play, &shelf, logs);
        }
        // Here, because databases and virtual hosts are asked to go while their servers are still ours.
        shelf.clear();
        (play.outcome, written)
    });
    runtime.shutdown_timeout(ABORTED_WITHIN);
    ended
}

/// What came of a scenario within its bound, or why nothing did. When the time is over it is dropped, and its
/// processes end.
async fn judged(
    played: impl Future<Output = anyhow::Result<Outcome>>,
    within: Duration,
) -> Result<Outcome, String> {
    match tokio::time::timeout(within, AssertUnwindSafe(played).catch_unwind()).await {
        Ok(Ok(Ok(outcome))) => Ok(outcome),
        Ok(Ok(Err(error))) => Err(Chain(error.as_ref()).to_string()),
        Ok(Err(payload)) => Err(format!("panicked: {}", words(payload.as_ref()))),
        Err(_) => Err(format!("did not end within {} s", within.as_secs())),
    }
}

fn words(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_else(|| "without a word".to_owned())
}

/// Writes what is known about a play that failed; `None` when the disk refuses, and the report says the rest.
fn write_logs(play: &Play, shelf: &Shelf, logs: &Path) -> Option<PathBuf> {
    let directory = logs.join(format!("{}-{}", play.scenario.name, play.seed));
    shelf.write(&directory).ok()?;
    fs::write(directory.join("complaints.txt"), play.complaints().join("\n")).ok()?;
    Some(directory)
}

/// How often each scenario of a run was played: for tests and the summary.
#[must_use]
pub fn n_plays(report: &Report) -> BTreeMap<&'static str, usize> {
    let mut n_plays = BTreeMap::new();
    for play in &report.plays {
        *n_plays.entry(play.scenario.name).or_default() += 1;
    }
    n_plays
}

#[cfg(test)]
mod tests;
