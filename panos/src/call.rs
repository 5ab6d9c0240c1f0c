//! One call, as whoever measures sees it: which command, how it ended, how long it took.
//!
//! Promises: words of ours and a length of time; nothing of what was sent or answered, and no name of a device.
//! Leaves to others: counting.

use std::sync::Arc;
use std::time::Duration;

use crate::error::PanosError;

/// Target of the span around each call, which only traces want.
pub(crate) const TRACE_TARGET: &str = "panos_upgrade::trace";

/// Is told of every call.
pub type Observer = Arc<dyn Fn(&Call) + Send + Sync>;

/// One call that is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call {
    /// As on the device's command line, without arguments.
    pub command: &'static str,
    /// How it ended.
    pub result: CallResult,
    /// From the request to the read answer.
    pub took: Duration,
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallResult {
    /// With an answer that could be used.
    Ok,
    /// The device said no.
    Refused,
    /// No answer, or not in time.
    NoAnswer,
    /// Its certificate is not trusted, or the handshake failed.
    Tls,
    /// With something else than an answer to this command.
    Unexpected,
    /// Nothing was sent.
    NotSent,
}

impl CallResult {
    /// The word in metrics and traces.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Refused => "refused",
            Self::NoAnswer => "no_answer",
            Self::Tls => "tls",
            Self::Unexpected => "unexpected",
            Self::NotSent => "not_sent",
        }
    }

    pub(crate) fn of<T>(outcome: &Result<T, PanosError>) -> Self {
        match outcome {
            Ok(_) => Self::Ok,
            Err(PanosError::Refused { .. }) => Self::Refused,
            Err(PanosError::NoAnswer { .. }) => Self::NoAnswer,
            Err(PanosError::Tls { .. }) => Self::Tls,
            Err(PanosError::UnexpectedAnswer { .. } | PanosError::TooLarge { .. }) => Self::Unexpected,
            Err(PanosError::Setup { .. }) => Self::NotSent,
        }
    }
}
