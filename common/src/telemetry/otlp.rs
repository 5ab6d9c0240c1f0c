//! Spans to a collector: OTLP over HTTP, protobuf (OpenTelemetry Protocol, section "OTLP/HTTP").
//!
//! Promises: the program never waits for the collector. Spans wait in a bounded queue, one thread sends them in
//! batches, and while the collector is away what does not fit is dropped. Only spans of our own code leave, at `info` and
//! above, and no line of the log with them: what a device says, and where it is, stays in the log.
//! Leaves to others: which spans there are.

use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::{ExporterBuildError, Protocol, SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{BatchConfigBuilder, BatchSpanProcessor, SdkTracerProvider};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::{FilterExt, filter_fn};
use tracing_subscriber::{Layer, Registry};

use super::span;

/// Time for the last batch, when a process ends.
const LAST_BATCH_WITHIN: Duration = Duration::from_secs(3);

/// Time for one batch: less than the last one has.
const BATCH_WITHIN: Duration = Duration::from_secs(2);

/// Spans that wait; at about 1 KiB each, 4 MiB at most.
const QUEUE_LENGTH: usize = 4_096;

/// Spans per request.
const BATCH: usize = 512;

/// Between two batches.
const EVERY: Duration = Duration::from_secs(1);

/// Sends spans of `service` to `url`, which is complete with its path.
pub(super) fn provider(url: &str, service: String) -> Result<SdkTracerProvider, ExporterBuildError> {
    // The HTTP client is made at once and wants to know how TLS is done. Set already is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let exporter = SpanExporter::builder()
        .with_http()
        .with_endpoint(url)
        .with_protocol(Protocol::HttpBinary)
        .with_timeout(BATCH_WITHIN)
        .build()?;
    let batches = BatchConfigBuilder::default()
        .with_max_queue_size(QUEUE_LENGTH)
        .with_max_export_batch_size(BATCH)
        .with_scheduled_delay(EVERY)
        .build();
    let resource = Resource::builder_empty()
        .with_attributes([
            KeyValue::new("service.name", service),
            KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
            KeyValue::new("process.pid", i64::from(std::process::id())),
        ])
        .build();
    Ok(SdkTracerProvider::builder()
        .with_span_processor(BatchSpanProcessor::builder(exporter).with_batch_config(batches).build())
        .with_resource(resource)
        .build())
}

/// The layer that makes spans for `provider`.
pub(super) fn layer(provider: &SdkTracerProvider) -> impl Layer<Registry> + Send + Sync + use<> {
    let ours = filter_fn(|told| told.is_span() && is_ours(told.target()));
    tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("panos-upgrade"))
        .with_location(false)
        .with_threads(false)
        .with_tracked_inactivity(false)
        .with_filter(ours.and(LevelFilter::INFO))
}

/// Sends what is left, and ends the thread.
pub(super) fn end(provider: &SdkTracerProvider) {
    if let Err(error) = provider.shutdown_with_timeout(LAST_BATCH_WITHIN) {
        tracing::debug!("the last spans were not sent: {error}");
    }
}

/// Our crates, and the spans that only traces have. What libraries put into spans is not ours to send.
fn is_ours(target: &str) -> bool {
    const CRATES: [&str; 6] = ["common", "dashboard", "panos", "panos_upgrade", "producer", "worker"];
    target == span::TARGET || CRATES.contains(&target.split("::").next().unwrap_or(target))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_spans_of_our_code_leave() {
        for ours in ["worker::perform", "common::ledger", span::TARGET, "panos_upgrade"] {
            assert!(is_ours(ours), "{ours}");
        }
        for library in ["hyper::proto", "lapin::channels", "workers", "tokio_postgres::query"] {
            assert!(!is_ours(library), "{library}");
        }
    }
}
