//! The two ways to run: a ledger and the broker that goes with it.
//!
//! *Embedded* is a SQLite ledger and the broker inside it; *fleet* is PostgreSQL and RabbitMQ. Which one is
//! the configuration's choice; from here on nothing asks.
//!
//! Promises: an embedded engine is ready when it is open, file and schema included. A fleet's ledger has been
//! reached, but its schema is not looked at ([`Ledger::check`]), because migrating it is a step of its own; its
//! broker is connected to when it is first needed. Leaves to others: everything that is done with them.

use std::sync::Arc;

use crate::broker::in_process::InProcessBroker;
use crate::broker::rabbitmq::RabbitMq;
use crate::broker::{Broker, BrokerError};
use crate::config::{BrokerUrl, Config, LedgerUrl};
use crate::ledger::postgres::PostgresLedger;
use crate::ledger::sqlite::SqliteLedger;
use crate::ledger::{Ledger, LedgerError};

/// A ledger and the broker that goes with it.
#[derive(Clone)]
pub struct Engine {
    /// Where the truth lives.
    pub ledger: Arc<dyn Ledger>,
    /// What wakes and tells.
    pub broker: Arc<dyn Broker>,
}

impl Engine {
    /// Opens what `ledger.url` and `broker.url` name.
    ///
    /// # Errors
    /// [`EngineError::Ledger`] when the ledger cannot be opened; [`EngineError::Broker`] when the settings of the
    /// broker cannot be used; [`EngineError::Pair`] for two that do not go together, which a configuration that
    /// was loaded never names.
    pub async fn open(config: &Config) -> Result<Self, EngineError> {
        match (&config.ledger.url, &config.broker.url) {
            (LedgerUrl::Sqlite(path), BrokerUrl::Embedded) => {
                let ledger = SqliteLedger::open(path).await?;
                let broker = InProcessBroker::new(ledger.store().clone());
                Ok(Self { ledger: Arc::new(ledger), broker: Arc::new(broker) })
            }
            (LedgerUrl::Postgres(_), BrokerUrl::Amqp(_)) => Self::open_fleet(config).await,
            (LedgerUrl::Sqlite(_), BrokerUrl::Amqp(_)) => {
                Err(EngineError::Pair { ledger: "SQLite", broker: "RabbitMQ" })
            }
            (LedgerUrl::Postgres(_), BrokerUrl::Embedded) => {
                Err(EngineError::Pair { ledger: "PostgreSQL", broker: "embedded" })
            }
        }
    }

    async fn open_fleet(config: &Config) -> Result<Self, EngineError> {
        // The broker first: it only reads settings, and what is wrong with them shows without a server.
        let broker = RabbitMq::new(&config.broker)?;
        let settings = &config.ledger;
        let url =
            settings.postgres_url().ok_or(EngineError::Pair { ledger: "SQLite", broker: "RabbitMQ" })?;
        let ledger = PostgresLedger::connect(&url, settings.pool_size, settings.statement_timeout).await?;
        Ok(Self { ledger: Arc::new(ledger), broker: Arc::new(broker) })
    }
}

/// Why there is no engine.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The ledger.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The broker.
    #[error(transparent)]
    Broker(#[from] BrokerError),
    /// A ledger of one machine and a broker of a fleet, or the other way round.
    #[error(
        "a {ledger} ledger and a broker that is {broker} do not go together: `ledger.url` and `broker.url` are \
         sqlite:… and \"embedded\" for one machine, or postgres://… and amqp://… for a fleet"
    )]
    Pair {
        /// Kind of the ledger.
        ledger: &'static str,
        /// Kind of the broker.
        broker: &'static str,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;

    fn configuration(ledger: &str, broker: &str) -> Config {
        let file = tempfile::NamedTempFile::with_suffix(".toml").unwrap();
        let text = format!("[ledger]\nurl = \"{ledger}\"\n[broker]\nurl = \"{broker}\"\n");
        std::fs::write(file.path(), text).unwrap();
        config::load(Some(file.path()), []).unwrap()
    }

    #[tokio::test]
    async fn an_embedded_engine_is_ready_when_it_is_open_and_may_be_opened_twice() {
        let directory = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", directory.path().join("deep/ledger.sqlite").display());
        let config = configuration(&url, "embedded");
        let engine = Engine::open(&config).await.unwrap();
        engine.ledger.check().await.unwrap();
        engine.broker.check().await.unwrap();
        Engine::open(&config).await.unwrap().broker.check().await.unwrap();
    }

    #[tokio::test]
    async fn a_fleet_without_a_server_names_the_place_and_no_password() {
        let config = configuration("postgres://app:hush@127.0.0.1:1/ledger", "amqp://app:hush@127.0.0.1:1");
        let Err(error) = Engine::open(&config).await else { panic!("there is no server") };
        assert!(matches!(error, EngineError::Ledger(LedgerError::NotReachable { .. })), "{error}");
        assert!(error.to_string().contains("127.0.0.1"), "{error}");
        assert!(!error.to_string().contains("hush"), "{error}");
    }

    #[tokio::test]
    async fn two_that_do_not_go_together_are_refused() {
        let fleet = configuration("postgres://app:hush@127.0.0.1:1/ledger", "amqp://app:hush@127.0.0.1:1");
        let mut mixed = fleet;
        mixed.broker = config::BrokerConfig::default();
        assert!(matches!(Engine::open(&mixed).await, Err(EngineError::Pair { ledger: "PostgreSQL", .. })));
    }
}
