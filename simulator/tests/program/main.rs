//! The real program: started, talked to over TLS that is verified, ended by a signal.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a panic in a test's helper is a failed test")]

mod realistic;
mod simulator;

use std::net::IpAddr;
use std::process::Command;

use serde_json::Value;
use simulator::Simulator;

const SYSTEM_INFO: &str =
    "type=op&cmd=%3Cshow%3E%3Csystem%3E%3Cinfo%3E%3C%2Finfo%3E%3C%2Fsystem%3E%3C%2Fshow%3E";

#[test]
fn a_firewall_answers_over_verified_tls_and_the_program_ends_on_sigterm() {
    let simulator = Simulator::start_as_told(&["--devices", "40", "--scenario", "demo"]);
    assert_eq!(simulator.ready["devices"], 40);
    assert_eq!(simulator.text("target"), "11.1.4-h7");

    let login =
        format!("type=keygen&user={}&password={}", simulator.text("username"), simulator.text("password"));
    let keygen = simulator.post("127.21.0.5", &login).unwrap();
    assert!(keygen.starts_with("HTTP/1.1 200 OK\r\n") && keygen.contains("<key>LUFRPT1"), "{keygen}");
    let info = simulator.post("127.21.0.5", SYSTEM_INFO).unwrap();
    assert!(info.contains("<sw-version>") && info.contains("127.21.0.5"), "{info}");

    let ca_file = std::path::PathBuf::from(simulator.text("ca_file"));
    assert!(ca_file.is_absolute() && ca_file.exists());
    assert_eq!(simulator.terminate(), Some(0));
    assert!(!ca_file.exists(), "the temporary directory is gone");
}

#[test]
fn a_certificate_is_good_for_its_own_address_only() {
    let simulator = Simulator::start(&["--devices", "4"]);
    let (address, other) = ("127.21.0.1".parse().unwrap(), "127.21.0.2".parse().unwrap());
    let refused = simulator.request(address, other, "GET /api/ HTTP/1.0\r\n\r\n").unwrap_err();
    assert!(refused.to_string().contains("certificate"), "{refused}");
    // A GET with the parameters in the query, at the address that the certificate names.
    let request = format!("GET /api?type=version&key={} HTTP/1.0\r\n\r\n", simulator.text("api_key"));
    let answer = simulator.request(address, address, &request).unwrap();
    assert!(answer.contains("<sw-version>"), "{answer}");
}

#[test]
fn an_unreachable_device_is_refused_by_the_kernel_and_only_loopback_is_listened_on() {
    let simulator = Simulator::start(&["--devices", "40", "--scenario", "demo"]);
    let state: Value = serde_json::from_str(&simulator.control("GET", "/state", "").1).unwrap();
    let devices = state["devices"].as_array().unwrap();
    let unreachable = devices.iter().find(|device| device["scenario"] == "unreachable").unwrap();
    let refused = simulator.post(unreachable["address"].as_str().unwrap(), SYSTEM_INFO).unwrap_err();
    assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);

    let sockets = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let port = format!(":{:04X}", simulator.port());
    let columns = sockets.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let listening: Vec<_> = columns.filter(|c| c[1].ends_with(&port) && c[3] == "0A").collect();
    assert_eq!(listening.len(), 40, "Panorama and every device but the unreachable one");
    assert!(
        listening.iter().all(|c| c[1].starts_with("0100147F:") || c[1].ends_with(&format!("157F{port}")))
    );

    let elsewhere = Command::new(env!("CARGO_BIN_EXE_panos-simulator"))
        .args(["--devices", "1", "--control", "0.0.0.0:0"])
        .output()
        .unwrap();
    assert!(!elsewhere.status.success());
    assert!(String::from_utf8(elsewhere.stderr).unwrap().contains("not a loopback address"));
}

