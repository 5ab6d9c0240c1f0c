//! Other people's programs read the feed: the examples that the documentation shows, as processes, on a real broker.
//!
//! Each is interrupted twice while a fleet drains: its connection is cut, and it is killed. Started again it goes on
//! from the offset that it kept, and in the end it has every event of the log.
//!
//! Needs the examples (`cargo build -p producer --example consumer`) and a Python with pika (`target/pika`).

#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper that fails is a failed test")]

mod consumer;

use std::collections::BTreeSet;

use e2e::checker::Allowed;
use e2e::world::{Setup, Way, World};
use serde_json::Value;
use testkit::proxy::Proxy;

use consumer::{Consumer, Example};

const DEVICES: u64 = 16;

/// Events that a consumer may see once more after it was killed: it keeps its offset after so many.
const BATCH: usize = 50;

#[tokio::test]
async fn the_rust_example_sees_every_event_though_it_is_cut_off_and_killed() {
    sees_every_event(Example::Rust).await;
}

#[tokio::test]
async fn the_python_example_sees_every_event_though_it_is_cut_off_and_killed() {
    sees_every_event(Example::Python).await;
}

async fn sees_every_event(example: Example) {
    let world = World::queued(Way::Fleet, Setup::devices(DEVICES)).await;
    let broker = broker(&world);
    let mut first = Consumer::start(&world, example, &broker, &[]);
    first.has_read(usize::try_from(DEVICES).unwrap()).await;

    let killed = async {
        // Enough for an offset that was kept, and long before the end.
        first.has_read(BATCH + 5).await;
        assert_eq!(broker.cut().await.unwrap(), 1);
        first.says("interrupted").await;
        first.reads_more().await;
        first.killed()
    };
    let ((), before) = tokio::join!(world.work(), killed);

    let log = log(&world).await;
    assert!(before.len() < log.len(), "{} of {} were read before the kill", before.len(), log.len());
    let mut second = Consumer::start(&world, example, &broker, &[]);
    second.has_seen(&(&ids(&log) - &ids(&before))).await;
    let after = second.killed();

    for run in [&before, &after] {
        assert_eq!(ids(run).len(), run.len(), "a run tells an event once");
        numbers_grow(run);
    }
    let seen = &ids(&before) | &ids(&after);
    assert_eq!(seen, ids(&log), "every event, and nothing else");
    let again = ids(&before).intersection(&ids(&after)).count();
    assert!(again <= BATCH, "{again} events came again: it did not go on from its offset");
    world.invariants(&Allowed::nothing()).await;
}

#[tokio::test]
async fn the_python_example_can_listen_for_a_few_events_only() {
    let world = World::queued(Way::Fleet, Setup::devices(DEVICES)).await;
    let broker = broker(&world);
    let only = ["--routing-key", "evt.*.completed"];
    let mut listener = Consumer::start(&world, Example::Python, &broker, &only);
    listener.says("listening").await;
    world.work().await;
    listener.has_read(usize::try_from(DEVICES).unwrap()).await;
    let heard = listener.killed();
    assert!(heard.iter().all(|event| event["type"] == "panos.job.completed.v1"), "{heard:?}");
    assert_eq!(ids(&heard).len(), usize::try_from(DEVICES).unwrap());
}

/// A way to the broker that can be cut without harm to the workers.
fn broker(world: &World) -> Proxy {
    Proxy::before(world.servers().unwrap().host.url()).unwrap()
}

/// The log as the command line tells it, without a gap, after all jobs have ended.
async fn log(world: &World) -> Vec<Value> {
    let told = world.cli(&["events", "tail", "--from", "first", "--until-idle", "--check"]).await.ok();
    assert!(told.stderr.contains(" 0 missing"), "{told:?}");
    let log: Vec<Value> = told.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of_jobs: i64 = world.counts().await.unwrap().values().map(|count| count.event_seq).sum();
    assert_eq!(
        i64::try_from(ids(&log).len()).unwrap(),
        of_jobs,
        "the log has what the ledger's jobs have counted"
    );
    log
}

fn ids(events: &[Value]) -> BTreeSet<String> {
    events.iter().map(|event| event["id"].as_str().unwrap().to_owned()).collect()
}

/// The events of each job come in their order.
fn numbers_grow(events: &[Value]) {
    let mut last = std::collections::BTreeMap::new();
    for event in events {
        let number = event["jobsequence"].as_i64().unwrap();
        let before = last.insert(event["jobid"].as_i64().unwrap(), number);
        assert!(before.is_none_or(|before| before < number), "{before:?}, then {event}");
    }
}
