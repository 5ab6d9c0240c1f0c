//! Looks for what was lost, and brings it back: jobs of silent workers, wake-ups that are nowhere, dead letters.
//!
//! Any worker does this; the ledger lets one at a time through. An attempt that ended this way is given
//! back: losing a worker is not the job's fault. Woken by a timer (`rescue.every`); one part that fails keeps none of
//! the others from being done. Leaves to others: what is missing ([`crate::reconciler`]), dead letters
//! ([`crate::collector`]), publishing what is written anew ([`crate::relay`]).

use std::time::Duration;

use common::domain::job::JobType;
use common::engine::Engine;
use common::ledger::{LedgerError, MAX_DEAD_LETTERS, OutboxState, Rescued};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::collector;
use crate::measure;
use crate::outage::Outage;
use crate::reconciler::{self, Findings};
use crate::relay::Relay;

/// Between two looks for leases that have run out, where `rescue.every` is longer: a job of a dead worker is somebody
/// else's within seconds of its lease's end. One statement that finds nothing, as a rule.
const TAKE_BACK_EVERY: Duration = Duration::from_secs(3);

/// Outbox rows that are older than this do not get to the broker, or the broker refuses them: a round of the relay
/// takes a second, and a refused row rests for a minute at most
/// ([`LONGEST_REFUSED_PAUSE`](common::ledger::LONGEST_REFUSED_PAUSE)).
const OUTBOX_TOO_OLD: Duration = Duration::from_secs(120);

/// Rescues per round while wake-ups are missing: each brings a bounded number of jobs, and the next round goes on.
const MOST_RESCUES: u32 = 100;

/// How often what is done.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rhythm {
    /// Between two rounds.
    pub(crate) every: Duration,
    /// Age of an unclaimed dispatch while its queue is empty.
    pub(crate) unclaimed_after: Duration,
    /// Between two anchors.
    pub(crate) anchor_every: Duration,
}

/// What is lost, and who brings it back.
pub(crate) struct Rescuer<'a> {
    engine: &'a Engine,
    job_types: &'a [JobType],
    relay: &'a Relay,
    rhythm: Rhythm,
}

/// What was told about each part, from round to round.
struct Told {
    bring_back: Outage,
    compare: Outage,
    collect: Outage,
    outbox: Outage,
    anchor: Outage,
    is_full: bool,
    /// The last warning about old rows, so that the same one is not repeated.
    old_rows: Option<String>,
}

impl<'a> Rescuer<'a> {
    /// A rescuer of jobs of these types.
    pub(crate) fn new(
        engine: &'a Engine,
        job_types: &'a [JobType],
        relay: &'a Relay,
        rhythm: Rhythm,
    ) -> Self {
        Self { engine, job_types, relay, rhythm }
    }

    /// Looks until `end`. Jobs of silent workers have a loop of their own: the rest asks the broker, which may be slow
    /// to answer.
    pub(crate) async fn run(&self, end: &CancellationToken) {
        tokio::select! {
            () = end.cancelled() => {}
            ((), ()) = async { tokio::join!(self.take_back(), self.look_around()) } => {}
        }
    }

    /// Brings back expired leases and, of jobs that nobody claimed, only those that waited for a day: also while the
    /// comparison with the broker fails each time, nobody waits for longer.
    async fn take_back(&self) {
        let mut outage = Outage::none("jobs of silent workers are not looked for");
        loop {
            match self.rescue(Findings::NOTHING_KNOWN.unclaimed_after, u32::MAX).await {
                Ok(_) => outage.over(),
                Err(error) => outage.met(&error),
            }
            tokio::time::sleep(self.rhythm.every.min(TAKE_BACK_EVERY)).await;
        }
    }

    async fn look_around(&self) {
        let mut told = Told {
            bring_back: Outage::none("lost wake-ups are not brought back"),
            compare: Outage::none("ledger and broker are not compared"),
            collect: Outage::none("dead letters stay at the broker"),
            outbox: Outage::none("the outbox is not looked at"),
            anchor: Outage::none("the audit trail is not anchored"),
            is_full: false,
            old_rows: None,
        };
        loop {
            self.round(&mut told).await;
            tokio::time::sleep(self.rhythm.every).await;
        }
    }

    async fn round(&self, told: &mut Told) {
        match reconciler::compare(self.engine, self.job_types, self.rhythm.unclaimed_after).await {
            Ok(findings) => {
                told.compare.over();
                match self.bring_back(findings).await {
                    Ok(()) => told.bring_back.over(),
                    Err(error) => told.bring_back.met(&error),
                }
            }
            Err(error) => told.compare.met(&error),
        }
        self.collect(told).await;
        match self.engine.ledger.outbox_state().await {
            Ok(state) => {
                told.outbox.over();
                tell_old_rows(&state, &mut told.old_rows);
            }
            Err(error) => told.outbox.met(&error),
        }
        match self.engine.ledger.anchor(self.rhythm.anchor_every).await {
            Ok(_) => told.anchor.over(),
            Err(error) => told.anchor.met(&error),
        }
    }

