//! Dead letters: which job one names, and what is told when it ends.

use jiff::Timestamp;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::told::{NewEntry, system_entry};
use crate::audit::{Actor, AuditAction};
use crate::broker::WakeUp;
use crate::domain::job::{JobId, Requester};
use crate::ledger::{DeadEnd, DeadLetter};

/// The job whose wake-up it was, where it can be read.
pub fn job_of(body: &[u8]) -> Option<JobId> {
    WakeUp::parse(body).ok().map(|wake_up| wake_up.job_id)
}

/// SHA-256 of the bytes that are kept: with message id and time of death it names a letter.
pub fn fingerprint(body: &[u8]) -> [u8; 32] {
    Sha256::digest(body).into()
}

/// The entry for the system chain when a letter ends: what it was, without its bytes.
pub fn dead_entry(letter: &DeadLetter, how: DeadEnd, by: &Requester, at: Timestamp) -> NewEntry {
    let action = match how {
        DeadEnd::Requeued => AuditAction::DeadLetterRequeued,
        DeadEnd::Dropped => AuditAction::DeadLetterDropped,
    };
    let sha256: String = fingerprint(&letter.body).iter().map(|byte| format!("{byte:02x}")).collect();
    let detail = json!({
        "id": letter.id,
        "message_id": letter.message_id,
        "reason": letter.reason,
        "size_bytes": letter.size_bytes,
        "sha256": sha256,
        "job": letter.job,
    });
    system_entry(action, Actor::Operator(by.clone()), detail, at)
}
