//! When to ask a device about its download again.
//!
//! Promises, with the default 2 s and 30 s, for a device that tells its progress: at most 42 questions on a download
//! of ten minutes (45 calls with the look, the request and the look that frame them), and an end that is noticed
//! within 5 % of the download or 2 s, also where progress is uneven, and where it drops to 0 while the image is loaded.
//! A device that tells nothing costs as little from ten minutes on; below, its end is noticed within a sixth of the
//! download. More cannot be had: whoever knows nothing and must not be later than 5 % asks 75 times in ten minutes
//! (20 times every 2 s, then each time a twentieth later: ln(600/40) / ln(1.05)).
//!
//! Pure: the clock is the caller's.

use std::time::Duration;

/// Part of the remaining time that is waited while the end is far: progress is rarely even.
const CAUTION: f64 = 0.65;

/// The end is near when it is fewer than this many shortest waits away, or this part of the time spent.
const NEAR: (u32, f64) = (3, 0.02);

/// Added when aiming at the end, as a part of the time spent: asking a moment too early costs a whole wait.
const OVERSHOOT: f64 = 0.02;

/// Longest wait as a part of the time spent, whatever the progress promises.
const TRUST: f64 = 0.3;

/// The same once a device that told its progress tells nothing more: it loads the image, or stands still.
const LOADING: f64 = 0.05;

/// The same while a device has told nothing at all.
const BLIND: f64 = 0.17;

/// Part of a wait by which it is shortened at most, so that a thousand devices are not asked in step.
const JITTER: f64 = 0.1;

/// Waits between two questions, in seconds or less.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// Shortest wait.
    pub(crate) min: Duration,
    /// Longest wait.
    pub(crate) max: Duration,
}

impl Pace {
    /// The pace of one download that begins now.
    pub(crate) fn download(self) -> DownloadPace {
        DownloadPace { pace: self, newest: None, slope: None }
    }

    /// Between two questions at a device that is silent or waits for somebody else.
    pub(crate) fn slow(self, jitter: f64) -> Duration {
        self.bounded(self.max, jitter)
    }

    fn bounded(self, wait: Duration, jitter: f64) -> Duration {
        wait.mul_f64(1.0 - JITTER * jitter.clamp(0.0, 1.0)).clamp(self.min, self.max)
    }
}

/// What one download has shown so far, and so when to ask next.
#[derive(Debug, Clone)]
pub(crate) struct DownloadPace {
    pace: Pace,
    /// The last change of its progress.
    newest: Option<Mark>,
    /// Time per percent between the last two changes.
    slope: Option<Duration>,
}

/// A progress and when it was first seen.
#[derive(Debug, Clone, Copy)]
struct Mark {
    elapsed: Duration,
    percent: u8,
}

impl DownloadPace {
    /// How long to wait, `elapsed` after the download began, when the device says `progress`. `jitter` in 0..=1.
    pub(crate) fn wait(&mut self, elapsed: Duration, progress: Option<u8>, jitter: f64) -> Duration {
        let wait = match progress {
            Some(percent @ 1..=99) => self.by_progress(elapsed, percent),
            Some(_) | None if self.newest.is_some() => elapsed.mul_f64(LOADING),
            Some(_) | None => elapsed.mul_f64(BLIND),
        };
        self.pace.bounded(wait, jitter)
    }

    fn by_progress(&mut self, elapsed: Duration, percent: u8) -> Duration {
        let mark = self.note(Mark { elapsed, percent });
        let left_percent = u32::from(100 - percent);
        let by_average = mark.elapsed * left_percent / u32::from(percent);
        // The quicker of two guesses: to be wrong by too much costs time, by too little only a question.
        let from_mark = self.slope.map_or(by_average, |slope| by_average.min(slope * left_percent));
        let left = from_mark.saturating_sub(elapsed - mark.elapsed);
        let near = (self.pace.min * NEAR.0).max(elapsed.mul_f64(NEAR.1));
        let wait = if left.is_zero() {
            elapsed.mul_f64(LOADING)
        } else if left > near {
            left.mul_f64(CAUTION)
        } else {
            left + elapsed.mul_f64(OVERSHOOT)
        };
        wait.min(elapsed.mul_f64(TRUST))
    }

    /// Remembers a change; the mark of the progress as it is now.
    fn note(&mut self, seen: Mark) -> Mark {
        match self.newest {
            Some(mark) if mark.percent == seen.percent => return mark,
            Some(mark) if mark.percent < seen.percent => {
                let time = seen.elapsed.saturating_sub(mark.elapsed);
                self.slope = Some(time / u32::from(seen.percent - mark.percent));
            }
            Some(_) | None => self.slope = None,
        }
        self.newest = Some(seen);
        seen
    }
}

#[cfg(test)]
mod tests;
