//! What a device has of what its newest job was for.
//!
//! Pure: compares the device's own list with the job's images and the trusted hashes. Leaves to others:
//! asking the device, and what to do about a difference.

use common::domain::catalogue::Catalogue;
use common::domain::hash::{Evidence, HashOutcome, judge};
use common::domain::image::{Presence, SoftwareListing};
use common::domain::version::Version;
use common::ledger::ImageRecord;
use serde::Serialize;

/// One image as the device shows it now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Staged {
    pub(crate) version: Version,
    /// Whether the device has it.
    pub(crate) present: bool,
    /// What is proved about it; absent unless it is present.
    pub(crate) hash: Option<HashOutcome>,
    /// Whether it is as the job left it.
    #[serde(skip)]
    pub(crate) as_left: bool,
}

/// Compares each image of a job with the device's list.
pub(crate) fn compare(images: &[ImageRecord], listing: &SoftwareListing, trusted: &Catalogue) -> Vec<Staged> {
    images.iter().map(|image| one(image, listing, trusted)).collect()
}

fn one(image: &ImageRecord, listing: &SoftwareListing, trusted: &Catalogue) -> Staged {
    let listed = listing.find(&image.version).filter(|listed| listed.presence == Presence::Present);
    let hash = listed.map(|listed| {
        let file_name = listed.file_name.as_ref().or(image.file_name.as_ref());
        judge(listed.sha256.as_ref(), trusted.expected(&image.version, file_name), Evidence::DeviceReported)
    });
    let mismatch = matches!(hash, Some(HashOutcome::Mismatch { .. }));
    let lost = image.state.is_present() && listed.is_none();
    Staged { version: image.version, present: listed.is_some(), hash, as_left: !mismatch && !lost }
}

#[cfg(test)]
mod tests {
    use common::domain::catalogue::CatalogueEntry;
    use common::domain::hash::Sha256Hex;
    use common::domain::image::{ListedImage, ReleaseType};
    use common::ledger::ImageState;

    use super::*;

    fn image(version: &str, state: ImageState) -> ImageRecord {
        ImageRecord {
            version: version.parse().unwrap(),
            position: 0,
            rule: "the target".to_owned(),
            file_name: None,
            size_bytes: None,
            state,
            device_job: None,
            outcome: None,
        }
    }

    fn listed(version: &str, presence: Presence, of: &[u8]) -> ListedImage {
        ListedImage {
            version: version.parse().unwrap(),
            file_name: None,
            size_bytes: None,
            presence,
            current: false,
            release_type: ReleaseType::Other,
            sha256: Some(Sha256Hex::of(of)),
            released_on: None,
        }
    }

    #[test]
    fn a_lost_image_and_a_wrong_hash_are_not_as_the_job_left_them() {
        let listing = SoftwareListing::new([
            listed("11.1.0", Presence::Present, b"good"),
            listed("11.1.1", Presence::Present, b"bad"),
            listed("11.1.2", Presence::Absent, b"any"),
        ]);
        let trusted = Catalogue::new(["11.1.0", "11.1.1"].map(|version| CatalogueEntry {
            version: version.parse().unwrap(),
            file_name: None,
            sha256: Sha256Hex::of(b"good"),
            source: "test".to_owned(),
        }));
        let images = [
            image("11.1.0", ImageState::Downloaded),
            image("11.1.1", ImageState::AlreadyPresent),
            image("11.1.2", ImageState::Downloaded),
            image("11.1.3", ImageState::Missing),
        ];
        let staged = compare(&images, &listing, &trusted.unwrap());
        let facts: Vec<_> = staged.iter().map(|image| (image.present, image.as_left)).collect();
        assert_eq!(facts, [(true, true), (true, false), (false, false), (false, true)]);
        assert_eq!(staged[0].hash.as_ref().map(HashOutcome::as_str), Some("verified"));
        assert_eq!(staged[1].hash.as_ref().map(HashOutcome::as_str), Some("mismatch"));
    }
}
