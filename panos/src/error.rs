//! What can go wrong between asking a device and having its answer.
//!
//! A variant exists because a caller acts differently on it. Every variant that concerns a device names
//! its host and the command; none carries a key, a password or more than a short excerpt of an answer.

use crate::classify::Refusal;
use crate::tls::Fingerprint;
use std::io;

/// Why a call to a device did not give what was asked for.
#[derive(Debug, thiserror::Error)]
pub enum PanosError {
    /// Refused, reset, timed out or cut before a whole answer was there: try again later.
    #[error("{host}: no answer to `{command}`")]
    NoAnswer {
        /// The device, as [`Endpoint`](crate::Endpoint) prints it.
        host: String,
        /// What was asked, as on the device's command line.
        command: &'static str,
        /// Whether the device may have received the command.
        phase: Phase,
        /// The operating system's or the clock's word for it.
        #[source]
        source: io::Error,
    },
    /// The TLS handshake failed on trust or protocol: an operator's concern, not a matter of time.
    #[error("{host}: no trusted connection for `{command}`")]
    Tls {
        /// The device.
        host: String,
        /// What was to be asked.
        command: &'static str,
        /// What did not hold.
        #[source]
        problem: TlsProblem,
    },
    /// The device answered, and said no.
    #[error("{host}: refused `{command}`: {message}")]
    Refused {
        /// The device.
        host: String,
        /// What was asked; `keygen` when the credentials themselves were refused.
        command: &'static str,
        /// What the message was taken for; it knows what to do next.
        refusal: Refusal,
        /// The device's words, secrets removed.
        message: String,
    },
    /// The device answered something else than it should: malformed, cut, another page, or a success
    /// without the thing asked for. Normal for a moment during a reboot, else worth a person's look.
    #[error("{host}: unexpected answer to `{command}`: expected {expected}, found {found}")]
    UnexpectedAnswer {
        /// The device.
        host: String,
        /// What was asked.
        command: &'static str,
        /// What the answer should have had.
        expected: String,
        /// A short, escaped excerpt or a description; secrets removed.
        found: String,
    },
    /// The answer is longer than [`TransportConfig::max_answer_bytes`](crate::TransportConfig).
    #[error("{host}: answer to `{command}` is larger than {limit_bytes} bytes")]
    TooLarge {
        /// The device.
        host: String,
        /// What was asked.
        command: &'static str,
        /// The limit that was met.
        limit_bytes: usize,
    },
    /// Nothing was sent: an address, certificate file or key that cannot be used.
    #[error("{problem}")]
    Setup {
        /// What cannot be used, and why.
        problem: String,
    },
}

impl PanosError {
    /// The device concerned; none for [`PanosError::Setup`].
    pub fn host(&self) -> Option<&str> {
        match self {
            Self::NoAnswer { host, .. }
            | Self::Tls { host, .. }
            | Self::Refused { host, .. }
            | Self::UnexpectedAnswer { host, .. }
            | Self::TooLarge { host, .. } => Some(host),
            Self::Setup { .. } => None,
        }
    }

    /// Whether a device that is rebooting answers like this.
    ///
    /// While it boots it refuses or resets connections, is silent, has an HTTP error or half a page, and says
    /// `Invalid credentials.` until its authentication service runs (pan-os-python, `syncjob` and
    /// `syncreboot`); behind Panorama it is not connected. None of this is a reason to give up on a job, to
    /// ask for a new key or to count a refused log-in before the time for a reboot is over. A certificate
    /// that is not trusted is no boot.
    pub fn may_be_boot(&self) -> bool {
        match self {
            Self::NoAnswer { .. } | Self::UnexpectedAnswer { .. } => true,
            Self::Refused { refusal, .. } => {
                matches!(refusal, Refusal::CredentialsRejected | Refusal::Unavailable | Refusal::Offline)
            }
            Self::Tls { .. } | Self::TooLarge { .. } | Self::Setup { .. } => false,
        }
    }

    /// What the device refused with, when it did answer and refuse.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused { refusal, .. } => Some(refusal),
            Self::NoAnswer { .. }
            | Self::Tls { .. }
            | Self::UnexpectedAnswer { .. }
            | Self::TooLarge { .. }
            | Self::Setup { .. } => None,
        }
    }
}

/// How far a call came that got no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// There was no connection: the command certainly did not arrive.
    Connect,
    /// The connection stood: the command may have arrived, and may be carried out. Look before asking again.
    Answer,
}

/// What did not hold about the other side's certificate or handshake.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TlsProblem {
    /// A pin is recorded for the host, and the certificate is another one: alarm, never a retry.
    #[error("certificate {found} is not the pinned one ({expected})")]
    PinMismatch {
        /// The recorded fingerprints, separated by blanks.
        expected: String,
        /// SHA-256 of the certificate that was shown.
        found: Fingerprint,
    },
    /// Pins are in force and none is recorded for the host. Compare `found` on the device's console.
    #[error("no fingerprint is pinned for this host, which shows certificate {found}")]
    NotPinned {
        /// SHA-256 of the certificate that was shown.
        found: Fingerprint,
    },
    /// The certificate is not trusted: issuer, name or dates.
    #[error("certificate not trusted: {0}")]
    Untrusted(String),
    /// The two sides found no common protocol, or one broke it.
    #[error("handshake failed: {0}")]
    Handshake(String),
}
