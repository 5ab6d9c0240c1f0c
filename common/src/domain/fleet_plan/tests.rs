//! Sums over fleets.

use proptest::prelude::*;

use super::*;
use crate::domain::image::Presence;
use crate::domain::path::{Caution, PlannedImage, SpaceRule};

const MIB: u64 = 1 << 20;

fn v(text: &str) -> Version {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

fn image(version: &str, rule: Rule, presence: Presence, size_mib: Option<u64>) -> PlannedImage {
    PlannedImage {
        version: v(version),
        file_name: None,
        size_bytes: size_mib.map(|size| size * MIB),
        presence: Some(presence),
        rule,
    }
}

/// From 10.2.9 to 11.1.4-h7, the base there or not.
fn plan(base: Presence, size_mib: Option<u64>) -> Plan {
    let train = v("11.1.0").train();
    Plan {
        current: v("10.2.9"),
        target: v("11.1.4-h7"),
        images: vec![
            image("11.1.0", Rule::BaseOfTargetTrain, base, size_mib),
            image("11.1.4-h7", Rule::Target, Presence::Absent, Some(500)),
        ],
        cautions: vec![Caution::StopUndecided { train }],
    }
}

fn device(number: u64, result: DeviceResult) -> DevicePlan {
    DevicePlan {
        serial: format!("0079{number:011}").parse().unwrap(),
        hostname: format!("edge-{number}"),
        model: "PA-440".to_owned(),
        current: "10.2.9".to_owned(),
        result,
    }
}

fn to_do(plan: Plan, free_mib: Option<u64>) -> DeviceResult {
    let space = free_mib.map(|free| Space {
        mount: "/opt/panrepo".to_owned(),
        budget: plan.budget(free * MIB, &SpaceRule::default()),
    });
    DeviceResult::ToDo { plan, space }
}

fn fleet() -> Vec<DevicePlan> {
    let silent = |code| DeviceResult::NotAsked {
        code,
        message: "nobody answers".to_owned(),
        remedy: "check the route".to_owned(),
    };
    let staged = Plan {
        images: vec![image("11.1.4-h7", Rule::Target, Presence::Present, Some(500))],
        ..plan(Presence::Present, None)
    };
    vec![
        device(9, to_do(plan(Presence::Absent, Some(1000)), Some(9000))),
        device(8, to_do(plan(Presence::Absent, Some(1000)), Some(2000))),
        device(7, to_do(plan(Presence::Present, Some(1000)), Some(100))),
        device(6, to_do(plan(Presence::Absent, None), None)),
        device(5, DeviceResult::Staged(staged)),
        device(4, DeviceResult::RunsTarget),
        device(3, NoPath::TargetNotListed { target: v("11.1.4-h7"), close: Vec::new() }.into()),
        device(2, NoPath::TargetNotListed { target: v("11.1.4-h7"), close: vec![v("10.2.13")] }.into()),
        device(1, NoPath::CustomBuild { current: v("10.2.0-c4") }.into()),
        device(0, silent("unreachable")),
    ]
}

#[test]
fn every_device_is_in_exactly_one_outcome() {
    let plan = summarise(&fleet());
    let counts = [plan.n_runs_target, plan.n_staged, plan.n_to_do, plan.n_impossible, plan.n_not_asked];
    assert_eq!(counts, [1, 1, 4, 3, 1]);
    assert_eq!(counts.iter().sum::<usize>(), plan.n_devices);
}

#[test]
fn images_are_counted_by_those_who_need_them_and_those_who_have_them() {
    let plan = summarise(&fleet());
    let rows: Vec<_> = plan
        .images
        .iter()
        .map(|image| (image.version.to_string(), image.n_devices, image.n_present, image.bytes / MIB))
        .collect();
    assert_eq!(rows, [("11.1.0".to_owned(), 3, 1, 2000), ("11.1.4-h7".to_owned(), 4, 1, 2000)]);
    assert_eq!(plan.images[0].n_sizes_unknown, 1);
    assert_eq!(plan.images[1].rules, BTreeMap::from([(Rule::Target, 5)]));
    assert_eq!((plan.bytes_total / MIB, plan.n_sizes_unknown), (4000, 1));
}

#[test]
fn who_has_no_room_is_told_with_what_is_short() {
    let plan = summarise(&fleet());
    let rows: Vec<_> = plan
        .not_fitting
        .iter()
        .map(|row| (row.hostname.as_str(), row.needed_bytes / MIB, row.shortfall_bytes / MIB))
        .collect();
    // 500 and 1500 MiB with a fifth more, and the reserve of 512.
    assert_eq!(rows, [("edge-7", 1112, 1012), ("edge-8", 2312, 312)]);
    assert_eq!(plan.not_fitting[0].mount, "/opt/panrepo");
    assert_eq!(plan.n_space_unknown, 1);
}

#[test]
fn reasons_are_grouped_with_one_example_and_what_to_do() {
    let plan = summarise(&fleet());
    let groups: Vec<_> =
        plan.impossible.iter().map(|group| (group.code, group.n_devices, group.example.as_str())).collect();
    assert_eq!(groups, [("target_not_listed", 2, "007900000000002"), ("custom_build", 1, "007900000000001")]);
    assert!(plan.impossible[0].message.ends_with("close to it: 10.2.13"), "{:?}", plan.impossible[0]);
    assert!(plan.impossible.iter().all(|group| !group.remedy.is_empty()));
    assert_eq!((plan.not_asked[0].code, plan.not_asked[0].n_devices), ("unreachable", 1));
}

#[test]
fn cautions_are_counted() {
    let plan = summarise(&fleet());
    assert_eq!(plan.cautions.len(), 1);
    assert_eq!(plan.cautions[0].n_devices, 5);
}

#[test]
fn a_device_says_what_has_to_come_and_whether_it_fits() {
    let plan = summarise(&fleet());
    let json = serde_json::to_value(&plan).unwrap();
    let fits: Vec<_> = json["per_device"].as_array().unwrap().iter().map(|device| &device["fits"]).collect();
    assert_eq!(
        serde_json::to_string(&fits).unwrap(),
        "[null,null,null,null,null,null,null,false,false,true]"
    );
    assert_eq!(json["per_device"][9]["missing"], serde_json::json!(["11.1.0", "11.1.4-h7"]));
    assert_eq!(json["per_device"][9]["outcome"], "to_do");
    assert_eq!(json["per_device"][1]["code"], "custom_build");
    assert_eq!(json["images"][1]["rules"], serde_json::json!({ "target": 5 }));
}

#[test]
fn no_devices_ask_for_nothing() {
    let plan = summarise(&[]);
    assert_eq!((plan.n_devices, plan.bytes_total, plan.images.len()), (0, 0, 0));
}

proptest! {
    #[test]
    fn the_order_of_the_devices_changes_nothing(order in Just(fleet()).prop_shuffle()) {
        prop_assert_eq!(summarise(&order), summarise(&fleet()));
    }
}
