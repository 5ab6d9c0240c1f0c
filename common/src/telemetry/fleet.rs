//! What the ledger knows, as gauges: read when somebody scrapes, at most every five seconds.
//!
//! Promises: every process that is scraped reads for itself, so no leader has to live; the values are the fleet's and
//! the same everywhere, so a query takes `max()` of them, not `sum()`. While the ledger is away, [`names::LEDGER_UP`]
//! is 0 and the others are what they were.
//! Leaves to others: what a process knows of itself.

use std::sync::Arc;
use std::time::Duration;

use metrics::gauge;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use super::names;
use crate::domain::failure::FailureKind;
use crate::domain::hold::HoldCause;
use crate::domain::job::JobState;
use crate::ledger::{Ledger, LedgerError};

/// Between two reads, however often and by however many it is scraped.
const READ_EVERY: Duration = Duration::from_secs(5);

/// A scraper waits ten seconds by default (Prometheus documentation, `scrape_timeout`); health checks wait less.
const READ_WITHIN: Duration = Duration::from_secs(3);

/// The gauges of one process.
pub struct FleetGauges {
    ledger: Arc<dyn Ledger>,
    last: Mutex<Option<Instant>>,
}

impl FleetGauges {
    /// Gauges of this ledger; nothing is read yet.
    #[must_use]
    pub fn new(ledger: Arc<dyn Ledger>) -> Self {
        Self { ledger, last: Mutex::default() }
    }

    /// Reads, unless that was done a moment ago. Takes three seconds at most.
    pub async fn refresh(&self) {
        let mut last = self.last.lock().await;
        if last.is_some_and(|at| at.elapsed() < READ_EVERY) {
            return;
        }
        *last = Some(Instant::now());
        let is_up = matches!(timeout(READ_WITHIN, self.read()).await, Ok(Ok(())));
        gauge!(names::LEDGER_UP).set(number(u64::from(is_up)));
    }

    async fn read(&self) -> Result<(), LedgerError> {
        let ledger = &self.ledger;
        let (counts, hold, pauses, outbox, n_dead) = tokio::try_join!(
            ledger.counts(None),
            ledger.hold(),
            ledger.pauses(),
            ledger.outbox_state(),
            ledger.n_dead()
        )?;
        for state in JobState::ALL {
            let n_jobs = counts.by_state.get(&state).copied().unwrap_or_default();
            gauge!(names::JOBS, "state" => state.as_str()).set(number(n_jobs));
        }
        // All of them: a kind that is no more goes back to 0.
        for kind in FailureKind::ALL {
            let n_jobs = counts
                .failures
                .iter()
                .find(|failure| failure.kind == *kind)
                .map_or(0, |failure| failure.count);
            gauge!(names::JOBS_NOT_COMPLETED, "kind" => kind.as_str()).set(number(n_jobs));
        }
        gauge!(names::JOBS_READY).set(number(counts.ready_for_install));
        for cause in HoldCause::ALL {
            let is_held = hold.as_ref().is_some_and(|hold| hold.cause == cause);
            gauge!(names::FLEET_HELD, "cause" => cause.as_str()).set(number(u64::from(is_held)));
        }
        for scope in ["queue", "worker"] {
            let n_pauses = pauses.iter().filter(|pause| pause.scope.kind() == scope).count();
            gauge!(names::PAUSES, "scope" => scope).set(number(n_pauses as u64));
        }
        gauge!(names::OUTBOX_ROWS).set(number(outbox.n_rows));
        gauge!(names::OUTBOX_REFUSED).set(number(outbox.n_refused));
        gauge!(names::OUTBOX_AGE).set(outbox.oldest.unwrap_or_default().as_secs_f64());
        gauge!(names::DEAD_LETTERS).set(number(n_dead));
        Ok(())
    }
}

/// A count as a gauge has it. Exact up to 2^53.
#[expect(clippy::cast_precision_loss, reason = "nobody has 2^53 jobs")]
fn number(count: u64) -> f64 {
    count as f64
}
