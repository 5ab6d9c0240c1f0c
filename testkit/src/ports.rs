//! Free loopback ports that stay free while a server is down.
//!
//! A port that the kernel gives out (port 0) may become the source port of any outgoing connection as soon
//! as its listener is gone, and a server that was killed would not get it back. So these come from below
//! the kernel's ephemeral range (32768 and up by default: ip(7), `ip_local_port_range`). Two test processes
//! may in theory draw the same number; with 20,000 to draw from that is left to chance.

use std::{
    io,
    net::{Ipv4Addr, TcpListener},
    ops::Range,
};

const CANDIDATES: Range<u16> = 11_000..31_000;
const ATTEMPTS: usize = 100;

/// A port on 127.0.0.1 that nobody listens on, drawn at random.
///
/// # Errors
/// When a hundred were tried, and somebody was on each of them.
pub fn free_port() -> io::Result<u16> {
    for _ in 0..ATTEMPTS {
        let [high, low, ..] = *uuid::Uuid::new_v4().as_bytes();
        let port = CANDIDATES.start + u16::from_be_bytes([high, low]) % (CANDIDATES.end - CANDIDATES.start);
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    Err(io::Error::new(io::ErrorKind::AddrInUse, "no free loopback port found"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_free_port_can_be_listened_on_and_lies_below_the_ephemeral_ones() {
        let port = free_port().unwrap();
        assert!(CANDIDATES.contains(&port), "{port}");
        TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
    }
}
