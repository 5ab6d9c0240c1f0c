//! The brokers under test, and what the cases say often.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use common::broker::in_process::InProcessBroker;
use common::broker::rabbitmq::RabbitMq;
use common::broker::{
    Broker, Control, Controls, DeadDelivery, Delivery, EventFeed, LoggedEvent, WAKE_UP_SCHEMA, WakeUp,
    WakeUps,
};
use common::config::{self, BrokerConfig};
use common::domain::job::{JobId, JobType};
use common::ledger::sqlite::{SqliteLedger, Store};
use common::ledger::{DeadLetter, Ledger, NewDeadLetter, OutboxKind, OutboxRow, Settlement};
use lapin::{Channel, Connection, ConnectionProperties};
use tempfile::TempDir;
use testkit::rabbitmq::{RabbitMq as Node, VirtualHost};
use testkit::wait::wait_until;
use tokio::time::timeout;

/// Longest wait for something that must come. The embedded broker hides a dead consumer's delivery for 30 s.
pub const SOON: Duration = Duration::from_secs(45);

/// How long a test listens for what must not come.
pub const A_WHILE: Duration = Duration::from_millis(400);

/// A broker with data of its own.
pub trait Bench {
    /// A client as another process has one: it shares nothing with the others but the broker.
    fn client(&self) -> Arc<dyn Broker>;
}

/// The broker inside a SQLite file.
pub struct Embedded {
    directory: TempDir,
}

impl Embedded {
    pub async fn start() -> Self {
        let bench = Self { directory: tempfile::tempdir().unwrap() };
        SqliteLedger::open(&bench.path()).await.unwrap().migrate().await.unwrap();
        bench
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("ledger.sqlite")
    }

    fn store(&self) -> Store {
        Store::open(&self.path()).unwrap()
    }
}

impl Bench for Embedded {
    fn client(&self) -> Arc<dyn Broker> {
        Arc::new(InProcessBroker::new(self.store()))
    }
}

/// A virtual host on a private RabbitMQ.
pub struct Fleet {
    pub host: VirtualHost,
}

impl Fleet {
    pub async fn start() -> Self {
        Self { host: VirtualHost::create().await.unwrap() }
    }

    /// A channel past our own code, to look and to disturb.
    pub async fn channel(&self) -> (Connection, Channel) {
        channel(self.host.url()).await
    }
}

impl Bench for Fleet {
    fn client(&self) -> Arc<dyn Broker> {
        client(self.host.url())
    }
}

pub fn client(url: &str) -> Arc<dyn Broker> {
    Arc::new(RabbitMq::new(&settings(url)).unwrap())
}

/// The section `[broker]` with this URL, read as a program reads it.
pub fn settings(url: &str) -> BrokerConfig {
    let file = tempfile::NamedTempFile::with_suffix(".toml").unwrap();
    write(file.path(), url);
    config::load(Some(file.path()), []).unwrap().broker
}

fn write(path: &Path, url: &str) {
    let text = format!("[ledger]\nurl = \"postgres://a:b@localhost/c\"\n[broker]\nurl = \"{url}\"\n");
    std::fs::write(path, text).unwrap();
}

pub async fn channel(url: &str) -> (Connection, Channel) {
    let connection = Connection::connect(url, ConnectionProperties::default()).await.unwrap();
    let channel = connection.create_channel().await.unwrap();
    (connection, channel)
}

/// The wake-up of a job, as the ledger writes it.
pub fn wake_up(job: i64, job_type: JobType) -> OutboxRow {
    let wake_up = WakeUp {
        v: WAKE_UP_SCHEMA,
        job_id: JobId(job),
        job_type,
        serial: format!("{job:015}").parse().unwrap(),
        attempt: 1,
    };
    OutboxRow {
        id: job,
        kind: OutboxKind::WakeUp,
        job: JobId(job),
        job_type,
        message_id: format!("{job}:1"),
        routing_key: WakeUp::routing_key(job_type),
        body: wake_up.to_json(),
        traceparent: None,
    }
}

/// Wake-ups of downloads.
pub fn downloads(jobs: impl IntoIterator<Item = i64>) -> Vec<OutboxRow> {
    jobs.into_iter().map(|job| wake_up(job, JobType::DownloadOnly)).collect()
}

