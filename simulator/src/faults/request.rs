//! A fault as the control endpoint and a scenario file ask for it.
//!
//! Strict: an unknown key, and a key that the kind does not use, are refused with the keys that it does use.
//! Example: `{"kind": "http_error", "status": 502, "count": 3, "for": "10s", "commands": ["job"]}`.

use std::time::Duration;

use serde::{Deserialize, Serializer};

use super::{Fault, FaultKind};
use crate::clock::{Moment, millis};
use crate::span::Span;
use crate::version::Version;
use crate::word::Word;

/// Bytes of a huge answer when the request says nothing: well beyond what any client may hold.
const HUGE_BYTES: u64 = 100 * 1024 * 1024;
/// The most bytes that a huge answer may have, so that a mistyped number does not stream for hours.
const HUGE_BYTES_LIMIT: u64 = 1024 * 1024 * 1024;
/// Depth of a nested answer when the request says nothing.
const DEPTH: u32 = 20_000;
/// The deepest answer that is built.
const DEPTH_LIMIT: u32 = 1_000_000;
/// Delay of slow answers when the request says nothing.
const DELAY: Duration = Duration::from_secs(2);

/// What a device without a contract says when the request says nothing: recorded in an answer to a support check,
/// that a check of the list says the same is our guess.
pub const NOT_ENTITLED: &str = "Device not found on this update server";

/// What may be asked for.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultRequest {
    /// A word from the list in [`FaultError::Kind`].
    pub kind: String,
    /// How often it strikes; without end when absent.
    pub count: Option<u32>,
    /// How long it lasts; without end when absent.
    #[serde(rename = "for")]
    pub lasts: Option<Span>,
    /// Which commands it spoils; all when absent.
    pub commands: Option<Vec<Word>>,
    /// It spoils every so many answers; each of them when absent.
    pub every: Option<u32>,
    /// `http_error`: the status, 500 to 599.
    pub status: Option<u16>,
    /// `huge_body`: its size.
    pub bytes: Option<u64>,
    /// `nested_xml`: how deep.
    pub depth: Option<u32>,
    /// `slow`: added to each answer; `pause`: how long the download stands still.
    pub delay: Option<Span>,
    /// `reboot`: from now.
    pub after: Option<Span>,
    /// `wrong_serial`: the serial it claims.
    pub serial: Option<String>,
    /// `not_entitled`: what is said.
    pub text: Option<String>,
    /// `hash_mismatch`, `hash_disputed`, `hash_unknown`: for this version alone.
    pub version: Option<Version>,
}

/// A fault that cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FaultError {
    /// No such kind.
    #[error("unknown fault `{0}` (known: {known})", known = KINDS.join(", "))]
    Kind(String),
    /// A key that means nothing for this kind.
    #[error("fault `{kind}` takes no `{key}`")]
    Key {
        /// The kind asked for.
        kind: String,
        /// The key that came with it.
        key: &'static str,
    },
    /// A value out of range.
    #[error("fault `{kind}`: `{key}` is {found}, it may be {range}")]
    Range {
        /// The kind asked for.
        kind: String,
        /// Which value.
        key: &'static str,
        /// What it is.
        found: u64,
        /// What it may be.
        range: &'static str,
    },
}

/// Every kind, as it is written.
const KINDS: &[&str] = &[
    "refuse",
    "hang",
    "reset",
    "wrong_certificate",
    "http_error",
    "malformed_xml",
    "truncated_xml",
    "empty",
    "html",
    "huge_body",
    "nested_xml",
    "blank_error",
    "session_timed_out",
    "key_expired",
    "key_taken",
    "forbidden_empty",
    "unauthorized",
    "credentials_refused",
    "slow",
    "update_server",
    "update_server_unknown",
    "not_entitled",
    "busy",
    "busy_commit",
    "answer_lost",
    "no_job_id",
    "job_vanishes",
    "job_forgotten",
    "reboot",
    "stall",
    "pause",
    "download_fails",
    "no_room",
    "false_success",
    "base_deleted",
    "wrong_serial",
    "hash_mismatch",
    "hash_disputed",
    "hash_unknown",
    "hash_absent",
    "disk_full",
    "passive",
];

impl FaultRequest {
    /// The fault that is asked for, beginning `now`.
    ///
    /// # Errors
    /// An unknown kind, a key that the kind does not use, a value out of range.
    pub fn resolve(&self, now: Moment) -> Result<Fault, FaultError> {
        let kind = self.kind(now)?;
        self.refuse_stray_keys()?;
        let once = matches!(
            kind,
            FaultKind::Reboot { .. }
                | FaultKind::JobVanishes
                | FaultKind::JobForgotten
                | FaultKind::KeyTaken
                | FaultKind::AnswerLost
                | FaultKind::Pause { .. }
                | FaultKind::BaseDeleted
        );
        let every = self.every.unwrap_or(1);
        self.check("every", u64::from(every), every > 0, "1 and more")?;
        Ok(Fault {
            every: self.every,
            passed: 0,
            left: self.count.or(once.then_some(1)),
            until: self.lasts.map(|span| now.plus(span.0)),
            only: self.commands.clone().unwrap_or_default(),
            kind,
        })
    }

