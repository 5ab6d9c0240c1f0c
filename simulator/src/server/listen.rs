//! Listening on loopback and nowhere else.
//!
//! Linux delivers what is sent to any 127.x.y.z to a socket on 0.0.0.0; bound to the device `lo`, that socket is
//! out of reach for other machines. Where binding to a device is refused, one socket per address does the same at
//! the price of a file each.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::net::{TcpListener, TcpSocket};
use tracing::{info, warn};

/// Connections that may wait to be accepted: a fleet's worth of workers may start at once.
const BACKLOG: u32 = 4096;

/// Binds `port` (0 for a free one) on the addresses, and tells which port it is.
///
/// # Errors
/// The port is taken, or an address cannot be bound.
pub fn bind(port: u16, addresses: impl Iterator<Item = Ipv4Addr>) -> io::Result<(Vec<TcpListener>, u16)> {
    match bind_all(port) {
        Ok(listener) => {
            let port = listener.local_addr()?.port();
            Ok((vec![listener], port))
        }
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            info!(%error, "cannot bind to the loopback device, listening on each address");
            bind_each(port, addresses)
        }
        Err(error) => Err(error),
    }
}

fn bind_all(port: u16) -> io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    socket.bind_device(Some(b"lo"))?;
    listen(socket, SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)))
}

fn bind_each(port: u16, addresses: impl Iterator<Item = Ipv4Addr>) -> io::Result<(Vec<TcpListener>, u16)> {
    let mut port = port;
    let mut listeners = Vec::new();
    for address in addresses {
        let listener = listen(TcpSocket::new_v4()?, SocketAddr::from((address, port)))?;
        port = listener.local_addr()?.port();
        listeners.push(listener);
    }
    Ok((listeners, port))
}

fn listen(socket: TcpSocket, address: SocketAddr) -> io::Result<TcpListener> {
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Lets the process open as many files as it may: each connection is one.
pub fn raise_file_limit() {
    let limit = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }) {
        warn!(%error, "cannot raise the limit of open files");
    }
}
