//! Partitions: the network between workers and their servers swallows everything, or refuses, or breaks off.
//!
//! A worker that cannot renew its leases must have let go of its devices before the ledger gives them to another; so
//! the silent partition, of which nobody is told, is the hard one.
//!
//! Promises: only workers are cut off; the checker and the servers themselves always reach each other. Leaves to
//! others: servers that die or stand still ([`broker`](super::broker), [`database`](super::database)), and nodes that
//! lose each other ([`cluster`](super::cluster)).

use std::path::PathBuf;
use std::time::Duration;

use anyhow::ensure;
use e2e::checker::Allowed;
use rand::RngExt;
use testkit::proxy::Proxy;
use testkit::wait::poll_until;
use tokio_postgres::NoTls;

use crate::fire::{self, Fire};
use crate::scenario::{Needs, Outcome, Scenario, Stage};

/// All of them.
pub const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "network-broker-silent",
        fault: "the network between one worker and the broker swallows everything",
        needs: Needs::Shared,
        run: |stage| {
            Box::pin(parted(stage, Parted { broker: true, database: false, all: false }, Cut::Silent))
        },
    },
    Scenario {
        name: "network-broker-reset",
        fault: "all workers are cut off from the broker, and refused, again and again",
        needs: Needs::Shared,
        run: |stage| {
            Box::pin(parted(stage, Parted { broker: true, database: false, all: true }, Cut::Refused))
        },
    },
    Scenario {
        name: "network-database-silent",
        fault: "the network between one worker and the ledger swallows everything for longer than a lease",
        needs: Needs::Shared,
        run: |stage| {
            Box::pin(parted(stage, Parted { broker: false, database: true, all: false }, Cut::Silent))
        },
    },
    Scenario {
        name: "network-database-reset",
        fault: "all workers are cut off from the ledger, and refused, again and again",
        needs: Needs::Shared,
        run: |stage| {
            Box::pin(parted(stage, Parted { broker: false, database: true, all: true }, Cut::Refused))
        },
    },
    Scenario {
        name: "network-both-silent",
        fault: "the network between all workers and both servers swallows everything for longer than a lease",
        needs: Needs::Shared,
        run: |stage| Box::pin(parted(stage, Parted { broker: true, database: true, all: true }, Cut::Silent)),
    },
    Scenario {
        name: "network-database-late",
        fault: "what one worker says to the ledger is held back for longer than a lease, and arrives then",
        needs: Needs::Shared,
        run: |stage| Box::pin(parted(stage, Parted { broker: false, database: true, all: false }, Cut::Late)),
    },
    Scenario {
        name: "relay-cut-before-settling",
        fault: "relays lose the ledger after the broker has their messages and before they can say so",
        needs: Needs::Shared,
        run: |stage| Box::pin(relay_cut(stage)),
    },
];

/// Between whom.
#[derive(Debug, Clone, Copy)]
struct Parted {
    broker: bool,
    database: bool,
    /// All workers, or one of two.
    all: bool,
}

/// How.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cut {
    /// Swallows everything; connections stay open.
    Silent,
    /// Holds everything back, and lets it go on afterwards.
    Late,
    /// Resets connections and refuses new ones.
    Refused,
}

/// A proxy before each of the two servers.
struct Network {
    broker: Proxy,
    database: Proxy,
}

impl Network {
    fn before(fire: &Fire) -> anyhow::Result<Self> {
        let servers = fire.servers()?;
        Ok(Self {
            broker: Proxy::before(servers.host.url())?,
            database: Proxy::before(servers.database.url())?,
        })
    }

    /// Of a worker that has to pass here. Two missed heartbeats are noticed within the fault.
    fn configuration(&self, fire: &Fire) -> PathBuf {
        fire.configuration(self.database.url(), &format!("{}?heartbeat=3", self.broker.url()))
    }

    fn parted(&self, parted: Parted) -> impl Iterator<Item = &Proxy> {
        let broker = parted.broker.then_some(&self.broker);
        broker.into_iter().chain(parted.database.then_some(&self.database))
    }
}

