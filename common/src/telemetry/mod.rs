//! What a process says about itself: log lines, metrics, traces, and whether it is healthy.
//!
//! Promises: standard output stays free for data; a second [`init`] changes nothing, so that every test may make
//! one. Nothing here waits for a collector: spans go through a bounded queue that drops what does not fit, and
//! without `telemetry.otlp_endpoint` there is no queue, no thread, and no span. Metrics cost nothing before
//! [`metrics::install`], which only a process with `telemetry.listen` (or with pages of its own) calls.
//! Leaves to others: what is said. Nothing here can tell a secret from a word, so none may get this far:
//! secrets are [`config::Secret`](crate::config::Secret), whose `Debug` is blank, and errors are made
//! without them.
//!
//! | module | does |
//! |---|---|
//! | `logs` | lines on standard error, as text for people or JSON for collectors |
//! | `otlp` | spans to a collector |
//! | [`span`], [`trace_context`] | the spans that only traces have; how a trace goes on in another process |
//! | [`metrics`], [`label`], [`names`] | the registry; labels that cannot grow; every metric there is |
//! | [`fleet`], `process` | what is read from the ledger and from the system when somebody scrapes |
//! | [`http`] | `/healthz`, `/readyz`, `/metrics` |

pub mod fleet;
pub mod http;
pub mod label;
mod logs;
pub mod metrics;
pub mod names;
mod otlp;
mod process;
pub mod span;
pub mod trace_context;

use std::io::{self, IsTerminal};

use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry};

use crate::config::Config;
use crate::report::Chain;

pub use trace_context::TraceParent;

/// Sends what is left to the collector when it is dropped, for at most three seconds. Keep it until the end.
#[derive(Default)]
#[must_use = "what is not sent yet is sent when this is dropped"]
pub struct Guard {
    command: Option<span::Command>,
    provider: Option<SdkTracerProvider>,
}

/// Starts logging for the whole process, and traces where `[telemetry]` has an endpoint for them. `program` is the
/// service in traces, unless `telemetry.service_name` says otherwise.
///
/// Text has colours only on a terminal. JSON has one object per line with the fields of the event beside
/// its `message`, the current span with its fields in `span`, and the ids of the trace where there is one.
pub fn init(config: &Config, program: &'static str) -> Guard {
    start(config, program, io::stderr, wants_colours())
}

/// The same, with log lines to `writer`, which stands for stderr: for a program that draws on the terminal itself.
pub fn init_with_writer<W>(config: &Config, program: &'static str, writer: W) -> Guard
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    start(config, program, writer, wants_colours())
}

/// On a terminal, unless `NO_COLOR` says otherwise (no-color.org).
fn wants_colours() -> bool {
    io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

fn start<W>(config: &Config, program: &'static str, writer: W, colours: bool) -> Guard
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let mut problem = None;
    let provider = config.telemetry.traces_url().and_then(|url| {
        let service = config.telemetry.service_name.clone().unwrap_or_else(|| program.to_owned());
        otlp::provider(&url, service).map_err(|error| problem = Some(error)).ok()
    });
    let mut layers = vec![logs::layer(&config.log, writer, colours)];
    layers.extend(provider.as_ref().map(|provider| otlp::layer(provider).boxed()));
    // Fails only when logging is set up already, by an earlier call or by a test's own subscriber.
    if Registry::default().with(layers).try_init().is_err() {
        return Guard::default();
    }
    if let Some(error) = problem {
        tracing::warn!("traces are not sent: {}", Chain(&error));
    }
    Guard { command: None, provider }
}

impl Guard {
    /// One command of an operator: the root of every trace that begins in this process, until the guard is dropped.
    pub fn of_command(mut self) -> Self {
        self.command = self.provider.is_some().then(span::Command::begin);
        self
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        drop(self.command.take());
        if let Some(provider) = self.provider.take() {
            otlp::end(&provider);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starting_twice_does_no_harm() {
        let config = Config::default();
        let (first, second) = (init(&config, "test"), init(&config, "test"));
        assert!(first.provider.is_none() && second.provider.is_none(), "no endpoint, no spans");
    }
}
