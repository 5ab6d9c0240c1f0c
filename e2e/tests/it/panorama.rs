//! A Panorama that refuses, hangs or talks nonsense: `device discover` says so in a sentence, holds little
//! memory, and leaves the inventory as it was.

use std::fs;

use serde_json::{Value, json};
use testkit::process::{Program, Stream};
use testkit::wait::wait_until;

use e2e::checker::Allowed;
use e2e::world::{SOON, Said, Setup, Way, World};

/// What the simulator sends where nothing else is asked for, in bytes.
const HUGE: u64 = 100 * 1024 * 1024;

#[tokio::test]
async fn a_panorama_that_talks_nonsense_changes_nothing() {
    let world = World::new(Way::Embedded, Setup::devices(5).set("firewall.read_timeout", "3s")).await;
    world.cli(&["device", "discover"]).await.ok();
    let inventory = inventory(&world).await;
    assert_eq!(
        inventory.as_array().or(inventory["devices"].as_array()).map(Vec::len),
        Some(5),
        "{inventory}"
    );

    for fault in [
        json!({"kind": "refuse"}),
        json!({"kind": "hang"}),
        json!({"kind": "reset"}),
        json!({"kind": "http_error", "status": 502}),
        json!({"kind": "credentials_refused"}),
        json!({"kind": "forbidden_empty"}),
        json!({"kind": "unauthorized"}),
        json!({"kind": "key_expired"}),
        json!({"kind": "session_timed_out"}),
        json!({"kind": "malformed_xml"}),
        json!({"kind": "truncated_xml"}),
        json!({"kind": "truncated_xml", "commands": ["devices"]}),
        json!({"kind": "empty"}),
        json!({"kind": "empty", "commands": ["devices"]}),
        json!({"kind": "html"}),
        json!({"kind": "html", "commands": ["devices"]}),
        json!({"kind": "huge_body", "bytes": HUGE}),
        json!({"kind": "huge_body", "bytes": HUGE, "commands": ["devices"]}),
        json!({"kind": "nested_xml", "depth": 1_000_000}),
        json!({"kind": "nested_xml", "depth": 1_000_000, "commands": ["devices"]}),
    ] {
        world.simulator.inject("panorama", &fault).await;
        let (said, peak_bytes) = watched(&world, world.program("panos-upgrade")).await;
        assert!(peak_bytes < HUGE, "{fault}: {peak_bytes} bytes in memory");
        is_refused(&fault.to_string(), &said, &world.simulator.ready().panorama.host);
        world.simulator.heal("panorama").await;
        assert_eq!(self::inventory(&world).await, inventory, "{fault}");
    }

    let found = world.cli(&["device", "discover"]).await.ok().json();
    assert_eq!(found["total"], 5, "{found}");
    for list in ["new", "changed", "gone"] {
        assert_eq!(found[list].as_array().unwrap().len(), 0, "{found}");
    }
    world.invariants(&Allowed::nothing()).await;
}

#[tokio::test]
async fn a_panorama_that_cannot_be_reached_or_trusted_is_named() {
    let world = World::new(Way::Embedded, Setup::devices(2)).await;
    let host = world.simulator.ready().panorama.host.clone();
    let wrong = world.write("wrong", "not-the-password");
    for (name, value) in [
        ("PANOS_UPGRADE__PANORAMA__PORT", "1"),
        ("PANOS_UPGRADE__PANORAMA__PASSWORD_FILE", wrong.to_str().unwrap()),
        // Its certificate is from a CA that no system knows.
        ("PANOS_UPGRADE__TLS__VERIFY", "system"),
    ] {
        let program = world.program("panos-upgrade").env(name, value);
        is_refused(name, &world.run(program, &["device", "discover"]).await, &host);
    }
    // An empty inventory is said to be one, with what to do about it.
    let target = world.simulator.ready().target.clone();
    let said = world.cli(&["download", "queue-all", "--target", &target]).await;
    assert!(said.text().contains("discover"), "{said:?}");
    assert_eq!(world.simulator.counters().await.n_downloads(), 0);
}

/// An exit code that says what it is, a sentence with the host, and no data.
fn is_refused(what: &str, said: &Said, host: &str) {
    assert!(matches!(said.code, 2 | 3), "{what}: {said:?}");
    assert!(said.stderr.contains(host), "{what}: {said:?}");
    assert!(said.stderr.contains("hint: "), "{what}: {said:?}");
    assert_eq!(said.stdout, "", "{what}");
}

async fn inventory(world: &World) -> Value {
    world.cli(&["device", "list"]).await.ok().json()
}

/// Runs `device discover`, and answers the most memory that it held as well.
async fn watched(world: &World, program: Program) -> (Said, u64) {
    let mut process = program.args(["--output", "json", "device", "discover"]).start().unwrap();
    let status = format!("/proc/{}/status", process.id());
    let mut peak_kib = 0;
    wait_until("`device discover` has ended", SOON, async || {
        if let Some(kib) = fs::read_to_string(&status).ok().as_deref().and_then(high_water_kib) {
            peak_kib = peak_kib.max(kib);
        }
        if process.is_running() { Err(format!("{peak_kib} KiB at most so far")) } else { Ok(()) }
    })
    .await;
    let code = process.wait(SOON).await.unwrap().code().unwrap();
    let (stdout, stderr) = (process.text(Stream::Stdout), process.text(Stream::Stderr));
    assert_eq!(world.way(), Way::Embedded);
    (Said { command: "device discover".to_owned(), code, stdout, stderr }, peak_kib * 1024)
}

/// `VmHWM:     1234 kB` of proc(5): the peak of what was resident.
fn high_water_kib(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}
