//! The ledger dies, stands still, is slow, has no connection left. Nobody claims meanwhile; who cannot renew its
//! leases lets go of its devices before they run out.
//!
//! Promises: the server is there again, on its data, before anything is waited for. Leaves to others: a server that is
//! well behind a network that is not ([`network`](super::network)), and a ledger in one file
//! ([`embedded`](super::embedded)).

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use e2e::checker::Allowed;
use rand::RngExt;
use testkit::proxy::Proxy;
use tokio_postgres::NoTls;

use crate::fire::{self, Fire};
use crate::scenario::{Needs, Outcome, Scenario, Stage};

/// The name under which connections are taken away.
const TAKER: &str = "taker";

/// All of them.
pub const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "database-sigkill",
        fault: "PostgreSQL gets SIGKILL and is started again on its data",
        needs: Needs::Database,
        run: |stage| Box::pin(sigkill(stage)),
    },
    Scenario {
        name: "database-restart",
        fault: "PostgreSQL is restarted in order",
        needs: Needs::Database,
        run: |stage| Box::pin(restart(stage)),
    },
    Scenario {
        name: "database-sigstop",
        fault: "PostgreSQL stands still for longer than a lease, with its connections open",
        needs: Needs::Database,
        run: |stage| Box::pin(sigstop(stage)),
    },
    Scenario {
        name: "database-no-connection-left",
        fault: "somebody else takes every connection that PostgreSQL has",
        needs: Needs::Database,
        run: |stage| Box::pin(no_connection_left(stage)),
    },
    Scenario {
        name: "database-connections-cut",
        fault: "every connection to PostgreSQL is ended by the server, again and again",
        needs: Needs::Shared,
        run: |stage| Box::pin(connections_cut(stage)),
    },
    Scenario {
        name: "database-slow",
        fault: "every statement takes a fifth of a second more, and the table of jobs is locked for seconds",
        needs: Needs::Shared,
        run: |stage| Box::pin(slow(stage)),
    },
];

async fn sigkill(mut stage: Stage) -> anyhow::Result<Outcome> {
    let mut fire = Fire::light(&stage, fire::setup(&stage)).await?;
    fire.queue_rest().await?;
    stage.database()?.kill9()?;
    fire.lasts(stage.pick(Duration::from_secs(2), Duration::from_secs(6))).await;
    stage.database()?.start_again().await?;
    let recovered_in = fire.recovers().await?;
    fire.end(1, Some(recovered_in), &Allowed::nothing().after_a_fence()).await
}

async fn restart(mut stage: Stage) -> anyhow::Result<Outcome> {
    let mut fire = Fire::light(&stage, fire::setup(&stage)).await?;
    fire.queue_rest().await?;
    stage.database()?.stop().await?;
    stage.database()?.start_again().await?;
    let recovered_in = fire.recovers().await?;
    fire.end(1, Some(recovered_in), &Allowed::nothing().after_a_fence()).await
}

async fn sigstop(mut stage: Stage) -> anyhow::Result<Outcome> {
    let mut fire = Fire::light(&stage, fire::setup(&stage)).await?;
    fire.queue_rest().await?;
    stage.database()?.suspend()?;
    fire.lasts(stage.pick(Duration::from_secs(6), Duration::from_secs(10))).await;
    stage.database()?.resume()?;
    let recovered_in = fire.recovers().await?;
    fire.end(1, Some(recovered_in), &Allowed::nothing().after_a_fence()).await
}

/// Everything that is left is taken; then the workers lose theirs, and those are taken too.
async fn no_connection_left(mut stage: Stage) -> anyhow::Result<Outcome> {
    let mut fire = Fire::light(&stage, fire::setup(&stage)).await?;
    fire.queue_rest().await?;
    let url = format!("{}?application_name={TAKER}", stage.database()?.url());
    let mut taken = Vec::new();
    take_all(&url, &mut taken).await;
    let first = taken.first().context("no connection was left to take")?;
    let others = format!(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
         WHERE backend_type = 'client backend' AND application_name <> '{TAKER}'"
    );
    let n_ended: i64 = first.query_one(&others, &[]).await?.get(0);
    ensure!(n_ended > 0, "the workers had no connection");
    let until = Instant::now() + stage.pick(Duration::from_secs(6), Duration::from_secs(10));
    while Instant::now() < until {
        take_all(&url, &mut taken).await;
        fire.lasts(Duration::from_millis(100)).await;
    }
    drop(taken);
    let recovered_in = fire.recovers().await?;
    fire.end(2, Some(recovered_in), &Allowed::nothing().after_a_fence()).await
}

/// Connects until the server refuses.
async fn take_all(url: &str, taken: &mut Vec<tokio_postgres::Client>) {
    while let Ok((client, connection)) = tokio_postgres::connect(url, NoTls).await {
        tokio::spawn(async { drop(connection.await) });
        taken.push(client);
    }
}

async fn connections_cut(stage: Stage) -> anyhow::Result<Outcome> {
    let mut random = stage.random();
    let mut fire = Fire::light(&stage, fire::setup(&stage)).await?;
    fire.queue_rest().await?;
    let n_times = stage.pick(6, 20);
    for _ in 0..n_times {
        fire.servers()?.database.cut_connections().await?;
        fire.lasts(Duration::from_millis(random.random_range(20..700))).await;
    }
    let recovered_in = fire.recovers().await?;
    fire.end(n_times, Some(recovered_in), &Allowed::nothing().after_a_fence()).await
}

async fn slow(stage: Stage) -> anyhow::Result<Outcome> {
    let mut fire = Fire::lay(&stage, fire::setup(&stage)).await?;
    let servers = fire.servers()?;
    let proxy = Proxy::before(servers.database.url())?;
    let configuration = fire.configuration(proxy.url(), servers.host.url());
    for _ in 0..2 {
        fire.start_worker(Some(&configuration))?;
    }
    fire.burns().await?;
    proxy.delay(Duration::from_millis(100), Duration::from_millis(100));
    fire.queue_rest().await?;
    let n_locks = stage.pick(2, 3);
    for _ in 0..n_locks {
        let lock = fire.servers()?.database.lock_table("jobs").await?;
        fire.lasts(stage.pick(Duration::from_secs(2), Duration::from_secs(6))).await;
        lock.release().await?;
        fire.lasts(Duration::from_millis(500)).await;
    }
    proxy.heal().await?;
    let recovered_in = fire.recovers().await?;
    fire.end(1 + n_locks, Some(recovered_in), &Allowed::nothing().after_a_fence()).await
}
