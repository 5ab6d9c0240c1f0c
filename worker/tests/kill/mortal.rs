//! A ledger whose worker dies: at a chosen write it goes silent for ever, as a killed process does.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use common::audit::{AuditFact, ChainHead, StoredEntry};
use common::domain::catalogue::CatalogueEntry;
use common::domain::device::{Device, Serial, Source};
use common::domain::hash::{HashDispute, HashMismatch, HashObservation, OtherHash};
use common::domain::hold::FleetHold;
use common::domain::image::ImageFile;
use common::domain::job::{BatchId, JobId, Requester};
use common::domain::lease::{Lease, WorkerId};
use common::domain::status::DeviceStatus;
use common::domain::version::Version;
use common::ledger::{
    AttemptView, Batch, CancelAnswer, Catalogue, CatalogueChange, Claim, Completeness, DeviceRecord,
    Discovery, End, EnqueueAnswer, Fleet, ImageView, Inventory, JobFilter, JobView, Ledger, LedgerError,
    LoginWatch, Outbox, OutboxRow, Query, Queue, RemoveAnswer, Renewal, Rescued, Settlement, StatusCounts,
    StepRecord, Trail, TrailFilter,
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Where a worker dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Death {
    /// What it did on the device is not noted.
    Before(usize),
    /// It is noted, and nothing follows.
    After(usize),
}

/// Passes everything on until its death.
pub struct Mortal {
    inner: Arc<dyn Ledger>,
    death: Death,
    n_writes: AtomicUsize,
    /// Cancelled when it has died.
    pub dead: CancellationToken,
}

impl Mortal {
    pub fn new(inner: Arc<dyn Ledger>, death: Death) -> Self {
        Self { inner, death, n_writes: AtomicUsize::new(0), dead: CancellationToken::new() }
    }

    async fn fatal<T>(&self, write: impl Future<Output = T>) -> T {
        let n = self.n_writes.fetch_add(1, Ordering::SeqCst);
        if self.death == Death::Before(n) {
            return self.die().await;
        }
        let written = write.await;
        if self.death == Death::After(n) {
            return self.die().await;
        }
        written
    }

    async fn die<T>(&self) -> T {
        self.dead.cancel();
        std::future::pending().await
    }
}

#[async_trait]
impl Queue for Mortal {
    async fn enqueue(&self, batch: &Batch) -> Result<Vec<(Serial, EnqueueAnswer)>, LedgerError> {
        self.inner.enqueue(batch).await
    }
    async fn claim(&self, job: JobId, worker: &WorkerId, ttl: Duration) -> Result<Claim, LedgerError> {
        self.fatal(self.inner.claim(job, worker, ttl)).await
    }
    async fn renew(&self, held: &[Lease], ttl: Duration) -> Result<Vec<Renewal>, LedgerError> {
        self.inner.renew(held, ttl).await
    }
    async fn record(&self, lease: &Lease, step: &StepRecord) -> Result<(), LedgerError> {
        self.fatal(self.inner.record(lease, step)).await
    }
    async fn end(&self, lease: &Lease, end: &End, step: &StepRecord) -> Result<(), LedgerError> {
        self.fatal(self.inner.end(lease, end, step)).await
    }
    async fn cancel(&self, job: JobId, by: &Requester) -> Result<CancelAnswer, LedgerError> {
        self.inner.cancel(job, by).await
    }
    async fn promote_due(&self, limit: u32) -> Result<(usize, Option<Duration>), LedgerError> {
        self.inner.promote_due(limit).await
    }
    async fn rescue(&self, unclaimed_after: Duration) -> Result<Rescued, LedgerError> {
        self.inner.rescue(unclaimed_after).await
    }
}

#[async_trait]
impl Inventory for Mortal {
    async fn record_devices(
        &self,
        devices: &[Device],
        source: Source,
        complete: Completeness,
        by: &Requester,
    ) -> Result<Discovery, LedgerError> {
        self.inner.record_devices(devices, source, complete, by).await
    }
    async fn device(&self, serial: &Serial) -> Result<Option<DeviceRecord>, LedgerError> {
        self.inner.device(serial).await
    }
    async fn devices(&self) -> Result<Vec<DeviceRecord>, LedgerError> {
        self.inner.devices().await
    }
    async fn set_address(
        &self,
        serial: &Serial,
        address: Option<&str>,
        by: &Requester,
    ) -> Result<DeviceRecord, LedgerError> {
        self.inner.set_address(serial, address, by).await
    }
    async fn remove_device(&self, serial: &Serial, by: &Requester) -> Result<RemoveAnswer, LedgerError> {
        self.inner.remove_device(serial, by).await
    }
}

#[async_trait]
impl Fleet for Mortal {
    async fn hold(&self) -> Result<Option<FleetHold>, LedgerError> {
        self.inner.hold().await
    }
    async fn pause(&self, by: &Requester) -> Result<FleetHold, LedgerError> {
        self.inner.pause(by).await
    }
    async fn resume(&self, by: &Requester) -> Result<Option<FleetHold>, LedgerError> {
        self.inner.resume(by).await
    }
    async fn login_refused(&self, serial: &Serial, trip_after: u32) -> Result<LoginWatch, LedgerError> {
        self.fatal(self.inner.login_refused(serial, trip_after)).await
    }
    async fn login_accepted(&self) -> Result<(), LedgerError> {
        self.fatal(self.inner.login_accepted()).await
    }
}

#[async_trait]
impl Outbox for Mortal {
    async fn take_outbox(&self, limit: u32, hold: Duration) -> Result<Vec<OutboxRow>, LedgerError> {
        self.inner.take_outbox(limit, hold).await
    }
    async fn settle_outbox(&self, settlement: &Settlement) -> Result<(), LedgerError> {
        self.inner.settle_outbox(settlement).await
    }
    async fn outbox_depth(&self) -> Result<u64, LedgerError> {
        self.inner.outbox_depth().await
    }
}

#[async_trait]
impl Catalogue for Mortal {
    async fn add_hashes(
        &self,
        entries: &[CatalogueEntry],
        by: &Requester,
    ) -> Result<CatalogueChange, LedgerError> {
        self.inner.add_hashes(entries, by).await
    }
    async fn hashes(&self) -> Result<Vec<CatalogueEntry>, LedgerError> {
        self.inner.hashes().await
    }
    async fn remove_hash(
        &self,
        version: &Version,
        file_name: Option<&ImageFile>,
        by: &Requester,
    ) -> Result<Option<CatalogueEntry>, LedgerError> {
        self.inner.remove_hash(version, file_name, by).await
    }
    async fn observe(&self, observation: &HashObservation) -> Result<Vec<OtherHash>, LedgerError> {
        self.fatal(self.inner.observe(observation)).await
    }
    async fn disputes(&self) -> Result<Vec<HashDispute>, LedgerError> {
        self.inner.disputes().await
    }
    async fn mismatches(&self, open_only: bool) -> Result<Vec<HashMismatch>, LedgerError> {
        self.inner.mismatches(open_only).await
    }
    async fn clear_mismatch(
        &self,
        serial: &Serial,
        version: &Version,
        by: &Requester,
    ) -> Result<Option<HashMismatch>, LedgerError> {
        self.inner.clear_mismatch(serial, version, by).await
    }
}

#[async_trait]
impl Trail for Mortal {
    async fn installation(&self) -> Result<Uuid, LedgerError> {
        self.inner.installation().await
    }
    async fn entries(
        &self,
        filter: &TrailFilter,
        after: Option<(&str, i64)>,
        limit: u32,
    ) -> Result<Vec<StoredEntry>, LedgerError> {
        self.inner.entries(filter, after, limit).await
    }
    async fn heads(&self, after: Option<&str>, limit: u32) -> Result<Vec<ChainHead>, LedgerError> {
        self.inner.heads(after, limit).await
    }
    async fn note(&self, serial: &Serial, fact: &AuditFact, by: &Requester) -> Result<(), LedgerError> {
        self.inner.note(serial, fact, by).await
    }
}

#[async_trait]
impl Query for Mortal {
    async fn job(&self, job: JobId) -> Result<Option<JobView>, LedgerError> {
        self.inner.job(job).await
    }
    async fn jobs(&self, filter: &JobFilter, limit: u32) -> Result<Vec<JobView>, LedgerError> {
        self.inner.jobs(filter, limit).await
    }
    async fn images(&self, job: JobId) -> Result<Vec<ImageView>, LedgerError> {
        self.inner.images(job).await
    }
    async fn attempts(&self, job: JobId) -> Result<Vec<AttemptView>, LedgerError> {
        self.inner.attempts(job).await
    }
    async fn counts(&self, batch: Option<BatchId>) -> Result<StatusCounts, LedgerError> {
        self.inner.counts(batch).await
    }
    async fn status(&self, serial: &Serial) -> Result<Option<DeviceStatus>, LedgerError> {
        self.inner.status(serial).await
    }
}

#[async_trait]
impl Ledger for Mortal {
    async fn migrate(&self) -> Result<Vec<String>, LedgerError> {
        self.inner.migrate().await
    }
    async fn check(&self) -> Result<(), LedgerError> {
        self.inner.check().await
    }
    fn location(&self) -> String {
        self.inner.location()
    }
}
