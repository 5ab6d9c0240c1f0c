//! Stopping without losing anything: first take nothing new, then leave at the next safe point.
//!
//! Promises: [`Shutdown::drain`] returns only when every task spawned through it has ended. A panic in
//! one of them is remembered and stops the process the short way: a loop that is gone silently would look
//! like a healthy worker. Leaves to others: being interruptible (loops select on [`Shutdown::draining`])
//! and the exit code (`main` asks [`Shutdown::panicked`]).
//!
//! Made in `main`, cloned into every loop, awaited last.

use std::future::Future;
use std::io;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, WaitForCancellationFuture};
use tokio_util::task::TaskTracker;
use tracing::{error, info, warn};

/// The two stages of stopping, and the tasks that have to get there. Clones are the same shutdown.
#[derive(Debug, Clone, Default)]
pub struct Shutdown {
    draining: CancellationToken,
    aborting: CancellationToken,
    tasks: TaskTracker,
    panicked: Arc<AtomicBool>,
}

impl Shutdown {
    /// A shutdown that has not begun.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Resolves when nothing new may be taken any more; at once when that is so already.
    pub fn draining(&self) -> WaitForCancellationFuture<'_> {
        self.draining.cancelled()
    }

    /// Resolves when everything has to leave at its next safe point; at once when that is so already.
    pub fn aborting(&self) -> WaitForCancellationFuture<'_> {
        self.aborting.cancelled()
    }

    /// Whether nothing new may be taken any more.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.draining.is_cancelled()
    }

    /// Whether everything has to leave at its next safe point.
    #[must_use]
    pub fn is_aborting(&self) -> bool {
        self.aborting.is_cancelled()
    }

    /// The output of `future`, or `None` when draining began first; `future` is dropped then. Draining
    /// wins when both are ready, so that a loop that is always busy stops too.
    pub async fn unless_draining<F: Future>(&self, future: F) -> Option<F::Output> {
        unless(&self.draining, future).await
    }

    /// The output of `future`, or `None` when aborting began first; `future` is dropped then.
    pub async fn unless_aborting<F: Future>(&self, future: F) -> Option<F::Output> {
        unless(&self.aborting, future).await
    }

    /// Runs a task that [`drain`](Self::drain) waits for. When it panics the whole process is told to
    /// leave. The handle may be dropped: that does not stop the task.
    ///
    /// The output is `None` after a panic.
    pub fn spawn<F>(&self, future: F) -> JoinHandle<Option<F::Output>>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let shutdown = self.clone();
        self.tasks.spawn(async move {
            // Unwind safe: after a panic nobody looks at the future or at what it held.
            let output = AssertUnwindSafe(future).catch_unwind().await;
            output
                .map_err(|panic| {
                    error!("a task panicked, leaving: {}", panic_text(panic.as_ref()));
                    shutdown.panicked.store(true, Ordering::SeqCst);
                    shutdown.abort();
                })
                .ok()
        })
    }

    /// Runs a task that [`drain`](Self::drain) waits for and whose panic is its own: what one request does must not take
    /// the others with it.
    pub fn spawn_apart<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.tasks.spawn(future)
    }

    /// Whether a task panicked.
    #[must_use]
    pub fn panicked(&self) -> bool {
        self.panicked.load(Ordering::SeqCst)
    }

    /// Begins draining and returns at once; [`drain`](Self::drain) also waits.
    pub fn begin(&self) {
        self.draining.cancel();
    }

    /// Tells everything to leave at its next safe point, and that nothing new may be taken.
    pub fn abort(&self) {
        self.draining.cancel();
        self.aborting.cancel();
    }

    /// Stops taking work, waits for the tasks until `grace` is over or somebody aborts, then tells them to
    /// leave and waits again. Returns whether every task ended without being told to.
    ///
    /// # Assumptions
    /// Every await of a task after the abort has a bound of its own, so that the second wait has an end.
    pub async fn drain(&self, grace: Duration) -> bool {
        self.draining.cancel();
        self.tasks.close();
        let all_ended = self.unless_aborting(self.tasks.wait());
        let in_time = matches!(tokio::time::timeout(grace, all_ended).await, Ok(Some(())));
        if !in_time {
            self.abort();
            self.tasks.wait().await;
        }
        in_time
    }

    /// Turns signals into stages: the first SIGTERM or SIGINT drains, the second aborts. Where there is no
    /// SIGTERM, Ctrl-C alone does both.
    ///
    /// Returns once the signals are caught; from then on they no longer end the process by themselves.
    ///
    /// # Errors
    /// When the operating system refuses to tell of signals.
    pub fn listen_for_signals(&self) -> io::Result<()> {
        let mut signals = Signals::catch()?;
        let shutdown = self.clone();
        // Not tracked: it waits for signals until the process is gone.
        tokio::spawn(async move {
            let first = signals.next().await;
            info!(
                "{first}: taking nothing new, letting running work come to a safe point; once more to leave now"
            );
            shutdown.begin();
            let second = signals.next().await;
            warn!("{second} again: leaving now");
            shutdown.abort();
        });
        Ok(())
    }
}

/// The output of `future`, or `None` when `token` was cancelled first.
async fn unless<F: Future>(token: &CancellationToken, future: F) -> Option<F::Output> {
    tokio::select! {
        biased;
        () = token.cancelled() => None,
        output = future => Some(output),
    }
}

/// What a panic said, where it said something.
fn panic_text(panic: &(dyn std::any::Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no text")
}

/// The signals that ask a process to stop.
#[cfg(unix)]
struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn catch() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Waits for one of them and says which.
    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}

/// The signals that ask a process to stop.
#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn catch() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) -> &'static str {
        // Without a way to be told, waiting for ever is what is left: the process can still be killed.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        "Ctrl-C"
    }
}

#[cfg(test)]
mod tests;
