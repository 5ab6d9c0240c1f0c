//! The images of a device: its list, and the requests that change it.
//!
//! Leaves to others: how the list is printed ([`crate::api`]).

use std::time::Duration;

use super::{Device, Doom, JobKind};
use crate::clock::Moment;
use crate::faults::FaultKind;
use crate::images::{self, Image};
use crate::scenario::{PresentAnswer, UncheckedList};
use crate::version::Version;

/// A file on the volume for images.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stored {
    /// Its size.
    pub size_kb: u64,
    /// How it came, and whether it is loaded.
    pub origin: Origin,
    /// From when on the list shows it.
    pub shown_from: Moment,
}

/// How a file came onto the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// Downloaded and loaded.
    Downloaded,
    /// Imported; `listed` once the list shows it.
    Imported { listed: bool },
    /// Downloaded, but not loaded, because its base was missing. The bytes stay (implied by a public tool, which
    /// exports the file afterwards).
    Orphan,
}

/// The text of `<downloaded>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// On the device.
    Yes,
    /// Not on it.
    No,
    /// On its way.
    Downloading,
}

impl Presence {
    /// The word in the list.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Downloading => "downloading",
        }
    }
}

/// One image of the list, as it is at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The image.
    pub image: &'a Image,
    /// Whether it is on the device.
    pub presence: Presence,
    /// Came by import.
    pub uploaded: bool,
    /// Is running.
    pub current: bool,
    /// The newest of the list.
    pub latest: bool,
}

/// Why a download is not begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DownloadRefusal {
    /// Another download is running.
    Busy,
    /// Somebody else's commit or installation is running.
    BusyCommit,
    /// It is here already.
    Present,
    /// The list does not hold the version.
    Unknown,
}

/// Why an installation is not begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InstallRefusal {
    /// The image is not on the device.
    NotDownloaded,
    /// Another installation is running.
    Busy,
}

impl Device {
    /// Asks the update server: the list is fresh from now on.
    pub fn check(&mut self, now: Moment) {
        self.checked = Some(now);
        for stored in self.stored.values_mut() {
            if let Origin::Imported { listed } = &mut stored.origin {
                *listed = true;
            }
        }
    }

