//! Taking a lease.

use std::time::Duration;

use rusqlite::{Row, Transaction};

use super::statement::{Statement, milliseconds, statement};
use super::store::{Store, StoreError};
use super::stored::{Stored, optional_text, text};
use super::{fleet, inventory, outbox, query, trail, workers};
use crate::clock::{Clock, SystemClock};
use crate::domain::device::Serial;
use crate::domain::job::{JobId, JobState, PairMode};
use crate::domain::lease::{Lease, LeaseToken, WorkerId};
use crate::domain::path::Goal;
use crate::domain::status::DeviceStatus;
use crate::events::JobContext;
use crate::ledger::rows::{self, Refusal, Refused, from_json, impossible, number};
use crate::ledger::{Claim, ClaimedJob, LedgerError, PairRole};
use crate::telemetry::TraceParent;

const CLAIM_JOB: Statement = statement!("claim_job");
const READ_REFUSAL: Statement = statement!("read_refusal");
const NOTE_REFUSAL: Statement = statement!("note_refusal");
const READ_PAIR: Statement = statement!("read_pair");
const INSERT_ATTEMPT: Statement = statement!("insert_attempt");

/// Takes the lease of one available job.
pub(super) async fn claim(
    store: &Store,
    job: JobId,
    worker: &WorkerId,
    ttl: Duration,
) -> Result<Claim, LedgerError> {
    let worker = worker.clone();
    store.write("claim", move |transaction| take(transaction, job, &worker, ttl)).await
}

fn take(
    transaction: &Transaction<'_>,
    job: JobId,
    worker: &WorkerId,
    ttl: Duration,
) -> Result<Claim, StoreError> {
    let claimed: Option<ClaimedRow> = CLAIM_JOB.row(transaction, (job.0, &worker.0, milliseconds(ttl)))?;
    let Some(claimed) = claimed else { return refused(transaction, job, worker) };
    let ClaimedRow { context, token, event_seq, goal, max_attempts, n_snoozes, status, pair, traceparent } =
        claimed;
    INSERT_ATTEMPT.execute(transaction, (job.0, token.0, context.attempt, &worker.0))?;
    let (entries, messages) =
        rows::claimed(&context, worker, event_seq, traceparent.as_ref(), SystemClock.now());
    trail::append(transaction, &entries)?;
    outbox::insert(transaction, &messages)?;

    let device = inventory::read_device(transaction, &context.serial)?;
    Ok(Claim::Claimed(Box::new(ClaimedJob {
        lease: Lease { job, token, owner: worker.clone() },
        job_type: context.job_type,
        batch: context.batch,
        goal,
        attempt: context.attempt,
        max_attempts,
        n_snoozes,
        device: device.ok_or_else(|| impossible("jobs.serial", &"a device without a row"))?,
        images: query::read_images(transaction, job)?,
        status,
        pair,
        role: role(transaction, job, pair)?,
        traceparent,
    })))
}

/// Why it was not claimed; what wakes it again is noted.
fn refused(transaction: &Transaction<'_>, job: JobId, worker: &WorkerId) -> Result<Claim, StoreError> {
    let Some(RefusalRow(refusal)) = READ_REFUSAL.row(transaction, (job.0, &worker.0))? else {
        return Ok(Claim::Unknown);
    };
    match Refused::from(refusal) {
        Refused::Answer(claim) => Ok(claim),
        Refused::ByHold(hold) => {
            NOTE_REFUSAL.execute(transaction, (job.0, true, None::<i64>))?;
            Ok(Claim::Held(hold))
        }
        Refused::ByPause(pause) => {
            NOTE_REFUSAL.execute(transaction, (job.0, true, None::<i64>))?;
            Ok(Claim::Paused(pause))
        }
        Refused::ByPeer(peer) => {
            NOTE_REFUSAL.execute(transaction, (job.0, false, Some(peer.0)))?;
            Ok(Claim::PeerBusy { peer })
        }
        // Nobody else writes between two statements.
        Refused::NoLonger => Err(impossible("jobs.state", &"a job that can be claimed and was not").into()),
    }
}

/// What the job is to the other member of its pair.
fn role(transaction: &Transaction<'_>, job: JobId, pair: PairMode) -> Result<PairRole, StoreError> {
    let found: Option<PairRow> = READ_PAIR.row(transaction, [job.0])?;
    let (peer, lead) = found.map_or((None, None), |PairRow { peer, lead }| (Some(peer), lead));
    Ok(rows::pair_role(pair, peer, lead))
}

struct ClaimedRow {
    context: JobContext,
    token: LeaseToken,
    event_seq: i64,
    goal: Goal,
    max_attempts: u32,
    n_snoozes: u32,
    status: Option<DeviceStatus>,
    pair: PairMode,
    traceparent: Option<TraceParent>,
}

impl Stored for ClaimedRow {
    fn read(row: &Row<'_>) -> Result<Self, StoreError> {
        let status: Option<String> = row.get("status")?;
        Ok(Self {
            context: JobContext::read(row)?,
            token: LeaseToken(row.get("lease_token")?),
            event_seq: row.get("event_seq")?,
            goal: from_json("jobs.goal", &row.get::<_, String>("goal")?)?,
            max_attempts: number("jobs.max_attempts", row.get("max_attempts")?)?,
            n_snoozes: number("jobs.n_snoozes", row.get("n_snoozes")?)?,
            status: status.map(|status| from_json("jobs.status", &status)).transpose()?,
            pair: text(row, "pair_mode")?,
            traceparent: rows::place(row.get::<_, Option<String>>("traceparent")?.as_deref()),
        })
    }
}

struct RefusalRow(Refusal);

impl Stored for RefusalRow {
    fn read(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self(Refusal {
            state: text(row, "state")?,
            hold: fleet::read_hold(row)?,
            pause: workers::read_pause(row)?,
            obstacle: row.get::<_, Option<i64>>("obstacle")?.map(JobId),
        }))
    }
}

struct PairRow {
    peer: Serial,
    lead: Option<(JobId, JobState)>,
}

impl Stored for PairRow {
    fn read(row: &Row<'_>) -> Result<Self, StoreError> {
        let lead = row.get::<_, Option<i64>>("lead")?.map(JobId);
        let state = optional_text(row, "lead_state")?;
        Ok(Self { peer: text(row, "peer")?, lead: Option::zip(lead, state) })
    }
}
