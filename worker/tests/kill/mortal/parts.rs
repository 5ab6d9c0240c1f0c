//! The parts of the ledger that are passed on as they come, as far as it is well.

use std::time::Duration;

use async_trait::async_trait;
use common::audit::{Anchor, AnchoredHead, AuditFact, ChainHead, JobProofs, StoredEntry};
use common::domain::catalogue::CatalogueEntry;
use common::domain::device::{Device, Serial, Source};
use common::domain::hash::{HashDispute, HashMismatch, HashObservation, OtherHash};
use common::domain::hold::{FleetHold, Pause, PauseScope};
use common::domain::image::ImageFile;
use common::domain::job::{BatchId, JobId, JobType, Requester};
use common::domain::lease::{Lease, WorkerId};
use common::domain::status::DeviceStatus;
use common::domain::version::Version;
use common::ledger::{
    AttemptView, Beat, Bucket, Catalogue, CatalogueChange, Collected, Completeness, DeadEnd, DeadLetter,
    DeadLetters, DevicePage, DeviceQuery, DeviceRecord, Discovery, Fleet, FleetPicture, ImageView, Inventory,
    JobFilter, JobView, Ledger, LedgerError, LoginWatch, NewDeadLetter, NewRequest, Outbox, OutboxState,
    Overview, PairMember, Query, RelayToken, RemoveAnswer, RequestState, Requests, Settlement, StatusCounts,
    TakenRows, Trail, TrailFilter, WorkerCard, WorkerView, Workers,
};
use jiff::Timestamp;
use uuid::Uuid;

use super::Mortal;

#[async_trait]
impl Workers for Mortal {
    async fn beat(&self, card: &WorkerCard, held: &[Lease], ttl: Duration) -> Result<Beat, LedgerError> {
        self.well(self.inner.beat(card, held, ttl)).await
    }
    async fn leave(&self, worker: &WorkerId) -> Result<(), LedgerError> {
        self.well(self.inner.leave(worker)).await
    }
    async fn workers(&self, since: Duration) -> Result<Vec<WorkerView>, LedgerError> {
        self.well(self.inner.workers(since)).await
    }
    async fn pauses(&self) -> Result<Vec<Pause>, LedgerError> {
        self.well(self.inner.pauses()).await
    }
    async fn pause_part(&self, scope: &PauseScope, by: &Requester) -> Result<Pause, LedgerError> {
        self.well(self.inner.pause_part(scope, by)).await
    }
    async fn resume_part(&self, scope: &PauseScope, by: &Requester) -> Result<Option<Pause>, LedgerError> {
        self.well(self.inner.resume_part(scope, by)).await
    }
}

#[async_trait]
impl DeadLetters for Mortal {
    async fn keep_dead(&self, letters: &[NewDeadLetter]) -> Result<Collected, LedgerError> {
        self.fatal(self.inner.keep_dead(letters)).await
    }
    async fn dead_letters(&self, after: Option<i64>, limit: u32) -> Result<Vec<DeadLetter>, LedgerError> {
        self.well(self.inner.dead_letters(after, limit)).await
    }
    async fn dead_letter(&self, id: i64) -> Result<DeadLetter, LedgerError> {
        self.well(self.inner.dead_letter(id)).await
    }
    async fn n_dead(&self) -> Result<u64, LedgerError> {
        self.well(self.inner.n_dead()).await
    }
    async fn end_dead(&self, id: i64, how: DeadEnd, by: &Requester) -> Result<(), LedgerError> {
        self.well(self.inner.end_dead(id, how, by)).await
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
        self.well(self.inner.record_devices(devices, source, complete, by)).await
    }
    async fn device(&self, serial: &Serial) -> Result<Option<DeviceRecord>, LedgerError> {
        self.well(self.inner.device(serial)).await
    }
    async fn devices(&self) -> Result<Vec<DeviceRecord>, LedgerError> {
        self.well(self.inner.devices()).await
    }
    async fn set_address(
        &self,
        serial: &Serial,
        address: Option<&str>,
        by: &Requester,
    ) -> Result<DeviceRecord, LedgerError> {
        self.well(self.inner.set_address(serial, address, by)).await
    }
    async fn remove_device(&self, serial: &Serial, by: &Requester) -> Result<RemoveAnswer, LedgerError> {
        self.well(self.inner.remove_device(serial, by)).await
    }
}

