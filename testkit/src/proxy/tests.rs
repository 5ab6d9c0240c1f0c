//! What both ends of a connection see of every kind of network.

use std::time::Instant;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener as Listener, TcpStream},
};

use super::*;
use crate::wait::wait_until;

const SOON: Duration = Duration::from_secs(20);

/// Long enough for a byte that should not come to come.
const A_MOMENT: Duration = Duration::from_millis(60);

/// A server that a test plays itself, behind a proxy.
struct Bench {
    server: Listener,
    proxy: Proxy,
}

impl Bench {
    async fn new() -> Self {
        let server = Listener::bind("127.0.0.1:0").await.unwrap();
        let proxy = Proxy::before(&format!("tcp://{}", server.local_addr().unwrap())).unwrap();
        Self { server, proxy }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.proxy.address()).await.unwrap()
    }

    /// A program and its server, who have said hello to each other.
    async fn pair(&self) -> (TcpStream, TcpStream) {
        let mut program = self.connect().await;
        let mut server = soon(self.server.accept()).await.unwrap().0;
        say(&mut program, "hello").await;
        hear(&mut server, "hello").await;
        (program, server)
    }
}

async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(SOON, what).await.unwrap()
}

async fn say(stream: &mut TcpStream, text: &str) {
    stream.write_all(text.as_bytes()).await.unwrap();
}

async fn hear(stream: &mut TcpStream, text: &str) {
    let mut bytes = vec![0; text.len()];
    soon(stream.read_exact(&mut bytes)).await.unwrap();
    assert_eq!(String::from_utf8_lossy(&bytes), text);
}

async fn hears_nothing(stream: &mut TcpStream) {
    let heard = tokio::time::timeout(A_MOMENT, stream.read(&mut [0; 16])).await;
    assert!(heard.is_err(), "{heard:?}");
}

