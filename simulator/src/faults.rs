//! What can be made to go wrong on one device while the fleet runs.
//!
//! A fault strikes until its count is used up or its time has passed; without either it stays until it is
//! removed. Several may be active at once: delays add up, of several spoiled answers the oldest fault wins.
//! Faults that a scenario gave a device (*innate*) outlive the removal of injected ones. Leaves to others: the
//! spoiled bytes ([`crate::api::spoil`]) and the state a fault bends ([`crate::device`]).

mod kind;
mod request;

pub use kind::FaultKind;
pub use request::{FaultError, FaultRequest, NOT_ENTITLED};

use std::time::Duration;

use serde::Serialize;

use crate::clock::Moment;
use crate::word::Word;

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
    /// It strikes every so many answers only; each of them when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every: Option<u32>,
    /// Answers since the last strike.
    #[serde(skip)]
    pub passed: u32,
}

impl Fault {
    /// A fault that lasts.
    pub fn lasting(kind: FaultKind) -> Self {
        Self { kind, left: None, until: None, only: Vec::new(), every: None, passed: 0 }
    }

    /// A fault that strikes so often.
    pub fn times(kind: FaultKind, n: u32) -> Self {
        Self { left: Some(n), ..Self::lasting(kind) }
    }

    /// For these commands alone.
    #[must_use]
    pub fn on(self, only: &[Word]) -> Self {
        Self { only: only.to_vec(), ..self }
    }

    /// Every so many answers.
    #[must_use]
    pub fn every(self, n: u32) -> Self {
        Self { every: Some(n), ..self }
    }

    /// Counts an answer that it could spoil; whether it does.
    fn is_its_turn(&mut self) -> bool {
        self.passed += 1;
        let its_turn = self.every.is_none_or(|every| self.passed >= every);
        if its_turn {
            self.passed = 0;
        }
        its_turn
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

    /// What happens to a connection that is just being made: refused, left hanging, met with a false certificate, or nothing.
    pub fn on_connect(&mut self, now: Moment) -> Option<FaultKind> {
        self.take(now, |kind| {
            matches!(kind, FaultKind::Refuse | FaultKind::Hang | FaultKind::WrongCertificate)
        })
    }

    /// What happens to the answer to `command`; uses the strikes.
    pub fn on_answer(&mut self, now: Moment, command: Word) -> Strike {
        let mut strike = Strike::default();
        for fault in self.innate.iter_mut().chain(&mut self.injected) {
            let meant = fault.only.is_empty() || fault.only.contains(&command);
            if !fault.is_active(now) || !meant {
                continue;
            }
            let slows = matches!(fault.kind, FaultKind::Slow { .. });
            let spoils = fault.kind.spoils(command) && strike.spoiled.is_none();
            if !(slows || spoils) || !fault.is_its_turn() {
                continue;
            }
            match &fault.kind {
                FaultKind::Slow { delay_ms } => strike.delay += *delay_ms,
                kind => strike.spoiled = Some(kind.clone()),
            }
            if let Some(left) = &mut fault.left {
                *left -= 1;
            }
        }
        strike
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
    fn a_fault_may_strike_every_third_answer() {
        let mut faults = Faults::innate(vec![Fault::lasting(FaultKind::SessionTimedOut).every(3)]);
        let struck = (0..7).map(|_| faults.on_answer(NOW, Word::Job).spoiled.is_some());
        assert_eq!(struck.collect::<Vec<_>>(), [false, false, true, false, false, true, false]);
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
