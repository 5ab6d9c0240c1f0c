//! Real clients and servers with a network between them that a test breaks.

use std::time::Duration;

use lapin::{Connection, ConnectionProperties};
use testkit::{postgres::Database, proxy::Proxy, rabbitmq::VirtualHost, wait::wait_until};
use tokio_postgres::NoTls;

use crate::{postgres, rabbitmq};

const SOON: Duration = Duration::from_secs(30);

/// Long enough for an answer that should not come to come.
const A_MOMENT: Duration = Duration::from_millis(200);

#[tokio::test]
async fn a_commit_that_the_network_holds_back_arrives_when_it_heals() {
    let database = Database::create().await.unwrap();
    let proxy = Proxy::before(database.url()).unwrap();
    let (far, near) = (postgres::connect(proxy.url()).await, postgres::connect(database.url()).await);
    near.batch_execute("CREATE TABLE kept (n int)").await.unwrap();

    proxy.hold();
    let mut writing = std::pin::pin!(far.batch_execute("INSERT INTO kept VALUES (1)"));
    assert!(tokio::time::timeout(A_MOMENT, &mut writing).await.is_err());
    assert_eq!(postgres::n_rows(database.url()).await, 0);
    proxy.heal().await.unwrap();
    tokio::time::timeout(SOON, writing).await.unwrap().unwrap();
    assert_eq!(postgres::n_rows(database.url()).await, 1);

    assert_eq!(proxy.cut().await.unwrap(), 1);
    far.batch_execute("INSERT INTO kept VALUES (2)").await.unwrap_err();
    proxy.refuse().await.unwrap();
    assert!(tokio_postgres::connect(proxy.url(), NoTls).await.is_err());
    proxy.heal().await.unwrap();
    assert_eq!(postgres::n_rows(proxy.url()).await, 1);
}

#[tokio::test]
async fn a_broker_in_a_black_hole_is_silent_and_its_client_is_reset_when_it_heals() {
    let host = VirtualHost::create().await.unwrap();
    let proxy = Proxy::before(host.url()).unwrap();
    let client = rabbitmq::connect(proxy.url()).await;
    let channel = client.create_channel().await.unwrap();
    rabbitmq::declare(&channel).await;

    proxy.black_hole();
    assert!(tokio::time::timeout(A_MOMENT, rabbitmq::publish(&channel)).await.is_err());
    let connecting = Connection::connect(proxy.url(), ConnectionProperties::default());
    assert!(tokio::time::timeout(A_MOMENT, connecting).await.is_err());
    assert!(client.status().connected());

    proxy.heal().await.unwrap();
    wait_until("the client knows", SOON, async || {
        if client.status().connected() { Err("it is connected".to_owned()) } else { Ok(()) }
    })
    .await;
    rabbitmq::publish(&rabbitmq::connect(proxy.url()).await.create_channel().await.unwrap()).await;
}
