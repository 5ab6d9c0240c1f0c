//! What a browser did not like: errors of scripts, breaches of a page's policy, requests that failed.
//!
//! Read from Chromium's own log through chromedriver's `se/log`, which forgets what it has told.

use serde::Deserialize;
use serde_json::json;

use super::driver::Extension;
use super::{Browser, BrowserError};

/// A line of the browser's log that is an error.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Complaint {
    /// `SEVERE`, in the words of the driver.
    pub level: String,
    /// Who complains.
    #[serde(default)]
    pub source: Source,
    /// What about, with address and line.
    pub message: String,
}

/// Who complains. The words are those of the debugging protocol (`LogEntry.source`) and of its console.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// A script threw, and nobody caught it.
    Javascript,
    /// A script wrote an error to the console.
    ConsoleApi,
    /// The page's policy was broken, or another rule of safety.
    Security,
    /// A request failed: not reachable, or answered with an error.
    Network,
    /// Anything else.
    #[default]
    #[serde(other)]
    Other,
}

impl Browser {
    /// Errors since it was asked last.
    ///
    /// # Errors
    /// When the browser does not answer.
    pub async fn complaints(&self) -> Result<Vec<Complaint>, BrowserError> {
        let what = "tell what it does not like";
        let log =
            self.extension(what, Extension { path: "se/log", body: json!({ "type": "browser" }) }).await?;
        let lines: Vec<Complaint> =
            serde_json::from_value(log).map_err(|error| BrowserError::refused(what, error))?;
        Ok(lines.into_iter().filter(|line| line.level == "SEVERE").collect())
    }

    /// There was nothing to complain about since it was asked last, but what `is_expected`: a test that ends a server
    /// expects requests that fail.
    ///
    /// # Errors
    /// [`BrowserError::Complained`].
    pub async fn complaint_free(&self, is_expected: impl Fn(&Complaint) -> bool) -> Result<(), BrowserError> {
        let complaints = self.complaints().await?;
        let complaints: Vec<_> = complaints.into_iter().filter(|complaint| !is_expected(complaint)).collect();
        if complaints.is_empty() { Ok(()) } else { Err(BrowserError::Complained { complaints }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_drivers_log_is_read_with_and_without_a_source_that_is_known() {
        let line = |source: &str| {
            let line = json!({"level": "SEVERE", "message": "m", "source": source, "timestamp": 1});
            serde_json::from_value::<Complaint>(line).unwrap().source
        };
        assert_eq!(line("console-api"), Source::ConsoleApi);
        assert_eq!(line("security"), Source::Security);
        assert_eq!(line("intervention"), Source::Other);
    }
}
