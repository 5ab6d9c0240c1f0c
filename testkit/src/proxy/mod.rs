//! A network that a test can break: a TCP proxy on loopback between a program and its server.
//!
//! It stands in for the partition between a worker and its broker or its database. A program is given
//! [`Proxy::url`] instead of the server's own address, and then the test decides what becomes of its bytes:
//!
//! | in production | here |
//! |---|---|
//! | a firewall or balancer resets its connections | [`Proxy::cut`] |
//! | nobody listens: the host is up, the server is not | [`Proxy::refuse`], with [`Proxy::cut`] |
//! | packets are dropped, and TCP sends them again once the way is back | [`Proxy::hold`] |
//! | packets are dropped, and the way back knows the connections no more | [`Proxy::black_hole`] |
//! | a long way, or a slow one | [`Proxy::delay`] |
//! | the way is back | [`Proxy::heal`] |
//!
//! This is why no test here needs network namespaces, and so neither root nor a kernel module: both ends
//! see what they would see with packets being dropped, with one difference. The kernel still answers for
//! the proxy, so that a *connect* into a held or swallowing network succeeds and the first answer is what
//! never comes; and what a program sends is acknowledged, so that its TCP never gives up by itself. A
//! program that survives here must therefore bound its handshakes and requests, and not rely on TCP.
//!
//! Guarantees: when a method returns, what it says is so, and no byte is passed on that it forbids; a
//! connection keeps its bytes in order, or is reset; at most [`WAITING_LIMIT_BYTES`] of each direction wait
//! here, then whoever sends has to wait too. It runs on a thread of its own, so that a test may block its
//! runtime or pause its clock. It listens on loopback alone, and ends when dropped. Leaves to others: what
//! the bytes mean.

mod connection;
mod door;
mod network;

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener, ToSocketAddrs},
    sync::Arc,
    thread::JoinHandle,
    time::Duration,
};

use tokio::sync::{oneshot, watch};
use url::Url;

use crate::{ServerError, ports::free_port, wait::poll_until};
pub use connection::WAITING_LIMIT_BYTES;
pub use network::Counts;
use network::{Counters, Flow, Network};

const SERVER: &str = "the proxy";

/// Closing sockets and listening again take microseconds; the bound is for a machine that is busy.
const DONE_WITHIN: Duration = Duration::from_secs(10);

