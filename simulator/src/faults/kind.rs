//! What can go wrong, by name.
//!
//! A kind either *spoils* answers ([`FaultKind::spoils`]) or bends the state of the device, which asks for it
//! where it matters. Leaves to others: when and how often it strikes ([`super::Fault`]).

use std::time::Duration;

use serde::Serialize;

use super::request;
use crate::clock::Moment;
use crate::version::Version;
use crate::word::Word;

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum FaultKind {
    /// Connections are reset as soon as they are made. In a fleet of up to a thousand devices, one that has this
    /// from the beginning and without end is not listened for at all: the kernel refuses.
    Refuse,
    /// Connections are accepted and no byte is ever sent.
    Hang,
    /// The request is read, then the connection is reset.
    Reset,
    /// TLS is answered with a certificate of an unknown authority.
    WrongCertificate,
    /// The web server answers with this status and no XML.
    HttpError {
        /// HTTP status, 5xx as a rule.
        status: u16,
    },
    /// Two documents in one answer, as recorded once just after a boot.
    MalformedXml,
    /// The answer ends in the middle, in good HTTP.
    TruncatedXml,
    /// An answer without a body.
    Empty,
    /// A web page, as a captive portal would send.
    Html,
    /// An answer without end, up to `bytes`.
    HugeBody {
        /// Size of the body.
        bytes: u64,
    },
    /// Elements inside elements.
    NestedXml {
        /// How deep.
        depth: u32,
    },
    /// Code 17 with nothing but white space for a message.
    BlankError,
    /// Code 22.
    SessionTimedOut,
    /// HTTP 400 that repeats the key in its reason phrase.
    KeyExpired,
    /// Somebody else makes a key for the account while a download runs: ours stops working.
    KeyTaken,
    /// HTTP 403 with an empty message.
    ForbiddenEmpty,
    /// Code 16: the role lacks the right.
    Unauthorized,
    /// User, password and key are refused.
    CredentialsRefused,
    /// Every answer takes this much longer.
    Slow {
        /// Added to each answer.
        #[serde(serialize_with = "request::as_ms")]
        delay_ms: Duration,
    },
    /// The update server cannot be reached: `check` fails with the text of a communication error.
    UpdateServer,
    /// The update server cannot be reached: `check` fails with the text of an unknown error.
    UpdateServerUnknown,
    /// The update server does not know the device: `check` fails.
    NotEntitled {
        /// What `check` says; nobody captured it.
        text: String,
    },
    /// Download requests meet somebody else's download.
    Busy,
    /// Download requests meet somebody else's commit or installation.
    BusyCommit,
    /// A download is begun, and the connection is reset before the answer is sent.
    AnswerLost,
    /// A download is accepted, but the reply names no job.
    NoJobId,
    /// The next query for a running job finds it gone, and its download with it.
    JobVanishes,
    /// The next query for a running job finds it gone; its download goes on.
    JobForgotten,
    /// The device reboots in the middle of a download, or at a set time.
    Reboot {
        /// When; in the middle of the running or next download when absent.
        #[serde(skip)]
        at: Option<Moment>,
    },
    /// Downloads make no progress.
    Stall,
    /// A download stands still in its middle for so long, then goes on.
    Pause {
        /// How long.
        #[serde(serialize_with = "request::as_ms")]
        delay_ms: Duration,
    },
    /// Downloads end in FAIL with a communication error.
    DownloadFails,
    /// Downloads end in FAIL for want of room, whatever `df` says.
    NoRoom,
    /// Downloads end in OK, and nothing is there.
    FalseSuccess,
    /// An administrator deletes the base image while an image that needs it is on its way.
    BaseDeleted,
    /// The device answers with another serial.
    WrongSerial {
        /// The serial it claims.
        serial: String,
    },
    /// The list reports a false hash.
    HashMismatch {
        /// For this version; for every version when absent.
        version: Option<Version>,
    },
    /// The list reports a false hash for a file that the catalogue does not know.
    HashDisputed {
        /// For this version; for every version when absent.
        version: Option<Version>,
    },
    /// The catalogue does not know the file, and its true hash is reported.
    HashUnknown {
        /// For this version; for every version when absent.
        version: Option<Version>,
    },
    /// The list reports no hashes.
    HashAbsent,
    /// `/opt/panrepo` is full.
    DiskFull,
    /// Panorama alone: it is the passive one of its pair, and shows every device as disconnected.
    Passive,
}

impl FaultKind {
    /// Whether it replaces the answer to this command; the others bend the device's state.
    pub fn spoils(&self, command: Word) -> bool {
        match self {
            Self::Refuse
            | Self::Hang
            | Self::Reset
            | Self::HttpError { .. }
            | Self::MalformedXml
            | Self::TruncatedXml
            | Self::Empty
            | Self::Html
            | Self::HugeBody { .. }
            | Self::NestedXml { .. }
            | Self::BlankError
            | Self::ForbiddenEmpty
            | Self::CredentialsRefused => true,
            // A key is what a keygen is for: these strike the commands that carry one.
            Self::SessionTimedOut | Self::KeyExpired | Self::Unauthorized => command != Word::Keygen,
            Self::UpdateServer | Self::UpdateServerUnknown | Self::NotEntitled { .. } => {
                matches!(command, Word::SoftwareCheck | Word::SupportCheck | Word::ContentCheck)
            }
            Self::WrongCertificate
            | Self::KeyTaken
            | Self::Slow { .. }
            | Self::Busy
            | Self::BusyCommit
            | Self::AnswerLost
            | Self::NoJobId
            | Self::JobVanishes
            | Self::JobForgotten
            | Self::Reboot { .. }
            | Self::Stall
            | Self::Pause { .. }
            | Self::DownloadFails
            | Self::NoRoom
            | Self::FalseSuccess
            | Self::BaseDeleted
            | Self::WrongSerial { .. }
            | Self::HashMismatch { .. }
            | Self::HashDisputed { .. }
            | Self::HashUnknown { .. }
            | Self::HashAbsent
            | Self::DiskFull
            | Self::Passive => false,
        }
    }
}
