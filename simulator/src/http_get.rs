//! A GET of our own control endpoint, for the sub-commands: blocking, plain, bounded.

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use url::Url;

/// The longest wait for a connection and for each piece of the answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// The longest answer: the state of a hundred thousand devices fits.
const LIMIT: u64 = 256 * 1024 * 1024;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum GetError {
    /// Not an address of a control endpoint.
    #[error("`{0}` is not the address of a control endpoint (like http://127.0.0.1:8080)")]
    Address(String),
    /// Nobody answers, or the answer breaks off.
    #[error("{url}: no answer")]
    NoAnswer {
        /// What was asked for.
        url: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Something else answers.
    #[error("{url}: unexpected answer `{status}`")]
    Unexpected {
        /// What was asked for.
        url: String,
        /// Its first line.
        status: String,
    },
}

/// The body of `path` at the control endpoint `control`.
///
/// # Errors
/// The address is none, nobody answers, or something else does.
pub fn get(control: &str, path: &str) -> Result<String, GetError> {
    let refuse = || GetError::Address(control.to_owned());
    let url = Url::parse(control).map_err(|_| refuse())?;
    let (Some(host), Some(port), "http") = (url.host_str(), url.port_or_known_default(), url.scheme()) else {
        return Err(refuse());
    };
    let full = format!("http://{host}:{port}{path}");
    let text =
        exchange(host, port, path).map_err(|source| GetError::NoAnswer { url: full.clone(), source })?;
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.lines().next().unwrap_or_default();
    if status.split(' ').nth(1) != Some("200") {
        return Err(GetError::Unexpected { url: full, status: status.to_owned() });
    }
    Ok(body.to_owned())
}

fn exchange(host: &str, port: u16, path: &str) -> io::Result<String> {
    let address = (host, port).to_socket_addrs()?.next().ok_or(io::ErrorKind::NotFound)?;
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    // HTTP/1.0: the answer comes in one piece and the connection ends after it.
    write!(stream, "GET {path} HTTP/1.0\r\nHost: {host}:{port}\r\n\r\n")?;
    let mut text = String::new();
    stream.take(LIMIT).read_to_string(&mut text)?;
    Ok(text)
}