    fn kind(&self, now: Moment) -> Result<FaultKind, FaultError> {
        Ok(match self.kind.as_str() {
            "refuse" => FaultKind::Refuse,
            "hang" => FaultKind::Hang,
            "reset" => FaultKind::Reset,
            "http_error" => {
                let status = self.status.unwrap_or(503);
                self.check("status", u64::from(status), (500..=599).contains(&status), "500 to 599")?;
                FaultKind::HttpError { status }
            }
            "malformed_xml" => FaultKind::MalformedXml,
            "truncated_xml" => FaultKind::TruncatedXml,
            "empty" => FaultKind::Empty,
            "wrong_certificate" => FaultKind::WrongCertificate,
            "html" => FaultKind::Html,
            "huge_body" => {
                let bytes = self.bytes.unwrap_or(HUGE_BYTES);
                self.check("bytes", bytes, bytes <= HUGE_BYTES_LIMIT, "up to 1073741824")?;
                FaultKind::HugeBody { bytes }
            }
            "nested_xml" => {
                let depth = self.depth.unwrap_or(DEPTH);
                self.check("depth", u64::from(depth), depth <= DEPTH_LIMIT, "up to 1000000")?;
                FaultKind::NestedXml { depth }
            }
            "blank_error" => FaultKind::BlankError,
            "session_timed_out" => FaultKind::SessionTimedOut,
            "key_expired" => FaultKind::KeyExpired,
            "key_taken" => FaultKind::KeyTaken,
            "forbidden_empty" => FaultKind::ForbiddenEmpty,
            "unauthorized" => FaultKind::Unauthorized,
            "credentials_refused" => FaultKind::CredentialsRefused,
            "slow" => FaultKind::Slow { delay_ms: self.delay.map_or(DELAY, |span| span.0) },
            "update_server" => FaultKind::UpdateServer,
            "update_server_unknown" => FaultKind::UpdateServerUnknown,
            "not_entitled" => {
                FaultKind::NotEntitled { text: self.text.clone().unwrap_or_else(|| NOT_ENTITLED.to_owned()) }
            }
            "busy" => FaultKind::Busy,
            "busy_commit" => FaultKind::BusyCommit,
            "answer_lost" => FaultKind::AnswerLost,
            "no_job_id" => FaultKind::NoJobId,
            "job_forgotten" => FaultKind::JobForgotten,
            "job_vanishes" => FaultKind::JobVanishes,
            "reboot" => FaultKind::Reboot { at: self.after.map(|span| now.plus(span.0)) },
            "stall" => FaultKind::Stall,
            "pause" => FaultKind::Pause { delay_ms: self.delay.map_or(DELAY, |span| span.0) },
            "download_fails" => FaultKind::DownloadFails,
            "no_room" => FaultKind::NoRoom,
            "false_success" => FaultKind::FalseSuccess,
            "base_deleted" => FaultKind::BaseDeleted,
            "wrong_serial" => FaultKind::WrongSerial {
                serial: self.serial.clone().unwrap_or_else(|| "019999999999".to_owned()),
            },
            "hash_mismatch" => FaultKind::HashMismatch { version: self.version },
            "hash_disputed" => FaultKind::HashDisputed { version: self.version },
            "hash_unknown" => FaultKind::HashUnknown { version: self.version },
            "hash_absent" => FaultKind::HashAbsent,
            "disk_full" => FaultKind::DiskFull,
            "passive" => FaultKind::Passive,
            _ => return Err(FaultError::Kind(self.kind.clone())),
        })
    }

    fn check(
        &self,
        key: &'static str,
        found: u64,
        fits: bool,
        range: &'static str,
    ) -> Result<(), FaultError> {
        if fits { Ok(()) } else { Err(FaultError::Range { kind: self.kind.clone(), key, found, range }) }
    }

    fn refuse_stray_keys(&self) -> Result<(), FaultError> {
        let keys: [(&str, bool, &[&str]); 8] = [
            ("status", self.status.is_some(), &["http_error"]),
            ("bytes", self.bytes.is_some(), &["huge_body"]),
            ("depth", self.depth.is_some(), &["nested_xml"]),
            ("delay", self.delay.is_some(), &["slow", "pause"]),
            ("after", self.after.is_some(), &["reboot"]),
            ("text", self.text.is_some(), &["not_entitled"]),
            ("serial", self.serial.is_some(), &["wrong_serial"]),
            ("version", self.version.is_some(), &["hash_mismatch", "hash_disputed", "hash_unknown"]),
        ];
        match keys.iter().find(|(_, given, kinds)| *given && !kinds.contains(&self.kind.as_str())) {
            None => Ok(()),
            Some((key, ..)) => Err(FaultError::Key { kind: self.kind.clone(), key }),
        }
    }
}

/// Writes a duration as milliseconds, the unit in the field's name.
pub(super) fn as_ms<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(millis(*duration))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(json: &str) -> Result<Fault, String> {
        let request: FaultRequest = serde_json::from_str(json).map_err(|error| error.to_string())?;
        request.resolve(Moment::START).map_err(|error| error.to_string())
    }

    #[test]
    fn every_kind_resolves_and_is_written_as_it_is_read() {
        for kind in KINDS {
            let fault = resolve(&format!(r#"{{"kind": "{kind}"}}"#)).unwrap();
            assert_eq!(serde_json::to_value(&fault).unwrap()["kind"], *kind);
        }
    }

    #[test]
    fn what_a_kind_does_not_use_is_refused() {
        assert!(resolve(r#"{"kind": "html", "colour": 3}"#).unwrap_err().contains("colour"));
        assert_eq!(
            resolve(r#"{"kind": "html", "status": 500}"#).unwrap_err(),
            "fault `html` takes no `status`"
        );
        assert!(resolve(r#"{"kind": "http_error", "status": 200}"#).unwrap_err().contains("500 to 599"));
        assert!(resolve(r#"{"kind": "fire"}"#).unwrap_err().contains("known: refuse, hang"));
        assert!(resolve(r#"{"kind": "html", "commands": ["dance"]}"#).unwrap_err().contains("dance"));
    }
}
