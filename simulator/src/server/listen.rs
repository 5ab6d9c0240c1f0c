//! Listening on loopback and nowhere else.
//!
//! A small fleet has one socket per address, so that a device which is never reachable has none and the kernel
//! itself refuses the connection. A large one has a single socket on 0.0.0.0, bound to the device `lo`: Linux
//! delivers to it what is sent to any 127.x.y.z, and it is out of reach for other machines. Where binding to a
//! device is refused, a large fleet has one socket per address as well, at the price of a file each.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::net::{TcpListener, TcpSocket};
use tracing::{info, warn};

/// Connections that may wait to be accepted: a fleet's worth of workers may start at once.
const BACKLOG: u32 = 4096;

/// The largest fleet with a socket per address.
const EACH_LIMIT: usize = 1_000;
/// How often a free port is looked for that is free at every address.
const TRIES: usize = 5;

/// Binds `port` (0 for a free one) on the addresses, and tells which port it is.
///
/// # Errors
/// The port is taken, or an address cannot be bound.
pub fn bind(port: u16, addresses: &[Ipv4Addr]) -> io::Result<(Vec<TcpListener>, u16)> {
    if addresses.len() <= EACH_LIMIT {
        return bind_each(port, addresses);
    }
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

fn bind_each(port: u16, addresses: &[Ipv4Addr]) -> io::Result<(Vec<TcpListener>, u16)> {
    let mut tries = if port == 0 { TRIES } else { 1 };
    loop {
        tries -= 1;
        match try_each(port, addresses) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && tries > 0 => {}
            outcome => return outcome,
        }
    }
}

fn try_each(mut port: u16, addresses: &[Ipv4Addr]) -> io::Result<(Vec<TcpListener>, u16)> {
    let mut listeners = Vec::with_capacity(addresses.len());
    for address in addresses {
        let listener = listen(TcpSocket::new_v4()?, SocketAddr::from((*address, port)))?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_socket_for_all_addresses_is_bound_to_the_loopback_device() {
        let listener = match bind_all(0) {
            Ok(listener) => listener,
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return,
            Err(error) => panic!("{error}"),
        };
        let port = listener.local_addr().unwrap().port();
        let connected = tokio::net::TcpStream::connect((Ipv4Addr::new(127, 21, 3, 4), port));
        let (connected, accepted) = tokio::join!(connected, listener.accept());
        assert!(connected.is_ok());
        assert_eq!(accepted.unwrap().0.local_addr().unwrap().ip(), Ipv4Addr::new(127, 21, 3, 4));

        let file = std::os::fd::OwnedFd::from(listener.into_std().unwrap());
        let socket = TcpSocket::from_std_stream(std::net::TcpStream::from(file));
        assert_eq!(socket.device().unwrap().as_deref(), Some(b"lo".as_slice()));
    }

    #[tokio::test]
    async fn sockets_per_address_share_a_port_and_refuse_at_every_other_address() {
        let addresses = [Ipv4Addr::new(127, 20, 9, 1), Ipv4Addr::new(127, 21, 9, 2)];
        let (listeners, port) = bind(0, &addresses).unwrap();
        let bound: Vec<_> = listeners.iter().map(|listener| listener.local_addr().unwrap()).collect();
        assert_eq!(bound, addresses.map(|address| SocketAddr::from((address, port))));
        let nobody = tokio::net::TcpStream::connect((Ipv4Addr::new(127, 21, 9, 3), port)).await;
        assert_eq!(nobody.unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
    }
}
