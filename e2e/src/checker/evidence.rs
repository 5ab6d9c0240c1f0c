//! What a check looks at: plain data, so that every rule is a function that a test can feed with a lie.
//!
//! All times are milliseconds since 1970, by one machine's clock: ledger, programs and simulator run on it.
//!
//! Promises: nothing here asks anybody anything. Leaves to others: where it comes from (`gather`).

use std::collections::BTreeMap;

use common::audit::AuditAction;
use common::domain::job::JobState;
use uuid::Uuid;

/// All of it, at one moment at which no worker runs.
#[derive(Debug, Clone, Default)]
pub struct Evidence {
    /// Every job of the ledger, by number.
    pub jobs: Vec<Job>,
    /// What the audit trail says of jobs, by chain and position.
    pub entries: Vec<Entry>,
    /// What the programs' own verification found wrong with the trail.
    pub broken_trail: Option<String>,
    /// The log of events from its beginning, as it was delivered.
    pub events: Vec<Event>,
    /// Requests to firewalls, in the order of their ends.
    pub calls: Vec<Call>,
    /// Requests that the simulator has forgotten.
    pub n_forgotten_calls: u64,
    /// The most requests that were answered at once, by box.
    pub parallel_calls: BTreeMap<String, u32>,
    /// What is left lying about.
    pub rest: Rest,
    /// Places where a secret was found, without the secret.
    pub leaks: Vec<String>,
}

/// A job as the ledger has it.
#[derive(Debug, Clone)]
pub struct Job {
    /// Its number.
    pub id: i64,
    /// Its device.
    pub serial: String,
    /// Where it is.
    pub state: JobState,
    /// Number of its last lease.
    pub last_token: i64,
    /// Number of its last event.
    pub last_event: i64,
    /// Attempts allowed.
    pub max_attempts: u32,
    /// Who holds it.
    pub worker: Option<String>,
    /// When it was queued.
    pub created_ms: i64,
    /// When it ended.
    pub ended_ms: Option<i64>,
    /// By lease.
    pub attempts: Vec<Attempt>,
}

/// One claim and what came of it.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// Number of its lease.
    pub token: i64,
    /// The same number again when one was given back.
    pub attempt: u32,
    /// Who.
    pub worker: String,
    /// From.
    pub from_ms: i64,
    /// Until.
    pub to_ms: Option<i64>,
    /// How it ended.
    pub ending: Option<String>,
}

/// An audit entry that names a job.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The job.
    pub job: i64,
    /// What was done.
    pub action: AuditAction,
    /// When.
    pub at_ms: i64,
}

/// An event of the log.
#[derive(Debug, Clone)]
pub struct Event {
    /// Its identity; a second delivery has the same.
    pub id: Uuid,
    /// The job.
    pub job: i64,
    /// Its number among the job's events.
    pub number: i64,
    /// `queued`, `claimed`, …
    pub word: String,
}

/// One request to a firewall, of the simulator's journal.
#[derive(Debug, Clone)]
pub struct Call {
    /// Which box.
    pub serial: String,
    /// What was asked.
    pub command: String,
    /// About which version.
    pub version: Option<String>,
    /// Who asked, in its own words.
    pub client: Option<String>,
    /// When it came.
    pub began_ms: i64,
    /// When it was answered.
    pub at_ms: i64,
    /// Whoever asked had gone before the answer.
    pub gone: bool,
    /// How the file stood when this download began: `new`, `lost` or `present`; `None` when none did.
    pub file: Option<String>,
}

impl Call {
    /// The worker that asked: what stands in brackets in its name.
    pub fn worker(&self) -> Option<&str> {
        let client = self.client.as_deref().filter(|client| client.starts_with("panos-upgrade/"))?;
        client.split_once('(')?.1.strip_suffix(')')
    }
}

/// What is left lying about when everything has ended.
#[derive(Debug, Clone, Default)]
pub struct Rest {
    /// Messages that were never published.
    pub n_unpublished: u64,
    /// Dead letters at the broker and in the ledger.
    pub n_dead: u64,
    /// What a reconciliation had to repair.
    pub repaired: Vec<String>,
    /// Consumers of the wake-up queue.
    pub n_consumers: u32,
    /// Workers that hold leases.
    pub holders: Vec<String>,
    /// The most memory that a worker took, in bytes, by process.
    pub memory: Vec<(String, u64)>,
}
