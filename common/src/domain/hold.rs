//! A hold: why no new attempt begins anywhere in the fleet. A pause: the same for one part of it.
//!
//! Promises: words only. Leaves to others: keeping the one hold there is (the ledger's `Fleet`) and the pauses of parts
//! (its `Workers`), and when refused log-ins are enough of them (the worker). Neither ever touches an attempt that
//! runs.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::job::{JobType, Requester, UnknownWord};
use super::lease::WorkerId;

/// Why no new attempt begins anywhere in the fleet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FleetHold {
    /// What kind of hold it is.
    pub cause: HoldCause,
    /// One sentence for people.
    pub reason: String,
    /// Since when, by the database's clock.
    pub since: Timestamp,
    /// Who asked for it; nobody, where the fleet held itself.
    pub by: Option<Requester>,
}

/// What brought a hold about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HoldCause {
    /// A person paused the fleet.
    Operator,
    /// Devices refused the log-in again and again: going on would lock the account.
    Credentials,
}

impl HoldCause {
    /// Every cause.
    pub const ALL: [Self; 2] = [Self::Operator, Self::Credentials];

    /// The word in tables and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Credentials => "credentials",
        }
    }
}

impl fmt::Display for HoldCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for HoldCause {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|known| known.as_str() == text).ok_or_else(|| UnknownWord {
            what: "cause of a hold",
            found: text.to_owned(),
            known: Self::ALL.map(Self::as_str).join(", "),
        })
    }
}

/// What a pause is about, the whole fleet apart: that is a [`FleetHold`].
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "scope", content = "name", rename_all = "snake_case")]
pub enum PauseScope {
    /// Every job of one type.
    Queue(JobType),
    /// Whatever one worker would begin.
    Worker(WorkerId),
}

impl PauseScope {
    /// The word in tables and JSON.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Queue(_) => "queue",
            Self::Worker(_) => "worker",
        }
    }

    /// Which one of its kind.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Queue(job_type) => job_type.to_string(),
            Self::Worker(worker) => worker.to_string(),
        }
    }
}

impl fmt::Display for PauseScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind(), self.name())
    }
}

/// Why no new attempt begins in one part of the fleet. Only persons pause parts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Pause {
    /// Which part.
    #[serde(flatten)]
    pub scope: PauseScope,
    /// One sentence for people.
    pub reason: String,
    /// Since when, by the database's clock.
    pub since: Timestamp,
    /// Who asked for it.
    pub by: Requester,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_reads_back_and_names_its_part() {
        let by = Requester { operator: "ann".to_owned(), host: "shell-1".to_owned(), reason: None };
        for scope in
            [PauseScope::Queue(JobType::DownloadOnly), PauseScope::Worker(WorkerId("w-1".to_owned()))]
        {
            let pause = Pause {
                scope: scope.clone(),
                reason: "maintenance".to_owned(),
                since: Timestamp::UNIX_EPOCH,
                by: by.clone(),
            };
            let json = serde_json::to_value(&pause).unwrap();
            assert_eq!((&json["scope"], &json["name"]), (&scope.kind().into(), &scope.name().into()));
            assert_eq!(serde_json::from_value::<Pause>(json).unwrap(), pause);
        }
    }

    #[test]
    fn words_in_json_and_tables_are_the_same() {
        for cause in HoldCause::ALL {
            assert_eq!(serde_json::to_value(cause).unwrap(), cause.as_str());
            assert_eq!(cause.as_str().parse(), Ok(cause));
        }
        assert!("weather".parse::<HoldCause>().unwrap_err().to_string().contains("credentials"));
    }
}
