//! Messages that come twice, late, in another order, or that are none of ours. A wake-up is never believed: it makes
//! a worker look, and what cannot be read ends as a dead letter with its reason.
//!
//! Promises: the broker has confirmed each of these messages, so that it was really there. Leaves to others: messages
//! that get lost ([`broker`](super::broker)).

use std::time::Duration;

use anyhow::{Context, ensure};
use common::broker::{WAKE_UP_SCHEMA, WakeUp, topology};
use common::domain::job::{JobId, JobType};
use common::ledger::DeadLetter;
use e2e::checker::Allowed;
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties};
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use serde_json::json;
use testkit::wait::poll_until;

use crate::fire::{self, Fire};
use crate::scenario::{Needs, Outcome, Scenario, Stage};

/// All of them.
pub const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "messages-shuffled",
        fault: "every wake-up comes several times, in any order, early and late",
        needs: Needs::Shared,
        run: |stage| Box::pin(shuffled(stage)),
    },
    Scenario {
        name: "messages-unreadable",
        fault: "messages that are corrupt, too large, of an unknown schema or another installation",
        needs: Needs::Shared,
        run: |stage| Box::pin(unreadable(stage)),
    },
    Scenario {
        name: "messages-flood",
        fault: "a thousand unreadable messages stand before the wake-ups",
        needs: Needs::Shared,
        run: |stage| Box::pin(flood(stage)),
    },
];

/// Messages of a flood.
const FLOOD: u64 = 1000;

/// A job that no ledger of a test has.
const FOREIGN: JobId = JobId(9_000_000_000);

async fn shuffled(stage: Stage) -> anyhow::Result<Outcome> {
    let mut random = stage.random();
    let mut fire = Fire::light(&stage, fire::setup(&stage)).await?;
    let post = Post::open(&fire).await?;
    fire.queue_rest().await?;
    let n_copies = stage.pick(3, 5);
    let mut wake_ups = Vec::new();
    for job in fire.jobs().await? {
        // The attempt in a message is for people; a wrong one is as good.
        wake_ups.extend((0..n_copies).map(|attempt| WakeUp {
            v: WAKE_UP_SCHEMA,
            job_id: job.id,
            job_type: job.job_type,
            serial: job.serial.clone(),
            attempt,
        }));
    }
    wake_ups.shuffle(&mut random);
    let pause = stage.pick(Duration::from_millis(60), Duration::from_millis(30));
    for wake_up in &wake_ups {
        post.send(wake_up.to_json().as_bytes(), &plain()).await?;
        fire.lasts(pause.mul_f64(random.random_range(0.0..2.0))).await;
    }
    let recovered_in = fire.recovers().await?;
    post.close().await;
    fire.end(u32::try_from(wake_ups.len())?, Some(recovered_in), &Allowed::nothing()).await
}

async fn unreadable(stage: Stage) -> anyhow::Result<Outcome> {
    let mut random = stage.random();
    let mut fire = Fire::light(&stage, fire::setup(&stage)).await?;
    let post = Post::open(&fire).await?;
    fire.queue_rest().await?;

    let mut messages = dead(&mut random);
    let n_dead = messages.len() as u64;
    messages.extend(harmless(&fire).await?);
    messages.shuffle(&mut random);
    for (body, properties) in &messages {
        post.send(body, properties).await?;
        fire.lasts(Duration::from_millis(random.random_range(0..100))).await;
    }
    let recovered_in = fire.recovers().await?;
    for letter in collected(&fire, n_dead).await? {
        if letter.reason.is_empty() {
            fire.saw("I8", format!("dead letter {} has no reason", letter.id));
        }
    }
    // Exit code 1: there is something for a person to do.
    let shown = fire.world.cli(&["dead", "list"]).await.with_code(&[1]).json();
    let n_shown = shown["letters"].as_array().map_or(0, Vec::len) as u64;
    ensure!(n_shown == n_dead, "`dead list` shows {n_shown} of {n_dead}: {shown}");
    post.close().await;
    fire.end(u32::try_from(messages.len())?, Some(recovered_in), &Allowed::nothing().with_dead_letters())
        .await
}

async fn flood(stage: Stage) -> anyhow::Result<Outcome> {
    let mut random = stage.random();
    let mut fire = Fire::light(&stage, fire::setup(&stage)).await?;
    let post = Post::open(&fire).await?;
    for number in 0..FLOOD {
        post.send(&noise(&mut random, number), &plain()).await?;
    }
    // They wait behind all of those.
    fire.queue_rest().await?;
    let recovered_in = fire.recovers().await?;
    collected(&fire, FLOOD).await?;
    post.close().await;
    fire.end(u32::try_from(FLOOD)?, Some(recovered_in), &Allowed::nothing().with_dead_letters()).await
}

