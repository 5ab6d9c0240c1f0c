//! Who hears what is told.

use std::time::Duration;

use common::broker::Control;
use common::domain::job::JobId;
use common::domain::job::JobType::DownloadOnly;
use lapin::options::BasicPublishOptions;
use lapin::protocol::BasicProperties;
use testkit::rabbitmq::RabbitMq as Node;
use testkit::wait::wait_until;
use tokio::time::timeout;

use crate::bench::{A_WHILE, Bench, Fleet, SOON, client, downloads, next_control, next_job, publish};

on_every_broker!(
    everybody_who_listens_hears_everything_in_order,
    what_was_told_before_is_not_heard,
    telling_nobody_is_no_error,
    a_listener_that_was_away_for_a_moment_misses_nothing,
);

const CANCEL: Control = Control::Cancel { job_id: JobId(4711) };

async fn everybody_who_listens_hears_everything_in_order(bench: &mut impl Bench) {
    let (ann, bob, operator) = (bench.client(), bench.client(), bench.client());
    let mut of_ann = ann.controls().await.unwrap();
    let mut of_bob = bob.controls().await.unwrap();
    let mut another_of_bob = bob.controls().await.unwrap();
    operator.tell(&CANCEL).await.unwrap();
    operator.tell(&Control::Pauses).await.unwrap();
    for controls in [&mut of_ann, &mut of_bob, &mut another_of_bob] {
        assert_eq!(next_control(controls).await, CANCEL);
        assert_eq!(next_control(controls).await, Control::Pauses);
    }
}

async fn what_was_told_before_is_not_heard(bench: &mut impl Bench) {
    let broker = bench.client();
    broker.tell(&Control::Pauses).await.unwrap();
    let mut controls = broker.controls().await.unwrap();
    broker.tell(&CANCEL).await.unwrap();
    assert_eq!(next_control(&mut controls).await, CANCEL);
}

async fn telling_nobody_is_no_error(bench: &mut impl Bench) {
    let broker = bench.client();
    broker.tell(&Control::Pauses).await.unwrap();
    broker.tell(&CANCEL).await.unwrap();
}

/// A worker listens in a loop with other things: what it does not await at the moment waits for it.
async fn a_listener_that_was_away_for_a_moment_misses_nothing(bench: &mut impl Bench) {
    const N_TOLD: i64 = 120;
    let (worker, operator) = (bench.client(), bench.client());
    let mut controls = worker.controls().await.unwrap();
    assert!(timeout(Duration::from_millis(20), controls.next()).await.is_err(), "nothing was told");
    for job in 1..=N_TOLD {
        operator.tell(&Control::Cancel { job_id: JobId(job) }).await.unwrap();
    }
    for job in 1..=N_TOLD {
        assert_eq!(next_control(&mut controls).await, Control::Cancel { job_id: JobId(job) });
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_control_is_left_out() {
    let fleet = Fleet::start().await;
    let broker = fleet.client();
    let mut controls = broker.controls().await.unwrap();
    let (_connection, channel) = fleet.channel().await;
    for body in [&b"\xff\x00"[..], br#"{"v":1,"control":"dance"}"#, br#"{"v":2,"control":"pauses"}"#] {
        let (options, properties) = (BasicPublishOptions::default(), BasicProperties::default());
        let published =
            channel.basic_publish("panos.control".into(), "all".into(), options, body, properties);
        published.await.unwrap();
    }
    channel.close(200, "all are there".into()).await.unwrap();
    broker.tell(&CANCEL).await.unwrap();
    assert_eq!(next_control(&mut controls).await, CANCEL);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_listener_whose_connection_or_queue_went_away_listens_again() {
    let fleet = Fleet::start().await;
    let (worker, operator) = (fleet.client(), fleet.client());
    let mut controls = worker.controls().await.unwrap();
    let heard = tokio::spawn(async move {
        let first = next_control(&mut controls).await;
        (first, next_control(&mut controls).await)
    });
    wait_until("its connection is known and closed", SOON, async || {
        match fleet.host.close_connections().await.unwrap() {
            0 => Err("no connection is known yet".to_owned()),
            _ => Ok(()),
        }
    })
    .await;
    wait_until("what is told is heard twice again", SOON, async || {
        operator.tell(&CANCEL).await.map_err(|error| error.to_string())?;
        if heard.is_finished() { Ok(()) } else { Err("not yet".to_owned()) }
    })
    .await;
    assert_eq!(heard.await.unwrap(), (CANCEL, CANCEL));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_not_listen_hears_nothing_and_works_on() {
    let node = Node::start().await.unwrap();
    let admin = client(&node.url());
    admin.declare().await.unwrap();
    node.rabbitmqctl(&["add_user", "worker", "hush"]).await.unwrap();
    node.rabbitmqctl(&["set_permissions", "worker", "^$", r"^panos\.jobs$", r"^panos\.q\."]).await.unwrap();
    let worker = client(&node.url().replace("guest:guest", "worker:hush"));
    let mut wake_ups = worker.wake_ups(&[DownloadOnly]).await.unwrap();
    let mut controls = worker.controls().await.unwrap();
    admin.tell(&CANCEL).await.unwrap();
    assert!(timeout(A_WHILE, controls.next()).await.is_err(), "it heard something");
    let told = worker.tell(&CANCEL).await.unwrap_err().to_string();
    assert!(told.starts_with("the broker refused `panos.control`: "), "{told}");
    assert!(told.contains("ACCESS_REFUSED") && told.contains("deploy/rabbitmq/users"), "{told}");
    publish(&*worker, &downloads([1])).await;
    assert_eq!(next_job(&mut wake_ups).await, 1);
    let mut again = worker.controls().await.unwrap();
    assert!(timeout(A_WHILE, again.next()).await.is_err(), "it heard something");
}
