//! One word per refusal, for configuration files, reports and logs. The words do not change.

use super::Refusal;

/// Every refusal that a word alone can name.
const NAMED: [Refusal; 24] = [
    Refusal::CredentialsRejected,
    Refusal::KeyExpired,
    Refusal::SessionTimedOut,
    Refusal::Permission,
    Refusal::BusyDownload,
    Refusal::BusyCommit,
    Refusal::BusySoftwareManager,
    Refusal::BusyImport,
    Refusal::Locked,
    Refusal::HaSyncFailed,
    Refusal::UpdateServer,
    Refusal::ContentTooOld,
    Refusal::JobLost,
    Refusal::NotDownloaded,
    Refusal::NeedsReboot,
    Refusal::DiskFull,
    Refusal::Entitlement,
    Refusal::Offline,
    Refusal::CloudManaged,
    Refusal::UnknownVersion,
    Refusal::Unavailable,
    Refusal::Internal,
    Refusal::Permanent,
    Refusal::Unrecognised,
];

impl Refusal {
    /// The refusal's word, as in `disk_full`.
    pub fn word(&self) -> &'static str {
        match self {
            Self::CredentialsRejected => "credentials_rejected",
            Self::KeyExpired => "key_expired",
            Self::SessionTimedOut => "session_timed_out",
            Self::Permission => "permission",
            Self::BusyDownload => "busy_download",
            Self::BusyCommit => "busy_commit",
            Self::BusySoftwareManager => "busy_software_manager",
            Self::BusyImport => "busy_import",
            Self::Locked => "locked",
            Self::HaSyncFailed => "ha_sync_failed",
            Self::UpdateServer => "update_server",
            Self::BaseMissing { .. } => "base_missing",
            Self::ContentTooOld => "content_too_old",
            Self::JobLost => "job_lost",
            Self::NotDownloaded => "not_downloaded",
            Self::NeedsReboot => "needs_reboot",
            Self::DiskFull => "disk_full",
            Self::Entitlement => "entitlement",
            Self::Offline => "offline",
            Self::CloudManaged => "cloud_managed",
            Self::UnknownVersion => "unknown_version",
            Self::Unavailable => "unavailable",
            Self::Internal => "internal",
            Self::Permanent => "permanent",
            Self::Unrecognised => "unrecognised",
        }
    }

    /// The refusal of a word.
    ///
    /// None for what is no such word, and for `base_missing`, which means nothing without the version that
    /// only the device's own sentence has.
    pub fn from_word(word: &str) -> Option<Self> {
        NAMED.iter().find(|refusal| refusal.word() == word).cloned()
    }

    /// Every word that [`Refusal::from_word`] knows, for a message that lists the choices.
    pub fn words() -> impl Iterator<Item = &'static str> {
        NAMED.iter().map(Self::word)
    }
}