/// What cannot be read, each in its way.
fn dead(random: &mut StdRng) -> Vec<(Vec<u8>, BasicProperties)> {
    let wake_up = WakeUp {
        v: WAKE_UP_SCHEMA,
        job_id: FOREIGN,
        job_type: JobType::DownloadOnly,
        #[expect(clippy::unwrap_used, reason = "a serial that is one")]
        serial: "007900000000001".parse().unwrap(),
        attempt: 1,
    };
    let whole = wake_up.to_json();
    let bodies = [
        Vec::new(),
        noise(random, 0),
        whole.as_bytes()[..random.random_range(1..whole.len())].to_vec(),
        vec![b' '; 70 * 1024],
        format!("{}{whole}", " ".repeat(1024 * 1024)).into_bytes(),
        json!({"v": 99, "job": "of the future"}).to_string().into_bytes(),
        json!({"v": WAKE_UP_SCHEMA, "job_id": 1, "type": "reboot", "serial": "1", "attempt": 1})
            .to_string()
            .into_bytes(),
        json!({"v": WAKE_UP_SCHEMA}).to_string().into_bytes(),
        format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000)).into_bytes(),
    ];
    bodies.into_iter().map(|body| (body, plain())).collect()
}

/// What can be read and means nothing: a job of another installation, one that a person has cancelled, one under a
/// false name, one that calls itself a picture.
async fn harmless(fire: &Fire) -> anyhow::Result<Vec<(Vec<u8>, BasicProperties)>> {
    let jobs = fire.jobs().await?;
    let last = jobs.first().context("there is no job")?;
    fire.world.cli(&["job", "cancel", &last.id.to_string(), "--reason", "chaos"]).await;
    let of = |job_id: JobId| WakeUp {
        v: WAKE_UP_SCHEMA,
        job_id,
        job_type: last.job_type,
        serial: last.serial.clone(),
        attempt: 1,
    };
    let other = jobs.last().context("there is no job")?;
    let picture = plain().with_content_type("image/png".into()).with_type("panos.picture.v7".into());
    let messages = [
        (of(FOREIGN), plain()),
        (of(JobId(-1)), plain()),
        (of(last.id), plain()),
        (of(other.id), plain()), // with the serial of another device
        (of(other.id), picture),
    ];
    Ok(messages
        .into_iter()
        .map(|(wake_up, properties)| (wake_up.to_json().into_bytes(), properties))
        .collect())
}

/// Bytes that are no JSON, and no two alike.
fn noise(random: &mut StdRng, number: u64) -> Vec<u8> {
    let length = random.random_range(1..400);
    let mut bytes: Vec<u8> = (0..length).map(|_| random.random_range(128..=255)).collect();
    bytes.extend(number.to_be_bytes());
    bytes
}

/// Waits until so many dead letters wait for a person in the ledger, and returns them.
async fn collected(fire: &Fire, n: u64) -> anyhow::Result<Vec<DeadLetter>> {
    let ledger = fire.ledger().await;
    poll_until(format!("{n} dead letters are collected"), fire.within(), async || {
        match ledger.n_dead().await.map_err(|error| error.to_string())? {
            found if found == n => Ok(()),
            found => Err(format!("{found} are")),
        }
    })
    .await?;
    Ok(ledger.dead_letters(None, 10).await?)
}

/// As a program of ours would say.
fn plain() -> BasicProperties {
    BasicProperties::default().with_content_type("application/json".into()).with_delivery_mode(2)
}

/// Somebody who may write to the exchange of wake-ups.
struct Post {
    connection: Connection,
    channel: Channel,
}

impl Post {
    async fn open(fire: &Fire) -> anyhow::Result<Self> {
        let connection =
            Connection::connect(fire.servers()?.host.url(), ConnectionProperties::default()).await?;
        let channel = connection.create_channel().await?;
        channel.confirm_select(ConfirmSelectOptions::default()).await?;
        Ok(Self { connection, channel })
    }

    /// Into the queue of the downloads, confirmed.
    async fn send(&self, body: &[u8], properties: &BasicProperties) -> anyhow::Result<()> {
        let key = WakeUp::routing_key(JobType::DownloadOnly);
        let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
        let publish =
            self.channel.basic_publish(topology::JOBS.into(), key.into(), options, body, properties.clone());
        let confirmation = publish.await?.await?;
        ensure!(confirmation.is_ack(), "the broker does not take a message: {confirmation:?}");
        Ok(())
    }

    async fn close(self) {
        // Best effort: it ends with the process.
        let _ = self.connection.close(200, "done".into()).await;
    }
}
