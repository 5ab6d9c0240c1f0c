//! What a trusted hash is of: a file, or any file of a version.

use common::domain::image::ImageFile;
use common::domain::version::Version;

use crate::failure::Failure;

/// Reads `--version` and `--filename`.
///
/// # Errors
/// A [`Failure`] that quotes what does not read.
pub(super) fn read(version: &str, filename: Option<&str>) -> Result<(Version, Option<ImageFile>), Failure> {
    let file_name = filename.map(str::parse).transpose();
    let file_name = file_name.map_err(|error| Failure::usage(format!("--filename: {error}")))?;
    Ok((self::version(version)?, file_name))
}

/// Reads `--version`.
///
/// # Errors
/// A [`Failure`] that quotes what does not read.
pub(super) fn version(text: &str) -> Result<Version, Failure> {
    text.trim().parse().map_err(|error| Failure::usage(format!("--version: {error}")))
}

/// How messages name it.
pub(super) fn text(version: &Version, file_name: Option<&ImageFile>) -> String {
    match file_name {
        Some(file_name) => format!("{file_name} of {version}"),
        None => format!("any file of {version}"),
    }
}
