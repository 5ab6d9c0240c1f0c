//! `[log]`: what goes to standard error.

use std::fmt;

use tracing_subscriber::EnvFilter;

use super::Field;
use super::setting::{Choice, Found, Value, Wanted};

/// `[log]`.
#[derive(Debug, Clone, Default)]
pub struct LogConfig {
    /// A level (`error`, `warn`, `info`, `debug`, `trace`, `off`) or a filter per module, such as
    /// `info,worker::relay=debug`. Default: `info`, a handful of lines per device. Libraries that print what
    /// goes over the wire stay at `info` whatever this says.
    pub level: LogFilter,
    /// `text` for people, `json` for collectors. Default: `text`.
    pub format: LogFormat,
}

/// What to log: a level, or levels per module. Always one that parses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogFilter(String);

impl LogFilter {
    /// Reads a filter; `None` when it is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let known_levels = ["off", "error", "warn", "info", "debug", "trace"];
        // A bare word that is no level would be taken for the name of a module, and silence everything else.
        let words_are_levels = text.split(',').map(str::trim).all(|part| {
            part.contains(['=', '[']) || known_levels.contains(&part.to_ascii_lowercase().as_str())
        });
        (words_are_levels && EnvFilter::builder().parse(text).is_ok()).then(|| Self(text.to_owned()))
    }

    /// The filter as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for LogFilter {
    fn default() -> Self {
        Self("info".to_owned())
    }
}

impl fmt::Display for LogFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Value for LogFilter {
    fn read(found: &Found<'_>) -> Result<Self, Wanted> {
        found.text().and_then(Self::parse).ok_or_else(|| {
            "must be error, warn, info, debug, trace or off, or levels per module such as \
             info,worker::relay=debug"
                .to_owned()
        })
    }

    fn text(&self) -> String {
        self.0.clone()
    }
}

/// The form of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// One line for people.
    #[default]
    Text,
    /// One JSON object per line.
    Json,
}

impl Choice for LogFormat {
    const CHOICES: &'static [(&'static str, Self)] = &[("text", Self::Text), ("json", Self::Json)];
}

impl LogConfig {
    pub(super) fn fields(&mut self) -> Vec<Field<'_>> {
        vec![Field::new("log.level", &mut self.level), Field::new("log.format", &mut self.format)]
    }
}
