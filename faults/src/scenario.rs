//! What a scenario is: a name, a fault in one sentence, the servers that it breaks, and a function.
//!
//! Promises: whatever a scenario chooses at random comes from [`Stage::random`], so that its seed chooses the same
//! again; its servers are nobody else's for as long as it runs. Leaves to others: running it
//! ([`runner`](crate::runner)), and what it breaks ([`scenarios`](crate::scenarios)).

use std::sync::Arc;
use std::time::Duration;

use crate::pool::Held;
use crate::shelf::Shelf;
use anyhow::Context;
use e2e::checker::Findings;
use e2e::servers::Servers;
use e2e::world::{Setup, Way, World};
use futures_util::future::LocalBoxFuture;
use rand::SeedableRng;
use rand::rngs::StdRng;
use testkit::postgres::{Database, Postgres};
use testkit::rabbitmq::{Cluster, RabbitMq, VirtualHost};

/// One fault, or one mixture of them, and the campaign that it strikes.
#[derive(Debug, Clone, Copy)]
pub struct Scenario {
    /// What it is asked for by: words with hyphens, at most [`NAME_LENGTH`](crate::table::NAME_LENGTH) letters.
    pub name: &'static str,
    /// What goes wrong, in one sentence.
    pub fault: &'static str,
    /// What it breaks besides its own processes.
    pub needs: Needs,
    /// Plays it. It has a thread and a runtime of its own, and so need not be `Send`.
    pub run: fn(Stage) -> LocalBoxFuture<'static, anyhow::Result<Outcome>>,
}

/// Servers of a scenario's own, which it may kill. Databases and virtual hosts are always its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// None.
    Shared,
    /// A node of RabbitMQ.
    Broker,
    /// Three nodes of RabbitMQ.
    Cluster,
    /// A PostgreSQL.
    Database,
    /// One node of RabbitMQ and a PostgreSQL.
    Both,
}

/// How much of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// A dozen devices and seconds: for every test run.
    Short,
    /// A hundred devices and more, and faults as long as the real ones.
    Full,
}

/// Where a scenario plays: its seed, its size and its servers.
#[derive(Debug)]
pub struct Stage {
    /// Every random choice follows from it.
    pub seed: u64,
    /// How much.
    pub size: Size,
    pub(crate) broker: Option<Held<RabbitMq>>,
    pub(crate) cluster: Option<Held<Cluster>>,
    pub(crate) database: Option<Held<Postgres>>,
    pub(crate) shelf: Shelf,
}

impl Stage {
    /// A stage without servers of its own.
    #[must_use]
    pub fn new(seed: u64, size: Size, shelf: Shelf) -> Self {
        Self { seed, size, broker: None, cluster: None, database: None, shelf }
    }

    /// The random numbers of this seed, from the first.
    #[must_use]
    pub fn random(&self) -> StdRng {
        StdRng::seed_from_u64(self.seed)
    }

    /// One of two, by size.
    #[must_use]
    pub fn pick<T>(&self, short: T, full: T) -> T {
        match self.size {
            Size::Short => short,
            Size::Full => full,
        }
    }

    /// A fleet with an empty ledger on the servers of this stage: those of its own, and else the shared ones.
    ///
    /// # Errors
    /// When a server refuses.
    pub async fn world(&self, setup: Setup) -> anyhow::Result<Arc<World>> {
        let database = match &self.database {
            Some(server) => Database::create_on(server).await?,
            None => Database::create().await?,
        };
        let host = match (&self.broker, &self.cluster) {
            (Some(node), _) => VirtualHost::create_on(node).await?,
            (None, Some(cluster)) => VirtualHost::create_on(&cluster.nodes[0]).await?,
            (None, None) => VirtualHost::create().await?,
        };
        let world = World::new_on(setup, Servers { database, host }).await;
        Ok(self.shelf.keep_world(world))
    }

    /// A fleet with an empty ledger in one file.
    pub async fn embedded(&self, setup: Setup) -> Arc<World> {
        self.shelf.keep_world(World::new(Way::Embedded, setup).await)
    }

    /// Where the output of programs is kept that no [`World`] started.
    #[must_use]
    pub fn shelf(&self) -> &Shelf {
        &self.shelf
    }

    /// Its own node of RabbitMQ.
    ///
    /// # Errors
    /// When the scenario did not ask for one.
    pub fn broker(&mut self) -> anyhow::Result<&mut RabbitMq> {
        self.broker.as_deref_mut().context("this scenario has no broker of its own")
    }

    /// Its own three nodes of RabbitMQ.
    ///
    /// # Errors
    /// When the scenario did not ask for them.
    pub fn cluster(&mut self) -> anyhow::Result<&mut Cluster> {
        self.cluster.as_deref_mut().context("this scenario has no cluster of its own")
    }

    /// Its own PostgreSQL.
    ///
    /// # Errors
    /// When the scenario did not ask for one.
    pub fn database(&mut self) -> anyhow::Result<&mut Postgres> {
        self.database.as_deref_mut().context("this scenario has no database server of its own")
    }
}

/// What came of a scenario.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Faults that were injected.
    pub n_faults: u32,
    /// Jobs that were under way or waiting, and were judged.
    pub n_jobs: u64,
    /// What should not be; empty when all is well.
    pub findings: Findings,
    /// From the end of the fault, or from the kill, until every job that had not ended was in good hands again: held
    /// by a living worker that claimed it since, or still had it all the time, or ended. Of several faults the
    /// longest. `None` where nothing had to recover.
    pub recovered_in: Option<Duration>,
}

impl Outcome {
    /// Adds what came of another part of the same scenario.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.n_faults += other.n_faults;
        self.n_jobs += other.n_jobs;
        self.findings.merge(other.findings);
        self.recovered_in = self.recovered_in.max(other.recovered_in);
        self
    }
}
