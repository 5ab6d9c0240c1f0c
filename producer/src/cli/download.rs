//! `download …`: jobs for the fleet.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::help::download as help;
use super::shared::{GoalArgs, QueueArgs, Select};

#[derive(Debug, Subcommand)]
pub(crate) enum DownloadCommand {
    /// Asks every device and sums up: which images, how many bytes, what does not fit, what is impossible
    #[command(after_help = help::PLAN)]
    Plan(PlanArgs),
    /// Queues one download job per device of the inventory
    #[command(after_help = help::QUEUE_ALL)]
    QueueAll {
        #[command(flatten)]
        queue: QueueArgs,
        #[command(flatten)]
        select: Select,
    },
    /// Queues one download job per device of a CSV file
    #[command(after_help = help::FROM_CSV)]
    FromCsv {
        /// CSV file with a header line; `-` for standard input
        file: PathBuf,
        #[command(flatten)]
        queue: QueueArgs,
    },
    /// What holds the fleet, alarms, jobs by state, and failures with their remedies
    #[command(after_help = help::STATUS)]
    Status {
        /// Shows it live until no job waits or runs: full screen on a terminal, lines elsewhere
        #[arg(long)]
        watch: bool,
    },
    /// Reads every device's own software list again and reports what is there
    #[command(after_help = help::VERIFY)]
    Verify {
        #[command(flatten)]
        select: Select,
        /// Also writes the report as CSV
        #[arg(long, value_name = "FILE")]
        report: Option<PathBuf>,
    },
}

/// Options of `download plan`.
#[derive(Debug, Args)]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    pub(crate) goal: GoalArgs,
    #[command(flatten)]
    pub(crate) select: Select,
    /// Asks no device: plans from the inventory, as `queue-all --dry-run` does
    #[arg(long, conflicts_with = "refresh")]
    pub(crate) offline: bool,
    /// Makes every device ask its update server first
    #[arg(long)]
    pub(crate) refresh: bool,
}
