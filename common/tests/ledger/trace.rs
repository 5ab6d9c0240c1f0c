//! A job remembers where in a trace it was wished for, and so do its messages; without a trace there is nothing.

use std::time::Duration;

use common::domain::job::JobId;
use common::events::Envelope;
use common::ledger::{Ledger, OutboxKind, OutboxRow, Settlement};
use common::telemetry::TraceParent;
use opentelemetry::Context;
use opentelemetry::trace::{
    FutureExt, SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState,
};

use crate::bench::Bench;
use crate::fixtures::{LEASE, claim, enqueue, register, wish};

on_every_ledger!(a_job_and_its_messages_stay_in_the_trace_of_the_wish);

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN: &str = "00f067aa0ba902b7";

/// Everything that waits in the outbox, which is published then.
async fn rows(ledger: &dyn Ledger) -> Vec<OutboxRow> {
    let taken = ledger.take_outbox(100, Duration::from_secs(60)).await.unwrap();
    let confirmed = taken.rows.iter().map(|row| row.id).collect();
    ledger.settle_outbox(taken.by, &Settlement { confirmed, ..Settlement::default() }).await.unwrap();
    taken.rows
}

async fn a_job_and_its_messages_stay_in_the_trace_of_the_wish(ledger: &Bench) {
    register(ledger, 2).await;
    let place: TraceParent = format!("00-{TRACE}-{SPAN}-01").parse().unwrap();
    let (trace, span) = (TraceId::from_hex(TRACE).unwrap(), SpanId::from_hex(SPAN).unwrap());
    let at = SpanContext::new(trace, span, TraceFlags::SAMPLED, true, TraceState::NONE);
    let traced = Context::new().with_remote_span_context(at);
    let traced = enqueue(ledger, vec![wish(1)]).with_context(traced).await[0];
    let plain = enqueue(ledger, vec![wish(2)]).await[0];

    let rows = rows(&**ledger).await;
    for row in &rows {
        let expected = (row.job == traced).then_some(&place);
        assert_eq!(row.traceparent.as_ref(), expected, "{row:?}");
        if row.kind == OutboxKind::Event {
            let event: Envelope = serde_json::from_str(&row.body).unwrap();
            assert_eq!(event.traceparent.as_deref(), expected.map(TraceParent::as_str));
        }
    }
    assert_eq!(rows.len(), 4, "an event and a wake-up of each job");
    assert_eq!(claim(ledger, traced, "w1").await.traceparent, Some(place.clone()));
    assert_eq!(claim(ledger, plain, "w1").await.traceparent, None);
    let rows = self::rows(&**ledger).await;
    assert_eq!(rows.len(), 2, "that they began");
    in_trace(&rows, traced, &place);

    ledger.elapse(2 * LEASE).await;
    assert_eq!(ledger.rescue(LEASE, u32::MAX).await.unwrap().expired, [traced, plain]);
    let events: Vec<_> =
        self::rows(&**ledger).await.into_iter().filter(|row| row.kind == OutboxKind::Event).collect();
    assert_eq!(events.len(), 2, "that their worker went silent");
    in_trace(&events, traced, &place);
}

/// Events of `traced` name the place of its wish, and others none.
#[track_caller]
fn in_trace(rows: &[OutboxRow], traced: JobId, place: &TraceParent) {
    for row in rows {
        let event: Envelope = serde_json::from_str(&row.body).unwrap();
        let expected = (row.job == traced).then_some(place.as_str());
        assert_eq!(event.traceparent.as_deref(), expected, "{event:?}");
    }
}
