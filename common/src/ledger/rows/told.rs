//! What the ledger tells of a change: entries for the audit chains, events and wake-ups for the outbox.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::ending::HeldJob;
use crate::audit::entry::SYSTEM_CHAIN;
use crate::audit::{Actor, AuditAction, EntryBody};
use crate::broker::{WAKE_UP_SCHEMA, WakeUp};
use crate::domain::device::Serial;
use crate::domain::job::{JobId, JobSpec, JobType, Requester};
use crate::domain::lease::WorkerId;
use crate::events::{EventDraft, JobContext, JobEvent};
use crate::ledger::{Batch, OutboxKind, StepRecord};
use crate::telemetry::TraceParent;

/// Version of an entry's shape.
const ENTRY_VERSION: u8 = 1;

/// An entry to append to its chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEntry {
    /// Serial of the device, or the system chain.
    pub chain: String,
    /// For the column that is searched; the body has it too.
    pub job: Option<JobId>,
    /// Canonical bytes.
    pub body: Vec<u8>,
}

/// A row to insert into the outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewOutboxRow {
    pub kind: OutboxKind,
    pub job: JobId,
    pub job_type: JobType,
    pub message_id: String,
    pub routing_key: String,
    pub body: String,
}

/// What a change tells: entries in order, then outbox rows in order.
pub type Told = (Vec<NewEntry>, Vec<NewOutboxRow>);

/// Wishes became jobs: per job one entry, event number 1, and wake-up number 1.
pub fn queued<'a>(
    batch: &Batch,
    jobs: impl IntoIterator<Item = (JobId, &'a JobSpec)>,
    at: Timestamp,
) -> Told {
    let (mut entries, mut messages) = Told::default();
    for (job, spec) in jobs {
        let context = JobContext {
            job,
            job_type: spec.job_type,
            serial: spec.serial.clone(),
            batch: batch.id,
            attempt: 0,
        };
        let detail = json!({
            "serial": spec.serial,
            "job_type": spec.job_type,
            "pair": spec.pair,
            "goal": spec.goal,
            "batch": batch.id,
            "max_attempts": spec.max_attempts,
            "retry_of": spec.retry_of,
        });
        let event = JobEvent::Queued { operator: batch.by.operator.clone(), reason: batch.by.reason.clone() };
        let actor = Actor::Operator(batch.by.clone());
        entries.push(entry(&context, actor, AuditAction::JobQueued, detail, at));
        messages.extend(numbered(&context, 0, [&event], None, at));
        messages.push(wake_up(&context, 1));
    }
    (entries, messages)
}

/// A worker took the job. `context.attempt` is the attempt that begins, `event_seq` the number of its event, `place` where
/// in a trace the job was wished for.
pub fn claimed(
    context: &JobContext,
    worker: &WorkerId,
    event_seq: i64,
    place: Option<&TraceParent>,
    at: Timestamp,
) -> Told {
    let actor = Actor::Worker { id: worker.clone() };
    let event = JobEvent::Started { worker: worker.clone() };
    let entry = entry(context, actor, AuditAction::JobClaimed, json!({ "attempt": context.attempt }), at);
    (vec![entry], vec![row(context, EventDraft::new(context, &event, at).within(place), event_seq)])
}

/// Somebody wants a running job to stop. `event_seq` is the number of the event.
pub fn cancel_requested(context: &JobContext, by: &Requester, event_seq: i64, at: Timestamp) -> Told {
    let event = JobEvent::CancelRequested { operator: by.operator.clone(), reason: by.reason.clone() };
    let detail = json!({ "attempt": context.attempt });
    let entry = entry(context, Actor::Operator(by.clone()), AuditAction::CancelRequested, detail, at);
    (vec![entry], numbered(context, event_seq - 1, [&event], None, at))
}

