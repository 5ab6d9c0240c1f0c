//! Compares what the ledger says is at the broker with what the broker has, and tells how many wake-ups are missing.
//!
//! # How a loss is told from a queue
//! A job that was dispatched and not claimed has a message: waiting, or in the hand of a worker that is claiming.
//! A consumer has one in hand at most, so with `n_ready` messages that wait and `n_consumers` listening, more jobs than
//! both together cannot all have one: the difference is lost. A queue that was deleted, a broker whose disk is gone,
//! show like that at once, however long the queue was. So as not to be fooled by what happens meanwhile:
//!
//! - The broker is asked *before* the ledger, and only jobs dispatched some seconds ago count ([`SETTLED_AFTER`]).
//!   Whoever the ledger counts then had its message when the broker was asked: a claim comes before its ack, so what is
//!   acked is no longer counted. The other way round, each claim in between would be a loss.
//! - A worker that takes its last slot, is paused or stops has a message in hand and is no consumer, for as long as a
//!   claim takes. So a difference counts only when it is seen twice, [`LOOK_AGAIN_AFTER`] apart; the smaller one.
//! - As many jobs are woken as are missing, and not one more; the next look counts their new messages: however many
//!   rescuers are fooled in one moment, the messages grow at most by one difference each, and never beyond the jobs that
//!   wait, because then there is no difference any more. What is too much finds nothing to claim, and is acked.
//! - While the fleet is held or the queue is paused the ledger counts nobody: messages are acked then, and their jobs
//!   woken by whoever ends it.
//!
//! A loss of fewer messages than there are consumers hides behind their hands. It shows when the queue has run
//! empty: then nobody waits behind others, and who is not claimed within `rescue.unclaimed_after` is woken again. A
//! queue that never runs empty is gone through once a day ([`BEHIND_OTHERS_AT_MOST`]), at one message more per job.
//!
//! Leaves to others: waking ([`common::ledger::Queue::rescue`], [`crate::rescuer`]).

use std::time::Duration;

use common::broker::BrokerError;
use common::domain::job::JobType;
use common::engine::Engine;
use common::ledger::LedgerError;
use tracing::{debug, info};

/// Jobs dispatched more recently may have their message still under way to the queue.
pub(crate) const SETTLED_AFTER: Duration = Duration::from_secs(5);

/// Between the two looks that have to agree: longer than any claim.
const LOOK_AGAIN_AFTER: Duration = Duration::from_secs(2);

/// How long a job may wait for its turn before another wake-up cannot do much harm.
const BEHIND_OTHERS_AT_MOST: Duration = Duration::from_secs(24 * 60 * 60);

/// What a comparison shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Findings {
    /// Wake-ups that are nowhere.
    pub(crate) n_missing: u64,
    /// Jobs dispatched longer ago than this, and not claimed, may be woken again in any case.
    pub(crate) unclaimed_after: Duration,
}

/// Why nothing could be compared.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CompareError {
    /// The ledger.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The broker.
    #[error(transparent)]
    Broker(#[from] BrokerError),
}

/// One look at one queue.
#[derive(Debug, Clone, Copy)]
struct Look {
    n_missing: u64,
    is_empty: bool,
}

impl Findings {
    /// Where the broker cannot say what it has: what is written anew would not reach it either.
    pub(crate) const NOTHING_KNOWN: Self = Self { n_missing: 0, unclaimed_after: BEHIND_OTHERS_AT_MOST };
}

/// Compares the queues of these types.
///
/// # Errors
/// [`CompareError`] when ledger or broker do not answer.
pub(crate) async fn compare(
    engine: &Engine,
    job_types: &[JobType],
    unclaimed_after: Duration,
) -> Result<Findings, CompareError> {
    let mut findings = Findings { n_missing: 0, unclaimed_after };
    for job_type in job_types {
        let first = look(engine, *job_type).await?;
        if !first.is_empty {
            findings.unclaimed_after = BEHIND_OTHERS_AT_MOST;
        }
        if first.n_missing > 0 {
            tokio::time::sleep(LOOK_AGAIN_AFTER).await;
            let n_missing = look(engine, *job_type).await?.n_missing.min(first.n_missing);
            debug!("{n_missing} wake-ups of {job_type} jobs are missing, {} at first", first.n_missing);
            findings.n_missing += n_missing;
        }
    }
    Ok(findings)
}

async fn look(engine: &Engine, job_type: JobType) -> Result<Look, CompareError> {
    let depth = match engine.broker.depth(job_type).await {
        Err(error @ BrokerError::Topology { .. }) => {
            // The queue is gone. Whoever may make it does; for the others an administrator has to.
            engine.broker.declare().await.map_err(|_| error)?;
            info!("the queue of {job_type} jobs was gone, and is made anew");
            engine.broker.depth(job_type).await?
        }
        depth => depth?,
    };
    // The order matters; see above.
    let n_unclaimed = engine.ledger.n_unclaimed(job_type, SETTLED_AFTER).await?;
    let n_at_broker = depth.n_ready.saturating_add(u64::from(depth.n_consumers));
    Ok(Look { n_missing: n_unclaimed.saturating_sub(n_at_broker), is_empty: depth.n_ready == 0 })
}
