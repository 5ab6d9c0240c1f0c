//! A device's software list as the planner and the judge of hashes take it.
//!
//! Leaves to others: asking (crate `panos`) and what is unusable in it (`SoftwareListing` remembers that).

use common::domain::image::{ImageEntry, Presence, SoftwareListing};
use panos::{Client, Downloaded, PanosError, SoftwareEntry};

/// Asks for the list after a refresh from the update server; where the device refuses that, as one without a
/// way to the server does, for the list as it remembers it.
///
/// # Errors
/// What the calls may meet.
pub(crate) async fn refreshed(client: &Client) -> Result<SoftwareListing, PanosError> {
    let list = match client.software_check().await {
        Err(PanosError::Refused { .. }) => client.software_info().await?,
        checked => checked?,
    };
    Ok(SoftwareListing::read(list.entries.into_iter().map(entry)))
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
