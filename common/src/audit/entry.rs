//! One entry and its canonical form.
//!
//! The hashed bytes are the stored bytes: JSON with sorted keys and no white space, made once when the
//! entry is written and never made again from a parsed value.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::job::{JobId, Requester};
use crate::domain::lease::WorkerId;

/// Chain of entries that belong to no device: discovery, catalogue, pause. Kept out of job transactions.
pub const SYSTEM_CHAIN: &str = "system";

/// Who did it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Actor {
    /// A person at a shell, or a program that acts for one.
    Operator(Requester),
    /// A worker process.
    Worker {
        /// Which one.
        id: WorkerId,
    },
    /// The system itself: rescue, due times.
    System,
}

/// What was done. The word is stable; particulars stand in the entry's `detail`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AuditAction {
    /// A wish became a job.
    JobQueued,
    /// A worker took it.
    JobClaimed,
    /// The device said who it is and what it runs.
    DeviceIdentified,
    /// The images of the path were decided.
    PathPlanned,
    /// Free space was compared with the need.
    SpaceChecked,
    /// An image was asked for; written before the request leaves.
    DownloadRequested,
    /// The device answered the request.
    DownloadAccepted,
    /// A download that was already running was taken over.
    DownloadAdopted,
    /// The device's own job ended.
    DownloadEnded,
    /// A hash was compared.
    ImageHashed,
    /// Another attempt is due.
    RetryScheduled,
    /// The device is busy.
    JobSnoozed,
    /// The worker handed it back.
    JobReleased,
    /// It was taken from a silent worker.
    JobRescued,
    /// A running job was asked to stop.
    CancelRequested,
    /// Terminal.
    JobCompleted,
    /// Terminal.
    JobFailed,
    /// Terminal.
    JobSkipped,
    /// Terminal.
    JobCancelled,
    /// The inventory was read.
    InventoryChanged,
    /// Trusted hashes were added, or one was removed.
    CatalogueChanged,
    /// A person gave a device another address, or gave it back to its source.
    DeviceAddressChanged,
    /// A person took a device out of the inventory.
    DeviceRemoved,
    /// A person wants an image deleted; written before the request leaves.
    ImageDeleteRequested,
    /// The device no longer lists the image.
    ImageDeleted,
    /// A person let a mismatch go.
    MismatchCleared,
    /// No new attempt begins.
    FleetHeld,
    /// Attempts begin again.
    FleetResumed,
    /// A device went silent during a download and came back, with what was seen.
    DeviceSilent,
    /// No new attempt of one type begins.
    QueuePaused,
    /// Attempts of that type begin again.
    QueueResumed,
    /// One worker begins no new attempt.
    WorkerPaused,
    /// That worker begins attempts again.
    WorkerResumed,
    /// A person published the bytes of a dead letter once more.
    DeadLetterRequeued,
    /// A person let a dead letter go.
    DeadLetterDropped,
}

/// What a caller wants recorded; the ledger adds actor, time, job and device.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditFact {
    /// What was done.
    pub action: AuditAction,
    /// Particulars: what was sent, what came back. Never a secret.
    pub detail: Value,
}

impl AuditFact {
    /// A fact with particulars.
    #[must_use]
    pub fn new(action: AuditAction, detail: Value) -> Self {
        Self { action, detail }
    }
}

/// Everything that must be provable about one entry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EntryBody {
    /// Version of this shape; 1.
    pub v: u8,
    /// When, by the clock of who wrote it.
    pub at: Timestamp,
    /// Who.
    pub actor: Actor,
    /// What.
    pub action: AuditAction,
    /// For which job.
    pub job: Option<JobId>,
    /// Particulars.
    pub detail: Value,
}

impl EntryBody {
    /// The bytes that are hashed and stored.
    #[must_use]
    pub fn canonical(&self) -> Vec<u8> {
        // A `Value` sorts its keys (serde_json without `preserve_order`); a struct would keep field order.
        serde_json::json!(self).to_string().into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_device_can_share_the_system_chain() {
        assert!(crate::domain::device::Serial::parse(SYSTEM_CHAIN).is_err());
    }

    #[test]
    fn the_canonical_form_has_sorted_keys_and_no_white_space() {
        let body = EntryBody {
            v: 1,
            at: Timestamp::UNIX_EPOCH,
            actor: Actor::Worker { id: WorkerId("w-1".into()) },
            action: AuditAction::DownloadRequested,
            job: Some(JobId(7)),
            detail: serde_json::json!({"version": "11.1.0", "attempt": 1}),
        };
        assert_eq!(
            String::from_utf8(body.canonical()).unwrap(),
            r#"{"action":"download_requested","actor":{"id":"w-1","kind":"worker"},"at":"1970-01-01T00:00:00Z","detail":{"attempt":1,"version":"11.1.0"},"job":7,"v":1}"#
        );
        assert_eq!(serde_json::from_slice::<EntryBody>(&body.canonical()).unwrap(), body);
    }
}
