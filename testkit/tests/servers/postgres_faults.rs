//! PostgreSQL that stands still, cuts its connections, or keeps a table to itself.

use std::{net::TcpStream, time::Duration};

use testkit::{
    postgres::{Database, Postgres},
    wait::wait_until,
};
use tokio_postgres::error::SqlState;

use crate::postgres::connect;

const SOON: Duration = Duration::from_secs(30);

/// Long enough for an answer that should not come to come.
const A_MOMENT: Duration = Duration::from_millis(200);

#[tokio::test]
async fn a_suspended_server_answers_nobody_until_it_goes_on_and_dies_like_any_other() {
    let mut server = Postgres::start_with(&[("fsync", "off")]).await.unwrap();
    let url = server.url();
    let client = connect(&url).await;
    for round in 0..2 {
        server.suspend().unwrap();
        let mut asked = std::pin::pin!(client.simple_query("SELECT 1"));
        let mut connecting = std::pin::pin!(connect(&url));
        assert!(tokio::time::timeout(A_MOMENT, &mut asked).await.is_err(), "round {round}");
        assert!(tokio::time::timeout(A_MOMENT, &mut connecting).await.is_err(), "round {round}");
        server.resume().unwrap();
        tokio::time::timeout(SOON, asked).await.unwrap().unwrap();
        tokio::time::timeout(SOON, connecting).await.unwrap();
    }

    server.suspend().unwrap();
    server.kill9().unwrap();
    assert!(TcpStream::connect(("127.0.0.1", server.port())).is_err());
    assert!(server.suspend().is_err() && server.resume().is_err(), "it is not running");

    server.start_again().await.unwrap();
    server.suspend().unwrap();
    server.stop().await.unwrap();
    server.start_again().await.unwrap();
    connect(&url).await.simple_query("SELECT 1").await.unwrap();
}

#[tokio::test]
async fn the_connections_of_one_database_are_cut_and_those_of_another_are_not() {
    let (one, two) = tokio::try_join!(Database::create(), Database::create()).unwrap();
    let (first, second, third) =
        (connect(one.url()).await, connect(one.url()).await, connect(two.url()).await);
    assert_eq!((one.n_connections().await.unwrap(), two.n_connections().await.unwrap()), (2, 1));
    assert_eq!(one.cut_connections().await.unwrap(), 2);
    for client in [first, second] {
        assert!(client.simple_query("SELECT 1").await.is_err());
    }
    third.simple_query("SELECT 1").await.unwrap();
    connect(one.url()).await.simple_query("SELECT 1").await.unwrap();
}

#[tokio::test]
async fn every_connection_to_a_server_is_cut() {
    let server = Postgres::start_with(&[("fsync", "off")]).await.unwrap();
    let database = Database::create_on(&server).await.unwrap();
    let clients = [connect(&server.url()).await, connect(database.url()).await];
    // Where the connection that made the database has not left yet, it is one more.
    let n_cut = server.cut_connections().await.unwrap();
    assert!((2..=3).contains(&n_cut), "{n_cut}");
    for client in clients {
        assert!(client.simple_query("SELECT 1").await.is_err());
    }
    // The connection that the cut came by takes a moment to leave, and is one of those that the next one finds.
    wait_until("nobody is left", SOON, async || match server.cut_connections().await.unwrap() {
        0 => Ok(()),
        n => Err(format!("{n} are")),
    })
    .await;
}

#[tokio::test]
async fn who_wants_a_locked_table_waits_until_it_is_released_or_loses_patience() {
    let database = Database::create().await.unwrap();
    let client = connect(database.url()).await;
    client.batch_execute("CREATE TABLE kept (n int)").await.unwrap();

    let lock = database.lock_table("kept").await.unwrap();
    let waiting = tokio::spawn(async move {
        client.simple_query("SELECT n FROM kept").await.unwrap();
        client
    });
    wait_until("a reader waits", SOON, async || match database.n_waiting().await.unwrap() {
        1 => Ok(()),
        n => Err(format!("{n} wait")),
    })
    .await;
    let hasty = connect(database.url()).await;
    let refused = hasty.batch_execute("SET lock_timeout = '20ms'; SELECT n FROM kept").await.unwrap_err();
    assert_eq!(refused.code(), Some(&SqlState::LOCK_NOT_AVAILABLE));
    lock.release().await.unwrap();
    let client = waiting.await.unwrap();

    drop(database.lock_table("kept").await.unwrap());
    tokio::time::timeout(SOON, client.simple_query("SELECT n FROM kept")).await.unwrap().unwrap();
    let error = database.lock_table("not_there").await.unwrap_err().to_string();
    assert!(error.contains("relation \"not_there\" does not exist"), "{error}");
}
