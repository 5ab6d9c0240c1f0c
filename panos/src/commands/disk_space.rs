//! `show system disk-space`: the device's `df -h` text, and how much room there is for images.
//!
//! Promises: images are measured where they land, on `/opt/panrepo`; a line that cannot be read makes
//! the answer unexpected, because leaving out the right mount would measure a wrong one. Leaves to
//! others: how much room is needed, with a margin: `df -h` rounds, so `5.4G` may be 5.35.

use super::{Command, need};
use crate::client::Client;
use crate::envelope::Missing;
use crate::error::PanosError;
use crate::limits::MAX_MOUNTS;
use crate::redact::field;
use crate::xml::Element;

const COMMAND: Command = Command::ordinary("show system disk-space");
const XML: &str = "<show><system><disk-space></disk-space></system></show>";

/// Where images are stored: `check_free_disk_space` in the vendor's pan-os-upgrade-assurance says so, and
/// annotated and recorded `df` texts of several models agree.
pub const IMAGE_DIRECTORY: &str = "/opt/panrepo";

/// The file systems of a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiskSpace {
    /// In the order of the device.
    pub mounts: Vec<Mount>,
}

/// One line of `df -h`; sizes are as exact as its rounding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// As in `/dev/sda6` or `tmpfs`.
    pub device: String,
    /// Where it is mounted.
    pub path: String,
    /// The whole file system.
    pub size_bytes: u64,
    /// In use.
    pub used_bytes: u64,
    /// Free for use.
    pub available_bytes: u64,
}

impl DiskSpace {
    /// The file system that images land on: [`IMAGE_DIRECTORY`], or where that is no mount of its own the
    /// longest mounted prefix (`/opt`, `/`). [`Mount::path`] says which it was.
    pub fn image_mount(&self) -> Option<&Mount> {
        self.mounts
            .iter()
            .filter(|mount| holds(&mount.path, IMAGE_DIRECTORY))
            .max_by_key(|mount| mount.path.len())
    }
}

impl Client {
    /// Asks for the device's file systems.
    ///
    /// # Errors
    /// Any [`PanosError`].
    pub async fn disk_space(&self) -> Result<DiskSpace, PanosError> {
        self.op(&COMMAND, XML, read).await
    }
}

pub(crate) fn read(response: &Element) -> Result<DiskSpace, Missing> {
    let mounts = parse_df(need(response, &["result"])?.text())
        .map_err(|Unreadable(line)| Missing(format!("six columns of `df`, not `{}`", line.escape_debug())))?;
    if mounts.is_empty() {
        return Err(Missing("the text of `df` in `result`".to_owned()));
    }
    if mounts.len() > MAX_MOUNTS {
        return Err(Missing(format!("at most {MAX_MOUNTS} file systems")));
    }
    Ok(DiskSpace { mounts })
}

/// Whether a directory lies on a mount, going by whole path components.
fn holds(mount: &str, directory: &str) -> bool {
    match directory.strip_prefix(mount) {
        Some(rest) => rest.is_empty() || rest.starts_with('/') || mount.ends_with('/'),
        None => false,
    }
}

/// A line that ends like a mount and is none.
#[derive(Debug, PartialEq, Eq)]
struct Unreadable(String);

/// Reads the text of `df -h`, however it is indented or squeezed, with wrapped device names.
fn parse_df(text: &str) -> Result<Vec<Mount>, Unreadable> {
    let mut mounts = Vec::new();
    // A long device name stands alone on its line, and its columns follow on the next.
    let mut wrapped: Option<&str> = None;
    for line in text.lines() {
        let mut columns: Vec<&str> = line.split_whitespace().collect();
        match columns.as_slice() {
            [] | ["Filesystem", ..] => continue,
            [device] => {
                wrapped = Some(device);
                continue;
            }
            _ => {}
        }
        if columns.len() == 5
            && let Some(device) = wrapped.take()
        {
            columns.insert(0, device);
        }
        wrapped = None;
        match mount(&columns) {
            Some(mount) => mounts.push(mount),
            None if columns.last().is_some_and(|path| path.starts_with('/')) => {
                return Err(Unreadable(line.trim().chars().take(100).collect()));
            }
            None => {}
        }
    }
    Ok(mounts)
}

/// The columns, counted from the right: a device name may hold blanks, a mount of PAN-OS does not.
fn mount(columns: &[&str]) -> Option<Mount> {
    let [device @ .., size, used, available, percent, path] = columns else { return None };
    if device.is_empty() || !path.starts_with('/') || !(percent.ends_with('%') || *percent == "-") {
        return None;
    }
    Some(Mount {
        device: field(&device.join(" ")),
        path: field(path),
        size_bytes: parse_size(size)?,
        used_bytes: parse_size(used)?,
        available_bytes: parse_size(available)?,
    })
}

/// `1.8T`, `21G`, `1020K`, plain `0`: powers of 1024, one decimal at most by `df`, more are accepted.
fn parse_size(text: &str) -> Option<u64> {
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let shift = match unit {
        "" | "B" => 0,
        "K" => 10,
        "M" => 20,
        "G" => 30,
        "T" => 40,
        "P" => 50,
        _ => return None,
    };
    let (whole, decimals) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() || decimals.len() > 6 {
        return None;
    }
    let scale = 10_u128.pow(u32::try_from(decimals.len()).ok()?);
    let digits: u128 = format!("{whole}{decimals}").parse().ok()?;
    let bytes = digits.checked_mul(1 << shift)? / scale;
    u64::try_from(bytes).ok()
}

#[cfg(test)]
mod tests;