#[test]
fn faults_are_injected_and_removed_at_run_time() {
    let simulator = Simulator::start(&["--devices", "2"]);
    let state: Value = serde_json::from_str(&simulator.control("GET", "/state", "").1).unwrap();
    let serial = state["devices"][0]["serial"].as_str().unwrap().to_owned();
    let address = state["devices"][0]["address"].as_str().unwrap().to_owned();
    let faults = format!("/devices/{serial}/faults");

    let (status, why) = simulator.control("POST", &faults, r#"{"kind": "html", "colour": 1}"#);
    assert!(status == 400 && why.contains("colour"), "{why}");
    assert_eq!(simulator.control("POST", "/devices/0/faults", r#"{"kind": "html"}"#).0, 404);

    let expired = r#"{"kind": "key_expired", "count": 1}"#;
    assert_eq!(simulator.control("POST", &faults, expired).0, 204);
    let answer = simulator.post(&address, SYSTEM_INFO).unwrap();
    let reason = format!("HTTP/1.1 400 Key Expired: {} has expired. \r\n", simulator.text("api_key"));
    assert!(answer.starts_with(&reason), "{answer}");

    assert_eq!(simulator.control("POST", &faults, r#"[{"kind": "reset"}, {"kind": "refuse"}]"#).0, 204);
    assert!(simulator.post(&address, SYSTEM_INFO).is_err());
    assert_eq!(simulator.control("DELETE", &faults, "").0, 204);
    assert_eq!(simulator.control("POST", &faults, r#"{"kind": "reset"}"#).0, 204);
    assert!(simulator.post(&address, SYSTEM_INFO).is_err());
    assert_eq!(simulator.control("DELETE", "/faults", "").0, 204);
    assert!(simulator.post(&address, SYSTEM_INFO).unwrap().contains("<serial>"));

    let huge = r#"{"kind": "huge_body", "bytes": 300000, "count": 1}"#;
    assert_eq!(simulator.control("POST", &faults, huge).0, 204);
    assert!(simulator.post(&address, SYSTEM_INFO).unwrap().len() > 300_000);

    let counters: Value = serde_json::from_str(&simulator.control("GET", "/counters", "").1).unwrap();
    assert_eq!(counters["devices"][&serial]["commands"]["system_info"], 4);
    assert_eq!(counters["calls"], 4);
    let journal: Value = serde_json::from_str(&simulator.control("GET", "/journal?since=2", "").1).unwrap();
    assert_eq!((journal["next"].as_u64(), journal["entries"].as_array().unwrap().len()), (Some(4), 2));
    assert_eq!(simulator.control("POST", "/reset-counters", "").0, 204);
    let counters: Value = serde_json::from_str(&simulator.control("GET", "/counters", "").1).unwrap();
    assert_eq!(counters["calls"], 0);
}

#[test]
fn an_imported_image_is_listed_as_uploaded() {
    let simulator = Simulator::start(&["--devices", "8", "--check-time", "0s"]);
    let check = "type=op&cmd=<request><system><software><check/></software></system></request>";
    // The chassis of every fleet: a PA-5260 at the eighth address.
    let address: IpAddr = "127.21.0.8".parse().unwrap();
    assert!(!simulator.post("127.21.0.8", check).unwrap().contains("<uploaded>yes</uploaded>"));
    let body = format!(
        "--xyz\r\nContent-Disposition: form-data; name=\"file\"; filename=\"PanOS_5200-12.1.2\"\r\n\r\n{}\r\n--xyz--\r\n",
        "x".repeat(3_000_000)
    );
    let request = format!(
        "POST /api/?type=import&category=software HTTP/1.1\r\nHost: {address}\r\nX-PAN-KEY: {}\r\nConnection: close\r\n\
         Content-Type: multipart/form-data; boundary=xyz\r\nContent-Length: {}\r\n\r\n{body}",
        simulator.text("api_key"),
        body.len()
    );
    let answer = simulator.request(address, address, &request).unwrap();
    assert!(answer.contains("PanOS_5200-12.1.2 saved"), "{answer}");
    let list = simulator.post("127.21.0.8", check).unwrap();
    assert!(list.contains("<uploaded>yes</uploaded>"), "{list}");
}

#[test]
fn check_says_which_devices_ended_otherwise() {
    let simulator = Simulator::start(&["--devices", "2"]);
    let state: Value = serde_json::from_str(&simulator.control("GET", "/state", "").1).unwrap();
    let job = |i: usize, ready: bool| {
        serde_json::json!({"id": i, "serial": state["devices"][i]["serial"], "state": "completed",
            "failure_kind": null, "ready_for_install": ready})
    };
    let run = |jobs: Value| {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), serde_json::json!({ "jobs": jobs }).to_string()).unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_panos-simulator"))
            .args(["check", "--control", simulator.text("control"), "--jobs"])
            .arg(file.path())
            .output()
            .unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let right = run(serde_json::json!([job(0, true), job(1, true)]));
    assert_eq!(right, (Some(0), "2 of 2 devices ended as the scenario says\n".to_owned()));
    let (code, text) = run(serde_json::json!([job(0, true), job(1, false)]));
    assert_eq!(code, Some(1));
    assert!(text.contains("expected completed, ready for install, found completed\n"), "{text}");
    assert!(text.ends_with("1 of 2 devices ended as the scenario says\n"), "{text}");
}

#[test]
fn the_catalogue_holds_the_hash_that_a_device_reports() {
    let simulator = Simulator::start(&["--devices", "1", "--check-time", "0s"]);
    let output = Command::new(env!("CARGO_BIN_EXE_panos-simulator"))
        .args(["catalogue", "--control", simulator.text("control")])
        .output()
        .unwrap();
    let catalogue = String::from_utf8(output.stdout).unwrap();
    assert_eq!(catalogue.lines().next(), Some("version,filename,sha256"));
    let row = catalogue.lines().find(|line| line.starts_with("11.1.4-h7,")).unwrap();
    let (filename, sha256) = row.split_once(',').unwrap().1.split_once(',').unwrap();
    let check = "type=op&cmd=<request><system><software><check/></software></system></request>";
    let list = simulator.post("127.21.0.1", check).unwrap();
    assert!(list.contains(filename) && list.contains(sha256), "{row}");
}
