//! What people let this worker begin: the hold of the fleet, the pauses of queues and of the worker itself.
//!
//! Promises: one place that says which types of jobs may be taken now, and tells when that changes; what is known is
//! the newest, whichever of a beat and a claim brought it. Attempts that run are left alone.
//! Leaves to others: asking the ledger ([`crate::lease_keeper`]), not taking jobs ([`crate::consumer`]).

use std::sync::Arc;

use common::domain::hold::{FleetHold, Pause, PauseScope};
use common::domain::job::JobType;
use common::domain::lease::WorkerId;
use tokio::sync::watch;
use tokio::time::Instant;
use tracing::{info, warn};

use crate::gate::Gate;

/// What may begin, as far as this process knows.
pub struct Orders {
    worker: WorkerId,
    job_types: Vec<JobType>,
    gate: Arc<Gate>,
    known: watch::Sender<Known>,
}

/// The pauses that concern this worker.
#[derive(Debug)]
struct Known {
    pauses: Vec<Pause>,
    /// When the ledger was asked that told them.
    asked_at: Instant,
}

impl Orders {
    /// Nothing is known of any pause yet.
    #[must_use]
    pub fn new(worker: WorkerId, job_types: Vec<JobType>, gate: Arc<Gate>) -> Self {
        let known = Known { pauses: Vec::new(), asked_at: Instant::now() };
        Self { worker, job_types, gate, known: watch::Sender::new(known) }
    }

    /// Takes over what the ledger said when it was asked at `asked_at`: all that there is.
    pub fn take_over(&self, hold: Option<&FleetHold>, pauses: Vec<Pause>, asked_at: Instant) {
        match hold {
            Some(hold) => self.gate.shut(hold),
            None => self.gate.reopen(asked_at),
        }
        let ours: Vec<Pause> = pauses.into_iter().filter(|pause| self.concerns(&pause.scope)).collect();
        self.replace(&ours, asked_at);
    }

    /// Takes over a pause that a claim met.
    pub fn note(&self, pause: Pause, asked_at: Instant) {
        let mut pauses = self.known.borrow().pauses.clone();
        if !pauses.contains(&pause) {
            pauses.push(pause);
        }
        self.replace(&pauses, asked_at);
    }

    fn replace(&self, pauses: &[Pause], asked_at: Instant) {
        let mut before = Vec::new();
        let is_change = self.known.send_if_modified(|known| {
            if asked_at < known.asked_at {
                return false;
            }
            known.asked_at = asked_at;
            let is_change = known.pauses != pauses;
            if is_change {
                before = std::mem::replace(&mut known.pauses, pauses.to_vec());
            }
            is_change
        });
        if !is_change {
            return;
        }
        for begun in pauses.iter().filter(|pause| !before.contains(pause)) {
            let Pause { scope, since, reason, by } = begun;
            warn!(
                pause.scope = scope.kind(),
                pause.name = scope.name(),
                "{scope} is paused since {since} by {}: {reason}; this worker begins no new attempt of it until `{}`",
                by.operator,
                remedy(scope)
            );
        }
        for ended in before.iter().filter(|pause| !pauses.contains(pause)) {
            info!("{} goes on", ended.scope);
        }
    }

    fn concerns(&self, scope: &PauseScope) -> bool {
        match scope {
            PauseScope::Queue(job_type) => self.job_types.contains(job_type),
            PauseScope::Worker(worker) => *worker == self.worker,
        }
    }

    /// The types of which jobs may be taken now.
    #[must_use]
    pub fn open(&self) -> Vec<JobType> {
        if self.gate.is_shut() { Vec::new() } else { self.open_beside(&self.known.borrow().pauses) }
    }

    /// The types of which jobs may be taken beside these pauses.
    #[must_use]
    pub fn open_beside(&self, pauses: &[Pause]) -> Vec<JobType> {
        let is_paused = |scope: &PauseScope| pauses.iter().any(|pause| pause.scope == *scope);
        if is_paused(&PauseScope::Worker(self.worker.clone())) {
            return Vec::new();
        }
        let open = self.job_types.iter().copied().filter(|known| !is_paused(&PauseScope::Queue(*known)));
        open.collect()
    }

    /// Ends when other types may be taken than `open`.
    pub async fn differ(&self, open: &[JobType]) {
        let (mut known, mut way) = (self.known.subscribe(), self.gate.watch());
        while self.open() == open {
            tokio::select! {
                // Both senders live as long as this, so each ends only with a change.
                _ = known.changed() => {}
                _ = way.changed() => {}
            }
        }
    }
}

/// What ends a pause.
fn remedy(scope: &PauseScope) -> String {
    format!("panos-upgrade fleet resume --{} {} --reason TEXT", scope.kind(), scope.name())
}

#[cfg(test)]
mod tests;
