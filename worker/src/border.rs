//! Where the client's answers become domain types, and nowhere else.

use common::domain::image::{ImageEntry, Presence, SoftwareListing};
use panos::{Downloaded, SoftwareEntry, SoftwareList};

/// A device's software list as the planner wants it.
pub(crate) fn listing(list: SoftwareList) -> SoftwareListing {
    SoftwareListing::read(list.entries.into_iter().map(entry))
}

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
