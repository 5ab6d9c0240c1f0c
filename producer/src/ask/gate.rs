//! The gate on log-ins while a command asks a fleet.
//!
//! Promises: as long as no log-in has been accepted, or the last one was refused, only a few are tried at a time;
//! after `stop_after` refusals in a row nobody passes any more. So one wrong password costs a handful of
//! refusals, not one per device.

use std::sync::Mutex;

use panos::{PanosError, Refusal};
use tokio::sync::Notify;

/// Log-ins tried at once while it is not known that they work.
const FEW: usize = 3;

/// Lets log-ins pass.
pub(crate) struct LoginGate {
    state: Mutex<State>,
    changed: Notify,
    /// Refusals in a row after which nobody passes; 0 for never.
    stop_after: u32,
    /// Log-ins at once when they work.
    many: usize,
}

#[derive(Default)]
struct State {
    underway: usize,
    refused_in_row: u32,
    last_was_accepted: bool,
}

/// The right to try one log-in; given back when it is dropped.
pub(crate) struct Turn<'a> {
    gate: &'a LoginGate,
}

impl LoginGate {
    pub(crate) fn new(stop_after: u32, many: usize) -> Self {
        Self { state: Mutex::default(), changed: Notify::new(), stop_after, many }
    }

    /// Waits for a turn.
    ///
    /// # Errors
    /// How many log-ins were refused in a row, when that is too many.
    pub(crate) async fn enter(&self) -> Result<Turn<'_>, u32> {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if let Some(refused) = self.stopped() {
                return Err(refused);
            }
            if self.take() {
                return Ok(Turn { gate: self });
            }
            changed.await;
        }
    }

    /// How many log-ins were refused in a row, when that is too many.
    pub(crate) fn stopped(&self) -> Option<u32> {
        let refused = self.with(|state| state.refused_in_row);
        (self.stop_after > 0 && refused >= self.stop_after).then_some(refused)
    }

    fn take(&self) -> bool {
        self.with(|state| {
            let room = if state.last_was_accepted { self.many } else { FEW };
            let is_free = state.underway < room;
            state.underway += usize::from(is_free);
            is_free
        })
    }

    fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        // Nothing panics while it holds the lock; if something did, the numbers would be whole all the same.
        change(&mut self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }
}

impl Turn<'_> {
    /// Tells how the log-in went: `error` is what the call met, if anything. Only answers count, because a device
    /// that cannot be reached says nothing about the login.
    pub(crate) fn ended(self, error: Option<&PanosError>) {
        let accepted = match error {
            None => Some(true),
            Some(error) => is_refused_login(error).then_some(false),
        };
        self.gate.with(|state| match accepted {
            Some(true) => {
                state.refused_in_row = 0;
                state.last_was_accepted = true;
            }
            Some(false) => {
                state.refused_in_row += 1;
                state.last_was_accepted = false;
            }
            None => {}
        });
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.gate.with(|state| state.underway = state.underway.saturating_sub(1));
        self.gate.changed.notify_waiters();
    }
}

/// Whether a device refused user, password or key.
pub(crate) fn is_refused_login(error: &PanosError) -> bool {
    matches!(error.refusal(), Some(Refusal::CredentialsRejected | Refusal::KeyExpired))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn refused() -> PanosError {
        PanosError::Refused {
            host: "192.0.2.1".to_owned(),
            command: "keygen",
            refusal: Refusal::CredentialsRejected,
            message: "Invalid Credential".to_owned(),
        }
    }

    /// How many pass without waiting.
    fn passing<'a>(gate: &'a LoginGate, turns: &mut Vec<Turn<'a>>) -> usize {
        let before = turns.len();
        while let Some(Ok(turn)) = futures_util::FutureExt::now_or_never(gate.enter()) {
            turns.push(turn);
        }
        turns.len() - before
    }

    #[tokio::test]
    async fn a_few_try_until_one_is_accepted_and_a_refusal_narrows_the_gate_again() {
        let gate = LoginGate::new(3, 10);
        let mut turns = Vec::new();
        assert_eq!(passing(&gate, &mut turns), FEW);
        turns.remove(0).ended(None);
        assert_eq!(passing(&gate, &mut turns), 8);
        turns.remove(0).ended(Some(&refused()));
        assert_eq!(passing(&gate, &mut turns), 0);
        assert_eq!(gate.stopped(), None);
    }

    #[tokio::test]
    async fn after_some_refusals_in_a_row_nobody_passes_and_who_waited_is_told() {
        let gate = LoginGate::new(2, 10);
        let mut turns = Vec::new();
        passing(&gate, &mut turns);
        let waiting = gate.enter();
        tokio::pin!(waiting);
        assert!(futures_util::poll!(waiting.as_mut()).is_pending());
        for turn in turns.drain(..2) {
            turn.ended(Some(&refused()));
        }
        let told = tokio::time::timeout(Duration::from_secs(10), waiting).await.expect("nobody woke it");
        assert_eq!(told.err(), Some(2));
        assert_eq!(gate.stopped(), Some(2));
    }

    #[tokio::test]
    async fn zero_never_stops() {
        let gate = LoginGate::new(0, 10);
        for _ in 0..20 {
            let turn = gate.enter().await.unwrap_or_else(|refused| panic!("stopped after {refused}"));
            turn.ended(Some(&refused()));
        }
        assert_eq!(gate.stopped(), None);
    }
}
