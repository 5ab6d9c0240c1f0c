//! How a download job to the target must end on a device, with lenient verification.
//!
//! The words are those that a job export uses; this crate only compares text.

use serde::{Deserialize, Serialize};

/// The state a job must end in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExpectedState {
    /// Every image of the path is on the device.
    Completed,
    /// Given up, for the reason in `kind`.
    Failed,
    /// There was nothing that a job could do, for the reason in `kind`.
    Skipped,
    /// No job is ever queued.
    None,
}

impl ExpectedState {
    /// The word in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
            Self::None => "none",
        }
    }
}

/// The whole expectation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// Terminal state.
    pub state: ExpectedState,
    /// Kind of failure or skip.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Whether every image is present and none mismatched.
    pub ready_for_install: bool,
}

impl Expected {
    /// The job completes and the device is ready.
    pub fn completed() -> Self {
        Self { state: ExpectedState::Completed, kind: None, ready_for_install: true }
    }

    /// The job fails for that reason.
    pub fn failed(kind: &str) -> Self {
        Self { state: ExpectedState::Failed, kind: Some(kind.to_owned()), ready_for_install: false }
    }

    /// The job is skipped for that reason.
    pub fn skipped(kind: &str) -> Self {
        Self { state: ExpectedState::Skipped, kind: Some(kind.to_owned()), ready_for_install: false }
    }

    /// No job is queued.
    pub fn none() -> Self {
        Self { state: ExpectedState::None, kind: None, ready_for_install: false }
    }
}
