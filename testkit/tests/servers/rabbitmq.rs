//! RabbitMQ.

use std::time::Duration;

use lapin::{
    BasicProperties, Channel, Confirmation, Connection, ConnectionProperties,
    options::{BasicGetOptions, BasicPublishOptions, ConfirmSelectOptions, QueueDeclareOptions},
    types::{AMQPValue, FieldTable},
};
use testkit::{
    ServerError,
    rabbitmq::{RabbitMq, VirtualHost},
    wait::wait_until,
};

const SOON: Duration = Duration::from_secs(30);

pub async fn connect(url: &str) -> Connection {
    Connection::connect(url, ConnectionProperties::default()).await.unwrap()
}

/// A durable quorum queue, as the fleet uses it.
pub async fn declare(channel: &Channel) {
    let mut arguments = FieldTable::default();
    arguments.insert("x-queue-type".into(), AMQPValue::LongString("quorum".into()));
    let options = QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() };
    channel.queue_declare("kept".into(), options, arguments).await.unwrap();
}

pub async fn publish(channel: &Channel) {
    channel.confirm_select(ConfirmSelectOptions::default()).await.unwrap();
    let properties = BasicProperties::default().with_delivery_mode(2);
    let confirm = channel
        .basic_publish("".into(), "kept".into(), BasicPublishOptions::default(), b"wake up", properties)
        .await
        .unwrap();
    assert!(matches!(confirm.await.unwrap(), Confirmation::Ack(_)));
}

#[tokio::test]
async fn what_was_confirmed_is_there_after_a_kill_and_after_a_stop() {
    let mut node = RabbitMq::start().await.unwrap();
    let host = VirtualHost::create_on(&node).await.unwrap();
    let channel = connect(host.url()).await.create_channel().await.unwrap();
    declare(&channel).await;
    publish(&channel).await;
    node.queue_is_on_disk("kept").await.unwrap();

    node.kill9().unwrap();
    assert!(Connection::connect(host.url(), ConnectionProperties::default()).await.is_err());
    assert!(matches!(node.kill9(), Err(ServerError::WrongState { .. })));

    node.start_again().await.unwrap();
    assert!(matches!(node.start_again().await, Err(ServerError::WrongState { .. })));
    publish(&connect(host.url()).await.create_channel().await.unwrap()).await;

    node.stop().await.unwrap();
    node.start_again().await.unwrap();
    let channel = connect(host.url()).await.create_channel().await.unwrap();
    for n in 1..=2 {
        let body = wait_until(format!("message {n} is there"), SOON, async || {
            let got = channel.basic_get("kept".into(), BasicGetOptions { no_ack: true }).await;
            match got.unwrap() {
                Some(message) => Ok(message.delivery.data),
                None => Err("the queue is empty".to_owned()),
            }
        })
        .await;
        assert_eq!(body, b"wake up");
    }
}

#[tokio::test]
async fn a_node_that_does_not_start_shows_its_log() {
    let error = RabbitMq::start_with(&["no.such.setting = 1"]).await.unwrap_err().to_string();
    assert!(error.starts_with("RabbitMQ: not ready: it ended:"), "{error}");
    assert!(error.contains("no.such.setting"), "{error}");
}

#[tokio::test]
async fn a_virtual_host_is_the_tests_own_its_connections_can_be_cut_and_it_goes() {
    let (one, two) = tokio::try_join!(VirtualHost::create(), VirtualHost::create()).unwrap();
    let (first, second) = (connect(one.url()).await, connect(two.url()).await);
    declare(&first.create_channel().await.unwrap()).await;
    let channel = second.create_channel().await.unwrap();
    let passive = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
    assert!(channel.queue_declare("kept".into(), passive, FieldTable::default()).await.is_err());

    wait_until("the node knows of the connection", SOON, async || match one.n_connections().await.unwrap() {
        1 => Ok(()),
        n => Err(format!("{n} connections")),
    })
    .await;
    assert_eq!(one.close_connections().await.unwrap(), 1);
    wait_until("the cut connection is closed", SOON, async || {
        if first.status().connected() { Err("it is connected".to_owned()) } else { Ok(()) }
    })
    .await;
    assert!(second.status().connected());

    let url = one.url().to_owned();
    drop(one);
    assert!(Connection::connect(&url, ConnectionProperties::default()).await.is_err());
}
