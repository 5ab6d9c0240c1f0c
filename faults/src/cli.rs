//! What can be asked for.
//!
//! Promises: what is wrong is said before anything starts; the command that a run is reported with plays the same
//! again. Leaves to others: the playing ([`runner`]), and every word that is printed ([`output`](crate::output)).

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use faults::runner::{self, Plan};
use faults::scenario::{Scenario, Size};
use faults::scenarios;

/// How long a full run takes when nobody says.
const MINUTES: u64 = 10;

/// How many scenarios are played at a time when nobody says.
const AT_ONCE: u8 = 3;

/// Breaks everything that can break, one thing at a time and then all at once, and judges what came of it.
///
/// Real PostgreSQL, RabbitMQ and worker processes, private and on loopback, against simulated firewalls. After each
/// scenario a checker reads the ledger, the broker, the event log and the firewalls' own journal.
#[derive(Debug, Parser)]
#[command(name = "chaos", version, after_help = EXAMPLES)]
pub(crate) struct Cli {
    /// A dozen devices and seconds per scenario, each once: what `./test` runs
    #[arg(long)]
    short: bool,
    /// The random choices of each scenario: the same again with the same number [default: random]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Time for all of it; what is left after each was played once goes to random ones [default: 10, or with
    /// `--short` or `--only` each once]
    #[arg(long, value_name = "M", value_parser = clap::value_parser!(u64).range(1..=10_000))]
    minutes: Option<u64>,
    /// Only these
    #[arg(long, value_name = "NAME,..", value_delimiter = ',')]
    only: Vec<String>,
    /// Prints all scenarios and ends
    #[arg(long)]
    pub(crate) list: bool,
    /// Writes every play as JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Writes the table as Markdown
    #[arg(long, value_name = "FILE")]
    pub(crate) markdown: Option<PathBuf>,
    /// Where the logs of a scenario go that fails [default: a new directory below the temporary one]
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
    /// How many scenarios are played at a time
    #[arg(long, value_name = "N", default_value_t = AT_ONCE, value_parser = clap::value_parser!(u8).range(1..=16))]
    at_once: u8,
}

const EXAMPLES: &str = "\
exit codes: 0 everything held, 1 something was found or not played, 2 wrong usage or no servers, 130 interrupted

examples:
  ./chaos
  ./chaos --short
  ./chaos --only broker-sigkill,worker-zombie --seed 7
  ./chaos --minutes 60 --markdown table.md";

impl Cli {
    /// What to play.
    pub(crate) fn plan(&self) -> Result<Plan, String> {
        let scenarios = self.scenarios()?;
        let is_once = self.short || !self.only.is_empty();
        let minutes = self.minutes.or((!is_once).then_some(MINUTES));
        let logs = || std::env::temp_dir().join(format!("panos-chaos-{}", std::process::id()));
        let size = if self.short { Size::Short } else { Size::Full };
        Ok(Plan {
            scenarios,
            size,
            usual: runner::usual(size),
            bound: runner::bound(size),
            // Small enough to be typed again.
            seed: self.seed.unwrap_or_else(|| u64::from(rand::random::<u32>())),
            time: minutes.map(|minutes| Duration::from_secs(60 * minutes)),
            n_at_once: usize::from(self.at_once),
            logs: self.keep.clone().unwrap_or_else(logs),
        })
    }

    /// The command that does the same again.
    pub(crate) fn command(&self, seed: u64) -> String {
        let mut command = "./chaos".to_owned();
        if self.short {
            command += " --short";
        }
        if let Some(minutes) = self.minutes {
            command += &format!(" --minutes {minutes}");
        }
        if !self.only.is_empty() {
            command += &format!(" --only {}", self.only.join(","));
        }
        if self.at_once != AT_ONCE {
            command += &format!(" --at-once {}", self.at_once);
        }
        command + &format!(" --seed {seed}")
    }

    fn scenarios(&self) -> Result<Vec<Scenario>, String> {
        let all = scenarios::all();
        if self.only.is_empty() {
            return Ok(if self.short { scenarios::short() } else { all });
        }
        let known: Vec<_> = all.iter().map(|scenario| scenario.name).collect();
        let find = |name: &String| {
            all.iter()
                .find(|scenario| scenario.name == name)
                .copied()
                .ok_or_else(|| format!("unknown scenario `{name}` (known: {})", known.join(", ")))
        };
        self.only.iter().map(find).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(arguments: &[&str]) -> Result<Plan, String> {
        Cli::try_parse_from([&["chaos"], arguments].concat()).unwrap().plan()
    }

    #[test]
    fn a_full_run_takes_ten_minutes_and_a_short_one_or_a_chosen_one_plays_each_once() {
        assert_eq!(plan(&[]).unwrap().time, Some(Duration::from_secs(600)));
        assert_eq!(plan(&["--short"]).unwrap().time, None);
        assert_eq!(plan(&["--only", "broker-sigkill"]).unwrap().time, None);
        assert_eq!(plan(&["--short", "--minutes", "2"]).unwrap().time, Some(Duration::from_secs(120)));
    }

    #[test]
    fn a_scenario_that_does_not_exist_is_refused_with_those_that_do() {
        let reason = plan(&["--only", "broker-sigkill,nonsense"]).unwrap_err();
        assert!(
            reason.starts_with("unknown scenario `nonsense`") && reason.contains("broker-sigkill"),
            "{reason}"
        );
    }

    #[test]
    fn the_command_of_a_run_plays_the_same_again() {
        let cli =
            Cli::try_parse_from(["chaos", "--short", "--only", "broker-sigkill", "--json", "x"]).unwrap();
        assert_eq!(cli.command(7), "./chaos --short --only broker-sigkill --seed 7");
        let again: Vec<String> = cli.command(7).split(' ').map(str::to_owned).collect();
        assert_eq!(Cli::try_parse_from(again).unwrap().plan().unwrap().seed, 7);
        let cli = Cli::try_parse_from(["chaos", "--minutes", "20", "--at-once", "2"]).unwrap();
        assert_eq!(cli.command(7), "./chaos --minutes 20 --at-once 2 --seed 7");
    }
}
