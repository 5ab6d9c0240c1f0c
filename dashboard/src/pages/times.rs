//! Times and lengths as a page shows them: UTC from the server, the reader's own zone where the script runs.
//!
//! Promises: every time stands in a `<time>` with the whole UTC instant, so that no page is wrong without the script
//! or with a wrong clock at the reader. Leaves to others: turning it into words like "3 min ago" (`app.js`).

use std::time::Duration;

use jiff::Timestamp;
use maud::{Markup, html};

/// A moment that people read as "how long ago".
pub(super) fn ago(at: Timestamp) -> Markup {
    html! { time datetime=(iso(at)) data-style="ago" { (iso(at)) } }
}

/// A moment that people read as an hour of the day.
pub(super) fn clock(at: Timestamp) -> Markup {
    html! { time datetime=(iso(at)) data-style="clock" { (iso(at)) } }
}

/// The same to the second.
pub(super) fn exact(at: Timestamp) -> Markup {
    html! { time datetime=(iso(at)) data-style="exact" { (iso(at)) } }
}

/// UTC, whole seconds.
pub(super) fn iso(at: Timestamp) -> String {
    format!("{at:.0}")
}

/// How long it is from one moment to another; nothing when the clocks disagree.
pub(super) fn between(from: Timestamp, until: Timestamp) -> Duration {
    Duration::try_from(until.duration_since(from)).unwrap_or_default()
}

/// A length in its two largest units.
pub(super) fn length(length: Duration) -> String {
    let seconds = length.as_secs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min {} s", seconds % 60),
        (0, _, _) => format!("{hours} h {minutes} min"),
        (_, _, _) => format!("{days} d {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_carries_its_whole_instant() {
        let at: Timestamp = "2026-11-23T23:30:07.9Z".parse().unwrap();
        let page = ago(at).into_string();
        assert!(page.contains("datetime=\"2026-11-23T23:30:07Z\""), "{page}");
        assert!(page.ends_with(">2026-11-23T23:30:07Z</time>"), "{page}");
    }

    #[test]
    fn lengths_are_read_in_two_units() {
        let texts = [0, 59, 61, 3_660, 90_000].map(|seconds| length(Duration::from_secs(seconds)));
        assert_eq!(texts, ["0 s", "59 s", "1 min 1 s", "1 h 1 min", "1 d 1 h"]);
    }

    #[test]
    fn clocks_that_disagree_give_no_length() {
        let later: Timestamp = "2026-11-23T23:30:07Z".parse().unwrap();
        assert_eq!(between(later, Timestamp::UNIX_EPOCH), Duration::ZERO);
    }
}
