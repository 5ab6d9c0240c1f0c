//! `device …` and `path …`: the inventory, and what its devices need.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};

use super::help::device as help;
use super::shared::{GoalArgs, Select};

#[derive(Debug, Subcommand)]
pub(crate) enum DeviceCommand {
    /// Reads the fleet from Panorama and tells what is new, changed or gone
    #[command(after_help = help::DISCOVER)]
    Discover {
        /// Believes a passive Panorama, and an answer that lacks most of the known fleet
        #[arg(long)]
        force: bool,
    },
    /// Lists the inventory
    #[command(after_help = help::LIST)]
    List {
        #[command(flatten)]
        select: Select,
    },
    /// Shows one device with its newest job
    #[command(after_help = help::SHOW)]
    Show {
        /// Serial number
        serial: String,
    },
    /// Prints the status document of one device
    #[command(after_help = help::STATUS)]
    Status {
        /// Serial number
        serial: String,
    },
    /// Sets the address at which a device is called, whatever its source says
    #[command(after_help = help::ADDRESS)]
    #[command(group = ArgGroup::new("which").required(true).args(["address", "clear"]))]
    Address {
        /// Serial number
        serial: String,
        /// IP address or name
        address: Option<String>,
        /// Takes it back: the source's address counts again
        #[arg(long)]
        clear: bool,
        /// Kept in the audit trail
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Takes a device out of the inventory; its jobs and its trail stay
    #[command(after_help = help::REMOVE)]
    Remove {
        /// Serial number
        serial: String,
        /// Kept in the audit trail
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Proposes which old images could go from a device, and deletes them with --apply
    #[command(after_help = help::CLEANUP)]
    Cleanup(CleanupArgs),
    /// Writes standalone devices and HA pairs as CSV files
    #[command(after_help = help::EXPORT)]
    Export {
        /// Directory for standalone_devices.csv and ha_pairs.csv
        #[arg(long, value_name = "DIR", default_value = ".")]
        output_dir: PathBuf,
    },
    /// Adds devices from a CSV file, and changes what it says of known ones
    #[command(after_help = help::IMPORT)]
    Import {
        /// CSV file with a header line; `-` for standard input
        file: PathBuf,
    },
}

/// Options of `device cleanup`.
#[derive(Debug, Args)]
pub(crate) struct CleanupArgs {
    /// Serial number
    pub(crate) serial: String,
    /// Shows what would go and changes nothing; so does neither option
    #[arg(long, conflicts_with = "apply")]
    pub(crate) dry_run: bool,
    /// Deletes what the device's list shows as dispensable at that moment
    #[arg(long, requires = "reason")]
    pub(crate) apply: bool,
    /// Kept in the audit trail
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
    /// Keeps the images on the way to this version, too
    #[arg(long, value_name = "VERSION")]
    pub(crate) target: Option<String>,
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
