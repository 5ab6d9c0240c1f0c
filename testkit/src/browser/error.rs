//! What a browser did not do.

use std::fmt;

use super::complaint::Complaint;
use crate::process::ProcessError;
use crate::wait::TimedOut;

/// Characters of a page that an error shows.
const SHOWN: usize = 2_000;

/// What a browser did not do.
#[derive(thiserror::Error)]
pub enum BrowserError {
    /// It is not installed.
    #[error("{path} is not there: `apt-get install --no-install-recommends chromium chromium-driver`")]
    Missing {
        /// The program.
        path: &'static str,
    },

    /// Its driver does not start.
    #[error(transparent)]
    Process(#[from] ProcessError),

    /// A command failed, or was not answered.
    #[error("cannot {command}: {reason}")]
    Refused {
        /// What was to be done.
        command: String,
        /// What came of it.
        reason: String,
    },

    /// The page is not as awaited.
    #[error("{timed_out}\nthe page says:\n{page}\nthe browser says: {complaints:?}")]
    NotSeen {
        /// What was awaited and seen. It is in the text, and so not a source.
        timed_out: TimedOut,
        /// The text of the page.
        page: String,
        /// What the browser did not like since it was asked last.
        complaints: Vec<Complaint>,
    },

    /// The browser met something that no page of ours should give it.
    #[error("the browser complains: {complaints:#?}")]
    Complained {
        /// What.
        complaints: Vec<Complaint>,
    },
}

impl BrowserError {
    pub(super) fn refused(command: &str, reason: impl fmt::Display) -> Self {
        Self::Refused { command: shortened(command), reason: reason.to_string() }
    }
}

/// The text of an error is made for reading, so that an `unwrap` in a test shows it unescaped.
impl fmt::Debug for BrowserError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The words of a text with one blank between them, as many as an error shows.
pub(super) fn shortened(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").chars().take(SHOWN).collect()
}
