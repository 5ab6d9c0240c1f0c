//! What a step may meet, and what follows from it.
//!
//! What follows is decided in one place: [`StepError::disposition`] is an exhaustive match, so that a new
//! error has to choose.

use std::time::Duration;

use common::domain::failure::FailureKind;
use common::domain::hash::OtherHash;
use common::domain::job::JobType;
use common::domain::path::{Budget, NoPath};
use common::domain::version::Version;
use common::ledger::LedgerError;
use panos::{Advice, PanosError, Phase, Refusal};

/// Why a step did not finish.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    /// The device did not do as asked.
    #[error(transparent)]
    Panos(#[from] PanosError),
    /// The step could not be written down.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The inventory has no address for the device.
    #[error("device {serial} has no management address in the inventory")]
    NoAddress {
        /// The device.
        serial: String,
    },
    /// The address answers as another box; nothing was sent to it but questions.
    #[error("{host} answers as device {found}, not as {expected}")]
    WrongDevice {
        /// The address.
        host: String,
        /// The serial that the job is for.
        expected: String,
        /// The serial that answered.
        found: String,
    },
    /// The device says it runs something that is no version.
    #[error("the device runs {found}, which is no PAN-OS version")]
    RunningVersion {
        /// As reported, quoted and cut.
        found: String,
    },
    /// No images lead to the goal.
    #[error(transparent)]
    NoPath(#[from] NoPath),
    /// The device's answer to the space question names no volume that could hold images.
    #[error("the device names no volume for images")]
    NoVolume,
    /// The missing images do not fit.
    #[error(
        "the missing images need {} MiB on {mount} and {} MiB are free: `panos-upgrade device cleanup {serial} --dry-run` shows what could go",
        budget.needed_bytes >> 20,
        budget.available_bytes >> 20
    )]
    DiskFull {
        /// The device.
        serial: String,
        /// The volume.
        mount: String,
        /// Need and room.
        budget: Budget,
    },
    /// Somebody else keeps the device busy.
    #[error("the device is busy: {with}")]
    Busy {
        /// With what, in the device's words.
        with: String,
    },
    /// The device's own job failed.
    #[error("the download of {version} failed on the device: {message}")]
    DownloadFailed {
        /// The image's version.
        version: Version,
        /// What the device's words were taken for.
        refusal: Refusal,
        /// The device's words.
        message: String,
    },
    /// The device's own job ended well, and the image is not there.
    #[error("the device says that {version} is downloaded, and does not list it as present")]
    NotShown {
        /// The image's version.
        version: Version,
    },
    /// The device lost the download again and again.
    #[error("the device lost the download of {version} {n_times} times")]
    Lost {
        /// The image's version.
        version: Version,
        /// How often, in this attempt.
        n_times: u32,
    },
    /// The device gave no usable answer for too long.
    #[error("the device gave no usable answer for {for_s} s")]
    Silent {
        /// How long, in seconds.
        for_s: u64,
        /// What came last.
        #[source]
        last: PanosError,
    },
    /// The device's own job changed in nothing.
    #[error("the download of {version} did not change for {for_s} s")]
    Stalled {
        /// The image's version.
        version: Version,
        /// How long, in seconds.
        for_s: u64,
    },
    /// A hash differs from the trusted one.
    #[error("the device reports SHA-256 {found} for {version}, the catalogue has {expected}")]
    HashMismatch {
        /// The image's version.
        version: Version,
        /// The trusted hash.
        expected: String,
        /// The device's.
        found: String,
    },
    /// Devices report different hashes for one file, and none is trusted.
    #[error("the device reports SHA-256 {found} for {version}, and {}", told(others))]
    HashDisputed {
        /// The image's version.
        version: Version,
        /// This device's.
        found: String,
        /// What others report.
        others: Vec<OtherHash>,
    },
    /// Strict mode, and nothing proves the image.
    #[error("the hash of {version} is {outcome}, and verification.mode is strict")]
    HashNotProved {
        /// The image's version.
        version: Version,
        /// `not_reported` or `no_reference`.
        outcome: &'static str,
    },
    /// A job of a type whose execution is not part of this version; only an edited message brings one here.
    #[error("this version performs no {job_type} jobs")]
    NotPerformed {
        /// The type.
        job_type: JobType,
    },
    /// The fleet is held, and the device would have to be logged in to.
    #[error("the fleet is held")]
    Held,
    /// The process stops; somebody else goes on.
    #[error("the worker stops")]
    Stopping,
    /// A person said stop.
    #[error("the job was cancelled")]
    Cancelled,
}

/// What happens to the job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disposition {
    /// Try again after a back-off; the attempt counts.
    Retry(FailureKind),
    /// Try again after the configured wait; the attempt does not count.
    Snooze,
    /// Give up: a person has to do something first.
    Fail(FailureKind),
    /// There is nothing this job could do for the device.
    Skip(FailureKind),
    /// Hand it to another worker.
    Release,
    /// End it as asked.
    Cancel,
    /// Write nothing: the job is somebody else's now.
    LetGo,
}

