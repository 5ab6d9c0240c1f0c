//! One firewall without HTTP: images, jobs, disk, keys, reboots.
//!
//! # Guarantees
//! Every method takes the moment it happens at. [`Device::settle`] brings the state up to that moment, in the
//! order in which things fell due; what is asked afterwards is consistent. Nothing ticks: ten thousand devices
//! cost memory and no timer. At most one download runs at a time.
//!
//! Leaves to others: requests and answers ([`crate::api`]), which device has which problem
//! ([`crate::scenario`]).

pub mod disk;
pub mod jobs;
pub mod keys;
mod software;
pub mod spec;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use crate::clock::{Calendar, Moment};
use crate::faults::{FaultKind, Faults};
use crate::images::{self, Image};
use crate::seeded::Seed;
use crate::version::Version;
use disk::Space;
use jobs::{Doom, Job, JobEnd, JobKind};
use keys::Keys;
pub use software::{DeleteRefusal, DownloadRefusal, Entry, ImportRefusal, InstallRefusal, Presence};
use software::{Origin, Stored};
use spec::DeviceSpec;

/// Jobs kept for `show jobs all`; older ones are forgotten.
const JOBS_KEPT: usize = 50;
/// Share of a download after which an armed reboot strikes.
const REBOOT_SHARE: f64 = 0.3;

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
    booted: Option<Moment>,
    down_until: Option<Moment>,
    foreign: Option<Version>,
}

impl Device {
    /// A device as its specification says, on a calendar that begins at `epoch`.
    pub fn new(spec: DeviceSpec, seed: Seed, epoch: Timestamp) -> Self {
        let mut stored = BTreeMap::new();
        for version in spec.present.iter().chain([&spec.running]) {
            let size_kb =
                spec.list.iter().find(|image| image.version == *version).map_or(0, |image| image.size_kb);
            stored.insert(*version, Stored { size_kb, origin: Origin::Downloaded });
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
            job.end = Some(JobEnd { at: Moment::START, ok: true, lines: done_lines(job.kind) });
        }
        Self {
            faults: Faults::innate(spec.faults.clone()),
            keys: Keys::new(seed, &spec.serial),
            calendar: Calendar::new(epoch, spec.quirks.zone_h),
            running: spec.running,
            staged: None,
            stored,
            jobs,
            next_job_id: spec.next_job_id.max(2),
            checked: None,
            booted: None,
            down_until: None,
            foreign: spec.foreign_download,
            spec,
        }
    }

