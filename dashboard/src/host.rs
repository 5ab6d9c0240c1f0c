//! By which name we are called.
//!
//! A page of somebody else's may make a browser resolve its own name to 127.0.0.1 and read what we answer (DNS
//! rebinding): the browser then says that name in `Host`. Promises: only names that are ours are answered. Leaves to
//! others: who asks ([`auth`](crate::auth)).

use std::net::SocketAddr;

use axum::http::{HeaderMap, StatusCode, Uri, header, uri::Authority};
use common::config::{DashboardConfig, Host};

use crate::error::ApiError;

/// The names that are ours.
#[derive(Debug, Clone)]
pub struct Names {
    known: Vec<Host>,
    /// Any other name is somebody else's. Not so where a token protects an address that others reach by names that
    /// nobody told us.
    only_known: bool,
}

impl Names {
    /// Those of this configuration, listening at `address`.
    #[must_use]
    pub fn new(config: &DashboardConfig, address: SocketAddr) -> Self {
        let mut known: Vec<Host> =
            ["localhost", "127.0.0.1", "::1"].into_iter().filter_map(Host::parse).collect();
        known.extend(Host::parse(&address.ip().to_string()));
        known.extend(config.hosts.iter().cloned());
        Self { known, only_known: address.ip().is_loopback() || !config.hosts.is_empty() }
    }

    /// Lets a request pass that calls us by our name.
    ///
    /// # Errors
    /// 421 for another name, or none.
    pub fn check(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), ApiError> {
        if !self.only_known {
            return Ok(());
        }
        let mut hosts = headers.get_all(header::HOST).iter();
        let said = hosts.next().and_then(|host| host.to_str().ok());
        let is_ours = hosts.next().is_none()
            && said.is_some_and(|host| self.has(host))
            && uri.authority().is_none_or(|authority| self.has(authority.as_str()));
        if is_ours { Ok(()) } else { Err(wrong_host()) }
    }

    /// Whether `host:port` is one of ours, whatever the port: a tunnel may have another.
    fn has(&self, authority: &str) -> bool {
        let Ok(authority) = authority.parse::<Authority>() else { return false };
        // What stands before an `@` is no name.
        !authority.as_str().contains('@')
            && Host::parse(authority.host()).is_some_and(|host| self.known.contains(&host))
    }
}

fn wrong_host() -> ApiError {
    ApiError::new(
        StatusCode::MISDIRECTED_REQUEST,
        "wrong_host",
        "this is not a name of this dashboard",
        "open it as http://localhost, or add the name to dashboard.hosts",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(listen: &str, hosts: &[&str], said: &[&str]) -> bool {
        let hosts = hosts.iter().map(|host| Host::parse(host).unwrap()).collect();
        let config = DashboardConfig { hosts, ..DashboardConfig::default() };
        let mut headers = HeaderMap::new();
        for host in said {
            headers.append(header::HOST, host.parse().unwrap());
        }
        Names::new(&config, listen.parse().unwrap()).check(&Uri::from_static("/"), &headers).is_ok()
    }

    #[test]
    fn on_loopback_only_our_names_are_answered() {
        let listen = "127.0.0.1:8080";
        for ours in ["localhost", "LOCALHOST:8080", "127.0.0.1:9", "[::1]:8080", "[::1]"] {
            assert!(answer(listen, &[], &[ours]), "{ours}");
        }
        for theirs in
            ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "a@localhost", "0.0.0.0", ""]
        {
            assert!(!answer(listen, &[], &[theirs]), "{theirs}");
        }
        assert!(!answer(listen, &[], &[]), "no name");
        assert!(!answer(listen, &[], &["localhost", "evil.example"]), "two names");
        assert!(answer(listen, &["panos.example.com"], &["panos.example.com"]));
    }

    #[test]
    fn elsewhere_any_name_will_do_until_somebody_says_which() {
        assert!(answer("192.0.2.1:80", &[], &["anything.example"]));
        assert!(!answer("192.0.2.1:80", &["panos.example.com"], &["anything.example"]));
        assert!(answer("192.0.2.1:80", &["panos.example.com"], &["192.0.2.1"]));
    }

    #[test]
    fn a_whole_url_in_the_request_line_counts_too() {
        let names = Names::new(&DashboardConfig::default(), "127.0.0.1:1".parse().unwrap());
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, "localhost".parse().unwrap());
        assert!(names.check(&Uri::from_static("http://evil.example/"), &headers).is_err());
    }
}
