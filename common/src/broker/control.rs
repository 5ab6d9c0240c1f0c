//! The message that tells workers to look now, and the stream of them.
//!
//! A control carries no order: it says where in the ledger something has changed. Whoever misses one sees the same
//! change with the next renewal of its leases, so controls are neither stored nor confirmed nor sent twice.
//!
//! Leaves to others: what a worker does about it; carrying it (`rabbitmq`, `in_process`).

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::BrokerError;
use super::wake_up::{Unreadable, Version};
use crate::domain::job::JobId;

/// Version of a control's shape; a reader skips what is newer than it knows.
pub const CONTROL_SCHEMA: u8 = 1;

/// Look now: the ledger has the truth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "control", rename_all = "snake_case")]
pub enum Control {
    /// Somebody wants this job cancelled: `{"v":1,"control":"cancel","job_id":4711}`.
    Cancel {
        /// The job.
        job_id: JobId,
    },
    /// Something was paused or resumed, or the fleet's hold has changed: `{"v":1,"control":"pauses"}`.
    Pauses,
}

impl Control {
    /// Reads a body.
    ///
    /// # Errors
    /// [`Unreadable`], saying what is wrong with it.
    pub fn parse(body: &[u8]) -> Result<Self, Unreadable> {
        Version::expect(body, CONTROL_SCHEMA)?;
        serde_json::from_slice(body).map_err(|error| Unreadable(error.to_string()))
    }

    /// The body on the wire.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut body = serde_json::json!(self);
        body["v"] = CONTROL_SCHEMA.into();
        body.to_string()
    }
}

/// The controls that are sent while it lives.
#[async_trait]
pub trait Controls: Send {
    /// The next one; waits for as long as it takes, and reconnects on its own with back-off. Lossy: what is sent
    /// while there is no connection is missed, so look at the ledger after a long silence all the same. What
    /// cannot be read is left out with a warning. Cancel safe.
    ///
    /// # Errors
    /// [`BrokerError::Closed`] only when it can never deliver again, for example after a wrong password.
    async fn next(&mut self) -> Result<Control, BrokerError>;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::broker::MAX_WAKE_UP_BYTES;

    #[test]
    fn a_control_reads_as_it_was_written() {
        for (control, json) in [
            (
                Control::Cancel { job_id: JobId(4711) },
                serde_json::json!({"v": 1, "control": "cancel", "job_id": 4711}),
            ),
            (Control::Pauses, serde_json::json!({"v": 1, "control": "pauses"})),
        ] {
            let text = control.to_json();
            assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), json);
            assert_eq!(Control::parse(text.as_bytes()), Ok(control));
        }
    }

    #[test]
    fn what_is_not_a_control_is_refused_with_the_reason() {
        let too_long = vec![b' '; MAX_WAKE_UP_BYTES + 1];
        for (body, reason) in [
            (&b"pause!"[..], "expected value at line 1 column 1"),
            (br#"{"control":"pauses"}"#, "missing field `v` at line 1 column 20"),
            (br#"{"v":2,"control":"dance"}"#, "schema 2, this program reads 1"),
            (br#"{"v":1,"control":"cancel"}"#, "missing field `job_id`"),
            (br#"{"v":1,"control":"dance"}"#, "unknown variant `dance`, expected `cancel` or `pauses`"),
            (&too_long, "65537 bytes, at most 65536 are read"),
        ] {
            let Unreadable(found) = Control::parse(body).unwrap_err();
            assert!(found.starts_with(reason), "{found}");
        }
    }
}
