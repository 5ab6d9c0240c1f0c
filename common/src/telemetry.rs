//! Log lines on standard error, as text for people or JSON for collectors.
//!
//! Promises: standard output stays free for data; a second call changes nothing, so that every test may
//! make one. Libraries that print what goes over the wire are never asked for more than `info`.
//! Leaves to others: what is said. Nothing here can tell a secret from a word, so none may get this far:
//! secrets are [`config::Secret`](crate::config::Secret), whose `Debug` is blank, and errors are made
//! without them.

use std::io::{self, IsTerminal};

use tracing::Level;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::{FilterExt, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry, fmt};

use crate::config::{LogConfig, LogFormat};

/// Libraries whose `debug` or `trace` prints frames, headers, bodies or statement parameters: lapin 4.12
/// (`internal_rpc.rs`, `channels.rs`, the login among the frames), tokio-postgres 0.7 (`query.rs`), and the
/// HTTP stack, which is held back for what its next release may print.
const PRINT_THE_WIRE: [&str; 6] =
    ["amq_protocol", "hyper", "hyper_util", "lapin", "reqwest", "tokio_postgres"];

/// Starts logging for the whole process.
///
/// Text has colours only on a terminal. JSON has one object per line with the fields of the event beside
/// its `message`, and the current span with its fields in `span`.
pub fn init(config: &LogConfig) {
    // Fails only when logging is set up already, by an earlier call or by a test's own subscriber.
    let _ = Registry::default().with(layer(config, io::stderr, io::stderr().is_terminal())).try_init();
}

/// The layer that [`init`] installs, writing to `writer`.
fn layer<W>(config: &LogConfig, writer: W, colours: bool) -> Box<dyn Layer<Registry> + Send + Sync>
where
    W: for<'a> fmt::MakeWriter<'a> + Send + Sync + 'static,
{
    // Parses: a `LogFilter` is made of nothing else.
    let filter = EnvFilter::builder()
        .with_default_directive(LevelFilter::INFO.into())
        .parse_lossy(config.level.as_str())
        .and(filter_fn(|line| !prints_the_wire(line.target(), *line.level())));
    let lines = fmt::layer().with_writer(writer).with_ansi(colours);
    match config.format {
        LogFormat::Text => lines.with_filter(filter).boxed(),
        LogFormat::Json => lines
            .json()
            .flatten_event(true)
            .with_span_list(false)
            .with_ansi(false)
            .with_filter(filter)
            .boxed(),
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
    use std::sync::{Arc, Mutex};

    use tracing::{debug, info};

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
    fn starting_twice_does_no_harm() {
        init(&LogConfig::default());
        init(&LogConfig::default());
    }
}
