//! `audit …` and `config …`: what was done, and what is set.

use std::path::PathBuf;

use clap::Subcommand;

use super::help::records as help;

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
    Verify {
        /// Also compares with anchors that were kept elsewhere, as `audit anchors` prints them; `-` is standard input
        #[arg(long, value_name = "FILE")]
        anchors: Option<PathBuf>,
    },
    /// Writes entries as JSON lines, one per entry, with their hashes
    #[command(after_help = help::AUDIT_EXPORT)]
    Export {
        /// Only this device
        #[arg(long, value_name = "SERIAL")]
        device: Option<String>,
    },
    /// Anchors all chains together now, and shows the anchor
    #[command(after_help = help::AUDIT_ANCHOR)]
    Anchor,
    /// Lists anchors, to be kept outside the ledger
    #[command(after_help = help::AUDIT_ANCHORS)]
    Anchors,
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
