//! What a submission looks like, as it is described to programs.
//!
//! Promises: what these types take is what [`Submission::parse`](super::Submission::parse) reads, which tells all problems
//! together and therefore does not use them. Leaves to others: the files made of them (crate `dashboard`).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::device::Serial;

/// One batch of jobs.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SubmissionBody {
    /// Which devices.
    pub devices: DevicesBody,
    /// Version to bring them to. Without `target` and `path` it is `plan.target` of the configuration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Exactly these versions in this order, the target last; instead of `target`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 20))]
    pub path: Option<Vec<String>>,
    /// Reason or ticket, kept in the audit trail.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 200))]
    pub reason: Option<String>,
    /// Only tells what would be queued.
    #[serde(default)]
    pub dry_run: bool,
    /// Who wants it, kept in the audit trail beside the name of the door.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 200))]
    pub requested_by: Option<String>,
}

/// Which devices, as it is described to programs.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum DevicesBody {
    /// These serials.
    Serials(#[schemars(length(min = 1, max = 10_000))] Vec<Serial>),
    /// Every device of the inventory.
    All(AllWord),
    /// Those that expressions choose.
    Select(SelectBody),
}

/// The word for every device.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AllWord {
    /// Every device of the inventory.
    All,
}

/// Expressions as the command line's `--select` takes them.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SelectBody {
    /// One expression, or a list of which all have to hold.
    pub select: OneOrMany,
}

/// One text or several.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum OneOrMany {
    /// One.
    One(String),
    /// Several.
    Many(Vec<String>),
}
