//! One machine, one file: SQLite is ledger and broker, and several processes may work on it.
//!
//! Promises: the locker is a connection of its own, as a person's tool would have. Leaves to others: the single
//! process that dies ([`workers`](super::workers)).

use std::path::PathBuf;
use std::time::{Duration, Instant};

use e2e::checker::Allowed;
use rand::RngExt;
use rusqlite::Connection;

use crate::fire::{self, Fire};
use crate::scenario::{Needs, Outcome, Scenario, Stage};

/// All of them.
pub const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "embedded-one-of-two-killed",
        fault: "two processes work on one file, and one of them gets SIGKILL, again and again",
        needs: Needs::Shared,
        run: |stage| Box::pin(one_of_two_killed(stage)),
    },
    Scenario {
        name: "embedded-file-locked",
        fault: "somebody else holds the write lock of the file for seconds, longer than anybody waits for it",
        needs: Needs::Shared,
        run: |stage| Box::pin(file_locked(stage)),
    },
];

async fn one_of_two_killed(stage: Stage) -> anyhow::Result<Outcome> {
    let mut random = stage.random();
    let mut fire = Fire::lay_embedded(&stage, fire::setup(&stage)).await;
    fire.start_worker(None)?;
    fire.start_worker(None)?;
    fire.burns().await?;
    fire.queue_rest().await?;
    let n_kills = stage.pick(2, 5);
    let mut recovered_in = Duration::ZERO;
    for _ in 0..n_kills {
        fire.lasts(Duration::from_millis(random.random_range(0..800))).await;
        fire.kill_worker(random.random_range(0..fire.n_workers()))?;
        let killed_at = Instant::now();
        fire.start_worker(None)?;
        fire.recovers().await?;
        recovered_in = recovered_in.max(killed_at.elapsed());
    }
    fire.end(n_kills, Some(recovered_in), &Allowed::nothing().after_a_kill()).await
}

/// Longer than a lease, and with pauses in which a few statements get through.
async fn file_locked(stage: Stage) -> anyhow::Result<Outcome> {
    let mut random = stage.random();
    let mut fire = Fire::lay_embedded(&stage, fire::setup(&stage)).await;
    fire.start_worker(None)?;
    fire.start_worker(None)?;
    fire.burns().await?;
    fire.queue_rest().await?;
    let n_times = stage.pick(2, 3);
    let file = fire.world.directory().join("ledger.sqlite");
    for _ in 0..n_times {
        let length = stage.pick(Duration::from_secs(6), Duration::from_secs(8));
        let file = file.clone();
        tokio::task::spawn_blocking(move || lock(file, length)).await??;
        fire.lasts(Duration::from_millis(random.random_range(0..400))).await;
    }
    let recovered_in = fire.recovers().await?;
    fire.end(n_times, Some(recovered_in), &Allowed::nothing().after_a_fence()).await
}

/// `BEGIN IMMEDIATE` is the write lock; readers go on (SQLite documentation, "Transactions").
fn lock(file: PathBuf, length: Duration) -> rusqlite::Result<()> {
    let connection = Connection::open(file)?;
    connection.busy_timeout(Duration::from_secs(30))?;
    connection.execute_batch("BEGIN IMMEDIATE")?;
    std::thread::sleep(length);
    connection.execute_batch("ROLLBACK")
}
