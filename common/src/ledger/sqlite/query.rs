//! [`Query`] for SQLite.

use std::time::Duration;

use async_trait::async_trait;
use rusqlite::{Row, Transaction};

use super::SqliteLedger;
use super::statement::{Statement, milliseconds, statement};
use super::store::StoreError;
use super::stored::{Plain, Stored, optional_text};
use crate::domain::device::Serial;
use crate::domain::job::{BatchId, JobId, JobType};
use crate::domain::status::DeviceStatus;
use crate::ledger::rows::{self, JobGroup, from_json, json, number, word};
use crate::ledger::{
    AttemptView, DeviceRecord, ImageRecord, ImageView, JobFilter, JobView, LedgerError, MAX_BURIALS,
    PairMember, Query, StatusCounts,
};

const READ_JOB: Statement = statement!("read_job");
const READ_JOBS: Statement = statement!("read_jobs");
const READ_NEWEST_JOBS: Statement = statement!("read_newest_jobs");
const READ_PAIR_MEMBERS: Statement = statement!("read_pair_members");
const READ_IMAGES: Statement = statement!("read_images");
const READ_ATTEMPTS: Statement = statement!("read_attempts");
const COUNT_JOBS: Statement = statement!("count_jobs");
const READ_STATUS: Statement = statement!("read_status");
const COUNT_UNCLAIMED: Statement = statement!("count_unclaimed");

#[async_trait]
impl Query for SqliteLedger {
    async fn job(&self, job: JobId) -> Result<Option<JobView>, LedgerError> {
        self.store.read("job", move |transaction| READ_JOB.row(transaction, [job.0])).await
    }

    async fn jobs(&self, filter: &JobFilter, limit: u32) -> Result<Vec<JobView>, LedgerError> {
        let JobFilter { states, job_types, serial, batch, newest_per_device, before } = filter;
        let params = (
            (!states.is_empty()).then(|| json(states)),
            (!job_types.is_empty()).then(|| json(job_types)),
            serial.as_ref().map(ToString::to_string),
            batch.as_ref().map(ToString::to_string),
            before.map(|job| job.0),
            limit,
        );
        let statement = if *newest_per_device { &READ_NEWEST_JOBS } else { &READ_JOBS };
        self.store.read("jobs", move |transaction| statement.rows(transaction, params)).await
    }

    async fn images(&self, job: JobId) -> Result<Vec<ImageView>, LedgerError> {
        self.store.read("images", move |transaction| read_images(transaction, job)).await
    }

    async fn attempts(&self, job: JobId) -> Result<Vec<AttemptView>, LedgerError> {
        self.store.read("attempts", move |transaction| READ_ATTEMPTS.rows(transaction, [job.0])).await
    }

    async fn counts(&self, batch: Option<BatchId>) -> Result<StatusCounts, LedgerError> {
        let batch = batch.map(|batch| batch.to_string());
        let groups =
            self.store.read("counts", move |transaction| COUNT_JOBS.rows(transaction, [batch])).await?;
        Ok(rows::status_counts(groups))
    }

    async fn status(&self, serial: &Serial) -> Result<Option<DeviceStatus>, LedgerError> {
        let serial = serial.to_string();
        let read = move |transaction: &Transaction<'_>| {
            READ_STATUS.row::<Plain<Option<String>>>(transaction, [serial])
        };
        let status = self.store.read("status", read).await?.and_then(|Plain(status)| status);
        status.map(|status| from_json("jobs.status", &status)).transpose()
    }

    async fn pair_members(&self) -> Result<Vec<PairMember>, LedgerError> {
        self.store.read("pair_members", |transaction| READ_PAIR_MEMBERS.rows(transaction, [])).await
    }

    async fn n_unclaimed(&self, job_type: JobType, for_at_least: Duration) -> Result<u64, LedgerError> {
        let params = (job_type.as_str(), milliseconds(for_at_least), MAX_BURIALS);
        let count =
            move |transaction: &Transaction<'_>| COUNT_UNCLAIMED.row::<Plain<i64>>(transaction, params);
        let n = self.store.read("n_unclaimed", count).await?.map_or(0, |Plain(n)| n);
        number("jobs", n)
    }
}

/// Images of a job, in order of its path.
pub(super) fn read_images(transaction: &Transaction<'_>, job: JobId) -> Result<Vec<ImageRecord>, StoreError> {
    READ_IMAGES.rows(transaction, [job.0])
}

impl Stored for PairMember {
    fn read(row: &Row<'_>) -> Result<Self, StoreError> {
        let present: Option<String> = row.get("present")?;
        Ok(Self {
            device: DeviceRecord::read(row)?.device,
            state: optional_text(row, "state")?,
            ready: rows::ready_versions(row.get("ready_for_install")?, present.as_deref())?,
        })
    }
}

impl Stored for JobGroup {
    fn read(row: &Row<'_>) -> Result<Self, StoreError> {
        let kind: Option<String> = row.get("failure_kind")?;
        Ok(Self {
            state: word("jobs.state", &row.get::<_, String>("state")?)?,
            kind: kind.map(|kind| word("jobs.failure_kind", &kind)).transpose()?,
            is_ready: row.get("ready_for_install")?,
            n_jobs: number("count_jobs", row.get("n")?)?,
        })
    }
}
