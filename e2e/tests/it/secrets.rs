//! Passwords and keys go to the boxes they are for and nowhere else: not into logs at trace level, messages, the
//! ledger's files or rows, events, or the audit trail, also while boxes repeat a key in what they answer.

use std::fs;

use serde_json::json;

use crate::invariants::Allowed;
use crate::world::{Login, Setup, Way, World};

both_ways!(a_password_stays_where_it_belongs, an_api_key_stays_where_it_belongs);

/// Every API key of PAN-OS, and of the simulator, begins like this, also one that a `keygen` made.
const KEY_PREFIX: &str = "LUFRPT";

async fn a_password_stays_where_it_belongs(way: Way) {
    nothing_leaks(way, Login::Password).await;
}

async fn an_api_key_stays_where_it_belongs(way: Way) {
    nothing_leaks(way, Login::ApiKey).await;
}

async fn nothing_leaks(way: Way, login: Login) {
    let setup = Setup::devices(6).login(login).set("log.level", "trace").set("worker.max_attempts", 2);
    let world = World::queued(way, setup).await;
    let serials: Vec<_> = world.simulator.devices().await.into_iter().map(|device| device.serial).collect();
    for (serial, fault) in serials.iter().zip([
        json!({"kind": "key_expired", "commands": ["job"]}),
        json!({"kind": "key_expired", "count": 1, "commands": ["software_check"]}),
        json!({"kind": "credentials_refused"}),
        json!({"kind": "forbidden_empty", "count": 1, "commands": ["system_info"]}),
        json!({"kind": "html", "commands": ["disk_space"]}),
    ]) {
        world.simulator.inject(serial, &fault).await;
    }
    world.work().await;
    everything_is_said(&world, &serials).await;

    let mut secrets = vec![world.simulator.ready().password.clone(), KEY_PREFIX.to_owned()];
    secrets.extend(world.broker_password());
    for (place, text) in places(&world).await {
        // A look that finds nothing proves something only where there is something to see.
        assert!(text.contains(&serials[5]), "{place} does not speak of device {}", serials[5]);
        for secret in &secrets {
            if let Some(at) = text.find(secret) {
                let from = text[..at].char_indices().rev().nth(200).map_or(0, |(at, _)| at);
                panic!("{place}: a secret ({login:?}) after: {}", &text[from..at]);
            }
        }
    }
    assert!(world.printed().contains("TRACE"), "the programs logged everything they can");
    world.invariants(&Allowed::nothing()).await;
}

/// Every command that shows something, and some that fail.
async fn everything_is_said(world: &World, serials: &[String]) {
    world.simulator.inject("panorama", &json!({"kind": "key_expired"})).await;
    world.cli(&["device", "discover"]).await.with_code(&[2, 3]);
    world.simulator.heal("panorama").await;
    for serial in serials {
        for command in [["device", "show"], ["device", "status"], ["path", "show"]] {
            world.cli(&[command[0], command[1], serial]).await;
        }
        let job = world.job_of(serial).await.id.to_string();
        world.cli(&["job", "show", &job]).await.ok();
    }
    for command in [
        &["config", "show"][..],
        &["config", "check"],
        &["device", "list"],
        &["job", "list"],
        &["download", "status"],
        &["download", "verify"],
        &["audit", "list"],
        &["audit", "export"],
    ] {
        world.cli(command).await;
    }
    let refused = world.cli(&["config", "set", "firewall.password", &world.simulator.ready().username]).await;
    refused.with_code(&[2]);
    let unreachable = world.program("panos-upgrade").env("PANOS_UPGRADE__PANORAMA__PORT", "1");
    world.run(unreachable, &["device", "discover"]).await.with_code(&[3]);
}

/// Where a secret could have ended up, with what is there.
async fn places(world: &World) -> Vec<(&'static str, String)> {
    let events = world.events_of(&world.jobs().await).await;
    let events = serde_json::to_string(&events).unwrap();
    let mut places = vec![("a program's output", world.printed()), ("an event", events)];
    match world.way() {
        Way::Embedded => {
            let files = fs::read_dir(world.directory()).unwrap().map(|entry| entry.unwrap().path());
            let ledger =
                files.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("ledger.sqlite"));
            let bytes: Vec<u8> = ledger.flat_map(|path| fs::read(path).unwrap()).collect();
            places.push(("the ledger's file", String::from_utf8_lossy(&bytes).into_owned()));
        }
        Way::Fleet => places.push(("the ledger's rows", world.rows().await)),
    }
    places
}
