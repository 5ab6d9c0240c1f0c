//! The table of messages. A row is all its fragments in one message, lower case, white space normalised.
//!
//! Rows stand from particular to general; the first that fits wins. The grade says how we know a text:
//! a guess has no capture, and may be wrong in wording without anything breaking: then the message stays
//! [`Refusal::Unrecognised`].

use super::Refusal;

/// How well a text is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Grade {
    /// Recorded from a real device or its command line.
    Recorded,
    /// Known by a field tool that reacts to it.
    Tool,
    /// Nobody published it; our reading of similar texts.
    Guess,
}

/// One message.
pub(crate) struct Pattern {
    /// All of these occur.
    pub(crate) fragments: &'static [&'static str],
    pub(crate) meaning: Meaning,
    /// For people who change the table; a test counts the guesses.
    #[cfg_attr(not(test), expect(dead_code, reason = "evidence for readers and tests, not for the program"))]
    pub(crate) grade: Grade,
}

/// What a message means; the version of a missing base is read from it afterwards.
pub(crate) enum Meaning {
    Plain(Refusal),
    BaseMissing,
}

/// The first row that fits a normalised message.
pub(crate) fn find(said: &str) -> Option<Refusal> {
    let fits = |pattern: &&Pattern| pattern.fragments.iter().all(|fragment| said.contains(fragment));
    PATTERNS.iter().find(fits).map(|pattern| match &pattern.meaning {
        Meaning::Plain(refusal) => refusal.clone(),
        Meaning::BaseMissing => quoted(said)
            .map_or(Refusal::Unrecognised, |version| Refusal::BaseMissing { version: version.to_owned() }),
    })
}

/// What stands in the quotes before `base image`.
fn quoted(said: &str) -> Option<&str> {
    let (before, _) = said.split_once("base image")?;
    let (before, _) = before.rsplit_once(['\'', '"', '’'])?;
    let (_, version) = before.rsplit_once(['\'', '"', '‘'])?;
    Some(version.trim()).filter(|version| !version.is_empty())
}

const fn row(fragments: &'static [&'static str], refusal: Refusal, grade: Grade) -> Pattern {
    Pattern { fragments, meaning: Meaning::Plain(refusal), grade }
}

/// The rows. Sources by short name: see the recorded answers in `classify/tests.rs`.
pub(crate) static PATTERNS: &[Pattern] = {
    use Grade::{Guess, Recorded, Tool};
    &[
        // Credentials. The expiry is in the reason phrase of an HTTP 400: Splunk-Apps issue 151.
        row(&["key expired"], Refusal::KeyExpired, Recorded),
        // Sent with HTTP 403, where a new key would not help: the vendor's Go client tests for it.
        row(&["not authorized for user role"], Refusal::Permission, Tool),
        row(&["invalid credential"], Refusal::CredentialsRejected, Recorded),
        row(&["session timed out"], Refusal::SessionTimedOut, Recorded),
        // Images. A base missing fails a job whose first line says "Successfully downloaded".
        Pattern {
            fragments: &["base image must be loaded before this image"],
            meaning: Meaning::BaseMissing,
            grade: Recorded,
        },
        row(&["requires a content version of"], Refusal::ContentTooOld, Recorded),
        row(&["software manager is currently in use"], Refusal::BusySoftwareManager, Recorded),
        row(&["another download is in progress"], Refusal::BusyDownload, Recorded),
        row(&["please reboot the system and try again"], Refusal::NeedsReboot, Tool),
        row(&["has not been downloaded"], Refusal::NotDownloaded, Tool),
        row(&["not downloaded"], Refusal::NotDownloaded, Tool),
        row(&["resource temporarily unavailable"], Refusal::BusyImport, Tool),
        // Others at work on the device: pan-os-python base.py, netcat.
        row(&["configuration is locked by"], Refusal::Locked, Tool),
        row(&["failed to synchronize running configuration with ha peer"], Refusal::HaSyncFailed, Tool),
        row(&["install is in progress"], Refusal::BusyCommit, Tool),
        row(&["commit is in progress"], Refusal::BusyCommit, Tool),
        row(&["another commit/validate is in progress"], Refusal::BusyCommit, Tool),
        row(&["another sync is in progress"], Refusal::BusyCommit, Tool),
        row(&["pending jobs in the commit task queue"], Refusal::BusyCommit, Tool),
        // The device talking about its update server, not we about the device.
        row(&["device not found on this update server"], Refusal::Entitlement, Recorded),
        row(&["generic communication error"], Refusal::UpdateServer, Recorded),
        row(&["failed to check", "unknown error"], Refusal::UpdateServer, Recorded),
        row(&["failed to check", "upgrade info"], Refusal::UpdateServer, Recorded),
        row(&["failed to check support info"], Refusal::UpdateServer, Tool),
        row(&["connection to update server"], Refusal::UpdateServer, Tool),
        row(&["communication error"], Refusal::UpdateServer, Tool),
        // Jobs that a restarted management plane no longer has.
        row(&["configd restart"], Refusal::JobLost, Recorded),
        row(&["no such query job"], Refusal::JobLost, Recorded),
        row(&["no such job"], Refusal::JobLost, Guess),
        // Panorama about a device: the first is recorded (cdot65), the others are known to pan-fw-upgrader.
        row(&["cloud management is enabled"], Refusal::CloudManaged, Tool),
        row(&["not connected"], Refusal::Offline, Recorded),
        row(&["target connection failed"], Refusal::Offline, Tool),
        row(&["target serial does not exist"], Refusal::Offline, Tool),
        row(&["target unknown"], Refusal::Offline, Tool),
        row(&["no such target"], Refusal::Offline, Tool),
        // Never published.
        row(&["is not a valid version"], Refusal::UnknownVersion, Guess),
        row(&["no space"], Refusal::DiskFull, Guess),
        row(&["no disk space"], Refusal::DiskFull, Guess),
        row(&["not enough space"], Refusal::DiskFull, Guess),
        row(&["not enough disk space"], Refusal::DiskFull, Guess),
        row(&["insufficient disk space"], Refusal::DiskFull, Guess),
        row(&["disk full"], Refusal::DiskFull, Guess),
        row(&["disk space full"], Refusal::DiskFull, Guess),
        row(&["disk", "is full"], Refusal::DiskFull, Guess),
        row(&["not entitled"], Refusal::Entitlement, Guess),
        row(&["support", "expired"], Refusal::Entitlement, Guess),
        row(&["license"], Refusal::Entitlement, Guess),
        row(&["licence"], Refusal::Entitlement, Guess),
    ]
};
