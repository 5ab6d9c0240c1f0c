//! The servers that a fleet is measured on: a PostgreSQL and a RabbitMQ of the benchmark's own, with their processes.
//!
//! Promises: `fsync` is on, as in production; settings are those that the packages deliver. Leaves to others: what is
//! kept there.

use anyhow::Context;
use e2e::servers::Servers;
use e2e::world::{Setup, Way, World};
use testkit::postgres::{Database, Postgres};
use testkit::rabbitmq::{RabbitMq, VirtualHost};
use tokio::sync::OnceCell;

use crate::findings::Taken;
use crate::meter::Meter;

/// Private servers, started when they are first asked for.
#[derive(Default)]
pub(crate) struct Hosts {
    running: OnceCell<(Postgres, RabbitMq)>,
}

/// What the servers take from a moment on.
pub(crate) struct HostMeters {
    postgres: Meter,
    rabbitmq: Meter,
}

impl Hosts {
    async fn running(&self) -> anyhow::Result<&(Postgres, RabbitMq)> {
        let start = async || {
            // Counts statements and their time; PostgreSQL's own measure of it costs a few percent.
            let settings = [("shared_preload_libraries", "pg_stat_statements"), ("max_connections", "200")];
            let (postgres, rabbitmq) = tokio::try_join!(Postgres::start_with(&settings), RabbitMq::start())?;
            Ok::<_, testkit::ServerError>((postgres, rabbitmq))
        };
        self.running.get_or_try_init(start).await.context("private servers")
    }

    /// An empty database and an empty virtual host.
    pub(crate) async fn servers(&self) -> anyhow::Result<Servers> {
        let (postgres, rabbitmq) = self.running().await?;
        let (database, host) =
            (Database::create_on(postgres).await?, VirtualHost::create_on(rabbitmq).await?);
        Ok(Servers { database, host })
    }

    /// A system of its own.
    pub(crate) async fn world(&self, way: Way, setup: Setup) -> anyhow::Result<World> {
        Ok(match way {
            Way::Embedded => World::new(way, setup).await,
            Way::Fleet => World::new_on(setup, self.servers().await?).await,
        })
    }

    /// Begins to measure the servers; an embedded system has none.
    pub(crate) async fn meters(&self, way: Way) -> anyhow::Result<Option<HostMeters>> {
        if way == Way::Embedded {
            return Ok(None);
        }
        let (postgres, rabbitmq) = self.running().await?;
        let (postgres, rabbitmq) =
            (postgres.id().context("no PostgreSQL")?, rabbitmq.id().context("no RabbitMQ")?);
        Ok(Some(HostMeters { postgres: Meter::begin(postgres)?, rabbitmq: Meter::begin(rabbitmq)? }))
    }
}

impl HostMeters {
    /// Adds what they took.
    pub(crate) fn tell(&self, circumstance: &str, taken: &mut Taken) -> anyhow::Result<()> {
        taken.used(self.postgres.used(format!("{circumstance}: PostgreSQL"))?);
        taken.used(self.rabbitmq.used(format!("{circumstance}: RabbitMQ"))?);
        Ok(())
    }
}
