//! `request system software …`: the list of images, and downloading and deleting them.
//!
//! Promises: what the device says about an image is kept apart from what it leaves out; a value it
//! writes as `(null)` is none. Leaves to others: the order of versions, choosing them, and what a
//! reported SHA-256 is worth; a finished download shows only in a fresh list.

use super::{Command, argument, bounded, need, need_value, says_yes};
use crate::client::Client;
use crate::commands::jobs::DeviceJobId;
use crate::envelope::{Missing, message};
use crate::error::PanosError;
use crate::limits::MAX_IMAGES;
use crate::redact::field;
use crate::xml::Element;

const CHECK: Command = Command::slow("request system software check");
const CHECK_XML: &str = "<request><system><software><check></check></software></system></request>";
const INFO: Command = Command::ordinary("request system software info");
const INFO_XML: &str = "<request><system><software><info></info></software></system></request>";
const DOWNLOAD: Command = Command::ordinary("request system software download");
const DELETE: Command = Command::ordinary("delete software version");

/// The images that a device knows of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SoftwareList {
    /// In the order of the device, which is none to rely on. An entry repeated word for word is in it once.
    pub entries: Vec<SoftwareEntry>,
    /// When the device last asked its update server: device-local, without a zone, or `never`.
    pub last_updated_at: Option<String>,
    /// A remark of the device beside the list.
    pub message: Option<String>,
}

/// One image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SoftwareEntry {
    /// As in `11.1.4-h7`; suffixes such as `-b36` and `.xfr` occur.
    pub version: String,
    /// As in `PanOS_440-11.1.4-h7`; none for an imported image.
    pub file_name: Option<String>,
    /// From `size-kb`, else from `size` in megabytes; none for an imported image.
    pub size_bytes: Option<u64>,
    /// As in `2024/11/14 12:01:07`; of which zone is not known.
    pub released_on: Option<String>,
    /// Whether it is on the device.
    pub downloaded: Downloaded,
    /// Whether it came by import or from Panorama. Counts as present.
    pub uploaded: bool,
    /// Whether the device runs it.
    pub current: bool,
    /// The device's mark for the newest.
    pub latest: bool,
    /// `Base` or `Preferred`, in lists of 11.2 and later.
    pub release_type: Option<String>,
    /// What the device reports as SHA-256: 64 hexadecimal digits in lower case.
    pub sha256: Option<String>,
    /// What the device reports in that place when it is no SHA-256.
    pub sha256_unreadable: Option<String>,
}

/// Whether an image is on the device.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Downloaded {
    /// It is.
    Yes,
    /// It is not.
    No,
    /// It is being fetched (known to cdot65's tool).
    Downloading,
    /// None of the known words; empty when the device says nothing.
    Other(String),
}

/// Whether the HA peer is given the image as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SyncToPeer {
    /// The device copies it to its peer, which is busy with it, too.
    Yes,
    /// The peer is left alone.
    No,
}

impl SoftwareEntry {
    /// Whether the image is on the device, by download or by import.
    pub fn is_present(&self) -> bool {
        self.uploaded || self.downloaded == Downloaded::Yes
    }
}

impl SoftwareList {
    /// The entry of a version; where it occurs several times, one that is present before the others.
    pub fn entry(&self, version: &str) -> Option<&SoftwareEntry> {
        let of_version = || self.entries.iter().filter(|entry| entry.version == version);
        of_version().find(|entry| entry.is_present()).or_else(|| of_version().next())
    }
}

impl Client {
    /// Lists images after asking the update server, which takes 5 to 30 s. New releases appear only so.
    ///
    /// # Errors
    /// Any [`PanosError`]; [`Refusal::UpdateServer`](crate::Refusal) when the server was not reached.
    pub async fn software_check(&self) -> Result<SoftwareList, PanosError> {
        self.op(&CHECK, CHECK_XML, read).await
    }

    /// Lists images as the device remembers them. May be empty before the first check.
    ///
    /// # Errors
    /// Any [`PanosError`].
    pub async fn software_info(&self) -> Result<SoftwareList, PanosError> {
        self.op(&INFO, INFO_XML, read).await
    }

    /// Makes the device download an image. The answer is the device's job; see [`Client::job`].
    ///
    /// Not repeatable blindly: after [`PanosError::NoAnswer`] the download may be running.
    ///
    /// # Errors
    /// Any [`PanosError`].
    pub async fn download(&self, version: &str, sync_to_peer: SyncToPeer) -> Result<DeviceJobId, PanosError> {
        self.op(&DOWNLOAD, &download_xml(version, sync_to_peer), read_enqueued).await
    }

