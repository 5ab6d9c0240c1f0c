//! Where results and the ledger are: a full disk, a mistyped path, a file that is something else.

use std::fs::File;
use std::process::{Command, Stdio};

use crate::bench::Bench;

#[test]
fn a_ledger_that_is_not_there_is_told_and_not_made() {
    let bench = Bench::new();
    for command in [
        &["download", "status"][..],
        &["device", "list"],
        &["job", "list"],
        &["hash", "list"],
        &["audit", "verify"],
        &["fleet", "status"],
        &["work", "--until-idle"],
        &["download", "queue-all", "--target", "11.1.0"],
    ] {
        bench.run(command).refused(2, &["there is no ledger at [home]/data", "device discover", "migrate"]);
        assert!(!bench.ledger().exists(), "{command:?} made one");
    }
    bench.run(&["migrate"]).expect(0);
    bench.run(&["download", "status"]).expect(0);
}

#[test]
fn a_file_that_is_no_ledger_is_named_and_left_alone() {
    let bench = Bench::new();
    let file = bench.file("notes.txt", &"not a database\n".repeat(100));
    let url = format!("sqlite:{file}");
    for command in [&["download", "status"][..], &["migrate"], &["config", "check"]] {
        let ran = bench.run_with(command, &[("PANOS_UPGRADE__LEDGER__URL", &url)]);
        assert_ne!(ran.code, 0, "{ran:?}");
        let said = format!("{}{}", ran.stdout, ran.stderr);
        assert!(said.contains("[home]/notes.txt cannot be used as a ledger"), "{ran:?}");
    }
    assert_eq!(std::fs::read_to_string(file).unwrap().lines().count(), 100);
}

#[test]
fn a_result_that_cannot_be_written_is_code_1_with_what_to_do() {
    let bench = Bench::with_fleet();
    let full = File::options().write(true).open("/dev/full").unwrap();
    let ran = Command::new(env!("CARGO_BIN_EXE_panos-upgrade"))
        .args(["device", "list"])
        .env_clear()
        .env("HOME", bench.path(""))
        .env("XDG_CONFIG_HOME", bench.path("config"))
        .env("XDG_DATA_HOME", bench.path("data"))
        .stdin(Stdio::null())
        .stdout(full)
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    let said = String::from_utf8(ran.stderr).unwrap();
    assert_eq!(ran.status.code(), Some(1), "{said}");
    assert!(said.contains("the result could not be written") && said.contains("hint:"), "{said}");
}

#[test]
fn a_bad_paths_file_is_told_to_programs_too() {
    let bench = Bench::new();
    let file = bench.file("paths.json", r#"{"10.1.0": ["10.5.1"], "10.1.3": ["10.2.0", "10.2.9"]}"#);
    let ran = bench.run(&["path", "validate", &file, "--output", "json"]).expect(2);
    let told: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(told["ok"], false);
    assert!(told["problems"][0].as_str().unwrap().contains("10.5"), "{told}");
    assert_eq!(told["problems"].as_array().unwrap().len(), 1);
}
