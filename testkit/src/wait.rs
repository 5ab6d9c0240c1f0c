//! Waiting for something to become true, with a bound.
//!
//! Promises: looks at once and then again and again, a look included in the bound even when it hangs; when
//! time is up the message says what was awaited, for how long, what was seen last, and where in the test.
//! This is the only sleeping that tests do. It wants a runtime whose clock is not paused, because the
//! servers' clocks are not.

use std::{
    fmt,
    panic::Location,
    time::{Duration, Instant},
};

/// The pause after the first look; it doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(2);

/// Short enough that a test does not notice, long enough that looking costs the other processes little.
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

/// Time was up before a look succeeded.
#[derive(Debug, thiserror::Error)]
#[error("{what}: not so within {within:?}; last seen: {last_seen}")]
pub struct TimedOut {
    /// What was awaited.
    pub what: String,
    /// For how long.
    pub within: Duration,
    /// What the last look found, or that it did not end.
    pub last_seen: String,
}

/// Calls `look` until it answers `Ok`, and returns that.
///
/// `what` is a sentence that shall become true ("job 7 is running"). The `Err` of a look is the state that
/// it found; the last one is part of the message.
///
/// ```
/// # use std::time::Duration;
/// # use testkit::wait::wait_until;
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let mut n_looks = 0;
/// let looks = wait_until("three looks are done", Duration::from_secs(5), async || {
///     n_looks += 1;
///     if n_looks == 3 { Ok(n_looks) } else { Err(format!("{n_looks} done")) }
/// })
/// .await;
/// assert_eq!(looks, 3);
/// # }
/// ```
///
/// # Panics
/// When no look has answered `Ok` after `within`.
#[track_caller]
pub fn wait_until<T, L>(what: impl fmt::Display, within: Duration, look: L) -> impl Future<Output = T>
where
    L: AsyncFnMut() -> Result<T, String>,
{
    let asked_at = Location::caller();
    async move {
        match poll_until(what, within, look).await {
            Ok(found) => found,
            #[expect(clippy::panic, reason = "a condition that does not come true is a failed test")]
            Err(timed_out) => panic!("{timed_out} ({asked_at})"),
        }
    }
}

/// [`wait_until`] for a caller that goes on without it.
///
/// # Errors
/// When no look has answered `Ok` after `within`.
pub async fn poll_until<T, L>(what: impl fmt::Display, within: Duration, mut look: L) -> Result<T, TimedOut>
where
    L: AsyncFnMut() -> Result<T, String>,
{
    let started = Instant::now();
    let mut last_seen = None;
    let mut pause = FIRST_PAUSE;
    loop {
        // The first look is allowed even with a bound of zero; a later one gets what is left.
        let left = within.saturating_sub(started.elapsed()).max(FIRST_PAUSE);
        match tokio::time::timeout(left, look()).await {
            Ok(Ok(found)) => return Ok(found),
            Ok(Err(state)) => last_seen = Some(state),
            Err(_) => {
                let before = last_seen.as_deref().unwrap_or("nothing");
                last_seen = Some(format!("{before} (and then a look that did not end)"));
            }
        }
        let left = within.saturating_sub(started.elapsed());
        if left.is_zero() {
            let last_seen = last_seen.unwrap_or_default();
            return Err(TimedOut { what: what.to_string(), within, last_seen });
        }
        tokio::time::sleep(pause.min(left)).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_look_that_succeeds_at_once_needs_no_time() {
        assert_eq!(poll_until("it is so", Duration::ZERO, async || Ok(7)).await.unwrap(), 7);
    }

    #[tokio::test]
    async fn the_message_names_the_wish_the_bound_and_the_last_state() {
        let mut n_looks = 0;
        let looked = poll_until("job 7 is running", Duration::from_millis(30), async || {
            n_looks += 1;
            Err::<(), _>(format!("state {n_looks}"))
        });
        let message = looked.await.unwrap_err().to_string();
        assert!(n_looks > 1);
        assert_eq!(message, format!("job 7 is running: not so within 30ms; last seen: state {n_looks}"));
    }

    #[tokio::test]
    async fn a_look_that_hangs_does_not_hang_the_wait() {
        let mut n_looks = 0;
        let looked = poll_until("an answer", Duration::from_millis(30), async || {
            n_looks += 1;
            if n_looks > 1 {
                std::future::pending::<()>().await;
            }
            Err::<(), _>("no answer yet".to_owned())
        });
        let message = looked.await.unwrap_err().to_string();
        assert!(
            message.ends_with("last seen: no answer yet (and then a look that did not end)"),
            "{message}"
        );
    }

    #[tokio::test]
    #[should_panic(expected = "src/wait.rs")]
    async fn the_panic_points_at_the_line_that_waits() {
        wait_until("never", Duration::from_millis(5), async || Err::<(), _>("no".to_owned())).await;
    }
}
