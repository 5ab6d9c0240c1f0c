//! One trace from the operator's command to the calls of a firewall.

use std::time::{Duration, Instant};

use e2e::checker::Allowed;
use e2e::world::{Setup, Way, World};

use super::collector::{Collector, Span};

const DEVICES: u64 = 3;

fn child<'a>(spans: &'a [Span], parent: &Span, name: &str) -> &'a Span {
    let is_it = |span: &&Span| span.name == name && span.parent == parent.id;
    spans.iter().find(is_it).unwrap_or_else(|| panic!("{} has no child `{name}`: {spans:#?}", parent.name))
}

#[tokio::test]
async fn one_trace_goes_from_the_command_over_the_job_to_the_calls_of_the_firewall() {
    let collector = Collector::start().await;
    let setup = Setup::devices(DEVICES).set("telemetry.otlp_endpoint", collector.url.as_str());
    let world = World::queued(Way::Fleet, setup).await;
    let worker = world.start_worker();
    world.until_all_ended().await;
    // What is left is sent before it ends.
    assert_eq!(worker.terminated().await, 0);

    let spans = collector.spans();
    let names: Vec<(&str, &str)> =
        spans.iter().map(|span| (span.service.as_str(), span.name.as_str())).collect();
    let enqueue = spans.iter().find(|span| span.name == "enqueue");
    let enqueue = enqueue.unwrap_or_else(|| panic!("nothing was queued in a trace: {names:?}"));
    let command = spans.iter().find(|span| span.id == enqueue.parent).unwrap();
    assert_eq!((command.name.as_str(), command.parent.len()), ("command", 0), "the root");
    assert_eq!((command.service.as_str(), enqueue.service.as_str()), ("panos-upgrade", "panos-upgrade"));

    let attempts: Vec<&Span> = spans.iter().filter(|span| span.name == "attempt").collect();
    assert_eq!(attempts.len(), usize::try_from(DEVICES).unwrap());
    for attempt in attempts {
        assert_eq!(attempt.service, "panos-upgrade-worker");
        assert_eq!((&attempt.parent, &attempt.trace), (&enqueue.id, &enqueue.trace));
        let call = child(&spans, child(&spans, attempt, "identify"), "show system info");
        assert_eq!(call.trace, enqueue.trace);
        child(&spans, child(&spans, attempt, "download"), "request system software download");
    }
    let secrets = world.broker_password().into_iter().chain(["X-PAN-KEY".to_owned(), "password".to_owned()]);
    let secrets: Vec<String> = secrets.collect();
    for (span, secret) in spans.iter().flat_map(|span| secrets.iter().map(move |secret| (span, secret))) {
        let is_in = span.bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
        assert!(!is_in, "{} holds a secret", span.name);
    }

    // Readers of events find the same trace.
    let jobs = world.jobs().await;
    let events = world.events_of(&jobs).await;
    let traces: Vec<String> = enqueue.trace.iter().map(|byte| format!("{byte:02x}")).collect();
    // A claim comes before its attempt, and so before the worker knows the trace.
    for event in events.iter().filter(|event| event.event_type != "panos.job.started.v1") {
        let place = event.traceparent.as_deref().unwrap_or_default();
        assert!(
            place.contains(&traces.concat()),
            "{} of job {} is in `{place}`",
            event.event_type,
            event.jobid
        );
    }
    assert!(events.len() > jobs.len() * 3, "{} events", events.len());
}

#[tokio::test]
async fn a_collector_that_is_away_slows_nothing() {
    let nobody = format!("http://127.0.0.1:{}", testkit::ports::free_port().unwrap());
    let world =
        World::queued(Way::Embedded, Setup::devices(DEVICES).set("telemetry.otlp_endpoint", nobody)).await;
    let began = Instant::now();
    world.cli(&["download", "status"]).await.ok();
    assert!(began.elapsed() < Duration::from_secs(10), "a command took {:?}", began.elapsed());
    world.work().await;
    world.invariants(&Allowed::nothing()).await;
}
