//! The inventory and the fleet's jobs, as tables and as JSON.

use insta::assert_snapshot;
use serde_json::json;

use crate::bench::Bench;

#[test]
fn a_list_is_plain_lines_and_a_hostname_cannot_write_on_the_terminal() {
    let bench = Bench::with_fleet();
    assert_snapshot!(bench.run(&["device", "list"]).expect(0).stdout, @r"
    SERIAL  HOSTNAME               MODEL    VERSION    ADDRESS    HA          CONN
    0001    edge-1                 PA-440   10.2.9     192.0.2.1  standalone  -
    0002    edge-2                 PA-440   11.1.4-h7  192.0.2.2  standalone  -
    0003    edge-3                 PA-440   10.2.9                standalone  -
    0004    =HYPERLINK(\u{1b}[2J)  PA-3220  10.1.6     192.0.2.4  standalone  -
    4 devices
    ");
    let ran =
        bench.run(&["device", "list", "--select", "version<11.0.0", "--select", "address~192*"]).expect(0);
    assert!(ran.stdout.ends_with("2 devices\n"), "{ran:?}");
}

#[test]
fn an_import_shows_what_it_changed_and_leaves_what_it_does_not_say() {
    let bench = Bench::with_fleet();
    let file = bench.file("more.csv", "serial,hostname\n0001,core-1\n0005,new\n");
    let imported = bench.json(&["device", "import", &file]);
    assert_eq!(imported["new"], json!(["0005"]));
    assert_eq!(imported["changed"][0]["serial"], "0001");
    let device = bench.json(&["device", "show", "0001"]);
    assert_eq!(device["device"]["hostname"], "core-1");
    assert_eq!(device["device"]["address"], "192.0.2.1");
    assert_eq!(device["job"], json!(null));
}

#[test]
fn an_export_is_safe_in_a_spreadsheet_and_imports_as_what_it_was() {
    let bench = Bench::with_fleet();
    let pairs = bench
        .file("pairs.csv", "serial_1,serial_2,hostname_1,hostname_2,model\n0011,0012,ha-a,ha-b,PA-440\n");
    bench.run(&["device", "import", &pairs]).expect(0);
    let exported = bench.json(&["device", "export", "--output-dir", "out"]);
    assert_eq!((&exported["standalone"]["rows"], &exported["ha_pairs"]["rows"]), (&json!(4), &json!(1)));
    let standalone = std::fs::read_to_string(bench.path("out/standalone_devices.csv")).unwrap();
    assert!(
        standalone.starts_with("serial,hostname,mgmt_ip,current_version,model\n0001,edge-1,"),
        "{standalone}"
    );
    assert!(standalone.contains("0004,'=HYPERLINK("), "{standalone}");
    let pairs = std::fs::read_to_string(bench.path("out/ha_pairs.csv")).unwrap();
    assert!(pairs.contains("\n0011,0012,ha-a,ha-b,"), "{pairs}");
    for file in ["out/standalone_devices.csv", "out/ha_pairs.csv"] {
        let again = bench.json(&["device", "import", file]);
        assert_eq!((&again["new"], &again["changed"]), (&json!([]), &json!([])), "{again}");
    }
}

#[test]
fn a_dry_run_says_what_queueing_then_does_and_writes_nothing() {
    let bench = Bench::with_fleet();
    let queue = ["download", "queue-all", "--target", "11.1.4-h7"];
    assert_snapshot!(bench.run(&[&queue[..], &["--dry-run"]].concat()).expect(1).stdout, @r"
    SERIAL  HOSTNAME               MODEL    RUNS    IMAGES
    0001    edge-1                 PA-440   10.2.9  11.1.0, 11.1.4-h7
    0004    =HYPERLINK(\u{1b}[2J)  PA-3220  10.1.6  11.1.0, 11.1.4-h7

    2 to create, 0 existing, 0 conflict, 2 skipped (dry run: nothing was changed)

    SERIAL  HOSTNAME  REASON       MESSAGE
    0003    edge-3    no_address   the inventory has no management address; give one: `panos-upgrade device address SERIAL ADDRESS --reason TEXT`
    0002    edge-2    runs_target  runs 11.1.4-h7 already
    ");
    assert_eq!(bench.json(&["job", "list"])["jobs"], json!([]));

    let queued = bench.json(&[&queue[..], &["--reason", "CHG-1"]].concat());
    assert_eq!(queued["queued"], 2);
    assert!(queued["batch_id"].is_string(), "{queued}");
    let reasons: Vec<_> =
        queued["skipped"].as_array().unwrap().iter().map(|skipped| &skipped["reason"]).collect();
    assert_eq!(reasons, ["no_address", "runs_target"]);

    let again = bench.run(&queue).expect(1);
    assert!(again.stdout.starts_with("0 created, 2 existing, 0 conflict, 2 skipped\n"), "{again:?}");
    let elsewhere = ["download", "queue-all", "--target", "11.1.6"];
    for command in [elsewhere.to_vec(), [&elsewhere[..], &["--dry-run"]].concat()] {
        let ran = bench.run(&[&command[..], &["--select", "version<11.0.0"]].concat()).expect(1);
        assert!(ran.stdout.contains("0 existing, 0 conflict, 2 with another goal, 1 skipped"), "{ran:?}");
        assert!(ran.stdout.contains("job 1 is available and keeps its goal, 11.1.4-h7;"), "{ran:?}");
    }
    let dry = bench.json(&[&queue[..], &["--dry-run"]].concat());
    assert_eq!((&dry["queued"], &dry["batch_id"]), (&json!(0), &json!(null)));
    assert_eq!(
        dry["skipped"].as_array().unwrap().iter().filter(|skipped| skipped["job_id"].is_i64()).count(),
        2
    );
}

#[test]
fn paths_of_a_file_are_followed_and_a_version_without_one_is_skipped() {
    let bench = Bench::with_fleet();
    let file = bench.file("paths.json", r#"{"10.2.9": ["11.1.0", "11.1.4"]}"#);
    let dry = bench.json(&["download", "queue-all", "--paths", &file, "--dry-run"]);
    assert_eq!(dry["plans"][0]["images"], json!(["11.1.0", "11.1.4"]));
    let reasons: Vec<_> =
        dry["skipped"].as_array().unwrap().iter().map(|skipped| &skipped["reason"]).collect();
    assert_eq!(reasons, ["no_address", "no_path_for_version", "no_path_for_version"]);
}

#[test]
fn a_configured_target_needs_no_option() {
    let bench = Bench::with_fleet();
    bench.run(&["config", "set", "plan.target", "11.1.4-h7"]).expect(0);
    assert_eq!(bench.json(&["download", "queue-all", "--select", "serial=0001"])["queued"], 1);
}

#[test]
fn the_status_counts_every_state_and_watching_ends_when_nothing_is_active() {
    let bench = Bench::with_fleet();
    let idle = bench.run(&["download", "status", "--watch"]).expect(0);
    assert!(idle.stdout.starts_with("no job yet"), "{idle:?}");

    bench.run(&["download", "queue-all", "--target", "11.1.4-h7"]).expect(1);
    assert_snapshot!(bench.run(&["download", "status"]).expect(0).stdout, @r"
    STATE      DEVICES
    scheduled  0
    available  2
    running    0
    completed  0
    failed     0
    cancelled  0
    skipped    0
    total      2

    0 of 2 ready for install
    ");
    let status = bench.json(&["download", "status"]);
    let by_state = json!({"scheduled": 0, "available": 2, "running": 0, "completed": 0, "failed": 0, "cancelled": 0, "skipped": 0});
    assert_eq!(
        status,
        json!({
            "hold": null, "pauses": [], "mismatches": [], "disputes": [], "asymmetric_pairs": [],
            "total": 2, "by_state": by_state, "ready_for_install": 0, "failures": [], "exceptions": []
        })
    );
}
