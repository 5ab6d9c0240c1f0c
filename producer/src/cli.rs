//! What can be typed: commands, options, examples. One file per area, and beside it the ends of its help texts.
//!
//! No secret is ever an argument: other users of a machine read them in the process list. They come from the
//! environment or from files (see `panos-upgrade config show`).

mod dead;
mod device;
mod doctor;
mod download;
mod events;
mod fleet;
mod hash;
mod help;
mod job;
mod records;
mod shared;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

pub(crate) use dead::{DeadCommand, LettersArgs};
pub(crate) use device::{CleanupArgs, DeviceCommand, PathCommand};
pub(crate) use doctor::DoctorArgs;
pub(crate) use download::{DownloadCommand, PlanArgs};
pub(crate) use events::{EventsCommand, TailArgs};
pub(crate) use fleet::{FleetCommand, PartArgs, WorkerCommand};
pub(crate) use hash::{HashCommand, Replace};
pub(crate) use job::{JobCommand, JobListArgs};
pub(crate) use records::{AuditCommand, ConfigCommand};
pub(crate) use shared::{GoalArgs, PairArgs, QueueArgs, Select};

/// Pre-stages PAN-OS images on fleets of Palo Alto firewalls, and proves what it did.
#[derive(Debug, Parser)]
#[command(name = "panos-upgrade", version, max_term_width = 100)]
#[command(after_help = help::OVERVIEW)]
pub(crate) struct Cli {
    /// Configuration file [default: panos-upgrade/config.toml in the platform's configuration directory]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// How results are printed; logs and progress go to stderr
    #[arg(long, global = true, value_name = "FORMAT", default_value = "table")]
    pub(crate) output: Format,

    #[command(subcommand)]
    pub(crate) command: Command,
}

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Table,
    /// For programs: one documented shape per command
    Json,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// The inventory: discover, list, show, address, remove, clean up, export, import
    #[command(subcommand)]
    Device(DeviceCommand),
    /// Download jobs for the fleet: plan, queue, follow, verify
    #[command(subcommand)]
    Download(DownloadCommand),
    /// Single jobs: submit, list, show, cancel, retry
    #[command(subcommand)]
    Job(JobCommand),
    /// The whole fleet or a part of it: pause, resume, and what holds it
    #[command(subcommand)]
    Fleet(FleetCommand),
    /// The processes that perform jobs
    #[command(subcommand)]
    Worker(WorkerCommand),
    /// Messages that no worker could use: list, show, requeue, drop
    #[command(subcommand)]
    Dead(DeadCommand),
    /// What happened to jobs, as other programs read it
    #[command(subcommand)]
    Events(EventsCommand),
    /// The trusted hashes, image files on disk, and what differs from them
    #[command(subcommand)]
    Hash(HashCommand),
    /// Upgrade paths: what a device needs, and why
    #[command(subcommand)]
    Path(PathCommand),
    /// The audit trail: read, verify, export
    #[command(subcommand)]
    Audit(AuditCommand),
    /// The configuration: set, show, check
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Examines everything from the configuration to the clocks, and says what to do about what is wrong
    Doctor(DoctorArgs),
    /// Performs jobs in this process, with live progress
    Work(WorkArgs),
    /// Makes the ledger where there is none, and brings its schema up to date
    #[command(after_help = help::MIGRATE)]
    Migrate,
    /// Prints a completion script for a shell
    #[command(after_help = help::COMPLETIONS)]
    Completions {
        /// The shell
        shell: Shell,
    },
}

impl Command {
    /// Whether the command may begin an installation: for the others a ledger that is not there is a mistyped
    /// path, and an empty one in its place would hide that.
    pub(crate) fn may_create_ledger(&self) -> bool {
        match self {
            Self::Migrate | Self::Config(_) => true,
            Self::Device(command) => {
                matches!(command, DeviceCommand::Discover { .. } | DeviceCommand::Import { .. })
            }
            Self::Download(_)
            | Self::Job(_)
            | Self::Fleet(_)
            | Self::Worker(_)
            | Self::Dead(_)
            | Self::Events(_)
            | Self::Hash(_)
            | Self::Path(_)
            | Self::Audit(_)
            | Self::Doctor(_)
            | Self::Work(_)
            | Self::Completions { .. } => false,
        }
    }
}

/// Options of `work`.
#[derive(Debug, Args)]
#[command(after_help = help::WORK)]
pub(crate) struct WorkArgs {
    /// Ends when no job waits or runs; with exit code 1 when the fleet is held while jobs wait
    #[arg(long)]
    pub(crate) until_idle: bool,

    /// Shows the fleet in a browser while it works; without an address at dashboard.listen
    #[arg(long, value_name = "ADDR", num_args = 0..=1)]
    pub(crate) dashboard: Option<Option<SocketAddr>>,
}
