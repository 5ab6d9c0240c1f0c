//! Health, readiness and metrics of a worker, and what is asked of them elsewhere.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use common::telemetry::names;
use e2e::world::{Setup, Way, World};
use serde_json::Value;
use testkit::wait::wait_until;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const DEVICES: u64 = 4;

/// Longer than a start on a busy machine.
const WITHIN: Duration = Duration::from_secs(60);

/// Status and body of a GET, as an orchestrator asks; `None` where nobody listens.
async fn got(address: &str, path: &str) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(address).await.ok()?;
    let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    Some((head.split(' ').nth(1)?.parse().ok()?, body.to_owned()))
}

/// Asks until the answer has this status and holds this text.
async fn until(address: &str, path: &str, status: u16, text: &str) -> String {
    let what = format!("{path} answers {status} with `{text}`");
    let look = async || match got(address, path).await {
        Some((found, body)) if found == status && body.contains(text) => Ok(body),
        found => Err(format!("{found:?}")),
    };
    wait_until(what, WITHIN, look).await
}

/// Names of our metrics in a text, as the series are called without what a histogram appends.
fn asked_for(text: &str) -> BTreeSet<String> {
    let starts = text.match_indices("panos_upgrade_").map(|(start, _)| &text[start..]);
    let names = starts.map(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_lowercase() && c != '_').unwrap_or(rest.len());
        let name = &rest[..end];
        let of_histogram = ["_bucket", "_sum", "_count"].iter().find_map(|suffix| name.strip_suffix(suffix));
        of_histogram.unwrap_or(name).to_owned()
    });
    names.collect()
}

fn read(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)).unwrap()
}

#[tokio::test]
async fn a_worker_says_how_it_is_and_renders_what_dashboards_and_rules_ask_for() {
    let address = format!("127.0.0.1:{}", testkit::ports::free_port().unwrap());
    let setup = Setup::devices(DEVICES).set("telemetry.listen", address.as_str());
    let world = World::queued(Way::Fleet, setup).await;
    let worker = world.start_worker();
    let ready: Value = serde_json::from_str(&until(&address, "/readyz", 200, "ready").await).unwrap();
    let parts: Vec<&str> =
        ready["parts"].as_array().unwrap().iter().map(|part| part["name"].as_str().unwrap()).collect();
    assert_eq!(parts, ["ledger", "leases", "broker", "consumer", "process"]);
    until(&address, "/healthz", 200, "alive").await;
    world.until_all_ended().await;

    let all_done = format!("panos_upgrade_jobs{{state=\"completed\"}} {DEVICES}");
    let scrape = until(&address, "/metrics", 200, &all_done).await;
    // For scripts/check-telemetry.
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("telemetry");
    std::fs::create_dir_all(&kept).unwrap();
    std::fs::write(kept.join("scrape.prom"), &scrape).unwrap();

    let rendered = asked_for(&scrape);
    for metric in names::ALL {
        assert!(rendered.contains(metric.name), "{} is not rendered:\n{scrape}", metric.name);
    }
    for file in ["deploy/grafana/panos-upgrade.json", "deploy/prometheus/alerts.yml"] {
        let wanted = asked_for(&read(file));
        let unknown: Vec<&String> = wanted.difference(&rendered).collect();
        assert!(unknown.is_empty() && wanted.len() > 5, "{file} asks for {unknown:?}");
    }
    for serial in world.simulator.devices().await.iter().map(|device| device.serial.clone()) {
        assert!(!scrape.contains(&serial), "a serial is a label:\n{scrape}");
    }
    let n_completed = format!("panos_upgrade_attempts_total{{ending=\"completed\",kind=\"none\"}} {DEVICES}");
    assert!(scrape.contains(&n_completed), "{scrape}");
    assert_eq!(worker.terminated().await, 0);
    assert_eq!(got(&address, "/healthz").await, None, "it listens no longer");
}

#[test]
fn every_alert_leads_to_a_section_of_the_runbook() {
    let (rules, runbook) = (read("deploy/prometheus/alerts.yml"), read("docs/runbook.md"));
    let anchors: BTreeSet<String> = runbook
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
        .map(|title| title.to_lowercase().replace(' ', "-"))
        .collect();
    let urls: Vec<&str> =
        rules.lines().filter_map(|line| line.trim().strip_prefix("runbook_url: ")).collect();
    assert_eq!(urls.len(), rules.matches("- alert:").count());
    for url in urls {
        let anchor = url.strip_prefix("docs/runbook.md#").unwrap();
        assert!(anchors.contains(anchor), "{url} leads nowhere: {anchors:?}");
    }
}
