//! The place in a trace that goes along with a job: W3C Trace Context, header `traceparent`.
//!
//! Promises: what is read is well formed and short, so it may go into a header, a column and a log line; anything
//! else is refused. Leaves to others: where it is carried (the ledger's jobs, message headers, event envelopes).

use std::fmt;
use std::str::FromStr;

use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState};
use serde::{Deserialize, Serialize};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// Length of a header of version 00 (W3C Trace Context, section 3.2.2).
const LENGTH: usize = 55;

/// `00-<trace id>-<span id>-<flags>`, lowercase hexadecimal, neither id all zeros (W3C Trace Context, section 3.2.2).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TraceParent(String);

/// A text that is no `traceparent` of version 00. The text is not repeated: it came from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a `traceparent` of version 00")]
pub struct NotATraceParent;

impl TraceParent {
    /// Where this task is in a trace; `None` where there is none, as always without `telemetry.otlp_endpoint`.
    #[must_use]
    pub fn current() -> Option<Self> {
        Context::map_current(|context| Self::of(context.span().span_context()))
    }

    /// Makes `span` the child of this place.
    pub fn continue_in(&self, span: &Span) {
        // Refused for a span that is not traced or has begun; either way there is nothing to continue.
        let _ = span.set_parent(Context::new().with_remote_span_context(self.span_context()));
    }

    /// As in a header.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The trace's id, 32 hexadecimal digits.
    #[must_use]
    pub fn trace_id(&self) -> &str {
        &self.0[3..35]
    }

    /// The span's id, 16 hexadecimal digits.
    #[must_use]
    pub fn span_id(&self) -> &str {
        &self.0[36..52]
    }

    fn of(context: &SpanContext) -> Option<Self> {
        let flags = context.trace_flags().to_u8() & TraceFlags::SAMPLED.to_u8();
        context
            .is_valid()
            .then(|| Self(format!("00-{}-{}-{flags:02x}", context.trace_id(), context.span_id())))
    }

    pub(super) fn span_context(&self) -> SpanContext {
        let trace = TraceId::from_hex(self.trace_id()).unwrap_or(TraceId::INVALID);
        let span = SpanId::from_hex(self.span_id()).unwrap_or(SpanId::INVALID);
        let flags = TraceFlags::new(u8::from_str_radix(&self.0[53..], 16).unwrap_or_default());
        SpanContext::new(trace, span, flags, true, TraceState::NONE)
    }
}

impl FromStr for TraceParent {
    type Err = NotATraceParent;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_hex = |part: &str| part.bytes().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f'));
        let is_id = |part: &str, n: usize| part.len() == n && is_hex(part) && part.bytes().any(|c| c != b'0');
        let parts: Vec<&str> = if text.len() == LENGTH { text.split('-').collect() } else { Vec::new() };
        match parts[..] {
            ["00", trace, span, flags]
                if is_id(trace, 32) && is_id(span, 16) && flags.len() == 2 && is_hex(flags) =>
            {
                Ok(Self(text.to_owned()))
            }
            _ => Err(NotATraceParent),
        }
    }
}

impl TryFrom<String> for TraceParent {
    type Error = NotATraceParent;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<TraceParent> for String {
    fn from(place: TraceParent) -> Self {
        place.0
    }
}

impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn a_place_reads_as_it_was_written() {
        let place: TraceParent = PLACE.parse().unwrap();
        assert_eq!(TraceParent::of(&place.span_context()), Some(place.clone()));
        assert_eq!((place.to_string().as_str(), place.span_id()), (PLACE, "00f067aa0ba902b7"));
    }

    #[test]
    fn what_is_no_place_is_refused() {
        let zeros = "00-00000000000000000000000000000000-00f067aa0ba902b7-01";
        let upper = PLACE.to_uppercase();
        let newer = PLACE.replacen("00", "01", 1);
        let longer = format!("{PLACE}-what-else");
        let broken = PLACE.replace('-', "\n");
        for text in ["", "00", zeros, &upper, &newer, &longer, &broken, &"é".repeat(27)] {
            assert_eq!(text.parse::<TraceParent>(), Err(NotATraceParent), "{text:?}");
        }
    }

    #[test]
    fn outside_a_trace_there_is_no_place() {
        assert_eq!(TraceParent::current(), None);
    }
}
