//! A delivery becomes a claim, and the claim decides; later it is renewed.
//!
//! Promises: of any number of workers that try, one gets the job; the attempt is charged, noted, told and
//! entered in the trail in the same transaction. All leases that a worker holds are renewed by one statement. Leaves
//! to others: leases that nobody renewed ([`rescue`](super::rescue)).

use std::time::Duration;

use futures_util::try_join;

use super::connection::each;
use super::ending::{cancel_of, job_context};
use super::inventory::{READ_DEVICE, device_record};
use super::query::{READ_IMAGES, image_record};
use super::statement::{Statement, int4, int8, int8s, seconds, statement, text};
use super::{PostgresLedger, outbox, trail};
use crate::clock::{Clock, SystemClock};
use crate::domain::job::JobId;
use crate::domain::lease::{Lease, LeaseToken, WorkerId};
use crate::ledger::rows::{claimed, from_json, not_claimed, number, word};
use crate::ledger::{Claim, ClaimedJob, LedgerError, Renewal};

const CLAIM_JOB: Statement = statement!("claim_job");
const READ_JOB_STATE: Statement = statement!("read_job_state");
const INSERT_ATTEMPT: Statement = statement!("insert_attempt");
const RENEW_LEASES: Statement = statement!("renew_leases");

impl PostgresLedger {
    /// Takes the lease of one available job.
    pub(super) async fn claim_job(
        &self,
        job: JobId,
        worker: &WorkerId,
        ttl: Duration,
    ) -> Result<Claim, LedgerError> {
        let mut connection = self.pool.connection().await?;
        let transaction = connection.begin().await?;
        let params = [int8(job.0), text(&worker.0), seconds(ttl.as_secs_f64())];
        let rows = transaction.rows(&CLAIM_JOB, params).await?;
        let Some(columns) = each(&CLAIM_JOB, &rows).next() else {
            let rows = transaction.rows(&READ_JOB_STATE, [int8(job.0)]).await?;
            let found = each(&READ_JOB_STATE, &rows).next();
            let state = found.map(|columns| word("jobs.state", columns.value("state")?)).transpose()?;
            return Ok(not_claimed(state));
        };
        let context = job_context(&columns)?;
        let token = LeaseToken(columns.value("lease_token")?);
        let (entries, messages) = claimed(&context, worker, columns.value("event_seq")?, SystemClock.now());

        let attempt: i32 = columns.value("attempt")?;
        let (_, device, images, (), ()) = try_join!(
            transaction
                .execute(&INSERT_ATTEMPT, [int8(job.0), int8(token.0), int4(attempt), text(&worker.0)]),
            transaction.rows(&READ_DEVICE, [text(context.serial.as_str())]),
            transaction.rows(&READ_IMAGES, [int8(job.0)]),
            trail::append(&transaction, &entries),
            outbox::insert(&transaction, &messages),
        )?;
        let device = each(&READ_DEVICE, &device)
            .next()
            .ok_or_else(|| READ_DEVICE.failed("a job whose device is not in the inventory"))?;
        let status: Option<&str> = columns.value("status")?;
        let claimed = ClaimedJob {
            lease: Lease { job, token, owner: worker.clone() },
            job_type: context.job_type,
            batch: context.batch,
            goal: from_json("jobs.goal", columns.value("goal")?)?,
            attempt: context.attempt,
            max_attempts: number("jobs.max_attempts", columns.wide::<i32>("max_attempts")?)?,
            n_snoozes: number("jobs.n_snoozes", columns.wide::<i32>("n_snoozes")?)?,
            device: device_record(&device)?,
            images: each(&READ_IMAGES, &images)
                .map(|columns| image_record(&columns))
                .collect::<Result<_, _>>()?,
            status: status.map(|status| from_json("jobs.status", status)).transpose()?,
        };
        transaction.commit().await?;
        Ok(Claim::Claimed(Box::new(claimed)))
    }

    /// Extends the leases that a worker holds.
    pub(super) async fn renew_leases(
        &self,
        held: &[Lease],
        ttl: Duration,
    ) -> Result<Vec<Renewal>, LedgerError> {
        let (jobs, tokens): (Vec<i64>, Vec<i64>) =
            held.iter().map(|lease| (lease.job.0, lease.token.0)).unzip();
        let params = [int8s(&jobs), int8s(&tokens), seconds(ttl.as_secs_f64())];
        let rows = self.pool.rows(&RENEW_LEASES, params).await?;
        each(&RENEW_LEASES, &rows)
            .map(|columns| {
                Ok(Renewal {
                    job: JobId(columns.value("id")?),
                    token: LeaseToken(columns.value("lease_token")?),
                    cancel: cancel_of(&columns)?,
                })
            })
            .collect()
    }
}
