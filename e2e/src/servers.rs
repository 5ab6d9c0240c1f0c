//! Where a fleet keeps its ledger and its messages: a database and a virtual host of its own.
//!
//! Leaves to others: the servers they are on, which may be shared by all cases or belong to one that kills them.

use testkit::postgres::Database;
use testkit::rabbitmq::VirtualHost;

/// A database and a virtual host that belong to one world. They go with it.
#[derive(Debug)]
pub struct Servers {
    /// Holds the ledger.
    pub database: Database,
    /// Holds queues and the event log.
    pub host: VirtualHost,
}

impl Servers {
    /// On the servers that all tests share.
    pub async fn shared() -> Self {
        Self { database: Database::create().await.unwrap(), host: VirtualHost::create().await.unwrap() }
    }
}
