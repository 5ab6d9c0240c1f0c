//! `[plan]`: which versions lead to the target.

use std::path::PathBuf;

use toml_edit::Value as TomlValue;

use super::Field;
use super::setting::{Choice, Found, Value, Wanted};
use crate::domain::path::{Intermediate, Policy, Skip};
use crate::domain::version::Version;

/// Most feature releases that may be jumped: the length of the whole list of trains is 10, and a larger
/// number would mean the same as this one.
const MOST_SKIPPED: u8 = 5;

/// `[plan]`.
#[derive(Debug, Clone)]
pub struct PlanConfig {
    /// Version to bring devices to when a command names none. Default: none.
    pub target: Option<Version>,
    /// Feature releases that one upgrade may jump over, from PAN-OS 10.1 on: `"off"`, or 1 to 5. The
    /// default is the planner's own.
    pub skip: Skip,
    /// Which release of a train on the way to stop at: `latest`, `preferred`, or `base-only`. The default
    /// is the planner's own.
    pub intermediate: Intermediate,
    /// Whether a target older than what runs is planned at all. Default: false.
    pub allow_downgrade: bool,
    /// The predecessor tool's `upgrade_paths.json`: running version to a list of versions; wins over the
    /// planner for the versions in it. Default: none.
    pub paths_file: Option<PathBuf>,
}

impl Default for PlanConfig {
    fn default() -> Self {
        let Policy { skip, intermediate, allow_downgrade } = Policy::default();
        Self { target: None, skip, intermediate, allow_downgrade, paths_file: None }
    }
}

impl PlanConfig {
    /// The policy that the planner takes.
    #[must_use]
    pub fn policy(&self) -> Policy {
        Policy { skip: self.skip, intermediate: self.intermediate, allow_downgrade: self.allow_downgrade }
    }

    pub(super) fn fields(&mut self) -> Vec<Field<'_>> {
        vec![
            Field::new("plan.target", &mut self.target),
            Field::new("plan.skip", &mut self.skip),
            Field::new("plan.intermediate", &mut self.intermediate),
            Field::new("plan.allow_downgrade", &mut self.allow_downgrade),
            Field::new("plan.paths_file", &mut self.paths_file),
        ]
    }
}

impl Choice for Intermediate {
    const CHOICES: &'static [(&'static str, Self)] =
        &[("latest", Self::Latest), ("preferred", Self::Preferred), ("base-only", Self::BaseOnly)];
}

impl Value for Skip {
    fn read(found: &Found<'_>) -> Result<Self, Wanted> {
        if found.text().map(str::trim) == Some("off") {
            return Ok(Self::Off);
        }
        let trains = u16::read(found).ok().and_then(|trains| u8::try_from(trains).ok());
        trains
            .filter(|trains| (1..=MOST_SKIPPED).contains(trains))
            .map(Self::Max)
            .ok_or_else(|| format!("must be \"off\" or a whole number from 1 to {MOST_SKIPPED}"))
    }

    fn text(&self) -> String {
        match self {
            Self::Off => "off".to_owned(),
            Self::Max(trains) => trains.to_string(),
        }
    }

    fn toml(&self) -> TomlValue {
        match self {
            Self::Off => "off".into(),
            Self::Max(trains) => i64::from(*trains).into(),
        }
    }
}