/// An event. Its body is its number.
pub fn event(id: i64) -> OutboxRow {
    OutboxRow {
        kind: OutboxKind::Event,
        message_id: format!("event-{id}"),
        routing_key: "evt.download_only.progress".into(),
        body: id.to_string(),
        ..wake_up(id, JobType::DownloadOnly)
    }
}

pub fn events(ids: impl IntoIterator<Item = i64>) -> Vec<OutboxRow> {
    ids.into_iter().map(event).collect()
}

/// Publishes rows that all must be confirmed.
pub async fn publish(broker: &dyn Broker, rows: &[OutboxRow]) {
    let settlement = broker.publish(rows).await.unwrap();
    let confirmed = rows.iter().map(|row| row.id).collect();
    assert_eq!(settlement, Settlement { confirmed, ..Settlement::default() });
}

/// The next delivery.
pub async fn next(wake_ups: &mut Box<dyn WakeUps>) -> Delivery {
    timeout(SOON, wake_ups.next()).await.expect("a delivery comes").unwrap()
}

/// The job of the next delivery, which is acked.
pub async fn next_job(wake_ups: &mut Box<dyn WakeUps>) -> i64 {
    let delivery = next(wake_ups).await;
    delivery.receipt.ack().await.unwrap();
    delivery.wake_up.unwrap().job_id.0
}

/// The jobs of the next `n` deliveries, acked one by one.
pub async fn next_jobs(wake_ups: &mut Box<dyn WakeUps>, n: usize) -> Vec<i64> {
    let mut jobs = Vec::new();
    for _ in 0..n {
        jobs.push(next_job(wake_ups).await);
    }
    jobs
}

pub async fn next_event(feed: &mut Box<dyn EventFeed>) -> LoggedEvent {
    timeout(SOON, feed.next()).await.expect("an event comes").unwrap()
}

/// The bodies of the next `n` events.
pub async fn next_events(feed: &mut Box<dyn EventFeed>, n: usize) -> Vec<i64> {
    let mut ids = Vec::new();
    for _ in 0..n {
        ids.push(next_event(feed).await.body.parse().unwrap());
    }
    ids
}

/// The next control.
pub async fn next_control(controls: &mut Box<dyn Controls>) -> Control {
    timeout(SOON, controls.next()).await.expect("a control comes").unwrap()
}

/// Waits until `n` dead letters are there.
pub async fn n_dead(broker: &dyn Broker, n: u64) {
    wait_until(format!("{n} dead letters are there"), SOON, async || {
        let found = broker.dead_depth().await.map_err(|error| error.to_string())?;
        if found == n { Ok(()) } else { Err(format!("{found} are there")) }
    })
    .await;
}

/// The one dead letter that is there.
pub async fn the_dead_one(broker: &dyn Broker) -> DeadDelivery {
    wait_until("a dead letter can be taken", SOON, async || {
        let mut taken = broker.take_dead(10).await.map_err(|error| error.to_string())?;
        let one = taken.pop().ok_or("there is none")?;
        if taken.is_empty() { Ok(one) } else { Err(format!("{} more", taken.len())) }
    })
    .await
}

/// A letter as the ledger keeps it.
pub fn kept(letter: &NewDeadLetter) -> DeadLetter {
    DeadLetter {
        id: 1,
        message_id: letter.message_id.clone(),
        routing_key: letter.routing_key.clone(),
        body: letter.body.clone(),
        size_bytes: letter.size_bytes,
        reason: letter.reason.clone(),
        died_at: letter.died_at,
        collected_at: letter.died_at,
        job: None,
    }
}

/// Waits until a broker publishes a row, which is confirmed.
pub async fn publishes_again(broker: &dyn Broker, row: &OutboxRow, within: Duration) {
    wait_until("publishing works again", within, async || {
        match broker.publish(std::slice::from_ref(row)).await {
            Ok(settlement) if settlement.confirmed == [row.id] => Ok(()),
            other => Err(format!("{other:?}")),
        }
    })
    .await;
}

/// Has the node write what it knows of its quorum queues and streams: it saves these registers 500 ms after a change
/// (`auto_save` in `ra_directory.erl` of rabbitmq/ra), and killed sooner it has lost a new queue itself (seen with
/// the stream on 3.10.8).
pub async fn new_queues_are_on_disk(node: &Node) {
    node.eval("[dets:sync(Table) || Table <- dets:all()]").await.unwrap();
}
