//! Brings back what was lost: jobs whose worker went silent, and jobs that were dispatched and never claimed.
//!
//! Any worker does this; the ledger lets one at a time through. An attempt that ended this way is given
//! back: losing a worker is not the job's fault. Woken by a timer.

use std::sync::Arc;
use std::time::Duration;

use common::ledger::Ledger;
use common::report::Chain;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::relay::Relay;

/// Time between two looks; with a lease of a minute, a job of a dead worker waits 75 s at most.
const LONGEST_INTERVAL: Duration = Duration::from_secs(15);

/// A wake-up that nobody turned into a claim for this long is taken for lost. Longer than a full worker
/// needs to find a free slot would be better still, but a second wake-up costs nothing.
const UNCLAIMED_AFTER: Duration = Duration::from_secs(5 * 60);

/// Looks for lost jobs until `end`, at least once per `lease_ttl`.
pub async fn run(ledger: &Arc<dyn Ledger>, relay: &Relay, lease_ttl: Duration, end: &CancellationToken) {
    let every = LONGEST_INTERVAL.min(lease_ttl / 2);
    loop {
        match ledger.rescue(UNCLAIMED_AFTER).await {
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
                if !(rescued.expired.is_empty() && rescued.unclaimed.is_empty()) {
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
