//! Which images, for which question.

use super::*;

/// `current -> target` under a policy, and the images, all against the fleet's listing.
fn check(policy: &Policy, table: &[(&str, &str, &str)]) {
    let fleet = listing(FLEET);
    for (current, to, expected) in table {
        assert_eq!(
            versions(&planned(current, &target(to), Some(&fleet), policy)),
            *expected,
            "{current} -> {to}"
        );
    }
}

#[test]
fn jumps_are_as_long_as_the_policy_allows_and_start_at_10_1() {
    check(
        &Policy::default(),
        &[
            ("11.1.2", "11.1.4-h7", "11.1.0 11.1.4-h7"), // The base is gone from the device.
            ("10.2.9-h1", "11.1.4-h7", "11.1.0 11.1.4-h7"),
            ("10.1.6", "11.1.4-h7", "11.1.0 11.1.4-h7"),
            ("10.1.6", "11.2.5", "11.1.0 11.1.4-h7 11.2.0 11.2.5"),
            ("11.2.5", "12.1.4", "12.1.2 12.1.4"),
            ("11.0.6", "12.1.2", "12.1.2"),
            (
                "9.1.14",
                "11.1.6",
                "10.0.0 10.0.12 10.1.0 10.1.14-h4 11.1.0 11.1.6", // 10.0 has to be stopped in.
            ),
            ("10.2.0", "10.2.0", ""),
        ],
    );
    check(
        &policy(Skip::Max(3)),
        &[
            ("10.1.6", "11.2.5", "11.2.0 11.2.5"),
            ("10.2.0", "12.1.4", "12.1.2 12.1.4"),
            ("10.0.0", "10.2.13", "10.1.0 10.1.14-h4 10.2.0 10.2.13"),
        ],
    );
    check(
        &policy(Skip::Off),
        &[
            ("10.1.6", "11.1.4-h7", "10.2.0 10.2.9-h1 11.0.0 11.0.6 11.1.0 11.1.4-h7"),
            ("11.1.4", "11.2.0", "11.2.0"),
        ],
    );
}

#[test]
fn the_stop_in_a_train_on_the_way_is_the_policys() {
    let off = policy(Skip::Off);
    let to = |intermediate| Policy { intermediate, ..off };
    check(&to(Intermediate::Preferred), &[("10.0.0", "10.2.13", "10.1.0 10.1.14-h4 10.2.0 10.2.13")]);
    check(&to(Intermediate::Latest), &[("10.0.0", "10.2.13", "10.1.0 10.1.14-h9 10.2.0 10.2.13")]);
    check(&to(Intermediate::BaseOnly), &[("10.0.0", "10.2.13", "10.1.0 10.2.0 10.2.13")]);
    check(&to(Intermediate::Preferred), &[("10.2.0", "11.1.0", "11.0.0 11.0.6 11.1.0")]); // None preferred: the latest.

    let beta_is_newest = listing("11.1.0 11.1.4 11.1.5-b3 11.2.0");
    for policy in [to(Intermediate::Latest), to(Intermediate::Preferred)] {
        let plan = planned("11.0.0", &target("11.2.0"), Some(&beta_is_newest), &policy);
        assert_eq!(versions(&plan), "11.1.0 11.1.4 11.2.0", "nobody asked for a beta");
    }
}

