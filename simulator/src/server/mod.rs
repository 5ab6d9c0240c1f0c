//! TLS and HTTP/1.1 in front of the API, on every loopback address at one port.
//!
//! Leaves to others: what is answered ([`crate::api`]).

mod connection;
mod listen;
pub mod tls;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{debug, warn};

use crate::clock::Moment;
use crate::counters::{OpenConnection, lock};
use crate::faults::{Fault, FaultKind};
use crate::fleet::PANORAMA;
use crate::world::{Host, World};
use tls::Certificates;

pub use listen::raise_file_limit;

/// How long a connection that hangs is held open.
const HANG: Duration = Duration::from_secs(600);
/// The longest TLS handshake.
const HANDSHAKE: Duration = Duration::from_secs(30);
/// Pause after a failed accept, so that a full file table does not spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The listening sockets and what serves them.
#[derive(Debug)]
pub struct Server {
    listeners: Vec<TcpListener>,
    port: u16,
}

impl Server {
    /// Binds the port, 0 for a free one.
    ///
    /// # Errors
    /// The port is taken, or loopback addresses cannot be bound.
    pub fn bind(world: &World, port: u16) -> io::Result<Self> {
        let reachable = world.firewalls.iter().filter(|firewall| {
            let device = firewall.at(Moment::START);
            !device.spec.faults.contains(&Fault::lasting(FaultKind::Refuse))
        });
        let addresses = reachable.map(|firewall| firewall.address);
        let addresses: Vec<Ipv4Addr> = [PANORAMA].into_iter().chain(addresses).collect();
        let (listeners, port) = listen::bind(port, &addresses)?;
        Ok(Self { listeners, port })
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Serves until `stop`.
    pub async fn serve(self, world: Arc<World>, certificates: Arc<Certificates>, stop: CancellationToken) {
        let tasks = TaskTracker::new();
        for listener in self.listeners {
            let accept =
                accept(listener, Arc::clone(&world), Arc::clone(&certificates), stop.clone(), tasks.clone());
            tasks.spawn(accept);
        }
        stop.cancelled().await;
        tasks.close();
        tasks.wait().await;
    }
}

async fn accept(
    listener: TcpListener,
    world: Arc<World>,
    certificates: Arc<Certificates>,
    stop: CancellationToken,
    tasks: TaskTracker,
) {
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                let (world, certificates, stop) =
                    (Arc::clone(&world), Arc::clone(&certificates), stop.clone());
                tasks.spawn(async move {
                    tokio::select! {
                        () = stop.cancelled() => {}
                        () = welcome(stream, world, certificates) => {}
                    }
                });
            }
            Err(error) => {
                warn!(%error, "cannot accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// What a connection meets before any byte: the box at its address, and that box's faults.
async fn welcome(stream: TcpStream, world: Arc<World>, certificates: Arc<Certificates>) {
    let Ok(SocketAddr::V4(local)) = stream.local_addr() else { return };
    let address = *local.ip();
    let Some(host) = world.host(address) else { return reset(&stream) };
    let counters = match host {
        Host::Panorama => &world.panorama.counters,
        Host::Firewall(firewall) => &firewall.counters,
    };
    let _open = OpenConnection::begin(counters);
    let acceptor = match on_connect(&world, host, world.clock.now()) {
        Some(FaultKind::Hang) => return tokio::time::sleep(HANG).await,
        Some(FaultKind::WrongCertificate) => certificates.acceptor(address, false),
        Some(_) => return reset(&stream),
        None => certificates.acceptor(address, true),
    };
    match acceptor {
        Ok(acceptor) => serve_one(stream, address, acceptor, Arc::clone(&world)).await,
        Err(error) => warn!(%error, %address, "cannot make a certificate"),
    }
}

fn on_connect(world: &World, host: Host<'_>, now: Moment) -> Option<FaultKind> {
    match host {
        Host::Panorama => lock(&world.panorama.faults).on_connect(now),
        Host::Firewall(firewall) => {
            let mut device = firewall.at(now);
            if device.is_down(now) { Some(FaultKind::Refuse) } else { device.faults.on_connect(now) }
        }
    }
}

/// Closes so that the other side sees a reset: a socket that listens cannot refuse the handshake itself. To a client
/// both mean that nobody answers.
fn reset(stream: &TcpStream) {
    if let Err(error) = stream.set_zero_linger() {
        debug!(%error, "cannot reset a connection");
    }
}

async fn serve_one(stream: TcpStream, address: Ipv4Addr, acceptor: TlsAcceptor, world: Arc<World>) {
    // Small answers, one at a time: waiting to fill a packet only adds delay.
    let _ = stream.set_nodelay(true);
    match tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await {
        Ok(Ok(stream)) => connection::serve(stream, address, world).await,
        Ok(Err(error)) => debug!(%error, %address, "no TLS"),
        Err(_) => debug!(%address, "the TLS handshake took too long"),
    }
}
