//! Images, and the list of them that a device gives.
//!
//! Promises: a [`SoftwareListing`] has each version once, in order, whatever the device sent, and remembers
//! what it left out; it names the base image of a train by the device's own word before any rule of ours.
//! Leaves to others: asking the device (crate `panos`), turning its answer into [`ImageEntry`] (the worker),
//! and choosing images ([`path`](super::path)).

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{hash::Sha256Hex, input::quoted, version::Version};

mod listing;

pub use listing::{Base, SoftwareListing};

/// Longest image file name accepted, in bytes; the known ones have about 25.
const MAX_FILE_NAME: usize = 128;

/// The file name of an image, for example `PanOS_440-11.1.4-h7`. It tells the platform, which the version does
/// not: images of one version differ between platforms.
///
/// Never empty, never the `(null)` that a device prints for an imported image, and never a path: it may be
/// joined to a directory of images.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(description = "Name of an image file.")]
pub struct ImageFile(String);

impl ImageFile {
    /// Reads a file name, white space around it aside.
    ///
    /// # Errors
    /// [`ImageFileError`] quotes what is no plain file name.
    pub fn parse(text: &str) -> Result<Self, ImageFileError> {
        let name = text.trim();
        let plain = name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'+'));
        if name.is_empty() || name.len() > MAX_FILE_NAME || name.starts_with('.') || !plain {
            return Err(ImageFileError { input: quoted(text) });
        }
        Ok(Self(name.to_owned()))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ImageFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl FromStr for ImageFile {
    type Err = ImageFileError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl TryFrom<String> for ImageFile {
    type Error = ImageFileError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<ImageFile> for String {
    fn from(file: ImageFile) -> Self {
        file.0
    }
}

/// The text is no file name of an image.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{input} is not an image file name: 1 to 128 characters of A-Z a-z 0-9 - _ . +, not starting with a dot"
)]
pub struct ImageFileError {
    input: String,
}

/// Whether an image is on the device. The order is from least to most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// It is not.
    Absent,
    /// The device is fetching it, for us or for somebody else.
    Downloading,
    /// It is: downloaded, or uploaded by import or by Panorama.
    Present,
}

/// What the vendor calls a release. The order is by how much it tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReleaseType {
    /// Neither, or the device is too old to say.
    Other,
    /// Recommended by the vendor.
    Preferred,
    /// The base image of its train; there is one per train.
    Base,
}

impl ReleaseType {
    /// Reads the device's word; anything unknown is [`ReleaseType::Other`].
    pub fn of(text: &str) -> Self {
        let text = text.trim();
        if text.eq_ignore_ascii_case("base") {
            Self::Base
        } else if text.eq_ignore_ascii_case("preferred") {
            Self::Preferred
        } else {
            Self::Other
        }
    }
}

/// One entry of a device's software list before it is checked: texts as the device wrote them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageEntry {
    /// `version`.
    pub version: String,
    /// `filename`; `(null)` and empty mean that the device does not know it.
    pub file_name: Option<String>,
    /// `size-kb` in bytes.
    pub size_bytes: Option<u64>,
    /// `downloaded` and `uploaded` together.
    pub presence: Presence,
    /// `current`.
    pub current: bool,
    /// `release-type`.
    pub release_type: Option<String>,
    /// `sha256`, which many devices leave out.
    pub sha256: Option<String>,
    /// `released-on`: the device's or the update server's time, which of them is not known.
    pub released_on: Option<String>,
}

/// One image that a device can have or has.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ListedImage {
    /// What it makes the device run.
    pub version: Version,
    /// Its file; `None` for an imported image.
    pub file_name: Option<ImageFile>,
    /// Its size; `None` for an imported image.
    pub size_bytes: Option<u64>,
    /// Whether it is on the device.
    pub presence: Presence,
    /// Whether the device runs it.
    pub current: bool,
    /// What the vendor calls it.
    pub release_type: ReleaseType,
    /// The hash that the device reports.
    pub sha256: Option<Sha256Hex>,
    /// When it was released, as the device writes it. For people; it orders nothing.
    pub released_on: Option<String>,
}

#[cfg(test)]
pub(crate) mod tests;
