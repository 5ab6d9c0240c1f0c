//! The rules that make a plan.
//!
//! For each train entered on the way: its base image, then the stop. The base only has to be on the device, it
//! is not installed (vendor, "Determine the Upgrade Path", 9.1); a target without the base of its train fails
//! on the device (seen there, see pan-os-ansible issue 665). Which trains are entered is decided in `route`.

use super::{Caution, Goal, Intermediate, NoPath, Plan, PlannedImage, Policy, Rule};
use crate::domain::image::{Base, ListedImage, Presence, ReleaseType, SoftwareListing};
use crate::domain::version::{Suffix, Train, Version};

/// Coming down from 10.2 or later, 10.1 may not be entered below this (vendor, "Upgrade/Downgrade
/// Considerations", 10.2).
const DOWN_INTO_10_1: Version = Version::release(10, 1, 3);

/// How many near versions are named when one is not listed.
const N_CLOSE: usize = 5;

/// The images that bring a device from `current` to `goal`. `listing` is what the device says it can have;
/// without it the plan is drawn from the table of trains alone, and nothing is known to be present.
///
/// A device that runs the target gets an empty plan, and one that has every image gets a plan of which nothing
/// is missing: neither is an error.
///
/// # Errors
/// [`NoPath`] says why there is none and what to do.
pub fn plan(
    current: &Version,
    goal: &Goal,
    listing: Option<&SoftwareListing>,
    policy: &Policy,
) -> Result<Plan, NoPath> {
    let target = *goal.target().ok_or(NoPath::EmptyPath)?;
    let mut draft =
        Draft { current: *current, target, listing, policy, images: Vec::new(), cautions: Vec::new() };
    if target != *current {
        match goal {
            Goal::Target(_) => draft.find_way()?,
            Goal::Explicit(versions) => draft.follow(versions)?,
        }
    }
    Ok(Plan { current: *current, target, images: draft.images, cautions: draft.cautions })
}

/// A plan in the making.
pub(super) struct Draft<'a> {
    pub(super) current: Version,
    pub(super) target: Version,
    pub(super) listing: Option<&'a SoftwareListing>,
    pub(super) policy: &'a Policy,
    images: Vec<PlannedImage>,
    cautions: Vec<Caution>,
}