    /// The list, newest first; before the first check, whatever the device shows then.
    pub fn software(&self) -> Vec<Entry<'_>> {
        let downloading = self.downloading();
        let newest = self.spec.list.iter().map(|image| image.version).max();
        let shown = |image: &&Image| match (self.checked, self.spec.quirks.unchecked_list) {
            (Some(_), _) | (None, UncheckedList::Fresh) => true,
            (None, UncheckedList::Stale) => image.version.train <= self.spec.running.train,
            (None, UncheckedList::Empty) => false,
        };
        let entry = |image| self.entry(image, downloading, newest);
        self.spec.list.iter().rev().filter(shown).map(entry).collect()
    }

    fn entry<'a>(
        &self,
        image: &'a Image,
        downloading: Option<Version>,
        newest: Option<Version>,
    ) -> Entry<'a> {
        let version = image.version;
        let stored = self.stored.get(&version).filter(|stored| stored.shown_from <= self.settled);
        let (here, uploaded) = match stored.map(|stored| stored.origin) {
            Some(Origin::Downloaded) => (true, false),
            Some(Origin::Imported { listed }) => (listed, listed),
            Some(Origin::Orphan) => (self.spec.quirks.orphan_shows_downloaded, false),
            None => (false, false),
        };
        let presence = match (here, downloading == Some(version)) {
            (true, _) => Presence::Yes,
            (false, true) if !self.spec.quirks.hides_downloading => Presence::Downloading,
            (false, _) => Presence::No,
        };
        let current = version == self.running && !self.spec.quirks.no_current;
        Entry { image, presence, uploaded, current, latest: Some(version) == newest }
    }

    /// The hash that the list reports for an image, if it reports one.
    pub fn reported_sha256(&self, image: &Image, now: Moment) -> Option<String> {
        let origin = self.stored.get(&image.version).map(|stored| stored.origin);
        let nameless = self.spec.quirks.null_imports && matches!(origin, Some(Origin::Imported { .. }));
        if nameless || self.faults.has(now, &FaultKind::HashAbsent) {
            return None;
        }
        let lies = |kind: &FaultKind| match kind {
            FaultKind::HashMismatch { version } | FaultKind::HashDisputed { version } => {
                version.is_none_or(|version| version == image.version)
            }
            _ => false,
        };
        let sha256 = match self.faults.find(now, lies) {
            // Another valid hash, and always the same one.
            Some(_) => image.sha256.chars().rev().collect(),
            None => image.sha256.clone(),
        };
        Some(if self.spec.quirks.upper_sha256 { sha256.to_uppercase() } else { sha256 })
    }

    /// Whether the catalogue must not know the file of an image, for what this device is there to show.
    pub fn is_left_out_of_catalogue(&self, image: &Image) -> bool {
        let meant = |kind: &FaultKind| match kind {
            FaultKind::HashDisputed { version } | FaultKind::HashUnknown { version } => {
                version.is_none_or(|version| version == image.version)
            }
            _ => false,
        };
        self.spec.faults.iter().any(|fault| meant(&fault.kind))
    }

    /// Versions that are on the device and loaded, oldest first.
    pub fn present(&self) -> Vec<Version> {
        let loaded = self.stored.iter().filter(|(_, stored)| stored.origin != Origin::Orphan);
        loaded.map(|(version, _)| *version).collect()
    }

    /// Whether a version is on the device, its job ended.
    pub fn is_loaded(&self, version: Version) -> bool {
        self.stored.get(&version).is_some_and(|stored| stored.origin != Origin::Orphan)
    }

    /// Versions that nobody has a reason to ask for: they were there from the beginning, or somebody else
    /// brings them.
    pub fn unasked(&self) -> Vec<Version> {
        let spec = &self.spec;
        spec.present.iter().chain(&spec.imported).chain(&spec.foreign_download).copied().collect()
    }

    /// Begins a download that takes `length`; an image that is already here takes a tenth of it.
    ///
    /// # Errors
    /// Another download is running, somebody else works on the device, the list does not hold the version, or it
    /// is here and the device minds.
    pub fn download(
        &mut self,
        version: Version,
        user: &str,
        now: Moment,
        length: Duration,
    ) -> Result<u32, DownloadRefusal> {
        if self.faults.take(now, |kind| *kind == FaultKind::BusyCommit).is_some() {
            return Err(DownloadRefusal::BusyCommit);
        }
        let busy = self.faults.take(now, |kind| *kind == FaultKind::Busy).is_some();
        if busy || self.active_download().is_some() {
            return Err(DownloadRefusal::Busy);
        }
        let Some(size_kb) = self.listed(version).map(|image| image.size_kb) else {
            return Err(DownloadRefusal::Unknown);
        };
        let loaded = self.is_loaded(version);
        if loaded && self.spec.quirks.present_answer == PresentAnswer::Error {
            return Err(DownloadRefusal::Present);
        }
        self.lose_base_of(version, now);
        let length = self.spec.quirks.download_time.map_or(length, |own| own.0);
        let length = if loaded { length / 10 } else { length };
        let doom = self.doom(version, size_kb, now);
        let stalled = self.faults.has(now, &FaultKind::Stall);
        let pause = self.faults.take(now, |kind| matches!(kind, FaultKind::Pause { .. }));
        let job = self.begin(JobKind::Download(version), user, now, length);
        if let Some((doom, share)) = doom {
            *job = job.clone().doomed(doom, share);
        }
        if let Some(FaultKind::Pause { delay_ms }) = pause {
            job.pause_for(delay_ms);
        }
        if stalled {
            job.stall(now);
        }
        Ok(job.id)
    }

    /// Why a download that begins now will fail, and after which share of its time.
    fn doom(&mut self, version: Version, size_kb: u64, now: Moment) -> Option<(Doom, f64)> {
        let here_kb = self.stored.get(&version).map_or(0, |stored| stored.size_kb);
        let available_kb = self.space(now).available_kb() + here_kb;
        if self.manager_busy_until.is_some_and(|until| now < until) {
            return Some((Doom::ManagerBusy, 0.02));
        }
        if self.faults.take(now, |kind| *kind == FaultKind::DownloadFails).is_some() {
            return Some((Doom::UpdateServer, 0.5));
        }
        if self.faults.take(now, |kind| *kind == FaultKind::NoRoom).is_some() {
            return Some((Doom::DiskFull, 0.8));
        }
        if self.faults.take(now, |kind| *kind == FaultKind::FalseSuccess).is_some() {
            return Some((Doom::Nothing, 0.9));
        }
        #[expect(clippy::cast_precision_loss, reason = "sizes in KB are far below 2^52")]
        let share = available_kb as f64 / size_kb.max(1) as f64;
        (size_kb > available_kb).then_some((Doom::DiskFull, share * 0.9))
    }

    /// An administrator deletes the base of what is on its way.
    fn lose_base_of(&mut self, version: Version, now: Moment) {
        let base = images::base_of(&self.spec.list, version.train).map(|image| image.version);
        let Some(base) = base.filter(|base| *base != version && *base != self.running) else { return };
        if self.is_loaded(base) && self.faults.take(now, |kind| *kind == FaultKind::BaseDeleted).is_some() {
            self.stored.remove(&base);
            self.spec.present.retain(|present| *present != base);
        }
    }

    /// Begins an installation.
    ///
    /// # Errors
    /// The image is not on the device, or another installation is running.
    pub fn install(
        &mut self,
        version: Version,
        now: Moment,
        length: Duration,
    ) -> Result<u32, InstallRefusal> {
        if !self.present().contains(&version) {
            return Err(InstallRefusal::NotDownloaded);
        }
        if self.jobs.iter().any(|job| job.is_active() && matches!(job.kind, JobKind::Install(_))) {
            return Err(InstallRefusal::Busy);
        }
        let busy = self.manager_busy_until.is_some_and(|until| now < until);
        let job = self.begin(JobKind::Install(version), "admin", now, length);
        if busy {
            *job = job.clone().doomed(Doom::ManagerBusy, 0.02);
        }
        Ok(job.id)
    }
}
