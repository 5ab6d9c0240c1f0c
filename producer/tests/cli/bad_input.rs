//! Bad input gets a sentence with the place and the remedy and a code other than 0, and harms nothing.

use crate::bench::Bench;

const HASH: &str = "1b036cf4c43b72e665bd14f8bd6249c2ac6a7ee5f169c2aa2cf498ef5e32c192";
const OTHER: &str = "037148da8f60af782f3397591a85d18ef990999a04442db4ea46afb76c94c913";

#[test]
fn an_unknown_key_is_named_with_its_line_and_every_other_problem_with_it() {
    let bench = Bench::new();
    let file = bench.file("config.toml", "[worker]\nconcurency = 5\n\n[lease]\nttl = \"soon\"\n");
    let ran = bench.run(&["--config", &file, "device", "list"]);
    ran.refused(
        2,
        &["2 problems", "worker.concurency ([home]/config.toml:2)", "lease.ttl", "config.toml:5", "hint:"],
    );
    assert!(!bench.ledger().exists(), "nothing was opened");
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let bench = Bench::new();
    bench.run(&["--config", "absent.toml", "config", "show"]).refused(2, &["absent.toml", "hint:"]);
    for command in [
        &["device", "import", "absent.csv"][..],
        &["download", "from-csv", "absent.csv", "--target", "11.1.0"],
        &["download", "queue-all", "--paths", "absent.csv"],
        &["hash", "import", "absent.csv"],
        &["path", "validate", "absent.csv"],
    ] {
        bench.run(command).refused(2, &["cannot read absent.csv", "hint: check the path"]);
    }
    std::fs::write(bench.path("latin.csv"), b"serial\n\xff\n").unwrap();
    bench.run(&["device", "import", "latin.csv"]).refused(2, &["latin.csv, line 2: not UTF-8"]);
}

#[test]
fn a_bad_line_is_told_and_the_others_are_imported() {
    let bench = Bench::new();
    let file = bench.file(
        "fleet.csv",
        "serial,mgmt_ip,current_version\n0001,192.0.2.1,10.2.9\nunknown,,\n0003,a b,\n0004,,eleven\n0001,,\n0006,,\n",
    );
    let ran = bench.run(&["device", "import", &file]).expect(1);
    for line in
        ["line 3: ", "line 4: mgmt_ip", "line 5: current_version", "line 6: serial 0001 stands on line 2"]
    {
        assert!(ran.stdout.contains(line), "{line}: {ran:?}");
    }
    let devices = bench.json(&["device", "list"]);
    let serials: Vec<_> =
        devices["devices"].as_array().unwrap().iter().map(|device| &device["serial"]).collect();
    assert_eq!(serials, ["0001", "0006"]);

    let file = bench.file("window.csv", "serial\n0001\n9999\n\n!\n");
    let ran = bench.run(&["download", "from-csv", &file, "--target", "11.1.4-h7"]).expect(1);
    assert!(ran.stdout.contains("1 created, 0 existing, 0 conflict, 2 errors"), "{ran:?}");
    assert!(ran.stdout.contains("line 3: not in the inventory") && ran.stdout.contains("line 5"), "{ran:?}");

    let file = bench.file("names.csv", "name\nedge-1\n");
    bench.run(&["device", "import", &file]).refused(2, &["names.csv, line 1: no column `serial`", "hint:"]);
}

#[test]
fn what_does_not_parse_is_quoted_with_what_would_do() {
    let bench = Bench::with_fleet();
    for (command, words) in [
        (&["download", "queue-all", "--target", "eleven"][..], &["--target: `eleven`", "11.1.4-h7"][..]),
        (&["path", "show", "10.1.x", "--target", "11.1.0"], &["`10.1.x`", "MAJOR.MINOR.PATCH"]),
        (&["device", "list", "--select", "colour=red"], &["--select:", "character 1", "hostname", "hint:"]),
        (&["job", "list", "--state", "done"], &["--state: unknown job state `done`", "completed"]),
        (&["device", "show", "9999"], &["device 9999 is not in the inventory", "device discover"]),
        (&["device", "status", "no serial"], &["`no serial`", "hint:"]),
        (&["audit", "list", "--device", "9999"], &["9999"]),
        (&["job", "list", "--device", "9999"], &["9999"]),
        (&["job", "show", "4711"], &["there is no job 4711", "job list"]),
        (&["job", "cancel", "4711", "--reason", "x"], &["there is no job 4711"]),
        (&["job", "retry", "4711"], &["there is no job 4711"]),
        (&["download", "queue-all"], &["no goal", "--target VERSION", "--paths FILE", "plan.target"]),
    ] {
        bench.run(command).refused(2, words);
    }
    assert_eq!(bench.json(&["job", "list"])["jobs"].as_array().unwrap().len(), 0);
}

#[test]
fn a_catalogue_with_two_hashes_for_one_file_is_refused_whole_with_both_places() {
    let bench = Bench::with_ledger();
    let twice = format!("version,filename,sha256\n11.1.0,a,{HASH}\n11.1.0,a,{OTHER}\n11.1.4,b,beef\n");
    let file = bench.file("twice.csv", &twice);
    bench.run(&["hash", "import", &file]).refused(
        2,
        &[
            "2 problems, nothing was changed",
            "line 2",
            "line 3",
            HASH,
            OTHER,
            "line 4",
            "64 hex digits, found 4",
        ],
    );
    assert_eq!(bench.json(&["hash", "list"])["hashes"].as_array().unwrap().len(), 0);

    let file = bench.file("good.csv", &format!("version,filename,sha256\n11.1.0,a,{HASH}\n"));
    let ran = bench.run(&["hash", "import", &file]).expect(0);
    assert_eq!(ran.stdout, "[home]/good.csv: 1 added, 0 existing\n");
    let add = ["hash", "add", "--version", "11.1.0", "--filename", "a", "--sha256"];
    bench
        .run(&[&add[..], &[OTHER]].concat())
        .refused(2, &["two hashes for a of 11.1.0", HASH, "good.csv, line 2", OTHER]);
    let ran = bench.run(&[&add[..], &[OTHER, "--output", "json"]].concat()).expect(2);
    let change: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((change["added"].as_u64(), &change["conflicts"][0]["trusted"]), (Some(0), &HASH.into()));
    bench.run(&[&add[..], &["12"]].concat()).refused(2, &["--sha256: a SHA-256 has 64 hex digits, found 2"]);
    let ran = bench.run(&[&add[..], &[HASH]].concat()).expect(0);
    assert_eq!(ran.stdout, "hash add: 0 added, 1 existing\n");
}

