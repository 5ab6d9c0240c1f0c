//! The fleet at a glance: what dashboards, the read API and `status --watch` show.
//!
//! Promises: each method is one read at one moment, of aggregates or of one page, whose cost does not grow with the
//! history of the fleet: answers count the newest job of each device in the inventory, as
//! [`StatusCounts`] does. Leaves to others: how often to look (the dashboard's `live`), and every
//! particular of a single job ([`Query`](super::Query)).

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::LedgerError;
use super::query::StatusCounts;
use crate::domain::device::Serial;
use crate::domain::failure::FailureKind;
use crate::domain::hold::{FleetHold, Pause};
use crate::domain::job::{JobId, JobState, UnknownWord};
use crate::domain::lease::WorkerId;

/// Most buckets that [`Overview::ended_over_time`] answers.
pub const MAX_BUCKETS: u32 = 500;

/// Most devices on one page.
pub const MAX_PER_PAGE: u32 = 500;

/// The last page that is answered: nobody turns to one beyond, and its rows would be counted past one by one.
pub const LAST_PAGE: u32 = 10_000;

/// What is looked for at most; more of it is cut. No text of a device is longer.
const MAX_SEARCH_BYTES: usize = 256;

/// The fleet at one moment.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct FleetPicture {
    /// When, by the ledger's clock.
    pub at: Timestamp,
    /// How many jobs are where, by the newest job of each device.
    pub counts: StatusCounts,
    /// The images of those jobs, by version, oldest version first.
    pub images: Vec<ImageCount>,
    /// How fast jobs end.
    pub throughput: Throughput,
    /// Why nothing new begins anywhere.
    pub held: Option<FleetHold>,
    /// Why nothing new begins in a part of the fleet.
    pub pauses: Vec<Pause>,
    /// Devices in the inventory that have not left it.
    pub n_devices: u64,
    /// What waits for a person.
    pub alarms: AlarmCounts,
}

/// How far one version is in the fleet. A device counts in `wanted`, and beside it in at most one of the others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ImageCount {
    /// The version.
    pub version: String,
    /// Devices whose path has it.
    pub wanted: u64,
    /// Devices that are being brought it.
    pub running: u64,
    /// Devices that have it, without proof of its hash either way.
    pub present: u64,
    /// Devices that have it with the hash of the trusted catalogue.
    pub verified: u64,
    /// Devices that have it with another hash than the trusted one.
    pub mismatch: u64,
}

/// How fast jobs end, and when the last one will.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Throughput {
    /// Jobs that ended in the last minute.
    pub ended_last_minute: u64,
    /// Jobs that ended in the last ten minutes.
    pub ended_last_10_minutes: u64,
    /// Seconds that these took: 600, or less where the work on the first of them began later.
    pub rate_over_s: u64,
    /// Jobs that have not ended.
    pub jobs_left: u64,
    /// When the last one ends, if they go on at that rate; absent where nothing ended in them,
    /// or nothing is left.
    pub estimated_finish: Option<Timestamp>,
}

/// What waits for a person.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct AlarmCounts {
    /// Images whose hash is not the trusted one, each of which blocks its device.
    pub open_mismatches: u64,
    /// Files of which devices report different hashes, none of them trusted.
    pub disputes: u64,
    /// Messages that died, on which nobody has decided.
    pub dead_letters: u64,
}

/// Jobs that ended within one stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Bucket {
    /// Where the stretch begins; it ends where the next one does.
    pub from: Timestamp,
    /// Jobs that completed.
    pub completed: u64,
    /// Jobs that failed, were skipped or were cancelled.
    pub not_completed: u64,
}

/// What devices are ordered by; those that are equal by serial.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeviceSort {
    /// Their key.
    #[default]
    Serial,
    /// Their label.
    Hostname,
    /// State of their newest job, by the alphabet; those without a job last.
    State,
    /// When their newest job last moved on ([`DeviceRow::updated_at`]); those without a job last.
    Updated,
}

impl DeviceSort {
    /// Every order.
    pub const ALL: [Self; 4] = [Self::Serial, Self::Hostname, Self::State, Self::Updated];

    /// The word in statements and queries.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Serial => "serial",
            Self::Hostname => "hostname",
            Self::State => "state",
            Self::Updated => "updated",
        }
    }
}

impl fmt::Display for DeviceSort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for DeviceSort {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|known| known.as_str() == text).ok_or_else(|| UnknownWord {
            what: "order of devices",
            found: text.to_owned(),
            known: Self::ALL.map(Self::as_str).join(", "),
        })
    }
}

