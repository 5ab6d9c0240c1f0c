//! Which images a device can do without.
//!
//! Promises: proposes only downloaded images that are older than what runs, that no plan names, that nothing
//! left behind builds on, and that the update server can give again; each image that stays says why. Proposes
//! nothing when the running version has no place in the order of versions. Leaves to others: asking the device,
//! asking the person, deleting, and knowing which versions are on plans.
//!
//! The set is the careful one of the tools that fleets use today (pan-fw-upgrader, panos-tool): the base of the
//! running train stays, because another release of the train may not load without it, and whatever is newer than
//! what runs was most likely staged on purpose.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::fmt;

use serde::Serialize;

use super::image::{ImageFile, ListedImage, Presence, SoftwareListing};
use super::version::{Suffix, Train, Version};

/// What can go from a device and what stays on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CleanupPlan {
    /// In the order in which to delete: a base comes after everything that builds on it.
    pub delete: Vec<Deletable>,
    /// Every other image that is on the device or on its way there, oldest first.
    pub keep: Vec<Kept>,
    /// The sizes of what can go, as far as the device tells them.
    pub frees_bytes: u64,
}

/// An image that the device can do without.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Deletable {
    /// What it makes a device run.
    pub version: Version,
    /// Its file, where the device names it.
    pub file_name: Option<ImageFile>,
    /// Its size, where the device names it.
    pub size_bytes: Option<u64>,
    /// For a base: the images that build on it and have to be gone first. When one of them could not be
    /// deleted, this one stays.
    pub only_after: Vec<Version>,
}

/// An image that stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Kept {
    /// What it makes a device run.
    pub version: Version,
    /// Why it stays.
    pub reason: KeepReason,
}

/// Why an image stays. The order is that in which the reasons are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum KeepReason {
    /// The device runs it.
    Running,
    /// It is still arriving.
    Downloading,
    /// It is the base of the train that runs.
    BaseOfRunningTrain,
    /// It is newer than what runs.
    Newer,
    /// A job or the goal asked for names it.
    OnAPlan,
    /// It is the base of a train of which another image stays or is on a plan.
    BaseOfKept,
    /// A beta or a custom build: the update server may not give it again.
    NotPublic,
    /// Somebody imported it, and the device knows neither its file nor its size.
    ImportedUnknown,
}

impl KeepReason {
    /// Why the image stays, as a lowercase fragment.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Running => "the device runs it",
            Self::Downloading => "it is still arriving",
            Self::BaseOfRunningTrain => {
                "base of the running train; other releases of it may not load without"
            }
            Self::Newer => "newer than what runs, so probably staged on purpose",
            Self::OnAPlan => "on the plan of a job, or of the goal asked for",
            Self::BaseOfKept => "base of a train of which another image stays or is on a plan",
            Self::NotPublic => "a beta or custom build, which the update server may not give again",
            Self::ImportedUnknown => "imported by somebody; the device knows neither its file nor its size",
        }
    }
}

impl fmt::Display for KeepReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.sentence())
    }
}

/// Why nothing is proposed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CleanupError {
    /// What runs has no public place in the order, so nothing is surely older.
    #[error(
        "the device runs {running}, which is no public release, so no image counts as older; delete by hand"
    )]
    NoPlace {
        /// What runs.
        running: Version,
    },
    /// The device's identity and its list name different versions, for example between install and restart.
    #[error("the device says that it runs {running}, and its software list marks {listed} as current")]
    Contradiction {
        /// By its identity.
        running: Version,
        /// By its list.
        listed: Version,
    },
}

/// What can go from a device that runs `running` and has the images of `listing`, while `on_plans` are needed.
///
/// # Errors
/// [`CleanupError`] when it is not certain what is older than what runs.
pub fn propose(
    running: &Version,
    listing: &SoftwareListing,
    on_plans: &BTreeSet<Version>,
) -> Result<CleanupPlan, CleanupError> {
    if matches!(running.suffix(), Suffix::Custom(_) | Suffix::Transfer) {
        return Err(CleanupError::NoPlace { running: *running });
    }
    if let Some(listed) = listing.images().iter().find(|image| image.current && image.version != *running) {
        return Err(CleanupError::Contradiction { running: *running, listed: listed.version });
    }
    let device = Device { running: *running, listing, on_plans };
    let there: Vec<&ListedImage> =
        listing.images().iter().filter(|image| image.presence != Presence::Absent).collect();

    // First by what is known of each image alone; a base stays for the sake of others, so it is decided after.
    let reasons: Vec<Option<KeepReason>> = there.iter().map(|image| device.own_reason(image)).collect();
    let needed_trains: BTreeSet<Train> = there
        .iter()
        .zip(&reasons)
        .filter_map(|(image, reason)| reason.map(|_| image.version.train()))
        .chain(on_plans.iter().map(Version::train))
        .collect();

    let mut plan = CleanupPlan { delete: Vec::new(), keep: Vec::new(), frees_bytes: 0 };
    for (image, own_reason) in there.iter().zip(reasons) {
        let train = image.version.train();
        let is_needed_base = || device.is_base(image.version) && needed_trains.contains(&train);
        match own_reason.or_else(|| is_needed_base().then_some(KeepReason::BaseOfKept)) {
            Some(reason) => plan.keep.push(Kept { version: image.version, reason }),
            None => plan.delete.push(Deletable {
                version: image.version,
                file_name: image.file_name.clone(),
                size_bytes: image.size_bytes,
                only_after: Vec::new(),
            }),
        }
    }
    order(&mut plan.delete, &device);
    plan.frees_bytes = plan.delete.iter().filter_map(|image| image.size_bytes).fold(0, u64::saturating_add);
    Ok(plan)
}

/// Puts each base behind what builds on it, and says what that is.
fn order(delete: &mut [Deletable], device: &Device<'_>) {
    delete
        .sort_by_key(|image| (image.version.train(), device.is_base(image.version), Reverse(image.version)));
    let versions: Vec<Version> = delete.iter().map(|image| image.version).collect();
    for base in delete.iter_mut().filter(|image| device.is_base(image.version)) {
        let train = base.version.train();
        let builds_on_it = |version: &&Version| version.train() == train && !device.is_base(**version);
        base.only_after = versions.iter().filter(builds_on_it).copied().collect();
    }
}

/// What is known of the device as a whole.
struct Device<'a> {
    running: Version,
    listing: &'a SoftwareListing,
    on_plans: &'a BTreeSet<Version>,
}

impl Device<'_> {
    /// Why an image stays, whatever becomes of the others.
    fn own_reason(&self, image: &ListedImage) -> Option<KeepReason> {
        let version = image.version;
        let rules = [
            (image.current || version == self.running, KeepReason::Running),
            (image.presence == Presence::Downloading, KeepReason::Downloading),
            (
                version.train() == self.running.train() && self.is_base(version),
                KeepReason::BaseOfRunningTrain,
            ),
            (version > self.running, KeepReason::Newer),
            (self.on_plans.contains(&version), KeepReason::OnAPlan),
            (!version.is_public(), KeepReason::NotPublic),
            (image.file_name.is_none() && image.size_bytes.is_none(), KeepReason::ImportedUnknown),
        ];
        rules.into_iter().find(|(applies, _)| *applies).map(|(_, reason)| reason)
    }

    /// Whether it is, or may be, the base of its train: by the device's list or by our table.
    fn is_base(&self, version: Version) -> bool {
        let train = version.train();
        let listed = self.listing.base_of(train).map(|base| base.image().version);
        listed == Some(version) || train.base() == version
    }
}

#[cfg(test)]
mod tests;
