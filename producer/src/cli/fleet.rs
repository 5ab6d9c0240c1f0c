//! `fleet …` and `worker …`: whether new attempts begin, anywhere or in one part, and who performs them.

use clap::{Args, Subcommand};
use common::domain::hold::PauseScope;
use common::domain::job::JobType;
use common::domain::lease::WorkerId;

use super::help::fleet as help;

#[derive(Debug, Subcommand)]
pub(crate) enum FleetCommand {
    /// Tells what holds the fleet or a part of it, who works, and what waits
    #[command(after_help = help::STATUS)]
    Status,
    /// Lets no new attempt begin; running ones go on
    #[command(after_help = help::PAUSE)]
    Pause {
        #[command(flatten)]
        part: PartArgs,
        /// Kept in the audit trail, and shown wherever the fleet is
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Ends a pause, whoever began it, and wakes the jobs that wait
    #[command(after_help = help::RESUME)]
    Resume {
        #[command(flatten)]
        part: PartArgs,
        /// Kept in the audit trail
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
}

/// The part that is meant; the whole fleet without any.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub(crate) struct PartArgs {
    /// Only the jobs of this type: `download_only` or `upgrade`
    #[arg(long, value_name = "TYPE")]
    queue: Option<JobType>,
    /// Only this worker, as `worker list` names it
    #[arg(long, value_name = "WORKER")]
    worker: Option<String>,
}

impl PartArgs {
    /// The part, if it is not the whole.
    pub(crate) fn scope(&self) -> Option<PauseScope> {
        let worker = || self.worker.clone().map(|id| PauseScope::Worker(WorkerId(id)));
        self.queue.map(PauseScope::Queue).or_else(worker)
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum WorkerCommand {
    /// Lists the workers: what they hold, when they were last heard of, and what pauses them
    #[command(after_help = help::WORKERS)]
    List {
        /// Also those that ended or fell silent up to seven days ago, not only within the last hour
        #[arg(long)]
        all: bool,
    },
}