/// A worker's step. `last_seq` is the number of the job's last event before it.
pub fn stepped(
    context: &JobContext,
    worker: &WorkerId,
    step: &StepRecord,
    last_seq: i64,
    at: Timestamp,
) -> Told {
    let entries = step
        .audit
        .iter()
        .map(|fact| {
            let actor = Actor::Worker { id: worker.clone() };
            entry(context, actor, fact.action, fact.detail.clone(), at)
        })
        .collect();
    (entries, numbered(context, last_seq, &step.events, None, at))
}

/// What an end tells by itself, after what its last step told.
pub(super) fn ended(
    job: &HeldJob,
    told: (Actor, AuditAction, Value, &JobEvent),
    step: Option<(&WorkerId, &StepRecord)>,
    at: Timestamp,
) -> Told {
    let (actor, action, detail, event) = told;
    let (mut entries, mut messages) = match step {
        Some((worker, step)) => stepped(&job.context, worker, step, job.event_seq, at),
        None => Told::default(),
    };
    entries.push(entry(&job.context, actor, action, detail, at));
    let last_seq = job.event_seq + step.map_or(0, |(_, step)| count(&step.events));
    messages.extend(numbered(&job.context, last_seq, [event], job.traceparent.as_ref(), at));
    (entries, messages)
}

/// An entry for the system chain, which speaks of no job.
pub(super) fn system_entry(action: AuditAction, actor: Actor, detail: Value, at: Timestamp) -> NewEntry {
    let body = EntryBody { v: ENTRY_VERSION, at, actor, action, job: None, detail };
    NewEntry { chain: SYSTEM_CHAIN.to_owned(), job: None, body: body.canonical() }
}

/// An entry for a device's chain about what a person did outside any job.
pub fn device_entry(
    serial: &Serial,
    action: AuditAction,
    by: &Requester,
    detail: Value,
    at: Timestamp,
) -> NewEntry {
    let actor = Actor::Operator(by.clone());
    let body = EntryBody { v: ENTRY_VERSION, at, actor, action, job: None, detail };
    NewEntry { chain: serial.to_string(), job: None, body: body.canonical() }
}

fn entry(context: &JobContext, actor: Actor, action: AuditAction, detail: Value, at: Timestamp) -> NewEntry {
    let body = EntryBody { v: ENTRY_VERSION, at, actor, action, job: Some(context.job), detail };
    NewEntry { chain: context.serial.to_string(), job: Some(context.job), body: body.canonical() }
}

/// How far `events` move a job's number.
pub(super) fn count(events: &[JobEvent]) -> i64 {
    // A `Vec` has at most `isize::MAX` bytes.
    i64::try_from(events.len()).unwrap_or(i64::MAX)
}

fn numbered<'a>(
    context: &JobContext,
    last_seq: i64,
    events: impl IntoIterator<Item = &'a JobEvent>,
    place: Option<&TraceParent>,
    at: Timestamp,
) -> Vec<NewOutboxRow> {
    let number =
        |(seq, event): (i64, &JobEvent)| row(context, EventDraft::new(context, event, at).within(place), seq);
    (last_seq + 1..).zip(events).map(number).collect()
}

fn row(context: &JobContext, draft: EventDraft, seq: i64) -> NewOutboxRow {
    NewOutboxRow {
        kind: OutboxKind::Event,
        job: context.job,
        job_type: context.job_type,
        message_id: draft.id().to_string(),
        routing_key: draft.routing_key().to_owned(),
        body: draft.numbered(seq),
    }
}

/// The wake-up number `dispatch_no` of a job. `context.attempt` is the number of attempts charged so far, so
/// that a claim would begin the next one.
pub fn wake_up(context: &JobContext, dispatch_no: u32) -> NewOutboxRow {
    let wake_up = WakeUp {
        v: WAKE_UP_SCHEMA,
        job_id: context.job,
        job_type: context.job_type,
        serial: context.serial.clone(),
        attempt: context.attempt + 1,
    };
    NewOutboxRow {
        kind: OutboxKind::WakeUp,
        job: context.job,
        job_type: context.job_type,
        message_id: format!("{}:{dispatch_no}", context.job),
        routing_key: WakeUp::routing_key(context.job_type),
        body: wake_up.to_json(),
    }
}