/// Which devices to list. [`Default`] is the first page of all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceQuery {
    /// Part of the serial, hostname, address or model, in any case (of ASCII letters). No character in it is special.
    pub search: Option<String>,
    /// Only where the newest job is in this state.
    pub state: Option<JobState>,
    /// Only where the newest job failed, or was skipped, for this reason.
    pub kind: Option<FailureKind>,
    /// Order.
    pub sort: DeviceSort,
    /// The other way round. Those without a job still come last.
    pub descending: bool,
    /// From 1; beyond [`LAST_PAGE`] it is that one.
    pub page: u32,
    /// From 1 to [`MAX_PER_PAGE`]; outside of it the nearest of the two.
    pub per_page: u32,
}

impl Default for DeviceQuery {
    fn default() -> Self {
        Self {
            search: None,
            state: None,
            kind: None,
            sort: DeviceSort::default(),
            descending: false,
            page: 1,
            per_page: 50,
        }
    }
}

impl DeviceQuery {
    /// The page and its length as they are answered.
    pub(super) fn bounds(&self) -> (u32, u32) {
        (self.page.clamp(1, LAST_PAGE), self.per_page.clamp(1, MAX_PER_PAGE))
    }

    /// The search as the pattern of a `LIKE … ESCAPE '\'`; none where there is nothing to search for.
    pub(super) fn pattern(&self) -> Option<String> {
        let search = self.search.as_deref().map(str::trim).filter(|search| !search.is_empty())?;
        // SQLite refuses a pattern of more than 50,000 bytes (its manual, "Limits").
        let search = search.get(..search.floor_char_boundary(MAX_SEARCH_BYTES)).unwrap_or_default();
        let mut pattern = String::with_capacity(search.len() + 2);
        pattern.push('%');
        // No database stores NUL in a text, and PostgreSQL refuses it in a parameter.
        for character in search.chars().filter(|character| *character != '\0') {
            if matches!(character, '%' | '_' | '\\') {
                pattern.push('\\');
            }
            pattern.push(character.to_ascii_lowercase());
        }
        pattern.push('%');
        Some(pattern)
    }
}

/// One page of devices.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct DevicePage {
    /// Devices on all pages.
    pub total: u64,
    /// This one, from 1.
    pub page: u32,
    /// Devices on a full page.
    pub per_page: u32,
    /// The devices, in the order asked for.
    pub rows: Vec<DeviceRow>,
}

/// A device with its newest job.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct DeviceRow {
    /// The key.
    pub serial: Serial,
    /// A label: may be empty, hold any script, and occur twice.
    pub hostname: String,
    /// As the device writes it.
    pub model: String,
    /// Where its management interface answers.
    pub address: Option<String>,
    /// What it ran when the inventory was made.
    pub sw_version: String,
    /// Its newest job; absent where it never had one.
    pub job_id: Option<JobId>,
    /// Where that job is.
    pub state: Option<JobState>,
    /// 0 to 100.
    #[schemars(range(max = 100))]
    pub progress: u8,
    /// One sentence from the last step; empty without a job.
    pub message: String,
    /// Kind of the last failure.
    pub failure_kind: Option<FailureKind>,
    /// Every image present and none mismatched.
    pub ready_for_install: bool,
    /// Who runs it.
    pub worker: Option<WorkerId>,
    /// When the job last moved on: its end, its first claim, or that it was queued.
    pub updated_at: Option<Timestamp>,
}

/// Looks at all devices at once.
///
/// # Guarantees
/// Nothing here writes or locks, and a look at a large fleet holds up no worker. Counts of jobs and of their images are
/// of one moment.
#[async_trait]
pub trait Overview: Send + Sync {
    /// The fleet now.
    ///
    /// # Errors
    /// [`LedgerError::NotReachable`], [`LedgerError::Store`].
    async fn fleet_picture(&self) -> Result<FleetPicture, LedgerError>;

    /// Jobs that ended since a time, in stretches of `bucket` (at least a second) from there, the empty ones too; the
    /// last one holds now. Where that makes more than [`MAX_BUCKETS`], the oldest ones are left out. None from a time
    /// to come.
    ///
    /// # Errors
    /// [`LedgerError::NotReachable`], [`LedgerError::Store`].
    async fn ended_over_time(&self, since: Timestamp, bucket: Duration) -> Result<Vec<Bucket>, LedgerError>;

    /// One page of the devices that have not left the inventory. A page beyond the last one is empty.
    ///
    /// # Errors
    /// [`LedgerError::NotReachable`], [`LedgerError::Store`].
    async fn device_page(&self, query: &DeviceQuery) -> Result<DevicePage, LedgerError>;
}
