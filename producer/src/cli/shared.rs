//! Options that several commands have: which devices, where to, and how jobs are queued.

use std::path::PathBuf;

use clap::Args;
use common::domain::job::PairMode;

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

/// How the members of an HA pair share the work. Without either: one after the other, the passive one first.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct PairArgs {
    /// Lets both members of an HA pair download at the same time
    #[arg(long, conflicts_with = "ha_sync")]
    ha_parallel: bool,
    /// One member of an HA pair downloads and copies to its peer, then both are verified
    #[arg(long)]
    ha_sync: bool,
}

impl PairArgs {
    /// The mode, where one was asked for.
    pub(crate) fn asked(self) -> Option<PairMode> {
        match (self.ha_parallel, self.ha_sync) {
            (true, _) => Some(PairMode::AtOnce),
            (false, true) => Some(PairMode::Sync),
            (false, false) => None,
        }
    }

    /// The mode.
    pub(crate) fn mode(self) -> PairMode {
        self.asked().unwrap_or(PairMode::InTurn)
    }
}

/// How jobs are queued.
#[derive(Debug, Clone, Args)]
pub(crate) struct QueueArgs {
    #[command(flatten)]
    pub(crate) goal: GoalArgs,
    #[command(flatten)]
    pub(crate) pair: PairArgs,
    /// Reason or ticket, kept in the audit trail
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
    /// Prints what would be queued, by the code that would queue it, and changes nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}
