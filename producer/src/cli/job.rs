//! `job …`: single jobs.

use clap::{Args, Subcommand};

use super::help::job as help;
use super::shared::{PairArgs, QueueArgs};

#[derive(Debug, Subcommand)]
pub(crate) enum JobCommand {
    /// Queues a job for one device
    #[command(after_help = help::SUBMIT)]
    Submit {
        /// Serial number
        #[arg(long, value_name = "SERIAL")]
        device: String,
        /// Brings the images and installs nothing
        #[arg(long)]
        download_only: bool,
        #[command(flatten)]
        queue: QueueArgs,
    },
    /// Lists jobs, newest first
    #[command(after_help = help::LIST)]
    List(JobListArgs),
    /// Shows one job: images, attempts, what the device said
    #[command(after_help = help::SHOW)]
    Show {
        /// Number of the job
        id: i64,
    },
    /// Cancels a job; a running one stops at its next safe point
    #[command(after_help = help::CANCEL)]
    Cancel {
        /// Number of the job
        id: i64,
        /// Kept in the audit trail
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Queues an ended job again, as a new job with the same goal
    #[command(after_help = help::RETRY)]
    Retry {
        /// Number of the ended job
        id: i64,
        #[command(flatten)]
        pair: PairArgs,
        /// Kept in the audit trail
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
}

/// Options of `job list`.
#[derive(Debug, Args)]
pub(crate) struct JobListArgs {
    /// Only jobs in this state
    #[arg(long, value_name = "STATE")]
    pub(crate) state: Option<String>,
    /// Only jobs of this device
    #[arg(long, value_name = "SERIAL")]
    pub(crate) device: Option<String>,
    /// Only the newest job of each device
    #[arg(long)]
    pub(crate) newest: bool,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    pub(crate) limit: u32,
}
