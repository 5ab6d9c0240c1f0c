//! What every attempt of a process shares: the ways to ledger, devices and catalogue, and how patient to be.

use std::sync::Arc;
use std::time::Duration;

use common::clock::Clock;
use common::domain::hash::VerificationMode;
use common::domain::path::{Policy, SpaceRule};
use common::ledger::{ClaimedJob, Ledger};
use common::shutdown::Shutdown;

use crate::device::Connector;
use crate::gate::Gate;
use crate::hold::Hold;
use crate::journal::Journal;
use crate::pace::Pace;
use crate::relay::Relay;
use crate::trusted::Trusted;

/// Made once, by [`App`](crate::App).
pub(crate) struct Context {
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) relay: Arc<Relay>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) connector: Connector,
    pub(crate) gate: Arc<Gate>,
    pub(crate) trusted: Trusted,
    pub(crate) policy: Policy,
    pub(crate) space: SpaceRule,
    pub(crate) verification: VerificationMode,
    pub(crate) pace: Pace,
    pub(crate) patience: Patience,
    pub(crate) stop: Shutdown,
}

/// How long a device may take for what nobody can hurry.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// Time without any change after which the device's download counts as stalled.
    pub(crate) stall: Duration,
    /// Time that a device may give no usable answer while its download runs, a reboot included.
    pub(crate) silence: Duration,
    /// Time without any change that the follower of a pair waits for the copy from its peer.
    pub(crate) sync: Duration,
    /// Time until a device that somebody else keeps busy is asked again.
    pub(crate) busy: Duration,
}

impl Context {
    /// The journal of one attempt.
    pub(crate) fn journal(&self, job: &ClaimedJob, hold: &Arc<Hold>) -> Journal {
        let (ledger, relay, clock) =
            (Arc::clone(&self.ledger), Arc::clone(&self.relay), Arc::clone(&self.clock));
        Journal::new(job, Arc::clone(hold), ledger, relay, clock)
    }
}