#[test]
fn users_are_set_together_beside_passwords_of_the_environment() {
    let bench = Bench::new();
    let password = bench.file("password", "hunter2");
    let environment = ["PANORAMA", "FIREWALL"].map(|of| format!("PANOS_UPGRADE__{of}__PASSWORD_FILE"));
    let environment = environment.each_ref().map(|name| (name.as_str(), password.as_str()));
    let set = ["config", "set", "panorama.username", "stager", "firewall.username"];
    bench.run_with(&set, &environment).refused(2, &["`firewall.username` has no value", "hint:"]);
    bench.run_with(&set[..4], &environment).refused(2, &["set firewall.username too"]);
    let ran = bench.run_with(&[&set[..], &["stager"]].concat(), &environment).expect(0);
    assert_eq!(ran.stdout.lines().count(), 2, "{ran:?}");
    bench.run_with(&["config", "set", "panorama.host", "panorama.example.com"], &environment).expect(0);
}

#[test]
fn every_problem_of_a_paths_file_is_told() {
    let bench = Bench::new();
    let file = bench.file("paths.json", r#"{"10.1.0": ["10.5.1"], "10.1.3": [], "x": ["11.1.0"]}"#);
    for command in [&["path", "validate", &file][..], &["download", "queue-all", "--paths", &file]] {
        bench.run(command).refused(2, &["paths.json", "there is no PAN-OS 10.5", "an empty list", "at `x`"]);
    }
    let file = bench.file("good.json", r#"{"10.1.0": ["10.2.0", "10.2.9"]}"#);
    let ran = bench.run(&["path", "validate", &file]).expect(0);
    assert!(ran.stdout.ends_with("good.json: 1 path, no problem\n"), "{ran:?}");
}

#[test]
fn a_secret_is_no_argument_and_is_not_repeated() {
    let bench = Bench::new();
    let ran = bench.run(&["config", "set", "firewall.password", "hunter2"]);
    assert!(!format!("{ran:?}").contains("hunter2"), "{ran:?}");
    ran.refused(2, &["PANOS_UPGRADE__FIREWALL__PASSWORD_FILE"]);
    bench.run(&["device", "discover", "--password", "x"]).refused(2, &["unexpected argument"]);

    let secrets =
        [("PANOS_UPGRADE__FIREWALL__API_KEY", "hunter2"), ("PANOS_UPGRADE__PANORAMA__API_KEY", "hunter2")];
    let ran = bench.run_with(&["config", "show", "--output", "json"], &secrets).expect(0);
    assert!(!format!("{ran:?}").contains("hunter2"), "{ran:?}");
    let shown: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let key = shown["keys"].as_array().unwrap().iter().find(|key| key["key"] == "firewall.api_key").unwrap();
    assert_eq!(
        (&key["value"], &key["origin"]),
        (&"(set)".into(), &"PANOS_UPGRADE__FIREWALL__API_KEY".into())
    );
}

#[test]
fn what_is_not_there_is_code_3_and_what_is_not_configured_code_2() {
    let bench = Bench::with_ledger();
    bench.run(&["device", "discover"]).refused(2, &["panorama.host is not set", "config set panorama.host"]);
    bench.run(&["work", "--until-idle"]).refused(2, &["firewall.username is not set", "API_KEY_FILE"]);

    // Port 1 of loopback: nobody listens, and the kernel says so at once.
    let panorama = [
        ("PANOS_UPGRADE__PANORAMA__HOST", "127.0.0.1"),
        ("PANOS_UPGRADE__PANORAMA__PORT", "1"),
        ("PANOS_UPGRADE__PANORAMA__API_KEY", "hunter2"),
    ];
    let ran = bench.run_with(&["device", "discover"], &panorama);
    assert!(!ran.stderr.contains("hunter2"), "{ran:?}");
    ran.refused(3, &["127.0.0.1:1: no answer", "hint:"]);
    let fleet = [
        ("PANOS_UPGRADE__LEDGER__URL", "postgres://app:hunter2@127.0.0.1:1/ledger"),
        ("PANOS_UPGRADE__BROKER__URL", "amqp://app:hunter2@127.0.0.1:1"),
    ];
    let ran = bench.run_with(&["download", "status"], &fleet);
    assert!(!ran.stderr.contains("hunter2"), "{ran:?}");
    ran.refused(3, &["127.0.0.1", "not reachable", "hint: check ledger.url"]);

    let ran = bench.run_with(&["config", "check", "--output", "json"], &panorama).expect(3);
    let checked: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let parts: Vec<_> =
        checked["parts"].as_array().unwrap().iter().map(|part| (&part["part"], &part["ok"])).collect();
    assert_eq!(format!("{parts:?}").matches("Bool(true)").count(), 2, "{ran:?}");
    assert_eq!(checked["ok"], false);
}
