//! Time, as the fleet sees it: moments since the start, and the calendar that a device prints.
//!
//! Every state machine takes the moment as an argument, so that a test decides what time it is. Leaves to
//! others: sleeping, which only [`crate::api`] does, before it asks a device anything.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};

/// A point in time, in milliseconds since the simulator started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(u64);

impl Moment {
    /// When the simulator started.
    pub const START: Self = Self(0);

    /// The moment that many milliseconds after the start.
    pub const fn from_ms(ms: u64) -> Self {
        Self(ms)
    }

    /// Milliseconds since the start.
    pub const fn ms(self) -> u64 {
        self.0
    }

    /// The moment `by` later.
    #[must_use]
    pub fn plus(self, by: Duration) -> Self {
        Self(self.0.saturating_add(millis(by)))
    }

    /// How long ago `earlier` was; zero when it has yet to come.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

/// Whole milliseconds of a duration, as far as they fit.
pub fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Tells the present moment.
#[derive(Debug)]
pub struct Clock {
    started: Instant,
    started_at: Timestamp,
}

impl Clock {
    /// A clock that starts now.
    pub fn start() -> Self {
        Self { started: Instant::now(), started_at: Timestamp::now() }
    }

    /// The present moment.
    pub fn now(&self) -> Moment {
        Moment(millis(self.started.elapsed()))
    }

    /// The wall-clock time of [`Moment::START`].
    pub fn started_at(&self) -> Timestamp {
        self.started_at
    }
}

/// Prints moments the way a device does: in its own zone, which no answer ever names
/// (verified by the author of a public client on a PA-440, 11.2.10-h8).
#[derive(Debug, Clone)]
pub struct Calendar {
    epoch: Timestamp,
    zone: TimeZone,
}

impl Calendar {
    /// A calendar whose start is `epoch`, shown `offset_h` hours east of Greenwich.
    pub fn new(epoch: Timestamp, offset_h: i8) -> Self {
        let offset = Offset::from_hours(offset_h).unwrap_or(Offset::UTC);
        Self { epoch, zone: offset.to_time_zone() }
    }

    /// `2026/09/18 14:07:58`: jobs and lists.
    pub fn full(&self, moment: Moment) -> String {
        self.format(moment, "%Y/%m/%d %H:%M:%S")
    }

    /// `14:07:58`: a job's `tdeq`, and what old releases put into `progress`.
    pub fn time_only(&self, moment: Moment) -> String {
        self.format(moment, "%H:%M:%S")
    }

    /// `Sun Dec  3 18:27:29 2026`, the day padded with a blank: `show system info`.
    pub fn ctime(&self, moment: Moment) -> String {
        self.format(moment, "%a %b %e %H:%M:%S %Y")
    }

    fn format(&self, moment: Moment, form: &str) -> String {
        let since_start = jiff::SignedDuration::from_millis(i64::try_from(moment.0).unwrap_or(i64::MAX));
        let at = self.epoch.saturating_add(since_start).unwrap_or(self.epoch);
        at.to_zoned(self.zone.clone()).strftime(form).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_calendar_prints_the_three_forms_in_the_device_zone() {
        let epoch: Timestamp = "2026-12-03T17:27:29Z".parse().unwrap();
        let calendar = Calendar::new(epoch, 1);
        assert_eq!(calendar.full(Moment::START), "2026/12/03 18:27:29");
        assert_eq!(calendar.time_only(Moment::from_ms(61_000)), "18:28:30");
        assert_eq!(calendar.ctime(Moment::START), "Thu Dec  3 18:27:29 2026");
    }
}