async fn parted(stage: Stage, parted: Parted, cut: Cut) -> anyhow::Result<Outcome> {
    let mut random = stage.random();
    let mut fire = Fire::lay(&stage, fire::setup(&stage)).await?;
    let network = Network::before(&fire)?;
    let behind = network.configuration(&fire);
    fire.start_worker(Some(&behind))?;
    fire.start_worker(parted.all.then_some(behind.as_path()))?;
    fire.burns().await?;
    fire.queue_rest().await?;
    let n_faults = match cut {
        Cut::Silent | Cut::Late => {
            for proxy in network.parted(parted) {
                match cut {
                    Cut::Silent => proxy.black_hole(),
                    Cut::Late | Cut::Refused => proxy.hold(),
                }
            }
            fire.lasts(stage.pick(Duration::from_secs(8), Duration::from_secs(12))).await;
            1
        }
        Cut::Refused => {
            let n_times = stage.pick(3, 6);
            for _ in 0..n_times {
                for proxy in network.parted(parted) {
                    proxy.refuse().await?;
                    proxy.cut().await?;
                }
                fire.lasts(Duration::from_millis(random.random_range(100..2500))).await;
                for proxy in network.parted(parted) {
                    proxy.heal().await?;
                }
                fire.lasts(Duration::from_millis(random.random_range(50..500))).await;
            }
            n_times
        }
    };
    for proxy in network.parted(parted) {
        proxy.heal().await?;
    }
    let recovered_in = fire.recovers().await?;
    let allowed = Allowed::nothing();
    // Without the broker alone, leases are renewed as ever.
    let allowed = if parted.database { allowed.after_a_fence() } else { allowed };
    fire.end(n_faults, Some(recovered_in), &allowed).await
}

/// Confirms come a second late. So there is a moment in which the broker has a message, a relay has taken its row,
/// and the row is there still: then the ledger is gone for that relay.
async fn relay_cut(stage: Stage) -> anyhow::Result<Outcome> {
    let mut fire = Fire::lay(&stage, fire::setup(&stage)).await?;
    let network = Network::before(&fire)?;
    let behind = network.configuration(&fire);
    fire.start_worker(Some(&behind))?;
    fire.burns().await?;
    fire.queue_rest().await?;
    network.broker.delay(Duration::ZERO, Duration::from_millis(1200));
    let mut n_cuts = 0;
    while n_cuts < stage.pick(2, 5) && rows_are_taken(&fire).await? {
        n_cuts += 1;
        let sent = network.broker.counts().to_server_bytes;
        poll_until("a relay publishes", fire.within(), async || {
            let now = network.broker.counts().to_server_bytes;
            // More than a heartbeat: eight bytes (AMQP 0-9-1, 4.2.7).
            if now > sent + 64 { Ok(()) } else { Err(format!("{} bytes", now - sent)) }
        })
        .await?;
        network.database.refuse().await?;
        network.database.cut().await?;
        fire.lasts(Duration::from_millis(1500)).await;
        network.database.heal().await?;
    }
    network.broker.heal().await?;
    let recovered_in = fire.recovers().await?;
    ensure!(n_cuts > 0, "no relay was seen at work");
    fire.end(n_cuts, Some(recovered_in), &Allowed::nothing().after_a_fence()).await
}

/// Waits until a relay holds rows of the outbox. Not so when all jobs have ended and all is told.
async fn rows_are_taken(fire: &Fire) -> anyhow::Result<bool> {
    let (client, connection) = tokio_postgres::connect(fire.servers()?.database.url(), NoTls).await?;
    let connection = tokio::spawn(connection);
    let look = "SELECT (SELECT count(*) FROM outbox WHERE taken_by IS NOT NULL),
                       (SELECT count(*) FROM outbox) + (SELECT count(*) FROM jobs WHERE ended_at IS NULL)";
    let are_taken = poll_until("a relay has taken rows of the outbox", fire.within(), async || {
        let row = client.query_one(look, &[]).await.map_err(|error| error.to_string())?;
        match (row.get::<_, i64>(0), row.get::<_, i64>(1)) {
            (0, 0) => Ok(false),
            (0, n) => Err(format!("none is, {n} rows and jobs are left")),
            _ => Ok(true),
        }
    })
    .await?;
    drop(client);
    connection.await??;
    Ok(are_taken)
}
