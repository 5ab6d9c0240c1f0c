//! A device's software list, made safe to plan with: each version once, in order.
//!
//! Devices list versions twice, out of order, with `.xfr` and other texts that are no versions, and with
//! `(null)` for what they do not know of an imported image (recorded lists of PAN-OS 8.0 to 12.1).

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{ImageEntry, ImageFile, ListedImage, ReleaseType};
use crate::domain::{
    hash::Sha256Hex,
    input::quoted,
    version::{Suffix, Train, Version},
};

/// How many hashes of one file are told when they contradict each other.
const MOST_TOLD: usize = 3;

/// What one device can have and has, each version once, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(from = "Parts", into = "Parts")]
pub struct SoftwareListing {
    images: Vec<ListedImage>,
    ignored: Vec<String>,
}

/// The form in JSON; reading it goes through [`SoftwareListing::new`], so the promises hold for it too.
#[derive(Serialize, Deserialize)]
struct Parts {
    images: Vec<ListedImage>,
    #[serde(default)]
    ignored: Vec<String>,
}

impl From<Parts> for SoftwareListing {
    fn from(parts: Parts) -> Self {
        let mut listing = Self::new(parts.images);
        listing.ignored.splice(..0, parts.ignored);
        listing
    }
}

impl From<SoftwareListing> for Parts {
    fn from(listing: SoftwareListing) -> Self {
        Self { images: listing.images, ignored: listing.ignored }
    }
}

/// How sure we are of the base image of a train.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Base<'a> {
    /// The device marks it, or it is the one that the tables name.
    Known(&'a ListedImage),
    /// Neither: the lowest release of the train that the device lists.
    Guessed(&'a ListedImage),
}

impl<'a> Base<'a> {
    /// The image, however sure.
    pub fn image(self) -> &'a ListedImage {
        match self {
            Self::Known(image) | Self::Guessed(image) => image,
        }
    }
}

impl SoftwareListing {
    /// A listing of images, a version that comes several times merged into one, whatever their order.
    ///
    /// Of several the one with the most presence leads, because a copy that was imported stands beside the
    /// update server's entry for the same version; what it does not know is filled from the others. Two
    /// different hashes for one file prove nothing, so none is kept.
    pub fn new(images: impl IntoIterator<Item = ListedImage>) -> Self {
        let mut by_version = BTreeMap::<Version, Vec<ListedImage>>::new();
        let mut ignored = BTreeSet::new();
        for image in images {
            if image.version.suffix() == Suffix::Transfer {
                ignored.insert(format!("{}: a transfer image, nothing to upgrade to", image.version));
            } else {
                by_version.entry(image.version).or_default().push(image);
            }
        }
        let images = by_version.into_values().filter_map(|twins| merge(twins, &mut ignored)).collect();
        Self { images, ignored: ignored.into_iter().collect() }
    }

    /// Reads the entries of a device's answer. Nothing in it is an error: what cannot be used is remembered.
    pub fn read(entries: impl IntoIterator<Item = ImageEntry>) -> Self {
        let mut unusable = Vec::new();
        let images: Vec<_> = entries.into_iter().filter_map(|entry| image_of(entry, &mut unusable)).collect();
        let mut listing = Self::new(images);
        listing.ignored.splice(..0, unusable);
        listing
    }

    /// All images, oldest version first.
    pub fn images(&self) -> &[ListedImage] {
        &self.images
    }

    /// What was left out and why, one sentence each.
    pub fn ignored(&self) -> &[String] {
        &self.ignored
    }

    /// The image of one version.
    pub fn find(&self, version: &Version) -> Option<&ListedImage> {
        let index = self.images.binary_search_by(|image| image.version.cmp(version)).ok()?;
        self.images.get(index)
    }

    /// The image that the device runs. `None` when a pulled or custom build is running.
    pub fn current(&self) -> Option<&ListedImage> {
        self.images.iter().find(|image| image.current)
    }

    /// The trains it has images of.
    pub fn trains(&self) -> BTreeSet<Train> {
        self.images.iter().map(|image| image.version.train()).collect()
    }

