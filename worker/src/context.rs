//! What every attempt of a process shares: the ways to ledger, devices and catalogue, and how patient to be.

use std::sync::Arc;
use std::time::Duration;

use common::clock::Clock;
use common::domain::hash::VerificationMode;
use common::domain::path::Policy;
use common::ledger::{ClaimedJob, Ledger};
use common::shutdown::Shutdown;

use crate::device::Connector;
use crate::journal::Journal;
use crate::lease_keeper::Hold;
use crate::pace::Pace;
use crate::relay::Relay;
use crate::trusted::Trusted;

/// Made once, by [`App`](crate::App).
pub(crate) struct Context {
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) relay: Arc<Relay>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) connector: Connector,
    pub(crate) trusted: Trusted,
    pub(crate) policy: Policy,
    pub(crate) verification: VerificationMode,
    pub(crate) pace: Pace,
    /// Time without any progress after which the device's download counts as stalled.
    pub(crate) stall_timeout: Duration,
    /// Time until a device that somebody else keeps busy is asked again.
    pub(crate) busy_wait: Duration,
    pub(crate) stop: Shutdown,
}

impl Context {
    /// The journal of one attempt.
    pub(crate) fn journal(&self, job: &ClaimedJob, hold: &Arc<Hold>) -> Journal {
        let (ledger, relay, clock) =
            (Arc::clone(&self.ledger), Arc::clone(&self.relay), Arc::clone(&self.clock));
        Journal::new(job, Arc::clone(hold), ledger, relay, clock)
    }
}
