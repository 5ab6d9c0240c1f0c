//! The certificate that a server shows: who it is for, until when it is good, whether it is trusted; and, of a web
//! server, what time it says it is.
//!
//! Promises: nothing secret is sent, because the handshake believes whoever holds the key of what it shows: whether
//! that is trusted is judged afterwards. The web server gets one request for its front page. Every answer is
//! limited in time and size.

use std::sync::Arc;
use std::time::Duration;

use common::ledger::health::Clock;
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::finding::Finding;
use super::trust::{Trust, fingerprint};
use crate::output::time;

/// Longest time for a handshake, and for one answer.
const WITHIN: Duration = Duration::from_secs(10);

/// A certificate that ends sooner is to be renewed; authorities begin to warn in the last month.
const SOON: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Clocks that differ by more make audit entries and certificates look wrong; leases go by the database's alone.
pub(super) const SKEW: Duration = Duration::from_secs(30);

/// Longest head of an answer that is read for its date.
const MOST_HEAD: usize = 16 << 10;

/// `SSLRequest` (PostgreSQL documentation, "Message Formats"): eight bytes, the length and a code.
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];

/// What is said before the handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Prelude {
    /// Nothing.
    None,
    /// PostgreSQL's question whether it speaks TLS.
    Postgres,
}

/// Examines the certificate behind a connection, and of a web server its clock.
pub(super) async fn examine(
    area: &'static str,
    host: &str,
    stream: TcpStream,
    prelude: Prelude,
    trust: &Trust,
) -> Vec<Finding> {
    let shaken = timeout(WITHIN, shake_hands(host, stream, prelude)).await;
    let mut stream =
        match shaken.unwrap_or_else(|_| Err(format!("no handshake within {} s", WITHIN.as_secs()))) {
            Ok(stream) => stream,
            Err(reason) => {
                let remedy = "check that the port is the one for TLS, and what the server's log says";
                return vec![Finding::fail(area, "TLS", reason, remedy)];
            }
        };
    let chain = stream.get_ref().1.peer_certificates().unwrap_or_default();
    let chain: Vec<CertificateDer<'static>> = chain.iter().map(|one| one.clone().into_owned()).collect();
    let mut findings = vec![dates(area, &chain), trusted(area, host, trust, &chain)];
    if area == "panorama" || area == "device" {
        let asked = timeout(WITHIN, date(&mut stream, host)).await;
        findings.push(clock(area, asked.ok().flatten()));
    }
    findings
}

async fn shake_hands(
    host: &str,
    mut stream: TcpStream,
    prelude: Prelude,
) -> Result<TlsStream<TcpStream>, String> {
    if prelude == Prelude::Postgres {
        stream.write_all(&SSL_REQUEST).await.map_err(|error| error.to_string())?;
        match stream.read_u8().await {
            Ok(b'S') => {}
            Ok(_) => return Err("the server does not offer TLS".to_owned()),
            Err(error) => return Err(error.to_string()),
        }
    }
    let config = panos::look_at_certificates().map_err(|error| error.to_string())?;
    let name = ServerName::try_from(host.to_owned()).map_err(|error| error.to_string())?;
    TlsConnector::from(Arc::new(config)).connect(name, stream).await.map_err(|error| error.to_string())
}

/// Until when the leaf is good.
fn dates(area: &'static str, chain: &[CertificateDer<'static>]) -> Finding {
    const CHECK: &str = "certificate";
    let Some(leaf) = chain.first() else {
        return Finding::fail(area, CHECK, "the server showed none", "give the server a certificate");
    };
    let Ok((_, parsed)) = X509Certificate::from_der(leaf) else {
        return Finding::warn(area, CHECK, format!("{} cannot be read", fingerprint(leaf)), None);
    };
    let of = |seconds| Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX);
    let (begins, ends) =
        (of(parsed.validity().not_before.timestamp()), of(parsed.validity().not_after.timestamp()));
    let now = Timestamp::now();
    let whose = format!("{}, issued by {}", parsed.subject(), parsed.issuer());
    let renew = "renew the certificate of the server";
    if now > ends {
        Finding::fail(area, CHECK, format!("{whose}: expired at {}", time(ends)), renew)
    } else if now < begins {
        let found = format!("{whose}: good only from {}", time(begins));
        Finding::fail(area, CHECK, found, "compare the clocks of server and this machine")
    } else if now + SOON > ends {
        Finding::warn(area, CHECK, format!("{whose}: expires at {}", time(ends)), Some(renew))
    } else {
        Finding::ok(area, CHECK, format!("{whose}: good until {}", time(ends)))
    }
}

fn trusted(area: &'static str, host: &str, trust: &Trust, chain: &[CertificateDer<'static>]) -> Finding {
    const CHECK: &str = "trust";
    match (trust.judge(host, chain), trust) {
        (Ok(()), Trust::Anybody) => Finding::warn(
            area,
            CHECK,
            format!("{}; shown was {}", trust.by(), chain.first().map(fingerprint).unwrap_or_default()),
            Some(
                "pin this certificate in tls.pins once you have compared it at the server, or give a CA file",
            ),
        ),
        (Ok(()), Trust::System | Trust::File(_) | Trust::Pinned(_)) => {
            Finding::ok(area, CHECK, format!("by {}", trust.by()))
        }
        (Err(reason), _) => Finding::fail(
            area,
            CHECK,
            format!("not by {}: {reason}", trust.by()),
            "correct the CA file, the pin or the host's name in the configuration; a certificate that nobody can \
             explain is a reason to look who answers",
        ),
    }
}

/// The `Date` of a web server (RFC 9110, 6.6.1), asked for its front page.
async fn date(stream: &mut TlsStream<TcpStream>, host: &str) -> Option<Clock> {
    let request = format!("HEAD / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    let (asked, begun) = (Timestamp::now(), Instant::now());
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut head = Vec::new();
    let mut piece = [0; 2048];
    while head.len() < MOST_HEAD && !head.windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read(&mut piece).await.ok()? {
            0 => break,
            n => head.extend_from_slice(piece.get(..n)?),
        }
    }
    let took = begun.elapsed();
    let head = String::from_utf8_lossy(&head);
    let date = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("date").then(|| value.trim().to_owned())
    })?;
    // HTTP says GMT, which is what RFC 2822 calls an obsolete zone and means +0000.
    let theirs = rfc2822::DateTimeParser::new().parse_timestamp(&date).ok()?;
    Some(Clock::read(theirs, asked, took))
}

/// Whether two clocks agree, as far as whole seconds and the way between tell.
pub(super) fn clock(area: &'static str, clock: Option<Clock>) -> Finding {
    const CHECK: &str = "clock";
    let Some(clock) = clock else { return Finding::ok(area, CHECK, "does not say what time it is") };
    let skew = clock.skew();
    let found = format!("{} there, {} here", time(clock.theirs), time(clock.ours));
    if skew > SKEW {
        let found = format!("{found}: {} s apart", skew.as_secs());
        Finding::warn(
            area,
            CHECK,
            found,
            Some("give both NTP: times in the audit trail and the dates of certificates depend on it"),
        )
    } else {
        Finding::ok(area, CHECK, found)
    }
}
