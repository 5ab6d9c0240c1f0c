//! `doctor`: what is wrong here, and what to do about it.

use clap::Args;

use super::help::doctor as help;

/// Options of `doctor`.
#[derive(Debug, Args)]
#[command(after_help = help::DOCTOR)]
pub(crate) struct DoctorArgs {
    /// Also examines this device of the inventory: reach, TLS, identity, disk, update server
    #[arg(long, value_name = "SERIAL")]
    pub(crate) device: Option<String>,
}
