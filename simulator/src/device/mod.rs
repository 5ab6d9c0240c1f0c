//! One firewall without HTTP: images, jobs, disk, keys, reboots.
//!
//! # Guarantees
//! Every method takes the moment it happens at. [`Device::settle`] brings the state up to that moment, in the
//! order in which things fell due; what is asked afterwards is consistent. Nothing ticks: ten thousand devices
//! cost memory and no timer. At most one download runs at a time.
//!
//! Leaves to others: requests and answers ([`crate::api`]), which device has which problem
//! ([`crate::scenario`]).

mod boot;
mod copies;
pub mod disk;
mod ends;
mod files;
pub mod jobs;
pub mod keys;
mod software;
pub mod spec;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::clock::{Calendar, Moment};
use crate::faults::{FaultKind, Faults};
use crate::images::{self, Image};
use crate::scenario::Quirks;
use crate::seeded::Seed;
use crate::version::Version;
use boot::Boot;
pub use boot::Readiness;
use copies::Copy;
use disk::Space;
pub use files::{DeleteRefusal, ImportRefusal};
use jobs::{Doom, Job, JobEnd, JobKind};
use keys::Keys;
pub use software::{DownloadRefusal, Entry, InstallRefusal, Presence};
use software::{Origin, Stored};
use spec::DeviceSpec;

/// Jobs kept for `show jobs all`; older ones are forgotten.
const JOBS_KEPT: usize = 50;
/// How long a content update takes; a small file, not scaled.
const CONTENT_LENGTH: Duration = Duration::from_secs(2);
/// Seconds of the day that a clock near midnight shows at the start: 23:59:50.
const NEAR_MIDNIGHT_S: i64 = 86_390;

/// One firewall.
#[derive(Debug)]
pub struct Device {
    /// What it started as; `running` here is what it ran at the start.
    pub spec: DeviceSpec,
    /// What is wrong with it.
    pub faults: Faults,
    /// Its accounts.
    pub keys: Keys,
    calendar: Calendar,
    running: Version,
    staged: Option<Version>,
    stored: BTreeMap<Version, Stored>,
    jobs: Vec<Job>,
    next_job_id: u32,
    checked: Option<Moment>,
    settled: Moment,
    boot: Boot,
    manager_busy_until: Option<Moment>,
    last_end: Option<(Version, Moment)>,
    content_at: Option<Moment>,
    copies: VecDeque<Copy>,
    foreign: Option<Version>,
}

impl Device {
    /// A device as its specification says, on a calendar that begins at `epoch`.
    pub fn new(spec: DeviceSpec, seed: Seed, epoch: Timestamp) -> Self {
        let mut stored = BTreeMap::new();
        for version in spec.present.iter().chain([&spec.running]) {
            let size_kb =
                spec.list.iter().find(|image| image.version == *version).map_or(0, |image| image.size_kb);
            let kept = Stored { size_kb, origin: Origin::Downloaded, shown_from: Moment::START };
            stored.insert(*version, kept);
        }
        if let Some(version) = spec.imported {
            let size_kb = spec.list.iter().find(|image| image.version == version).map_or(0, |i| i.size_kb);
            let origin = Origin::Imported { listed: true };
            stored.insert(version, Stored { size_kb, origin, shown_from: Moment::START });
        }
        let mut jobs = vec![Job::start(1, JobKind::AutoCommit, "", Moment::START, Duration::ZERO)];
        if spec.next_job_id > 2 {
            let content = Job::start(
                spec.next_job_id - 1,
                JobKind::Content,
                "Auto update agent",
                Moment::START,
                Duration::ZERO,
            );
            jobs.push(content);
        }
        for job in &mut jobs {
            job.end = Some(JobEnd { at: Moment::START, ok: true, lines: ends::done_lines(job.kind) });
        }
        Self {
            faults: Faults::innate(spec.faults.clone()),
            keys: Keys::new(seed, &spec.serial),
            calendar: calendar(epoch, &spec.quirks),
            running: spec.running,
            staged: None,
            stored,
            jobs,
            next_job_id: spec.next_job_id.max(2),
            checked: None,
            settled: Moment::START,
            boot: Boot::default(),
            manager_busy_until: None,
            last_end: None,
            content_at: None,
            copies: VecDeque::new(),
            foreign: spec.foreign_download,
            spec,
        }
    }

    /// Brings the device up to `now`.
    pub fn settle(&mut self, now: Moment) {
        self.stall_or_resume(now);
        self.update_content(now);
        let reboot_at = self.reboot_due(now);
        self.finish_due(reboot_at.unwrap_or(now));
        if let Some(at) = reboot_at {
            self.reboot(at);
        }
        self.settled = now;
    }

    /// Begins the content update that nobody asked for, when its time has come.
    fn update_content(&mut self, now: Moment) {
        if let Some(at) = self.content_at.filter(|at| *at <= now)
            && self.spec.quirks.content_update_after.take().is_some()
            && !self.is_down(at)
        {
            self.begin(JobKind::Content, "Auto update agent", at, CONTENT_LENGTH);
        }
    }

    fn stall_or_resume(&mut self, now: Moment) {
        let stalled = self.faults.has(now, &FaultKind::Stall);
        let ended = self.faults.ended(now, &FaultKind::Stall).unwrap_or(now);
        for job in self.jobs.iter_mut().filter(|job| job.is_active()) {
            if stalled {
                job.stall(now);
            } else {
                job.resume(ended);
            }
        }
    }

