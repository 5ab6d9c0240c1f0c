//! Firewalls refuse, hang, reset, reboot, and all of it at once while a worker dies. They are left alone, waited for
//! and asked again; an image is asked for again only where the device has lost it.
//!
//! Promises: all devices are well again before the jobs are waited for, so that every job has to complete. Leaves to
//! others: devices that never are (the simulator's own scenarios, which the end-to-end tests play).

use std::time::{Duration, Instant};

use e2e::checker::Allowed;
use e2e::world::Setup;
use rand::RngExt;
use rand::seq::IndexedRandom;
use serde_json::{Value, json};

use super::workers::all_complete;
use crate::fire::{self, Fire};
use crate::scenario::{Needs, Outcome, Scenario, Stage};

/// All of them.
pub const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "devices-refuse",
        fault: "firewalls refuse connections for seconds during their downloads",
        needs: Needs::Shared,
        run: |stage| Box::pin(strike(stage, &["refuse"])),
    },
    Scenario {
        name: "devices-hang",
        fault: "firewalls accept connections and say nothing for seconds",
        needs: Needs::Shared,
        run: |stage| Box::pin(strike(stage, &["hang"])),
    },
    Scenario {
        name: "devices-reset",
        fault: "firewalls reset connections in place of an answer, also of the one to a download request",
        needs: Needs::Shared,
        run: |stage| Box::pin(strike(stage, &["reset", "answer_lost", "truncated_xml"])),
    },
    Scenario {
        name: "devices-reboot",
        fault: "firewalls reboot in the middle of their downloads and lose them",
        needs: Needs::Shared,
        run: |stage| Box::pin(strike(stage, &["reboot"])),
    },
    Scenario {
        name: "devices-all-at-once",
        fault: "firewalls refuse, hang, reset, forget jobs and reboot, and workers get SIGKILL meanwhile",
        needs: Needs::Shared,
        run: |stage| Box::pin(all_at_once(stage)),
    },
];

/// A device gets a short answer time, so that one that hangs is given up while it does.
fn setup(stage: &Stage) -> Setup {
    fire::setup(stage).set("firewall.connect_timeout", "2s").set("firewall.read_timeout", "3s")
}

/// One fault of that kind.
fn fault(kind: &str, lasts: &str) -> Value {
    match kind {
        "reboot" => json!({"kind": kind}),
        "answer_lost" | "job_forgotten" | "job_vanishes" => json!({"kind": kind, "count": 1}),
        other => json!({"kind": other, "for": lasts}),
    }
}

/// Half of the devices get one of these faults while their jobs run or wait.
async fn strike(stage: Stage, kinds: &[&str]) -> anyhow::Result<Outcome> {
    let mut random = stage.random();
    let mut fire = Fire::light(&stage, setup(&stage)).await?;
    fire.queue_rest().await?;
    let serials = fire.world.simulator.serials().await;
    let mut n_faults = 0;
    for serial in &serials {
        if !random.random_bool(0.5) {
            continue;
        }
        let kind = kinds.choose(&mut random).copied().unwrap_or("reset");
        fire.world.simulator.inject(serial, &fault(kind, stage.pick("4s", "6s"))).await;
        n_faults += 1;
    }
    let began = Instant::now();
    fire.lasts(stage.pick(Duration::from_secs(4), Duration::from_secs(6))).await;
    fire.world.simulator.heal_everywhere().await;
    fire.recovers().await?;
    let recovered_in = began.elapsed();
    all_complete(&mut fire).await?;
    fire.end(n_faults, Some(recovered_in), &Allowed::nothing().losing_downloads().after_a_kill()).await
}

async fn all_at_once(stage: Stage) -> anyhow::Result<Outcome> {
    const KINDS: [&str; 8] = [
        "refuse",
        "hang",
        "reset",
        "reboot",
        "answer_lost",
        "job_forgotten",
        "job_vanishes",
        "malformed_xml",
    ];
    let mut random = stage.random();
    let mut fire = Fire::light(&stage, setup(&stage)).await?;
    fire.queue_rest().await?;
    let serials = fire.world.simulator.serials().await;
    let (n_rounds, mut n_faults) = (stage.pick(3, 6), 0);
    for _ in 0..n_rounds {
        for serial in &serials {
            if !random.random_bool(0.3) {
                continue;
            }
            let kind = KINDS.choose(&mut random).copied().unwrap_or("reset");
            fire.world.simulator.inject(serial, &fault(kind, "2s")).await;
            n_faults += 1;
        }
        fire.lasts(Duration::from_millis(random.random_range(200..1_500))).await;
        fire.kill_worker(random.random_range(0..fire.n_workers()))?;
        fire.start_worker(None)?;
        n_faults += 1;
    }
    fire.world.simulator.heal_everywhere().await;
    let recovered_in = fire.recovers().await?;
    all_complete(&mut fire).await?;
    fire.end(n_faults, Some(recovered_in), &Allowed::nothing().losing_downloads().after_a_kill()).await
}
