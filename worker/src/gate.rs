//! The gate before every log-in: a wrong password must cost a handful of refusals, not one on every device.
//!
//! # Guarantees
//! Until a log-in was accepted in this process, and again from a refusal to the next acceptance, only a few attempts
//! at a time make their first call; the others wait without having touched their device. Each first answer is told to
//! the ledger, which holds the fleet after too many refusals in a row. Then, or when the ledger says that
//! somebody else holds it, those who wait are turned away: their jobs are handed back and no attempt is charged.
//! A refusal that may belong to a boot is not counted before it has proved to be an honest one; until then it keeps its
//! place, so that a thousand of them, which are no thousand boots, do not pass either.
//! Open, the gate costs a glance at one value; with `firewall.refusals_before_hold = 0` it is always open.
//!
//! # Leaves to others
//! Which refusals are of the log-in and which belong to a boot ([`crate::steps`]); to take no jobs while the fleet is
//! held ([`crate::consumer`]).

use std::sync::Arc;

use common::domain::device::Serial;
use common::domain::hold::{FleetHold, HoldCause};
use common::ledger::{Ledger, LedgerError};
use common::report::Chain;
use tokio::sync::{Semaphore, SemaphorePermit, watch};
use tokio::time::Instant;
use tracing::{debug, error, info, warn};

use crate::measure;

/// First calls at a time while nothing is known about the log-in: enough that one dead address does not keep the
/// others waiting, few enough that wrong credentials are refused on a handful of devices only.
const FIRST_CALLS: usize = 3;

/// Whether attempts may make their first call.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Way {
    /// A few at a time.
    Narrow,
    /// All.
    Open,
    /// None: the fleet is held, as was noticed then.
    Shut(FleetHold, Instant),
}

/// Turned away: the fleet is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shut;

/// One per process.
pub struct Gate {
    ledger: Arc<dyn Ledger>,
    /// Refusals in a row that hold the fleet; 0 for never.
    trip_after: u32,
    places: Semaphore,
    way: watch::Sender<Way>,
}

/// The right to make a first call; say what came of it. Dropped without a word (no answer is no refusal), it only
/// makes room for the next one.
pub(crate) struct Pass<'a> {
    gate: &'a Gate,
    /// Absent where it passed while the gate was open.
    place: Option<SemaphorePermit<'a>>,
}

impl Gate {
    /// A gate that nobody has passed yet.
    #[must_use]
    pub fn new(ledger: Arc<dyn Ledger>, trip_after: u32) -> Self {
        Self { ledger, trip_after, places: Semaphore::new(FIRST_CALLS), way: watch::Sender::new(Way::Narrow) }
    }

    /// Waits until a first call may be made.
    pub(crate) async fn enter(&self) -> Result<Pass<'_>, Shut> {
        let mut way = self.way.subscribe();
        loop {
            match &*way.borrow_and_update() {
                Way::Shut(..) => return Err(Shut),
                Way::Open => return Ok(self.pass(None)),
                Way::Narrow if self.trip_after == 0 => return Ok(self.pass(None)),
                Way::Narrow => {}
            }
            tokio::select! {
                biased;
                // The gate lives as long as its sender, so this ends only with a change.
                _ = way.changed() => {}
                place = self.places.acquire() => return Ok(self.pass(place.ok())),
            }
        }
    }

    fn pass<'a>(&'a self, place: Option<SemaphorePermit<'a>>) -> Pass<'a> {
        Pass { gate: self, place }
    }

    /// Takes note of a hold, and says once how it ends.
    pub fn shut(&self, hold: &FleetHold) {
        let is_news = self.way.send_if_modified(|way| {
            let is_news = !matches!(way, Way::Shut(known, _) if known.since == hold.since);
            *way = Way::Shut(hold.clone(), Instant::now());
            is_news
        });
        if is_news {
            let sentence = format!(
                "the fleet is held since {}: {}; no new attempt begins until `panos-upgrade fleet resume --reason TEXT`",
                hold.since, hold.reason
            );
            match hold.cause {
                HoldCause::Credentials => error!(fleet.hold = hold.cause.as_str(), "{sentence}"),
                // Somebody meant it.
                HoldCause::Operator => warn!(fleet.hold = hold.cause.as_str(), "{sentence}"),
            }
        }
    }

    /// Whether a hold was taken note of that has not ended yet, as far as this process knows.
    #[must_use]
    pub fn is_shut(&self) -> bool {
        matches!(&*self.way.borrow(), Way::Shut(..))
    }

    /// Counts a device that refuses user, password or key.
    ///
    /// # Errors
    /// [`LedgerError::NotReachable`], [`LedgerError::Store`]: it is not counted, and must not be passed over.
    pub(crate) async fn refused(&self, serial: &Serial) -> Result<(), LedgerError> {
        measure::login_refused();
        if self.trip_after == 0 {
            return Ok(());
        }
        self.widen(Way::Narrow);
        let watch = self.ledger.login_refused(serial, self.trip_after).await?;
        debug!(device.serial = %serial, "{serial}: {} log-ins refused in a row", watch.refused_in_row);
        if let Some(hold) = watch.hold {
            self.shut(&hold);
        }
        Ok(())
    }

    /// Takes note that there was no hold when the ledger was asked at `asked_at`; a hold that was noticed later stays.
    /// The log-in has to prove itself again.
    pub fn reopen(&self, asked_at: Instant) {
        let was_shut = self.way.send_if_modified(|way| {
            let was_shut = matches!(way, Way::Shut(_, noticed_at) if *noticed_at <= asked_at);
            if was_shut {
                *way = Way::Narrow;
            }
            was_shut
        });
        if was_shut {
            info!("the fleet goes on");
        }
    }

    /// Changes whenever the gate does.
    pub(crate) fn watch(&self) -> watch::Receiver<Way> {
        self.way.subscribe()
    }

    /// Moves between narrow and open; a hold stays.
    fn widen(&self, to: Way) {
        self.way.send_if_modified(|way| {
            let moves = !matches!(way, Way::Shut(..)) && *way != to;
            if moves {
                *way = to;
            }
            moves
        });
    }
}

impl Pass<'_> {
    /// The device let us in: the gate opens for all.
    pub(crate) async fn accepted(self) {
        let gate = self.gate;
        if gate.trip_after == 0 || *gate.way.borrow() == Way::Open {
            return;
        }
        match gate.ledger.login_accepted().await {
            Ok(()) => gate.widen(Way::Open),
            // The gate stays narrow, so the next acceptance is told.
            Err(error) => warn!("an accepted log-in was not counted: {}", Chain(&error)),
        }
    }

    /// The device refused user, password or key, and keeps its place until that is counted.
    ///
    /// # Errors
    /// As for [`Gate::refused`].
    pub(crate) async fn refused(&self, serial: &Serial) -> Result<(), LedgerError> {
        self.gate.refused(serial).await
    }

    /// The device refused, and may be booting: nothing is counted, and this pass keeps one of the few places.
    pub(crate) fn doubted(&mut self) {
        if self.gate.trip_after == 0 {
            return;
        }
        self.gate.widen(Way::Narrow);
        if self.place.is_none() {
            self.place = self.gate.places.try_acquire().ok();
        }
    }
}

#[cfg(test)]
mod tests;
