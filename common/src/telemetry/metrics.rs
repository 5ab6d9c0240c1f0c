//! The registry of this process's metrics, and their text for Prometheus.
//!
//! Promises: before [`install`] a metric costs a glance at one value; after it, memory does not grow while nobody
//! scrapes. The text is version 0.0.4 (Prometheus documentation, "Exposition formats"). Metrics of the process itself
//! (processor time, memory) carry the names that every exporter uses.
//! Leaves to others: counting (who knows what happened), which labels ([`super::label`]), serving ([`super::http`]).

use std::sync::OnceLock;
use std::thread;
use std::time::Duration;

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram, gauge};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

use super::names::{self, Kind, Metric};
use super::process;

/// Upper bounds of the histograms, in seconds: a database's milliseconds, a device's seconds, a download's hour.
const BOUNDS_S: [f64; 16] =
    [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 300.0, 1_800.0, 7_200.0];

/// Between two times that samples are put into their buckets; until then each takes eight bytes.
const UPKEEP_EVERY: Duration = Duration::from_secs(5);

/// Renders what was counted.
#[derive(Clone)]
pub struct Handle(PrometheusHandle);

static INSTALLED: OnceLock<Handle> = OnceLock::new();

/// Begins to count, once per process; every call answers the same registry.
pub fn install() -> Handle {
    let handle = INSTALLED.get_or_init(|| {
        let handle = match PrometheusBuilder::new().set_buckets(&BOUNDS_S) {
            Ok(builder) => {
                let recorder = builder.build_recorder();
                let handle = Handle(recorder.handle());
                // Fails only where somebody else counts already; then this registry stays empty.
                let _ = metrics::set_global_recorder(recorder);
                handle
            }
            // Refused is only an empty list.
            Err(_) => Handle(PrometheusBuilder::new().build_recorder().handle()),
        };
        describe();
        gauge!(names::BUILD_INFO, "version" => env!("CARGO_PKG_VERSION")).set(1.0);
        let upkeep = handle.0.clone();
        // Without the thread memory grows with the samples, slowly, until somebody scrapes.
        let _ = thread::Builder::new().name("metrics-upkeep".to_owned()).spawn(move || {
            loop {
                thread::sleep(UPKEEP_EVERY);
                upkeep.run_upkeep();
            }
        });
        handle
    });
    handle.clone()
}

fn describe() {
    for Metric { name, kind, help, .. } in names::ALL {
        let unit = if name.ends_with("_seconds") { Unit::Seconds } else { Unit::Count };
        match kind {
            Kind::Counter => describe_counter!(*name, unit, *help),
            Kind::Gauge => describe_gauge!(*name, unit, *help),
            Kind::Histogram => describe_histogram!(*name, unit, *help),
        }
    }
}

impl Handle {
    /// Everything, as text 0.0.4.
    #[must_use]
    pub fn render(&self) -> String {
        let mut text = self.0.render();
        text.push_str(&process::render());
        text
    }
}

#[cfg(test)]
mod tests {
    use metrics::{counter, histogram};

    use super::*;

    #[test]
    fn what_was_counted_is_rendered_with_its_help() {
        let (handle, again) = (install(), install());
        counter!(names::ATTEMPTS, "ending" => "completed", "kind" => "none").increment(2);
        histogram!(names::STEP_SECONDS, "step" => "identify").record(0.3);
        let text = handle.render();
        assert_eq!(text.lines().count(), again.render().lines().count(), "one registry");
        for wanted in [
            "# TYPE panos_upgrade_attempts_total counter",
            "panos_upgrade_attempts_total{ending=\"completed\",kind=\"none\"} 2",
            "panos_upgrade_step_seconds_bucket{step=\"identify\",le=\"0.5\"} 1",
            "panos_upgrade_step_seconds_bucket{step=\"identify\",le=\"0.25\"} 0",
            "panos_upgrade_build_info{version=\"",
            "# TYPE process_resident_memory_bytes gauge",
        ] {
            assert!(text.contains(wanted), "{wanted} is missing in\n{text}");
        }
        let help = "# HELP panos_upgrade_attempts_total Attempts that ended here";
        assert!(text.contains(help), "{text}");
    }
}
