//! Which trains the way leads through: the longest jumps that the policy allows.
//!
//! Trains are those of the table and of the device's list, never computed: there is no 11.3 and no 12.0.

use std::collections::BTreeSet;

use super::planner::Draft;
use super::{Caution, NoPath, SKIP_FROM, Skip};
use crate::domain::image::{ListedImage, SoftwareListing};
use crate::domain::version::{TRAINS, Train};

impl Draft<'_> {
    /// The trains to enter, in order, the target's last: the longest jumps that the policy allows, landing only
    /// where the device can get the base image.
    pub(super) fn route(&self) -> Result<Vec<Train>, NoPath> {
        let (from, to) = (self.current.train(), self.target.train());
        let known = self.known_trains();
        if let Some(train) = [from, to].into_iter().find(|train| !known.contains(train)) {
            return Err(NoPath::TrainUnknown { train });
        }
        self.base_of(to)?;

        let way: Vec<Train> = if from < to {
            known.range(from..=to).skip(1).copied().collect()
        } else {
            known.range(to..from).rev().copied().collect()
        };
        let (mut route, mut at, mut rest) = (Vec::new(), from, way.as_slice());
        while !rest.is_empty() {
            let window = &rest[..self.reach(at, rest)];
            let landing = window.iter().rposition(|train| self.base_of(*train).is_ok());
            let landing = landing.ok_or(NoPath::BaseNotListed { train: window[0] })?;
            at = window[landing];
            rest = &rest[landing + 1..];
            route.push(at);
        }
        Ok(route)
    }

    /// The trains of the table and of the device's list, and the two ends where they are newer than the table:
    /// what runs on a device exists. A train of which only betas or custom builds are listed is none to stop in.
    fn known_trains(&self) -> BTreeSet<Train> {
        let public = |image: &&ListedImage| image.version.is_public() || image.version == self.target;
        let listed = self.listing.into_iter().flat_map(SoftwareListing::images).filter(public);
        let running = Some(self.current.train()).filter(|train| train.may_be_new());
        let wanted = Some(self.target.train()).filter(|train| self.is_beyond_the_table(*train));
        TRAINS
            .into_iter()
            .chain(listed.map(|image| image.version.train()))
            .chain(running)
            .chain(wanted)
            .collect()
    }

    /// Whether only the device's list could tell about `train`, and was not asked yet.
    pub(super) fn is_beyond_the_table(&self, train: Train) -> bool {
        self.listing.is_none() && train.may_be_new()
    }

    /// How many of the trains in `rest` can be landed on from `at`; at least the next one. Going down, the
    /// train landed on has to know jumps too.
    fn reach(&self, at: Train, rest: &[Train]) -> usize {
        let allowed = self.policy.skip.leaving(at).saturating_add(1);
        rest.iter().take(allowed).take_while(|train| **train >= SKIP_FROM).count().max(1)
    }

    /// Says so when a jump is longer than recommended.
    pub(super) fn note_jump(&mut self, from: Train, to: Train) {
        let skipped =
            self.known_trains().iter().filter(|train| (from.min(to)..from.max(to)).contains(train)).count()
                - 1;
        let recommended = Skip::recommended_leaving(from);
        if skipped > recommended {
            self.caution(Caution::LongJump { from, to, skipped, recommended });
        }
    }
}
