//! Every server that the configuration names: its name, its port, its certificate.
//!
//! Leaves to others: logging in (`ledger`, `broker`, `panorama`).

use std::net::SocketAddr;
use std::time::Duration;

use common::config::{BrokerUrl, Config, LedgerUrl, TlsVerify};
use common::report::Chain;
use futures_util::future::join_all;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use url::Url;

use super::finding::Finding;
use super::tls::{self, Prelude};
use super::trust::Trust;

/// Longest time for a name, and for one address to take a connection.
const WITHIN: Duration = Duration::from_secs(5);

/// The port of PostgreSQL, AMQP and AMQP over TLS where a URL names none (IANA).
const POSTGRES: u16 = 5432;
const AMQP: u16 = 5672;
const AMQPS: u16 = 5671;

/// A server.
pub(super) struct Target {
    /// Whose findings these are.
    pub(super) area: &'static str,
    pub(super) host: String,
    pub(super) port: u16,
    /// How its certificate is judged, where there is one.
    pub(super) tls: Option<(Prelude, Trust)>,
}

/// Examines all servers at once.
pub(super) async fn examine(config: &Config) -> Vec<Finding> {
    join_all(targets(config).iter().map(reach)).await.concat()
}

fn targets(config: &Config) -> Vec<Target> {
    let mut targets = Vec::new();
    if let LedgerUrl::Postgres(url) = &config.ledger.url
        && let Ok(url) = Url::parse(&url.to_string())
    {
        let parameter =
            |name| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
        let is_tls = parameter("sslmode")
            .is_some_and(|mode| matches!(mode.as_str(), "require" | "verify-ca" | "verify-full"));
        let trust = parameter("sslrootcert").map_or(Trust::System, |file| Trust::File(file.into()));
        let tls = is_tls.then_some((Prelude::Postgres, trust));
        targets.push(Target { area: "ledger", host: bare(&url), port: url.port().unwrap_or(POSTGRES), tls });
    }
    if let BrokerUrl::Amqp(url) = &config.broker.url
        && let Ok(url) = Url::parse(&url.to_string())
    {
        let is_tls = url.scheme() == "amqps";
        let trust = config.broker.ca_file.clone().map_or(Trust::System, Trust::File);
        let port = url.port().unwrap_or(if is_tls { AMQPS } else { AMQP });
        let tls = is_tls.then_some((Prelude::None, trust));
        targets.push(Target { area: "broker", host: bare(&url), port, tls });
    }
    if let Some(host) = &config.panorama.host {
        let trust = of_boxes(config, &[host.as_str()]);
        let tls = Some((Prelude::None, trust));
        targets.push(Target {
            area: "panorama",
            host: host.as_str().to_owned(),
            port: config.panorama.port,
            tls,
        });
    }
    targets
}

/// How `[tls]` judges the certificate of a box that is known by one of `names`.
pub(super) fn of_boxes(config: &Config, names: &[&str]) -> Trust {
    let tls = &config.tls;
    match (tls.verify, &tls.ca_file) {
        (TlsVerify::System, _) | (TlsVerify::CaFile, None) => Trust::System,
        (TlsVerify::CaFile, Some(file)) => Trust::File(file.clone()),
        (TlsVerify::Pinned, _) => Trust::Pinned(names.iter().find_map(|name| tls.pins.of(name))),
        (TlsVerify::None, _) => Trust::Anybody,
    }
}

/// The host without the brackets of an IPv6 address.
fn bare(url: &Url) -> String {
    url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']').to_owned()
}

/// Name, port and certificate of one server, each only when the one before it is good.
pub(super) async fn reach(target: &Target) -> Vec<Finding> {
    let Target { area, host, port, tls } = target;
    let addresses = match named(host, *port).await {
        Ok(addresses) => addresses,
        Err(reason) => {
            return vec![Finding::fail(
                area,
                "name",
                format!("{host}: {reason}"),
                "correct the host in the configuration, or the DNS of this machine",
            )];
        }
    };
    let listed = addresses.iter().map(|address| address.ip().to_string()).collect::<Vec<_>>().join(", ");
    let mut findings = vec![Finding::ok(area, "name", format!("{host} is {listed}"))];
    let stream = match connected(&addresses).await {
        Ok(stream) => stream,
        Err(reason) => {
            let found = format!("{host}, port {port}: {reason}");
            findings.push(Finding::fail(
                area,
                "port",
                found,
                "check the port, that the server runs, and the firewalls between",
            ));
            return findings;
        }
    };
    findings.push(Finding::ok(area, "port", format!("{port} answers")));
    match tls {
        Some((prelude, trust)) => findings.extend(tls::examine(area, host, stream, *prelude, trust).await),
        None => findings.push(Finding::ok(area, "encryption", "none is configured")),
    }
    findings
}

async fn named(host: &str, port: u16) -> Result<Vec<SocketAddr>, String> {
    match timeout(WITHIN, lookup_host((host, port))).await {
        Ok(Ok(addresses)) => {
            let addresses: Vec<_> = addresses.collect();
            if addresses.is_empty() { Err("the name has no address".to_owned()) } else { Ok(addresses) }
        }
        Ok(Err(error)) => Err(Chain(&error).to_string()),
        Err(_) => Err(format!("no answer from DNS within {} s", WITHIN.as_secs())),
    }
}

/// A connection to the first address that takes one.
async fn connected(addresses: &[SocketAddr]) -> Result<TcpStream, String> {
    let mut reason = String::new();
    for address in addresses {
        reason = match timeout(WITHIN, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("no answer within {} s", WITHIN.as_secs()),
        };
    }
    Err(reason)
}
