//! What can happen to a job, in the words of the event feed.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::domain::device::Serial;
use crate::domain::failure::FailureKind;
use crate::domain::hash::HashOutcome;
use crate::domain::job::{BatchId, JobId, JobType};
use crate::domain::lease::WorkerId;
use crate::domain::status::Phase;

/// What every event of a job says besides its particulars.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct JobContext {
    /// The job.
    pub job: JobId,
    /// Its type.
    pub job_type: JobType,
    /// Its device.
    pub serial: Serial,
    /// The command that queued it.
    pub batch: BatchId,
    /// The attempt in hand, from 1; 0 before the first.
    pub attempt: u32,
}

/// One thing that happened. The serialised fields are `data` of the event, beside the context's.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum JobEvent {
    /// A wish became a job.
    Queued {
        /// Who asked.
        operator: String,
        /// Why, if said.
        reason: Option<String>,
    },
    /// A worker took it.
    Started {
        /// Which one.
        worker: WorkerId,
    },
    /// The images of the path are known.
    Planned {
        /// What the device runs.
        current_version: String,
        /// Versions in order.
        path: Vec<String>,
        /// Those that are not on the device yet.
        missing: Vec<String>,
        /// Bytes of the missing ones, as far as the device says.
        missing_bytes: u64,
    },
    /// A step moved on.
    Progress {
        /// The step.
        phase: Phase,
        /// Whole job, 0 to 100.
        #[schemars(range(max = 100))]
        progress: u8,
        /// The image in hand.
        version: Option<String>,
        /// One sentence.
        message: String,
    },
    /// The device took the request for an image, or was already busy with it.
    DownloadStarted {
        /// The image's version.
        version: String,
        /// The firewall's own job.
        device_job: u64,
        /// Whether the download was found running.
        adopted: bool,
    },
    /// The device lists the image as present.
    ImagePresent {
        /// The image's version.
        version: String,
    },
    /// What was proved about an image.
    ImageHash {
        /// The image's version.
        version: String,
        /// File name, if the device gave one.
        file_name: Option<String>,
        /// Outcome with evidence.
        #[serde(flatten)]
        outcome: HashOutcome,
    },
    /// Devices report different hashes for this file, and none of them is trusted.
    HashDisputed {
        /// The image's version.
        version: String,
        /// File name, if the device gave one.
        file_name: Option<String>,
        /// What this device reports.
        found: String,
        /// What others report, most devices first.
        others: Vec<String>,
    },
    /// The device gives no usable answer while its download runs: most often it restarts.
    DeviceSilent {
        /// Seconds since its last usable answer.
        since_s: u64,
        /// One sentence.
        message: String,
    },
    /// The attempt failed; another is due.
    RetryScheduled {
        /// Kind of the failure.
        kind: FailureKind,
        /// One sentence.
        message: String,
        /// Seconds until it is due.
        after_s: u64,
    },
    /// The device is busy; no attempt is charged.
    Snoozed {
        /// One sentence.
        message: String,
        /// Seconds until it is due.
        after_s: u64,
    },
    /// The worker stops and hands it back.
    Released,
    /// The worker went silent and the job was taken from it.
    Rescued {
        /// The worker that went silent.
        lost_worker: WorkerId,
    },
    /// Somebody asked for a running job to stop.
    CancelRequested {
        /// Who.
        operator: String,
        /// Why.
        reason: Option<String>,
    },
    /// The end: the images are on the device.
    Completed {
        /// Every image present and none mismatched.
        ready_for_install: bool,
        /// Versions on the device, in order of the path.
        versions: Vec<String>,
    },
    /// The end: another attempt is not due, or would not help.
    Failed {
        /// Kind of the failure.
        kind: FailureKind,
        /// One sentence.
        message: String,
    },
    /// The end: nothing was to be done, or nothing may be done.
    Skipped {
        /// Why.
        kind: FailureKind,
        /// One sentence.
        message: String,
    },
    /// The end: somebody cancelled it.
    Cancelled {
        /// Who.
        operator: String,
        /// Why.
        reason: Option<String>,
    },
}

impl JobEvent {
    /// The word in `type` and in the routing key.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Queued { .. } => "queued",
            Self::Started { .. } => "started",
            Self::Planned { .. } => "planned",
            Self::Progress { .. } => "progress",
            Self::DownloadStarted { .. } => "download_started",
            Self::ImagePresent { .. } => "image_present",
            Self::ImageHash { .. } => "image_hash",
            Self::HashDisputed { .. } => "hash_disputed",
            Self::DeviceSilent { .. } => "device_silent",
            Self::RetryScheduled { .. } => "retry_scheduled",
            Self::Snoozed { .. } => "snoozed",
            Self::Released => "released",
            Self::Rescued { .. } => "rescued",
            Self::CancelRequested { .. } => "cancel_requested",
            Self::Completed { .. } => "completed",
            Self::Failed { .. } => "failed",
            Self::Skipped { .. } => "skipped",
            Self::Cancelled { .. } => "cancelled",
        }
    }

    /// Context and particulars as one flat object.
    pub(super) fn data(&self, context: &JobContext) -> Value {
        let mut data = object(context);
        data.extend(object(self));
        Value::Object(data)
    }
}

/// A struct as a JSON object. Our event types hold only strings, numbers and lists, so they always are one.
fn object(of: &impl Serialize) -> Map<String, Value> {
    match serde_json::json!(of) {
        Value::Object(map) => map,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::EventDraft;

    #[test]
    fn an_event_is_a_flat_numbered_cloud_event() {
        let context = JobContext {
            job: JobId(7),
            job_type: JobType::DownloadOnly,
            serial: "007900000100103".parse().unwrap(),
            batch: BatchId(uuid::Uuid::nil()),
            attempt: 1,
        };
        let event = JobEvent::DownloadStarted { version: "11.1.0".into(), device_job: 3448, adopted: false };
        let draft = EventDraft::new(&context, &event, jiff::Timestamp::UNIX_EPOCH);
        assert_eq!(draft.routing_key(), "evt.download_only.download_started");
        let json: Value = serde_json::from_str(&draft.numbered(5)).unwrap();
        assert_eq!(json["type"], "panos.job.download_started.v1");
        assert_eq!(json["jobsequence"], 5);
        assert_eq!(json["data"]["serial"], "007900000100103");
        assert_eq!(json["data"]["device_job"], 3448);
        assert_eq!(json["data"]["event"], event.name());
    }
}
