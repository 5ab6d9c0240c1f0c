//! What holds of every plan, whatever the device lists.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::domain::image::{Base, ListedImage, ReleaseType, tests::any_image};
use crate::domain::version::{Suffix, TRAINS, tests::any_version};

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
#[derive(Debug, Clone)]
struct Question {
    current: Version,
    goal: Goal,
    /// What the listing is made of, in some order and with doubles.
    images: Vec<ListedImage>,
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
            Question { current, goal, listing: SoftwareListing::new(images.clone()), images, policy }
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
        Self { listing: SoftwareListing::new(images), ..self.clone() }
    }
}

/// Puts `images` into one of their orders.
fn shuffle(images: &mut [ListedImage], seed: u64) {
    let mut state = seed;
    for last in (1..images.len()).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        images.swap(last, (state >> 33) as usize % (last + 1));
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
            known.extend(question.listing.images().iter()
                .filter(|image| image.version.is_public() || image.version == plan.target)
                .map(|image| image.version.train()));
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
    fn the_order_of_the_list_changes_nothing(question in any_question(), seed in any::<u64>()) {
        let mut images = question.images.clone();
        shuffle(&mut images, seed);
        let shuffled = Question { listing: SoftwareListing::new(images), ..question.clone() };
        prop_assert_eq!(shuffled.ask(), question.ask());
    }

    #[test]
    fn what_comes_twice_in_the_list_changes_nothing(question in any_question()) {
        let twice = question.images.iter().chain(&question.images).cloned();
        let doubled = Question { listing: SoftwareListing::new(twice), ..question.clone() };
        prop_assert_eq!(doubled.ask(), question.ask());
    }

    #[test]
    fn bases_come_before_what_builds_on_them(question in any_question()) {
        if let (Ok(plan), Goal::Target(_)) = (question.ask(), &question.goal) {
            for (index, image) in plan.images.iter().enumerate() {
                let train = image.version.train();
                let Some(base) = question.listing.base_of(train).map(Base::image) else { continue };
                if train != plan.current.train() {
                    let at = plan.images.iter().position(|image| image.version == base.version);
                    prop_assert!(at.is_some_and(|at| at <= index), "{} needs {}: {plan}", image.version, base.version);
                }
            }
        }
    }

    #[test]
    fn a_plan_enters_each_train_once_and_never_turns_back(question in any_question()) {
        if let (Ok(plan), Goal::Target(_)) = (question.ask(), &question.goal) {
            let mut trains: Vec<_> = plan.images.iter().map(|image| image.version.train()).collect();
            trains.dedup();
            prop_assert!(trains.is_sorted() || trains.is_sorted_by(|left, right| left > right), "{plan}");
            prop_assert_eq!(trains.last().copied(), plan.images.last().map(|_| plan.target.train()));
        }
    }

    #[test]
    fn nobody_gets_a_beta_a_custom_build_or_a_transfer_image_unasked(question in any_question()) {
        if let (Ok(plan), Goal::Target(_)) = (question.ask(), &question.goal) {
            for image in plan.images.iter().filter(|image| !image.version.is_public()) {
                let is_marked = question.listing.find(&image.version)
                    .is_some_and(|listed| listed.release_type == ReleaseType::Base);
                prop_assert!(image.version == plan.target || is_marked, "{plan}");
                prop_assert_ne!(image.version.suffix(), Suffix::Transfer);
            }
            prop_assert!(plan.images.is_empty() || !matches!(plan.current.suffix(), Suffix::Custom(_)));
        }
    }

    #[test]
    fn a_stop_is_preferred_where_the_device_marks_one(question in any_question()) {
        let Question { goal: Goal::Target(_), policy, listing, .. } = &question else { return Ok(()) };
        if let (Ok(plan), Intermediate::Preferred) = (question.ask(), policy.intermediate) {
            for stop in plan.images.iter().filter(|image| image.rule == Rule::IntermediateStop) {
                let marked = |image: &&ListedImage| image.release_type == ReleaseType::Preferred
                    && image.version.is_public();
                let newest = listing.of_train(stop.version.train()).rfind(marked).map(|image| image.version);
                let base = listing.base_of(stop.version.train()).map(|base| base.image().version);
                match newest.filter(|newest| Some(*newest) >= base) {
                    Some(newest) => prop_assert_eq!(stop.version, newest),
                    None => {
                        let (train, version) = (stop.version.train(), stop.version);
                        let told = plan.cautions.contains(&Caution::NoPreferred { train, version });
                        prop_assert!(told, "{}", plan);
                    }
                }
            }
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