    /// The images of one train, oldest first.
    pub fn of_train(&self, train: Train) -> impl DoubleEndedIterator<Item = &ListedImage> {
        self.images.iter().filter(move |image| image.version.train() == train)
    }

    /// The base image of `train`: the one marked so, else the one of the tables, else the lowest release
    /// listed. Hotfixes, betas and custom builds are a base only when the device says so.
    pub fn base_of(&self, train: Train) -> Option<Base<'_>> {
        let marked = || self.of_train(train).find(|image| image.release_type == ReleaseType::Base);
        let lowest = || self.of_train(train).find(|image| image.version.suffix() == Suffix::Release);
        marked().or_else(|| self.find(&train.base())).map(Base::Known).or_else(|| lowest().map(Base::Guessed))
    }
}

/// The usable part of an entry; what is not goes to `unusable`.
fn image_of(entry: ImageEntry, unusable: &mut Vec<String>) -> Option<ListedImage> {
    let text = entry.version.trim();
    let Ok(version) = text.parse::<Version>() else {
        unusable.push(format!("{}: not a PAN-OS version", quoted(text)));
        return None;
    };
    let sha256 = entry.sha256.as_deref().map(str::trim).filter(|hash| !is_nothing(hash)).and_then(|hash| {
        Sha256Hex::parse(hash).map_err(|error| unusable.push(format!("hash of {version}: {error}"))).ok()
    });
    let file_name =
        entry.file_name.as_deref().map(str::trim).filter(|name| !is_nothing(name)).and_then(|name| {
            ImageFile::parse(name).map_err(|error| unusable.push(format!("file of {version}: {error}"))).ok()
        });
    Some(ListedImage {
        version,
        file_name,
        size_bytes: entry.size_bytes.filter(|bytes| *bytes > 0),
        presence: entry.presence,
        current: entry.current,
        release_type: entry.release_type.as_deref().map_or(ReleaseType::Other, ReleaseType::of),
        sha256,
        released_on: entry.released_on.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()),
    })
}

/// What devices print where they have nothing to say.
fn is_nothing(text: &str) -> bool {
    text.is_empty() || text == "(null)"
}

/// Makes one image of all that have its version; what they contradict each other in goes to `ignored`.
fn merge(mut twins: Vec<ListedImage>, ignored: &mut BTreeSet<String>) -> Option<ListedImage> {
    // The one that leads first, then an order that does not depend on the device's.
    twins.sort_by(|left, right| rank(left).cmp(&rank(right)));
    let mut twins = twins.into_iter();
    let mut image = twins.next()?;
    let mut hashes: BTreeSet<Sha256Hex> = image.sha256.take().into_iter().collect();
    for twin in twins {
        image.current |= twin.current;
        image.release_type = image.release_type.max(twin.release_type);
        image.released_on = image.released_on.take().or(twin.released_on);
        let is_same_file = match (&image.file_name, &twin.file_name) {
            (Some(file_name), Some(other)) => file_name == other,
            (None, Some(_) | None) | (Some(_), None) => true,
        };
        if !is_same_file {
            continue; // Another platform's file: its size and hash say nothing about this one.
        }
        image.file_name = image.file_name.take().or(twin.file_name);
        image.size_bytes = image.size_bytes.or(twin.size_bytes);
        hashes.extend(twin.sha256);
    }
    if hashes.len() > 1 {
        let told: Vec<&str> = hashes.iter().take(MOST_TOLD).map(Sha256Hex::as_str).collect();
        ignored.insert(format!(
            "hash of {}: listed several times and differently, {}",
            image.version,
            told.join(" and ")
        ));
    } else {
        image.sha256 = hashes.pop_first();
    }
    Some(image)
}

/// The order in which twins lead: the most presence, then those of which the most is known, then by value.
fn rank(image: &ListedImage) -> impl Ord + use<'_> {
    (
        Reverse(image.presence),
        (image.file_name.is_none(), &image.file_name),
        (image.size_bytes.is_none(), image.size_bytes),
        &image.released_on,
        &image.sha256,
    )
}
