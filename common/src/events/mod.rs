//! What we tell the outside: CloudEvents, numbered per job.
//!
//! Promises: every event has an id of its own, the job's gapless sequence number and a type with a version
//! suffix, so that a consumer can tell a duplicate and a gap; delivery is at least once. Events are written
//! with the change they speak of (the ledger's outbox) and published by the relay; this module only says
//! what they look like. Consumers branch on `type`, never on a sentence.

mod envelope;
mod job;
pub mod schema;
mod sentence;

pub use envelope::{Envelope, EventDraft};
pub use job::{JobContext, JobEvent};
