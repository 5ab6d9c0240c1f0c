//! Where a reader of events wants to begin, as it is typed.

use std::time::Duration;

use common::broker::EventsFrom;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::failure::Failure;

/// Reads `now`, `first`, `1h`, an offset, a time, or a day (UTC).
///
/// # Errors
/// A [`Failure`] that lists the forms.
pub(super) fn parse(text: &str, now: Timestamp) -> Result<EventsFrom, Failure> {
    let from = match text.trim() {
        "now" => Some(EventsFrom::Next),
        "first" => Some(EventsFrom::First),
        text if text.bytes().all(|byte| byte.is_ascii_digit()) => text.parse().ok().map(EventsFrom::After),
        text => ago(text)
            .and_then(|ago| now.checked_sub(ago).ok())
            .or_else(|| text.parse().ok())
            .or_else(|| midnight(text))
            .map(EventsFrom::Since),
    };
    from.ok_or_else(|| {
        Failure::usage(format!("--from {text:?} is no place to begin at")).hint(
            "now, first, a time ago (90s, 15m, 1h, 7d), a time (2026-11-23T14:00:00Z, 2026-11-23), or the offset of the last event that was read",
        )
    })
}

/// `90s`, `15m`, `1h`, `7d`.
fn ago(text: &str) -> Option<Duration> {
    let unit = text.chars().last()?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 60 * 60,
        'd' => 24 * 60 * 60,
        _ => return None,
    };
    let count: u64 = text.strip_suffix(unit)?.parse().ok()?;
    count.checked_mul(seconds).map(Duration::from_secs)
}

fn midnight(text: &str) -> Option<Timestamp> {
    let day: Date = text.parse().ok()?;
    Some(day.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-11-23T14:00:00Z".parse().unwrap()
    }

    fn since(text: &str) -> Option<EventsFrom> {
        Some(EventsFrom::Since(text.parse().unwrap()))
    }

    #[test]
    fn every_form_of_a_beginning_is_read() {
        let parse = |text| parse(text, now()).ok();
        assert_eq!(parse("now"), Some(EventsFrom::Next));
        assert_eq!(parse("first"), Some(EventsFrom::First));
        assert_eq!(parse("0"), Some(EventsFrom::After(0)));
        assert_eq!(parse("4711"), Some(EventsFrom::After(4711)));
        assert_eq!(parse("90s"), since("2026-11-23T13:58:30Z"));
        assert_eq!(parse("15m"), since("2026-11-23T13:45:00Z"));
        assert_eq!(parse("1h"), since("2026-11-23T13:00:00Z"));
        assert_eq!(parse("7d"), since("2026-11-16T14:00:00Z"));
        assert_eq!(parse("2026-11-22"), since("2026-11-22T00:00:00Z"));
        assert_eq!(parse("2026-11-22T10:00:00+01:00"), since("2026-11-22T09:00:00Z"));
    }

    #[test]
    fn what_is_no_beginning_is_refused() {
        for text in [
            "",
            "later",
            "-1",
            "1w",
            "h",
            "1.5h",
            "99999999999999999999",
            "18446744073709551615d",
            "2026-13-01",
        ] {
            assert!(parse(text, now()).is_err(), "{text:?}");
        }
    }
}
