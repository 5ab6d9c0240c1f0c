//! PostgreSQL.

use std::{net::TcpStream, time::Duration};

use testkit::{
    ServerError,
    postgres::{Database, Postgres},
    wait::wait_until,
};
use tokio_postgres::{Client, NoTls};

pub async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

pub async fn n_rows(url: &str) -> i64 {
    connect(url).await.query_one("SELECT count(*) FROM kept", &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn what_was_committed_is_there_after_a_kill_and_after_a_stop() {
    let mut server = Postgres::start().await.unwrap();
    let url = server.url();
    let client = connect(&url).await;
    client.batch_execute("CREATE TABLE kept (n int); INSERT INTO kept VALUES (1)").await.unwrap();

    // A backend in the middle of something does not notice that its postmaster is gone.
    let busy = connect(&url).await;
    let sleeping = tokio::spawn(async move { busy.batch_execute("SELECT pg_sleep(600)").await });
    server.kill9().unwrap();
    assert!(TcpStream::connect(("127.0.0.1", server.port())).is_err());
    assert!(sleeping.await.unwrap().is_err());

    server.start_again().await.unwrap();
    assert_eq!(server.url(), url);
    assert_eq!(n_rows(&url).await, 1);
    assert!(
        server.log_text().contains("database system was not properly shut down"),
        "{}",
        server.log_text()
    );

    let idle = connect(&url).await;
    server.stop().await.unwrap();
    assert!(idle.simple_query("SELECT 1").await.is_err());
    server.start_again().await.unwrap();
    assert_eq!(n_rows(&url).await, 1);
}

#[tokio::test]
async fn a_server_that_is_not_running_cannot_be_killed_and_a_running_one_not_started() {
    let mut server = Postgres::start_with(&[("fsync", "off"), ("max_connections", "11")]).await.unwrap();
    let shown: String =
        connect(&server.url()).await.query_one("SHOW max_connections", &[]).await.unwrap().get(0);
    assert_eq!(shown, "11");
    assert!(matches!(server.start_again().await, Err(ServerError::WrongState { .. })));
    server.stop().await.unwrap();
    assert!(matches!(server.stop().await, Err(ServerError::WrongState { .. })));
    assert!(matches!(server.kill9(), Err(ServerError::WrongState { .. })));
}

#[tokio::test]
async fn a_server_that_does_not_start_shows_its_log() {
    let error = Postgres::start_with(&[("max_connections", "none")]).await.unwrap_err().to_string();
    assert!(error.starts_with("PostgreSQL: not ready: it ended: exit status: 1"), "{error}");
    assert!(error.contains("FATAL:") && error.contains("max_connections"), "{error}");
}

#[tokio::test]
async fn a_database_is_empty_is_the_tests_own_and_goes_with_it() {
    let (one, two) = tokio::try_join!(Database::create(), Database::create()).unwrap();
    connect(one.url()).await.batch_execute("CREATE TABLE kept (n int)").await.unwrap();
    connect(two.url()).await.batch_execute("CREATE TABLE kept (n int)").await.unwrap();

    let (name, still_connected) = (one.name().to_owned(), connect(one.url()).await);
    drop(one);
    wait_until("the open connection has ended", Duration::from_secs(10), async || {
        if still_connected.is_closed() { Ok(()) } else { Err("it is open".to_owned()) }
    })
    .await;
    let left = "SELECT count(*) FROM pg_database WHERE datname = $1";
    let n_left: i64 = connect(two.url()).await.query_one(left, &[&name]).await.unwrap().get(0);
    assert_eq!(n_left, 0);
}

#[tokio::test]
async fn a_database_may_outlive_its_server() {
    let mut server = Postgres::start_with(&[("fsync", "off")]).await.unwrap();
    let database = Database::create_on(&server).await.unwrap();
    connect(database.url()).await;
    server.kill9().unwrap();
    drop(database);
}
