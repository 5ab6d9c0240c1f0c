//! Writes to the ledger as workers do: claims, records, ends.
//!
//! Promises: each commit makes one event; no job is worked on twice; who follows learns when each job's end was
//! committed. Leaves to others: publishing what was written (the relay, nudged after every commit as in a worker).

use std::sync::Arc;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use common::domain::job::{JobId, JobState};
use common::domain::status::Phase;
use common::events::JobEvent;
use common::ledger::{End, Ledger};
use e2e::crowd;
use tokio::time::MissedTickBehavior;
use worker::relay::Relay;

/// Attempts at a time, like the tasks of a worker.
const LANES: u32 = 8;

/// Who writes, and what is left to write about.
pub(super) struct Load {
    ledger: Arc<dyn Ledger>,
    relay: Arc<Relay>,
    jobs: Mutex<Vec<JobId>>,
    ends: Arc<Ends>,
}

/// When the end of each job was committed, in order.
#[derive(Debug, Default)]
pub(super) struct Ends {
    committed: Mutex<Vec<Instant>>,
}

/// Ends from a moment on.
#[derive(Debug, Clone)]
pub(super) struct Followed {
    ends: Arc<Ends>,
    /// Jobs that were completed before.
    n_before: usize,
}

/// How much was written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Written {
    n_commits: u32,
    took: Duration,
}

impl Load {
    pub(super) fn new(ledger: Arc<dyn Ledger>, relay: Arc<Relay>, jobs: Vec<JobId>) -> Self {
        Self { ledger, relay, jobs: Mutex::new(jobs), ends: Arc::default() }
    }

    /// Follows the ends from now on. No write may be on its way.
    pub(super) async fn follow_ends(&self) -> anyhow::Result<Followed> {
        let counts = self.ledger.counts(None).await?;
        let n_completed = counts.by_state.get(&JobState::Completed).copied().unwrap_or(0);
        let n_before = usize::try_from(n_completed)?;
        let n_ends = lock(&self.ends.committed).len();
        anyhow::ensure!(n_ends == n_before, "{n_ends} jobs were ended here, {n_before} in the ledger");
        Ok(Followed { ends: self.ends.clone(), n_before })
    }

    /// Writes for so long: so many commits per second, or as many as it can. Attempts that were begun are ended.
    pub(super) async fn write(&self, rate: Option<u32>, length: Duration) -> anyhow::Result<Written> {
        let began = Instant::now();
        let until = began + length;
        let lanes = (0..LANES).map(|_| self.lane(rate, until));
        let commits = futures_util::future::try_join_all(lanes).await?;
        Ok(Written { n_commits: commits.into_iter().sum(), took: began.elapsed() })
    }

    async fn lane(&self, rate: Option<u32>, until: Instant) -> anyhow::Result<u32> {
        let mut pace = rate.map(|rate| {
            let mut pace = tokio::time::interval(Duration::from_secs(1) * LANES / rate.max(1));
            pace.set_missed_tick_behavior(MissedTickBehavior::Burst);
            pace
        });
        let mut n_commits = 0;
        while Instant::now() < until {
            let Some(job) = lock(&self.jobs).pop() else {
                bail!("no job is left to write about: take more devices, or a lower rate");
            };
            n_commits += self.attempt(job, &mut pace).await.with_context(|| format!("job {job}"))?;
        }
        Ok(n_commits)
    }

    /// One attempt: four commits with an event each.
    async fn attempt(&self, job: JobId, pace: &mut Option<tokio::time::Interval>) -> anyhow::Result<u32> {
        self.next(pace).await;
        let claimed = crowd::claim(&*self.ledger, job, "bench").await?;
        for progress in [30, 60] {
            self.next(pace).await;
            let message = format!("{} is coming: {progress} %", crowd::TARGET);
            let mut step = crowd::step(&claimed, progress, &message);
            step.events = vec![JobEvent::Progress {
                phase: Phase::Download,
                progress,
                version: Some(crowd::TARGET.to_owned()),
                message,
            }];
            self.ledger.record(&claimed.lease, &step).await?;
        }
        self.next(pace).await;
        self.ledger.end(&claimed.lease, &End::Completed, &crowd::step(&claimed, 100, "done")).await?;
        lock(&self.ends.committed).push(Instant::now());
        self.relay.nudge();
        Ok(4)
    }

    async fn next(&self, pace: &mut Option<tokio::time::Interval>) {
        self.relay.nudge();
        if let Some(pace) = pace {
            pace.tick().await;
        }
    }
}

impl Followed {
    /// How long ago each of the ends was committed that came after the first `n_known` and count to `n_completed` jobs;
    /// and how many are known then.
    pub(super) fn since(&self, n_known: usize, n_completed: usize, now: Instant) -> (usize, Vec<Duration>) {
        let committed = lock(&self.ends.committed);
        let from = n_known.max(self.n_before);
        let to = n_completed.min(committed.len()).max(from);
        (to, committed[from..to].iter().map(|at| now.saturating_duration_since(*at)).collect())
    }
}

impl Written {
    /// Commits per second; nothing when nothing was written.
    pub(super) fn per_s(self) -> Option<f64> {
        (self.n_commits > 0).then(|| f64::from(self.n_commits) / self.took.as_secs_f64())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
