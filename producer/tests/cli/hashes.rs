//! Trusted hashes: replaced and removed with a reason, and image files compared with them.

use common::domain::hash::Sha256Hex;
use serde_json::{Value, json};

use crate::bench::Bench;

#[test]
fn a_trusted_hash_is_replaced_and_removed_only_with_a_reason() {
    let bench = Bench::with_ledger();
    let [old, new] = [b"old", b"new"].map(|bytes| Sha256Hex::of(bytes).to_string());
    let add = ["hash", "add", "--version", "11.1.0", "--filename", "a", "--sha256"];
    bench.run(&[&add[..], &[&old]].concat()).expect(0);
    bench.run(&[&add[..], &[&new]].concat()).refused(2, &["two hashes for a of 11.1.0", "--replace"]);
    bench.run(&[&add[..], &[&new, "--replace"]].concat()).refused(2, &["--reason"]);
    let replace = [&add[..], &[&new, "--replace", "--reason", "vendor corrected it"]].concat();
    let replaced = bench.json(&replace);
    assert_eq!((&replaced["added"], &replaced["replaced"][0]["sha256"]), (&json!(1), &json!(old)));
    assert_eq!(bench.json(&["hash", "list"])["hashes"][0]["sha256"], json!(new));

    let file = bench.file("again.csv", &format!("version,filename,sha256\n11.1.0,a,{old}\n11.1.4,b,{new}\n"));
    bench.run(&["hash", "import", &file]).refused(2, &["two hashes"]);
    let ran = bench.run(&["hash", "import", &file, "--replace", "--reason", "CHG-2"]).expect(0);
    assert!(ran.stdout.ends_with("2 added, 1 of them in place of another, 0 existing\n"), "{ran:?}");

    let remove = ["hash", "remove", "--version", "11.1.0", "--filename", "a", "--reason", "typing error"];
    assert_eq!(bench.json(&remove)["removed"]["sha256"], json!(old));
    bench.run(&remove).refused(2, &["no hash is trusted for a of 11.1.0", "hash list"]);
    let trail = bench.run(&["audit", "list", "--device", "system"]).expect(0);
    for reason in ["vendor corrected it", "CHG-2", "typing error"] {
        assert!(trail.stdout.contains(reason), "{reason}: {trail:?}");
    }
}

#[test]
fn a_file_without_any_hash_is_told() {
    let bench = Bench::with_ledger();
    for (name, text) in [("empty.json", "[]"), ("empty.csv", "version,filename,sha256\n")] {
        let file = bench.file(name, text);
        bench.run(&["hash", "import", &file]).refused(2, &["there is no hash in it", "hint:"]);
    }
}

#[test]
fn image_files_are_compared_by_file_then_by_version() {
    let bench = Bench::with_ledger();
    let [good, of_version] = [b"good", b"bare"].map(|bytes| Sha256Hex::of(bytes).to_string());
    let file = bench.file(
        "t.csv",
        &format!("version,filename,sha256\n11.1.0,PanOS_440-11.1.0,{good}\n10.2.0,,{of_version}\n"),
    );
    bench.run(&["hash", "import", &file]).expect(0);
    for (name, bytes) in [
        ("PanOS_440-11.1.0", "good"),
        ("PanOS_vm-10.2.0", "bare"),
        ("PanOS_vm-11.1.0", "good"),
        ("notes.txt", "bare"),
    ] {
        bench.file(name, bytes);
    }
    bench.run(&["hash", "verify", "PanOS_440-11.1.0", "PanOS_vm-10.2.0"]).expect(0);
    let verify = [
        "hash",
        "verify",
        "PanOS_440-11.1.0",
        "PanOS_vm-11.1.0",
        "notes.txt",
        "PanOS_440-11.1.4",
        "--output",
        "json",
    ];
    let ran = bench.run(&verify).expect(1);
    let verified: Value = serde_json::from_str(&ran.stdout).unwrap();
    let outcomes: Vec<_> =
        verified["files"].as_array().unwrap().iter().map(|file| &file["outcome"]).collect();
    assert_eq!(outcomes, ["verified", "no_reference", "not_an_image_name", "unreadable"]);

    bench.file("PanOS_440-11.1.0", "tampered with");
    let ran = bench.run(&["hash", "verify", "PanOS_440-11.1.0"]).expect(1);
    assert!(ran.stdout.contains("MISMATCH") && ran.stdout.contains(&good), "{ran:?}");
}