    fn finish_due(&mut self, now: Moment) {
        let due = |job: &Job| job.due().filter(|due| *due <= now);
        while let Some((index, at)) =
            self.jobs.iter().enumerate().filter_map(|(i, job)| Some((i, due(job)?))).min_by_key(|(_, at)| *at)
        {
            let end = self.outcome(index, at);
            self.jobs[index].end = Some(end);
            self.next_copy(at);
        }
    }

    /// Notes that a client has been let in: what waits for the first contact begins.
    pub fn on_contact(&mut self, now: Moment, foreign_length: Duration) {
        if let Some(version) = self.foreign.take()
            && self.active_download().is_none()
        {
            self.begin(JobKind::Download(version), "fwadmin", now, foreign_length);
        }
        if let (None, Some(after)) = (self.content_at, self.spec.quirks.content_update_after) {
            self.content_at = Some(now.plus(after.0));
        }
    }

    /// What it runs.
    pub fn running(&self) -> Version {
        self.running
    }

    /// The version that the next boot will run, when one is installed.
    pub fn staged(&self) -> Option<Version> {
        self.staged
    }

    /// The serial it answers with.
    pub fn claimed_serial(&self, now: Moment) -> String {
        match self
            .faults
            .find(now, |kind| matches!(kind, FaultKind::WrongSerial { .. }))
            .map(|fault| &fault.kind)
        {
            Some(FaultKind::WrongSerial { serial }) => serial.clone(),
            _ => self.spec.serial.clone(),
        }
    }

    /// Its own calendar.
    pub fn calendar(&self) -> &Calendar {
        &self.calendar
    }

    /// When it last asked its update server.
    pub fn checked(&self) -> Option<Moment> {
        self.checked
    }

    /// Its jobs, newest first, as `show jobs all` prints them.
    pub fn jobs(&self) -> impl DoubleEndedIterator<Item = &Job> {
        self.jobs.iter().rev().filter(|job| !job.forgotten)
    }

    /// One job, unless the device has forgotten it.
    pub fn job(&self, id: u32) -> Option<&Job> {
        self.jobs.iter().find(|job| job.id == id && !job.forgotten)
    }

    /// The download that ended last, well or badly, and when.
    pub fn last_end(&self) -> Option<(Version, Moment)> {
        self.last_end
    }

    /// Forgets a job, whose download goes on.
    pub fn forget_job(&mut self, id: u32) {
        self.jobs.iter_mut().filter(|job| job.id == id).for_each(|job| job.forgotten = true);
    }

    /// Loses a job, and its download with it.
    pub fn lose_job(&mut self, id: u32) {
        self.jobs.retain(|job| job.id != id);
    }

    /// The download that is running.
    pub fn active_download(&self) -> Option<&Job> {
        self.jobs.iter().find(|job| job.is_active() && matches!(job.kind, JobKind::Download(_)))
    }

    /// The version that is being downloaded.
    pub fn downloading(&self) -> Option<Version> {
        match self.active_download()?.kind {
            JobKind::Download(version) => Some(version),
            JobKind::Install(_) | JobKind::AutoCommit | JobKind::Content => None,
        }
    }

    /// How full the volume for images is, bytes of a running download included.
    pub fn space(&self, now: Moment) -> Space {
        let stored_kb: u64 = self.stored.values().map(|stored| stored.size_kb).sum();
        let arriving_kb = self.active_download().map_or(0, |job| match job.kind {
            JobKind::Download(version) if !self.stored.contains_key(&version) => {
                disk::part_kb(self.listed(version).map_or(0, |image| image.size_kb), job.share(now))
            }
            JobKind::Download(_) | JobKind::Install(_) | JobKind::AutoCommit | JobKind::Content => 0,
        });
        let used_kb = self.spec.overhead_kb + stored_kb + arriving_kb;
        let full = self.faults.has(now, &FaultKind::DiskFull);
        Space::new(self.spec.panrepo_kb, if full { self.spec.panrepo_kb } else { used_kb })
    }

    fn listed(&self, version: Version) -> Option<&Image> {
        self.spec.list.iter().find(|image| image.version == version)
    }

    /// The base that `version` needs and that is not loaded.
    fn missing_base(&self, version: Version) -> Option<Version> {
        let base = images::base_of(&self.spec.list, version.train)?.version;
        let loaded = self.stored.get(&base).is_some_and(|stored| stored.origin != Origin::Orphan);
        (base != version && !loaded).then_some(base)
    }

    fn begin(&mut self, kind: JobKind, user: &str, now: Moment, length: Duration) -> &mut Job {
        let id = self.next_job_id;
        self.next_job_id += 1;
        if self.jobs.len() >= JOBS_KEPT {
            self.jobs.remove(0);
        }
        let mut job = Job::start(id, kind, user, now, length);
        job.queued = self.spec.quirks.queued;
        job.loading_percent = self.spec.quirks.loading_percent.unwrap_or(jobs::LOADING_PERCENT);
        self.jobs.push(job);
        let index = self.jobs.len() - 1;
        &mut self.jobs[index]
    }
}

/// What a device's clock shows: its zone, and how wrong it is.
fn calendar(epoch: Timestamp, quirks: &Quirks) -> Calendar {
    let zone_s = i64::from(quirks.zone_h) * 3_600;
    let fast_s = if quirks.near_midnight {
        NEAR_MIDNIGHT_S - (epoch.as_second() + zone_s).rem_euclid(86_400)
    } else {
        i64::from(quirks.clock_fast_s)
    };
    Calendar::new(epoch.saturating_add(SignedDuration::from_secs(fast_s)).unwrap_or(epoch), quirks.zone_h)
}
