//! `[worker]`: how much one worker process takes on, and how it leaves.

use std::time::Duration;

use super::Field;
use super::problem::Problems;
use crate::domain::job::JobType;

/// Most jobs in flight per process. A device in flight is a task and one connection, and operating
/// systems commonly give a process 65,535 ports and files at most.
const MOST_CONCURRENT: usize = 20_000;

/// Most attempts per job: with waits of a quarter of an hour, far past any maintenance window.
const MOST_ATTEMPTS: u32 = 100;

/// `[worker]`.
#[derive(Debug, Clone)]
pub struct WorkerConfig {
    /// Devices in flight at once per process. Default: 1000; nearly all of that time is waiting for
    /// devices that download on their own.
    pub concurrency: usize,
    /// Time that running attempts get to reach a safe point after the first signal. Default: 15s; with
    /// what a worker takes for its last writes and messages it is gone within the 30s that Kubernetes gives.
    pub grace: Duration,
    /// Attempts before a job fails for good. Default: 5.
    pub max_attempts: u32,
    /// Types of jobs to take. Default: `["download_only"]`.
    pub job_types: Vec<JobType>,
}

impl Default for WorkerConfig {
    fn default() -> Self {
        Self {
            concurrency: 1000,
            grace: Duration::from_secs(15),
            max_attempts: 5,
            job_types: vec![JobType::DownloadOnly],
        }
    }
}

impl WorkerConfig {
    pub(super) fn fields(&mut self) -> Vec<Field<'_>> {
        vec![
            Field::new("worker.concurrency", &mut self.concurrency),
            Field::new("worker.grace", &mut self.grace),
            Field::new("worker.max_attempts", &mut self.max_attempts),
            Field::new("worker.job_types", &mut self.job_types),
        ]
    }

    pub(super) fn check(&self, problems: &mut Problems) {
        if !(1..=MOST_CONCURRENT).contains(&self.concurrency) {
            problems.add(
                "worker.concurrency",
                self.concurrency,
                format!("must be from 1 to {MOST_CONCURRENT}"),
            );
        }
        if !(1..=MOST_ATTEMPTS).contains(&self.max_attempts) {
            problems.add(
                "worker.max_attempts",
                self.max_attempts,
                format!("must be from 1 to {MOST_ATTEMPTS}"),
            );
        }
    }
}
