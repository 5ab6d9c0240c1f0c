//! What a test sees of the ledger, through the code that the programs use.
//!
//! Leaves to others: what has to hold there ([`checker`](crate::checker)).

use std::collections::BTreeMap;
use std::time::Duration;

use common::audit::{AuditAction, ChainHead, EntryBody};
use common::config;
use common::domain::device::Serial;
use common::domain::job::JobState;
use common::engine::Engine;
use common::ledger::{AttemptView, DeviceRecord, JobFilter, JobView, TrailFilter};
use rusqlite::OpenFlags;
use testkit::wait::wait_until;
use tokio_postgres::NoTls;

use crate::world::{LONG, SOON, World};

/// More entries than any chain of a test has.
const WHOLE_CHAIN: u32 = 100_000;

/// What a job has counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// Number of its last lease.
    pub lease_token: i64,
    /// Number of its last event.
    pub event_seq: i64,
}

impl World {
    /// The ledger and the broker that the programs use, opened by the test.
    pub async fn engine(&self) -> &Engine {
        let open = async || {
            let file = self.directory().join("config.toml");
            let config = config::load(Some(&file), []).unwrap();
            Engine::open(&config).await.unwrap()
        };
        self.engine.get_or_init(open).await
    }

    /// Every job, newest first.
    pub async fn jobs(&self) -> Vec<JobView> {
        self.engine().await.ledger.jobs(&JobFilter::default(), 100_000).await.unwrap()
    }

    /// The newest job of a device.
    pub async fn job_of(&self, serial: &str) -> JobView {
        let jobs = self.jobs().await;
        jobs.into_iter().find(|job| job.serial.as_str() == serial).unwrap_or_else(|| {
            panic!("device {serial} has no job");
        })
    }

    /// The serial of a device as the ledger knows it, and of its peer, for every HA pair; the smaller serial first.
    pub async fn pairs(&self) -> Vec<(Serial, Serial)> {
        let devices = self.engine().await.ledger.devices().await.unwrap();
        let pair =
            |device: &DeviceRecord| Some((device.device.serial.clone(), device.device.ha.peer()?.clone()));
        devices.iter().filter_map(pair).filter(|(one, other)| one < other).collect()
    }

    /// Every attempt of a device's newest job, oldest first.
    pub async fn attempts_of(&self, serial: &str) -> Vec<AttemptView> {
        let job = self.job_of(serial).await.id;
        self.engine().await.ledger.attempts(job).await.unwrap()
    }

    /// Every entry of an audit chain, oldest first: of a serial, or of `system`.
    pub async fn trail(&self, chain: &str) -> Vec<EntryBody> {
        let filter = TrailFilter { chain: Some(chain.to_owned()), job: None };
        let entries = self.engine().await.ledger.entries(&filter, None, WHOLE_CHAIN).await.unwrap();
        entries.iter().map(|entry| serde_json::from_slice(&entry.body).unwrap()).collect()
    }

    /// Where every chain ends: the same again when nothing was written.
    pub async fn heads(&self) -> Vec<ChainHead> {
        self.engine().await.ledger.heads(None, WHOLE_CHAIN).await.unwrap()
    }

    /// The entries of a chain that say this.
    pub async fn told(&self, chain: &str, action: AuditAction) -> Vec<EntryBody> {
        self.trail(chain).await.into_iter().filter(|entry| entry.action == action).collect()
    }

    /// Waits until a chain has an entry that says this.
    pub async fn until_told(&self, chain: &str, action: AuditAction) -> EntryBody {
        wait_until(format!("{chain} tells of {action:?}"), SOON, async || {
            let entries = self.trail(chain).await;
            let words: Vec<_> = entries.iter().map(|entry| entry.action).collect();
            entries.into_iter().find(|entry| entry.action == action).ok_or_else(|| format!("{words:?}"))
        })
        .await
    }

    /// Waits until the jobs are as wished, and returns them.
    pub async fn until_jobs(
        &self,
        what: &str,
        within: Duration,
        wish: impl Fn(&[JobView]) -> bool,
    ) -> Vec<JobView> {
        wait_until(what, within, async || {
            let jobs = self.jobs().await;
            if wish(&jobs) { Ok(jobs) } else { Err(in_words(&jobs)) }
        })
        .await
    }

