//! The images of a device: its list, and the requests that change it.
//!
//! Leaves to others: how the list is printed ([`crate::api`]).

use std::time::Duration;

use super::{Device, Doom, JobKind};
use crate::clock::Moment;
use crate::faults::FaultKind;
use crate::images::Image;
use crate::version::Version;

/// A file on the volume for images.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stored {
    /// Its size.
    pub size_kb: u64,
    /// How it came, and whether it is loaded.
    pub origin: Origin,
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

/// Why an image is not deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeleteRefusal {
    /// The image is not on the device.
    NotDownloaded,
    /// It is running.
    Running,
}

/// Why an import is not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportRefusal {
    /// The file name is not that of an image for this platform.
    UnknownFile,
    /// It does not fit.
    DiskFull,
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

    /// The list; empty until the first check (whether a real box answers so is not known).
    pub fn software(&self) -> Vec<Entry<'_>> {
        if self.checked.is_none() {
            return Vec::new();
        }
        let downloading = self.downloading();
        let newest = self.spec.list.iter().map(|image| image.version).max();
        let entry = |image| self.entry(image, downloading, newest);
        self.spec.list.iter().rev().map(entry).collect()
    }

    fn entry<'a>(
        &self,
        image: &'a Image,
        downloading: Option<Version>,
        newest: Option<Version>,
    ) -> Entry<'a> {
        let version = image.version;
        let (here, uploaded) = match self.stored.get(&version).map(|stored| stored.origin) {
            Some(Origin::Downloaded) => (true, false),
            Some(Origin::Imported { listed }) => (listed, listed),
            Some(Origin::Orphan) => (self.spec.quirks.orphan_shows_downloaded, false),
            None => (false, false),
        };
        let presence = match (here, downloading == Some(version)) {
            (true, _) => Presence::Yes,
            (false, true) => Presence::Downloading,
            (false, false) => Presence::No,
        };
        let current = version == self.running && !self.spec.quirks.no_current;
        Entry { image, presence, uploaded, current, latest: Some(version) == newest }
    }

    /// The hash that the list reports for an image, if it reports one.
    pub fn reported_sha256(&self, image: &Image, now: Moment) -> Option<String> {
        if self.faults.has(now, &FaultKind::HashAbsent) {
            return None;
        }
        let lies = |kind: &FaultKind| match kind {
            FaultKind::HashMismatch { version } => version.is_none_or(|version| version == image.version),
            _ => false,
        };
        Some(match self.faults.find(now, lies) {
            // Another valid hash, and always the same one.
            Some(_) => image.sha256.chars().rev().collect(),
            None => image.sha256.clone(),
        })
    }

    /// Versions that are on the device and loaded, oldest first.
    pub fn present(&self) -> Vec<Version> {
        let loaded = self.stored.iter().filter(|(_, stored)| stored.origin != Origin::Orphan);
        loaded.map(|(version, _)| *version).collect()
    }

    /// Begins a download that takes `length`; an image that is already here takes a tenth of it.
    ///
    /// # Errors
    /// Another download is running, or the list does not hold the version.
    pub fn download(
        &mut self,
        version: Version,
        user: &str,
        now: Moment,
        length: Duration,
    ) -> Result<u32, DownloadRefusal> {
        let busy = self.faults.take(now, |kind| *kind == FaultKind::Busy).is_some();
        if busy || self.active_download().is_some() {
            return Err(DownloadRefusal::Busy);
        }
        let Some(size_kb) = self.listed(version).map(|image| image.size_kb) else {
            return Err(DownloadRefusal::Unknown);
        };
        let loaded = self.stored.get(&version).is_some_and(|stored| stored.origin != Origin::Orphan);
        let length = if loaded { length / 10 } else { length };
        let here_kb = self.stored.get(&version).map_or(0, |stored| stored.size_kb);
        let available_kb = self.space(now).available_kb() + here_kb;
        let fails = self.faults.take(now, |kind| *kind == FaultKind::DownloadFails).is_some();

        let stalled = self.faults.has(now, &FaultKind::Stall);
        let job = self.begin(JobKind::Download(version), user, now, length);
        if fails {
            *job = job.clone().doomed(Doom::UpdateServer, 0.5);
        } else if size_kb > available_kb {
            #[expect(clippy::cast_precision_loss, reason = "sizes in KB are far below 2^52")]
            let share = available_kb as f64 / size_kb as f64;
            *job = job.clone().doomed(Doom::DiskFull, share * 0.9);
        }
        if stalled {
            job.stall(now);
        }
        Ok(job.id)
    }

    /// Takes over an image from the other member of the pair, which makes this one busy as well. Does nothing
    /// when the device is busy already.
    pub fn receive(&mut self, version: Version, now: Moment, length: Duration) {
        if self.active_download().is_none() && !self.stored.contains_key(&version) {
            self.begin(JobKind::Download(version), "", now, length);
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
        Ok(self.begin(JobKind::Install(version), "admin", now, length).id)
    }

    /// Deletes an image.
    ///
    /// # Errors
    /// It is running, or not on the device.
    pub fn delete(&mut self, version: Version) -> Result<(), DeleteRefusal> {
        if version == self.running {
            return Err(DeleteRefusal::Running);
        }
        self.stored.remove(&version).map(|_| ()).ok_or(DeleteRefusal::NotDownloaded)
    }

    /// Keeps an imported file; its name says what it is.
    ///
    /// # Errors
    /// No image of this platform has that name, or it does not fit.
    pub fn import(&mut self, filename: &str, size_bytes: u64, now: Moment) -> Result<Version, ImportRefusal> {
        let image = self.spec.list.iter().find(|image| image.filename == filename);
        let version = image.ok_or(ImportRefusal::UnknownFile)?.version;
        let size_kb = size_bytes.div_ceil(1024);
        if size_kb > self.space(now).available_kb() {
            return Err(ImportRefusal::DiskFull);
        }
        let listed = !self.spec.quirks.late_imports;
        self.stored.insert(version, Stored { size_kb, origin: Origin::Imported { listed } });
        Ok(version)
    }
}
