//! The proxy's listener: open, or shut with its port kept.
//!
//! A port without a listener refuses, which is what a server that is down looks like; a socket that is
//! bound and does not listen refuses too (listen(2)), and keeps the port from everybody else.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    sync::{oneshot, watch},
    task::JoinSet,
};

use super::{
    connection::Connection,
    network::{Counters, Network, Open},
};

/// How many connections may wait to be accepted.
const BACKLOG: u32 = 1024;

/// Accepting fails when the process is out of files: then others have to be closed first.
const ACCEPT_AGAIN_AFTER: Duration = Duration::from_millis(10);

/// Who accepts connections, and starts one [`Connection`] for each.
pub(super) struct Doorkeeper {
    pub(super) target: SocketAddr,
    pub(super) network: watch::Receiver<Network>,
    pub(super) listening: watch::Sender<Result<bool, String>>,
    pub(super) counters: Arc<Counters>,
}

enum Door {
    Open(TcpListener),
    Shut(TcpSocket),
}

impl Doorkeeper {
    /// Keeps the door until `ended`; all connections end with it.
    pub(super) async fn keep(mut self, listener: std::net::TcpListener, ended: oneshot::Receiver<()>) {
        let kept = async {
            let address = listener.local_addr()?;
            let mut door = Door::Open(TcpListener::from_std(listener)?);
            let mut connections = JoinSet::new();
            loop {
                let listens = self.network.borrow_and_update().listens;
                door = door.moved(listens, address)?;
                self.listening.send_modify(|seen| *seen = Ok(listens));
                tokio::select! {
                    changed = self.network.changed() => if changed.is_err() { return Ok(()) },
                    Some(_) = connections.join_next() => {}
                    accepted = door.accept() => match accepted {
                        Ok(client) => drop(connections.spawn(self.connection().serve(client))),
                        Err(_) => tokio::time::sleep(ACCEPT_AGAIN_AFTER).await,
                    },
                }
            }
        };
        let failed: Result<(), io::Error> = tokio::select! {
            kept = kept => kept,
            _ = ended => return,
        };
        if let Err(error) = failed {
            self.listening.send_modify(|seen| *seen = Err(error.to_string()));
        }
    }

    fn connection(&self) -> Connection {
        let n_cuts = self.network.borrow().n_cuts;
        Connection {
            target: self.target,
            network: self.network.clone(),
            open: Open::count(&self.counters, n_cuts),
            n_cuts,
            counters: Arc::clone(&self.counters),
        }
    }
}

impl Door {
    fn moved(self, open: bool, address: SocketAddr) -> io::Result<Self> {
        match (self, open) {
            (Self::Open(listener), false) => {
                // Two sockets may not have the port while one of them listens.
                drop(listener);
                let socket = TcpSocket::new_v4()?;
                socket.set_reuseaddr(true)?;
                socket.bind(address)?;
                Ok(Self::Shut(socket))
            }
            (Self::Shut(socket), true) => Ok(Self::Open(socket.listen(BACKLOG)?)),
            (door @ Self::Open(_), true) | (door @ Self::Shut(_), false) => Ok(door),
        }
    }

    async fn accept(&self) -> io::Result<TcpStream> {
        match self {
            Self::Open(listener) => listener.accept().await.map(|(client, _)| client),
            Self::Shut(_) => std::future::pending().await,
        }
    }
}