    /// Waits until no job waits or runs.
    pub async fn until_all_ended(&self) {
        let ledger = &self.engine().await.ledger;
        wait_until("every job has ended", LONG, async || {
            let counts = ledger.counts(None).await.unwrap();
            let mut active = JobState::ALL.into_iter().filter(|state| !state.is_terminal());
            if active.all(|state| counts.by_state.get(&state).is_none_or(|n| *n == 0)) {
                Ok(())
            } else {
                Err(format!("{:?}", counts.by_state))
            }
        })
        .await;
    }

    /// The password of the broker's user, which every program of a fleet holds.
    pub fn broker_password(&self) -> Option<String> {
        let servers = self.servers.as_ref()?;
        let (login, _) = servers.host.url().split_once("://")?.1.split_once('@')?;
        // `guest` and its like are words of every log; only a password that is one can be looked for.
        login.split_once(':').map(|(_, password)| password.to_owned()).filter(|password| password.len() > 8)
    }

    /// What each job has counted, by number: the columns that no view shows.
    ///
    /// # Errors
    /// The ledger does not answer; the text says how.
    pub async fn counts(&self) -> Result<BTreeMap<i64, Count>, String> {
        let rows = self.numbers("SELECT id, lease_token, event_seq FROM jobs").await?;
        let count = |[id, lease_token, event_seq]: [i64; 3]| (id, Count { lease_token, event_seq });
        Ok(rows.into_iter().map(count).collect())
    }

    /// The leases of each job, oldest first.
    ///
    /// # Errors
    /// The ledger does not answer; the text says how.
    pub async fn tokens(&self) -> Result<BTreeMap<i64, Vec<i64>>, String> {
        let query = "SELECT job_id, lease_token, lease_token FROM attempts ORDER BY job_id, lease_token";
        let mut tokens: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
        for [job, token, _] in self.numbers(query).await? {
            tokens.entry(job).or_default().push(token);
        }
        Ok(tokens)
    }

    async fn numbers(&self, query: &str) -> Result<Vec<[i64; 3]>, String> {
        let Some(servers) = &self.servers else {
            return self.numbers_of_file(query).map_err(|error| format!("the ledger's file: {error}"));
        };
        let client = async {
            let (client, connection) = tokio_postgres::connect(servers.database.url(), NoTls).await?;
            tokio::spawn(connection);
            client.query(query, &[]).await
        };
        let rows = client.await.map_err(|error| format!("the ledger's rows: {error}"))?;
        Ok(rows.iter().map(|row| [row.get(0), row.get(1), row.get(2)]).collect())
    }

    fn numbers_of_file(&self, query: &str) -> Result<Vec<[i64; 3]>, rusqlite::Error> {
        let file = self.directory().join("ledger.sqlite");
        let connection = rusqlite::Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        let mut statement = connection.prepare(query)?;
        let rows = statement.query_map([], |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?]))?;
        rows.collect()
    }

    /// Every row of every table of a PostgreSQL ledger, as text.
    pub async fn rows(&self) -> String {
        let servers = self.servers.as_ref().expect("embedded has files, not rows");
        let (client, connection) = tokio_postgres::connect(servers.database.url(), NoTls).await.unwrap();
        let connection = tokio::spawn(connection);
        let tables = "SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public'";
        let mut text = String::new();
        for table in client.query(tables, &[]).await.unwrap() {
            let table: String = table.get(0);
            // Bytes are shown as hex: those of the audit bodies are what they say.
            let rows = client.query(&format!("SELECT to_jsonb(t)::text FROM {table} t"), &[]).await.unwrap();
            for row in rows {
                text += &format!("{table}: {}\n", row.get::<_, String>(0));
            }
            if table == "audit" {
                let bodies = "SELECT convert_from(body, 'UTF8') FROM audit";
                for row in client.query(bodies, &[]).await.unwrap() {
                    text += &format!("audit: {}\n", row.get::<_, String>(0));
                }
            }
        }
        drop(client);
        connection.await.unwrap().unwrap();
        text
    }
}

/// Jobs by state, for the message of a wait that took too long.
fn in_words(jobs: &[JobView]) -> String {
    let mut by_state: BTreeMap<JobState, usize> = BTreeMap::new();
    for job in jobs {
        *by_state.entry(job.state).or_default() += 1;
    }
    format!("{by_state:?}")
}
