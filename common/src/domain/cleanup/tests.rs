//! What may go, and what stays.

use proptest::prelude::*;

use super::*;
use crate::domain::image::{ReleaseType, tests::any_image};
use crate::domain::version::tests::any_version;

fn v(text: &str) -> Version {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

/// Images that are on the device, from words like `11.1.4`, `11.1.6~` (downloading), `11.1.7-` (only listed),
/// `10.2.4*` (runs), `10.1.9?` (imported, nothing known), `12.1.3#` (marked as base).
fn listing(words: &str) -> SoftwareListing {
    SoftwareListing::new(words.split_whitespace().map(|word| {
        let version = v(word.trim_end_matches(['~', '-', '*', '?', '#']));
        let is_known = !word.contains('?');
        ListedImage {
            version,
            file_name: is_known.then(|| format!("PanOS_440-{version}").parse().unwrap()),
            size_bytes: is_known.then_some(1000 << 20),
            presence: match word {
                word if word.ends_with('~') => Presence::Downloading,
                word if word.ends_with('-') => Presence::Absent,
                _ => Presence::Present,
            },
            current: word.contains('*'),
            release_type: if word.contains('#') { ReleaseType::Base } else { ReleaseType::Other },
            sha256: None,
            released_on: None,
        }
    }))
}

fn cleanup(running: &str, words: &str, on_plans: &str) -> CleanupPlan {
    propose(&v(running), &listing(words), &on_plans.split_whitespace().map(v).collect()).unwrap()
}

fn versions<'a>(images: impl IntoIterator<Item = &'a Deletable>) -> String {
    images.into_iter().map(|image| image.version.to_string()).collect::<Vec<_>>().join(" ")
}

fn reason(plan: &CleanupPlan, version: &str) -> Option<KeepReason> {
    plan.keep.iter().find(|kept| kept.version == v(version)).map(|kept| kept.reason)
}

#[test]
fn only_older_images_that_nothing_needs_can_go() {
    let plan = cleanup(
        "11.1.4",
        "10.1.0 10.1.14-h4 10.2.0 10.2.9-h1 11.0.0- 11.1.0 11.1.2 11.1.4* 11.1.6 11.2.0~ 11.2.5-",
        "10.2.9-h1",
    );
    assert_eq!(versions(&plan.delete), "10.1.14-h4 10.1.0 11.1.2");
    assert_eq!(plan.frees_bytes, 3000 << 20);
    let kept: Vec<_> = plan.keep.iter().map(|kept| format!("{} {:?}", kept.version, kept.reason)).collect();
    assert_eq!(
        kept,
        [
            "10.2.0 BaseOfKept",
            "10.2.9-h1 OnAPlan",
            "11.1.0 BaseOfRunningTrain",
            "11.1.4 Running",
            "11.1.6 Newer",
            "11.2.0 Downloading",
        ]
    );
}

#[test]
fn a_base_goes_after_what_builds_on_it() {
    let plan = cleanup("11.1.4", "10.1.0 10.1.3 10.1.14 10.2.0", "");
    assert_eq!(versions(&plan.delete), "10.1.14 10.1.3 10.1.0 10.2.0");
    assert_eq!(plan.delete[2].only_after, [v("10.1.14"), v("10.1.3")]);
    assert!(plan.delete[3].only_after.is_empty());
}

#[test]
fn the_base_of_a_plan_stays_before_anything_of_its_train_has_arrived() {
    let plan = cleanup("11.1.4", "10.2.0 10.2.9-", "10.2.9");
    assert_eq!((reason(&plan, "10.2.0"), plan.delete.len()), (Some(KeepReason::BaseOfKept), 0));
}

#[test]
fn a_marked_base_and_the_one_of_the_tables_both_stay_in_the_running_train() {
    let plan = cleanup("12.1.6", "12.1.2 12.1.3# 12.1.4 12.1.6*", "");
    assert_eq!(versions(&plan.delete), "12.1.4");
    for base in ["12.1.2", "12.1.3"] {
        assert_eq!(reason(&plan, base), Some(KeepReason::BaseOfRunningTrain), "{base}");
    }
}