    /// Deletes an image from the device.
    ///
    /// Most devices do it at once; the job that some answer with (known to paloversion) is not followed:
    /// either way the image is gone when a fresh list says so.
    ///
    /// # Errors
    /// Any [`PanosError`]; the device refuses for the version that it runs, and with
    /// [`Refusal::NotDownloaded`](crate::Refusal) for an image that it does not have.
    pub async fn delete(&self, version: &str) -> Result<(), PanosError> {
        let version = argument(version);
        let xml = format!("<delete><software><version>{version}</version></software></delete>");
        self.op(&DELETE, &xml, |_| Ok(())).await
    }
}

/// Without `<sync-to-peer>` nothing is copied (usage guide 9.1; pan-os-python for the other form).
fn download_xml(version: &str, sync_to_peer: SyncToPeer) -> String {
    let peer = match sync_to_peer {
        SyncToPeer::Yes => "<sync-to-peer>yes</sync-to-peer>",
        SyncToPeer::No => "",
    };
    let version = argument(version);
    format!(
        "<request><system><software><download>{peer}<version>{version}</version></download></software></system></request>"
    )
}

pub(crate) fn read(response: &Element) -> Result<SoftwareList, Missing> {
    let updates = need(response, &["result", "sw-updates"])?;
    let versions = need(response, &["result", "sw-updates", "versions"])?;
    let mut entries: Vec<SoftwareEntry> = Vec::new();
    for entry in bounded(versions, "entry", MAX_IMAGES)? {
        let entry = read_entry(entry)?;
        if !entries.contains(&entry) {
            entries.push(entry);
        }
    }
    let last_updated_at = updates.attribute("last-updated-at").map(str::trim).filter(|text| !text.is_empty());
    Ok(SoftwareList { entries, last_updated_at: last_updated_at.map(field), message: updates.remark("msg") })
}

pub(super) fn read_entry(entry: &Element) -> Result<SoftwareEntry, Missing> {
    let reported = entry.known("sha256");
    let sha256 = reported.as_deref().and_then(sha256_hex);
    Ok(SoftwareEntry {
        version: need_value(entry, "version")?,
        file_name: entry.known("filename"),
        size_bytes: size(entry, "size-kb", 1 << 10).or_else(|| size(entry, "size", 1 << 20)),
        released_on: entry.known("released-on"),
        downloaded: downloaded(entry.value("downloaded").unwrap_or_default()),
        uploaded: says_yes(entry, "uploaded"),
        current: says_yes(entry, "current"),
        latest: says_yes(entry, "latest"),
        release_type: entry.known("release-type"),
        sha256_unreadable: reported.filter(|_| sha256.is_none()),
        sha256,
    })
}

fn size(entry: &Element, name: &str, unit_bytes: u64) -> Option<u64> {
    entry.value(name)?.parse::<u64>().ok()?.checked_mul(unit_bytes)
}

fn downloaded(text: &str) -> Downloaded {
    match text.to_ascii_lowercase().as_str() {
        "yes" => Downloaded::Yes,
        "no" => Downloaded::No,
        "downloading" => Downloaded::Downloading,
        _ => Downloaded::Other(field(text)),
    }
}

/// 64 hexadecimal digits in lower case; hashes stand between line breaks on Panorama.
fn sha256_hex(text: &str) -> Option<String> {
    let text = text.trim();
    (text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())).then(|| text.to_ascii_lowercase())
}

pub(crate) fn read_enqueued(response: &Element) -> Result<DeviceJobId, Missing> {
    job_id(response).ok_or_else(|| Missing::element("result/job"))
}

/// The job that a command started: `result/job`, else the number after `jobid` in the message.
fn job_id(response: &Element) -> Option<DeviceJobId> {
    let stated =
        response.child("result").and_then(|result| result.value("job")).and_then(|id| id.parse().ok());
    let told = || {
        let text = message(response);
        let (_, after) = text.split_once("jobid ")?;
        let digits = after.trim_start().split(|c: char| !c.is_ascii_digit()).next()?;
        digits.parse().ok()
    };
    stated.or_else(told).map(DeviceJobId)
}

#[cfg(test)]
mod tests;
