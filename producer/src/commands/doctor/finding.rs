//! What one check came to: a verdict, what was found, what to do about it.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use common::report::Chain;
use serde::Serialize;
use tokio::time::timeout;

use crate::failure;

/// Longest time for one area: longer than what connections and calls in it may take by themselves.
const WITHIN: Duration = Duration::from_secs(60);

/// How it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Verdict {
    /// As it has to be.
    Ok,
    /// It works, and a person should know.
    Warn,
    /// It does not work, or data is at risk.
    Fail,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
        })
    }
}

/// What one check came to. Names of fields are interface.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Finding {
    pub(super) area: &'static str,
    pub(super) check: String,
    pub(super) verdict: Verdict,
    pub(super) found: String,
    pub(super) remedy: Option<String>,
}

impl Finding {
    /// As it has to be.
    pub(super) fn ok(area: &'static str, check: impl Into<String>, found: impl Into<String>) -> Self {
        Self { area, check: check.into(), verdict: Verdict::Ok, found: found.into(), remedy: None }
    }

    /// Something to look at.
    pub(super) fn warn(
        area: &'static str,
        check: impl Into<String>,
        found: impl Into<String>,
        remedy: Option<&str>,
    ) -> Self {
        let remedy = remedy.map(str::to_owned);
        Self { area, check: check.into(), verdict: Verdict::Warn, found: found.into(), remedy }
    }

    /// Something to mend.
    pub(super) fn fail(
        area: &'static str,
        check: impl Into<String>,
        found: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        let remedy = Some(remedy.into());
        Self { area, check: check.into(), verdict: Verdict::Fail, found: found.into(), remedy }
    }

    /// An error, with what the program always says about it.
    pub(super) fn of_error(
        area: &'static str,
        check: impl Into<String>,
        error: &(dyn Error + 'static),
    ) -> Self {
        let remedy = failure::meaning(error).1;
        Self { area, check: check.into(), verdict: Verdict::Fail, found: Chain(error).to_string(), remedy }
    }
}

/// The findings of one area, or that there are none in time.
pub(super) async fn within(area: &'static str, findings: impl Future<Output = Vec<Finding>>) -> Vec<Finding> {
    timeout(WITHIN, findings).await.unwrap_or_else(|_| {
        let found = format!("no answer within {} s", WITHIN.as_secs());
        vec![Finding::fail(
            area,
            "time",
            found,
            "look at what stands between: a firewall that drops, a server that hangs",
        )]
    })
}
