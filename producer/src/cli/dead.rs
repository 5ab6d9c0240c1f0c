//! `dead …`: messages that no worker could use.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};

use super::help::dead as help;

#[derive(Debug, Subcommand)]
pub(crate) enum DeadCommand {
    /// Lists dead letters, oldest first, with the reason of each
    #[command(after_help = help::LIST)]
    List,
    /// Shows one dead letter with its bytes
    #[command(after_help = help::SHOW)]
    Show {
        /// Its number, as `dead list` shows it
        id: i64,
        /// Also writes the bytes as they came into this file, which must not exist
        #[arg(long, value_name = "FILE")]
        save: Option<PathBuf>,
    },
    /// Sends dead letters to the workers once more, as they came
    #[command(after_help = help::REQUEUE)]
    Requeue(LettersArgs),
    /// Deletes dead letters; what they were stays in the audit trail
    #[command(after_help = help::DROP)]
    Drop(LettersArgs),
}

/// Which dead letters, and why.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("which").args(["ids", "all"]).required(true))]
pub(crate) struct LettersArgs {
    /// Their numbers, as `dead list` shows them
    pub(crate) ids: Vec<i64>,
    /// All that were collected when the command began
    #[arg(long)]
    pub(crate) all: bool,
    /// Kept in the audit trail
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: String,
}
