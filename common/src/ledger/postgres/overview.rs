//! [`Overview`]. Nothing here writes or locks.

use std::time::Duration;

use async_trait::async_trait;
use futures_util::try_join;
use jiff::Timestamp;

use super::PostgresLedger;
use super::connection::each;
use super::fleet::hold_of;
use super::pause::pauses;
use super::statement::{Columns, Statement, boolean, int8, statement, text};
use crate::domain::failure::FailureKind;
use crate::domain::job::{JobId, JobState};
use crate::domain::lease::WorkerId;
use crate::ledger::rows::{
    EndedGroup, FleetCounts, FleetGroup, ImageProgress, PageRow, bucket_ms, buckets, device_page,
    fleet_counts, number, throughput, word,
};
use crate::ledger::{
    AlarmCounts, Bucket, DevicePage, DeviceQuery, DeviceRow, FleetPicture, LedgerError, MAX_BUCKETS, Overview,
};

const COUNT_FLEET: Statement = statement!("count_fleet");
const READ_THROUGHPUT: Statement = statement!("read_throughput");
const COUNT_ALARMS: Statement = statement!("count_alarms");
const COUNT_ENDED: Statement = statement!("count_ended");
const PAGE_DEVICES: Statement = statement!("page_devices");
const READ_FLEET: Statement = statement!("read_fleet");
const READ_PAUSES: Statement = statement!("read_pauses");

#[async_trait]
impl Overview for PostgresLedger {
    async fn fleet_picture(&self) -> Result<FleetPicture, LedgerError> {
        let mut connection = self.pool.connection().await?;
        // Dropped at the end, which is all that it has to undo.
        let transaction = connection.begin().await?;
        let (groups, speed, alarms, fleet, paused) = try_join!(
            transaction.rows(&COUNT_FLEET, []),
            transaction.rows(&READ_THROUGHPUT, []),
            transaction.rows(&COUNT_ALARMS, []),
            transaction.rows(&READ_FLEET, []),
            transaction.rows(&READ_PAUSES, [text(None::<&str>), text(None::<&str>)]),
        )?;
        let groups = each(&COUNT_FLEET, &groups).map(|columns| fleet_group(&columns));
        let FleetCounts { counts, images, n_devices } = fleet_counts(groups.collect::<Result<Vec<_>, _>>()?);

        let speed = each(&READ_THROUGHPUT, &speed).next();
        let speed = speed.ok_or_else(|| READ_THROUGHPUT.failed("there is no answer"))?;
        let at: Timestamp = speed.value("now")?;
        let alarms = each(&COUNT_ALARMS, &alarms).next();
        let alarms = alarms.ok_or_else(|| COUNT_ALARMS.failed("there is no answer"))?;
        let hold = each(&READ_FLEET, &fleet).next();
        let hold = hold.ok_or_else(|| READ_FLEET.failed("there is no fleet"))?;

        Ok(FleetPicture {
            at,
            counts,
            images,
            throughput: throughput(
                at,
                (count(&speed, "last_minute")?, count(&speed, "last_10_minutes")?),
                speed.value("worked_s")?,
                count(&speed, "jobs_left")?,
            ),
            held: hold_of(&hold)?,
            pauses: pauses(&READ_PAUSES, &paused)?,
            n_devices,
            alarms: AlarmCounts {
                open_mismatches: count(&alarms, "open_mismatches")?,
                disputes: count(&alarms, "disputes")?,
                dead_letters: count(&alarms, "dead_letters")?,
            },
        })
    }

    async fn ended_over_time(&self, since: Timestamp, bucket: Duration) -> Result<Vec<Bucket>, LedgerError> {
        let params = [int8(since.as_millisecond()), int8(bucket_ms(bucket)), int8(i64::from(MAX_BUCKETS))];
        let rows = self.pool.rows(&COUNT_ENDED, params).await?;
        let mut now = None;
        let mut ended = Vec::with_capacity(rows.len());
        for columns in each(&COUNT_ENDED, &rows) {
            now = Some(columns.value("now")?);
            if let Some(bucket) = columns.value("bucket")? {
                let completed = count(&columns, "completed")?;
                ended.push(EndedGroup {
                    bucket,
                    completed,
                    not_completed: count(&columns, "not_completed")?,
                });
            }
        }
        let now = now.ok_or_else(|| COUNT_ENDED.failed("there is no answer"))?;
        Ok(buckets(since, bucket, now, &ended))
    }

    async fn device_page(&self, query: &DeviceQuery) -> Result<DevicePage, LedgerError> {
        let (page, per_page) = query.bounds();
        let params = [
            text(query.pattern()),
            text(query.state.map(JobState::as_str)),
            text(query.kind.map(FailureKind::as_str)),
            text(query.sort.as_str()),
            boolean(query.descending),
            int8(i64::from(per_page)),
            int8(i64::from(page - 1) * i64::from(per_page)),
        ];
        let rows = self.pool.rows(&PAGE_DEVICES, params).await?;
        let rows = each(&PAGE_DEVICES, &rows).map(|columns| page_row(&columns)).collect::<Result<_, _>>()?;
        Ok(device_page((page, per_page), rows))
    }
}

fn count(columns: &Columns<'_>, column: &'static str) -> Result<u64, LedgerError> {
    number(column, columns.value(column)?)
}

fn optional_word<T>(columns: &Columns<'_>, column: &'static str) -> Result<Option<T>, LedgerError>
where
    T: std::str::FromStr,
    T::Err: std::fmt::Display,
{
    columns.value::<Option<&str>>(column)?.map(|text| word(column, text)).transpose()
}

fn fleet_group(columns: &Columns<'_>) -> Result<FleetGroup, LedgerError> {
    let image =
        match (columns.value::<Option<String>>("version")?, columns.value::<Option<&str>>("progress")?) {
            (Some(version), Some(progress)) => {
                let progress = ImageProgress::parse(progress)
                    .ok_or_else(|| columns.statement.failed("an image is as none should be"))?;
                Some((version, progress))
            }
            (None, _) | (_, None) => None,
        };
    let job = (
        optional_word(columns, "state")?,
        optional_word(columns, "failure_kind")?,
        columns.value("ready_for_install")?,
    );
    Ok(FleetGroup::new(job, image, count(columns, "n")?))
}

fn page_row(columns: &Columns<'_>) -> Result<PageRow, LedgerError> {
    let total = count(columns, "total")?;
    let Some(serial) = optional_word(columns, "serial")? else {
        return Ok(PageRow { total, device: None });
    };
    let progress = columns.value::<Option<i16>>("progress")?.unwrap_or_default();
    let device = DeviceRow {
        serial,
        hostname: columns.value("hostname")?,
        model: columns.value("model")?,
        address: columns.value("address")?,
        sw_version: columns.value("sw_version")?,
        job_id: columns.value::<Option<i64>>("job_id")?.map(JobId),
        state: optional_word(columns, "state")?,
        progress: number("jobs.progress", progress.into())?,
        message: columns.value::<Option<String>>("message")?.unwrap_or_default(),
        failure_kind: optional_word(columns, "failure_kind")?,
        ready_for_install: columns.value::<Option<bool>>("ready_for_install")?.unwrap_or_default(),
        worker: columns.value::<Option<String>>("lease_owner")?.map(WorkerId),
        updated_at: columns.value("updated_at")?,
    };
    Ok(PageRow { total, device: Some(device) })
}
