//! What can be made to go wrong on one device while the fleet runs.
//!
//! A fault strikes until its count is used up or its time has passed; without either it stays until it is
//! removed. Several may be active at once: delays add up, of several spoiled answers the oldest fault wins.
//! Faults that a scenario gave a device (*innate*) outlive the removal of injected ones. Leaves to others: the
//! spoiled bytes ([`crate::api::spoil`]) and the state a fault bends ([`crate::device`]).

mod request;

pub use request::{FaultError, FaultRequest};

use std::time::Duration;

use serde::Serialize;

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
    /// Code 22.
    SessionTimedOut,
    /// HTTP 400 that repeats the key in its reason phrase.
    KeyExpired,
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
    /// The update server cannot be reached: `check` fails.
    UpdateServer,
    /// Download requests meet somebody else's download.
    Busy,
    /// The next query for a running job finds it gone, and its download with it.
    JobVanishes,
    /// The device reboots in the middle of a download, or at a set time.
    Reboot {
        /// When; in the middle of the running or next download when absent.
        #[serde(skip)]
        at: Option<Moment>,
    },
    /// Downloads make no progress.
    Stall,
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
    /// The list reports no hashes.
    HashAbsent,
    /// `/opt/panrepo` is full.
    DiskFull,
    /// A download is accepted, but the reply names no job.
    NoJobId,
    /// Downloads end in FAIL with a communication error.
    DownloadFails,
}

/// A fault and how long it lasts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// What goes wrong.
    #[serde(flatten)]
    pub kind: FaultKind,
    /// How often it still strikes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left: Option<u32>,
    /// When it stops by itself.
    #[serde(skip)]
    pub until: Option<Moment>,
    /// The commands it spoils; all of them when empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub only: Vec<Word>,
}

impl Fault {
    /// A fault that lasts.
    pub fn lasting(kind: FaultKind) -> Self {
        Self { kind, left: None, until: None, only: Vec::new() }
    }

    fn is_active(&self, now: Moment) -> bool {
        self.left != Some(0) && self.until.is_none_or(|until| now < until)
    }
}

/// What happens to a connection or to one answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Strike {
    /// Waited for before anything else.
    pub delay: Duration,
    /// What is sent in place of the true answer.
    pub spoiled: Option<FaultKind>,
}

/// The faults of one device.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    innate: Vec<Fault>,
    injected: Vec<Fault>,
}

impl Faults {
    /// The faults that a scenario gave the device.
    pub fn innate(innate: Vec<Fault>) -> Self {
        Self { innate, injected: Vec::new() }
    }

    /// Adds one while the fleet runs.
    pub fn inject(&mut self, fault: Fault) {
        self.injected.push(fault);
    }

    /// Removes what was injected.
    pub fn clear(&mut self) {
        self.injected.clear();
    }

    /// Drops what has passed, and lists what is left.
    pub fn active(&mut self, now: Moment) -> impl Iterator<Item = &Fault> {
        self.injected.retain(|fault| fault.is_active(now));
        self.innate.iter().chain(&self.injected).filter(move |fault| fault.is_active(now))
    }

    /// The active fault that `wanted` recognises, without using it up.
    pub fn find(&self, now: Moment, wanted: impl Fn(&FaultKind) -> bool) -> Option<&Fault> {
        self.innate.iter().chain(&self.injected).find(|fault| fault.is_active(now) && wanted(&fault.kind))
    }

    /// Whether such a fault is active.
    pub fn has(&self, now: Moment, kind: &FaultKind) -> bool {
        self.find(now, |active| active == kind).is_some()
    }

    /// When the last fault of that kind that had a time ended by itself, if it did.
    pub fn ended(&self, now: Moment, kind: &FaultKind) -> Option<Moment> {
        let ends = self.injected.iter().filter(|fault| fault.kind == *kind).filter_map(|fault| fault.until);
        ends.filter(|end| *end <= now).max()
    }

    /// Uses one strike of the active fault that `wanted` recognises.
    pub fn take(&mut self, now: Moment, wanted: impl Fn(&FaultKind) -> bool) -> Option<FaultKind> {
        let fault = self
            .innate
            .iter_mut()
            .chain(&mut self.injected)
            .find(|fault| fault.is_active(now) && wanted(&fault.kind))?;
        if let Some(left) = &mut fault.left {
            *left -= 1;
        }
        Some(fault.kind.clone())
    }

