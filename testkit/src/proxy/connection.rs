//! One connection through the proxy: two directions, each a reader and a writer with a bounded queue
//! between them.
//!
//! Promises: bytes stay in order, an end comes after the bytes before it, and a connection that lost a byte
//! or an end is reset before it passes another. A reset at one end is a reset at the other.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpStream,
        tcp::{ReadHalf, WriteHalf},
    },
    sync::{mpsc, watch},
    time::Instant,
};

use super::network::{Counters, Flow, Loss, Network, Open, Waiting, Way};

/// The most that is read at once.
const PIECE_BYTES: usize = 16 * 1024;

/// How many pieces wait between reader and writer of one direction; two more are in their hands.
const N_PIECES: usize = 62;

/// The most bytes of one connection and direction that wait in the proxy: 1 MiB.
pub const WAITING_LIMIT_BYTES: usize = (N_PIECES + 2) * PIECE_BYTES;

/// Connecting to a server on the same machine takes no time, and one that is suspended is connected to by
/// its kernel.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);

/// Something on its way, and when it has to arrive.
enum Piece {
    Bytes(Waiting),
    End,
}

/// A connection that has been accepted.
pub(super) struct Connection {
    pub(super) target: SocketAddr,
    pub(super) network: watch::Receiver<Network>,
    pub(super) open: Open,
    /// The number of cuts before it.
    pub(super) n_cuts: u64,
    pub(super) counters: Arc<Counters>,
}

/// The proxy itself has ended, which the connections only see for a moment.
fn ended(_: watch::error::RecvError) -> io::Error {
    io::Error::other("the proxy has ended")
}

impl Connection {
    /// Passes bytes on until both directions have ended, or it is cut.
    pub(super) async fn serve(self, mut client: TcpStream) {
        let mut server = None;
        let loss = Loss::none(&self.counters);
        let relayed = tokio::select! {
            relayed = self.both_ways(&mut client, &mut server, &loss) => relayed,
            error = self.cut_or_healed_after(&loss) => Err(error),
        };
        if relayed.is_err() {
            for stream in [Some(&client), server.as_ref()].into_iter().flatten() {
                // With a linger time of zero, closing resets: socket(7).
                let _ = stream.set_zero_linger();
            }
        }
        // The sockets go before the counts: who waits for those knows that the reset has been sent.
        drop((client, server));
        drop((loss, self.open));
    }

    async fn both_ways(
        &self,
        client: &mut TcpStream,
        server: &mut Option<TcpStream>,
        loss: &Loss,
    ) -> io::Result<()> {
        let mut network = self.network.clone();
        let flow = network.wait_for(|network| network.flow != Flow::Held).await.map_err(ended)?.flow;
        if flow == Flow::Swallowed {
            // The server never hears of this one.
            loss.add(0);
            return self.take(client.split().0, Way::ToServer, mpsc::channel(1).0, loss).await;
        }
        let connected = tokio::time::timeout(CONNECT_WITHIN, TcpStream::connect(self.target)).await;
        let server = server.insert(connected??);
        client.set_nodelay(true)?;
        server.set_nodelay(true)?;
        let (from_client, to_client) = client.split();
        let (from_server, to_server) = server.split();
        tokio::try_join!(
            self.one_way(from_client, to_server, Way::ToServer, loss),
            self.one_way(from_server, to_client, Way::ToProgram, loss),
        )?;
        Ok(())
    }

    async fn one_way(&self, from: ReadHalf<'_>, to: WriteHalf<'_>, way: Way, loss: &Loss) -> io::Result<()> {
        let (sender, receiver) = mpsc::channel(N_PIECES);
        tokio::try_join!(self.take(from, way, sender, loss), self.give(to, way, receiver, loss))?;
        Ok(())
    }