#[test]
fn what_the_update_server_may_not_give_again_stays() {
    let plan = cleanup("11.1.4", "10.1.9? 10.2.0- 10.2.4-c3 10.2.5-b2 10.2.6", "");
    assert_eq!(versions(&plan.delete), "10.2.6");
    assert_eq!(reason(&plan, "10.1.9"), Some(KeepReason::ImportedUnknown));
    assert_eq!(reason(&plan, "10.2.4-c3"), Some(KeepReason::NotPublic));
    assert_eq!(reason(&plan, "10.2.5-b2"), Some(KeepReason::NotPublic));
}

#[test]
fn a_running_release_that_was_pulled_from_the_list_is_no_obstacle() {
    let plan = cleanup("11.1.4", "10.2.0 11.1.0 11.1.2", "");
    assert_eq!(versions(&plan.delete), "11.1.2 10.2.0".split(' ').rev().collect::<Vec<_>>().join(" "));
    assert!(cleanup("11.1.4", "", "").delete.is_empty());
}

#[test]
fn nothing_is_proposed_when_it_is_not_certain_what_runs() {
    let none = BTreeSet::new();
    let refusal = propose(&v("10.2.0-c4"), &listing("10.1.0"), &none).unwrap_err();
    assert_eq!(
        refusal.to_string(),
        "the device runs 10.2.0-c4, which is no public release, so no image counts as older; delete by hand"
    );
    let refusal = propose(&v("11.1.4"), &listing("10.1.0 10.2.4*"), &none).unwrap_err();
    assert_eq!(
        refusal.to_string(),
        "the device says that it runs 11.1.4, and its software list marks 10.2.4 as current"
    );
}

#[test]
fn each_reason_has_a_sentence_and_a_word() {
    let plan = cleanup("11.1.4", "10.2.0 10.2.9", "10.2.9");
    let json = serde_json::to_value(&plan).unwrap();
    assert_eq!(json["keep"][0], serde_json::json!({ "version": "10.2.0", "reason": "base_of_kept" }));
    assert_eq!(
        plan.keep[0].reason.to_string(),
        "base of a train of which another image stays or is on a plan"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn what_goes_is_older_unneeded_and_accounted_for(
        running in any_version(),
        images in proptest::collection::vec(any_image(), 0..40),
        picks in proptest::collection::vec(any::<prop::sample::Index>(), 0..4),
    ) {
        let listing = SoftwareListing::new(images);
        let on_plans: BTreeSet<Version> = picks.iter().filter(|_| !listing.images().is_empty())
            .map(|pick| pick.get(listing.images()).version).collect();
        let Ok(plan) = propose(&running, &listing, &on_plans) else { return Ok(()) };

        let stays = |version: &Version| plan.keep.iter().any(|kept| kept.version == *version);
        for (index, gone) in plan.delete.iter().enumerate() {
            let version = gone.version;
            prop_assert!(version < running && version.is_public() && !on_plans.contains(&version));
            prop_assert_eq!(listing.find(&version).map(|image| image.presence), Some(Presence::Present));
            let base = listing.base_of(version.train()).map(|base| base.image().version);
            if base == Some(version) {
                prop_assert!(version.train() != running.train());
                // Nothing that stays or is wanted builds on it, and what goes with it goes before it.
                prop_assert!(!plan.keep.iter().any(|kept| kept.version.train() == version.train()));
                prop_assert!(!on_plans.iter().any(|wanted| wanted.train() == version.train()));
                let later = plan.delete.iter().skip(index + 1);
                for other in later.filter(|other| other.version.train() == version.train()) {
                    prop_assert_eq!(other.version, version.train().base(), "only the other base");
                }
            }
        }
        for image in listing.images().iter().filter(|image| image.presence != Presence::Absent) {
            let goes = plan.delete.iter().any(|gone| gone.version == image.version);
            prop_assert!(goes != stays(&image.version), "{} is in exactly one list", image.version);
        }
    }
}
