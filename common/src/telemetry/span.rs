//! Spans that only traces have. Log lines do without them: there the attempt says enough, and a line has one span.
//!
//! Promises: without an endpoint for traces they are never made. Attributes are words of ours and numbers; no address,
//! no message of a device, no secret.

use std::sync::{Mutex, PoisonError};

use opentelemetry::Context;
use opentelemetry::trace::TraceContextExt;
use tracing::{Span, info_span};
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// Target of these spans: the log leaves it out.
pub const TARGET: &str = "panos_upgrade::trace";

/// The span of the command that this process runs for an operator, for work that is in no other trace.
static COMMAND: Mutex<Option<Context>> = Mutex::new(None);

/// The root span of a short-lived program, open until it is dropped.
pub(super) struct Command(#[expect(dead_code, reason = "closes with its owner")] Span);

impl Command {
    pub(super) fn begin() -> Self {
        let span = info_span!(target: TARGET, "command", otel.kind = "client");
        *COMMAND.lock().unwrap_or_else(PoisonError::into_inner) = Some(span.context());
        Self(span)
    }
}

impl Drop for Command {
    fn drop(&mut self) {
        *COMMAND.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// Wishes become jobs. Jobs remember this place, and attempts at them go on from it.
#[must_use]
pub fn enqueue(n_jobs: usize) -> Span {
    let span = info_span!(target: TARGET, "enqueue", otel.kind = "producer", n_jobs);
    let has_parent = Context::map_current(|context| context.span().span_context().is_valid());
    if !has_parent && let Some(command) = COMMAND.lock().unwrap_or_else(PoisonError::into_inner).clone() {
        // Refused for a span that is not traced.
        let _ = span.set_parent(command);
    }
    span
}

/// One step of an attempt.
#[must_use]
pub fn step(name: &'static str) -> Span {
    info_span!(target: TARGET, "step", otel.name = name)
}
