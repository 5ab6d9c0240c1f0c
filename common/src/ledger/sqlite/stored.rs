//! Rows of this database, read into the domain.
//!
//! Times are milliseconds since 1970 here, and a UUID is text; the rest both databases have alike. Reading is a
//! parse, because a file can hold anything.

use jiff::Timestamp;
use rusqlite::Row;
use rusqlite::types::FromSql;
use uuid::Uuid;

use super::store::StoreError;
use crate::audit::{ChainHead, EntryHash, StoredEntry};
use crate::domain::catalogue::CatalogueEntry;
use crate::domain::device::{Device, Ha};
use crate::domain::image::ImageFile;
use crate::domain::job::{BatchId, JobId, JobState, Requester};
use crate::domain::lease::{LeaseToken, WorkerId};
use crate::events::JobContext;
use crate::ledger::rows::{self, HeldJob, from_json, impossible, number, place, word};
use crate::ledger::{
    AttemptView, CancelRequest, DeviceJobRef, DeviceRecord, ImageRecord, JobView, LedgerError, OutboxKind,
    OutboxRow, Renewal,
};

/// What a row can be read into.
pub(super) trait Stored: Sized {
    /// Reads one row by the names of its columns.
    fn read(row: &Row<'_>) -> Result<Self, StoreError>;
}

pub(super) fn text<T>(row: &Row<'_>, name: &'static str) -> Result<T, StoreError>
where
    T: std::str::FromStr,
    T::Err: std::fmt::Display,
{
    Ok(word(name, &row.get::<_, String>(name)?)?)
}

pub(super) fn optional_text<T>(row: &Row<'_>, name: &'static str) -> Result<Option<T>, StoreError>
where
    T: std::str::FromStr,
    T::Err: std::fmt::Display,
{
    Ok(row.get::<_, Option<String>>(name)?.map(|text| word(name, &text)).transpose()?)
}

pub(super) fn optional_json<T: serde::de::DeserializeOwned>(
    row: &Row<'_>,
    name: &'static str,
) -> Result<Option<T>, StoreError> {
    Ok(row.get::<_, Option<String>>(name)?.map(|text| from_json(name, &text)).transpose()?)
}

fn count<T: TryFrom<i64>>(row: &Row<'_>, name: &'static str) -> Result<T, StoreError> {
    Ok(number(name, row.get(name)?)?)
}

fn optional_count<T: TryFrom<i64>>(row: &Row<'_>, name: &'static str) -> Result<Option<T>, StoreError> {
    Ok(row.get::<_, Option<i64>>(name)?.map(|value| number(name, value)).transpose()?)
}

pub(super) fn time(row: &Row<'_>, name: &'static str) -> Result<Timestamp, StoreError> {
    Ok(moment(name, row.get(name)?)?)
}

pub(super) fn optional_time(row: &Row<'_>, name: &'static str) -> Result<Option<Timestamp>, StoreError> {
    Ok(row.get::<_, Option<i64>>(name)?.map(|value| moment(name, value)).transpose()?)
}

fn moment(name: &'static str, milliseconds: i64) -> Result<Timestamp, LedgerError> {
    Timestamp::from_millisecond(milliseconds).map_err(|error| impossible(name, &error))
}

fn hash(row: &Row<'_>, name: &'static str) -> Result<EntryHash, StoreError> {
    let bytes: Vec<u8> = row.get(name)?;
    Ok(EntryHash::from_slice(&bytes).ok_or_else(|| impossible(name, &format!("{} bytes", bytes.len())))?)
}

/// `file_name` where an empty text stands for none.
pub(super) fn file_name(row: &Row<'_>) -> Result<Option<ImageFile>, StoreError> {
    Ok(rows::file_name_of("file_name", &row.get::<_, String>("file_name")?)?)
}

fn batch(row: &Row<'_>) -> Result<BatchId, StoreError> {
    Ok(BatchId(text::<Uuid>(row, "batch_id")?))
}

fn cancel(row: &Row<'_>) -> Result<Option<CancelRequest>, StoreError> {
    Ok(rows::cancel_request(
        optional_time(row, "cancel_requested_at")?,
        row.get("cancel_operator")?,
        row.get("cancel_host")?,
        row.get("cancel_reason")?,
    ))
}

/// The first column as it is.
pub(super) struct Plain<T>(pub T);

impl<T: FromSql> Stored for Plain<T> {
    fn read(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self(row.get(0)?))
    }
}

impl Stored for DeviceRecord {
    fn read(row: &Row<'_>) -> Result<Self, StoreError> {
        let ha = match row.get("ha_state")? {
            None => Ha::Standalone,
            Some(state) => Ha::Member { state, peer: optional_text(row, "ha_peer")? },
        };
        let device = Device {
            serial: text(row, "serial")?,
            hostname: row.get("hostname")?,
            address: row.get("address")?,
            model: row.get("model")?,
            sw_version: row.get("sw_version")?,
            ha,
            multi_vsys: row.get("multi_vsys")?,
            connected: row.get("connected")?,
            source: rows::source(&row.get::<_, String>("source")?)?,
        };
        Ok(Self {
            device,
            first_seen_at: time(row, "first_seen_at")?,
            last_seen_at: time(row, "last_seen_at")?,
            gone_at: optional_time(row, "gone_at")?,
            address_override: row.get("address_override")?,
        })
    }
}

