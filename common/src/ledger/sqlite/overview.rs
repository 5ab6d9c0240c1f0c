//! [`Overview`] for SQLite.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{Row, Transaction};

use super::SqliteLedger;
use super::fleet;
use super::statement::{Statement, statement};
use super::store::StoreError;
use super::stored::{Stored, optional_text, optional_time, time};
use super::workers::all_pauses;
use crate::domain::failure::FailureKind;
use crate::domain::job::{JobId, JobState};
use crate::domain::lease::WorkerId;
use crate::ledger::rows::{
    EndedGroup, FleetCounts, FleetGroup, ImageProgress, PageRow, bucket_ms, buckets, device_page,
    fleet_counts, impossible, number, throughput,
};
use crate::ledger::{
    AlarmCounts, Bucket, DevicePage, DeviceQuery, DeviceRow, FleetPicture, LedgerError, MAX_BUCKETS,
    Overview, Throughput,
};

const COUNT_FLEET: Statement = statement!("count_fleet");
const READ_THROUGHPUT: Statement = statement!("read_throughput");
const COUNT_ALARMS: Statement = statement!("count_alarms");
const COUNT_ENDED: Statement = statement!("count_ended");
const PAGE_DEVICES: Statement = statement!("page_devices");

#[async_trait]
impl Overview for SqliteLedger {
    async fn fleet_picture(&self) -> Result<FleetPicture, LedgerError> {
        self.store.read("fleet_picture", picture).await
    }

    async fn ended_over_time(&self, since: Timestamp, bucket: Duration) -> Result<Vec<Bucket>, LedgerError> {
        let params = (since.as_millisecond(), bucket_ms(bucket), MAX_BUCKETS);
        let read = move |transaction: &Transaction<'_>| COUNT_ENDED.rows(transaction, params);
        let rows: Vec<EndedRow> = self.store.read("ended_over_time", read).await?;
        let now = rows.first().map(|row| row.now).ok_or_else(|| impossible("count_ended", &"nothing"))?;
        let ended: Vec<_> = rows.into_iter().filter_map(|row| row.ended).collect();
        Ok(buckets(since, bucket, now, &ended))
    }

    async fn device_page(&self, query: &DeviceQuery) -> Result<DevicePage, LedgerError> {
        let (page, per_page) = query.bounds();
        let params = (
            query.pattern(),
            query.state.map(JobState::as_str),
            query.kind.map(FailureKind::as_str),
            query.sort.as_str(),
            query.descending,
            per_page,
            i64::from(page - 1) * i64::from(per_page),
        );
        let read = move |transaction: &Transaction<'_>| PAGE_DEVICES.rows(transaction, params);
        Ok(device_page((page, per_page), self.store.read("device_page", read).await?))
    }
}

/// Everything in one transaction, so that it is of one moment.
fn picture(transaction: &Transaction<'_>) -> Result<FleetPicture, StoreError> {
    let groups: Vec<FleetGroup> = COUNT_FLEET.rows(transaction, [])?;
    let FleetCounts { counts, images, n_devices } = fleet_counts(groups);
    let speed: Option<Speed> = READ_THROUGHPUT.row(transaction, [])?;
    let Speed { now, throughput } = speed.ok_or_else(|| impossible("read_throughput", &"nothing"))?;
    let alarms: Option<AlarmCounts> = COUNT_ALARMS.row(transaction, [])?;
    Ok(FleetPicture {
        at: now,
        counts,
        images,
        throughput,
        held: fleet::read(transaction)?.hold,
        pauses: all_pauses(transaction)?,
        n_devices,
        alarms: alarms.ok_or_else(|| impossible("count_alarms", &"nothing"))?,
    })
}

fn count(row: &Row<'_>, column: &'static str) -> Result<u64, StoreError> {
    Ok(number(column, row.get(column)?)?)
}

impl Stored for FleetGroup {
    fn read(row: &Row<'_>) -> Result<Self, StoreError> {
        let image =
            match (row.get::<_, Option<String>>("version")?, row.get::<_, Option<String>>("progress")?) {
                (Some(version), Some(progress)) => {
                    let progress = ImageProgress::parse(&progress)
                        .ok_or_else(|| impossible("count_fleet", &progress))?;
                    Some((version, progress))
                }
                (None, _) | (_, None) => None,
            };
        let job = (
            optional_text(row, "state")?,
            optional_text(row, "failure_kind")?,
            row.get("ready_for_install")?,
        );
        Ok(Self::new(job, image, count(row, "n")?))
    }
}

struct Speed {
    now: Timestamp,
    throughput: Throughput,
}

impl Stored for Speed {
    fn read(row: &Row<'_>) -> Result<Self, StoreError> {
        let now = time(row, "now")?;
        let ended = (count(row, "last_minute")?, count(row, "last_10_minutes")?);
        Ok(Self { now, throughput: throughput(now, ended, row.get("worked_s")?, count(row, "jobs_left")?) })
    }
}

impl Stored for AlarmCounts {
    fn read(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            open_mismatches: count(row, "open_mismatches")?,
            disputes: count(row, "disputes")?,
            dead_letters: count(row, "dead_letters")?,
        })
    }
}

struct EndedRow {
    now: Timestamp,
    ended: Option<EndedGroup>,
}

impl Stored for EndedRow {
    fn read(row: &Row<'_>) -> Result<Self, StoreError> {
        let ended = match row.get("bucket")? {
            None => None,
            Some(bucket) => Some(EndedGroup {
                bucket,
                completed: count(row, "completed")?,
                not_completed: count(row, "not_completed")?,
            }),
        };
        Ok(Self { now: time(row, "now")?, ended })
    }
}

impl Stored for PageRow {
    fn read(row: &Row<'_>) -> Result<Self, StoreError> {
        let total = count(row, "total")?;
        let Some(serial) = optional_text(row, "serial")? else {
            return Ok(Self { total, device: None });
        };
        let progress: Option<i64> = row.get("progress")?;
        let device = DeviceRow {
            serial,
            hostname: row.get("hostname")?,
            model: row.get("model")?,
            address: row.get("address")?,
            sw_version: row.get("sw_version")?,
            job_id: row.get::<_, Option<i64>>("job_id")?.map(JobId),
            state: optional_text(row, "state")?,
            progress: number("jobs.progress", progress.unwrap_or_default())?,
            message: row.get::<_, Option<String>>("message")?.unwrap_or_default(),
            failure_kind: optional_text(row, "failure_kind")?,
            ready_for_install: row.get::<_, Option<bool>>("ready_for_install")?.unwrap_or_default(),
            worker: row.get::<_, Option<String>>("lease_owner")?.map(WorkerId),
            updated_at: optional_time(row, "updated_at")?,
        };
        Ok(Self { total, device: Some(device) })
    }
}
