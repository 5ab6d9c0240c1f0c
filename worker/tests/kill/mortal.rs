//! A ledger with faults: its worker dies, or panics, at a chosen write; it does not answer, or never does; or it fails
//! to claim one job. What it does with jobs stands here; the rest, which is passed on, in `parts`.

mod parts;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use common::domain::device::Serial;
use common::domain::job::{JobId, Requester};
use common::domain::lease::{Lease, WorkerId};
use common::ledger::{
    Batch, CancelAnswer, Claim, End, EnqueueAnswer, Ledger, LedgerError, Queue, Rescued, StepRecord,
};
use tokio_util::sync::CancellationToken;

/// Where a worker dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Death {
    /// What it did on the device is not noted.
    Before(usize),
    /// It is noted, and nothing follows.
    After(usize),
    /// The worker meets a defect in itself while it writes; others of its attempts go on.
    Panic(usize),
    /// It lives.
    Never,
}

/// What is wrong with the ledger for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ill {
    /// Nothing.
    Not,
    /// It cannot be reached.
    Away,
    /// It has no room on its disk.
    Full,
    /// It takes calls and never answers.
    Hangs,
    /// It fails to claim this job.
    CannotClaim(JobId),
}

/// Passes everything on until its death.
pub struct Mortal {
    inner: Arc<dyn Ledger>,
    death: Death,
    n_writes: AtomicUsize,
    ill: Mutex<Ill>,
    /// Claims that failed.
    pub n_refused: AtomicUsize,
    /// Calls that were not answered, or only when it was well again.
    pub n_missed: AtomicUsize,
    /// Cancelled when it has died.
    pub dead: CancellationToken,
}

impl Mortal {
    pub fn new(inner: Arc<dyn Ledger>, death: Death) -> Self {
        Self {
            inner,
            death,
            n_writes: AtomicUsize::new(0),
            ill: Mutex::new(Ill::Not),
            n_refused: AtomicUsize::new(0),
            n_missed: AtomicUsize::new(0),
            dead: CancellationToken::new(),
        }
    }

    /// Makes it ill from now on, or well.
    pub fn falls(&self, ill: Ill) {
        *self.ill.lock().unwrap() = ill;
    }

    fn ill(&self) -> Ill {
        *self.ill.lock().unwrap()
    }

    /// The answer of a call, as far as the ledger is well.
    async fn well<T>(&self, call: impl Future<Output = Result<T, LedgerError>>) -> Result<T, LedgerError> {
        let location = || "the test's".to_owned();
        if matches!(self.ill(), Ill::Away | Ill::Full | Ill::Hangs) {
            self.n_missed.fetch_add(1, Ordering::SeqCst);
        }
        while self.ill() == Ill::Hangs {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        match self.ill() {
            Ill::Not | Ill::CannotClaim(_) => call.await,
            Ill::Away => Err(LedgerError::NotReachable { location: location(), reason: "away".into() }),
            Ill::Full => Err(LedgerError::Full { location: location(), reason: "no room".into() }),
            Ill::Hangs => std::future::pending().await,
        }
    }

    async fn fatal<T>(&self, write: impl Future<Output = Result<T, LedgerError>>) -> Result<T, LedgerError> {
        let n = self.n_writes.fetch_add(1, Ordering::SeqCst);
        assert_ne!(self.death, Death::Panic(n), "as the test wants it");
        if self.death == Death::Before(n) {
            return self.die().await;
        }
        let written = self.well(write).await;
        if self.death == Death::After(n) {
            return self.die().await;
        }
        written
    }

    async fn die<T>(&self) -> T {
        self.dead.cancel();
        std::future::pending().await
    }
}

#[async_trait]
impl Queue for Mortal {
    async fn enqueue(&self, batch: &Batch) -> Result<Vec<(Serial, EnqueueAnswer)>, LedgerError> {
        self.well(self.inner.enqueue(batch)).await
    }
    async fn claim(&self, job: JobId, worker: &WorkerId, ttl: Duration) -> Result<Claim, LedgerError> {
        if self.ill() == Ill::CannotClaim(job) {
            self.n_refused.fetch_add(1, Ordering::SeqCst);
            return Err(LedgerError::Store { statement: "claim_job", reason: "as the test wants it".into() });
        }
        self.fatal(self.inner.claim(job, worker, ttl)).await
    }
    async fn record(&self, lease: &Lease, step: &StepRecord) -> Result<(), LedgerError> {
        self.fatal(self.inner.record(lease, step)).await
    }
    async fn end(&self, lease: &Lease, end: &End, step: &StepRecord) -> Result<(), LedgerError> {
        self.fatal(self.inner.end(lease, end, step)).await
    }
    async fn cancel(&self, job: JobId, by: &Requester) -> Result<CancelAnswer, LedgerError> {
        self.well(self.inner.cancel(job, by)).await
    }
    async fn promote_due(&self, limit: u32) -> Result<(usize, Option<Duration>), LedgerError> {
        self.well(self.inner.promote_due(limit)).await
    }
    async fn rescue(&self, unclaimed_after: Duration, wake_at_most: u32) -> Result<Rescued, LedgerError> {
        self.well(self.inner.rescue(unclaimed_after, wake_at_most)).await
    }
}
