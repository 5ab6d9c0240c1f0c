//! `[dashboard]`: the fleet in a browser, and the API for programs.

use std::net::{Ipv4Addr, SocketAddr};

use super::Field;
use super::address::Host;
use super::problem::Problems;
use super::secret::Secret;
use super::setting::{Found, Value, Wanted};

/// A token that is shorter can be found by trying.
const SHORTEST_TOKEN: usize = 16;

/// `[dashboard]`.
#[derive(Debug, Clone)]
pub struct DashboardConfig {
    /// Address and port that it listens at. Default: 127.0.0.1:8080, this machine only; another address needs a token,
    /// and a proxy with TLS in front of it where the network between is not yours.
    pub listen: SocketAddr,
    /// Whoever knows it may look, and may queue jobs. Default: none: everybody on this machine may look, nobody may
    /// queue.
    pub token: Option<Secret>,
    /// Names besides `localhost` under which browsers may reach it. Default: none.
    pub hosts: Vec<Host>,
}

impl Default for DashboardConfig {
    fn default() -> Self {
        Self { listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)), token: None, hosts: Vec::new() }
    }
}

impl DashboardConfig {
    pub(super) fn fields(&mut self) -> Vec<Field<'_>> {
        vec![
            Field::new("dashboard.listen", &mut self.listen),
            Field::new("dashboard.token", &mut self.token),
            Field::new("dashboard.hosts", &mut self.hosts),
        ]
    }

    pub(super) fn check(&self, problems: &mut Problems) {
        if !self.listen.ip().is_loopback() && self.token.is_none() {
            problems.add_among(
                &["dashboard.listen", "dashboard.token"],
                Some(self.listen.to_string()),
                "must be an address of this machine alone, such as 127.0.0.1:8080, unless dashboard.token is set",
            );
        }
        if self.token.as_ref().is_some_and(|token| token.expose().trim().len() < SHORTEST_TOKEN) {
            let wanted =
                format!("must have at least {SHORTEST_TOKEN} characters: `openssl rand -hex 32` makes one");
            problems.add("dashboard.token", "(set)", wanted);
        }
    }
}

impl Value for Vec<Host> {
    fn read(found: &Found<'_>) -> Result<Self, Wanted> {
        let wanted = || "must be a list of host names, such as [\"panos.example.com\"]".to_owned();
        let words = found.list().ok_or_else(wanted)?;
        words.into_iter().map(|word| Host::parse(word).ok_or_else(wanted)).collect()
    }

    fn text(&self) -> String {
        self.iter().map(Host::as_str).collect::<Vec<_>>().join(",")
    }

    fn toml(&self) -> toml_edit::Value {
        self.iter().map(Host::as_str).collect()
    }
}
