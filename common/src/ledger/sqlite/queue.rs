//! [`Queue`] for SQLite: each method in the file of its subject.

use std::time::Duration;

use async_trait::async_trait;

use super::{SqliteLedger, cancel, claim, enqueue, finish, rescue};
use crate::domain::device::Serial;
use crate::domain::job::{JobId, Requester};
use crate::domain::lease::{Lease, WorkerId};
use crate::ledger::{
    Batch, CancelAnswer, Claim, End, EnqueueAnswer, LedgerError, Queue, Rescued, StepRecord,
};

#[async_trait]
impl Queue for SqliteLedger {
    async fn enqueue(&self, batch: &Batch) -> Result<Vec<(Serial, EnqueueAnswer)>, LedgerError> {
        enqueue::enqueue(&self.store, batch).await
    }

    async fn claim(&self, job: JobId, worker: &WorkerId, ttl: Duration) -> Result<Claim, LedgerError> {
        claim::claim(&self.store, job, worker, ttl).await
    }

    async fn record(&self, lease: &Lease, step: &StepRecord) -> Result<(), LedgerError> {
        finish::record(&self.store, lease, step).await
    }

    async fn end(&self, lease: &Lease, end: &End, step: &StepRecord) -> Result<(), LedgerError> {
        finish::end(&self.store, lease, end, step).await
    }

    async fn cancel(&self, job: JobId, by: &Requester) -> Result<CancelAnswer, LedgerError> {
        cancel::cancel(&self.store, job, by).await
    }

    async fn promote_due(&self, limit: u32) -> Result<(usize, Option<Duration>), LedgerError> {
        rescue::promote_due(&self.store, limit).await
    }

    async fn rescue(&self, unclaimed_after: Duration, wake_at_most: u32) -> Result<Rescued, LedgerError> {
        rescue::rescue(&self.store, unclaimed_after, wake_at_most).await
    }
}
