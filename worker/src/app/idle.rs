//! When a worker that may end by itself has nothing to do any more.
//!
//! Promises: it ends only while none of its own attempts runs, and never because the ledger is away.
//! Leaves to others: ending ([`App::run`]).

use std::time::Duration;

use common::domain::job::{JobState, JobType};
use common::ledger::{JobFilter, LedgerError};
use tokio_util::task::TaskTracker;

use super::{App, Ending};
use crate::outage::Outage;

/// Time between two looks whether everything has ended, with [`Until::Idle`].
const IDLE_CHECK: Duration = Duration::from_millis(500);

impl App {
    /// Ends when no job of our types waits or runs, here or anywhere; when the fleet is held, or all that waits is
    /// paused, as soon as none runs here: a program that waits for a person keeps those waiting who wait for it.
    pub(super) async fn idle(&self, attempts: &TaskTracker) -> Ending {
        let mut outage = Outage::none("it is not known whether anything is left");
        loop {
            tokio::time::sleep(IDLE_CHECK).await;
            if !attempts.is_empty() {
                continue;
            }
            match self.what_is_left().await {
                Ok(_) if !attempts.is_empty() => {}
                Ok(Some(ending)) => return ending,
                Ok(None) => outage.over(),
                Err(error) => outage.met(&error),
            }
        }
    }

    /// Why a worker without an attempt has nothing to do any more; `None` while it has.
    async fn what_is_left(&self) -> Result<Option<Ending>, LedgerError> {
        let ledger = &self.engine.ledger;
        let (left, hold, pauses) =
            tokio::try_join!(self.any_left(&self.job_types), ledger.hold(), ledger.pauses())?;
        if !left {
            return Ok(Some(Ending::Idle));
        }
        let open = self.orders.open_beside(&pauses);
        let is_held = hold.is_some() || open.is_empty();
        let may_go_on = !is_held && (open.len() == self.job_types.len() || self.any_left(&open).await?);
        Ok(if may_go_on { None } else { Some(Ending::Held) })
    }

    async fn any_left(&self, job_types: &[JobType]) -> Result<bool, LedgerError> {
        let active = JobFilter {
            states: vec![JobState::Scheduled, JobState::Available, JobState::Running],
            job_types: job_types.to_vec(),
            ..JobFilter::default()
        };
        Ok(!self.engine.ledger.jobs(&active, 1).await?.is_empty())
    }
}
