//! Wall-clock time, for what people read later: audit entries, events, reports.
//!
//! Promises: one source of "now" that a test can set. Leaves to others: leases and due times (the
//! database's clock decides them) and waiting (tokio's clock); neither may depend on this one.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::Timestamp;

/// Tells the time.
pub trait Clock: Send + Sync {
    /// The time now, in whole microseconds: what PostgreSQL keeps of a timestamp (its manual, 8.5), so
    /// that a time written and read back is the same time.
    fn now(&self) -> Timestamp;
}

/// The machine's own clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let now = Timestamp::now();
        Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
    }
}

/// A clock that stands still until it is told to move.
#[derive(Debug)]
pub struct SetClock {
    /// Microseconds since 1970.
    now: AtomicI64,
}

impl SetClock {
    /// A clock that shows `now`.
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        Self { now: AtomicI64::new(now.as_microsecond()) }
    }

    /// Moves on by `length`; stays at the end of time when that would pass it.
    pub fn advance(&self, length: Duration) {
        let microseconds = i64::try_from(length.as_micros()).unwrap_or(i64::MAX);
        let latest = Timestamp::MAX.as_microsecond();
        let moved = |now: i64| Some(now.saturating_add(microseconds).min(latest));
        // Cannot fail: the closure always has a new value.
        let _ = self.now.fetch_update(Ordering::SeqCst, Ordering::SeqCst, moved);
    }
}

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        // In range: it came from a timestamp and `advance` stops at the last one.
        Timestamp::from_microsecond(self.now.load(Ordering::SeqCst)).unwrap_or(Timestamp::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_clock_moves_only_when_told() {
        let noon: Timestamp = "2026-11-23T12:00:00.000001Z".parse().unwrap();
        let clock = SetClock::at(noon);
        assert_eq!(clock.now(), noon);
        clock.advance(Duration::from_micros(1_500_000));
        assert_eq!(clock.now().to_string(), "2026-11-23T12:00:01.500001Z");
        clock.advance(Duration::MAX);
        assert!(clock.now() > noon);
    }

    #[test]
    fn the_system_clock_has_nothing_below_a_microsecond() {
        assert_eq!(SystemClock.now().subsec_nanosecond() % 1_000, 0);
    }
}
