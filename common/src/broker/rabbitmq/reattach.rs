//! Trying again, for as long as it takes, without hurrying.
//!
//! Leaves to others: what an attempt is. Wakes by time alone; whoever waits may leave at any moment.

use std::pin::Pin;
use std::time::Duration;

use tokio::time::sleep;
use tracing::warn;

use crate::broker::BrokerError;

/// Pause before the first try. Not zero, because what was lost a moment ago may be lost in the same way again.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// Pauses double up to this. A fleet finds a broker that came back after half a minute at the latest, and a broker
/// that is starting is not asked by a thousand workers each second.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// A connection in the making. It goes on where it was when it is polled again.
pub(super) type Attaching<T> = Pin<Box<dyn Future<Output = Result<T, BrokerError>> + Send>>;

/// Tries until it succeeds, or until the broker says that it never will.
///
/// # Errors
/// [`BrokerError::Closed`] and [`BrokerError::Settings`].
pub(super) async fn reattach<T>(
    what: &'static str,
    mut attach: impl FnMut() -> Attaching<T> + Send,
) -> Result<T, BrokerError> {
    let mut n_failures = 0;
    loop {
        sleep(pause(n_failures, rand::random_range(0.0..1.0))).await;
        match attach().await {
            Ok(attached) => return Ok(attached),
            Err(error @ (BrokerError::Closed { .. } | BrokerError::Settings { .. })) => return Err(error),
            Err(
                error @ (BrokerError::NotReachable { .. }
                | BrokerError::Lost { .. }
                | BrokerError::Topology { .. }),
            ) => {
                n_failures += 1;
                warn!(n_failures, "{what} stays interrupted, trying again: {error}");
            }
        }
    }
}

/// The pause after `n_failures`: from half to the whole of a power of two, so that a fleet spreads out. `dice` is
/// from 0 to 1.
fn pause(n_failures: u32, dice: f64) -> Duration {
    let whole = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(n_failures)).min(LONGEST_PAUSE);
    whole.mul_f64(0.5 + dice / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_their_limit_and_are_never_zero() {
        assert_eq!(pause(0, 0.0), FIRST_PAUSE / 2);
        assert_eq!(pause(0, 1.0), FIRST_PAUSE);
        assert_eq!(pause(3, 1.0), FIRST_PAUSE * 8);
        for n_failures in [9, 31, 32, u32::MAX] {
            assert_eq!(pause(n_failures, 1.0), LONGEST_PAUSE);
            assert_eq!(pause(n_failures, 0.0), LONGEST_PAUSE / 2);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn it_tries_until_it_is_told_that_it_never_will() {
        let mut n_tries = 0;
        let attached: Result<(), _> = reattach("a test", || {
            n_tries += 1;
            let answer = match n_tries {
                1 => BrokerError::Lost { reason: "gone".into() },
                2 => BrokerError::NotReachable { location: "here".into(), reason: "refused".into() },
                _ => BrokerError::Closed { reason: "wrong password".into() },
            };
            Box::pin(async { Err(answer) })
        })
        .await;
        assert!(matches!(attached, Err(BrokerError::Closed { .. })));
        assert_eq!(n_tries, 3);
    }
}
