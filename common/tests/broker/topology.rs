//! Declaring, and who may.

use common::broker::BrokerError;
use common::domain::job::JobType::DownloadOnly;
use lapin::options::QueueDeclareOptions;
use lapin::types::{AMQPValue, FieldTable};
use testkit::rabbitmq::RabbitMq as Node;

use crate::bench::{Bench, Fleet, client, downloads, next_job, publish};

on_every_broker!(declaring_again_is_harmless, a_broker_that_answers_is_reachable);

async fn declaring_again_is_harmless(bench: &mut impl Bench) {
    let broker = bench.client();
    broker.declare().await.unwrap();
    publish(&*broker, &downloads([1])).await;
    broker.declare().await.unwrap();
    bench.client().declare().await.unwrap();
    let mut wake_ups = broker.wake_ups(&[DownloadOnly]).await.unwrap();
    assert_eq!(next_job(&mut wake_ups).await, 1);
}

async fn a_broker_that_answers_is_reachable(bench: &mut impl Bench) {
    let broker = bench.client();
    broker.check().await.unwrap();
    assert!(!broker.location().is_empty());
    assert!(!broker.location().contains("guest"), "{}", broker.location());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_queue_with_other_arguments_is_named_in_a_topology_error() {
    let fleet = Fleet::start().await;
    let (_connection, channel) = fleet.channel().await;
    let mut arguments = FieldTable::default();
    arguments.insert("x-queue-type".into(), AMQPValue::LongString("quorum".into()));
    let name = "panos.q.download_only.v1";
    channel.queue_declare(name.into(), QueueDeclareOptions::durable(), arguments).await.unwrap();
    let broker = fleet.client();
    for error in [
        broker.declare().await.err(),
        broker.publish(&downloads([1])).await.err(),
        broker.wake_ups(&[DownloadOnly]).await.err(),
    ] {
        match error {
            Some(BrokerError::Topology { name: of, reason }) => {
                assert_eq!(of, name);
                // Found and wanted in the broker's words, then the remedy in ours.
                let said = "for queue 'panos.q.download_only.v1'";
                assert!(reason.contains("inequivalent arg 'x-") && reason.contains(said), "{reason}");
                assert!(
                    reason.contains("received the value '") && reason.contains("but current is none"),
                    "{reason}"
                );
                assert!(reason.contains("let its messages be consumed, delete it"), "{reason}");
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_who_may_not_declare_works_with_what_is_there() {
    let node = Node::start().await.unwrap();
    let admin = client(&node.url());
    admin.declare().await.unwrap();
    node.rabbitmqctl(&["add_user", "worker", "hush"]).await.unwrap();
    node.rabbitmqctl(&["set_permissions", "worker", "^$", r"^panos\.jobs$", r"^panos\.q\."]).await.unwrap();
    let worker = client(&node.url().replace("guest:guest", "worker:hush"));
    publish(&*worker, &downloads([1])).await;
    let mut wake_ups = worker.wake_ups(&[DownloadOnly]).await.unwrap();
    assert_eq!(next_job(&mut wake_ups).await, 1);
    assert!(matches!(worker.declare().await, Err(BrokerError::Topology { .. })), "asked for, it is refused");
}
