//! What went wrong lately with claims, and what becomes of a message whose claim failed for itself.
//!
//! Promises: a message that nobody can use is out of the way after a few tries, and none is buried for a trouble of the
//! ledger. Leaves to others: telling what failed for itself from a ledger that is away, and settling
//! ([`super::Consumer`]).

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use common::domain::job::JobId;
use common::ledger::LedgerError;

use crate::outage::{self, Outage};

/// Jobs that fail to be claimed before it is taken for a trouble of the ledger rather than of theirs.
const MOST_POISONED: usize = 2;

/// Longest pause after a claim that failed for itself: so long, and as often as it is tried, it keeps others waiting.
const LONGEST_POISONED_PAUSE: Duration = Duration::from_secs(1);

/// Claims of one job that may fail here before its message is buried. The broker's own limit does not do: what is given
/// back in order is not counted from RabbitMQ 4.3 on.
const MOST_POISONED_TRIES: u32 = 5;

/// Jobs whose failed claims are remembered; beyond, all are forgotten, and tried a little more often.
const MOST_REMEMBERED: usize = 1_000;

/// What went wrong lately, from claim to claim.
pub(super) struct Troubles {
    /// The ledger does not serve.
    pub(super) ledger: Outage,
    claims: Outage,
    /// Jobs whose claims failed since one was answered.
    in_row: HashSet<JobId>,
    n_in_row: u32,
    /// Claims that failed, by job.
    n_failed: HashMap<JobId, u32>,
}

/// What becomes of a message whose claim failed for itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// Given back after a rest.
    Again(Duration),
    /// Acked after a rest: the job stays available, and the rescue sends another wake-up to the end of the queue.
    Aside(Duration),
    /// A dead letter.
    Buried,
}

impl Troubles {
    pub(super) fn none() -> Self {
        Self {
            ledger: Outage::none("nothing is claimed, the ledger does not serve"),
            claims: Outage::none("a job cannot be claimed"),
            in_row: HashSet::new(),
            n_in_row: 0,
            n_failed: HashMap::new(),
        }
    }

    /// A claim was answered.
    pub(super) fn over(&mut self) {
        self.ledger.over();
        self.claims.over();
        self.in_row.clear();
        self.n_in_row = 0;
    }

    /// What to do about the message. For a job or two a short rest, so that others are taken soon, and a burial in the
    /// end; where one after the other fails the trouble is not theirs, and a hurry would bury them all: they are put
    /// aside, so that they do not stand at the head of the queue, before those that can be claimed.
    pub(super) fn poisoned(&mut self, job: JobId, error: &LedgerError) -> Fate {
        self.claims.met(error);
        self.in_row.insert(job);
        self.n_in_row = self.n_in_row.saturating_add(1);
        let rest = outage::pause(self.n_in_row, rand::random());
        if self.in_row.len() > MOST_POISONED {
            return Fate::Aside(rest);
        }
        if self.n_failed.len() >= MOST_REMEMBERED {
            self.n_failed.clear();
        }
        let n_failed = self.n_failed.entry(job).or_default();
        *n_failed += 1;
        if *n_failed < MOST_POISONED_TRIES {
            return Fate::Again(rest.min(LONGEST_POISONED_PAUSE));
        }
        self.n_failed.remove(&job);
        Fate::Buried
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store_error() -> LedgerError {
        LedgerError::Store { statement: "claim_job", reason: "row 7 is broken".into() }
    }

    #[test]
    fn a_job_that_cannot_be_claimed_is_buried_after_a_few_tries_also_between_others_that_can() {
        let mut troubles = Troubles::none();
        for n in 1..MOST_POISONED_TRIES {
            let fate = troubles.poisoned(JobId(1), &store_error());
            assert!(matches!(fate, Fate::Again(rest) if rest <= LONGEST_POISONED_PAUSE), "try {n}: {fate:?}");
            troubles.over();
        }
        assert_eq!(troubles.poisoned(JobId(1), &store_error()), Fate::Buried);
    }

    #[test]
    fn where_no_job_can_be_claimed_none_is_buried_or_in_the_way_and_the_rests_grow() {
        let mut troubles = Troubles::none();
        for _ in 0..MOST_POISONED_TRIES * 4 {
            for id in 1..=9 {
                let fate = troubles.poisoned(JobId(id), &store_error());
                assert_ne!(fate, Fate::Buried);
            }
        }
        let Fate::Aside(rest) = troubles.poisoned(JobId(1), &store_error()) else {
            panic!("still in the way")
        };
        assert!(rest > 5 * LONGEST_POISONED_PAUSE, "{rest:?}");
    }
}
