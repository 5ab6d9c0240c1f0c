//! Looking at jobs. Nothing here writes or locks.

use std::time::Duration;

use async_trait::async_trait;

use super::PostgresLedger;
use super::connection::each;
use super::ending::{cancel_of, small};
use super::inventory::device_record;
use super::statement::{Columns, Statement, int4, int8, seconds, statement, text, texts, uuid};
use crate::domain::device::Serial;
use crate::domain::failure::FailureKind;
use crate::domain::job::{BatchId, JobId, JobState, JobType, Requester};
use crate::domain::lease::WorkerId;
use crate::domain::status::DeviceStatus;
use crate::ledger::rows::{JobGroup, from_json, image_state, number, ready_versions, status_counts, word};
use crate::ledger::{
    AttemptView, DeviceJobRef, ImageRecord, ImageView, JobFilter, JobView, LedgerError, MAX_BURIALS,
    PairMember, Query, StatusCounts,
};

const READ_JOB: Statement = statement!("read_job");
const READ_JOBS: Statement = statement!("read_jobs");
const READ_NEWEST_JOBS: Statement = statement!("read_newest_jobs");
const READ_PAIR_MEMBERS: Statement = statement!("read_pair_members");
const READ_ATTEMPTS: Statement = statement!("read_attempts");
const COUNT_JOBS: Statement = statement!("count_jobs");
const READ_STATUS: Statement = statement!("read_status");
const COUNT_UNCLAIMED: Statement = statement!("count_unclaimed");

/// The images of a job in order of its path; [`image_record`] reads a row.
pub(super) const READ_IMAGES: Statement = statement!("read_images");

#[async_trait]
impl Query for PostgresLedger {
    async fn job(&self, job: JobId) -> Result<Option<JobView>, LedgerError> {
        let rows = self.pool.rows(&READ_JOB, [int8(job.0)]).await?;
        each(&READ_JOB, &rows).next().map(|columns| job_view(&columns)).transpose()
    }

    async fn jobs(&self, filter: &JobFilter, limit: u32) -> Result<Vec<JobView>, LedgerError> {
        let JobFilter { states, job_types, serial, batch, newest_per_device, before } = filter;
        let params = [
            texts(any_of(states, JobState::as_str)),
            texts(any_of(job_types, JobType::as_str)),
            text(serial.as_ref().map(Serial::as_str)),
            uuid(batch.map(|BatchId(batch)| batch)),
            int8(before.map(|JobId(job)| job)),
            int8(i64::from(limit)),
        ];
        let statement = if *newest_per_device { &READ_NEWEST_JOBS } else { &READ_JOBS };
        let rows = self.pool.rows(statement, params).await?;
        each(statement, &rows).map(|columns| job_view(&columns)).collect()
    }

    async fn images(&self, job: JobId) -> Result<Vec<ImageView>, LedgerError> {
        let rows = self.pool.rows(&READ_IMAGES, [int8(job.0)]).await?;
        each(&READ_IMAGES, &rows).map(|columns| image_record(&columns)).collect()
    }

    async fn attempts(&self, job: JobId) -> Result<Vec<AttemptView>, LedgerError> {
        let rows = self.pool.rows(&READ_ATTEMPTS, [int8(job.0)]).await?;
        each(&READ_ATTEMPTS, &rows)
            .map(|columns| {
                Ok(AttemptView {
                    attempt: number("attempts.attempt", columns.wide::<i32>("attempt")?)?,
                    worker: WorkerId(columns.value("worker")?),
                    started_at: columns.value("started_at")?,
                    ended_at: columns.value("ended_at")?,
                    ending: columns.value("ending")?,
                    kind: failure_kind(&columns, "kind")?,
                    message: columns.value("message")?,
                })
            })
            .collect()
    }

    async fn counts(&self, batch: Option<BatchId>) -> Result<StatusCounts, LedgerError> {
        let rows = self.pool.rows(&COUNT_JOBS, [uuid(batch.map(|BatchId(batch)| batch))]).await?;
        let groups =
            each(&COUNT_JOBS, &rows).map(|columns| job_group(&columns)).collect::<Result<Vec<_>, _>>()?;
        Ok(status_counts(groups))
    }

    async fn status(&self, serial: &Serial) -> Result<Option<DeviceStatus>, LedgerError> {
        let rows = self.pool.rows(&READ_STATUS, [text(serial.as_str())]).await?;
        let Some(columns) = each(&READ_STATUS, &rows).next() else { return Ok(None) };
        columns.value::<Option<&str>>("status")?.map(|status| from_json("jobs.status", status)).transpose()
    }

    async fn pair_members(&self) -> Result<Vec<PairMember>, LedgerError> {
        let rows = self.pool.rows(&READ_PAIR_MEMBERS, []).await?;
        each(&READ_PAIR_MEMBERS, &rows).map(|columns| pair_member(&columns)).collect()
    }

