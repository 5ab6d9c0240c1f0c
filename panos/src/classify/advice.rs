//! What follows from a refusal: for programs ([`Advice`]) and for operators (a sentence).
//!
//! Leaves to others: how long to wait, how often to try, and whom to tell.

use super::Refusal;

/// What a caller does about a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Advice {
    /// A new key may help. [`Client`](crate::Client) has tried that once where it holds a password, so a
    /// caller who sees this holds the device and counts towards its lock-out breaker.
    Reauthenticate,
    /// Try again later; a growing pause is right.
    RetryLater,
    /// The device is busy. Waiting costs nothing and is not a failed attempt.
    WaitFor(Busy),
    /// A person must act before another try can succeed.
    Operator,
    /// The same request will always get the same answer.
    Permanent,
    /// Not known: keep the message, try a few times, then hold.
    Unknown,
}

/// What keeps a device busy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Busy {
    /// Another download: look whether it is ours, else wait 30 to 60 s.
    Download,
    /// A commit, validation, synchronisation or installation: wait about 60 s.
    Commit,
    /// The software manager: wait 60 to 120 s.
    SoftwareManager,
    /// An import: look whether the file has arrived, then wait.
    Import,
    /// An administrator's lock: wait within bounds, then tell the operator.
    Lock,
}

impl Refusal {
    /// What to do about it.
    pub fn advice(&self) -> Advice {
        match self {
            Self::CredentialsRejected | Self::KeyExpired | Self::SessionTimedOut => Advice::Reauthenticate,
            Self::BusyDownload => Advice::WaitFor(Busy::Download),
            Self::BusyCommit => Advice::WaitFor(Busy::Commit),
            Self::BusySoftwareManager => Advice::WaitFor(Busy::SoftwareManager),
            Self::BusyImport => Advice::WaitFor(Busy::Import),
            Self::Locked => Advice::WaitFor(Busy::Lock),
            Self::UpdateServer
            | Self::JobLost
            | Self::NotDownloaded
            | Self::Offline
            | Self::Unavailable
            | Self::Internal => Advice::RetryLater,
            Self::Permission
            | Self::HaSyncFailed
            | Self::BaseMissing { .. }
            | Self::ContentTooOld
            | Self::NeedsReboot
            | Self::DiskFull
            | Self::Entitlement
            | Self::CloudManaged => Advice::Operator,
            Self::UnknownVersion | Self::Permanent => Advice::Permanent,
            Self::Unrecognised => Advice::Unknown,
        }
    }

    /// What an operator does next, as a lower-case sentence without a full stop.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::CredentialsRejected => {
                "check user name, password and API key for this device; do not repeat before, or the account is locked out"
            }
            Self::KeyExpired => {
                "generate a new API key, or configure a password so that it is done automatically"
            }
            Self::SessionTimedOut => {
                "let no other program generate keys for the same user: every new key ends the user's sessions"
            }
            Self::Permission => {
                "give the administrator role the XML API right for operational requests; downloads need a superuser"
            }
            Self::BusyDownload => {
                "wait until the other download has ended; `show jobs all` on the device names it"
            }
            Self::BusyCommit => {
                "wait until the commit or installation has ended; `show jobs all` on the device names it"
            }
            Self::BusySoftwareManager => {
                "wait some minutes until the software manager has finished the previous image"
            }
            Self::BusyImport => {
                "look into the software list whether the image has arrived, then import it again"
            }
            Self::Locked => {
                "ask the administrator who holds the lock to release it; `show config-locks` names them"
            }
            Self::HaSyncFailed => "synchronise the pair and look at its HA state before going on",
            Self::UpdateServer => {
                "check the device's DNS, proxy, service route and licence: it did not reach its update server"
            }
            Self::BaseMissing { .. } => "download the base image of the train first, then the image again",
            Self::ContentTooOld => "update applications and threats on the device before the installation",
            Self::JobLost => {
                "look into the software list whether the image is there, else start the download again"
            }
            Self::NotDownloaded => {
                "download the image first; if it was there, delete it and download it again"
            }
            Self::NeedsReboot => "reboot the device, then try again",
            Self::DiskFull => "delete images that are no longer needed from the device",
            Self::Entitlement => "renew the support licence, or register the device with the support portal",
            Self::Offline => {
                "check the connection between the device and Panorama, or wait until its reboot is over"
            }
            Self::CloudManaged => "manage this device in Strata Cloud Manager, or exclude it",
            Self::UnknownVersion => {
                "refresh the software list; a version that is not offered to this model cannot be staged"
            }
            Self::Unavailable => "try again later; the management web server is starting or overloaded",
            Self::Internal => "try again later; if it stays, look at the management plane's log",
            Self::Permanent => "the device does not take this command; check its version and model",
            Self::Unrecognised => "read the device's message; it is none of the known ones",
        }
    }
}
