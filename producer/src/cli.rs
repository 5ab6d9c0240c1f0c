//! What can be typed: commands, options, examples.
//!
//! No secret is ever an argument: other users of a machine read them in the process list. They come from the
//! environment or from files (see `panos-upgrade config show`).

mod help;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

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
    /// The inventory: discover, list, show, export, import
    #[command(subcommand)]
    Device(DeviceCommand),
    /// Download jobs for the fleet: queue, follow, verify
    #[command(subcommand)]
    Download(DownloadCommand),
    /// Single jobs: submit, list, show, cancel, retry
    #[command(subcommand)]
    Job(JobCommand),
    /// The trusted hashes
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
    /// Performs jobs in this process, with live progress
    Work(WorkArgs),
    /// Brings the ledger's schema up to date
    #[command(after_help = help::MIGRATE)]
    Migrate,
    /// Prints a completion script for a shell
    #[command(after_help = help::COMPLETIONS)]
    Completions {
        /// The shell
        shell: Shell,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum DeviceCommand {
    /// Reads the fleet from Panorama and tells what is new, changed or gone
    #[command(after_help = help::DISCOVER)]
    Discover,
    /// Lists the inventory
    #[command(after_help = help::DEVICE_LIST)]
    List {
        #[command(flatten)]
        select: Select,
    },
    /// Shows one device with its newest job
    #[command(after_help = help::DEVICE_SHOW)]
    Show {
        /// Serial number
        serial: String,
    },
    /// Prints the status document of one device
    #[command(after_help = help::DEVICE_STATUS)]
    Status {
        /// Serial number
        serial: String,
    },
    /// Writes standalone devices and HA pairs as CSV files
    #[command(after_help = help::DEVICE_EXPORT)]
    Export {
        /// Directory for standalone_devices.csv and ha_pairs.csv
        #[arg(long, value_name = "DIR", default_value = ".")]
        output_dir: PathBuf,
    },
    /// Adds devices from a CSV file, and changes what it says of known ones
    #[command(after_help = help::DEVICE_IMPORT)]
    Import {
        /// CSV file with a header line; `-` for standard input
        file: PathBuf,
    },
}

/// Which devices.
#[derive(Debug, Clone, Args)]
pub(crate) struct Select {
    /// Only devices for which all expressions hold: FIELD=VALUE, !=, ~GLOB, version<11.1.0
    #[arg(long = "select", value_name = "EXPR")]
    pub(crate) expressions: Vec<String>,
}

/// Where devices are to be brought.
#[derive(Debug, Clone, Args)]
pub(crate) struct GoalArgs {
    /// Version to bring devices to [default: plan.target of the configuration]
    #[arg(long, value_name = "VERSION", conflicts_with = "paths")]
    pub(crate) target: Option<String>,
    /// JSON file: running version to list of versions, the predecessor's upgrade_paths.json
    #[arg(long, value_name = "FILE")]
    pub(crate) paths: Option<PathBuf>,
}

/// How jobs are queued.
#[derive(Debug, Clone, Args)]
pub(crate) struct QueueArgs {
    #[command(flatten)]
    pub(crate) goal: GoalArgs,
    /// Reason or ticket, kept in the audit trail
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
    /// Prints what would be queued, by the code that would queue it, and changes nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DownloadCommand {
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
    /// Counts jobs by state and groups failures with their remedies
    #[command(after_help = help::STATUS)]
    Status {
        /// Repeats until no job waits or runs
        #[arg(long)]
        watch: bool,
    },
    /// Reads every device's own software list again and reports what is there
    #[command(after_help = help::VERIFY_DOWNLOAD)]
    Verify {
        #[command(flatten)]
        select: Select,
        /// Also writes the report as CSV
        #[arg(long, value_name = "FILE")]
        report: Option<PathBuf>,
    },
}

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
    #[command(after_help = help::JOB_LIST)]
    List(JobListArgs),
    /// Shows one job: images, attempts, what the device said
    #[command(after_help = help::JOB_SHOW)]
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

#[derive(Debug, Subcommand)]
pub(crate) enum HashCommand {
    /// Trusts the hashes of a file: CSV (version,filename,sha256), JSON, or the predecessor's version_hashes.json
    #[command(after_help = help::HASH_IMPORT)]
    Import {
        /// The file; `-` for standard input
        file: PathBuf,
    },
    /// Trusts one hash
    #[command(after_help = help::HASH_ADD)]
    Add {
        /// Version of the image
        #[arg(long, value_name = "VERSION")]
        version: String,
        /// File of the image [default: any file of the version]
        #[arg(long, value_name = "NAME")]
        filename: Option<String>,
        /// 64 hex digits
        #[arg(long, value_name = "HEX")]
        sha256: String,
    },
    /// Lists the trusted hashes
    #[command(after_help = help::HASH_LIST)]
    List,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PathCommand {
    /// Explains the path of a device of the inventory, or from a version, by the rules that jobs use
    #[command(after_help = help::PATH_SHOW)]
    Show {
        /// Serial number, or the version to start from
        #[arg(value_name = "SERIAL|VERSION")]
        from: String,
        #[command(flatten)]
        goal: GoalArgs,
        /// Does not ask the device for its list
        #[arg(long)]
        offline: bool,
    },
    /// Checks a paths file and names every problem
    #[command(after_help = help::PATH_VALIDATE)]
    Validate {
        /// JSON file: running version to list of versions
        file: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Lists entries of the audit trail
    #[command(after_help = help::AUDIT_LIST)]
    List {
        /// Only this device; `system` for what belongs to none
        #[arg(long, value_name = "SERIAL")]
        device: Option<String>,
        /// Only this job
        #[arg(long, value_name = "ID")]
        job: Option<i64>,
    },
    /// Recomputes every hash and names the first entry that does not fit
    #[command(after_help = help::AUDIT_VERIFY)]
    Verify,
    /// Writes entries as JSON lines, one per entry, with their hashes
    #[command(after_help = help::AUDIT_EXPORT)]
    Export {
        /// Only this device
        #[arg(long, value_name = "SERIAL")]
        device: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Sets keys in the configuration file; comments stay
    #[command(after_help = help::CONFIG_SET)]
    Set {
        /// For example `worker.concurrency`
        key: String,
        /// As it would stand in the file; text needs no quotes
        value: String,
        /// More keys that only work together, each with its value
        #[arg(value_name = "KEY VALUE")]
        more: Vec<String>,
    },
    /// Shows every key with its value and where it came from; secrets only as set or not
    #[command(after_help = help::CONFIG_SHOW)]
    Show,
    /// Checks the configuration and reaches ledger, broker and Panorama
    #[command(after_help = help::CONFIG_CHECK)]
    Check,
}

/// Options of `work`.
#[derive(Debug, Args)]
#[command(after_help = help::WORK)]
pub(crate) struct WorkArgs {
    /// Ends when no job waits or runs
    #[arg(long)]
    pub(crate) until_idle: bool,
}