#[test]
fn each_image_says_why_it_is_there() {
    let fleet = listing(&FLEET.replace("11.1.0", "11.1.0+").replace("11.2.0", "11.2.0~"));
    let plan = planned("10.1.6", &target("11.2.5"), Some(&fleet), &Policy::default());
    insta::assert_snapshot!(format!("{plan}\n{}", plan.explain().join("\n")), @r#"
    10.1.6 -> 11.2.5: 11.1.0 (present), 11.1.4-h7, 11.2.0, 11.2.5
    11.1.0 (PanOS_440-11.1.0, 1000 MiB, present): base of a train on the way; has to be there before the stop loads
    11.1.4-h7 (PanOS_440-11.1.4-h7, 1000 MiB, to download): the stop in a train on the way; runs on the device before it goes on to the next train
    11.2.0 (PanOS_440-11.2.0, 1000 MiB, downloading): base of the target's train; has to be there before the target loads
    11.2.5 (PanOS_440-11.2.5, 1000 MiB, to download): the target
    "#);
}

#[test]
fn a_base_that_is_the_stop_or_the_target_is_there_once() {
    let base_only = Policy { skip: Skip::Off, intermediate: Intermediate::BaseOnly, ..Policy::default() };
    let plan = planned("10.0.12", &target("10.2.0"), Some(&listing(FLEET)), &base_only);
    let rules: Vec<_> = plan.images.iter().map(|image| (image.version.to_string(), image.rule)).collect();
    assert_eq!(rules, [("10.1.0".to_owned(), Rule::IntermediateStop), ("10.2.0".to_owned(), Rule::Target)]);
}

#[test]
fn the_base_of_the_running_train_comes_along_only_when_it_is_gone() {
    let plan_with = |words: &str| {
        let listing = listing(words);
        versions(&planned("11.1.2", &target("11.1.4"), Some(&listing), &Policy::default()))
    };
    assert_eq!(plan_with("11.1.0 11.1.4"), "11.1.0 11.1.4");
    assert_eq!(plan_with("11.1.0+ 11.1.4"), "11.1.4");
    assert_eq!(plan_with("11.1.0~ 11.1.4"), "11.1.4");
    assert_eq!(plan_with("11.1.4"), "11.1.4", "no base is listed, and one of it runs");
    assert_eq!(plan_with("11.1.3 11.1.4"), "11.1.4", "a guessed base is not worth its bytes here");
    assert_eq!(versions(&planned("11.1.2", &target("11.1.4"), None, &Policy::default())), "11.1.4");
}

#[test]
fn only_what_is_not_present_is_missing_and_counted() {
    let fleet = listing(&FLEET.replace("11.1.0", "11.1.0+"));
    let plan = planned("10.1.6", &target("11.2.5"), Some(&fleet), &Policy::default());
    let missing: Vec<_> = plan.missing().map(|image| image.version.to_string()).collect();
    assert_eq!(missing, ["11.1.4-h7", "11.2.0", "11.2.5"]);
    assert_eq!(plan.bytes_missing(), (3000 << 20, 0));
    let rule = SpaceRule::default();
    assert_eq!(plan.budget(0, &rule), Budget::new(3000 << 20, 0, 0, &rule));
    assert!(!plan.is_staged());
}

#[test]
fn a_device_that_runs_the_target_has_nothing_to_do() {
    for goal in [target("11.1.4"), explicit("11.1.0 11.1.4")] {
        for listing in [None, Some(&listing("10.2.0"))] {
            let plan = planned("11.1.4", &goal, listing, &Policy::default());
            assert!(plan.images.is_empty() && plan.is_staged());
            assert!(plan.budget(0, &SpaceRule::default()).fits());
            assert_eq!(plan.to_string(), "11.1.4 -> 11.1.4: nothing to do");
        }
    }
    let custom = planned("11.1.4-c5", &target("11.1.4-c5"), None, &Policy::default());
    assert!(custom.is_staged());
}

#[test]
fn without_a_listing_the_tables_plan_and_say_what_is_open() {
    let plan = planned("10.1.6", &target("12.1.4"), None, &Policy::default());
    assert_eq!(plan.bytes_missing(), (0, 3));
    insta::assert_snapshot!(plan.explain().join("\n"), @r#"
    11.1.0 (size unknown, not asked yet): base of a train on the way; has to be there before the stop loads
    12.1.2 (size unknown, not asked yet): base of the target's train; has to be there before the target loads
    12.1.4 (size unknown, not asked yet): the target
    caution: the stop in 11.1 is chosen from the device's own list; only its base image is planned so far
    "#);

    let base_only = Policy { intermediate: Intermediate::BaseOnly, ..Policy::default() };
    let plan = planned("10.1.6", &target("12.1.4"), None, &base_only);
    assert_eq!((versions(&plan).as_str(), plan.cautions.len()), ("11.1.0 12.1.2 12.1.4", 0));
}

#[test]
fn a_train_newer_than_the_table_is_planned_from_the_devices_list() {
    let words = format!("{FLEET} 12.2.1 12.2.3");
    let plan = planned("12.1.4", &target("12.2.3"), Some(&listing(&words)), &Policy::default());
    assert_eq!(versions(&plan), "12.2.1 12.2.3");
    assert_eq!(plan.cautions, [Caution::BaseGuessed { train: v("12.2.1").train(), version: v("12.2.1") }]);
}

#[test]
fn a_new_train_of_which_only_betas_are_listed_is_no_train_on_the_way() {
    let words = format!("{FLEET} 12.2.0-b3 13.0.0 13.0.1");
    let plan = planned("12.1.4", &target("13.0.1"), Some(&listing(&words)), &policy(Skip::Off));
    assert_eq!(versions(&plan), "13.0.0 13.0.1");
    let beta = planned(
        "12.1.4",
        &target("12.2.0-b3"),
        Some(&listing(&format!("{words} 12.2.0"))),
        &policy(Skip::Off),
    );
    assert_eq!(versions(&beta), "12.2.0 12.2.0-b3", "asked for by name");
}

#[test]
fn a_train_that_runs_is_known_even_when_nothing_of_it_is_listed() {
    let words = format!("{FLEET} 13.0.0 13.0.1");
    let plan = planned("12.2.7", &target("13.0.1"), Some(&listing(&words)), &policy(Skip::Off));
    assert_eq!(versions(&plan), "13.0.0 13.0.1", "12.2.7 was pulled");
    let down = planned("12.2.7", &target("12.1.4"), Some(&listing(&words)), &downgrades());
    assert_eq!(versions(&down), "12.1.2 12.1.4");
}

#[test]
fn without_a_listing_a_train_newer_than_the_table_is_left_to_the_device() {
    let plan = planned("12.1.4", &target("13.0.3"), None, &Policy::default());
    assert_eq!(versions(&plan), "13.0.3");
    assert_eq!(plan.cautions, [Caution::BaseUndecided { train: v("13.0.3").train() }]);
    let far = planned("10.0.12", &target("12.2.1"), None, &Policy::default());
    assert_eq!(versions(&far), "10.1.0 11.1.0 12.2.1", "the ways through known trains are planned");
    let explicit = planned("12.1.4", &explicit("12.2.1 12.2.4"), None, &Policy::default());
    assert_eq!(explicit.cautions, [Caution::BaseUndecided { train: v("12.2.1").train() }]);
}

#[test]
fn a_stop_that_is_not_preferred_says_so() {
    let off = policy(Skip::Off);
    let plan = planned("10.2.0", &target("11.1.0"), Some(&listing(FLEET)), &off);
    let told: Vec<_> = plan.cautions.iter().map(ToString::to_string).collect();
    assert_eq!(told, ["the device marks no release of 11.0 as preferred, so the stop is its latest, 11.0.6"]);
    let latest = Policy { intermediate: Intermediate::Latest, ..off };
    assert!(planned("10.2.0", &target("11.1.0"), Some(&listing(FLEET)), &latest).cautions.is_empty());
}

#[test]
fn what_runs_needs_no_image_even_when_an_explicit_path_names_it() {
    let pulled = listing(&FLEET.replace("10.1.6-h6", ""));
    let plan = planned("10.1.6-h6", &explicit("10.1.6-h6 10.2.0 10.2.13"), Some(&pulled), &Policy::default());
    assert_eq!(versions(&plan), "10.2.0 10.2.13");
}

#[test]
fn a_running_release_that_was_pulled_from_the_list_is_planned_away_from() {
    let plan = planned("10.2.4", &target("11.1.4-h7"), Some(&listing(FLEET)), &Policy::default());
    assert_eq!(versions(&plan), "11.1.0 11.1.4-h7");
    let same = planned("11.1.3-h2", &target("11.1.4-h7"), Some(&listing(FLEET)), &Policy::default());
    assert_eq!(versions(&same), "11.1.0 11.1.4-h7");
}

#[test]
fn a_running_beta_has_the_release_before_it() {
    let plan = planned("11.1.5-b3", &target("11.1.6"), Some(&listing(FLEET)), &Policy::default());
    assert_eq!(versions(&plan), "11.1.0 11.1.6");
    assert!(plan_is_refused("11.1.5-b3", "11.1.4"), "the beta of 11.1.5 is newer than 11.1.4");
}

fn plan_is_refused(current: &str, to: &str) -> bool {
    plan(&v(current), &target(to), Some(&listing(FLEET)), &Policy::default()).is_err()
}

#[test]
fn a_train_without_its_base_is_no_place_to_land() {
    let without_11_1 = FLEET.replace("11.1.0 11.1.4 11.1.4-h7! 11.1.5-b3 11.1.6", "11.1.4-h7!");
    let plan = planned("10.1.6", &target("11.2.5"), Some(&listing(&without_11_1)), &Policy::default());
    assert_eq!(versions(&plan), "11.0.0 11.0.6 11.2.0 11.2.5");
}

#[test]
fn a_jump_longer_than_recommended_is_said() {
    let plan = planned("10.1.6", &target("11.2.5"), Some(&listing(FLEET)), &policy(Skip::Max(3)));
    let cautions: Vec<_> = plan.cautions.iter().map(ToString::to_string).collect();
    assert_eq!(cautions, ["from 10.1 to 11.2 jumps over 3 trains; at most 2 are recommended"]);
    let plan = planned("11.0.6", &target("12.1.4"), Some(&listing(FLEET)), &policy(Skip::Max(3)));
    assert!(plan.cautions.is_empty());
}

#[test]
fn the_way_down_enters_10_1_at_10_1_3_or_later() {
    check(
        &downgrades(),
        &[
            ("11.1.4", "11.1.0", "11.1.0"),
            ("11.1.4", "10.2.9-h1", "10.2.0 10.2.9-h1"),
            ("10.2.13", "10.1.6-h6", "10.1.0 10.1.6-h6"),
            ("10.2.13", "10.1.3", "10.1.0 10.1.3"),
            ("10.2.13", "10.1.0", "10.1.0 10.1.14-h4"),
            ("10.2.13", "10.0.12", "10.1.0 10.1.14-h4 10.0.0 10.0.12"),
            ("11.1.4", "10.0.12", "10.1.0 10.1.14-h4 10.0.0 10.0.12"),
        ],
    );
    let plan = planned("10.2.13", &target("10.1.0"), Some(&listing(FLEET)), &downgrades());
    assert_eq!(
        plan.images.iter().map(|image| image.rule).collect::<Vec<_>>(),
        [Rule::Target, Rule::DowngradeStop]
    );

    let base_only = Policy { intermediate: Intermediate::BaseOnly, ..downgrades() };
    check(&base_only, &[("10.2.13", "10.0.0", "10.1.0 10.1.3 10.0.0")]);
}

#[test]
fn an_explicit_path_is_taken_as_it_is() {
    let fleet = listing(&FLEET.replace("10.2.0", "10.2.0+"));
    let plan =
        planned("10.1.6", &explicit("10.2.9-h1 11.1.0 11.1.6 11.1.0"), Some(&fleet), &Policy::default());
    assert_eq!(versions(&plan), "10.2.9-h1 11.1.0 11.1.6");
    assert_eq!(plan.target, v("11.1.0"), "the last one named");
    assert!(plan.images.iter().all(|image| image.rule == Rule::Explicit));

    let custom = planned("10.1.6-c4", &explicit("10.1.6-h6"), Some(&fleet), &Policy::default());
    assert_eq!(versions(&custom), "10.1.6-h6", "naming it is the override for a custom build");
}

#[test]
fn an_explicit_path_that_trusts_the_device_for_a_base_says_so() {
    let plan = planned("10.1.6", &explicit("10.2.9-h1 10.2.13"), None, &Policy::default());
    assert_eq!(plan.cautions, [Caution::BaseAssumed { version: v("10.2.9-h1"), base: v("10.2.0") }]);
}

#[test]
fn a_plan_reads_back_from_its_json() {
    let plan = planned("10.1.6", &target("11.2.5"), Some(&listing(FLEET)), &policy(Skip::Max(3)));
    let json = serde_json::to_value(&plan).unwrap();
    assert_eq!(json["images"][0]["rule"], "base_of_target_train");
    assert_eq!(json["cautions"][0]["caution"], "long_jump");
    assert_eq!(serde_json::from_value::<Plan>(json).unwrap(), plan);

    for (goal, json) in [
        (target("11.1.4"), r#"{"target":"11.1.4"}"#),
        (explicit("11.1.0 11.1.4"), r#"{"explicit":["11.1.0","11.1.4"]}"#),
    ] {
        assert_eq!(serde_json::to_string(&goal).unwrap(), json);
        assert_eq!(serde_json::from_str::<Goal>(json).unwrap(), goal);
    }
}