impl Draft<'_> {
    /// The way to a target, found by the rules.
    fn find_way(&mut self) -> Result<(), NoPath> {
        if matches!(self.current.suffix(), Suffix::Custom(_)) {
            return Err(NoPath::CustomBuild { current: self.current });
        }
        self.check(self.target, |target, close| NoPath::TargetNotListed { target, close })?;
        self.check_direction()?;
        self.check_builds_on_its_base()?;
        if self.target.train() == self.current.train() {
            self.restore_running_base();
        } else {
            let mut from = self.current.train();
            for train in self.route()? {
                self.enter(train, from)?;
                from = train;
            }
        }
        self.add(self.target, Rule::Target);
        Ok(())
    }

    /// The way that somebody else has planned. What stands in it is taken as it is, a custom build included,
    /// unless the device would refuse it. What runs needs no image, and may be pulled from the list.
    fn follow(&mut self, versions: &[Version]) -> Result<(), NoPath> {
        let versions: Vec<Version> =
            versions.iter().copied().filter(|version| *version != self.current).collect();
        for version in &versions {
            self.check(*version, |version, close| NoPath::ImageNotListed { version, close })?;
        }
        self.check_direction()?;
        for version in &versions {
            self.check_base_came_before(*version, &versions)?;
            self.add(*version, Rule::Explicit);
        }
        Ok(())
    }

    /// Refuses a version that the device cannot get.
    fn check(&self, version: Version, refusal: fn(Version, Vec<Version>) -> NoPath) -> Result<(), NoPath> {
        if version.suffix() == Suffix::Transfer {
            return Err(NoPath::TransferImage { version });
        }
        match self.listing {
            Some(listing) if listing.find(&version).is_none() => {
                Err(refusal(version, close_to(version, listing)))
            }
            Some(_) | None => Ok(()),
        }
    }

    fn check_direction(&self) -> Result<(), NoPath> {
        if self.target < self.current && !self.policy.allow_downgrade {
            return Err(NoPath::NewerThanTarget { current: self.current, target: self.target });
        }
        Ok(())
    }

    /// Refuses a release that came out before the base image of its train, as 12.1.0 did: an image loads only
    /// on top of its base.
    fn check_builds_on_its_base(&self) -> Result<(), NoPath> {
        let train = self.target.train();
        let base = match self.listing.map(|listing| listing.base_of(train)) {
            None => train.base(),
            Some(Some(Base::Known(image))) => image.version,
            Some(Some(Base::Guessed(_)) | None) => return Ok(()),
        };
        if self.target.is_public() && self.target < base {
            return Err(NoPath::BelowBase { target: self.target, base });
        }
        Ok(())
    }

    /// Refuses an image of an explicit path whose base is neither before it nor on the device. The running
    /// train's base was there once, or nothing of it would run.
    fn check_base_came_before(&mut self, version: Version, path: &[Version]) -> Result<(), NoPath> {
        let train = version.train();
        if self.is_beyond_the_table(train) && train != self.current.train() {
            self.caution(Caution::BaseUndecided { train });
            return Ok(());
        }
        let base = match self.listing.map(|listing| listing.base_of(train)) {
            None => train.base(),
            Some(Some(Base::Known(image))) if image.presence == Presence::Absent => image.version,
            Some(Some(Base::Known(_) | Base::Guessed(_)) | None) => return Ok(()),
        };
        if train == self.current.train() || version == base || self.has(base) {
            return Ok(());
        }
        if self.listing.is_some() || path.contains(&base) {
            return Err(NoPath::BaseNotFirst { version, base });
        }
        let assumed =
            |caution: &Caution| matches!(caution, Caution::BaseAssumed { base: known, .. } if *known == base);
        if !self.cautions.iter().any(assumed) {
            self.caution(Caution::BaseAssumed { version, base });
        }
        Ok(())
    }

    /// In the running train only the target is needed, and the base where the device says that it is gone.
    /// Whether a later image loads without it is not known; with it, it does.
    fn restore_running_base(&mut self) {
        let base = self.listing.and_then(|listing| listing.base_of(self.current.train()));
        match base {
            Some(Base::Known(image))
                if image.presence == Presence::Absent && image.version != self.target =>
            {
                self.add(image.version, Rule::BaseOfRunningTrain);
            }
            Some(Base::Known(_) | Base::Guessed(_)) | None => {}
        }
    }

    /// Adds what entering `train` from `from` takes; the target itself is left to the caller.
    fn enter(&mut self, train: Train, from: Train) -> Result<(), NoPath> {
        self.note_jump(from, train);
        if self.is_beyond_the_table(train) {
            self.caution(Caution::BaseUndecided { train });
            return Ok(()); // Only the target's train can be: ways lead through trains of the table and the list.
        }
        let base = self.base_of(train)?;
        if base.is_guess {
            self.caution(Caution::BaseGuessed { train, version: base.version });
        }
        let floor = (train == DOWN_INTO_10_1.train() && from > train).then_some(DOWN_INTO_10_1);
        let stop_rule = if floor.is_some() { Rule::DowngradeStop } else { Rule::IntermediateStop };

        if train == self.target.train() {
            if base.version != self.target {
                self.add(base.version, Rule::BaseOfTargetTrain);
            }
            if floor.is_none_or(|floor| self.target >= floor) {
                return Ok(());
            }
        }
        match self.stop_in(train, base.version, floor)? {
            Some(stop) => {
                if stop != base.version {
                    self.add(base.version, Rule::BaseOfIntermediateTrain);
                }
                self.add(stop, stop_rule);
            }
            None => {
                self.add(base.version, Rule::BaseOfIntermediateTrain);
                self.caution(Caution::StopUndecided { train });
            }
        }
        Ok(())
    }

    /// Where to stop in a train on the way, not below `floor`; `None` when only the device's list can tell.
    fn stop_in(
        &mut self,
        train: Train,
        base: Version,
        floor: Option<Version>,
    ) -> Result<Option<Version>, NoPath> {
        let Some(listing) = self.listing else {
            let base_will_do =
                self.policy.intermediate == Intermediate::BaseOnly && floor.is_none_or(|floor| base >= floor);
            return Ok(base_will_do.then_some(base));
        };
        let lowest = floor.map_or(base, |floor| floor.max(base));
        let fits = |image: &&ListedImage| image.version == base || image.version.is_public();
        let mut stops = listing.of_train(train).filter(fits).filter(|image| image.version >= lowest);
        let stop = match self.policy.intermediate {
            Intermediate::BaseOnly => stops.next(),
            Intermediate::Latest => stops.next_back(),
            Intermediate::Preferred => {
                let all: Vec<_> = stops.collect();
                let preferred = all.iter().rfind(|image| image.release_type == ReleaseType::Preferred);
                if let (None, Some(latest)) = (preferred, all.last()) {
                    self.caution(Caution::NoPreferred { train, version: latest.version });
                }
                preferred.or(all.last()).copied()
            }
        };
        stop.map(|image| Some(image.version)).ok_or(NoPath::StopNotListed { train, at_least: lowest })
    }

    /// The base image of a train that is entered, by the device's list or by the table.
    pub(super) fn base_of(&self, train: Train) -> Result<EntryBase, NoPath> {
        let Some(listing) = self.listing else {
            return Ok(EntryBase { version: train.base(), is_guess: false });
        };
        match listing.base_of(train) {
            Some(Base::Known(image)) => Ok(EntryBase { version: image.version, is_guess: false }),
            // A lowest release above the target is no base of it.
            Some(Base::Guessed(image)) if train != self.target.train() || image.version <= self.target => {
                Ok(EntryBase { version: image.version, is_guess: true })
            }
            Some(Base::Guessed(_)) | None => Err(NoPath::BaseNotListed { train }),
        }
    }

    /// Notes what to know before following the plan, once.
    pub(super) fn caution(&mut self, caution: Caution) {
        if !self.cautions.contains(&caution) {
            self.cautions.push(caution);
        }
    }

    fn has(&self, version: Version) -> bool {
        self.images.iter().any(|image| image.version == version)
    }

    /// Adds an image with what the device says of it. One that is there already stays where it is; being the
    /// target is the better reason of two.
    fn add(&mut self, version: Version, rule: Rule) {
        if let Some(known) = self.images.iter_mut().find(|image| image.version == version) {
            if rule == Rule::Target {
                known.rule = rule;
            }
            return;
        }
        let listed = self.listing.and_then(|listing| listing.find(&version));
        self.images.push(PlannedImage {
            version,
            file_name: listed.and_then(|image| image.file_name.clone()),
            size_bytes: listed.and_then(|image| image.size_bytes),
            presence: listed.map(|image| image.presence),
            rule,
        });
    }
}

/// The base image of a train that is entered.
pub(super) struct EntryBase {
    version: Version,
    is_guess: bool,
}

/// Listed versions near one that is not, oldest first: of its train where there are any.
fn close_to(version: Version, listing: &SoftwareListing) -> Vec<Version> {
    let mut near: Vec<Version> = listing.of_train(version.train()).map(|image| image.version).collect();
    if near.is_empty() {
        near = listing.images().iter().map(|image| image.version).collect();
    }
    let above = near.partition_point(|listed| *listed < version);
    let from = above.saturating_sub(N_CLOSE / 2 + 1).min(near.len().saturating_sub(N_CLOSE));
    near.into_iter().skip(from).take(N_CLOSE).collect()
}