async fn is_reset(stream: &mut TcpStream) {
    let read = soon(stream.read(&mut [0; 16])).await;
    assert_eq!(read.unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn bytes_and_ends_go_both_ways_and_are_counted() {
    let bench = Bench::new().await;
    let (mut program, mut server) = bench.pair().await;
    program.shutdown().await.unwrap();
    assert_eq!(soon(server.read(&mut [0; 16])).await.unwrap(), 0);
    say(&mut server, "the rest").await;
    hear(&mut program, "the rest").await;
    assert_eq!(bench.proxy.counts().n_open, 1);
    drop(server);
    assert_eq!(soon(program.read(&mut [0; 16])).await.unwrap(), 0);

    wait_until("the connection has ended", SOON, async || {
        let counts = bench.proxy.counts();
        if counts.n_open == 0 { Ok(()) } else { Err(format!("{counts:?}")) }
    })
    .await;
    let expected = Counts { n_accepted: 1, to_server_bytes: 5, to_program_bytes: 8, ..Counts::default() };
    assert_eq!(bench.proxy.counts(), expected);
}

#[tokio::test]
async fn a_cut_resets_both_ends_of_every_connection_and_the_next_one_is_welcome() {
    let bench = Bench::new().await;
    let (mut one, mut other) = (bench.pair().await, bench.pair().await);
    assert_eq!(bench.proxy.cut().await.unwrap(), 2);
    for stream in [&mut one.0, &mut one.1, &mut other.0, &mut other.1] {
        is_reset(stream).await;
    }
    bench.pair().await;
    assert_eq!(bench.proxy.counts().n_accepted, 3);
}

#[tokio::test]
async fn a_reset_at_one_end_is_a_reset_at_the_other() {
    let bench = Bench::new().await;
    let (program, mut server) = bench.pair().await;
    program.set_zero_linger().unwrap();
    drop(program);
    is_reset(&mut server).await;

    let Bench { server, proxy } = bench;
    drop(server);
    let unreachable = async { TcpStream::connect(proxy.address()).await?.read(&mut [0; 16]).await };
    assert_eq!(soon(unreachable).await.unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn who_is_refused_sees_no_listener_and_who_is_connected_goes_on() {
    let bench = Bench::new().await;
    let (mut program, mut server) = bench.pair().await;
    for _ in 0..3 {
        bench.proxy.refuse().await.unwrap();
        let refused = TcpStream::connect(bench.proxy.address()).await.unwrap_err();
        assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
        say(&mut program, "still here").await;
        hear(&mut server, "still here").await;

        bench.proxy.heal().await.unwrap();
        bench.pair().await;
    }
}

#[tokio::test]
async fn what_was_held_arrives_late_in_order_and_complete() {
    let bench = Bench::new().await;
    let (mut program, mut server) = bench.pair().await;
    bench.proxy.hold();
    say(&mut program, "one, ").await;
    say(&mut program, "two").await;
    program.shutdown().await.unwrap();
    say(&mut server, "answer").await;
    let mut late = bench.connect().await;
    say(&mut late, "late").await;
    hears_nothing(&mut server).await;
    hears_nothing(&mut program).await;
    assert!(tokio::time::timeout(A_MOMENT, bench.server.accept()).await.is_err());

    bench.proxy.heal().await.unwrap();
    hear(&mut server, "one, two").await;
    assert_eq!(soon(server.read(&mut [0; 16])).await.unwrap(), 0);
    hear(&mut program, "answer").await;
    hear(&mut soon(bench.server.accept()).await.unwrap().0, "late").await;
    assert_eq!(bench.proxy.counts().swallowed_bytes, 0);
}

#[tokio::test]
async fn a_black_hole_swallows_and_what_lost_something_is_reset_when_it_heals() {
    let bench = Bench::new().await;
    let (mut program, mut server) = bench.pair().await;
    let (mut ended, mut left) = bench.pair().await;
    let (mut silent, mut silent_server) = bench.pair().await;
    bench.proxy.black_hole();
    say(&mut program, "lost").await;
    ended.shutdown().await.unwrap();
    let mut late = bench.connect().await;
    say(&mut late, "late").await;
    for stream in [&mut server, &mut program, &mut left, &mut late] {
        hears_nothing(stream).await;
    }
    assert_eq!(bench.proxy.counts().swallowed_bytes, 8);

    bench.proxy.heal().await.unwrap();
    for stream in [&mut server, &mut program, &mut ended, &mut left, &mut late] {
        is_reset(stream).await;
    }
    say(&mut silent, "nothing was lost").await;
    hear(&mut silent_server, "nothing was lost").await;
    bench.pair().await;
}

#[tokio::test]
async fn each_direction_has_its_own_delay_and_healing_hurries_what_is_on_its_way() {
    let bench = Bench::new().await;
    let (mut program, mut server) = bench.pair().await;
    let long = Duration::from_millis(200);
    bench.proxy.delay(long, Duration::ZERO);
    let started = Instant::now();
    say(&mut program, "slowly").await;
    say(&mut server, "at once").await;
    hear(&mut program, "at once").await;
    assert!(started.elapsed() < long, "{:?}", started.elapsed());
    hear(&mut server, "slowly").await;
    assert!(started.elapsed() >= long, "{:?}", started.elapsed());

    bench.proxy.delay(Duration::ZERO, Duration::from_secs(3600));
    say(&mut server, "next week").await;
    hears_nothing(&mut program).await;
    bench.proxy.heal().await.unwrap();
    hear(&mut program, "next week").await;
}

#[tokio::test]
async fn a_writer_has_to_wait_when_too_much_waits_already() {
    let bench = Bench::new().await;
    let (mut program, _server) = bench.pair().await;
    bench.proxy.delay(Duration::from_secs(3600), Duration::ZERO);
    let piece = vec![7; 64 * 1024];
    while let Ok(written) = tokio::time::timeout(Duration::from_millis(500), program.write(&piece)).await {
        written.unwrap();
    }
    let waiting = bench.proxy.counts().waiting_bytes;
    assert_eq!(WAITING_LIMIT_BYTES, 1024 * 1024);
    assert!(waiting > 0 && waiting <= WAITING_LIMIT_BYTES as u64, "{waiting} bytes wait");
}

#[tokio::test]
async fn dropping_it_ends_its_listener_and_its_connections() {
    let Bench { server: listener, proxy } = Bench::new().await;
    let address = proxy.address();
    let mut program = TcpStream::connect(address).await.unwrap();
    let mut server = soon(listener.accept()).await.unwrap().0;
    drop(proxy);
    assert_eq!(soon(program.read(&mut [0; 16])).await.unwrap_or(0), 0);
    assert_eq!(soon(server.read(&mut [0; 16])).await.unwrap_or(0), 0);
    assert!(TcpStream::connect(address).await.is_err());
}

#[test]
fn it_stands_in_the_servers_url_and_says_what_is_wrong_with_one() {
    let proxy = Proxy::before("amqp://guest:hush@localhost/test_1?x=y").unwrap();
    assert_eq!(proxy.url(), format!("amqp://guest:hush@127.0.0.1:{}/test_1?x=y", proxy.address().port()));
    for (url, reason) in [
        ("amqp:", "it names no host"),
        ("tcp://127.0.0.1", "it names no port"),
        ("127.0.0.1", "relative URL without a base"),
    ] {
        let error = Proxy::before(url).unwrap_err().to_string();
        assert_eq!(error, format!("a proxy before a URL: {reason}"));
    }
}
