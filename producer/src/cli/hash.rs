//! `hash …`: what the bytes of images have to be, and what differs.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::help::hash as help;

#[derive(Debug, Subcommand)]
pub(crate) enum HashCommand {
    /// Trusts the hashes of a file: CSV (version,filename,sha256), JSON, or the predecessor's version_hashes.json
    #[command(after_help = help::IMPORT)]
    Import {
        /// The file; `-` for standard input
        file: PathBuf,
        #[command(flatten)]
        replace: Replace,
    },
    /// Trusts one hash
    #[command(after_help = help::ADD)]
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
        #[command(flatten)]
        replace: Replace,
    },
    /// Trusts a hash no longer
    #[command(after_help = help::REMOVE)]
    Remove {
        /// Version of the image
        #[arg(long, value_name = "VERSION")]
        version: String,
        /// File of the image [default: the hash that stands for any file of the version]
        #[arg(long, value_name = "NAME")]
        filename: Option<String>,
        /// Kept in the audit trail
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Lists the trusted hashes
    #[command(after_help = help::LIST)]
    List,
    /// Hashes image files on disk and compares them with the trusted hashes
    #[command(after_help = help::VERIFY)]
    Verify {
        /// Image files under the vendor's names, such as PanOS_440-11.1.4-h7
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Lists files for which devices report different hashes while none of them is trusted
    #[command(after_help = help::DISPUTES)]
    Disputes,
    /// Lists devices that hold, or held, an image with another hash than the trusted one
    #[command(after_help = help::MISMATCHES)]
    Mismatches {
        /// Those that a person has cleared, too
        #[arg(long)]
        all: bool,
    },
    /// Clears a mismatch after a person looked at the device, so that jobs may be queued for it again
    #[command(after_help = help::CLEAR)]
    Clear {
        /// Serial number
        serial: String,
        /// Version of the image
        #[arg(long, value_name = "VERSION")]
        version: String,
        /// What was found out, kept in the audit trail
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
}

/// Whether a hash that is trusted already may be replaced.
#[derive(Debug, Clone, Args)]
pub(crate) struct Replace {
    /// Replaces hashes that are trusted already and differ
    #[arg(long, requires = "reason")]
    pub(crate) replace: bool,
    /// Kept in the audit trail
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
}
