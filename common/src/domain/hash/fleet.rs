//! Hashes of one file across the fleet: what devices reported, where they disagree, and what a person has to clear.
//!
//! Promises: words only. Two devices that disagree about a file prove that one of them is wrong, and not which; so a
//! dispute is an alarm and never a verdict. Leaves to others: counting devices (the ledger's `Catalogue`).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Sha256Hex;
use crate::domain::device::Serial;
use crate::domain::image::ImageFile;
use crate::domain::job::{JobId, Requester};
use crate::domain::version::Version;

/// One hash that a device reported for one file.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct HashObservation {
    /// Of an image of this version.
    pub version: Version,
    /// Of this file. Without a name only devices of one model can be compared: images of one version differ
    /// between platforms.
    pub file_name: Option<ImageFile>,
    /// What the device says.
    pub sha256: Sha256Hex,
    /// Which device.
    pub serial: Serial,
}

/// Another hash that the fleet reports for the same file.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct OtherHash {
    /// The hash.
    pub sha256: Sha256Hex,
    /// Devices that report it.
    pub n_devices: u64,
    /// One of them.
    pub example: Serial,
}

/// One file for which the fleet reports several hashes, while none of them is trusted.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct HashDispute {
    /// Images of this version.
    pub version: Version,
    /// The file, where the devices gave a name.
    pub file_name: Option<ImageFile>,
    /// What is reported, most devices first.
    pub hashes: Vec<OtherHash>,
}

/// A device that holds, or held, an image with a hash that is not the trusted one. Blocks new jobs for the device
/// until a person clears it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HashMismatch {
    /// The device.
    pub serial: Serial,
    /// The image's version.
    pub version: Version,
    /// Its file, where the device gave a name.
    pub file_name: Option<ImageFile>,
    /// What is trusted.
    pub expected: Sha256Hex,
    /// What was found.
    pub found: Sha256Hex,
    /// The job that found it.
    pub job: JobId,
    /// When, by the database's clock.
    pub raised_at: Timestamp,
    /// Who let it go; nobody, as long as it blocks.
    pub cleared: Option<Cleared>,
}

/// Who let a mismatch go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cleared {
    /// Who, and why.
    pub by: Requester,
    /// When, by the database's clock.
    pub at: Timestamp,
}
