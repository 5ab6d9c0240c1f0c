//! What is not planned, and what the refusal says.

use super::*;

fn refused(current: &str, goal: &Goal, words: Option<&str>, policy: &Policy) -> NoPath {
    let listing = words.map(listing);
    plan(&v(current), goal, listing.as_ref(), policy).expect_err("no path")
}

/// One refusal of each kind.
fn each_kind() -> Vec<NoPath> {
    let default = Policy::default();
    vec![
        refused("11.1.6", &target("11.1.4"), Some(FLEET), &default),
        refused("10.2.0", &target("11.1.7"), Some(FLEET), &default),
        refused("10.2.0", &explicit("11.1.0 11.3.2"), Some(FLEET), &default),
        refused("10.2.0", &target("11.1.4-h7"), Some("10.2.0 11.1.4-h7"), &default),
        refused("10.2.0", &target("10.0.12"), Some("10.0.0 10.0.12 10.1.0 10.2.0"), &downgrades()),
        refused("11.2.5", &target("12.1.1"), None, &default),
        refused("10.2.0", &target("11.3.2"), None, &default),
        refused("10.2.0-c4", &target("11.1.4"), Some(FLEET), &default),
        refused("10.2.0", &target("11.1.4.xfr"), None, &default),
        refused("10.2.0", &explicit(""), Some(FLEET), &default),
        refused("10.2.0", &explicit("11.1.4 11.1.0"), Some(FLEET), &default),
    ]
}

#[test]
fn each_refusal_has_a_code_a_sentence_and_a_remedy() {
    let told: Vec<_> = each_kind()
        .iter()
        .map(|refusal| format!("{}: {refusal}; {}", refusal.code(), refusal.remedy()))
        .collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    newer_than_target: the device runs 11.1.6, which is newer than 11.1.4; leave the device out, or set plan.allow_downgrade = true if going back is meant
    target_not_listed: target 11.1.7 is not in the device's software list; close to it: 11.1.0, 11.1.4, 11.1.4-h7, 11.1.5-b3, 11.1.6; choose a listed version; the list is as old as the device's last check, and older models end at an earlier train
    image_not_listed: 11.3.2 of the explicit path is not in the device's software list; close to it: 11.2.0, 11.2.4-h4, 11.2.5, 12.1.2, 12.1.4; choose a listed version; the list is as old as the device's last check, and older models end at an earlier train
    base_not_listed: the base image of 11.1 is not in the device's software list; refresh the device's list, or import the base image, or choose a target of another train
    stop_not_listed: the way down stops in 10.1 at 10.1.3 or later, and the device lists no such release; refresh the device's list, or import such a release
    below_base: target 12.1.1 is older than 12.1.2, the base image of its train; choose the base image itself, or a later release of the train
    train_unknown: 11.3 is not a known PAN-OS train; check the version; a train newer than this program is known from the device's own list
    custom_build: the device runs the custom build 10.2.0-c4; ask the vendor's support for the way on, and give it with --paths FILE
    transfer_image: 11.1.4.xfr is a transfer image, nothing to upgrade to; choose the release without .xfr
    empty_path: the explicit path is empty; name at least the target
    base_not_first: the explicit path has 11.1.4 without its base image 11.1.0 before it; put the base image before it
    "#);
}

#[test]
fn no_two_kinds_of_refusal_share_a_code() {
    let codes: std::collections::BTreeSet<_> = each_kind().iter().map(NoPath::code).collect();
    assert_eq!(codes.len(), each_kind().len(), "{codes:?}");
}

#[test]
fn a_custom_build_is_left_alone_in_both_directions() {
    for to in ["10.1.0", "10.2.0", "10.2.1", "11.1.0"] {
        let refusal = refused("10.2.0-c4", &target(to), None, &downgrades());
        assert_eq!(refusal, NoPath::CustomBuild { current: v("10.2.0-c4") }, "{to}");
    }
}

