//! Log lines, as text for people or JSON for collectors.
//!
//! Promises: libraries that print what goes over the wire are never asked for more than `info`; a JSON line that is
//! written inside a trace has its `trace_id` and `span_id`.
//! Leaves to others: where lines go ([`super::init`]), what is said.

use std::fmt;

use tracing::level_filters::LevelFilter;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::{FilterExt, filter_fn};
use tracing_subscriber::fmt::format::{Format, FormatFields, Json, JsonFields, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, MakeWriter};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{EnvFilter, Layer, Registry, fmt as lines};

use super::{TraceParent, span};
use crate::config::{LogConfig, LogFormat};

/// Libraries whose `debug` or `trace` prints frames, headers, bodies or statement parameters: lapin 4.12
/// (`internal_rpc.rs`, `channels.rs`, the login among the frames), tokio-postgres 0.7 (`query.rs`), and the
/// HTTP stack, which is held back for what its next release may print.
const PRINT_THE_WIRE: [&str; 6] =
    ["amq_protocol", "hyper", "hyper_util", "lapin", "reqwest", "tokio_postgres"];

/// The layer that writes lines to `writer`.
pub(super) fn layer<W>(config: &LogConfig, writer: W, colours: bool) -> Box<dyn Layer<Registry> + Send + Sync>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    // Parses: a `LogFilter` is made of nothing else.
    let filter = EnvFilter::builder()
        .with_default_directive(LevelFilter::INFO.into())
        .parse_lossy(config.level.as_str())
        .and(filter_fn(|line| {
            line.target() != span::TARGET && !prints_the_wire(line.target(), *line.level())
        }));
    let written = lines::layer().with_writer(writer);
    match config.format {
        LogFormat::Text => written.with_ansi(colours).with_filter(filter).boxed(),
        LogFormat::Json => {
            let json = lines::format().json().flatten_event(true).with_span_list(false);
            written
                .fmt_fields(JsonFields::new())
                .event_format(Traced(json))
                .with_ansi(false)
                .with_filter(filter)
                .boxed()
        }
    }
}

/// JSON lines that say where in a trace they were written.
struct Traced(Format<Json>);

impl<S, N> FormatEvent<S, N> for Traced
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let Some(place) = TraceParent::current() else {
            return self.0.format_event(context, writer, event);
        };
        let mut line = String::new();
        self.0.format_event(context, Writer::new(&mut line), event)?;
        let (trace_id, span_id) = (place.trace_id(), place.span_id());
        let fields = line.strip_prefix('{').unwrap_or(&line);
        write!(writer, "{{\"trace_id\":\"{trace_id}\",\"span_id\":\"{span_id}\",{fields}")
    }
}

/// Prints a returned message with all its bytes at `warn` (lapin 4.12, `returned_messages.rs`); our publisher
/// tells of it by its id.
const PRINTS_MESSAGES: &str = "lapin::returned_messages";

/// Whether lines of this target and level may hold what went over a wire.
fn prints_the_wire(target: &str, level: Level) -> bool {
    let library = target.split("::").next().unwrap_or(target);
    target == PRINTS_MESSAGES || (level > Level::INFO && PRINT_THE_WIRE.contains(&library))
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use tracing::{debug, info};
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;
    use crate::config::LogFilter;

    /// What was logged, kept instead of printed.
    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(level: &str, format: LogFormat, speak: impl FnOnce()) -> String {
        let kept = Kept::default();
        let writer = kept.clone();
        let config = LogConfig { level: LogFilter::parse(level).unwrap(), format };
        let subscriber = Registry::default().with(layer(&config, move || writer.clone(), false));
        tracing::subscriber::with_default(subscriber, speak);
        String::from_utf8(kept.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn a_json_line_has_the_fields_beside_the_message() {
        let line = logged("info", LogFormat::Json, || {
            info!(device.serial = "0123", attempt = 2, "0123: 11.1.4 is on the device");
        });
        let line: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(line["message"], "0123: 11.1.4 is on the device");
        assert_eq!(line["device.serial"], "0123");
        assert_eq!(line["attempt"], 2);
        assert_eq!(line["level"], "INFO");
    }

    #[test]
    fn the_filter_decides_per_module() {
        let speak = || {
            debug!("hidden");
            debug!(target: "worker::relay", "shown");
        };
        let lines = logged("info,worker::relay=debug", LogFormat::Text, speak);
        assert!(lines.contains("shown") && !lines.contains("hidden"), "{lines}");
    }

    #[test]
    fn libraries_never_print_the_wire() {
        let speak = || {
            tracing::trace!(target: "lapin::internal_rpc", "the login");
            debug!(target: "tokio_postgres::query", "the parameters");
            info!(target: "lapin::connection", "shown");
            debug!(target: "hyperspace", "also shown");
        };
        let lines = logged("trace,lapin=trace", LogFormat::Text, speak);
        assert!(lines.contains("shown") && lines.contains("also shown"), "{lines}");
        assert!(!lines.contains("the login") && !lines.contains("the parameters"), "{lines}");
    }

    #[test]
    fn a_json_line_inside_a_trace_has_its_ids() {
        use opentelemetry::trace::TraceContextExt;
        let place = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let context = opentelemetry::Context::new()
            .with_remote_span_context(place.parse::<TraceParent>().unwrap().span_context());
        let line = logged("info", LogFormat::Json, || {
            let _inside = context.attach();
            info!("said");
        });
        let line: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!((&line["trace_id"], &line["span_id"]), (&place[3..35].into(), &place[36..52].into()));
        assert_eq!(line["message"], "said");
    }

    #[test]
    fn spans_of_traces_are_in_no_line() {
        let lines = logged("trace", LogFormat::Text, || {
            let attempt = tracing::info_span!("attempt", job.id = 7);
            attempt.in_scope(|| span::step("identify").in_scope(|| info!("said")));
        });
        assert!(lines.contains("attempt{job.id=7}") && !lines.contains("step"), "{lines}");
    }
}
