//! What devices, files and people write is shown by every command that lists or shows, and harms nobody's terminal.

use crate::bench::Bench;

/// Markup, a formula, a bell, a terminal sequence in two spellings, and a change of direction.
const HOSTILE: &str = "=<b>&\u{7}\u{1b}[2J\u{9b}31m\u{202e}|x";

/// Every command that shows what others wrote.
const COMMANDS: [&[&str]; 22] = [
    &["device", "list"],
    &["device", "show", "0001"],
    &["device", "status", "0001"],
    &["download", "status"],
    &["download", "status", "--watch"],
    &["download", "plan", "--offline", "--target", "11.1.4-h7"],
    &["download", "queue-all", "--target", "11.1.6", "--dry-run"],
    &["job", "list"],
    &["job", "show", "1"],
    &["fleet", "status"],
    &["worker", "list", "--all"],
    &["dead", "list"],
    &["hash", "list"],
    &["hash", "disputes"],
    &["hash", "mismatches", "--all"],
    &["path", "show", "0001", "--offline", "--target", "11.1.4-h7"],
    &["audit", "list"],
    &["audit", "list", "--device", "0001"],
    &["audit", "verify"],
    &["config", "show"],
    &["doctor"],
    &["device", "export", "--output-dir", "out"],
];

/// A fleet whose every free text is hostile, and long.
fn bench() -> Bench {
    let bench = Bench::new();
    let long = "m".repeat(10_000);
    let hostname = HOSTILE.replace('"', "");
    let file = bench.file(
        "fleet.csv",
        &format!("serial,hostname,mgmt_ip,current_version,model\n0001,\"{hostname}\",192.0.2.1,10.2.9,\"{hostname}{long}\"\n"),
    );
    bench.run(&["device", "import", &file]).expect(0);
    bench.run(&["download", "queue-all", "--target", "11.1.4-h7", "--reason", &format!("{HOSTILE}{long}")]);
    bench.run(&["download", "queue-all", "--target", "11.1.4-h7", "--reason", HOSTILE]);
    bench.run(&["job", "cancel", "1", "--reason", HOSTILE]);
    bench.run(&["fleet", "pause", "--reason", HOSTILE]);
    bench
}

fn is_harmful(c: char) -> bool {
    (c.is_control() && c != '\n') || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[test]
fn hostile_values_are_harmless_in_every_table_and_every_json() {
    let bench = bench();
    for command in COMMANDS {
        let table = bench.run(command);
        for text in [&table.stdout, &table.stderr] {
            assert!(!text.contains(is_harmful), "{command:?}: {text:?}");
        }
        let json = bench.run(&[command, &["--output", "json"]].concat());
        assert!(!json.stdout.contains(is_harmful), "{command:?}: {json:?}");
        assert_eq!(json.code, table.code, "{command:?}: {json:?} {table:?}");
        for value in serde_json::Deserializer::from_str(&json.stdout).into_iter::<serde_json::Value>() {
            value.unwrap_or_else(|error| panic!("{command:?}: {error}: {json:?}"));
        }
    }
    let device = bench.json(&["device", "show", "0001"]);
    assert_eq!(device["device"]["hostname"], HOSTILE, "JSON has what it was, escaped");
    let exported = std::fs::read_to_string(bench.path("out/standalone_devices.csv")).unwrap();
    assert!(exported.contains("'=<b>"), "{exported:?}");
}
