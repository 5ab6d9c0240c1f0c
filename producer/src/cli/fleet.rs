//! `fleet …`: whether new attempts begin anywhere.

use clap::Subcommand;

use super::help::fleet as help;

#[derive(Debug, Subcommand)]
pub(crate) enum FleetCommand {
    /// Tells what holds the fleet, since when and by whom, and how to resume it
    #[command(after_help = help::STATUS)]
    Status,
    /// Lets no new attempt begin anywhere; running ones go on
    #[command(after_help = help::PAUSE)]
    Pause {
        /// Kept in the audit trail, and shown wherever the fleet is
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Ends the hold, whoever began it, and wakes the jobs that wait
    #[command(after_help = help::RESUME)]
    Resume {
        /// Kept in the audit trail
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
}
