//! The message that wakes a worker, as it is on the wire.
//!
//! Promises: what is read was written by a program of this schema and is short; what is not says why. Leaves to
//! others: whether any of it is true (the claim decides that).

use serde::{Deserialize, Serialize};

use crate::domain::device::Serial;
use crate::domain::job::{JobId, JobType};

/// Version of the wake-up's shape; a reader refuses what is newer than it knows.
pub const WAKE_UP_SCHEMA: u8 = 1;

/// Largest body that is read, in bytes. A wake-up has about 150; more is not one of ours.
pub const MAX_WAKE_UP_BYTES: usize = 64 * 1024;

/// The message that names a job. Readable on its own, never believed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WakeUp {
    /// [`WAKE_UP_SCHEMA`].
    pub v: u8,
    /// The job to claim.
    pub job_id: JobId,
    /// Its type.
    #[serde(rename = "type")]
    pub job_type: JobType,
    /// Its device.
    pub serial: Serial,
    /// The attempt that a claim would begin.
    pub attempt: u32,
}

impl WakeUp {
    /// Reads a body.
    ///
    /// # Errors
    /// [`Unreadable`], saying what is wrong with it.
    pub fn parse(body: &[u8]) -> Result<Self, Unreadable> {
        Version::expect(body, WAKE_UP_SCHEMA)?;
        serde_json::from_slice(body).map_err(|error| Unreadable(error.to_string()))
    }

    /// The body on the wire.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::json!(self).to_string()
    }

    /// `job.<type>.any.default`: the third word picks the pool, so that job queues never overlap.
    #[must_use]
    pub fn routing_key(job_type: JobType) -> String {
        format!("job.{job_type}.any.default")
    }
}

/// What every version of our messages has.
#[derive(Deserialize)]
pub(super) struct Version {
    v: u8,
}

impl Version {
    /// Looks at size and version first: a newer shape is to be called newer, not broken.
    pub(super) fn expect(body: &[u8], schema: u8) -> Result<(), Unreadable> {
        if body.len() > MAX_WAKE_UP_BYTES {
            return Err(Unreadable(format!("{} bytes, at most {MAX_WAKE_UP_BYTES} are read", body.len())));
        }
        let Self { v } = serde_json::from_slice(body).map_err(|error| Unreadable(error.to_string()))?;
        if v == schema { Ok(()) } else { Err(Unreadable(format!("schema {v}, this program reads {schema}"))) }
    }
}

/// Why a body is not one of our messages.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unreadable: {0}")]
pub struct Unreadable(pub String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wake_up_reads_as_it_was_written() {
        let wake_up = WakeUp {
            v: WAKE_UP_SCHEMA,
            job_id: JobId(4711),
            job_type: JobType::DownloadOnly,
            serial: "007900000100103".parse().unwrap(),
            attempt: 2,
        };
        let json = wake_up.to_json();
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&json).unwrap(),
            serde_json::json!({"v": 1, "job_id": 4711, "type": "download_only", "serial": "007900000100103", "attempt": 2})
        );
        assert_eq!(WakeUp::parse(json.as_bytes()), Ok(wake_up));
    }

    #[test]
    fn what_is_not_a_wake_up_is_refused_with_the_reason() {
        let too_long = vec![b' '; MAX_WAKE_UP_BYTES + 1];
        for (body, reason) in [
            (&b"\xff\x00"[..], "expected value at line 1 column 1"),
            (br#"{"v":1}"#, "missing field `job_id` at line 1 column 7"),
            (br#"{"v":2,"job":"new"}"#, "schema 2, this program reads 1"),
            (&too_long, "65537 bytes, at most 65536 are read"),
        ] {
            assert_eq!(WakeUp::parse(body), Err(Unreadable(reason.to_owned())));
        }
    }
}
