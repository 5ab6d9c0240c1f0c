//! Where the client's answers become domain types, and nowhere else. The operator's commands, which ask devices
//! too, come through here as well.

use common::domain::image::{ImageEntry, Presence, SoftwareListing};
use panos::{Downloaded, SoftwareEntry, SoftwareList};

/// A device's software list as the planner and the judge of hashes want it. Nothing in it is an error: what
/// cannot be used is remembered in [`SoftwareListing::ignored`].
#[must_use]
pub fn listing(list: SoftwareList) -> SoftwareListing {
    SoftwareListing::read(list.entries.into_iter().map(entry))
}

/// An import stands beside the update server's entry: either one means that the image is there.
fn entry(entry: SoftwareEntry) -> ImageEntry {
    let presence = match (entry.downloaded, entry.uploaded) {
        (Downloaded::Yes, _) | (_, true) => Presence::Present,
        (Downloaded::Downloading, false) => Presence::Downloading,
        (Downloaded::No | Downloaded::Other(_), false) => Presence::Absent,
    };
    ImageEntry {
        version: entry.version,
        file_name: entry.file_name,
        size_bytes: entry.size_bytes,
        presence,
        current: entry.current,
        release_type: entry.release_type,
        sha256: entry.sha256,
        released_on: entry.released_on,
    }
}
