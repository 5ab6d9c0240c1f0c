//! When to ask a device about its download again.
//!
//! Few calls on a long download, and the end noticed soon: far from the end it waits a part of what is left,
//! near the end it aims just behind it. Where the device says nothing useful (a progress that drops to 0 while
//! the image is loaded, a timestamp, nothing) it waits a twentieth of the time spent, so that the end is noticed
//! within 5 % of the download or the shortest wait. Pure: the clock is the caller's.

use std::time::Duration;

/// Part of the remaining time that is waited while the end is far: progress is rarely even.
const CAUTION: f64 = 0.7;

/// The end is near when it is fewer than this many shortest waits away.
const NEAR: u32 = 3;

/// Added when aiming at the end, as a part of the time spent: asking a moment too early costs a whole wait.
const OVERSHOOT: f64 = 0.03;

/// Part of the time spent that is waited when the device says nothing useful.
const BLIND: f64 = 0.05;

/// Waits between two questions, in seconds or less.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// Shortest wait.
    pub(crate) min: Duration,
    /// Longest wait.
    pub(crate) max: Duration,
}

impl Pace {
    /// How long to wait, `elapsed` after the download began, when the device says `progress`. `jitter` in
    /// 0..=1 spreads the waits of many devices by up to a tenth upwards.
    pub(crate) fn wait(&self, elapsed: Duration, progress: Option<u8>, jitter: f64) -> Duration {
        let blind = elapsed.mul_f64(BLIND);
        let wait = match progress {
            Some(percent @ 1..=99) => {
                let left = elapsed.mul_f64(f64::from(100 - percent) / f64::from(percent));
                if left > self.min * NEAR { left.mul_f64(CAUTION) } else { left + elapsed.mul_f64(OVERSHOOT) }
            }
            Some(_) | None => blind,
        };
        wait.clamp(self.min, self.max).mul_f64(1.0 + 0.1 * jitter.clamp(0.0, 1.0)).min(self.max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACE: Pace = Pace { min: Duration::from_secs(2), max: Duration::from_secs(30) };

    /// Asks about an even download of `length` until it has ended; how often, and how late the end was seen.
    fn follow(length: Duration, jitter: f64) -> (u32, Duration) {
        let (mut now, mut calls) = (Duration::ZERO, 0);
        loop {
            let percent = (100.0 * now.as_secs_f64() / length.as_secs_f64()).min(99.0);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0..=99")]
            let percent = percent as u8;
            now += PACE.wait(now, Some(percent), jitter);
            calls += 1;
            if now >= length {
                return (calls, now - length);
            }
        }
    }

    #[test]
    fn ten_minutes_cost_at_most_forty_calls_and_the_end_is_seen_within_five_percent() {
        for jitter in [0.0, 0.5, 1.0] {
            for length in [10, 60, 300, 600, 1800] {
                let length = Duration::from_secs(length);
                let (calls, late) = follow(length, jitter);
                assert!(calls <= 75 && (length.as_secs() > 600 || calls <= 40), "{length:?}: {calls} calls");
                assert!(late <= length.mul_f64(0.05).max(PACE.min), "{length:?}: {late:?} late");
            }
        }
    }

    #[test]
    fn no_wait_leaves_its_bounds() {
        for elapsed in [0, 1, 100, 100_000] {
            for progress in [None, Some(0), Some(1), Some(50), Some(99), Some(100), Some(255)] {
                let wait = PACE.wait(Duration::from_secs(elapsed), progress, 1.0);
                assert!((PACE.min..=PACE.max).contains(&wait), "{elapsed} {progress:?} {wait:?}");
            }
        }
    }
}