    /// Reads until the end, and says of each piece when it is due.
    async fn take(
        &self,
        mut from: ReadHalf<'_>,
        way: Way,
        pieces: mpsc::Sender<(Instant, Piece)>,
        loss: &Loss,
    ) -> io::Result<()> {
        let mut network = self.network.clone();
        let mut buffer = vec![0; PIECE_BYTES];
        let mut last_due = Instant::now();
        loop {
            network.wait_for(|network| network.flow != Flow::Held).await.map_err(ended)?;
            let read = tokio::select! {
                biased;
                changed = network.changed() => { changed.map_err(ended)?; continue }
                read = from.read(&mut buffer) => read,
            };
            let swallowed = self.is_swallowed(loss, *read.as_ref().unwrap_or(&0));
            let piece = match read {
                Ok(0) | Err(_) if swallowed => std::future::pending().await,
                Ok(_) if swallowed => continue,
                Ok(0) => Piece::End,
                Ok(n) => Piece::Bytes(Waiting::count(&self.counters, buffer[..n].to_vec())),
                Err(error) => return Err(error),
            };
            let is_end = matches!(piece, Piece::End);
            last_due = last_due.max(Instant::now() + self.network.borrow().delay(way));
            // The writer is there as long as this is: they are joined.
            let _ = pieces.send((last_due, piece)).await;
            if is_end {
                return Ok(());
            }
        }
    }

    /// Writes each piece when it is due and may pass.
    async fn give(
        &self,
        mut to: WriteHalf<'_>,
        way: Way,
        mut pieces: mpsc::Receiver<(Instant, Piece)>,
        loss: &Loss,
    ) -> io::Result<()> {
        while let Some((due, piece)) = pieces.recv().await {
            self.wait_until_due(due, way).await?;
            match piece {
                Piece::Bytes(waiting) => self.write(&to, way, waiting.bytes(), loss).await?,
                Piece::End => {
                    let mut network = self.network.clone();
                    network.wait_for(|network| network.flow != Flow::Held).await.map_err(ended)?;
                    if !self.is_swallowed(loss, 0) {
                        to.shutdown().await?;
                    }
                }
            }
        }
        if loss.is_there() { std::future::pending().await } else { Ok(()) }
    }

    /// A delay that has become shorter holds for what is on its way too.
    async fn wait_until_due(&self, mut due: Instant, way: Way) -> io::Result<()> {
        let mut network = self.network.clone();
        loop {
            due = due.min(Instant::now() + network.borrow_and_update().delay(way));
            tokio::select! {
                () = tokio::time::sleep_until(due) => return Ok(()),
                changed = network.changed() => changed.map_err(ended)?,
            }
        }
    }

    async fn write(&self, to: &WriteHalf<'_>, way: Way, bytes: &[u8], loss: &Loss) -> io::Result<()> {
        let mut network = self.network.clone();
        let mut rest = bytes;
        while !rest.is_empty() {
            network.wait_for(|network| network.flow != Flow::Held).await.map_err(ended)?;
            tokio::select! {
                biased;
                changed = network.changed() => { changed.map_err(ended)?; continue }
                writable = to.writable() => writable?,
            }
            // Held while writing: whoever changes it waits until this is done.
            let now = network.borrow();
            match if loss.is_there() { Flow::Swallowed } else { now.flow } {
                Flow::Open => match to.try_write(rest) {
                    Ok(n) => {
                        self.counters.passed(way, n);
                        rest = &rest[n..];
                    }
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    Err(error) => return Err(error),
                },
                Flow::Held => {}
                Flow::Swallowed => {
                    loss.add(rest.len());
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Whether something of `n` bytes (or an end) is lost now, and notes it. A connection that has lost
    /// something loses the rest too, until it is reset.
    fn is_swallowed(&self, loss: &Loss, n: usize) -> bool {
        let now = self.network.borrow();
        let swallowed = now.flow == Flow::Swallowed || loss.is_there();
        if swallowed {
            loss.add(n);
        }
        swallowed
    }

    /// Waits until the network is cut, or healed after this connection has lost something.
    async fn cut_or_healed_after(&self, loss: &Loss) -> io::Error {
        let mut network = self.network.clone();
        loop {
            let now = *network.borrow_and_update();
            if now.n_cuts > self.n_cuts || (now.flow == Flow::Open && loss.is_there()) {
                return io::ErrorKind::ConnectionReset.into();
            }
            if let Err(error) = network.changed().await {
                return ended(error);
            }
        }
    }
}
