//! Everything at once: a seeded series of faults of all kinds, of which several may last at the same time.
//!
//! Promises: the same seed draws the same faults in the same order; how many of them strike, and when, is the
//! machine's matter. Leaves to others: each of them alone, which the other modules play.

use std::time::{Duration, Instant};

use e2e::checker::Allowed;
use rand::rngs::StdRng;
use rand::{Rng, RngExt};
use serde_json::json;
use testkit::proxy::Proxy;
use testkit::rabbitmq::Alarm;

use crate::fire::{self, Fire};
use crate::scenario::{Needs, Outcome, Scenario, Stage};
use crate::scenarios::broker::queues_are_on_disk;

/// All of them.
pub const SCENARIOS: &[Scenario] = &[Scenario {
    name: "everything-at-once",
    fault: "random faults of all kinds during a whole campaign, several at the same time",
    needs: Needs::Both,
    run: |stage| Box::pin(everything(stage)),
}];

/// Workers that are always there, one of them behind proxies.
const N_WORKERS: usize = 3;

/// What can be done next.
#[derive(Debug, Clone, Copy)]
enum Fault {
    WorkerKilled,
    WorkerStopped,
    BrokerKilled,
    BrokerStopped,
    BrokerConnectionsClosed,
    BrokerAlarm,
    DatabaseKilled,
    DatabaseStopped,
    DatabaseConnectionsCut,
    TableLocked,
    BrokerSilent,
    DatabaseSilent,
    DevicesReset,
    DevicesHang,
    DeviceReboots,
}

impl Fault {
    const ALL: [Self; 15] = [
        Self::WorkerKilled,
        Self::WorkerStopped,
        Self::BrokerKilled,
        Self::BrokerStopped,
        Self::BrokerConnectionsClosed,
        Self::BrokerAlarm,
        Self::DatabaseKilled,
        Self::DatabaseStopped,
        Self::DatabaseConnectionsCut,
        Self::TableLocked,
        Self::BrokerSilent,
        Self::DatabaseSilent,
        Self::DevicesReset,
        Self::DevicesHang,
        Self::DeviceReboots,
    ];
}

/// A campaign that every fault may meet.
struct Storm {
    stage: Stage,
    fire: Fire,
    broker: Proxy,
    database: Proxy,
    serials: Vec<String>,
    random: StdRng,
    rebooted: Vec<String>,
}

async fn everything(mut stage: Stage) -> anyhow::Result<Outcome> {
    let setup = fire::setup(&stage).download_time(stage.pick("5s", "8s")).set("firewall.read_timeout", "5s");
    let mut fire = Fire::lay(&stage, setup).await?;
    let servers = fire.servers()?;
    let (broker, database) = (Proxy::before(servers.host.url())?, Proxy::before(servers.database.url())?);
    let behind = fire.configuration(database.url(), &format!("{}?heartbeat=3", broker.url()));
    fire.start_worker(Some(&behind))?;
    for _ in 1..N_WORKERS {
        fire.start_worker(None)?;
    }
    let serials = fire.world.simulator.serials().await;
    fire.burns().await?;
    fire.queue_rest().await?;
    let random = stage.random();
    queues_are_on_disk(&mut stage, &fire).await?;
    let mut storm = Storm { stage, fire, broker, database, serials, random, rebooted: Vec::new() };
    let length = storm.stage.pick(Duration::from_secs(15), Duration::from_secs(45));
    let (began, mut n_faults) = (Instant::now(), 0);
    while began.elapsed() < length {
        let fault = Fault::ALL[storm.random.random_range(0..Fault::ALL.len())];
        storm.strike(fault).await?;
        n_faults += 1;
        storm.passes(0..800).await;
    }
    storm.calms().await?;
    let Storm { fire, rebooted, .. } = storm;
    let recovered_in = fire.recovers().await?;
    let allowed = Allowed::nothing().after_a_kill().asking_again(rebooted.iter().map(String::as_str));
    fire.end(n_faults, Some(recovered_in), &allowed).await
}

impl Storm {
    async fn strike(&mut self, fault: Fault) -> anyhow::Result<()> {
        match fault {
            Fault::WorkerKilled => {
                let place = self.random.random_range(0..self.fire.n_workers());
                self.fire.kill_worker(place)?;
                self.fire.start_worker(None)?;
            }
            Fault::WorkerStopped => {
                let place = self.random.random_range(0..self.fire.n_workers());
                self.fire.worker(place).suspend()?;
                self.passes(500..7000).await;
                self.fire.worker(place).resume()?;
            }
            Fault::BrokerKilled => {
                self.stage.broker()?.kill9()?;
                self.passes(0..2000).await;
                self.stage.broker()?.start_again().await?;
            }
            Fault::BrokerStopped => {
                self.stage.broker()?.suspend()?;
                self.passes(500..5000).await;
                self.stage.broker()?.resume()?;
            }
            Fault::BrokerConnectionsClosed => drop(self.fire.servers()?.host.close_connections().await?),
            Fault::BrokerAlarm => {
                self.stage.broker()?.raise_alarm(Alarm::Memory).await?;
                self.passes(500..3000).await;
                self.stage.broker()?.lift_alarm(Alarm::Memory).await?;
            }
            Fault::DatabaseKilled => {
                self.stage.database()?.kill9()?;
                self.passes(0..2000).await;
                self.stage.database()?.start_again().await?;
            }
            Fault::DatabaseStopped => {
                self.stage.database()?.suspend()?;
                self.passes(500..6000).await;
                self.stage.database()?.resume()?;
            }
            Fault::DatabaseConnectionsCut => drop(self.stage.database()?.cut_connections().await?),
            Fault::TableLocked => {
                let lock = self.fire.servers()?.database.lock_table("jobs").await?;
                self.passes(200..3000).await;
                lock.release().await?;
            }
            // These two go on while others strike, until one of them strikes again.
            Fault::BrokerSilent => turn(&self.broker, &mut self.random).await?,
            Fault::DatabaseSilent => turn(&self.database, &mut self.random).await?,
            Fault::DevicesReset => self.some_devices("reset").await,
            Fault::DevicesHang => self.some_devices("hang").await,
            Fault::DeviceReboots => {
                let serial = self.serials[self.random.random_range(0..self.serials.len())].clone();
                self.fire.world.simulator.inject(&serial, &json!({"kind": "reboot"})).await;
                self.rebooted.push(serial);
            }
        }
        Ok(())
    }

    /// A quarter of them, a few times each.
    async fn some_devices(&mut self, kind: &str) {
        for serial in &self.serials {
            if self.random.random_ratio(1, 4) {
                let count = self.random.random_range(1..3);
                self.fire.world.simulator.inject(serial, &json!({"kind": kind, "count": count})).await;
            }
        }
    }

    async fn passes(&mut self, millis: std::ops::Range<u64>) {
        let millis = self.random.random_range(millis);
        self.fire.lasts(Duration::from_millis(millis)).await;
    }

    /// All faults end.
    async fn calms(&mut self) -> anyhow::Result<()> {
        self.broker.heal().await?;
        self.database.heal().await?;
        self.fire.world.simulator.heal_everywhere().await;
        Ok(())
    }
}

/// Swallows everything, holds everything, or heals.
async fn turn(proxy: &Proxy, random: &mut impl Rng) -> anyhow::Result<()> {
    match random.random_range(0..3) {
        0 => proxy.black_hole(),
        1 => proxy.hold(),
        _ => proxy.heal().await?,
    }
    Ok(())
}
