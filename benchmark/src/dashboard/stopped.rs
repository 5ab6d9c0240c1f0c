//! Tabs that stand still: they ask for the stream, and never read.

use std::net::SocketAddr;

use anyhow::Context;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpSocket, TcpStream};

/// So small that the server's writes are stuck after a few pictures, and not after minutes.
const RECEIVE_BUFFER_BYTES: u32 = 4 * 1024;

/// Opens so many. They are there until they are dropped.
pub(super) async fn tabs(address: SocketAddr, n: usize) -> anyhow::Result<Vec<TcpStream>> {
    let mut tabs = Vec::new();
    for _ in 0..n {
        let socket = TcpSocket::new_v4()?;
        socket.set_recv_buffer_size(RECEIVE_BUFFER_BYTES)?;
        let mut tab = socket.connect(address).await.context("a stopped tab")?;
        let request = format!("GET /live HTTP/1.1\r\nHost: {address}\r\nAccept: text/event-stream\r\n\r\n");
        tab.write_all(request.as_bytes()).await?;
        tabs.push(tab);
    }
    Ok(tabs)
}
