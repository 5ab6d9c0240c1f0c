//! A dashboard that serves a ledger with some devices.

use std::sync::Arc;
use std::time::Duration;

use common::broker::in_process::InProcessBroker;
use common::config::{Config, Secret};
use common::domain::device::{Device, Ha, Serial, Source};
use common::domain::job::{BatchId, JobSpec, JobType, PairMode, Requester};
use common::domain::path::Goal;
use common::engine::Engine;
use common::ledger::postgres::PostgresLedger;
use common::ledger::sqlite::SqliteLedger;
use common::ledger::{Batch, Completeness, Ledger};
use common::shutdown::Shutdown;
use dashboard::Server;
use reqwest::{Client, RequestBuilder, Response};
use serde_json::Value;
use tempfile::TempDir;
use testkit::postgres::Database;

pub const TOKEN: &str = "a-token-for-the-tests";

/// Which ledger.
#[derive(Clone, Copy)]
pub enum On {
    Sqlite,
    Postgres,
}

/// Stops its dashboard when it is dropped.
pub struct Bench {
    pub engine: Engine,
    pub server: Server,
    pub stop: Shutdown,
    pub client: Client,
    pub database: Option<Database>,
    _directory: TempDir,
}

pub fn serial(n: u32) -> Serial {
    format!("0079{n:08}").parse().unwrap()
}

pub fn operator() -> Requester {
    Requester { operator: "ann".to_owned(), host: "shell-1".to_owned(), reason: None }
}

impl Bench {
    pub async fn new(on: On) -> Self {
        Self::with(on, |_| ()).await
    }

    pub async fn with_token() -> Self {
        Self::with(On::Sqlite, |config| config.dashboard.token = Some(Secret::new(TOKEN))).await
    }

    pub async fn with(on: On, change: impl FnOnce(&mut Config)) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let file = SqliteLedger::open(&directory.path().join("ledger.sqlite")).await.unwrap();
        let broker = Arc::new(InProcessBroker::new(file.store().clone()));
        let (ledger, database): (Arc<dyn Ledger>, _) = match on {
            On::Sqlite => (Arc::new(file), None),
            On::Postgres => {
                let database = Database::create().await.unwrap();
                let url = Secret::new(database.url());
                let ledger = PostgresLedger::connect(&url, 4, Duration::from_secs(10)).await.unwrap();
                ledger.migrate().await.unwrap();
                (Arc::new(ledger), Some(database))
            }
        };
        let engine = Engine { ledger, broker };
        let mut config = Config::default();
        config.dashboard.listen = "127.0.0.1:0".parse().unwrap();
        change(&mut config);
        let stop = Shutdown::new();
        let server = Server::start(engine.clone(), &config, &stop).await.unwrap();
        // Which one is nobody's choice here: nothing speaks TLS.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(20))
            .build()
            .unwrap();
        Self { engine, server, stop, client, database, _directory: directory }
    }

    /// Devices 1 to `n`, each with a job; the first one has a hostile name.
    pub async fn fill(&self, n: u32) {
        let device = |n: u32| Device {
            serial: serial(n),
            hostname: if n == 1 { "<script>\"&\u{202e}\n".to_owned() } else { format!("edge-{n}") },
            address: Some(format!("192.0.2.{n}")),
            model: "PA-440".to_owned(),
            sw_version: "10.2.9".to_owned(),
            ha: Ha::Standalone,
            multi_vsys: false,
            connected: true,
            source: Source::Csv,
        };
        let devices: Vec<_> = (1..=n).map(device).collect();
        let ledger = &self.engine.ledger;
        ledger.record_devices(&devices, Source::Csv, Completeness::Complete, &operator()).await.unwrap();
        let wish = |n: u32| JobSpec {
            serial: serial(n),
            job_type: JobType::DownloadOnly,
            goal: Goal::Target("11.1.4-h7".parse().unwrap()),
            max_attempts: 3,
            retry_of: None,
            pair: PairMode::InTurn,
        };
        let batch = Batch { id: BatchId::new(), by: operator(), jobs: (1..=n).map(wish).collect() };
        ledger.enqueue(&batch).await.unwrap();
    }

    pub fn get(&self, path: &str) -> RequestBuilder {
        self.client.get(format!("{}{}", self.server.url(), path.trim_start_matches('/')))
    }

    pub async fn answer(&self, path: &str) -> Response {
        self.get(path).send().await.unwrap()
    }

    pub async fn json(&self, path: &str) -> (u16, Value) {
        let answer = self.answer(path).await;
        (answer.status().as_u16(), answer.json().await.unwrap())
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.stop.abort();
    }
}