/// Which job a row of `jobs` is, for events and wake-ups.
impl Stored for JobContext {
    fn read(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            job: JobId(row.get("id")?),
            job_type: text(row, "job_type")?,
            serial: text(row, "serial")?,
            batch: batch(row)?,
            attempt: count(row, "attempt")?,
        })
    }
}

/// A row of `jobs` that the transaction is about to change, with its lease.
pub(super) struct HeldRow {
    pub job: HeldJob,
    pub token: LeaseToken,
    pub owner: Option<WorkerId>,
}

impl Stored for HeldRow {
    fn read(row: &Row<'_>) -> Result<Self, StoreError> {
        let job = HeldJob {
            context: JobContext::read(row)?,
            state: text(row, "state")?,
            max_attempts: count(row, "max_attempts")?,
            n_snoozes: count(row, "n_snoozes")?,
            n_lost_leases: count(row, "n_lost_leases")?,
            dispatch_no: count(row, "dispatch_no")?,
            event_seq: row.get("event_seq")?,
            progress: count(row, "progress")?,
            failure_kind: optional_text(row, "failure_kind")?,
            cancel: cancel(row)?,
            status: optional_json(row, "status")?,
            traceparent: place(row.get::<_, Option<String>>("traceparent")?.as_deref()),
        };
        let owner = row.get::<_, Option<String>>("lease_owner")?.map(WorkerId);
        Ok(Self { job, token: LeaseToken(row.get("lease_token")?), owner })
    }
}

impl Stored for Renewal {
    fn read(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            job: JobId(row.get("id")?),
            token: LeaseToken(row.get("lease_token")?),
            cancel: cancel(row)?,
        })
    }
}

impl Stored for JobView {
    fn read(row: &Row<'_>) -> Result<Self, StoreError> {
        let state: JobState = text(row, "state")?;
        Ok(Self {
            id: JobId(row.get("id")?),
            serial: text(row, "serial")?,
            hostname: row.get("hostname")?,
            job_type: text(row, "job_type")?,
            goal: from_json("goal", &row.get::<_, String>("goal")?)?,
            batch: batch(row)?,
            retry_of: row.get::<_, Option<i64>>("retry_of")?.map(JobId),
            pair: text(row, "pair_mode")?,
            requested_by: Requester {
                operator: row.get("operator")?,
                host: row.get("operator_host")?,
                reason: row.get("reason")?,
            },
            state,
            attempt: count(row, "attempt")?,
            max_attempts: count(row, "max_attempts")?,
            progress: count(row, "progress")?,
            message: row.get("message")?,
            failure_kind: optional_text(row, "failure_kind")?,
            ready_for_install: row.get("ready_for_install")?,
            worker: row.get::<_, Option<String>>("lease_owner")?.map(WorkerId),
            // What an ended job was asked is history, and stands in its trail.
            cancel: cancel(row)?.filter(|_| !state.is_terminal()),
            due_at: time(row, "due_at")?,
            created_at: time(row, "created_at")?,
            started_at: optional_time(row, "started_at")?,
            ended_at: optional_time(row, "ended_at")?,
        })
    }
}

impl Stored for ImageRecord {
    fn read(row: &Row<'_>) -> Result<Self, StoreError> {
        let device_job = match (optional_count(row, "device_job")?, row.get("booted_at_s")?) {
            (Some(id), Some(booted_at_s)) => Some(DeviceJobRef { id, booted_at_s }),
            (None, _) | (_, None) => None,
        };
        Ok(Self {
            version: text(row, "version")?,
            position: count(row, "position")?,
            rule: row.get("rule")?,
            file_name: optional_text(row, "file_name")?,
            size_bytes: optional_count(row, "size_bytes")?,
            state: rows::image_state(&row.get::<_, String>("state")?)?,
            device_job,
            outcome: optional_json(row, "outcome")?,
        })
    }
}

impl Stored for AttemptView {
    fn read(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            attempt: count(row, "attempt")?,
            worker: WorkerId(row.get("worker")?),
            started_at: time(row, "started_at")?,
            ended_at: optional_time(row, "ended_at")?,
            ending: row.get("ending")?,
            kind: optional_text(row, "kind")?,
            message: row.get("message")?,
        })
    }
}

impl Stored for OutboxRow {
    fn read(row: &Row<'_>) -> Result<Self, StoreError> {
        let kind: String = row.get("kind")?;
        Ok(Self {
            id: row.get("id")?,
            kind: [OutboxKind::WakeUp, OutboxKind::Event]
                .into_iter()
                .find(|known| known.as_str() == kind)
                .ok_or_else(|| impossible("kind", &kind))?,
            job: JobId(row.get("job_id")?),
            job_type: text(row, "job_type")?,
            message_id: row.get("message_id")?,
            routing_key: row.get("routing_key")?,
            body: row.get("body")?,
            traceparent: place(row.get::<_, Option<String>>("traceparent")?.as_deref()),
        })
    }
}

impl Stored for StoredEntry {
    fn read(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            chain: row.get("chain")?,
            seq: row.get("seq")?,
            at: time(row, "at")?,
            job: row.get::<_, Option<i64>>("job_id")?.map(JobId),
            body: row.get("body")?,
            prev: hash(row, "prev")?,
            hash: hash(row, "hash")?,
        })
    }
}

impl Stored for ChainHead {
    fn read(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self { chain: row.get("chain")?, seq: row.get("seq")?, hash: hash(row, "hash")? })
    }
}

impl Stored for CatalogueEntry {
    fn read(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            version: text(row, "version")?,
            file_name: file_name(row)?,
            sha256: text(row, "sha256")?,
            source: row.get("source")?,
        })
    }
}
