//! Brings back what was lost: jobs whose worker went silent, and jobs that were dispatched and never claimed.
//!
//! Any worker does this; the ledger lets one at a time through. An attempt that ended this way is given
//! back: losing a worker is not the job's fault. Woken by a timer.

use std::time::Duration;

use common::domain::job::JobType;
use common::engine::Engine;
use common::report::Chain;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::relay::Relay;

/// Time between two looks; with a lease of a minute, a job of a dead worker waits 75 s at most.
const LONGEST_INTERVAL: Duration = Duration::from_secs(15);

/// A wake-up that nobody turned into a claim for this long, with no message waiting, is taken for lost.
const UNCLAIMED_AFTER: Duration = Duration::from_secs(5 * 60);

/// The same while messages wait: then nearly every one of them is only behind full workers, and another one for
/// each job every five minutes would be a queue that grows while it is worked off.
const UNCLAIMED_WHILE_OTHERS_WAIT: Duration = Duration::from_secs(6 * 60 * 60);

/// Looks for lost jobs until `end`, at least once per `lease_ttl`.
pub async fn run(
    engine: &Engine,
    job_types: &[JobType],
    relay: &Relay,
    lease_ttl: Duration,
    end: &CancellationToken,
) {
    let every = LONGEST_INTERVAL.min(lease_ttl / 2);
    loop {
        let unclaimed_after =
            if any_wait(engine, job_types).await { UNCLAIMED_WHILE_OTHERS_WAIT } else { UNCLAIMED_AFTER };
        match engine.ledger.rescue(unclaimed_after).await {
            Ok(rescued) => {
                for job in &rescued.expired {
                    info!(job.id = job.0, "job {job}: taken back from a worker that went silent");
                }
                for job in &rescued.given_up {
                    warn!(job.id = job.0, "job {job}: failed, it lost too many workers");
                }
                for job in &rescued.unclaimed {
                    info!(job.id = job.0, "job {job}: dispatched again, nobody had claimed it");
                }
                for job in &rescued.held_up {
                    info!(job.id = job.0, "job {job}: dispatched again after the hold");
                }
                if !(rescued.expired.is_empty() && rescued.unclaimed.is_empty() && rescued.held_up.is_empty())
                {
                    relay.nudge();
                }
            }
            Err(error) => warn!("lost jobs not looked for: {}", Chain(&error)),
        }
        tokio::select! {
            () = end.cancelled() => return,
            () = tokio::time::sleep(every) => {}
        }
    }
}

/// Whether messages wait at the broker; also while it cannot say, for then nothing new would reach it either.
async fn any_wait(engine: &Engine, job_types: &[JobType]) -> bool {
    for job_type in job_types {
        match engine.broker.depth(*job_type).await {
            Ok(0) => {}
            Ok(_) | Err(_) => return true,
        }
    }
    false
}
