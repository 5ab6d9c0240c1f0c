//! Taking a lease, and keeping those that a worker holds.

use std::time::Duration;

use rusqlite::{Row, Transaction};
use serde_json::json;

use super::statement::{Statement, milliseconds, statement};
use super::store::{Store, StoreError};
use super::stored::{Plain, Stored};
use super::{inventory, outbox, query, trail};
use crate::clock::{Clock, SystemClock};
use crate::domain::job::JobId;
use crate::domain::lease::{Lease, LeaseToken, WorkerId};
use crate::domain::path::Goal;
use crate::domain::status::DeviceStatus;
use crate::events::JobContext;
use crate::ledger::rows::{self, from_json, impossible, number, word};
use crate::ledger::{Claim, ClaimedJob, LedgerError, Renewal};

const CLAIM_JOB: Statement = statement!("claim_job");
const READ_JOB_STATE: Statement = statement!("read_job_state");
const INSERT_ATTEMPT: Statement = statement!("insert_attempt");
const RENEW_LEASES: Statement = statement!("renew_leases");

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
    let Some(claimed) = claimed else {
        let state = READ_JOB_STATE.row::<Plain<String>>(transaction, [job.0])?;
        let state = state.map(|Plain(state)| word("jobs.state", &state)).transpose()?;
        return Ok(rows::not_claimed(state));
    };
    let ClaimedRow { context, token, event_seq, goal, max_attempts, n_snoozes, status } = claimed;
    INSERT_ATTEMPT.execute(transaction, (job.0, token.0, context.attempt, &worker.0))?;
    let (entries, messages) = rows::claimed(&context, worker, event_seq, SystemClock.now());
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
    })))
}

/// Extends the leases that a worker holds.
pub(super) async fn renew(store: &Store, held: &[Lease], ttl: Duration) -> Result<Vec<Renewal>, LedgerError> {
    let held: Vec<_> = held.iter().map(|lease| json!({ "job": lease.job, "token": lease.token })).collect();
    let params = (rows::json(&held), milliseconds(ttl));
    store.write("renew", move |transaction| RENEW_LEASES.rows(transaction, params)).await
}

struct ClaimedRow {
    context: JobContext,
    token: LeaseToken,
    event_seq: i64,
    goal: Goal,
    max_attempts: u32,
    n_snoozes: u32,
    status: Option<DeviceStatus>,
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
        })
    }
}
