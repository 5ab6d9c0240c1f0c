//! Jobs that a program asks for, read from JSON.
//!
//! | module | holds |
//! |---|---|
//! | [`mod@body`] | what may be written, as it is described to programs |
//! | `reader` | takes fields out of an object and notes what is wrong with them |
//!
//! Promises: all problems are told together, each with its field and what to do; an unknown field is refused, because
//! what was meant otherwise must not be half understood. Texts that go into the audit trail are short and hold no
//! control characters. Leaves to others: whether the devices exist ([`super::Intake`]), who may ask.

pub mod body;
mod reader;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use self::reader::Reader;
use super::plan::Wanted;
use crate::domain::device::{Device, Serial};
use crate::domain::select::{self, Selector};
use crate::domain::version::Version;
pub use body::SubmissionBody;
pub use reader::{BadBody, MAX_SERIALS};

/// Its fields.
const FIELDS: [&str; 6] = ["devices", "target", "path", "reason", "dry_run", "requested_by"];

/// Its devices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chosen {
    /// These.
    Serials(Vec<Serial>),
    /// All that are not gone.
    All,
    /// Those for which all expressions hold.
    Select(Vec<Selector>),
}

/// One batch of jobs that a program wants.
#[derive(Debug, Clone)]
pub struct Submission {
    /// For which devices.
    pub devices: Chosen,
    /// The version, where one is named.
    pub target: Option<Version>,
    /// The path, where one is named.
    pub path: Option<Vec<Version>>,
    /// Reason or ticket.
    pub reason: Option<String>,
    /// Whether only to tell what would happen.
    pub dry_run: bool,
    /// Who wants it, as the program says.
    pub requested_by: Option<String>,
}

impl Submission {
    /// Reads one.
    ///
    /// # Errors
    /// [`BadBody`] with everything that is wrong.
    pub fn parse(value: &Value) -> Result<Self, BadBody> {
        let Value::Object(fields) = value else {
            return Err(BadBody(vec!["the body is no JSON object".to_owned()]));
        };
        let mut reader = Reader::new(fields, &FIELDS);
        let devices = reader.devices();
        let target = reader.text("target").and_then(|text| reader.version("target", &text));
        let path = reader.path();
        if target.is_some() && path.is_some() {
            reader.problem("target, path: only one of them can be given; leave the other out");
        }
        let read = Self {
            devices: devices.unwrap_or(Chosen::Serials(Vec::new())),
            target,
            path,
            reason: reader.short("reason"),
            dry_run: reader.flag("dry_run"),
            requested_by: reader.short("requested_by"),
        };
        reader.end(read)
    }

    /// The goal, as it names one or else by `default`.
    #[must_use]
    pub fn wanted(&self, default: Wanted) -> Wanted {
        if self.target.is_some() || self.path.is_some() {
            Wanted { target: self.target, path: self.path.clone(), paths: None }
        } else {
            default
        }
    }

    /// Those devices of the inventory that are meant, and the serials that it does not have.
    #[must_use]
    pub fn chosen(&self, inventory: Vec<Device>) -> (Vec<Device>, Vec<Serial>) {
        match &self.devices {
            Chosen::All => (inventory, Vec::new()),
            Chosen::Select(selectors) => {
                let chosen = inventory.into_iter().filter(|device| select::all_match(selectors, device));
                (chosen.collect(), Vec::new())
            }
            Chosen::Serials(serials) => {
                let mut missing: BTreeSet<&Serial> = serials.iter().collect();
                let chosen = inventory.into_iter().filter(|device| missing.remove(&device.serial)).collect();
                (chosen, missing.into_iter().cloned().collect())
            }
        }
    }
}

/// Who asks and why, for what has no other fields: a cancel, a retry.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Because {
    /// Reason or ticket, kept in the audit trail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 200))]
    pub reason: Option<String>,
    /// Who wants it, kept in the audit trail beside the name of the door.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 200))]
    pub requested_by: Option<String>,
}

impl Because {
    /// Reads it; the reason has to be there.
    ///
    /// # Errors
    /// [`BadBody`] with everything that is wrong.
    pub fn parse(value: &Value) -> Result<Self, BadBody> {
        let Value::Object(fields) = value else {
            return Err(BadBody(vec!["the body is no JSON object".to_owned()]));
        };
        let mut reader = Reader::new(fields, &["reason", "requested_by"]);
        let because = Self { reason: reader.short("reason"), requested_by: reader.short("requested_by") };
        if because.reason.is_none() && reader.is_content() {
            reader.problem("reason: missing; the audit trail keeps why this was done");
        }
        reader.end(because)
    }
}
