//! [`Queue`] for PostgreSQL: each method in the file of its subject.

use std::time::Duration;

use async_trait::async_trait;

use super::PostgresLedger;
use crate::domain::device::Serial;
use crate::domain::job::{JobId, Requester};
use crate::domain::lease::{Lease, WorkerId};
use crate::ledger::{
    Batch, CancelAnswer, Claim, End, EnqueueAnswer, LedgerError, Queue, Rescued, StepRecord,
};

#[async_trait]
impl Queue for PostgresLedger {
    async fn enqueue(&self, batch: &Batch) -> Result<Vec<(Serial, EnqueueAnswer)>, LedgerError> {
        self.enqueue_batch(batch).await
    }

    async fn claim(&self, job: JobId, worker: &WorkerId, ttl: Duration) -> Result<Claim, LedgerError> {
        self.claim_job(job, worker, ttl).await
    }

    async fn record(&self, lease: &Lease, step: &StepRecord) -> Result<(), LedgerError> {
        self.record_step(lease, step).await
    }

    async fn end(&self, lease: &Lease, end: &End, step: &StepRecord) -> Result<(), LedgerError> {
        self.end_attempt(lease, end, step).await
    }

    async fn cancel(&self, job: JobId, by: &Requester) -> Result<CancelAnswer, LedgerError> {
        self.cancel_job(job, by).await
    }

    async fn promote_due(&self, limit: u32) -> Result<(usize, Option<Duration>), LedgerError> {
        self.promote(limit).await
    }

    async fn rescue(&self, unclaimed_after: Duration, wake_at_most: u32) -> Result<Rescued, LedgerError> {
        self.rescue_lost(unclaimed_after, wake_at_most).await
    }
}
