//! Reads the text of an answer, here and nowhere else: PAN-OS says in prose what others say in codes.
//!
//! Promises: [`Refusal`] is what a message was taken for, by one table whose rows name how sure we are;
//! what no row fits is [`Refusal::Unrecognised`], and the message stays with the error; an operator's own
//! patterns ([`Messages`]) come before the table. Leaves to others: finding the text
//! ([`envelope`](crate::envelope)) and acting on it.

mod advice;
mod messages;
mod patterns;
mod words;

pub use advice::{Advice, Busy};
pub use messages::Messages;

/// What a device meant by saying no.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// Key, user or password are not accepted. Also answered for some time after a boot, while the
    /// device's authentication service starts.
    CredentialsRejected,
    /// The API key has run out. Also assumed for an HTTP 400 that says nothing at all, because the
    /// expiry is told in the reason phrase only, which a middlebox may have replaced.
    KeyExpired,
    /// The API session behind the key has ended, as when another `keygen` ran for the same user.
    SessionTimedOut,
    /// The administrator's role lacks the right for the command.
    Permission,
    /// Another image is being downloaded.
    BusyDownload,
    /// A commit, validation, synchronisation or installation is running.
    BusyCommit,
    /// The software manager is working on an image.
    BusySoftwareManager,
    /// An import was not taken for lack of a free resource; the file may be there nevertheless.
    BusyImport,
    /// An administrator holds the configuration lock.
    Locked,
    /// The HA peer did not take over the configuration.
    HaSyncFailed,
    /// The device could not reach its update server, or is not licensed there.
    UpdateServer,
    /// The image needs the base image of its train on the device first.
    BaseMissing {
        /// The version of the base, from the message.
        version: String,
    },
    /// The installed content (applications and threats) is older than the image asks for.
    ContentTooOld,
    /// The device has forgotten the job, as after a restart of its management plane.
    JobLost,
    /// The image is not on the device.
    NotDownloaded,
    /// The device asks to be rebooted first.
    NeedsReboot,
    /// There is no room for the image.
    DiskFull,
    /// No licence or support contract for it, or the update server does not know the device.
    Entitlement,
    /// Panorama has no connection to the device. Panorama itself is well.
    Offline,
    /// The device is managed by Strata Cloud Manager, not by Panorama.
    CloudManaged,
    /// The device does not know the version.
    UnknownVersion,
    /// The management web server cannot serve the call now (HTTP 429 or 5xx).
    Unavailable,
    /// The device calls it an internal error (codes 2-5, 11, 21).
    Internal,
    /// The command is not understood or not possible on this device: asking again gives the same answer.
    Permanent,
    /// None of the known messages.
    Unrecognised,
}

/// Everything an answer says no with.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Signals<'a> {
    /// HTTP status; 0 for a text that did not come with one, as a job's details.
    pub(crate) http_status: u16,
    /// HTTP reason phrase, when unusual.
    pub(crate) reason: Option<&'a str>,
    /// The `code` attribute.
    pub(crate) code: Option<u16>,
    /// The message, lines joined.
    pub(crate) text: &'a str,
    /// What was asked for.
    pub(crate) about: About,
}

/// What a command asks for, where the same words mean something else for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum About {
    /// Anything.
    #[default]
    Device,
    /// One job of the device, by its id: here `not found` is about the job.
    OneJob,
}

/// Takes an answer for one of the known refusals: first by the operator's own patterns, then by the table.
///
/// Words come before numbers, because a code is often too coarse (17 is "invalid command or parameters"
/// for nearly everything); among words the more particular row stands first in the table.
pub(crate) fn classify(signals: Signals<'_>, messages: &Messages) -> Refusal {
    let said = normalised(&format!("{} {}", signals.reason.unwrap_or_default(), signals.text));
    if let Some(refusal) = messages.find(&said).or_else(|| patterns::find(&said)) {
        return refusal;
    }
    if signals.http_status == 403 || signals.http_status == 401 || signals.code == Some(403) {
        return Refusal::CredentialsRejected;
    }
    if signals.about == About::OneJob && (matches!(signals.code, Some(7 | 13)) || denies_job(&said)) {
        return Refusal::JobLost;
    }
    match signals.code {
        Some(22) => return Refusal::SessionTimedOut,
        Some(16) => return Refusal::Permission,
        Some(2..=5 | 11 | 21) => return Refusal::Internal,
        Some(1 | 6 | 12 | 17 | 18) => return Refusal::Permanent,
        Some(400) if !said.is_empty() => return Refusal::Permanent,
        Some(_) | None => {}
    }
    match signals.http_status {
        400 if said.is_empty() => Refusal::KeyExpired,
        400 => Refusal::Permanent,
        429 | 500..=599 => Refusal::Unavailable,
        _ => Refusal::Unrecognised,
    }
}

/// Takes a text that came without numbers, as the details of a failed job.
pub(crate) fn classify_text(text: &str, messages: &Messages) -> Refusal {
    classify(Signals { text, ..Signals::default() }, messages)
}

/// Whether an answer to the question for one job says that there is no such job.
///
/// What a device says about an id that it does not know was never recorded (codes 7 and 13, "object not
/// present" and "object not found", are documented); these are the ways to say it in English.
pub(crate) fn denies_job(text: &str) -> bool {
    const DENIALS: [&str; 8] =
        ["not found", "not exist", "no such", "unknown", "invalid", "not present", "no longer", "no job"];
    let said = normalised(text);
    said.contains("job") && DENIALS.iter().any(|denial| said.contains(denial))
}

/// Whether an error is none: a restart answers so under either status, and the vendor's own library goes
/// on where a text begins like this (pan-os-python, `base.py`).
pub(crate) fn says_done(text: &str) -> bool {
    normalised(text).starts_with("command succeeded with no output")
}

/// Lower case, every run of white space one blank.
fn normalised(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

#[cfg(test)]
mod tests;
