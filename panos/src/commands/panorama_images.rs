//! `request batch software …`: the images that a Panorama can hand on to its firewalls.
//!
//! Panorama tells for each image what a firewall's own list does not: the platform and the vendor's SHA-256
//! (known to paloversion, `downloader.py`). This makes it a source of hashes for a whole fleet. Leaves to
//! others: trusting them. Only versions up to Panorama's own feature release are offered.

use super::software::read_entry;
use super::{Command, bounded, need};
use crate::client::Client;
use crate::commands::software::SoftwareEntry;
use crate::envelope::Missing;
use crate::error::PanosError;
use crate::limits::MAX_IMAGES;
use crate::xml::Element;

const CHECK: Command = Command::slow("request batch software check");
const CHECK_XML: &str = "<request><batch><software><check></check></software></batch></request>";
const INFO: Command = Command::slow("request batch software info");
const INFO_XML: &str = "<request><batch><software><info></info></software></batch></request>";

/// One image on offer for one platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PanoramaImage {
    /// The model family, as in `440`, `5200` or `vm`.
    pub platform: Option<String>,
    /// The image; several platforms have entries of the same version.
    pub image: SoftwareEntry,
}

impl Client {
    /// Lists the images for firewalls after Panorama has asked the update server.
    ///
    /// # Errors
    /// Any [`PanosError`]; [`Refusal::UpdateServer`](crate::Refusal) when the server was not reached.
    pub async fn batch_software_check(&self) -> Result<Vec<PanoramaImage>, PanosError> {
        self.op(&CHECK, CHECK_XML, read).await
    }

    /// Lists the images for firewalls as Panorama remembers them.
    ///
    /// # Errors
    /// Any [`PanosError`].
    pub async fn batch_software_info(&self) -> Result<Vec<PanoramaImage>, PanosError> {
        self.op(&INFO, INFO_XML, read).await
    }
}

pub(crate) fn read(response: &Element) -> Result<Vec<PanoramaImage>, Missing> {
    let versions = need(response, &["result", "sw-updates", "versions"])?;
    bounded(versions, "entry", MAX_IMAGES)?
        .map(|entry| Ok(PanoramaImage { platform: entry.known("platform"), image: read_entry(entry)? }))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{missing, read_both};

    #[test]
    fn every_platform_of_a_version_has_its_file_and_its_hash() {
        let images = read_both(include_str!("../../fixtures/batch_software.xml"), read).unwrap();
        let found: Vec<_> = images
            .iter()
            .map(|found| {
                (found.platform.as_deref(), found.image.version.as_str(), found.image.sha256.as_deref())
            })
            .collect();
        assert_eq!(
            found,
            [
                (
                    Some("440"),
                    "11.1.4-h7",
                    Some("b5d57f8338a4bf77ff39cd4ad660f74d5606740f3e949ae3b58c38d52aae7f7f")
                ),
                (
                    Some("vm"),
                    "11.1.4-h7",
                    Some("4bd7f67bd005540b165322b7122427cd2938d742ed074d024cdd2eff328a798d")
                ),
                (Some("5200"), "11.1.0", None),
            ]
        );
        assert_eq!(images[0].image.file_name.as_deref(), Some("PanOS_440-11.1.4-h7"));
        assert!(missing("<response status='success'><result/></response>", read).contains("versions"));
    }
}
