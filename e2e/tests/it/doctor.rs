//! The doctor on a fleet that is well, and on one whose Panorama refuses the log-in.

use serde_json::{Value, json};

use e2e::checker::Allowed;
use e2e::world::{Setup, Way, World};

both_ways!(a_fleet_that_is_well_is_told_so_with_one_log_in);

async fn a_fleet_that_is_well_is_told_so_with_one_log_in(way: Way) {
    let world = World::discovered(way, Setup::devices(2)).await;
    let before = world.simulator.counters().await.devices["panorama"].commands["keygen"];
    let found = world.cli(&["doctor", "--output", "json"]).await;
    let after = world.simulator.counters().await.devices["panorama"].commands["keygen"];
    assert_eq!(after - before, 1, "one log-in");
    // The servers of tests are made for speed, and lose everything in a crash, which is told.
    let code = match way {
        Way::Embedded => 0,
        Way::Fleet => 1,
    };
    let found = found.with_code(&[code]).json();
    let login = finding(&found, "panorama", "login");
    assert_eq!(login["verdict"], "ok", "{login}");
    world.invariants(&Allowed::nothing()).await;
}

#[tokio::test]
async fn a_password_that_panorama_refuses_is_told_as_that_after_one_try() {
    let world = World::discovered(Way::Embedded, Setup::devices(2)).await;
    let wrong = world.configured(&[
        ("panorama.password", json!("not-the-password")),
        ("panorama.password_file", Value::Null),
    ]);
    let before = world.simulator.counters().await.devices["panorama"].commands["keygen"];
    let program = world.program_with("panos-upgrade", &wrong).args(["doctor", "--output", "json"]);
    let mut doctor = world.start(&program);
    assert_eq!(doctor.ended(e2e::world::SOON).await, 1);
    let found: Value = serde_json::from_str(&doctor.printed()).unwrap();
    let login = finding(&found, "panorama", "login");
    assert_eq!(login["verdict"], "fail", "{login}");
    let told = login["found"].as_str().unwrap();
    assert!(told.contains("keygen") && !told.contains("not-the-password"), "{told}");
    assert!(login["remedy"].is_string(), "{login}");
    let after = world.simulator.counters().await.devices["panorama"].commands["keygen"];
    assert_eq!(after - before, 1, "one log-in");
}

fn finding<'a>(found: &'a Value, area: &str, check: &str) -> &'a Value {
    let findings = found["findings"].as_array().unwrap();
    let is_it = |finding: &&Value| finding["area"] == area && finding["check"] == check;
    findings.iter().find(is_it).unwrap_or_else(|| panic!("{found:#}"))
}