    /// What happens to a connection that is just being made: refused, left hanging, or nothing.
    pub fn on_connect(&mut self, now: Moment) -> Option<FaultKind> {
        self.take(now, |kind| matches!(kind, FaultKind::Refuse | FaultKind::Hang))
    }

    /// What happens to the answer to `command`; uses the strikes.
    pub fn on_answer(&mut self, now: Moment, command: Word) -> Strike {
        let mut strike = Strike::default();
        for fault in self.innate.iter_mut().chain(&mut self.injected) {
            let meant = fault.only.is_empty() || fault.only.contains(&command);
            if !fault.is_active(now) || !meant {
                continue;
            }
            match &fault.kind {
                FaultKind::Slow { delay_ms } => strike.delay += *delay_ms,
                kind if spoils(kind, command) && strike.spoiled.is_none() => {
                    strike.spoiled = Some(kind.clone());
                }
                _ => continue,
            }
            if let Some(left) = &mut fault.left {
                *left -= 1;
            }
        }
        strike
    }
}

/// Whether a fault replaces the answer to this command; the others bend the device's state.
fn spoils(kind: &FaultKind, command: Word) -> bool {
    match kind {
        FaultKind::Refuse
        | FaultKind::Hang
        | FaultKind::Reset
        | FaultKind::HttpError { .. }
        | FaultKind::MalformedXml
        | FaultKind::TruncatedXml
        | FaultKind::Empty
        | FaultKind::Html
        | FaultKind::HugeBody { .. }
        | FaultKind::NestedXml { .. }
        | FaultKind::ForbiddenEmpty
        | FaultKind::CredentialsRefused => true,
        // A key is what a keygen is for: these strike the commands that carry one.
        FaultKind::SessionTimedOut | FaultKind::KeyExpired | FaultKind::Unauthorized => {
            command != Word::Keygen
        }
        FaultKind::UpdateServer => matches!(command, Word::SoftwareCheck | Word::SupportCheck),
        FaultKind::Slow { .. }
        | FaultKind::Busy
        | FaultKind::JobVanishes
        | FaultKind::Reboot { .. }
        | FaultKind::Stall
        | FaultKind::WrongSerial { .. }
        | FaultKind::HashMismatch { .. }
        | FaultKind::HashAbsent
        | FaultKind::DiskFull
        | FaultKind::NoJobId
        | FaultKind::DownloadFails => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Moment = Moment::START;

    #[test]
    fn a_count_is_used_up_by_its_own_commands() {
        let mut faults = Faults::default();
        faults.inject(Fault {
            left: Some(2),
            only: vec![Word::SystemInfo],
            ..Fault::lasting(FaultKind::Html)
        });
        assert_eq!(faults.on_answer(NOW, Word::Job), Strike::default());
        for _ in 0..2 {
            assert_eq!(faults.on_answer(NOW, Word::SystemInfo).spoiled, Some(FaultKind::Html));
        }
        assert_eq!(faults.on_answer(NOW, Word::SystemInfo), Strike::default());
        assert_eq!(faults.active(NOW).count(), 0);
    }

    #[test]
    fn a_fault_ends_with_its_time() {
        let mut faults = Faults::default();
        faults.inject(Fault { until: Some(Moment::from_ms(10)), ..Fault::lasting(FaultKind::Stall) });
        assert!(faults.has(Moment::from_ms(9), &FaultKind::Stall));
        assert!(!faults.has(Moment::from_ms(10), &FaultKind::Stall));
    }

    #[test]
    fn delays_add_up_and_clearing_leaves_the_innate_fault() {
        let slow = |ms| Fault::lasting(FaultKind::Slow { delay_ms: Duration::from_millis(ms) });
        let mut faults = Faults::innate(vec![slow(5)]);
        faults.inject(slow(7));
        assert_eq!(faults.on_answer(NOW, Word::Job).delay, Duration::from_millis(12));
        faults.clear();
        assert_eq!(faults.on_answer(NOW, Word::Job).delay, Duration::from_millis(5));
    }

    #[test]
    fn a_keygen_still_works_while_keys_expire() {
        let mut faults = Faults::innate(vec![Fault::lasting(FaultKind::KeyExpired)]);
        assert_eq!(faults.on_answer(NOW, Word::Keygen).spoiled, None);
        assert_eq!(faults.on_answer(NOW, Word::Job).spoiled, Some(FaultKind::KeyExpired));
    }
}
