//! Images that come from a file and images that go: import and deletion.
//!
//! Leaves to others: downloads ([`super::software`]).

use super::Device;
use super::software::{Origin, Stored};
use crate::clock::Moment;
use crate::version::Version;

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
    /// Deletes an image.
    ///
    /// # Errors
    /// It is running, or not on the device.
    pub fn delete(&mut self, version: Version) -> Result<(), DeleteRefusal> {
        if version == self.running {
            return Err(DeleteRefusal::Running);
        }
        self.spec.present.retain(|present| *present != version);
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
        self.stored.insert(
            version,
            Stored { size_kb, origin: Origin::Imported { listed }, shown_from: Moment::START },
        );
        Ok(version)
    }
}
