//! What can be asked of the program.

use std::num::NonZeroUsize;

use clap::{Args, Parser, Subcommand, ValueEnum};
use e2e::world::Way;

/// Measures panos-upgrade on this machine, with private servers and invented devices.
#[derive(Debug, Parser)]
#[command(name = "panos-bench", version)]
pub(crate) struct Cli {
    /// Prints JSON instead of a table
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Measures for a third of the time
    #[arg(long, global = true)]
    pub(crate) short: bool,
    /// Measures so often, and tells the medians
    #[arg(long, global = true, default_value = "3")]
    pub(crate) repeat: NonZeroUsize,
    #[command(subcommand)]
    pub(crate) benchmark: Benchmark,
}

/// What is measured.
#[derive(Debug, Subcommand)]
pub(crate) enum Benchmark {
    /// What a dashboard takes, how late it is, and whether a stopped tab slows the fleet
    Dashboard(Dashboard),
}

/// Options of `dashboard`.
#[derive(Debug, Args)]
pub(crate) struct Dashboard {
    /// Ledger and broker of which way to run
    #[arg(long, value_enum, default_value_t = Engine::Fleet)]
    pub(crate) engine: Engine,
    /// Devices in the inventory, each with a job
    #[arg(long, default_value_t = 10_000)]
    pub(crate) devices: u32,
    /// Events per second
    #[arg(long, default_value_t = 200)]
    pub(crate) rate: u32,
}

/// A way to run, as a word.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Engine {
    /// SQLite; the dashboard is another process, hears no events and looks every five seconds
    Embedded,
    /// PostgreSQL and RabbitMQ
    Fleet,
}

impl Engine {
    /// The way to run.
    pub(crate) fn way(self) -> Way {
        match self {
            Self::Embedded => Way::Embedded,
            Self::Fleet => Way::Fleet,
        }
    }
}
