//! A device's own jobs: ids, what they are doing at a moment, how they ended.
//!
//! Nothing ticks here: a job's progress is worked out from the moment of the question. Leaves to others: what a
//! finished job changes on the device ([`super`]) and how a job is printed ([`crate::api`]).

use std::time::Duration;

use crate::clock::{Moment, millis};
use crate::version::Version;

/// Share of a download's time that loading into the software manager takes, in percent, unless a device differs.
pub const LOADING_PERCENT: u8 = 10;
/// Share of a job's time that it waits in the queue, where it does.
const QUEUED_SHARE: f64 = 0.05;

/// What a job is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobKind {
    /// A software image comes onto the device.
    Download(Version),
    /// A downloaded image becomes the next one to run.
    Install(Version),
    /// The commit after a boot; always the first job.
    AutoCommit,
    /// A content update; also of type `Downld`, so that a client cannot go by the type.
    Content,
}

impl JobKind {
    /// The text of `<type>`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Download(_) | Self::Content => "Downld",
            Self::Install(_) => "SWInstall",
            Self::AutoCommit => "AutoCom",
        }
    }
}

/// Why a job will fail, known when it starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doom {
    /// The image does not fit.
    DiskFull,
    /// The update server went away.
    UpdateServer,
    /// The software manager is still busy with the image before.
    ManagerBusy,
    /// The copy from the other member of the pair broke off.
    CopyFails,
    /// It ends well, and nothing is there.
    Nothing,
}

/// How a job ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobEnd {
    /// When.
    pub at: Moment,
    /// `OK` or `FAIL`.
    pub ok: bool,
    /// The lines of `<details>`.
    pub lines: Vec<String>,
}

/// One job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Restarts at 1 with every boot.
    pub id: u32,
    /// What it is about.
    pub kind: JobKind,
    /// Who asked for it; empty for the device itself.
    pub user: String,
    /// When it was asked for.
    pub enqueued: Moment,
    /// Set when it is over.
    pub end: Option<JobEnd>,
    /// Why it will fail, if it will.
    pub doom: Option<Doom>,
    /// Whether questions about it are answered as if it did not exist.
    pub forgotten: bool,
    /// Whether it waits in the queue at first.
    pub queued: bool,
    /// Share of its time that loading takes, in percent.
    pub loading_percent: u8,
    /// Shifted forward by every stall, so that the elapsed time stands still in one.
    started: Moment,
    stalled: Option<Moment>,
    /// How long it stands still in its middle.
    pause: Duration,
    length: Duration,
}

impl Job {
    /// A job that starts now and takes `length`.
    pub fn start(id: u32, kind: JobKind, user: &str, now: Moment, length: Duration) -> Self {
        Self {
            id,
            kind,
            user: user.to_owned(),
            enqueued: now,
            end: None,
            doom: None,
            forgotten: false,
            queued: false,
            loading_percent: LOADING_PERCENT,
            started: now,
            stalled: None,
            pause: Duration::ZERO,
            length,
        }
    }

    /// Ends early, and badly.
    #[must_use]
    pub fn doomed(mut self, doom: Doom, share: f64) -> Self {
        self.doom = Some(doom);
        self.length = self.length.mul_f64(share.clamp(0.02, 0.9));
        self
    }

    /// Stands still in its middle for so long.
    pub fn pause_for(&mut self, pause: Duration) {
        self.pause = pause;
    }

    /// Whether it waits in the queue.
    pub fn is_queued(&self, now: Moment) -> bool {
        self.queued && self.is_active() && now.since(self.started) < self.length.mul_f64(QUEUED_SHARE)
    }

    /// Whether it is still going on.
    pub fn is_active(&self) -> bool {
        self.end.is_none()
    }

    /// When it will be over; `None` while it stalls or after its end.
    pub fn due(&self) -> Option<Moment> {
        (self.is_active() && self.stalled.is_none()).then(|| self.started.plus(self.length + self.pause))
    }

    /// The moment when `share` of the work is done; `None` as in [`Job::due`].
    pub fn due_share(&self, share: f64) -> Option<Moment> {
        self.due().map(|_| self.started.plus(self.length.mul_f64(share)))
    }

    /// Stops making progress.
    pub fn stall(&mut self, now: Moment) {
        if self.is_active() && self.stalled.is_none() {
            self.stalled = Some(now);
        }
    }

    /// Goes on where it stopped.
    pub fn resume(&mut self, now: Moment) {
        if let Some(since) = self.stalled.take() {
            self.started = self.started.plus(now.since(since));
        }
    }

    /// Share of the bytes that have come, from 0 to 1.
    pub fn share(&self, now: Moment) -> f64 {
        let elapsed_ms = millis(self.elapsed(now));
        let transfer_ms = millis(self.transfer()).max(1);
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of a job are far below 2^52")]
        let share = elapsed_ms as f64 / transfer_ms as f64;
        share.min(1.0)
    }

    /// What `<progress>` says while the job runs: 0 to 99, then 0 again while the image is loaded into the
    /// software manager (observed by the authors of two public tools).
    pub fn percent(&self, now: Moment) -> u8 {
        let share = self.share(now);
        if share >= 1.0 {
            return 0;
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 99")]
        let percent = (share * 100.0) as u8;
        percent.min(99)
    }

    fn elapsed(&self, now: Moment) -> Duration {
        let since_start = self.stalled.unwrap_or(now).since(self.started);
        let still = since_start.saturating_sub(self.length / 2).min(self.pause);
        (since_start - still).min(self.length)
    }

    fn transfer(&self) -> Duration {
        match (self.kind, self.doom) {
            (JobKind::Download(_), None) => self.length * u32::from(100 - self.loading_percent.min(99)) / 100,
            (JobKind::Download(_) | JobKind::Install(_) | JobKind::AutoCommit | JobKind::Content, _) => {
                self.length
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Moment {
        Moment::from_ms(ms)
    }

    fn download() -> Job {
        let version = "11.1.4-h7".parse().unwrap();
        Job::start(7, JobKind::Download(version), "admin", at(0), Duration::from_secs(10))
    }

    #[test]
    fn progress_climbs_to_99_and_drops_to_0_while_the_image_is_loaded() {
        let job = download();
        let seen: Vec<u8> = [0, 900, 4_500, 8_999, 9_000, 9_999].map(|ms| job.percent(at(ms))).to_vec();
        assert_eq!(seen, [0, 10, 50, 99, 0, 0]);
        assert_eq!(job.due(), Some(at(10_000)));
    }

    #[test]
    fn a_stall_moves_the_end_by_its_length() {
        let mut job = download();
        job.stall(at(4_500));
        assert_eq!((job.percent(at(60_000)), job.due()), (50, None));
        job.resume(at(60_000));
        assert_eq!((job.percent(at(60_000)), job.due()), (50, Some(at(65_500))));
    }

    #[test]
    fn a_pause_holds_the_middle_and_moves_the_end() {
        let mut job = download();
        job.pause_for(Duration::from_secs(20));
        let seen: Vec<u8> = [4_500, 5_000, 15_000, 25_000, 29_000].map(|ms| job.percent(at(ms))).to_vec();
        assert_eq!(seen, [50, 55, 55, 55, 0]);
        assert_eq!(job.due(), Some(at(30_000)));
    }

    #[test]
    fn a_doomed_job_ends_early() {
        let job = download().doomed(Doom::DiskFull, 0.5);
        assert_eq!(job.due(), Some(at(5_000)));
    }
}
