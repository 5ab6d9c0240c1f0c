//! `[telemetry]`: health, metrics and traces.

use std::net::SocketAddr;

use super::Field;
use super::address::ServerUrl;
use super::setting::{Found, Value, Wanted};

/// Where collectors take spans, below the endpoint (OpenTelemetry Protocol, section "OTLP/HTTP Request").
const TRACES_PATH: &str = "/v1/traces";

/// `[telemetry]`.
#[derive(Debug, Clone, Default)]
pub struct TelemetryConfig {
    /// Address and port at which a worker answers `/healthz`, `/readyz` and `/metrics`, without a password. Default:
    /// none, nothing listens. An address that is not loopback lets everybody in that network read them, which a pod
    /// needs (`0.0.0.0:9464`): they tell numbers, and names of servers in the reasons of `/readyz`.
    pub listen: Option<SocketAddr>,
    /// Collector of traces, `http(s)://host:4318`. Default: none, no traces. The path is `/v1/traces` where the URL has
    /// none.
    pub otlp_endpoint: Option<OtlpUrl>,
    /// Name of the service in traces. Default: the program's.
    pub service_name: Option<String>,
}

/// Where a collector takes OTLP over HTTP.
#[derive(Debug, Clone)]
pub struct OtlpUrl(ServerUrl);

impl Value for OtlpUrl {
    fn read(found: &Found<'_>) -> Result<Self, Wanted> {
        let wanted = || "must be the URL of a collector, such as http://127.0.0.1:4318".to_owned();
        let url = ServerUrl::parse(found.text().ok_or_else(wanted)?, &["http", "https"])?;
        if url.has_username() || url.has_password() {
            return Err(
                "must have no login: a collector that wants one needs a proxy that adds it".to_owned()
            );
        }
        Ok(Self(url))
    }

    fn text(&self) -> String {
        self.0.to_string()
    }
}

impl Value for SocketAddr {
    fn read(found: &Found<'_>) -> Result<Self, Wanted> {
        let wanted = || "must be an IP address and a port, such as 127.0.0.1:9464".to_owned();
        found.text().and_then(|text| text.parse().ok()).ok_or_else(wanted)
    }

    fn text(&self) -> String {
        self.to_string()
    }
}

impl TelemetryConfig {
    /// Where spans go, with the path.
    #[must_use]
    pub fn traces_url(&self) -> Option<String> {
        let OtlpUrl(url) = self.otlp_endpoint.as_ref()?;
        let text = url.to_string();
        let text = text.trim_end_matches('/');
        Some(if text.ends_with(TRACES_PATH) { text.to_owned() } else { format!("{text}{TRACES_PATH}") })
    }

    pub(super) fn fields(&mut self) -> Vec<Field<'_>> {
        vec![
            Field::new("telemetry.listen", &mut self.listen),
            Field::new("telemetry.otlp_endpoint", &mut self.otlp_endpoint),
            Field::new("telemetry.service_name", &mut self.service_name),
        ]
    }
}
