//! Servers that scenarios may break: started when the first scenario needs them, mended before the next one.
//!
//! Promises: a server is one scenario's at a time, and whole when a scenario gets it; one that cannot be mended is
//! replaced. Everything listens on loopback and ends with this process (`testkit`). Leaves to others: the servers
//! that all share, which nobody breaks.

use std::sync::Arc;

use testkit::ServerError;
use testkit::postgres::Postgres;
use testkit::rabbitmq::{Alarm, Cluster, RabbitMq};
use tokio::sync::{Mutex, OwnedMappedMutexGuard, OwnedMutexGuard};

use crate::scenario::{Needs, Stage};

/// `fsync`: what is committed survives a SIGKILL of the server also without it, only a crash of the machine needs
/// it (PostgreSQL documentation, "Reliability and the Write-Ahead Log"), and two cores have no time for it.
/// `max_connections`: few enough that a scenario can take them all, more than its workers open.
const DATABASE_SETTINGS: &[(&str, &str)] = &[("fsync", "off"), ("max_connections", "60")];

/// A server that is nobody else's until this is dropped.
pub type Held<T> = OwnedMappedMutexGuard<Option<T>, T>;

type Place<T> = Arc<Mutex<Option<T>>>;

/// What is there to break.
#[derive(Debug, Default)]
pub struct Pool {
    broker: Place<RabbitMq>,
    cluster: Place<Cluster>,
    database: Place<Postgres>,
}

impl Pool {
    /// Gives a stage the servers that its scenario needs. Waits while another scenario has them.
    ///
    /// # Errors
    /// When a server does not start.
    pub async fn furnish(&self, stage: &mut Stage, needs: Needs) -> Result<(), ServerError> {
        match needs {
            Needs::Shared => {}
            Needs::Broker => stage.broker = Some(self.broker().await?),
            Needs::Cluster => stage.cluster = Some(self.cluster().await?),
            Needs::Database => stage.database = Some(self.database().await?),
            Needs::Both => {
                // Always in this order, so that two that want both cannot wait for each other.
                stage.broker = Some(self.broker().await?);
                stage.database = Some(self.database().await?);
            }
        }
        Ok(())
    }

    /// Ends the servers that a need brought, once no scenario has them: three nodes take half of the memory and of
    /// the processors even when nobody asks them anything.
    pub async fn end(&self, needs: Needs) {
        match needs {
            Needs::Shared => {}
            Needs::Broker => *self.broker.lock().await = None,
            Needs::Cluster => *self.cluster.lock().await = None,
            Needs::Database => *self.database.lock().await = None,
            Needs::Both => {
                *self.broker.lock().await = None;
                *self.database.lock().await = None;
            }
        }
    }

    /// What the servers of a need wrote about themselves, by name. Called when no scenario has them.
    pub async fn logs(&self, needs: Needs) -> Vec<(&'static str, String)> {
        let mut logs = Vec::new();
        if matches!(needs, Needs::Broker | Needs::Both)
            && let Some(node) = self.broker.lock().await.as_ref()
        {
            logs.push(("rabbitmq", node.log_text()));
        }
        if matches!(needs, Needs::Cluster)
            && let Some(cluster) = self.cluster.lock().await.as_ref()
        {
            logs.extend(cluster.nodes.iter().map(|node| ("rabbitmq-node", node.log_text())));
        }
        if matches!(needs, Needs::Database | Needs::Both)
            && let Some(server) = self.database.lock().await.as_ref()
        {
            logs.push(("postgresql", server.log_text()));
        }
        logs
    }

    async fn broker(&self) -> Result<Held<RabbitMq>, ServerError> {
        let mut place = Arc::clone(&self.broker).lock_owned().await;
        let is_whole = match place.as_mut() {
            Some(node) => mend_broker(node).await.is_ok(),
            None => false,
        };
        if !is_whole {
            *place = None;
            *place = Some(RabbitMq::start().await?);
        }
        held(place, "RabbitMQ")
    }

    async fn cluster(&self) -> Result<Held<Cluster>, ServerError> {
        let mut place = Arc::clone(&self.cluster).lock_owned().await;
        let is_whole = match place.as_mut() {
            Some(cluster) => cluster.heal().await.is_ok(),
            None => false,
        };
        if !is_whole {
            *place = None;
            *place = Some(Cluster::start().await?);
        }
        held(place, "RabbitMQ, three nodes")
    }

    async fn database(&self) -> Result<Held<Postgres>, ServerError> {
        let mut place = Arc::clone(&self.database).lock_owned().await;
        let is_whole = match place.as_mut() {
            Some(server) => mend_database(server).await.is_ok(),
            None => false,
        };
        if !is_whole {
            *place = None;
            *place = Some(Postgres::start_with(DATABASE_SETTINGS).await?);
        }
        held(place, "PostgreSQL")
    }
}

/// Goes on, runs, and has no alarm.
async fn mend_broker(node: &mut RabbitMq) -> Result<(), ServerError> {
    if !node.is_running() {
        return node.start_again().await;
    }
    node.resume()?;
    for alarm in [Alarm::Memory, Alarm::Disk] {
        node.lift_alarm(alarm).await?;
    }
    Ok(())
}

/// Goes on, runs, and has nobody connected.
async fn mend_database(server: &mut Postgres) -> Result<(), ServerError> {
    match server.resume() {
        Ok(()) => server.cut_connections().await.map(drop),
        // It was killed or stopped.
        Err(_) => server.start_again().await,
    }
}

/// The place is filled: every caller has just seen to it.
fn held<T>(place: OwnedMutexGuard<Option<T>>, server: &'static str) -> Result<Held<T>, ServerError> {
    OwnedMutexGuard::try_map(place, Option::as_mut).map_err(|_| ServerError::WrongState {
        server,
        action: "use it",
        reason: "it was not started".to_owned(),
    })
}
