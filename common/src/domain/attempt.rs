//! Attempts: how often a job is tried, and how long it waits between two of them.

use std::time::Duration;

/// First wait after a failed attempt. Short, because most failures are a lost packet or a busy box.
pub const FIRST_RETRY: Duration = Duration::from_secs(15);

/// Longest wait between two attempts: an operator who fixed the cause should not wait longer than this.
pub const LONGEST_RETRY: Duration = Duration::from_secs(15 * 60);

/// Leases a job may lose before it is taken for the killer of its workers and fails. Lost leases cost no
/// attempt, so that an eviction is nobody's fault; this bound keeps a poisonous job from going round for ever.
pub const MAX_LOST_LEASES: u32 = 20;

/// The wait after failed attempt number `attempt` (from 1): doubles each time, is capped, and is spread
/// by `jitter` in 0..=1 over the upper half, so that a site that comes back is not met by all its jobs at once.
#[must_use]
pub fn backoff(attempt: u32, jitter: f64) -> Duration {
    let doubled =
        FIRST_RETRY.saturating_mul(1_u32.checked_shl(attempt.saturating_sub(1)).unwrap_or(u32::MAX));
    let full = doubled.min(LONGEST_RETRY);
    full.mul_f64(0.5 + 0.5 * jitter.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_until_its_cap() {
        let waits: Vec<u64> = (1..=9).map(|attempt| backoff(attempt, 1.0).as_secs()).collect();
        assert_eq!(waits, [15, 30, 60, 120, 240, 480, 900, 900, 900]);
        assert_eq!(backoff(u32::MAX, 1.0), LONGEST_RETRY);
    }

    #[test]
    fn jitter_takes_at_most_half() {
        assert_eq!(backoff(1, 0.0), FIRST_RETRY / 2);
        assert_eq!(backoff(1, -3.0), FIRST_RETRY / 2);
        assert_eq!(backoff(1, 7.0), FIRST_RETRY);
    }
}
