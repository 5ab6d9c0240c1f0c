//! What came of a run: one line per play of a scenario, and the exit code.
//!
//! Promises: a scenario that could not be judged counts as a failure, and so does a run that did not play all that it
//! was to play; every failure names its seed and the command that plays it again. Leaves to others: how it looks ([`table`](crate::table)).

use std::path::PathBuf;
use std::time::Duration;

use e2e::checker::Findings;

use crate::scenario::{Outcome, Scenario, Size};

/// Every scenario of the run was played, and everything held.
pub const OK: u8 = 0;
/// Something was found, or a scenario could not be judged, or was not played for want of time.
pub const FOUND: u8 = 1;
/// Wrong usage, or the servers do not start.
pub const USAGE: u8 = 2;
/// Interrupted by a signal.
pub const INTERRUPTED: u8 = 130;

/// One scenario, played once.
#[derive(Debug)]
pub struct Play {
    /// Which.
    pub scenario: Scenario,
    /// With these random choices.
    pub seed: u64,
    /// What came of it, or why nothing did.
    pub outcome: Result<Outcome, String>,
    /// From its first server to its judgement.
    pub took: Duration,
    /// Where its logs are, if they were kept.
    pub logs: Option<PathBuf>,
}

impl Play {
    /// Whether everything held.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.outcome.as_ref().is_ok_and(|outcome| outcome.findings.is_empty())
    }

    /// Everything that is wrong, one sentence each, with the invariant that is broken.
    #[must_use]
    pub fn complaints(&self) -> Vec<String> {
        match &self.outcome {
            Err(reason) => vec![format!("not judged: {reason}")],
            Ok(outcome) => {
                let Findings { lost, duplicated, missing_events, other } = &outcome.findings;
                let lost = lost.iter().map(|text| format!("I1, I8, a job was lost: {text}"));
                let duplicated = duplicated.iter().map(|text| format!("I2, I5, asked twice: {text}"));
                let missing = missing_events.iter().map(|text| format!("I6, an event is missing: {text}"));
                let other = other.iter().map(|(invariant, text)| format!("{invariant}: {text}"));
                lost.chain(duplicated).chain(missing).chain(other).collect()
            }
        }
    }
}

/// A whole run.
#[derive(Debug)]
pub struct Report {
    /// The first seed.
    pub seed: u64,
    /// How much of each scenario.
    pub size: Size,
    /// In the order in which they ended.
    pub plays: Vec<Play>,
    /// Scenarios that the time was too short for.
    pub not_played: Vec<&'static str>,
    /// All of it.
    pub took: Duration,
}

impl Report {
    /// Whether each scenario was played, and held whenever it was. A run that played nothing has shown nothing.
    #[must_use]
    pub fn held(&self) -> bool {
        !self.plays.is_empty() && self.not_played.is_empty() && self.plays.iter().all(Play::is_good)
    }

    /// What the program ends with.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        if self.held() { OK } else { FOUND }
    }

    /// The command that plays one of its scenarios again.
    #[must_use]
    pub fn again(&self, play: &Play) -> String {
        let short = match self.size {
            Size::Short => " --short",
            Size::Full => "",
        };
        format!("./chaos{short} --only {} --seed {}", play.scenario.name, play.seed)
    }
}
