//! A reboot, and what a device is like until it has settled.
//!
//! Services take a while to go down, the box is away, then it answers before it is ready: authentication starts
//! late, the first answer may be rubbish, the first commit may fail, its pair has not settled. Job ids begin
//! again.

use std::time::Duration;

use super::jobs::{Job, JobEnd, JobKind};
use super::{Device, ends};
use crate::clock::Moment;
use crate::faults::FaultKind;

/// Share of a download after which an armed reboot strikes.
const REBOOT_SHARE: f64 = 0.3;

/// Where a device is between two lives.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Boot {
    /// When it last came up.
    booted: Option<Moment>,
    /// Until when it answers nobody.
    down_until: Option<Moment>,
    /// When a restart that was asked for strikes.
    restart_at: Option<Moment>,
    /// Whether the next answer is rubbish.
    malformed: bool,
}

/// How far a device is after a boot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readiness {
    /// It does not know of its pair yet.
    Starting,
    /// It looks for its pair.
    Settling,
    /// It is ready.
    Ready,
}

impl Device {
    /// Does as a restart request says, at once or after a while.
    pub fn restart(&mut self, now: Moment) {
        match self.spec.quirks.lingers {
            None => self.reboot(now),
            Some(lingers) => self.boot.restart_at = Some(now.plus(lingers.0)),
        }
    }

    /// Restarts: jobs and their ids begin again, a running download is lost, an installed version runs.
    pub fn reboot(&mut self, at: Moment) {
        let up = at.plus(self.spec.reboot_time);
        self.boot = Boot {
            booted: Some(up),
            down_until: Some(up),
            restart_at: None,
            malformed: self.spec.quirks.malformed_after_boot,
        };
        self.manager_busy_until = None;
        if let Some(version) = self.staged.take() {
            self.running = version;
        }
        self.jobs.clear();
        self.copies.clear();
        self.next_job_id = 1;
        if self.spec.quirks.autocommit_fails {
            self.add_ended(JobKind::AutoCommit, up, false);
        }
        self.add_ended(JobKind::AutoCommit, up, true);
        for _ in 0..self.spec.quirks.jobs_after_boot {
            self.add_ended(JobKind::Content, up, true);
        }
    }

    fn add_ended(&mut self, kind: JobKind, at: Moment, ok: bool) {
        let mut job = Job::start(self.next_job_id, kind, "", at, Duration::ZERO);
        let lines = if ok { ends::done_lines(kind) } else { ends::failed_commit_lines() };
        job.end = Some(JobEnd { at, ok, lines });
        self.next_job_id += 1;
        self.jobs.push(job);
    }

    /// When a reboot that was asked for, set or armed fell due, if it did. An armed one is used up.
    pub(super) fn reboot_due(&mut self, now: Moment) -> Option<Moment> {
        if let Some(at) = self.boot.restart_at.filter(|at| *at <= now) {
            return Some(at);
        }
        let fault = self.faults.find(now, |kind| matches!(kind, FaultKind::Reboot { .. }))?;
        let FaultKind::Reboot { at } = fault.kind else { return None };
        let due = at.or_else(|| self.active_download()?.due_share(REBOOT_SHARE))?;
        if due > now {
            return None;
        }
        self.faults.take(due, |kind| matches!(kind, FaultKind::Reboot { .. }));
        Some(due)
    }

    /// Whether it is rebooting and answers nobody.
    pub fn is_down(&self, now: Moment) -> bool {
        self.boot.down_until.is_some_and(|until| now < until)
    }

    /// How far it is after a boot: the first commit runs for a third of the boot's time, then the pair settles.
    pub fn readiness(&self, now: Moment) -> Readiness {
        let Some(booted) = self.boot.booted else { return Readiness::Ready };
        let phase = self.spec.reboot_time / 3;
        match now {
            now if now < booted.plus(phase / 2) => Readiness::Starting,
            now if now < booted.plus(phase) => Readiness::Settling,
            _ => Readiness::Ready,
        }
    }

    /// Whether authentication is still starting after a boot, so that every key is refused.
    pub fn is_authentication_late(&self, now: Moment) -> bool {
        match (self.boot.booted, self.spec.quirks.auth_late) {
            (Some(booted), Some(late)) => now < booted.plus(late.0),
            (None, _) | (_, None) => false,
        }
    }

    /// Whether the next answer is rubbish, as it is once after some boots.
    pub fn take_malformed(&mut self, now: Moment) -> bool {
        !self.is_down(now) && std::mem::take(&mut self.boot.malformed)
    }

    /// How long it has been up.
    pub fn uptime(&self, now: Moment) -> Duration {
        match self.boot.booted {
            Some(booted) => now.since(booted),
            None => now.since(Moment::START) + self.spec.uptime,
        }
    }
}
