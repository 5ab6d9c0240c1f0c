//! Devices as a person corrects them, and the plan of a fleet without asking anybody.

use serde_json::json;

use crate::bench::Bench;

#[test]
fn an_address_set_by_hand_wins_until_it_is_cleared() {
    let bench = Bench::with_fleet();
    let set = bench.json(&["device", "address", "0003", "192.0.2.33", "--reason", "behind NAT"]);
    assert_eq!((&set["address"], &set["address_override"]), (&json!("192.0.2.33"), &json!("192.0.2.33")));
    let file = bench.file("again.csv", "serial,mgmt_ip\n0003,192.0.2.3\n");
    bench.run(&["device", "import", &file]).expect(0);
    let shown = bench.run(&["device", "show", "0003"]).expect(0);
    assert!(shown.stdout.contains("192.0.2.33 (set by hand)"), "{shown:?}");
    bench.run(&["download", "queue-all", "--target", "11.1.4-h7", "--dry-run"]).expect(0);

    let cleared = bench.json(&["device", "address", "0003", "--clear", "--reason", "NAT is gone"]);
    assert_eq!((&cleared["address"], &cleared["address_override"]), (&json!("192.0.2.3"), &json!(null)));
    let trail = bench.run(&["audit", "list", "--device", "0003"]).expect(0);
    assert!(
        trail.stdout.contains("device_address_changed") && trail.stdout.contains("behind NAT"),
        "{trail:?}"
    );

    bench.run(&["device", "address", "0003", "a b", "--reason", "x"]).refused(2, &["a b"]);
    bench.run(&["device", "address", "9999", "192.0.2.1", "--reason", "x"]).refused(2, &["9999", "discover"]);
    bench.run(&["device", "address", "0003", "--reason", "x"]).refused(2, &["--clear"]);
}

#[test]
fn a_file_may_set_addresses_by_hand() {
    let bench = Bench::with_fleet();
    let file = bench.file("nat.csv", "serial,address_override\n0001,198.51.100.1\n0002,a b\n");
    let ran = bench.run(&["device", "import", &file]).expect(1);
    assert!(ran.stdout.contains("line 3: address_override"), "{ran:?}");
    let device = bench.json(&["device", "show", "0001"]);
    assert_eq!(device["device"]["address"], "198.51.100.1");
    assert_eq!(device["device"]["address_override"], "198.51.100.1");
}

#[test]
fn a_device_is_removed_unless_a_job_holds_it_and_comes_back_by_being_seen() {
    let bench = Bench::with_fleet();
    bench.run(&["job", "submit", "--device", "0001", "--download-only", "--target", "11.1.4-h7"]).expect(0);
    let held = bench.run(&["device", "remove", "0001", "--reason", "sold"]).expect(1);
    assert!(held.stdout.contains("job 1 is available") && held.stdout.contains("job cancel 1"), "{held:?}");
    bench.run(&["job", "cancel", "1", "--reason", "sold"]).expect(0);
    assert_eq!(bench.json(&["device", "remove", "0001", "--reason", "sold"])["answer"], "removed");
    assert!(bench.run(&["device", "list"]).expect(0).stdout.ends_with("3 devices\n"));
    assert!(bench.run(&["device", "show", "0001"]).expect(0).stdout.contains("gone"));
    let file = bench.file("back.csv", "serial\n0001\n");
    assert_eq!(bench.json(&["device", "import", &file])["new"], json!(["0001"]));
}

#[test]
fn a_plan_without_asking_has_the_numbers_of_a_dry_run() {
    let bench = Bench::with_fleet();
    let plan = ["download", "plan", "--target", "11.1.4-h7", "--offline"];
    let planned = bench.json(&plan);
    let dry = bench.json(&["download", "queue-all", "--target", "11.1.4-h7", "--dry-run"]);
    assert_eq!(planned["n_to_do"], dry["queued"]);
    assert_eq!(
        (
            &planned["asked_devices"],
            &planned["n_runs_target"],
            &planned["n_not_asked"],
            &planned["n_devices"]
        ),
        (&json!(false), &json!(1), &json!(1), &json!(4))
    );
    let versions: Vec<_> =
        planned["images"].as_array().unwrap().iter().map(|image| &image["version"]).collect();
    assert_eq!(versions, ["11.1.0", "11.1.4-h7"]);
    assert_eq!(planned["per_device"].as_array().unwrap().len(), 4);
    let text = bench.run(&plan).expect(1);
    assert!(
        text.stdout.starts_with("4 devices: 2 to do, 0 staged, 1 at the target, 0 impossible, 1 not asked"),
        "{text:?}"
    );
    bench.run(&[&plan[..], &["--select", "serial=0001"]].concat()).expect(0);
    bench.run(&[&plan[..], &["--refresh"]].concat()).refused(2, &["cannot be used with"]);
}

#[test]
fn a_plan_that_asks_needs_a_login_and_stays_whole_when_nobody_answers() {
    let bench = Bench::new();
    // Port 1 of loopback: nobody listens, and the kernel says so at once.
    let file = bench
        .file("fleet.csv", "serial,mgmt_ip,current_version\n0001,127.0.0.1,10.2.9\n0002,127.0.0.1,10.2.9\n");
    bench.run(&["device", "import", &file]).expect(0);
    let plan = ["download", "plan", "--target", "11.1.4-h7", "--output", "json"];
    bench.run(&plan).refused(2, &["firewall.username is not set"]);
    let login = [("PANOS_UPGRADE__FIREWALL__API_KEY", "key"), ("PANOS_UPGRADE__FIREWALL__PORT", "1")];
    let ran = bench.run_with(&plan, &login).expect(1);
    let planned: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(
        (&planned["n_not_asked"], &planned["not_asked"][0]["code"]),
        (&json!(2), &json!("unreachable"))
    );
    bench
        .run_with(&["device", "cleanup", "0001", "--dry-run"], &login)
        .refused(3, &["127.0.0.1:1: no answer", "hint:"]);
}

#[test]
fn a_cleanup_that_deletes_wants_a_reason_and_a_free_device() {
    let bench = Bench::with_fleet();
    bench.run(&["device", "cleanup", "0001", "--apply"]).refused(2, &["--reason"]);
    bench.run(&["device", "cleanup", "0001", "--apply", "--reason", " "]).refused(2, &["--reason is empty"]);
    bench.run(&["job", "submit", "--device", "0001", "--download-only", "--target", "11.1.4-h7"]).expect(0);
    bench
        .run(&["device", "cleanup", "0001", "--apply", "--reason", "CHG-1"])
        .refused(1, &["nothing was deleted: job 1 of edge-1 (0001) is available", "job cancel 1"]);
}
