//! `[firewall]`: how every firewall is called.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Field;
use super::login::{self, LoginKeys};
use super::problem::Problems;
use super::secret::Secret;

/// `[firewall]`.
#[derive(Debug, Clone)]
pub struct FirewallConfig {
    /// HTTPS port of the management interface. Default: 443.
    pub port: u16,
    /// User for `keygen`, the same on every firewall. Default: none.
    pub username: Option<String>,
    /// Password of that user. Default: none.
    pub password: Option<Secret>,
    /// Ready-made API key, valid on every firewall that shares one master key. Default: none.
    pub api_key: Option<Secret>,
    /// Time to reach a firewall at all. Default: 10s, because a dead address costs two minutes of the
    /// operating system's own patience otherwise.
    pub connect_timeout: Duration,
    /// Time for the answer to an ordinary call. Default: 60s; management planes are slow while they commit.
    pub read_timeout: Duration,
    /// Time for the answer to a software check, in which the firewall asks its update server. Default:
    /// 120s; the predecessor tool gave it 90s.
    pub check_timeout: Duration,
    /// Log-ins refused in a row, whichever the devices, after which no new attempt begins anywhere until a
    /// person resumes the fleet; 0 for never. Default: 3, because a wrong password that is tried on every
    /// device locks the account out of every device.
    pub refusals_before_hold: u32,
    /// Fragments of messages that firewalls answer, each with the word of the kind that it stands for; asked
    /// before the built-in table, without regard to case. Default: none. For messages that no table knows yet.
    pub messages: BTreeMap<String, String>,
}

impl Default for FirewallConfig {
    fn default() -> Self {
        Self {
            port: 443,
            username: None,
            password: None,
            api_key: None,
            connect_timeout: Duration::from_secs(10),
            read_timeout: Duration::from_secs(60),
            check_timeout: Duration::from_secs(120),
            refusals_before_hold: 3,
            messages: BTreeMap::new(),
        }
    }
}

impl FirewallConfig {
    pub(super) fn fields(&mut self) -> Vec<Field<'_>> {
        vec![
            Field::new("firewall.port", &mut self.port),
            Field::new("firewall.username", &mut self.username),
            Field::new("firewall.password", &mut self.password),
            Field::new("firewall.api_key", &mut self.api_key),
            Field::new("firewall.connect_timeout", &mut self.connect_timeout),
            Field::new("firewall.read_timeout", &mut self.read_timeout),
            Field::new("firewall.check_timeout", &mut self.check_timeout),
            Field::new("firewall.refusals_before_hold", &mut self.refusals_before_hold),
            Field::new("firewall.messages", &mut self.messages),
        ]
    }

    pub(super) fn check(&self, problems: &mut Problems) {
        if self.port == 0 {
            problems.add("firewall.port", self.port, "must be from 1 to 65535");
        }
        let keys = LoginKeys { username: "firewall.username", password: "firewall.password" };
        login::check(&keys, self.username.as_deref(), self.password.as_ref(), problems);
        problems.refuse_zero(&[
            ("firewall.connect_timeout", self.connect_timeout),
            ("firewall.read_timeout", self.read_timeout),
            ("firewall.check_timeout", self.check_timeout),
        ]);
    }
}