impl StepError {
    /// Maps an error to what happens next. Exhaustive on purpose: a new variant has to choose.
    #[must_use]
    pub fn disposition(&self) -> Disposition {
        use Disposition as D;
        use FailureKind as K;
        match self {
            Self::Panos(error) => of_panos(error),
            Self::Ledger(
                LedgerError::LeaseLost { .. }
                | LedgerError::UnknownJob { .. }
                | LedgerError::UnknownDevice { .. }
                | LedgerError::UnknownWorker { .. }
                | LedgerError::UnknownDeadLetter { .. }
                | LedgerError::NotReachable { .. }
                | LedgerError::Full { .. }
                | LedgerError::Schema { .. }
                | LedgerError::Store { .. },
            ) => D::LetGo,
            Self::NoAddress { .. } => D::Fail(K::Unreachable),
            Self::WrongDevice { .. } => D::Fail(K::WrongDevice),
            Self::RunningVersion { .. } | Self::NoPath(_) => D::Skip(K::NoPath),
            Self::NoVolume => D::Fail(K::UnexpectedAnswer),
            Self::DiskFull { .. } => D::Fail(K::DiskFull),
            Self::Busy { .. } => D::Snooze,
            Self::DownloadFailed { refusal, .. } => of_refusal(refusal, K::DownloadFailed),
            Self::NotShown { .. } | Self::Lost { .. } => D::Retry(K::DownloadFailed),
            Self::Silent { .. } => D::Retry(K::Unreachable),
            Self::Stalled { .. } => D::Retry(K::Stalled),
            Self::HashMismatch { .. } => D::Fail(K::HashMismatch),
            Self::HashDisputed { .. } => D::Fail(K::HashDisputed),
            Self::HashNotProved { .. } => D::Fail(K::HashNotProved),
            Self::NotPerformed { .. } => D::Fail(K::Internal),
            Self::Held | Self::Stopping => D::Release,
            Self::Cancelled => D::Cancel,
        }
    }
}

fn of_panos(error: &PanosError) -> Disposition {
    match error {
        PanosError::NoAnswer { phase: Phase::Connect | Phase::Answer, .. } => {
            Disposition::Retry(FailureKind::Unreachable)
        }
        PanosError::Tls { .. } => Disposition::Fail(FailureKind::Tls),
        PanosError::Refused { refusal, .. } => of_refusal(refusal, FailureKind::Refused),
        PanosError::UnexpectedAnswer { .. } => Disposition::Retry(FailureKind::UnexpectedAnswer),
        PanosError::TooLarge { .. } => Disposition::Fail(FailureKind::UnexpectedAnswer),
        PanosError::Setup { .. } => Disposition::Fail(FailureKind::Internal),
    }
}

/// What follows from a refusal; `plain` is the kind of those that have no word of their own.
fn of_refusal(refusal: &Refusal, plain: FailureKind) -> Disposition {
    let kind = kind_of(refusal).unwrap_or(plain);
    if *refusal == Refusal::SessionTimedOut {
        // The device accepts the account: another program makes keys for it and ends our sessions.
        return Disposition::Retry(kind);
    }
    match refusal.advice() {
        // The client has tried a new key already: another try with the same credentials locks accounts.
        Advice::Reauthenticate | Advice::Operator | Advice::Permanent => Disposition::Fail(kind),
        Advice::WaitFor(_) => Disposition::Snooze,
        Advice::RetryLater | Advice::Unknown => Disposition::Retry(kind),
    }
}

/// The kind that operators know a refusal by; `None` where it is told by what was being done.
fn kind_of(refusal: &Refusal) -> Option<FailureKind> {
    match refusal {
        Refusal::CredentialsRejected | Refusal::KeyExpired | Refusal::SessionTimedOut => {
            Some(FailureKind::Credentials)
        }
        Refusal::Permission => Some(FailureKind::Permission),
        Refusal::BusyDownload
        | Refusal::BusyCommit
        | Refusal::BusySoftwareManager
        | Refusal::BusyImport
        | Refusal::Locked => Some(FailureKind::Busy),
        Refusal::UpdateServer => Some(FailureKind::UpdateServer),
        Refusal::DiskFull => Some(FailureKind::DiskFull),
        Refusal::Entitlement => Some(FailureKind::Entitlement),
        Refusal::Offline | Refusal::Unavailable => Some(FailureKind::Unreachable),
        Refusal::BaseMissing { .. } | Refusal::UnknownVersion => Some(FailureKind::NoPath),
        Refusal::HaSyncFailed
        | Refusal::ContentTooOld
        | Refusal::JobLost
        | Refusal::NotDownloaded
        | Refusal::NeedsReboot
        | Refusal::CloudManaged
        | Refusal::Internal
        | Refusal::Permanent
        | Refusal::Unrecognised => None,
    }
}

/// What others report, for a message.
fn told(others: &[OtherHash]) -> String {
    /// More hashes than that for one file are no longer a matter of reading them.
    const MOST: usize = 3;
    let told = others.iter().take(MOST);
    let told: Vec<_> = told
        .map(|other| format!("{} on {} more, such as {}", other.sha256, other.n_devices, other.example))
        .collect();
    told.join(", ")
}

/// Times a busy device is asked again before the job fails: with the default wait of a minute, four hours.
pub const MAX_SNOOZES: u32 = 240;

/// Longest wait that is drawn for a busy device, so that a mistake in the configuration cannot park a job.
pub const LONGEST_SNOOZE: Duration = Duration::from_secs(60 * 60);
