//! Passwords and keys go to the boxes they are for and nowhere else: not into logs at trace level, messages, the
//! ledger's files or rows, events, or the audit trail, also while boxes repeat a key in what they answer.

use std::fs;

use serde_json::json;

use e2e::checker::Allowed;
use e2e::world::{Login, Setup, Way, World};

both_ways!(a_password_stays_where_it_belongs, an_api_key_stays_where_it_belongs);

/// Where `download verify` writes its CSV.
const REPORT: &str = "staged.csv";

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
    // Three of six refuse the log-in on purpose; nobody is to be held for it.
    let world = World::queued(way, setup.set("firewall.refusals_before_hold", 0)).await;
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

/// Every command that shows something, and some that fail, also in the middle of it.
async fn everything_is_said(world: &World, serials: &[String]) {
    world.simulator.inject("panorama", &json!({"kind": "key_expired"})).await;
    world.cli(&["device", "discover"]).await.with_code(&[2, 3]);
    world.simulator.heal("panorama").await;
    let target = world.simulator.ready().target.clone();
    for serial in serials {
        for command in [
            &["device", "show", serial][..],
            &["device", "status", serial],
            &["device", "cleanup", serial, "--dry-run"],
            &["device", "cleanup", serial, "--apply", "--reason", "CHG-4720"],
            &["path", "show", serial, "--target", &target],
        ] {
            world.cli(command).await;
        }
        let job = world.job_of(serial).await.id.to_string();
        world.cli(&["job", "show", &job]).await.ok();
        world.cli(&["job", "retry", &job, "--dry-run"]).await;
    }
    let report = world.directory().join(REPORT);
    let report = report.to_str().unwrap();
    let image = world.write("PanOS_vm-11.1.4-h7", "no image");
    let image = image.to_str().unwrap();
    let canary = world.simulator.ready().username.clone();
    for command in [
        &["config", "show"][..],
        &["config", "check"],
        &["device", "list"],
        &["device", "export", "--output-dir", world.directory().to_str().unwrap()],
        &["device", "discover"],
        &["device", "address", &serials[5], "--clear", "--reason", "CHG-4720"],
        &["job", "list"],
        &["download", "status"],
        &["download", "verify", "--report", report],
        &["download", "plan", "--target", &target],
        &["download", "plan", "--target", &target, "--refresh"],
        &["download", "queue-all", "--target", &target, "--dry-run"],
        &["fleet", "status"],
        &["fleet", "pause", "--reason", "CHG-4720"],
        &["fleet", "resume", "--reason", "CHG-4720"],
        &["hash", "list"],
        &["hash", "disputes"],
        &["hash", "mismatches", "--all"],
        &["hash", "verify", image],
        &["hash", "clear", &serials[5], "--version", &target, "--reason", "CHG-4720"],
        &["audit", "list"],
        &["audit", "list", "--device", "system"],
        &["audit", "verify"],
        &["audit", "export"],
        &["config", "set", "firewall.password", &canary],
        &["config", "set", "firewall.messages", &canary],
    ] {
        world.cli(command).await;
        world.page(command).await;
    }
    world.cli(&["config", "set", "firewall.password", &canary]).await.with_code(&[2]);
    let unreachable = world.program("panos-upgrade").env("PANOS_UPGRADE__PANORAMA__PORT", "1");
    world.run(unreachable, &["device", "discover"]).await.with_code(&[3]);
    // A person who looks for an error sets these.
    let shouting = world.program("panos-upgrade").env("RUST_BACKTRACE", "full").env("RUST_LOG", "trace");
    world.run(shouting.env("PANOS_UPGRADE__LOG__FORMAT", "json"), &["download", "verify"]).await;
    // What is wrong with a secret is told without it.
    let secret = world.simulator.ready().password.clone();
    let odd =
        world.program("panos-upgrade").env("PANOS_UPGRADE__FIREWALL__API_KEY", format!("{secret}\n\u{e9}"));
    world.run(odd, &["config", "check"]).await;
    let url = format!("postgres://panos:{secret}@127.0.0.1:1/panos");
    let nowhere = world.program("panos-upgrade").env("PANOS_UPGRADE__LEDGER__URL", url);
    world.run(nowhere, &["download", "status"]).await;
    let url = format!("amqp://panos:{secret}@127.0.0.1:1/panos");
    let nowhere = world.program("panos-upgrade").env("PANOS_UPGRADE__BROKER__URL", url);
    world.run(nowhere, &["config", "check"]).await;
}

/// Where a secret could have ended up, with what is there.
async fn places(world: &World) -> Vec<(&'static str, String)> {
    let events = world.events_of(&world.jobs().await).await;
    let events = serde_json::to_string(&events).unwrap();
    let report = fs::read_to_string(world.directory().join(REPORT)).unwrap();
    let mut places =
        vec![("a program's output", world.printed()), ("an event", events), ("a CSV report", report)];
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
