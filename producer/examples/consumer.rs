//! A consumer of the event feed to start from: RabbitMQ's stream and nothing of ours.
//!
//! ```text
//! AMQP_URL=amqp://user:password@broker:5672/%2F OFFSET_FILE=consumer.offset cargo run --example consumer
//! ```
//!
//! Prints every event once, one JSON text a line. What it shows:
//!
//! - **Its own place.** The offset of the last event that was dealt with is kept in a file, and the stream is read from
//!   behind it. It is written *after* the work: killed in between, some events come again, and none is lost.
//! - **Once.** An event that comes again has the same `id`. The last ten thousand are remembered here; a program that keeps what
//!   it makes of events in a database keeps their ids there, in the same transaction.
//! - **Gaps.** `jobsequence` counts the events of a job: a number too high means that one is missing.
//! - **Credit.** A stream sends as much as the prefetch allows; acknowledging gives it leave to send more, and takes nothing away.
//! - **Reconnects**, slower and slower, and gives up after [`TRIES`] in a row, so that whoever started it knows.
//!
//! Ctrl-C ends it. After the broker lost its disk the stream begins at 0 again: remove the file then.

use std::collections::{HashMap, HashSet, VecDeque};
use std::error::Error;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{env, fs, io};

use futures_util::StreamExt;
use lapin::message::Delivery;
use lapin::options::{BasicAckOptions, BasicConsumeOptions, BasicQosOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{Acker, Connection, ConnectionProperties};
use serde_json::Value;
use tokio::time::{sleep, timeout};

/// The log of events.
const STREAM: &str = "panos.events.log.v1";

/// Says where to begin, and in a delivery where it is.
const OFFSET: &str = "x-stream-offset";

/// Deliveries under way.
const PREFETCH: u16 = 100;

/// Events after which they are acknowledged together and the offset is kept.
const BATCH: usize = 50;

/// The offset is kept after this long without an event, too; and a broker that does not answer a call in ten times this is gone.
const QUIET: Duration = Duration::from_secs(1);

/// Attempts in a row to reach the broker before giving up.
const TRIES: u32 = 10;

/// Ids that are remembered.
const REMEMBERED: usize = 10_000;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

#[tokio::main]
async fn main() -> Result<()> {
    let url = env::var("AMQP_URL").unwrap_or_else(|_| "amqp://guest:guest@localhost:5672/%2F".to_owned());
    let file = env::var_os("OFFSET_FILE").map_or_else(|| PathBuf::from("consumer.offset"), PathBuf::from);
    let mut reader = Reader { offset: kept(&file)?, file, seen: Seen::default(), last: HashMap::new() };
    tokio::select! {
        ended = reader.run(&url) => ended,
        _ = tokio::signal::ctrl_c() => reader.keep(),
    }
}

struct Reader {
    file: PathBuf,
    /// Of the last event that was dealt with.
    offset: Option<i64>,
    seen: Seen,
    /// The highest number of every job.
    last: HashMap<i64, i64>,
}

impl Reader {
    /// Reads for ever, over as many connections as it takes.
    async fn run(&mut self, url: &str) -> Result<()> {
        let mut failed = 0;
        loop {
            let before = self.offset;
            let Err(error) = self.read(url).await else { continue };
            self.keep()?;
            // Reading is what shows that a connection was good.
            failed = if self.offset == before { failed + 1 } else { 1 };
            // Our output or our file: trying again would not help.
            if error.is::<io::Error>() || failed == TRIES {
                return Err(error);
            }
            let pause = Duration::from_millis(250 << failed.min(7));
            remark(&format!("interrupted ({error}), again in {pause:?}"));
            sleep(pause).await;
        }
    }

    /// Reads over one connection until it breaks.
    async fn read(&mut self, url: &str) -> Result<()> {
        let connecting = Connection::connect(url, ConnectionProperties::default());
        let connection = timeout(QUIET * 10, connecting).await??;
        let channel = timeout(QUIET * 10, connection.create_channel()).await??;
        channel.basic_qos(PREFETCH, BasicQosOptions::default()).await?;
        let mut arguments = FieldTable::default();
        let from = match self.offset {
            Some(offset) => AMQPValue::LongLongInt(offset + 1),
            None => AMQPValue::LongString("first".into()),
        };
        arguments.insert(OFFSET.into(), from);
        let consuming =
            channel.basic_consume(STREAM.into(), "".into(), BasicConsumeOptions::default(), arguments);
        let mut deliveries = timeout(QUIET * 10, consuming).await??;
        remark(&format!("reading behind offset {:?}", self.offset));

        let mut unacked: Option<Acker> = None;
        let mut n_unacked = 0;
        loop {
            match timeout(QUIET, deliveries.next()).await {
                Ok(Some(delivery)) => {
                    let delivery = delivery?;
                    self.take(&delivery)?;
                    unacked = Some(delivery.acker);
                    n_unacked += 1;
                }
                Ok(None) => return Err("the broker ended the consumer".into()),
                // Nothing for a second: a good time to put things away.
                Err(_) => n_unacked = BATCH,
            }
            if n_unacked >= BATCH {
                n_unacked = 0;
                if let Some(last) = unacked.take() {
                    self.keep()?;
                    timeout(QUIET * 10, last.ack(BasicAckOptions { multiple: true })).await??;
                }
            }
        }
    }

    /// Deals with one delivery.
    fn take(&mut self, delivery: &Delivery) -> Result<()> {
        let headers = delivery.properties.headers().as_ref();
        let offset = headers.and_then(|headers| headers.inner().get(OFFSET));
        let Some(AMQPValue::LongLongInt(offset)) = offset else {
            return Err("a delivery without an offset".into());
        };
        let event: Value = serde_json::from_slice(&delivery.data).unwrap_or_default();
        match (event["id"].as_str(), event["jobid"].as_i64(), event["jobsequence"].as_i64()) {
            (Some(id), Some(job), Some(number)) => {
                if self.seen.is_new(id) {
                    self.number(job, number);
                    // The work. It comes before the offset is kept.
                    writeln!(io::stdout(), "{event}")?;
                }
            }
            _ => remark(&format!("offset {offset} is no event")),
        }
        self.offset = Some(*offset);
        Ok(())
    }

    /// Tells a gap. The first event of a job that is seen begins its count.
    fn number(&mut self, job: i64, number: i64) {
        let last = self.last.entry(job).or_insert(number - 1);
        if number > *last + 1 {
            remark(&format!("job {job}: event {number} came, {} is missing", *last + 1));
        }
        *last = number.max(*last);
    }

    /// Keeps the offset, whole or not at all.
    fn keep(&self) -> Result<()> {
        if let Some(offset) = self.offset {
            let new = self.file.with_extension("new");
            fs::write(&new, offset.to_string())?;
            fs::rename(&new, &self.file)?;
        }
        Ok(())
    }
}

/// The offset that an earlier run kept.
fn kept(file: &Path) -> Result<Option<i64>> {
    match fs::read_to_string(file) {
        Ok(text) => Ok(Some(text.trim().parse()?)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The ids that came last.
#[derive(Default)]
struct Seen {
    ids: HashSet<String>,
    oldest: VecDeque<String>,
}

impl Seen {
    fn is_new(&mut self, id: &str) -> bool {
        if !self.ids.insert(id.to_owned()) {
            return false;
        }
        self.oldest.push_back(id.to_owned());
        if self.oldest.len() > REMEMBERED {
            self.oldest.pop_front().map(|old| self.ids.remove(&old));
        }
        true
    }
}

/// For whoever watches the consumer; what comes from outside is in quotes or a number.
fn remark(text: &str) {
    // Nobody may be listening, which is no reason to stop.
    let _ = writeln!(io::stderr(), "consumer: {text}");
}
