//! A small blocking HTTP client for RabbitMQ's management API on loopback.
//!
//! It speaks HTTP/1.0, so that an answer ends with its connection and is never chunked, and knows no TLS,
//! redirects or proxies. Blocking, because destructors need it too; asynchronous callers put it on a
//! blocking thread. Promises: a bound on every read and write, and a limit on the answer.

use std::{
    io::{self, Read, Write},
    net::{TcpStream, ToSocketAddrs},
    time::Duration,
};

/// Connecting, and each read or write after it. Creating a virtual host took 20 ms when measured.
const TIMEOUT: Duration = Duration::from_secs(20);

/// More than any answer that is asked for here.
const ANSWER_LIMIT_BYTES: u64 = 8 * 1024 * 1024;

/// An HTTP server and who asks.
#[derive(Clone)]
pub(crate) struct Endpoint {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) username: String,
    pub(crate) password: String,
}

/// A status and a body.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
}

impl Endpoint {
    /// Sends one request; `body` is JSON or empty.
    pub(crate) fn request(&self, method: &str, path: &str, body: &str) -> io::Result<Answer> {
        let mut addresses = (self.host.as_str(), self.port).to_socket_addrs()?;
        let address = addresses.next().ok_or_else(|| io::Error::other("the name has no address"))?;
        let mut stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        stream.set_write_timeout(Some(TIMEOUT))?;
        let credentials = base64(format!("{}:{}", self.username, self.password).as_bytes());
        write!(
            stream,
            "{method} {path} HTTP/1.0\r\nHost: {host}\r\nAuthorization: Basic {credentials}\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}",
            host = self.host,
            length = body.len()
        )?;
        let mut bytes = Vec::new();
        stream.take(ANSWER_LIMIT_BYTES).read_to_end(&mut bytes)?;
        Answer::parse(&String::from_utf8_lossy(&bytes))
    }
}

impl Answer {
    fn parse(text: &str) -> io::Result<Self> {
        let malformed = || io::Error::new(io::ErrorKind::InvalidData, "the answer is not HTTP");
        let (head, body) = text.split_once("\r\n\r\n").ok_or_else(malformed)?;
        let status = head.strip_prefix("HTTP/1.").and_then(|rest| rest.get(2..5)).ok_or_else(malformed)?;
        Ok(Self { status: status.parse().map_err(|_| malformed())?, body: body.to_owned() })
    }
}

/// RFC 4648, for the one header that wants it.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let group =
            chunk.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for digit in 0..4 {
            let index = (group >> (18 - 6 * digit)) as usize & 63;
            text.push(if digit <= chunk.len() { char::from(ALPHABET[index]) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_agrees_with_the_vectors_of_the_rfc() {
        let encoded = ["", "f", "fo", "foo", "foob", "fooba", "foobar"].map(|text| base64(text.as_bytes()));
        assert_eq!(encoded, ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"]);
        assert_eq!(base64(b"\xff\xfe\xfd"), "//79");
    }

    #[test]
    fn status_and_body_are_read_and_anything_else_is_refused() {
        let answer = Answer::parse("HTTP/1.1 201 Created\r\nserver: Cowboy\r\n\r\n{}").unwrap();
        assert_eq!(answer, Answer { status: 201, body: "{}".to_owned() });
        for text in ["", "AMQP\0\0\x09\x01", "HTTP/1.1 2", "HTTP/1.1 abc x\r\n\r\n"] {
            assert!(Answer::parse(text).is_err(), "{text:?}");
        }
    }
}
