//! What an operator may decide about paths.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::domain::input::quoted;
use crate::domain::version::Train;

/// The first train from which an upgrade may jump over trains (pan-os-ansible, `panos_software`, commit
/// aacc82a, 2025-09). Up to 9.1 every feature release has to be installed on the way (vendor, "Determine the
/// Upgrade Path", 9.1).
pub const SKIP_FROM: Train = Train::new(10, 1);

/// How many trains may be jumped over unless the operator says otherwise: what is recommended when leaving
/// 10.1, the tightest of the numbers known. Up to 3 are reported to work; the vendor's own table was not at
/// hand, so the number is a setting.
pub const DEFAULT_SKIP: u8 = 2;

/// Recommended most trains to jump over, by the train that is left (source as for [`SKIP_FROM`]). A train
/// between two rows takes the lower one.
const RECOMMENDED_SKIP: [(Train, u8); 2] = [(SKIP_FROM, 2), (Train::new(11, 0), 3)];

/// How many trains one upgrade may jump over, from 10.1 on. Written `off` or a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "SkipText", into = "SkipText")]
pub enum Skip {
    /// None: stop in every train.
    Off,
    /// At most so many.
    Max(u8),
}

impl Skip {
    /// How many trains may be jumped over when leaving `train`.
    pub fn leaving(self, train: Train) -> usize {
        match self {
            Self::Max(most) if train >= SKIP_FROM => usize::from(most),
            Self::Max(_) | Self::Off => 0,
        }
    }

    /// How many trains are recommended to be jumped over at most when leaving `train`.
    pub fn recommended_leaving(train: Train) -> usize {
        RECOMMENDED_SKIP
            .iter()
            .rev()
            .find(|(from, _)| *from <= train)
            .map_or(0, |(_, most)| usize::from(*most))
    }
}

impl Default for Skip {
    fn default() -> Self {
        Self::Max(DEFAULT_SKIP)
    }
}

impl fmt::Display for Skip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => f.pad("off"),
            Self::Max(most) => fmt::Display::fmt(most, f),
        }
    }
}

impl FromStr for Skip {
    type Err = SkipError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "off" => Ok(Self::Off),
            number => number.parse().map(Self::Max).map_err(|_| SkipError { input: quoted(text) }),
        }
    }
}

/// The text does not say how many trains may be jumped over.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{input} does not say how many trains may be skipped: write off or a number")]
pub struct SkipError {
    input: String,
}

/// The two forms in JSON.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum SkipText {
    Most(u8),
    Word(String),
}

impl TryFrom<SkipText> for Skip {
    type Error = SkipError;

    fn try_from(text: SkipText) -> Result<Self, Self::Error> {
        match text {
            SkipText::Most(most) => Ok(Self::Max(most)),
            SkipText::Word(word) => word.parse(),
        }
    }
}

impl From<Skip> for SkipText {
    fn from(skip: Skip) -> Self {
        match skip {
            Skip::Off => Self::Word(skip.to_string()),
            Skip::Max(most) => Self::Most(most),
        }
    }
}

/// Where to stop in a train on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Intermediate {
    /// At the highest release or hotfix that the device lists.
    Latest,
    /// At the highest one that the vendor marks as preferred; without any, as [`Intermediate::Latest`]. The
    /// default: the vendor asks for a maintenance release on the way, and these are the ones it stands by.
    #[default]
    Preferred,
    /// At the base image: fewest bytes.
    BaseOnly,
}

/// What an operator decided about paths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Policy {
    /// How many trains one upgrade may jump over.
    pub skip: Skip,
    /// Where to stop in a train on the way.
    pub intermediate: Intermediate,
    /// Whether a target older than what runs is planned. Off unless asked for.
    pub allow_downgrade: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trains_before_10_1_are_never_jumped_over() {
        assert_eq!(Skip::Max(3).leaving(Train::new(10, 0)), 0);
        assert_eq!(Skip::Max(3).leaving(Train::new(10, 1)), 3);
        assert_eq!(Skip::Off.leaving(Train::new(11, 0)), 0);
    }

    #[test]
    fn the_recommendation_grows_with_the_train_and_the_default_keeps_to_it() {
        let recommended = |major, minor| Skip::recommended_leaving(Train::new(major, minor));
        assert_eq!(
            [
                recommended(10, 0),
                recommended(10, 1),
                recommended(10, 2),
                recommended(11, 0),
                recommended(12, 1)
            ],
            [0, 2, 2, 3, 3]
        );
        for train in crate::domain::version::TRAINS {
            assert!(Skip::default().leaving(train) <= Skip::recommended_leaving(train), "{train}");
        }
    }

    #[test]
    fn a_policy_reads_back_and_has_defaults_for_what_is_not_said() {
        let policy = Policy { skip: Skip::Off, intermediate: Intermediate::BaseOnly, allow_downgrade: true };
        let json = serde_json::to_string(&policy).unwrap();
        assert_eq!(json, r#"{"skip":"off","intermediate":"base-only","allow_downgrade":true}"#);
        assert_eq!(serde_json::from_str::<Policy>(&json).unwrap(), policy);
        let short: Policy = serde_json::from_str(r#"{"skip": 3}"#).unwrap();
        assert_eq!(short, Policy { skip: Skip::Max(3), ..Policy::default() });
        assert!(serde_json::from_str::<Policy>(r#"{"skip": "on"}"#).is_err());
    }

    #[test]
    fn a_skip_is_read_as_it_prints() {
        for skip in [Skip::Off, Skip::Max(0), Skip::Max(3)] {
            assert_eq!(skip.to_string().parse(), Ok(skip));
        }
        let error = "-1".parse::<Skip>().unwrap_err().to_string();
        assert_eq!(error, "`-1` does not say how many trains may be skipped: write off or a number");
    }
}