    /// Brings the device up to `now`.
    pub fn settle(&mut self, now: Moment) {
        self.stall_or_resume(now);
        let reboot_at = self.reboot_due(now);
        self.finish_due(reboot_at.unwrap_or(now));
        if let Some(at) = reboot_at {
            self.faults.take(at, |kind| matches!(kind, FaultKind::Reboot { .. }));
            self.reboot(at);
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

    /// When a reboot that is set or armed fell due, if it did.
    fn reboot_due(&self, now: Moment) -> Option<Moment> {
        let fault = self.faults.find(now, |kind| matches!(kind, FaultKind::Reboot { .. }))?;
        let FaultKind::Reboot { at } = fault.kind else { return None };
        let due = at.or_else(|| self.active_download()?.due_share(REBOOT_SHARE))?;
        (due <= now).then_some(due)
    }

    fn finish_due(&mut self, now: Moment) {
        let due = |job: &Job| job.due().filter(|due| *due <= now);
        while let Some((index, at)) =
            self.jobs.iter().enumerate().filter_map(|(i, job)| Some((i, due(job)?))).min_by_key(|(_, at)| *at)
        {
            let end = self.outcome(index, at);
            self.jobs[index].end = Some(end);
        }
    }

    /// What comes of a job that has run its time, and what it leaves on the device.
    fn outcome(&mut self, index: usize, at: Moment) -> JobEnd {
        let job = &self.jobs[index];
        let (kind, doom) = (job.kind, job.doom);
        let lines = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect();
        if let Some(doom) = doom {
            return JobEnd { at, ok: false, lines: lines(doom_lines(doom)) };
        }
        match kind {
            JobKind::Download(version) => {
                let size_kb = self.listed(version).map_or(0, |image| image.size_kb);
                let missing = self.missing_base(version);
                let origin = if missing.is_some() { Origin::Orphan } else { Origin::Downloaded };
                let kept = self.stored.entry(version).or_insert(Stored { size_kb, origin });
                if origin == Origin::Downloaded && kept.origin == Origin::Orphan {
                    kept.origin = origin;
                }
                match missing {
                    None => JobEnd { at, ok: true, lines: done_lines(kind) },
                    Some(base) => JobEnd { at, ok: false, lines: base_missing_lines(base) },
                }
            }
            JobKind::Install(version) => {
                self.staged = Some(version);
                JobEnd {
                    at,
                    ok: true,
                    lines: vec![format!(
                        "Software installation of version {version} successfully completed. Please reboot to switch to the new version."
                    )],
                }
            }
            JobKind::AutoCommit | JobKind::Content => JobEnd { at, ok: true, lines: done_lines(kind) },
        }
    }

    /// Restarts: jobs and their ids begin again, a running download is lost, an installed version runs.
    pub fn reboot(&mut self, at: Moment) {
        let up = at.plus(self.spec.reboot_time);
        self.down_until = Some(up);
        self.booted = Some(up);
        if let Some(version) = self.staged.take() {
            self.running = version;
        }
        let mut commit = Job::start(1, JobKind::AutoCommit, "", up, Duration::ZERO);
        commit.end = Some(JobEnd { at: up, ok: true, lines: done_lines(JobKind::AutoCommit) });
        self.jobs = vec![commit];
        self.next_job_id = 2;
    }

    /// Whether it is rebooting and answers nobody.
    pub fn is_down(&self, now: Moment) -> bool {
        self.down_until.is_some_and(|until| now < until)
    }

    /// Whether it answers after a boot, but is not ready: its first commit runs, its pair has not settled.
    pub fn is_starting(&self, now: Moment) -> bool {
        self.booted.is_some_and(|booted| now < booted.plus(self.spec.reboot_time / 3))
    }

    /// Whether authentication is still starting after a boot, so that every key is refused.
    pub fn is_authentication_late(&self, now: Moment) -> bool {
        match (self.booted, self.spec.quirks.auth_late) {
            (Some(booted), Some(late)) => now < booted.plus(late.0),
            (None, _) | (_, None) => false,
        }
    }

    /// Notes that a client has been let in: what waits for the first contact begins.
    pub fn on_contact(&mut self, now: Moment, foreign_length: Duration) {
        if let Some(version) = self.foreign.take()
            && self.active_download().is_none()
        {
            self.begin(JobKind::Download(version), "fwadmin", now, foreign_length);
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

    /// How long it has been up.
    pub fn uptime(&self, now: Moment) -> Duration {
        match self.booted {
            Some(booted) => now.since(booted),
            None => now.since(Moment::START) + self.spec.uptime,
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
        self.jobs.iter().rev()
    }

    /// One job.
    pub fn job(&self, id: u32) -> Option<&Job> {
        self.jobs.iter().find(|job| job.id == id)
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
        self.jobs.push(Job::start(id, kind, user, now, length));
        let index = self.jobs.len() - 1;
        &mut self.jobs[index]
    }
}

/// Details of a job that went well: recorded on 11.2.10-h8 and in the API guide 9.1.
fn done_lines(kind: JobKind) -> Vec<String> {
    let lines: &[&str] = match kind {
        JobKind::Download(_) => &[
            "Successfully downloaded",
            "Preloading into software manager",
            "Successfully loaded into software manager",
        ],
        JobKind::Content => &["File successfully downloaded\n"],
        JobKind::Install(_) => &[],
        JobKind::AutoCommit => {
            &["Configuration committed successfully", "Successfully committed last configuration"]
        }
    };
    lines.iter().map(|line| (*line).to_owned()).collect()
}

/// Details of a job whose base image is not loaded: recorded, two blanks after the full stops.
fn base_missing_lines(base: Version) -> Vec<String> {
    vec![
        "Successfully downloaded".to_owned(),
        "Preloading into software manager".to_owned(),
        format!(
            "The required '{base}' base image must be loaded before this image can be loaded.  You do not have \
             to install or run the base image, only download it.  Once the base is loaded, re-download your \
             target image."
        ),
    ]
}

/// Details of other failures; no capture of either exists, the wording follows what public tools look for.
fn doom_lines(doom: Doom) -> &'static [&'static str] {
    match doom {
        Doom::DiskFull => &["Failed to download", "No space left on device"],
        Doom::UpdateServer => &[
            "Failed to download due to generic communication error. Please check network connectivity and try again.",
        ],
    }
}