    async fn n_unclaimed(&self, job_type: JobType, for_at_least: Duration) -> Result<u64, LedgerError> {
        let params = [text(job_type.as_str()), seconds(for_at_least.as_secs_f64()), int4(small(MAX_BURIALS))];
        let rows = self.pool.rows(&COUNT_UNCLAIMED, params).await?;
        each(&COUNT_UNCLAIMED, &rows)
            .next()
            .map_or(Ok(0), |columns| number("count(jobs)", columns.value("n")?))
    }
}

/// A list to choose from; none when everything is wanted.
fn any_of<T: Copy>(wanted: &[T], word: fn(T) -> &'static str) -> Option<Vec<&'static str>> {
    (!wanted.is_empty()).then(|| wanted.iter().map(|one| word(*one)).collect())
}

fn pair_member(columns: &Columns<'_>) -> Result<PairMember, LedgerError> {
    let state: Option<&str> = columns.value("state")?;
    let is_ready: Option<bool> = columns.value("ready_for_install")?;
    Ok(PairMember {
        device: device_record(columns)?.device,
        state: state.map(|state| word("jobs.state", state)).transpose()?,
        ready: ready_versions(is_ready, columns.value("present")?)?,
    })
}

fn job_view(columns: &Columns<'_>) -> Result<JobView, LedgerError> {
    let state: JobState = word("jobs.state", columns.value("state")?)?;
    Ok(JobView {
        id: JobId(columns.value("id")?),
        serial: word("jobs.serial", columns.value("serial")?)?,
        hostname: columns.value("hostname")?,
        job_type: word("jobs.job_type", columns.value("job_type")?)?,
        goal: from_json("jobs.goal", columns.value("goal")?)?,
        batch: BatchId(columns.value("batch_id")?),
        retry_of: columns.value::<Option<i64>>("retry_of")?.map(JobId),
        pair: word("jobs.pair_mode", columns.value("pair_mode")?)?,
        requested_by: Requester {
            operator: columns.value("operator")?,
            host: columns.value("operator_host")?,
            reason: columns.value("reason")?,
        },
        state,
        attempt: number("jobs.attempt", columns.wide::<i32>("attempt")?)?,
        max_attempts: number("jobs.max_attempts", columns.wide::<i32>("max_attempts")?)?,
        progress: number("jobs.progress", columns.wide::<i16>("progress")?)?,
        message: columns.value("message")?,
        failure_kind: failure_kind(columns, "failure_kind")?,
        ready_for_install: columns.value("ready_for_install")?,
        worker: columns.value::<Option<String>>("lease_owner")?.map(WorkerId),
        // What an ended job was asked is history, and stands in its trail.
        cancel: cancel_of(columns)?.filter(|_| !state.is_terminal()),
        due_at: columns.value("due_at")?,
        created_at: columns.value("created_at")?,
        started_at: columns.value("started_at")?,
        ended_at: columns.value("ended_at")?,
    })
}

fn job_group(columns: &Columns<'_>) -> Result<JobGroup, LedgerError> {
    Ok(JobGroup {
        state: word("jobs.state", columns.value("state")?)?,
        kind: failure_kind(columns, "failure_kind")?,
        is_ready: columns.value("ready_for_install")?,
        n_jobs: number("count(jobs)", columns.value("n")?)?,
    })
}

fn failure_kind(columns: &Columns<'_>, column: &str) -> Result<Option<FailureKind>, LedgerError> {
    let kind: Option<&str> = columns.value(column)?;
    kind.map(|kind| word("jobs.failure_kind", kind)).transpose()
}

/// One image of a job.
///
/// # Errors
/// [`LedgerError::Store`] when a column holds what it never should.
pub(super) fn image_record(columns: &Columns<'_>) -> Result<ImageRecord, LedgerError> {
    let file_name: Option<&str> = columns.value("file_name")?;
    let size: Option<i64> = columns.value("size_bytes")?;
    let outcome: Option<&str> = columns.value("outcome")?;
    // A CHECK keeps the two together.
    let device_job = Option::zip(columns.value::<Option<i64>>("device_job")?, columns.value("booted_at_s")?)
        .map(|(id, booted_at_s)| Ok(DeviceJobRef { id: number("job_images.device_job", id)?, booted_at_s }))
        .transpose()?;
    Ok(ImageRecord {
        version: word("job_images.version", columns.value("version")?)?,
        position: number("job_images.position", columns.wide::<i32>("position")?)?,
        rule: columns.value("rule")?,
        file_name: file_name.map(|name| word("job_images.file_name", name)).transpose()?,
        size_bytes: size.map(|size| number("job_images.size_bytes", size)).transpose()?,
        state: image_state(columns.value("state")?)?,
        device_job,
        outcome: outcome.map(|outcome| from_json("job_images.outcome", outcome)).transpose()?,
    })
}