#[test]
fn versions_near_a_missing_one_are_named_from_its_train_first() {
    let close = |to: &str| match refused("9.1.0", &target(to), Some(FLEET), &Policy::default()) {
        NoPath::TargetNotListed { close, .. } => {
            close.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
        }
        other => panic!("{other}"),
    };
    assert_eq!(close("11.1.4-h8"), "11.1.0 11.1.4 11.1.4-h7 11.1.5-b3 11.1.6");
    assert_eq!(close("10.1.99"), "10.1.0 10.1.3 10.1.6-h6 10.1.14-h4 10.1.14-h9");
    assert_eq!(close("12.1.0"), "12.1.2 12.1.4");
    assert_eq!(close("99.0.0"), "11.2.0 11.2.4-h4 11.2.5 12.1.2 12.1.4");

    let nothing = refused("9.1.0", &target("11.1.4"), Some(""), &Policy::default());
    assert_eq!(nothing.to_string(), "target 11.1.4 is not in the device's software list");
}

#[test]
fn a_lowest_release_above_the_target_is_no_base_of_it() {
    let refusal = refused("10.2.0", &target("11.1.4-h7"), Some("11.1.4-h7 11.1.6"), &Policy::default());
    assert_eq!(refusal, NoPath::BaseNotListed { train: v("11.1.4").train() });
}

#[test]
fn a_gap_that_may_not_be_jumped_over_is_named() {
    let words = FLEET.replace("10.0.0 10.0.12!", "");
    let refusal = refused("9.1.14", &target("10.2.13"), Some(&words), &Policy::default());
    assert_eq!(refusal, NoPath::BaseNotListed { train: v("10.0.0").train() });
}

#[test]
fn a_train_that_nobody_knows_is_not_passed_over() {
    let refusal = refused("7.1.26", &target("10.2.13"), Some(FLEET), &Policy::default());
    assert_eq!(refusal, NoPath::TrainUnknown { train: v("7.1.26").train() });
}

#[test]
fn a_train_that_cannot_be_new_is_unknown() {
    let refusal = |current, to| refused(current, &target(to), None, &downgrades()).code();
    assert_eq!(refusal("11.1.4", "12.0.1"), "train_unknown", "between two trains of the table");
    assert_eq!(refusal("11.1.4", "111.1.4"), "train_unknown", "a slip of the keyboard");
    assert_eq!(refusal("11.3.1", "11.2.5"), "train_unknown", "nothing runs it");
    assert_eq!(
        refused("12.1.4", &target("13.0.1"), Some(FLEET), &Policy::default()).code(),
        "target_not_listed"
    );
}

#[test]
fn a_release_before_the_base_of_its_train_is_no_target() {
    let words = FLEET.replace("12.1.2#", "12.1.0 12.1.2#");
    let refusal = refused("11.2.5", &target("12.1.0"), Some(&words), &Policy::default());
    assert_eq!(refusal, NoPath::BelowBase { target: v("12.1.0"), base: v("12.1.2") });
    let same_train = refused("12.1.4", &target("12.1.0"), Some(&words), &downgrades());
    assert_eq!(same_train.code(), "below_base");
}

#[test]
fn an_explicit_path_cannot_bring_what_the_device_does_not_list() {
    let refusal = refused("9.1.14", &explicit("10.0.0 10.0.11 10.0.12"), Some(FLEET), &Policy::default());
    assert!(
        matches!(refusal, NoPath::ImageNotListed { version, .. } if version == v("10.0.11")),
        "{refusal}"
    );
}

#[test]
fn an_explicit_path_needs_each_base_before_what_builds_on_it_or_on_the_device() {
    let missing = refused("10.2.0", &explicit("11.1.4"), Some(FLEET), &Policy::default());
    assert_eq!(missing, NoPath::BaseNotFirst { version: v("11.1.4"), base: v("11.1.0") });
    let late = refused("10.2.0", &explicit("11.1.4 11.1.0"), None, &downgrades());
    assert_eq!(late, NoPath::BaseNotFirst { version: v("11.1.4"), base: v("11.1.0") });

    for presence in ["+", "~"] {
        let here = listing(&FLEET.replace("11.1.0", &format!("11.1.0{presence}")));
        assert!(plan(&v("10.2.0"), &explicit("11.1.4"), Some(&here), &Policy::default()).is_ok());
    }
}

#[test]
fn an_explicit_path_downwards_needs_leave_too() {
    let refusal = refused("11.1.4", &explicit("10.2.0 10.2.9-h1"), Some(FLEET), &Policy::default());
    assert_eq!(refusal.code(), "newer_than_target");
    assert!(plan(&v("11.1.4"), &explicit("10.2.0 10.2.9-h1"), Some(&listing(FLEET)), &downgrades()).is_ok());
}
