//! The worlds that are explored: one with two of everything, and smaller ones that bear more.

use crate::flaw::Flaw;
use crate::ledger::{Kind, Wish};
use crate::protocol::Scope;

/// A wish whose job fails with its second failed attempt.
const fn wish(device: u8, kind: Kind) -> Wish {
    Wish { device, kind, max_attempts: 2 }
}

/// Two jobs, two devices, two workers.
#[must_use]
pub fn whole() -> Scope {
    Scope {
        name: "two jobs, two devices, two workers",
        commands: vec![vec![wish(0, Kind::DownloadOnly), wish(1, Kind::DownloadOnly)]],
        n_workers: 2,
        n_relays: 1,
        tells_events: false,
        misfortunes: 2,
    }
}

/// One job, two workers, more misfortunes.
#[must_use]
pub fn one_job() -> Scope {
    Scope {
        name: "one job, two workers",
        commands: vec![vec![wish(0, Kind::DownloadOnly)]],
        n_workers: 2,
        n_relays: 1,
        tells_events: false,
        misfortunes: 3,
    }
}

/// Two people want different things of one device.
#[must_use]
pub fn one_device() -> Scope {
    Scope {
        name: "two wishes for one device",
        commands: vec![vec![wish(0, Kind::DownloadOnly)], vec![wish(0, Kind::Upgrade)]],
        n_workers: 2,
        n_relays: 1,
        tells_events: false,
        misfortunes: 2,
    }
}

/// One job whose every message is looked at, two relays.
#[must_use]
pub fn outbox() -> Scope {
    Scope {
        name: "two relays and every event of one job",
        commands: vec![vec![wish(0, Kind::DownloadOnly)]],
        n_workers: 1,
        n_relays: 2,
        tells_events: true,
        misfortunes: 2,
    }
}

/// The smallest of them in which a flaw shows.
#[must_use]
pub fn that_shows(flaw: Flaw) -> Scope {
    match flaw {
        Flaw::EnqueueWithoutLock => one_device(),
        Flaw::DeleteBeforeConfirm | Flaw::SettleWithoutToken | Flaw::RefusedInTheMiddle => outbox(),
        Flaw::NoTokenInTheWrite
        | Flaw::TokenStaysTheSame
        | Flaw::AckBeforeClaim
        | Flaw::NoSelfFencing
        | Flaw::CheckedTooEarly
        | Flaw::DriftBeyondTheMargin
        | Flaw::RescueByElapsedTime
        | Flaw::NoLookBeforeTheAct
        | Flaw::ReleaseForgetsCancel
        | Flaw::NobodyWakesTheUnclaimed
        | Flaw::NobodyWakesTheHeldUp => one_job(),
    }
}
