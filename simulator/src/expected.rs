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
    /// The most accepted download requests for any one image; 0 where nothing may be asked for.
    #[serde(default = "one")]
    pub asks: u32,
    /// What must be known about the target's bytes: verified, mismatch, not_reported or no_reference. Not compared
    /// when absent, or when the job export says nothing about images.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
    /// Another end that is as right, as long as some device with the same problem has the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub otherwise: Option<Box<Expected>>,
}

fn one() -> u32 {
    1
}

impl Expected {
    /// The job completes and the device is ready.
    pub fn completed() -> Self {
        Self {
            state: ExpectedState::Completed,
            ready_for_install: true,
            ..Self::none().asks(1).hash("verified")
        }
    }

    /// The job fails for that reason.
    pub fn failed(kind: &str) -> Self {
        Self { state: ExpectedState::Failed, kind: Some(kind.to_owned()), ..Self::none().asks(1) }
    }

    /// The job is skipped for that reason.
    pub fn skipped(kind: &str) -> Self {
        Self { state: ExpectedState::Skipped, kind: Some(kind.to_owned()), ..Self::none().asks(1) }
    }

    /// No job is queued.
    pub fn none() -> Self {
        Self {
            state: ExpectedState::None,
            kind: None,
            ready_for_install: false,
            asks: 0,
            hash: None,
            otherwise: None,
        }
    }

    /// With so many accepted download requests for one image at most.
    #[must_use]
    pub fn asks(self, asks: u32) -> Self {
        Self { asks, ..self }
    }

    /// With that known about the target's bytes.
    #[must_use]
    pub fn hash(self, outcome: &str) -> Self {
        Self { hash: Some(outcome.to_owned()), ..self }
    }

    /// With another end that is as right.
    #[must_use]
    pub fn otherwise(self, other: Self) -> Self {
        Self { otherwise: Some(Box::new(other)), ..self }
    }
}
