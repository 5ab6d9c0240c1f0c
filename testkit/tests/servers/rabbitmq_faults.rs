//! RabbitMQ that raises alarms, cuts connections, loses queues, stands still, or has lost its disk.

use std::time::Duration;

use lapin::{
    Connection, ConnectionProperties,
    options::{BasicConsumeOptions, BasicGetOptions},
    types::FieldTable,
};
use testkit::{
    ServerError,
    rabbitmq::{Alarm, RabbitMq, VirtualHost},
    wait::{poll_until, wait_until},
};

use crate::rabbitmq::{connect, declare, publish};

const SOON: Duration = Duration::from_secs(30);

/// Long enough for an answer that should not come to come.
const A_MOMENT: Duration = Duration::from_millis(300);

#[tokio::test]
async fn a_running_node_can_be_alarmed_emptied_and_cut_off_from_its_clients() {
    let node = RabbitMq::start_with(&["consumer_timeout = 60000"]).await.unwrap();
    let host = VirtualHost::create_on(&node).await.unwrap();
    let client = connect(host.url()).await;
    let channel = client.create_channel().await.unwrap();
    declare(&channel).await;

    // A client that is blocked stays so until the node reads from it again, so each alarm gets its own.
    for alarm in [Alarm::Memory, Alarm::Disk] {
        let channel = connect(host.url()).await.create_channel().await.unwrap();
        node.raise_alarm(alarm).await.unwrap();
        let published = poll_until("a publish is confirmed", A_MOMENT, async || {
            publish(&channel).await;
            Ok(())
        });
        published.await.unwrap_err();
        node.lift_alarm(alarm).await.unwrap();
    }

    publish(&channel).await;
    publish(&channel).await;
    channel.basic_get("kept".into(), BasicGetOptions::default()).await.unwrap().unwrap();
    let queues = node.queues(host.name()).await.unwrap();
    let [queue] = &*queues else { panic!("{queues:?}") };
    assert_eq!((queue.name.as_str(), queue.n_unacked), ("kept", 1), "{queue:?}");
    assert!(queue.n_ready >= 1, "{queue:?}");
    assert_eq!(queue.leader.as_deref(), Some(node.name()));

    let consume = BasicConsumeOptions::default();
    let consumer = channel.basic_consume("kept".into(), "c".into(), consume, FieldTable::default()).await;
    let consumer = consumer.unwrap();
    let queues = node.queues(host.name()).await.unwrap();
    assert!(queues[0].n_consumers >= 1, "{queues:?}");
    host.delete_queue("kept").await.unwrap();
    assert_eq!(node.queues(host.name()).await.unwrap(), []);
    assert!(host.delete_queue("kept").await.is_err(), "it is gone");
    drop(consumer);

    assert!(client.status().connected());
    node.close_all_connections().await.unwrap();
    wait_until("the connection is closed", SOON, async || {
        if client.status().connected() { Err("it is connected".to_owned()) } else { Ok(()) }
    })
    .await;

    let timeout =
        node.rabbitmqctl(&["eval", "application:get_env(rabbit, consumer_timeout)."]).await.unwrap();
    assert_eq!(timeout.trim(), "{ok,60000}");
    let error = node.rabbitmqctl(&["no_such_command"]).await.unwrap_err();
    assert!(matches!(error, ServerError::Refused { .. }), "{error}");
}

#[tokio::test]
async fn a_suspended_node_answers_nobody_until_it_goes_on_and_a_lost_disk_leaves_nothing() {
    let mut node = RabbitMq::start().await.unwrap();
    let host = VirtualHost::create_on(&node).await.unwrap();
    let channel = connect(host.url()).await.create_channel().await.unwrap();
    declare(&channel).await;

    node.suspend().unwrap();
    let mut publishing = std::pin::pin!(publish(&channel));
    assert!(tokio::time::timeout(A_MOMENT, &mut publishing).await.is_err());
    let connecting = Connection::connect(host.url(), ConnectionProperties::default());
    assert!(tokio::time::timeout(A_MOMENT, connecting).await.is_err());
    node.resume().unwrap();
    tokio::time::timeout(SOON, publishing).await.unwrap();
    assert!(matches!(node.start_empty().await, Err(ServerError::WrongState { .. })), "it is running");

    node.suspend().unwrap();
    node.kill9().unwrap();
    node.start_empty().await.unwrap();
    assert!(Connection::connect(host.url(), ConnectionProperties::default()).await.is_err());
    host.make_again().await.unwrap();
    assert_eq!(node.queues(host.name()).await.unwrap(), []);
    let channel = connect(host.url()).await.create_channel().await.unwrap();
    declare(&channel).await;
    publish(&channel).await;
}
