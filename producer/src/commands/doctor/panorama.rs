//! Panorama: one log-in, and what it says of itself.

use super::finding::Finding;
use crate::commands::device::discover;
use crate::context::Context;

const AREA: &str = "panorama";

/// Logs in to the configured Panorama, at most once.
pub(super) async fn examine(context: &Context) -> Vec<Finding> {
    let Some(host) = &context.config.panorama.host else {
        return vec![Finding::ok(AREA, "host", "none is configured: devices come from CSV files")];
    };
    let panorama = match context.connector().and_then(|connector| Ok(connector.panorama(host.as_str())?)) {
        Ok(panorama) => panorama.with_one_login(),
        Err(error) => return vec![Finding::of_error(AREA, "login", error.as_ref())],
    };
    let info = match panorama.system_info().await {
        Ok(info) => info,
        Err(error) => return vec![Finding::of_error(AREA, "login", &error)],
    };
    let mut findings = vec![Finding::ok(
        AREA,
        "login",
        format!("{}, {} with {}", info.hostname, info.model, info.sw_version),
    )];
    // A role that may list devices may lack the right to ask for this; discovery tells then.
    if discover::is_passive(&panorama).await.unwrap_or(false) {
        findings.push(Finding::warn(
            AREA,
            "role",
            discover::PASSIVE,
            Some("let panorama.host name the active one"),
        ));
    }
    findings
}
