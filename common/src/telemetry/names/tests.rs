//! The table of metrics, the page that is made from it, and what in `deploy/` asks for them.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::*;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/metrics.md");

/// What makes the page again.
const AGAIN: &str = "UPDATE_DOCS=1 cargo test -p common telemetry::names";

/// What asks for metrics.
const ASKING: [&str; 2] = [
    include_str!("../../../../deploy/prometheus/alerts.yml"),
    include_str!("../../../../deploy/grafana/panos-upgrade.json"),
];

/// Labels that Prometheus adds.
const SCRAPED: [&str; 3] = ["instance", "job", "le"];

#[test]
fn names_are_ours_and_end_as_their_kind_does() {
    for Metric { name, kind, help, .. } in ALL {
        assert!(name.starts_with("panos_upgrade_") && help.ends_with('.'), "{name}");
        assert_eq!(name.ends_with("_total"), *kind == Kind::Counter, "{name}");
        assert!(*kind != Kind::Histogram || name.ends_with("_seconds"), "{name}");
    }
    assert_eq!(ALL.iter().map(|metric| metric.name).collect::<BTreeSet<_>>().len(), ALL.len());
}

#[test]
fn the_page_of_metrics_is_made_from_the_table() {
    let page = page();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(PAGE, &page).unwrap();
    }
    let found = std::fs::read_to_string(PAGE).unwrap_or_default();
    assert!(found == page, "docs/metrics.md is not what the programs count; make it again: {AGAIN}");
}

#[test]
fn rules_and_panels_ask_for_metrics_and_labels_that_there_are() {
    for text in ASKING {
        let asked: Vec<_> = text.match_indices("panos_upgrade_").map(|(at, _)| &text[at..]).collect();
        assert!(asked.len() > 10, "what is read here asks for metrics");
        for rest in asked {
            let (name, rest) = word(rest);
            let metric = ALL.iter().find(|metric| is_of(name, metric));
            let metric = metric.unwrap_or_else(|| panic!("there is no metric {name}"));
            let Some(matchers) = rest.strip_prefix('{').and_then(|rest| rest.split_once('}')) else {
                continue;
            };
            for matcher in matchers.0.split(',') {
                let (label, _) = word(matcher.trim());
                assert!(
                    metric.labels.contains(&label) || SCRAPED.contains(&label),
                    "{name} has no label {label}"
                );
            }
        }
    }
}

#[test]
fn rules_and_panels_tell_apart_by_labels_that_there_are() {
    let mut n_groupings = 0;
    for line in ASKING.iter().flat_map(|text| text.lines()) {
        let asked: Vec<_> = line.match_indices("panos_upgrade_").map(|(at, _)| word(&line[at..]).0).collect();
        let labels: BTreeSet<_> = ALL
            .iter()
            .filter(|metric| asked.iter().any(|name| is_of(name, metric)))
            .flat_map(|metric| metric.labels)
            .chain(&SCRAPED)
            .collect();
        for rest in line.split("by (").skip(1) {
            let (grouped, _) = rest.split_once(')').unwrap();
            for label in grouped.split(',').map(str::trim) {
                assert!(labels.contains(&label), "no metric here has a label {label}: {line}");
                n_groupings += 1;
            }
        }
    }
    assert!(n_groupings > 5, "what is read here tells apart");
}

/// Whether a series of this name belongs to the metric: a histogram has three.
fn is_of(series: &str, metric: &Metric) -> bool {
    let rest = series.strip_prefix(metric.name);
    match metric.kind {
        Kind::Histogram => matches!(rest, Some("_bucket" | "_sum" | "_count")),
        Kind::Counter | Kind::Gauge => rest == Some(""),
    }
}

/// The name at the beginning of the text, and what follows.
fn word(text: &str) -> (&str, &str) {
    let end = text.find(|sign: char| !sign.is_ascii_alphanumeric() && sign != '_').unwrap_or(text.len());
    text.split_at(end)
}

fn page() -> String {
    let mut page = String::from(
        "# Metrics\n\n\
         Made from the table in the program by a test; do not edit. A worker answers `/metrics` in the Prometheus text \
         format where `[telemetry] listen` says, a dashboard beside its pages, for its token; `deploy/` has the scrape configuration, alert rules and a Grafana \
         dashboard. Names and meanings are kept: metrics and labels are only added. No label ever holds a host name, \
         a serial number or a text of a device.\n\n\
         | name | kind | labels | what it says |\n|---|---|---|---|\n",
    );
    for Metric { name, kind, labels, help } in ALL {
        let kind = match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        };
        let labels: Vec<_> = labels.iter().map(|label| format!("`{label}`")).collect();
        let labels = if labels.is_empty() { "–".to_owned() } else { labels.join(", ") };
        let _ = writeln!(page, "| `{name}` | {kind} | {labels} | {help} |");
    }
    page
}
