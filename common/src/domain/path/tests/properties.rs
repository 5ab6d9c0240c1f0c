//! What holds of every plan, whatever the device lists.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::domain::image::{Base, ListedImage, tests::any_image};
use crate::domain::version::{TRAINS, tests::any_version};

fn any_policy() -> impl Strategy<Value = Policy> {
    let skip = prop_oneof![Just(Skip::Off), (0..6_u8).prop_map(Skip::Max)];
    let intermediate =
        prop::sample::select(vec![Intermediate::Latest, Intermediate::Preferred, Intermediate::BaseOnly]);
    (skip, intermediate, any::<bool>()).prop_map(|(skip, intermediate, allow_downgrade)| Policy {
        skip,
        intermediate,
        allow_downgrade,
    })
}

/// A question: what runs, what is wanted, what the device lists. Mostly with an answer: the target is listed, and
/// the bases of all trains are, in one case of two.
#[derive(Debug)]
struct Question {
    current: Version,
    goal: Goal,
    listing: SoftwareListing,
    policy: Policy,
}

fn any_question() -> impl Strategy<Value = Question> {
    let images = proptest::collection::vec(any_image(), 1..60);
    let picks = proptest::collection::vec(any::<prop::sample::Index>(), 1..6);
    (any_version(), images, picks, any_policy(), any::<[bool; 2]>()).prop_map(
        |(current, mut images, picks, policy, [all_bases, is_explicit])| {
            if all_bases {
                images.extend(TRAINS.map(|train| ListedImage { version: train.base(), ..images[0].clone() }));
            }
            let named: Vec<Version> = picks.iter().map(|pick| pick.get(&images).version).collect();
            let goal = if is_explicit { Goal::Explicit(named) } else { Goal::Target(named[0]) };
            Question { current, goal, listing: SoftwareListing::new(images), policy }
        },
    )
}

impl Question {
    fn ask(&self) -> Result<Plan, NoPath> {
        plan(&self.current, &self.goal, Some(&self.listing), &self.policy)
    }

    /// The same question after `arrived` has come to the device.
    fn after(&self, arrived: &BTreeSet<Version>) -> Self {
        let images = self.listing.images().iter().cloned().map(|image| {
            let presence = if arrived.contains(&image.version) { Presence::Present } else { image.presence };
            ListedImage { presence, ..image }
        });
        Self { listing: SoftwareListing::new(images), goal: self.goal.clone(), ..*self }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn every_image_of_a_plan_is_listed_and_there_once(question in any_question()) {
        if let Ok(plan) = question.ask() {
            let versions: BTreeSet<_> = plan.images.iter().map(|image| image.version).collect();
            prop_assert_eq!(versions.len(), plan.images.len());
            for image in &plan.images {
                let listed = question.listing.find(&image.version);
                prop_assert_eq!(listed.map(|listed| listed.presence), image.presence);
            }
        }
    }

    #[test]
    fn a_device_takes_the_images_in_the_order_of_the_plan(question in any_question()) {
        if let Ok(plan) = question.ask() {
            let mut there: BTreeSet<_> = question.listing.images().iter()
                .filter(|image| image.presence != Presence::Absent).map(|image| image.version).collect();
            for image in &plan.images {
                let train = image.version.train();
                if train != plan.current.train() && let Some(Base::Known(base)) = question.listing.base_of(train) {
                    prop_assert!(image.version == base.version || there.contains(&base.version), "{}", plan);
                }
                there.insert(image.version);
            }
        }
    }

    #[test]
    fn what_is_present_is_never_missing(question in any_question()) {
        if let Ok(plan) = question.ask() {
            for image in plan.missing() {
                let listed = question.listing.find(&image.version).expect("listed");
                prop_assert_ne!(listed.presence, Presence::Present);
            }
            prop_assert_eq!(plan.is_staged(), plan.bytes_missing() == (0, 0));
        }
    }

    #[test]
    fn the_target_is_in_the_plan_unless_it_runs(question in any_question()) {
        if let Ok(plan) = question.ask() {
            prop_assert_eq!(Some(&plan.target), question.goal.target());
            let planned = plan.images.iter().any(|image| image.version == plan.target);
            prop_assert_eq!(planned, plan.target != plan.current);
            if let Goal::Target(_) = question.goal && plan.target != plan.current && plan.target > plan.current {
                prop_assert_eq!(plan.images.last().map(|image| image.version), Some(plan.target));
            }
        }
    }

    #[test]
    fn what_has_arrived_is_not_asked_for_again(question in any_question(), n_arrived in 0..8_usize) {
        if let Ok(first) = question.ask() {
            prop_assert_eq!(question.ask(), Ok(first.clone()));
            let wanted: Vec<Version> = first.missing().map(|image| image.version).collect();
            let arrived: BTreeSet<Version> = wanted.iter().take(n_arrived).copied().collect();
            let second = question.after(&arrived).ask().expect("still a path");
            let left: Vec<Version> = second.missing().map(|image| image.version).collect();
            let expected: Vec<Version> = wanted.into_iter().skip(n_arrived).collect();
            prop_assert_eq!(left, expected);
        }
    }

    #[test]
    fn no_jump_is_longer_than_the_policy_allows(question in any_question()) {
        if let (Ok(plan), Goal::Target(_)) = (question.ask(), &question.goal) {
            let mut known: BTreeSet<_> = TRAINS.into();
            known.extend(question.listing.trains());
            let mut at = plan.current.train();
            for to in plan.images.iter().map(|image| image.version.train()) {
                if to != at {
                    let between = known.iter().filter(|train| **train > at.min(to) && **train < at.max(to)).count();
                    prop_assert!(between <= question.policy.skip.leaving(at), "{plan}");
                    at = to;
                }
            }
            prop_assert!(plan.target >= plan.current || question.policy.allow_downgrade);
        }
    }

    #[test]
    fn without_a_listing_nothing_is_present_and_nothing_panics(
        current in any_version(), to in any_version(), policy in any_policy(),
    ) {
        match plan(&current, &Goal::Target(to), None, &policy) {
            Ok(plan) => prop_assert!(plan.images.iter().all(|image| image.presence.is_none())),
            Err(refusal) => prop_assert!(!refusal.to_string().is_empty() && !refusal.remedy().is_empty()),
        }
    }
}
