//! `events …`: what happened, as it is told to other programs.

use clap::{Args, Subcommand};

use super::help::events as help;

#[derive(Debug, Subcommand)]
pub(crate) enum EventsCommand {
    /// Follows the events of all jobs, from now on or from an earlier time
    #[command(after_help = help::EVENTS_TAIL)]
    Tail(TailArgs),
}

/// Options of `events tail`.
#[derive(Debug, Args)]
pub(crate) struct TailArgs {
    /// Where to begin: now, first, a time ago (90s, 15m, 1h, 7d), a time (2026-11-23T14:00:00Z), or after an offset
    #[arg(long, value_name = "WHEN", default_value = "now")]
    pub(crate) from: String,

    /// Only events whose field fits: FIELD=PATTERN or FIELD!=PATTERN; all of them have to, when repeated
    #[arg(long, value_name = "EXPR")]
    pub(crate) filter: Vec<String>,

    /// Only this job
    #[arg(long, value_name = "ID")]
    pub(crate) job: Option<i64>,

    /// Only this device
    #[arg(long, value_name = "SERIAL")]
    pub(crate) device: Option<String>,

    /// Only these types, for example `completed,failed`
    #[arg(long = "type", value_name = "TYPES")]
    pub(crate) types: Option<String>,

    /// Ends after so many events
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) limit: Option<u64>,

    /// Ends when no job waits or runs and nothing more is told
    #[arg(long)]
    pub(crate) until_idle: bool,

    /// Also tells on stderr which events of a job are missing, repeated or late
    #[arg(long)]
    pub(crate) check: bool,
}
