//! A realistic fleet, and the sub-commands that look at one.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use serde_json::{Value, json};

use crate::SYSTEM_INFO;
use crate::simulator::{Simulator, run};

fn state(simulator: &Simulator) -> Vec<Value> {
    let state: Value = serde_json::from_str(&simulator.control("GET", "/state", "").1).unwrap();
    state["devices"].as_array().unwrap().clone()
}

/// The address of a device with that problem or oddity.
fn address_of(devices: &[Value], name: &str) -> Ipv4Addr {
    let has = |device: &&Value| {
        device["scenario"] == name || device["oddities"].as_array().unwrap().contains(&name.into())
    };
    devices.iter().find(has).unwrap()["address"].as_str().unwrap().parse().unwrap()
}

/// Jobs that end as the scenario says, one for each device.
fn right_jobs(devices: &[Value]) -> Vec<Value> {
    let wanted = devices.iter().filter(|device| device["expected"]["state"] != "none");
    let job = |(n, device): (usize, &Value)| {
        let expected = &device["expected"];
        json!({"id": n, "serial": device["serial"], "state": expected["state"],
            "failure_kind": expected["kind"], "ready_for_install": expected["ready_for_install"]})
    };
    wanted.enumerate().map(job).collect()
}

fn check(simulator: &Simulator, jobs: &[Value]) -> (Option<i32>, String) {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), json!({ "jobs": jobs }).to_string()).unwrap();
    run(&["check", "--control", simulator.text("control"), "--jobs", file.path().to_str().unwrap()])
}

#[test]
fn a_false_certificate_is_refused_and_an_ipv6_address_leads_to_the_same_box() {
    let simulator = Simulator::start(&["--scenario", "realistic", "--devices", "300"]);
    let devices = state(&simulator);
    let stranger = IpAddr::V4(address_of(&devices, "wrong-certificate"));
    let refused = simulator.request(stranger, stranger, "GET /api/ HTTP/1.0\r\n\r\n").unwrap_err();
    assert!(refused.to_string().contains("certificate"), "{refused}");

    let healthy = |device: &&Value| {
        device["scenario"] == "plain" && device["oddities"].as_array().unwrap().contains(&"ipv6-only".into())
    };
    let device = devices.iter().find(healthy).unwrap();
    let address: Ipv4Addr = device["address"].as_str().unwrap().parse().unwrap();
    let answer = simulator.post(&address.to_ipv6_mapped().to_string(), SYSTEM_INFO).unwrap();
    assert!(answer.contains(device["serial"].as_str().unwrap()), "{answer}");
}

#[test]
fn check_accepts_what_the_list_promises_and_names_who_was_treated_otherwise() {
    let simulator = Simulator::start(&["--scenario", "realistic", "--devices", "500", "--seed", "3"]);
    let devices = state(&simulator);
    let mut jobs = right_jobs(&devices);
    let (code, text) = check(&simulator, &jobs);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.ends_with("500 of 500 devices ended as the scenario says\n"), "{text}");
    let counts: BTreeMap<&str, usize> = text
        .lines()
        .filter_map(|line| {
            let mut columns = line.split_whitespace();
            Some((columns.next()?, columns.next()?.parse().ok()?))
        })
        .collect();
    assert!(
        counts["reboots-onto-our-id"] == 2 && counts["plain"] > 300 && counts["prolog"] > 50,
        "{counts:?}"
    );

    let serial = devices.iter().find(|device| device["scenario"] == "stalls").unwrap()["serial"].clone();
    let job = jobs.iter_mut().find(|job| job["serial"] == serial).unwrap();
    (job["state"], job["failure_kind"]) = ("completed".into(), Value::Null);
    let (code, text) = check(&simulator, &jobs);
    assert_eq!(code, Some(1));
    assert!(text.contains("[stalls]: expected failed (stalled), found completed\n"), "{text}");
}

#[test]
fn an_image_that_is_asked_for_twice_is_a_deviation() {
    let options = ["--scenario", "realistic", "--download-time", "0s", "--without", "present-error"];
    let simulator = Simulator::start(&options);
    let devices = state(&simulator);
    let plain = devices.iter().find(|device| device["scenario"] == "plain").unwrap();
    let download = "type=op&cmd=<request><system><software><download><version>12.1.2</version></download></software></system></request>";
    for (n, code) in [(1, 0), (2, 1)] {
        simulator.post(plain["address"].as_str().unwrap(), download).unwrap();
        let (found, text) = check(&simulator, &right_jobs(&devices));
        assert_eq!(found, Some(code), "{n}: {text}");
        let twice = "expected 12.1.2 asked for at most 1 times, found asked for 2 times";
        assert_eq!(text.contains(twice), n == 2, "{text}");
    }
}

#[test]
fn the_catalogue_leaves_out_the_files_that_a_problem_wants_unknown() {
    let simulator = Simulator::start(&["--scenario", "realistic"]);
    let (code, csv) = run(&["catalogue", "--control", simulator.text("control")]);
    assert_eq!(code, Some(0));
    for file in ["PanOS_7000-12.1.4", "PanOS_3400-12.1.4"] {
        assert!(!csv.contains(&format!(",{file},")), "{file}");
    }
    for file in ["PanOS_7000-12.1.2", "PanOS_3400-12.1.2", "PanOS_440-12.1.4"] {
        assert!(csv.contains(&format!(",{file},")), "{file}");
    }
}

#[test]
fn the_list_documents_every_name_and_calls_reports_nothing_of_an_idle_fleet() {
    let (code, list) = run(&["list"]);
    assert_eq!(code, Some(0));
    assert_eq!((run(&["--list"]), list.contains("prolog")), ((Some(0), list.clone()), true));
    let of = list.lines().position(|line| line.starts_with("read-only-account")).unwrap();
    let expected = list.lines().nth(of + 1).unwrap().trim();
    assert_eq!(expected, "-> failed (permission); nothing is asked for");

    let simulator = Simulator::start(&["--scenario", "realistic", "--devices", "20"]);
    let control = simulator.text("control").to_owned();
    assert_eq!(run(&["calls", "--control", &control]).0, Some(0));
    let (code, text) = run(&["calls", "--control", &control, "--max-calls", "45"]);
    assert_eq!(code, Some(1), "nothing is proved by nothing: {text}");
}
