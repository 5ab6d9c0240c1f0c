//! What can be asked of the program.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Parser, ValueEnum};
use e2e::world::Way;

const EXAMPLES: &str = "\
Examples:
  panos-bench
      every figure but `build` and `dashboard`, three times each
  panos-bench ceiling --repeat 5 --engine fleet
      how many devices per second PostgreSQL, RabbitMQ and one worker can take
  panos-bench all --write docs/performance.md
      everything, and the page that tells it";

/// Measures panos-upgrade on this machine, with private servers and simulated devices.
///
/// Prints each figure as the median of its repetitions, with the smallest and the largest, beside the target.
#[derive(Debug, Parser)]
#[command(name = "panos-bench", version, after_help = EXAMPLES)]
pub(crate) struct Cli {
    /// What to measure [default: all but `build` and `dashboard`]
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<Name>,
    /// Prints JSON instead of tables
    #[arg(long)]
    pub(crate) json: bool,
    /// Smaller fleets and shorter times, to see that it works: not for figures
    #[arg(long)]
    pub(crate) short: bool,
    /// Measures so often
    #[arg(long, default_value = "3")]
    pub(crate) repeat: NonZeroUsize,
    /// Everything random of the simulated fleet follows from it
    #[arg(long, default_value_t = 7)]
    pub(crate) seed: u64,
    /// One way to run only [default: each that the figure has; `dashboard`: fleet]
    #[arg(long, value_enum)]
    pub(crate) engine: Option<Engine>,
    /// Writes what was measured as a page, in Markdown
    #[arg(long, value_name = "FILE")]
    pub(crate) write: Option<PathBuf>,
}

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Name {
    /// All there is
    All,
    /// A thousand devices, 10 s per image: the whole drain beside the longest single device
    #[value(name = "drain-1k")]
    Drain1k,
    /// Ten thousand devices, 60 s per image
    #[value(name = "drain-10k")]
    Drain10k,
    /// Downloads that take no time: devices per second, and what one costs the worker
    Ceiling,
    /// Ten and a hundred thousand devices into PostgreSQL and published, beside raw inserts and raw confirms
    Enqueue,
    /// From the commit of a job to the first call at its device
    Pickup,
    /// The leases of ten thousand running jobs: statements and time of the database
    Renew,
    /// Events through outbox, relay and a consumer, beside raw confirms
    Events,
    /// Entries of the audit trail per second, beside hashing and reading alone
    AuditVerify,
    /// What a worker without work takes
    Idle,
    /// `download status` and the first page of the dashboard over a hundred thousand jobs
    Status,
    /// A clean build for release, and the size of each program
    Build,
    /// What a dashboard takes, how late it is, and whether a stopped tab slows the fleet
    Dashboard,
}

/// A way to run, as a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Engine {
    /// SQLite, and the broker inside it
    Embedded,
    /// PostgreSQL and RabbitMQ
    Fleet,
}

impl Cli {
    /// What was asked for, each once, in the order of the list.
    pub(crate) fn wanted(&self) -> Vec<Name> {
        let is_wanted = |name: &Name| match name {
            Name::All => false,
            Name::Build | Name::Dashboard if self.names.is_empty() => false,
            name => self.names.is_empty() || self.names.contains(&Name::All) || self.names.contains(name),
        };
        Name::value_variants().iter().copied().filter(is_wanted).collect()
    }

    /// The ways to run a figure that both have.
    pub(crate) fn ways(&self) -> Vec<Way> {
        let both = [Engine::Embedded, Engine::Fleet];
        both.into_iter()
            .filter(|engine| self.engine.is_none_or(|only| only == *engine))
            .map(Engine::way)
            .collect()
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(arguments: &[&str]) -> Vec<Name> {
        Cli::parse_from([&["panos-bench"], arguments].concat()).wanted()
    }

    #[test]
    fn without_a_name_everything_but_the_long_ones_is_wanted() {
        let found = wanted(&[]);
        assert_eq!(found.first(), Some(&Name::Drain1k));
        assert!(
            !found.contains(&Name::Build) && !found.contains(&Name::Dashboard) && !found.contains(&Name::All)
        );
        assert_eq!(wanted(&["all"]).len(), found.len() + 2);
        assert_eq!(wanted(&["status", "ceiling", "status"]), [Name::Ceiling, Name::Status]);
    }
}