    /// Wakes as many jobs as have lost their message, and those that were passed over in an empty queue.
    async fn bring_back(&self, findings: Findings) -> Result<(), LedgerError> {
        let Findings { n_missing, unclaimed_after } = findings;
        self.rescue(unclaimed_after, u32::MAX).await?;
        if n_missing == 0 {
            return Ok(());
        }
        warn!(
            "{n_missing} wake-ups are nowhere: the broker has lost messages; their jobs are dispatched again"
        );
        let mut n_left = n_missing;
        for _ in 0..MOST_RESCUES {
            let at_most = u32::try_from(n_left).unwrap_or(u32::MAX);
            let n_woken = self.rescue(reconciler::SETTLED_AFTER, at_most).await?;
            n_left = n_left.saturating_sub(n_woken as u64);
            if n_left == 0 || n_woken == 0 {
                break;
            }
        }
        Ok(())
    }

    /// One rescue, told; answers how many jobs were woken because nobody had claimed them.
    async fn rescue(&self, unclaimed_after: Duration, wake_at_most: u32) -> Result<usize, LedgerError> {
        let rescued = self.engine.ledger.rescue(unclaimed_after, wake_at_most).await?;
        let Rescued { expired, given_up, unclaimed, held_up, unsent } = &rescued;
        for job in expired {
            info!(job.id = job.0, "job {job}: taken back from a worker that went silent");
        }
        for job in given_up {
            warn!(job.id = job.0, "job {job}: failed, it lost too many workers");
        }
        for job in unclaimed {
            info!(job.id = job.0, "job {job}: dispatched again, nobody had claimed it");
        }
        for job in held_up {
            info!(job.id = job.0, "job {job}: dispatched again after a hold or a pause");
        }
        for job in unsent {
            warn!(job.id = job.0, "job {job}: dispatched again, its wake-up was in no outbox");
        }
        measure::rescued(&rescued);
        if rescued != Rescued::default() {
            self.relay.nudge();
        }
        Ok(unclaimed.len())
    }

    async fn collect(&self, told: &mut Told) {
        match collector::harvest(self.engine).await {
            Ok(harvest) => {
                told.collect.over();
                if harvest.n_woken > 0 {
                    self.relay.nudge();
                }
                if harvest.is_full && !told.is_full {
                    warn!(
                        "dead letters stay at the broker: the ledger keeps {MAX_DEAD_LETTERS} of them; make room with \
                         `panos-upgrade dead requeue` and `panos-upgrade dead drop`"
                    );
                }
                told.is_full = harvest.is_full;
            }
            Err(error) => told.collect.met(&error),
        }
    }
}

/// Warns of rows that do not get to the broker, once per problem.
fn tell_old_rows(state: &OutboxState, told: &mut Option<String>) {
    let Some(age) = state.oldest.filter(|age| *age >= OUTBOX_TOO_OLD) else {
        if told.take().is_some() {
            info!("the outbox is relayed again, {} messages wait", state.n_rows);
        }
        return;
    };
    let problem = state.last_problem.clone().unwrap_or_else(|| "no relay got to it".to_owned());
    if told.as_ref() == Some(&problem) {
        return;
    }
    let remedy = if state.n_refused > 0 {
        "check the broker's queues, their limits and this user's permissions"
    } else {
        "check that the broker answers and that a worker or a producer runs that may publish"
    };
    warn!(
        outbox.n_rows = state.n_rows,
        outbox.n_refused = state.n_refused,
        "messages wait in the outbox for {} s: {problem}; {remedy}",
        age.as_secs()
    );
    *told = Some(problem);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_rows_are_told_once_per_problem() {
        let state = |age_s: u64, problem: Option<&str>| OutboxState {
            n_rows: 3,
            oldest: Some(Duration::from_secs(age_s)),
            n_refused: u64::from(problem.is_some()),
            last_problem: problem.map(str::to_owned),
        };
        let mut told = None;
        tell_old_rows(&state(20, Some("full")), &mut told);
        assert_eq!(told, None, "young rows are no trouble");
        tell_old_rows(&state(200, None), &mut told);
        assert_eq!(told.as_deref(), Some("no relay got to it"));
        tell_old_rows(&state(300, Some("full")), &mut told);
        assert_eq!(told.as_deref(), Some("full"), "another problem is news");
        tell_old_rows(&OutboxState::default(), &mut told);
        assert_eq!(told, None, "the next one is told again");
    }

    #[tokio::test]
    async fn whoever_waits_for_a_day_is_woken_also_while_the_broker_cannot_be_asked() {
        let directory = tempfile::tempdir().unwrap();
        let engine = crate::testing::with_a_job(directory.path()).await;
        // As two days after a wake-up that was lost; the outbox is empty since then.
        let file = rusqlite::Connection::open(directory.path().join("ledger.sqlite")).unwrap();
        file.execute_batch(
            "UPDATE jobs SET dispatched_at = CAST(unixepoch('subsec') * 1000 AS INTEGER) - 172800000; DELETE FROM outbox",
        )
        .unwrap();
        let relay = Relay::new(engine.clone(), Duration::from_secs(1), 100);
        let every = Duration::from_millis(10);
        let rhythm = Rhythm { every, unclaimed_after: every, anchor_every: every };
        let rescuer = Rescuer::new(&engine, &[JobType::DownloadOnly], &relay, rhythm);
        let woken = async {
            while engine.ledger.outbox_depth().await.unwrap() == 0 {
                tokio::time::sleep(every).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), async {
            tokio::select! {
                () = rescuer.take_back() => {}
                () = woken => {}
            }
        })
        .await
        .unwrap();
        // Once: it was dispatched anew.
        rescuer.rescue(Findings::NOTHING_KNOWN.unclaimed_after, u32::MAX).await.unwrap();
        assert_eq!(engine.ledger.outbox_depth().await.unwrap(), 1);
    }
}