#[async_trait]
impl Fleet for Mortal {
    async fn hold(&self) -> Result<Option<FleetHold>, LedgerError> {
        self.well(self.inner.hold()).await
    }
    async fn pause(&self, by: &Requester) -> Result<FleetHold, LedgerError> {
        self.well(self.inner.pause(by)).await
    }
    async fn resume(&self, by: &Requester) -> Result<Option<FleetHold>, LedgerError> {
        self.well(self.inner.resume(by)).await
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
    async fn take_outbox(&self, limit: u32, hold: Duration) -> Result<TakenRows, LedgerError> {
        self.well(self.inner.take_outbox(limit, hold)).await
    }
    async fn settle_outbox(&self, by: RelayToken, settlement: &Settlement) -> Result<(), LedgerError> {
        self.well(self.inner.settle_outbox(by, settlement)).await
    }
    async fn outbox_state(&self) -> Result<OutboxState, LedgerError> {
        self.well(self.inner.outbox_state()).await
    }
    async fn outbox_depth(&self) -> Result<u64, LedgerError> {
        self.well(self.inner.outbox_depth()).await
    }
}

#[async_trait]
impl Catalogue for Mortal {
    async fn add_hashes(
        &self,
        entries: &[CatalogueEntry],
        by: &Requester,
    ) -> Result<CatalogueChange, LedgerError> {
        self.well(self.inner.add_hashes(entries, by)).await
    }
    async fn hashes(&self) -> Result<Vec<CatalogueEntry>, LedgerError> {
        self.well(self.inner.hashes()).await
    }
    async fn remove_hash(
        &self,
        version: &Version,
        file_name: Option<&ImageFile>,
        by: &Requester,
    ) -> Result<Option<CatalogueEntry>, LedgerError> {
        self.well(self.inner.remove_hash(version, file_name, by)).await
    }
    async fn observe(&self, observation: &HashObservation) -> Result<Vec<OtherHash>, LedgerError> {
        self.fatal(self.inner.observe(observation)).await
    }
    async fn disputes(&self) -> Result<Vec<HashDispute>, LedgerError> {
        self.well(self.inner.disputes()).await
    }
    async fn mismatches(&self, open_only: bool) -> Result<Vec<HashMismatch>, LedgerError> {
        self.well(self.inner.mismatches(open_only)).await
    }
    async fn clear_mismatch(
        &self,
        serial: &Serial,
        version: &Version,
        by: &Requester,
    ) -> Result<Option<HashMismatch>, LedgerError> {
        self.well(self.inner.clear_mismatch(serial, version, by)).await
    }
}

#[async_trait]
impl Trail for Mortal {
    async fn installation(&self) -> Result<Uuid, LedgerError> {
        self.well(self.inner.installation()).await
    }
    async fn entries(
        &self,
        filter: &TrailFilter,
        after: Option<(&str, i64)>,
        limit: u32,
    ) -> Result<Vec<StoredEntry>, LedgerError> {
        self.well(self.inner.entries(filter, after, limit)).await
    }
    async fn heads(&self, after: Option<&str>, limit: u32) -> Result<Vec<ChainHead>, LedgerError> {
        self.well(self.inner.heads(after, limit)).await
    }
    async fn anchor(&self, not_before: Duration) -> Result<Option<Anchor>, LedgerError> {
        self.well(self.inner.anchor(not_before)).await
    }
    async fn anchors(&self, after: i64, limit: u32) -> Result<Vec<Anchor>, LedgerError> {
        self.well(self.inner.anchors(after, limit)).await
    }
    async fn anchored_heads(
        &self,
        after: Option<(&str, i64)>,
        limit: u32,
    ) -> Result<Vec<AnchoredHead>, LedgerError> {
        self.well(self.inner.anchored_heads(after, limit)).await
    }
    async fn job_proofs(&self, after: Option<JobId>, limit: u32) -> Result<JobProofs, LedgerError> {
        self.well(self.inner.job_proofs(after, limit)).await
    }
    async fn note(&self, serial: &Serial, fact: &AuditFact, by: &Requester) -> Result<(), LedgerError> {
        self.well(self.inner.note(serial, fact, by)).await
    }
}

#[async_trait]
impl Query for Mortal {
    async fn job(&self, job: JobId) -> Result<Option<JobView>, LedgerError> {
        self.well(self.inner.job(job)).await
    }
    async fn jobs(&self, filter: &JobFilter, limit: u32) -> Result<Vec<JobView>, LedgerError> {
        self.well(self.inner.jobs(filter, limit)).await
    }
    async fn images(&self, job: JobId) -> Result<Vec<ImageView>, LedgerError> {
        self.well(self.inner.images(job)).await
    }
    async fn attempts(&self, job: JobId) -> Result<Vec<AttemptView>, LedgerError> {
        self.well(self.inner.attempts(job)).await
    }
    async fn pair_members(&self) -> Result<Vec<PairMember>, LedgerError> {
        self.well(self.inner.pair_members()).await
    }
    async fn n_unclaimed(&self, job_type: JobType, for_at_least: Duration) -> Result<u64, LedgerError> {
        self.well(self.inner.n_unclaimed(job_type, for_at_least)).await
    }
    async fn counts(&self, batch: Option<BatchId>) -> Result<StatusCounts, LedgerError> {
        self.well(self.inner.counts(batch)).await
    }
    async fn status(&self, serial: &Serial) -> Result<Option<DeviceStatus>, LedgerError> {
        self.well(self.inner.status(serial)).await
    }
}

#[async_trait]
impl Overview for Mortal {
    async fn fleet_picture(&self) -> Result<FleetPicture, LedgerError> {
        self.well(self.inner.fleet_picture()).await
    }
    async fn ended_over_time(&self, since: Timestamp, bucket: Duration) -> Result<Vec<Bucket>, LedgerError> {
        self.well(self.inner.ended_over_time(since, bucket)).await
    }
    async fn device_page(&self, query: &DeviceQuery) -> Result<DevicePage, LedgerError> {
        self.well(self.inner.device_page(query)).await
    }
}

#[async_trait]
impl Requests for Mortal {
    async fn begin_request(&self, request: &NewRequest) -> Result<RequestState, LedgerError> {
        self.well(self.inner.begin_request(request)).await
    }
    async fn answer_request(&self, key: &str, status: u16, answer: &str) -> Result<(), LedgerError> {
        self.well(self.inner.answer_request(key, status, answer)).await
    }
    async fn release_request(&self, key: &str) -> Result<(), LedgerError> {
        self.well(self.inner.release_request(key)).await
    }
}

#[async_trait]
impl Ledger for Mortal {
    async fn migrate(&self) -> Result<Vec<String>, LedgerError> {
        self.well(self.inner.migrate()).await
    }
    async fn check(&self) -> Result<(), LedgerError> {
        self.well(self.inner.check()).await
    }
    fn location(&self) -> String {
        self.inner.location()
    }
}