/// A way to one server that can be cut, closed, held, swallowed, slowed and healed.
#[derive(Debug)]
pub struct Proxy {
    url: Url,
    address: SocketAddr,
    network: watch::Sender<Network>,
    /// Whether the door is open by now; behind `network` for a moment, or for good with the reason.
    listens: watch::Receiver<Result<bool, String>>,
    counters: Arc<Counters>,
    /// Dropping it ends the thread.
    lifeline: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Proxy {
    /// Opens a way to the server at `url`, such as `postgres://app@127.0.0.1:5433/test`. Of the URL only
    /// host and port matter; the port may be left out where the scheme has one.
    ///
    /// # Errors
    /// When the URL names no server, or the machine refuses a port or a thread.
    pub fn before(url: &str) -> Result<Self, ServerError> {
        let (mut url, target) = parse(url)?;
        let port = free_port().map_err(ServerError::machine("127.0.0.1"))?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let listener = TcpListener::bind(address).map_err(ServerError::machine(address.to_string()))?;
        listener.set_nonblocking(true).map_err(ServerError::machine(address.to_string()))?;
        let moved = url.set_host(Some("127.0.0.1")).is_ok() && url.set_port(Some(port)).is_ok();
        if !moved {
            return Err(no_server("it cannot have another host and port"));
        }

        let (network, seen) = watch::channel(Network::healthy());
        let (listening, listens) = watch::channel(Ok(true));
        let (lifeline, ended) = oneshot::channel();
        let counters = Arc::new(Counters::default());
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(ServerError::machine("a runtime for the proxy"))?;
        let door = door::Doorkeeper { target, network: seen, listening, counters: Arc::clone(&counters) };
        let thread = std::thread::Builder::new()
            .name(format!("proxy-{port}"))
            .spawn(move || runtime.block_on(door.keep(listener, ended)))
            .map_err(ServerError::machine("a thread for the proxy"))?;
        let (lifeline, thread) = (Some(lifeline), Some(thread));
        Ok(Self { url, address, network, listens, counters, lifeline, thread })
    }

    /// The server's URL with the proxy's address in it: what the program under test is given.
    pub fn url(&self) -> &str {
        self.url.as_str()
    }

    /// Where it listens. The port stays the same while new connections are refused.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Resets every connection there is (RST to both ends) and returns how many. New ones are welcome.
    ///
    /// # Errors
    /// When a connection is still there after ten seconds.
    pub async fn cut(&self) -> Result<usize, ServerError> {
        let n_cut = self.counters.counts().n_open;
        self.network.send_modify(|network| network.n_cuts += 1);
        let n_cuts = self.network.borrow().n_cuts;
        poll_until("the connections are reset", DONE_WITHIN, async || {
            match self.counters.n_older_than(n_cuts) {
                0 => Ok(n_cut),
                n => Err(format!("{n} are there")),
            }
        })
        .await
        .map_err(|timed_out| wrong_state("cut the connections", timed_out.to_string()))
    }

    /// Refuses new connections, as a host does on which nobody listens. Those there are go on.
    ///
    /// # Errors
    /// When the machine does not let it keep the port.
    pub async fn refuse(&self) -> Result<(), ServerError> {
        self.network.send_modify(|network| network.listens = false);
        self.door_is(false, "refuse connections").await
    }

    /// Holds every byte and every end of a connection back, both ways; [`Proxy::heal`] lets them go on in
    /// order. New connections are accepted, and reach the server then. So a write that a program made
    /// before or during the partition arrives late, and nothing is lost.
    pub fn hold(&self) {
        self.network.send_modify(|network| network.flow = Flow::Held);
    }

    /// Swallows every byte and every end of a connection, both ways, also what waits here. New connections
    /// are accepted and get no answer. After [`Proxy::heal`] a connection that lost something is reset;
    /// one that was silent all the time goes on.
    pub fn black_hole(&self) {
        self.network.send_modify(|network| network.flow = Flow::Swallowed);
    }

    /// Makes every byte and every end of a connection take this long, from now on, for each direction.
    pub fn delay(&self, to_server: Duration, to_program: Duration) {
        self.network.send_modify(|network| {
            network.to_server = to_server;
            network.to_program = to_program;
        });
    }

    /// Ends whatever is wrong: bytes flow at once, new connections are accepted. What waited here goes on;
    /// what lost something is reset.
    ///
    /// # Errors
    /// When the machine does not let it listen again.
    pub async fn heal(&self) -> Result<(), ServerError> {
        self.network
            .send_modify(|network| *network = Network { n_cuts: network.n_cuts, ..Network::healthy() });
        poll_until("what lost something is reset", DONE_WITHIN, async || match self.counters.n_damaged() {
            0 => Ok(()),
            n => Err(format!("{n} connections are there")),
        })
        .await
        .map_err(|timed_out| wrong_state("heal", timed_out.to_string()))?;
        self.door_is(true, "accept connections").await
    }

    /// What has gone through so far.
    pub fn counts(&self) -> Counts {
        self.counters.counts()
    }

    async fn door_is(&self, open: bool, action: &'static str) -> Result<(), ServerError> {
        let mut listens = self.listens.clone();
        let seen = listens.wait_for(|listens| listens.as_ref().map_or(true, |listens| *listens == open));
        let reason = match tokio::time::timeout(DONE_WITHIN, seen).await {
            Ok(Ok(listens)) => match &*listens {
                Ok(_) => return Ok(()),
                Err(reason) => reason.clone(),
            },
            Ok(Err(_)) => "its thread has ended".to_owned(),
            Err(_) => format!("not done within {DONE_WITHIN:?}"),
        };
        Err(wrong_state(action, reason))
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        drop(self.lifeline.take());
        if let Some(thread) = self.thread.take() {
            // A panic in there would be a second one in a failing test.
            let _ = thread.join();
        }
    }
}

fn wrong_state(action: &'static str, reason: String) -> ServerError {
    ServerError::WrongState { server: SERVER, action, reason }
}

/// The URL is not repeated, because it may hold a password.
fn no_server(reason: impl Into<String>) -> ServerError {
    ServerError::Refused { request: "a proxy before a URL".to_owned(), reason: reason.into() }
}

/// A URL, and the address that it names.
fn parse(url: &str) -> Result<(Url, SocketAddr), ServerError> {
    let url = Url::parse(url).map_err(|error| no_server(error.to_string()))?;
    let host = url.host_str().ok_or_else(|| no_server("it names no host"))?.trim_matches(['[', ']']);
    let port = url.port_or_known_default().or(match url.scheme() {
        "amqp" => Some(5672),
        "amqps" => Some(5671),
        "postgres" | "postgresql" => Some(5432),
        _ => None,
    });
    let port = port.ok_or_else(|| no_server("it names no port"))?;
    let found = (host, port).to_socket_addrs().map_err(|error| no_server(error.to_string()))?.next();
    let target = found.ok_or_else(|| no_server("its host has no address"))?;
    Ok((url, target))
}

#[cfg(test)]
mod tests;
