//! Where a device listens. Checked once, so that every [`Endpoint`] makes a legal URL.
//!
//! Leaves to others: finding out whether anybody answers there.

use crate::error::PanosError;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use url::{Host, Url};

/// The port of the management web server, HTTPS unless an administrator changed it.
const DEFAULT_PORT: u16 = 443;

/// Address and port of one management interface.
///
/// `Display` is the host, with the port only where it is not 443; an IPv6 address stands in brackets.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Endpoint {
    /// Without brackets, lower case, IPv6 in its short form.
    host: String,
    port: u16,
    /// `https://HOST:PORT/api/`; with the slash, as the vendor's usage guide writes it.
    url: Url,
}

impl Endpoint {
    /// An endpoint for a name or an address; IPv6 with or without brackets.
    ///
    /// # Errors
    /// [`PanosError::Setup`] when `host` is neither a host name nor an address, or `port` is 0.
    pub fn new(host: &str, port: u16) -> Result<Self, PanosError> {
        let bare = host.trim();
        let bare = bare.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(bare);
        let refuse = || PanosError::Setup {
            problem: format!("`{}` port {port} is not an address of a device", host.escape_debug()),
        };
        if port == 0 {
            return Err(refuse());
        }
        let bracketed = if bare.parse::<Ipv6Addr>().is_ok() { format!("[{bare}]") } else { bare.to_owned() };
        let parsed = Host::parse(&bracketed).map_err(|_| refuse())?;
        let url = Url::parse(&format!("https://{parsed}:{port}/api/")).map_err(|_| refuse())?;
        let host = match parsed {
            Host::Domain(name) => name,
            Host::Ipv4(address) => address.to_string(),
            Host::Ipv6(address) => address.to_string(),
        };
        Ok(Self { host, port, url })
    }

    /// The host name or address, without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The TCP port.
    pub fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn url(&self) -> &Url {
        &self.url
    }
}

/// One spelling per host, so that a pin for `[2001:DB8::1]` is found for `2001:db8::1`.
pub(crate) fn canonical_host(host: &str) -> String {
    let bare = host.trim();
    let bare = bare.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(bare);
    bare.parse::<IpAddr>().map_or_else(|_| bare.to_ascii_lowercase(), |address| address.to_string())
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.host.contains(':'), self.port) {
            (false, DEFAULT_PORT) => f.write_str(&self.host),
            (true, DEFAULT_PORT) => write!(f, "[{}]", self.host),
            (false, port) => write!(f, "{}:{port}", self.host),
            (true, port) => write!(f, "[{}]:{port}", self.host),
        }
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Endpoint({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_prints_its_port_only_when_it_is_unusual() {
        let shown = |host, port| Endpoint::new(host, port).unwrap().to_string();
        assert_eq!(shown("192.0.2.41", 443), "192.0.2.41");
        assert_eq!(shown("192.0.2.41", 8443), "192.0.2.41:8443");
        assert_eq!(shown("FW.Example.COM", 443), "fw.example.com");
        assert_eq!(shown("2001:db8::10", 443), "[2001:db8::10]");
        assert_eq!(shown("[2001:DB8:0::10]", 4443), "[2001:db8::10]:4443");
    }

    #[test]
    fn an_ipv6_address_is_bracketed_in_the_url() {
        let endpoint = Endpoint::new("2001:db8::10", 443).unwrap();
        assert_eq!(endpoint.host(), "2001:db8::10");
        assert_eq!(endpoint.url().as_str(), "https://[2001:db8::10]/api/");
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for host in ["", " ", "a b", "fw/../x", "user@fw", "fw?x", "fw:443", "fe80::1%eth0", "fw#x"] {
            assert!(
                matches!(Endpoint::new(host, 443), Err(PanosError::Setup { .. })),
                "`{host}` was taken for a host"
            );
        }
        assert!(Endpoint::new("fw", 0).is_err());
    }
}
