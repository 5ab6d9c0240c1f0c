use super::*;

fn fleet() -> Fleet {
    serde_json::from_value(serde_json::json!({"target": "11.1.4-h7", "devices": [
        {"serial": "1", "hostname": "a", "scenario": "plain", "oddities": ["prolog"], "unasked": ["11.1.0"],
         "expected": Expected::completed()},
        {"serial": "2", "hostname": "b", "scenario": "disk-full", "oddities": ["prolog", "pretty"],
         "expected": Expected::failed("disk_full").asks(0)},
        {"serial": "3", "hostname": "c", "scenario": "newer", "expected": Expected::none()},
    ]}))
    .unwrap()
}

fn export(jobs: &serde_json::Value) -> Export {
    serde_json::from_value(serde_json::json!({ "jobs": jobs })).unwrap()
}

fn compared(jobs: &serde_json::Value) -> Verdict {
    compare(&fleet(), &export(jobs), None)
}

fn right() -> serde_json::Value {
    serde_json::json!([
        {"id": 2, "serial": "1", "state": "completed", "ready_for_install": true, "more": [1]},
        {"id": 1, "serial": "1", "state": "failed", "failure_kind": "unreachable"},
        {"id": 3, "serial": "2", "state": "failed", "failure_kind": "disk_full", "ready_for_install": null},
    ])
}

#[test]
fn the_newest_job_of_each_device_counts() {
    let verdict = compared(&right());
    assert_eq!(verdict.summary(), "3 of 3 devices ended as the scenario says");
    assert_eq!(verdict.deviations, []);
}

#[test]
fn a_wrong_state_kind_or_readiness_and_an_unwanted_job_are_deviations() {
    let verdict = compared(&serde_json::json!([
        {"id": "0a", "serial": "1", "state": "completed", "ready_for_install": false},
        {"id": "0b", "serial": "2", "state": "failed", "failure_kind": "unreachable"},
        {"id": "0c", "serial": "3", "state": "completed", "ready_for_install": true},
    ]));
    let found: Vec<&str> = verdict.deviations.iter().map(|one| one.found.as_str()).collect();
    assert_eq!(found, ["completed", "failed (unreachable)", "completed, ready for install"]);
    assert_eq!(verdict.summary(), "0 of 3 devices ended as the scenario says");
}

#[test]
fn a_missing_job_is_a_deviation() {
    assert_eq!(compared(&serde_json::json!([])).deviations.len(), 2);
}

#[test]
fn what_should_not_have_been_asked_is_a_deviation_and_each_device_counts_once() {
    let counters = serde_json::json!({"devices": {
        "1": {"calls": 9, "commands": {}, "images": {}, "connections": 1, "open_connections": 0,
              "downloads": {"11.1.0": 1, "11.1.4-h7": 2}, "max_parallel_calls": 1},
        "2": {"calls": 9, "commands": {}, "images": {}, "connections": 1, "open_connections": 0,
              "downloads": {"11.1.0": 1}, "max_parallel_calls": 2},
    }});
    let counters: Counters = serde_json::from_value(counters).unwrap();
    let verdict = compare(&fleet(), &export(&right()), Some(&counters));
    let expected: Vec<&str> = verdict.deviations.iter().map(|one| one.expected.as_str()).collect();
    assert_eq!(
        expected,
        [
            "11.1.4-h7 asked for at most 1 times",
            "11.1.0 not asked for: it was there or on its way",
            "11.1.0 asked for at most 0 times",
            "one call at a time",
        ]
    );
    assert_eq!(verdict.summary(), "1 of 3 devices ended as the scenario says");
}

#[test]
fn another_outcome_of_the_hash_is_a_deviation_where_the_export_tells_it() {
    let mut jobs = right();
    for (outcome, n) in [("verified", 0), ("no_reference", 1)] {
        jobs[0]["images"] = serde_json::json!([{"version": "11.1.0"},
            {"version": "11.1.4-h7", "outcome": {"outcome": outcome, "evidence": "device_reported"}}]);
        assert_eq!(compared(&jobs).deviations.len(), n, "{outcome}");
    }
}

#[test]
fn devices_are_grouped_by_problem_and_by_oddity() {
    let mut jobs = right();
    jobs[2]["state"] = "completed".into();
    let verdict = compared(&jobs);
    let of = |groups: &[Group]| -> Vec<(String, usize, usize)> {
        groups.iter().map(|group| (group.name.clone(), group.n_devices, group.differing.len())).collect()
    };
    let named = |name: &str, n, differing| (name.to_owned(), n, differing);
    assert_eq!(of(&verdict.problems), [named("disk-full", 1, 1), named("newer", 1, 0), named("plain", 1, 0)]);
    assert_eq!(of(&verdict.oddities), [named("pretty", 1, 1), named("prolog", 2, 1)]);
}

#[test]
fn of_two_right_ends_one_device_must_have_the_first() {
    let disputed = Expected::failed("hash_disputed").otherwise(Expected::completed());
    let fleet: Fleet = serde_json::from_value(serde_json::json!({"devices": [
        {"serial": "1", "hostname": "a", "scenario": "hash-disputed", "expected": disputed},
        {"serial": "2", "hostname": "b", "scenario": "hash-disputed", "expected": disputed},
    ]}))
    .unwrap();
    let well = |serial| serde_json::json!({"id": 1, "serial": serial, "state": "completed", "ready_for_install": true});
    let failed =
        serde_json::json!({"id": 1, "serial": "2", "state": "failed", "failure_kind": "hash_disputed"});
    let compared = |second| compare(&fleet, &export(&serde_json::json!([well("1"), second])), None);
    assert_eq!(compared(failed).deviations, []);
    let verdict = compared(well("2"));
    assert_eq!(verdict.deviations.len(), 1);
    assert!(verdict.deviations[0].expected.starts_with("one of 2 devices to be failed (hash_disputed)"));
}
