//! The CloudEvents 1.0 envelope, as JSON.
//!
//! A draft is an envelope without its sequence number: the number belongs to the job and is given by the
//! ledger in the transaction that stores the draft.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::job::{JobId, JobType};

use super::job::{JobContext, JobEvent};
use crate::telemetry::TraceParent;

/// `source` of everything this system says, as CloudEvents wants a URI reference.
pub(super) const SOURCE: &str = "/panos-upgrade";

/// An event as consumers see it (CloudEvents 1.0, JSON format, structured mode).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Envelope {
    /// Always `1.0`.
    pub specversion: String,
    /// Unique; a second delivery carries the same.
    pub id: Uuid,
    /// Always `/panos-upgrade`.
    pub source: String,
    /// `panos.job.<event>.v1`.
    #[serde(rename = "type")]
    pub event_type: String,
    /// Serial of the device.
    pub subject: String,
    /// When it happened, by the clock of who said it.
    pub time: Timestamp,
    /// Always `application/json`.
    pub datacontenttype: String,
    /// The job; extension attribute.
    pub jobid: JobId,
    /// Position in the job's events, from 1, without gaps; extension attribute.
    #[schemars(range(min = 1))]
    pub jobsequence: i64,
    /// W3C trace context of the work that this belongs to, where there is one (CloudEvents extension
    /// "Distributed Tracing"); extension attribute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    /// What happened: context and particulars of the event type.
    pub data: serde_json::Value,
}

/// An event that waits for its sequence number.
#[derive(Debug, Clone, PartialEq)]
pub struct EventDraft {
    envelope: Envelope,
    routing_key: String,
}

impl EventDraft {
    /// What `event` looks like for the job of `context`, at `time`.
    #[must_use]
    pub fn new(context: &JobContext, event: &JobEvent, time: Timestamp) -> Self {
        let envelope = Envelope {
            specversion: "1.0".to_owned(),
            id: Uuid::now_v7(),
            source: SOURCE.to_owned(),
            event_type: event_type(event.name()),
            subject: context.serial.to_string(),
            time,
            datacontenttype: "application/json".to_owned(),
            jobid: context.job,
            jobsequence: 0,
            traceparent: TraceParent::current().map(String::from),
            data: event.data(context),
        };
        Self { envelope, routing_key: routing_key(context.job_type, event.name()) }
    }

    /// The event in the trace of its job, where whoever tells it is in none: a claim comes before the
    /// attempt's span, and who rescues has no attempt.
    #[must_use]
    pub fn within(mut self, place: Option<&TraceParent>) -> Self {
        self.envelope.traceparent = self.envelope.traceparent.or_else(|| Some(place?.as_str().to_owned()));
        self
    }

    /// Id of the event, which is also its `message_id` on the wire.
    #[must_use]
    pub fn id(&self) -> Uuid {
        self.envelope.id
    }

    /// `evt.<job_type>.<event>`.
    #[must_use]
    pub fn routing_key(&self) -> &str {
        &self.routing_key
    }

    /// The finished event as JSON text.
    #[must_use]
    pub fn numbered(mut self, sequence: i64) -> String {
        self.envelope.jobsequence = sequence;
        serde_json::json!(self.envelope).to_string()
    }
}

/// `type` of an event, with its version.
pub(super) fn event_type(event: &str) -> String {
    format!("panos.job.{event}.v1")
}

/// Routing key of an event on the events exchange.
fn routing_key(job_type: JobType, event: &str) -> String {
    format!("evt.{job_type}.{event}")
}
