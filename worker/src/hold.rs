//! One held lease, as the attempt under it sees it: whether the device may still be touched.
//!
//! # Guarantees
//! The deadline is counted on this process's monotonic clock from the moment the last successful renewal was *sent*,
//! less a margin of a tenth of the lease, so the ledger gives the job to nobody else before it has passed here.
//!
//! [`Hold::guard`] looks at the deadline each time the attempt is about to run at all, not only before a command: an
//! attempt that was stopped on the way to the device (while a key is made, a connection opened, a handshake done) and
//! wakes after its deadline is dropped before it touches the connection again, and its request with it. What is left
//! is the hop from there to the connection's own task, which writes the request at once: a process that is stopped
//! exactly in that hop, for longer than the margin, could still send one. No check of ours can be nearer to the wire,
//! and a firewall checks no token, so the next worker looks before it asks, and a second request for an image that is
//! on its way is refused by the device. Nothing is ever repeated by the client below us but a request that was not
//! written, and that is done in the guarded attempt.
//!
//! The clock (`CLOCK_MONOTONIC`) goes on while a process is stopped (SIGSTOP, a frozen container). It stands still
//! while a whole machine is suspended to RAM, or a virtual machine is paused without telling its guest: worker hosts
//! must not be. Then only the first beat afterwards fences.
//!
//! # Leaves to others
//! Renewing and fencing ([`crate::lease_keeper`]); what a fenced attempt does (nothing more: [`crate::perform`]).

use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::task::Poll;

use common::domain::lease::Lease;
use common::ledger::{CancelRequest, LedgerError};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// The right to act on one job, for as long as it lasts.
#[derive(Debug)]
pub struct Hold {
    lease: Lease,
    /// Nothing may be sent to the device after this.
    deadline: Mutex<Instant>,
    lost: CancellationToken,
    cancel: OnceLock<CancelRequest>,
    cancelled: CancellationToken,
    /// The end of the attempt is being written: a renewal that no longer finds the lease means that it was.
    ending: AtomicBool,
}

impl Hold {
    pub(crate) fn new(lease: Lease, deadline: Instant) -> Self {
        Self {
            lease,
            deadline: Mutex::new(deadline),
            lost: CancellationToken::new(),
            cancel: OnceLock::new(),
            cancelled: CancellationToken::new(),
            ending: AtomicBool::new(false),
        }
    }

    /// The right to act that this is about.
    #[must_use]
    pub fn lease(&self) -> &Lease {
        &self.lease
    }

    /// Whether the device may still be touched. Ask before every command.
    ///
    /// # Errors
    /// [`LedgerError::LeaseLost`] once it is fenced.
    pub fn check(&self) -> Result<(), LedgerError> {
        if self.is_lost() || Instant::now() >= self.deadline() {
            Err(LedgerError::LeaseLost { job: self.lease.job })
        } else {
            Ok(())
        }
    }

    /// The output of `future`, which is not run any further once the lease is lost.
    ///
    /// # Errors
    /// [`LedgerError::LeaseLost`].
    pub async fn guard<F: Future>(&self, future: F) -> Result<F::Output, LedgerError> {
        let (mut future, mut lost) = (pin!(future), pin!(self.lost.cancelled()));
        poll_fn(|context| {
            // Also wakes when the lease is lost while the future waits for something else.
            let is_lost = lost.as_mut().poll(context).is_ready();
            match self.check() {
                Ok(()) if !is_lost => future.as_mut().poll(context).map(Ok),
                Ok(()) => Poll::Ready(Err(LedgerError::LeaseLost { job: self.lease.job })),
                Err(lost) => Poll::Ready(Err(lost)),
            }
        })
        .await
    }

    /// Ends when the lease is lost.
    pub async fn lost(&self) {
        self.lost.cancelled().await;
    }

    /// Ends when somebody wants the job to stop.
    pub async fn cancelled(&self) {
        self.cancelled.cancelled().await;
    }

    /// Whether somebody wants the job to stop.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.is_cancelled()
    }

    /// Says that the end of the attempt is being written now.
    pub fn begin_end(&self) {
        self.ending.store(true, Ordering::SeqCst);
    }

    pub(crate) fn is_ending(&self) -> bool {
        self.ending.load(Ordering::SeqCst)
    }

    pub(crate) fn is_lost(&self) -> bool {
        self.lost.is_cancelled()
    }

    pub(crate) fn lose(&self) {
        self.lost.cancel();
    }

    pub(crate) fn deadline(&self) -> Instant {
        *self.deadline.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn extend_to(&self, deadline: Instant) {
        *self.deadline.lock().unwrap_or_else(PoisonError::into_inner) = deadline;
    }

    /// Takes note of a wish to stop; whether it is news.
    pub(crate) fn cancel(&self, request: &CancelRequest) -> bool {
        let is_news = self.cancel.set(request.clone()).is_ok();
        self.cancelled.cancel();
        is_news
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use common::domain::job::JobId;
    use common::domain::lease::{LeaseToken, WorkerId};
    use futures_util::FutureExt;

    use super::*;

    fn hold(for_s: u64) -> Hold {
        let lease = Lease { job: JobId(1), token: LeaseToken(1), owner: WorkerId("w".into()) };
        Hold::new(lease, Instant::now() + Duration::from_secs(for_s))
    }

    #[tokio::test(start_paused = true)]
    async fn who_wakes_after_the_deadline_is_not_run_any_further() {
        let hold = hold(54);
        let mut ran_late = false;
        let guarded = hold.guard(async {
            // As a process that is stopped: time has passed when it is run again, and nobody has fenced it yet.
            tokio::time::advance(Duration::from_secs(60)).await;
            ran_late = true;
        });
        assert!(matches!(guarded.await, Err(LedgerError::LeaseLost { .. })));
        assert!(!ran_late);
    }

    #[tokio::test(start_paused = true)]
    async fn a_lease_that_is_lost_ends_who_waits_for_something_else() {
        let hold = hold(54);
        let (guarded, ()) = tokio::join!(hold.guard(std::future::pending::<()>()), async { hold.lose() });
        assert!(guarded.is_err());
        assert!(hold.check().is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn a_lease_that_is_renewed_lets_its_attempt_run_on() {
        let hold = hold(54);
        let guarded = hold.guard(async {
            tokio::time::sleep(Duration::from_secs(50)).await;
            hold.extend_to(Instant::now() + Duration::from_secs(54));
            tokio::time::sleep(Duration::from_secs(50)).await;
        });
        assert!(guarded.await.is_ok());
        assert!(hold.lost().now_or_never().is_none());
    }
}
