//! How this process reaches firewalls and Panorama: one transport, one key per device, the configured login.
//!
//! Promises: at most one `keygen` per device in the life of the process, however many jobs it performs
//! there unless a key is no longer good; TLS as `[tls]` says; `firewall.messages` is heard. Leaves to others: every
//! command (crate [`panos`]).

use std::sync::Arc;

use common::config::{Config, Secret, TlsVerify};
use common::domain::device::Serial;
use common::domain::lease::WorkerId;
use panos::{
    Client, Credentials, Endpoint, KeyCache, Messages, PanosError, Pins, Transport, TransportConfig, Trust,
};

use crate::measure;
use crate::messages::{self, MessagesError};

/// Makes clients.
#[derive(Clone)]
pub struct Connector {
    keys: KeyCache,
    firewall: Login,
    panorama: Login,
    pinned: Pinned,
    /// The operator's own patterns for what devices say.
    messages: Arc<Messages>,
}

/// Certificates that are known by device rather than by address, and where they are looked up.
#[derive(Clone)]
struct Pinned {
    configured: common::config::Pins,
    by_host: Pins,
}

/// How one kind of box is called.
#[derive(Clone)]
struct Login {
    transport: Transport,
    port: u16,
    credentials: Option<Credentials>,
}

/// Why boxes cannot be called at all.
#[derive(Debug, thiserror::Error)]
pub enum ConnectorError {
    /// Certificates or pins that cannot be used.
    #[error(transparent)]
    Transport(#[from] PanosError),
    /// A key that has to be set first.
    #[error("{key} is not set")]
    NotConfigured {
        /// The key.
        key: &'static str,
    },
    /// A message is to be taken for a kind that there is not.
    #[error(transparent)]
    Messages(#[from] MessagesError),
}

/// Calls that Panorama takes at once. Vendor, "PAN-OS XML API components": limit concurrent calls to five.
const PANORAMA_CONCURRENCY: usize = 5;

/// Largest answer that is taken from Panorama, in bytes: its device list has about 2 KB per firewall, so this
/// is room for 30,000 of them. Firewalls keep the client's own, smaller limit.
const LARGEST_PANORAMA_ANSWER: usize = 64 << 20;

/// Every call is recorded in the firewall's own log under this name.
const USER_AGENT: &str = concat!("panos-upgrade/", env!("CARGO_PKG_VERSION"));

impl Connector {
    /// A connector as configured.
    ///
    /// # Errors
    /// [`ConnectorError::Transport`] when certificates cannot be read, [`ConnectorError::Messages`].
    pub fn new(config: &Config) -> Result<Self, ConnectorError> {
        Self::named(config, USER_AGENT.to_owned())
    }

    /// The same, whose calls say which worker makes them: in a firewall's log two workers can be told apart.
    ///
    /// # Errors
    /// As for [`Self::new`].
    pub fn for_worker(config: &Config, worker: &WorkerId) -> Result<Self, ConnectorError> {
        Self::named(config, user_agent(worker))
    }

    fn named(config: &Config, user_agent: String) -> Result<Self, ConnectorError> {
        panos::install_crypto_provider();
        let messages = Arc::new(messages::of(config)?);
        let pinned = Pinned { configured: config.tls.pins.clone(), by_host: Pins::new() };
        for (host, fingerprint) in pinned.configured.iter() {
            pinned.by_host.insert(host, fingerprint.0.into());
        }
        let for_firewalls = TransportConfig {
            trust: trust(config, &pinned.by_host)?,
            connect_timeout: config.firewall.connect_timeout,
            read_timeout: config.firewall.read_timeout,
            slow_timeout: config.firewall.check_timeout,
            user_agent,
            ..TransportConfig::default()
        };
        let for_panorama =
            TransportConfig { max_answer_bytes: LARGEST_PANORAMA_ANSWER, ..for_firewalls.clone() };
        let firewall = Login {
            transport: Transport::new(&for_firewalls)?,
            port: config.firewall.port,
            credentials: credentials(
                config.firewall.username.as_deref(),
                config.firewall.password.as_ref(),
                config.firewall.api_key.as_ref(),
            ),
        };
        let panorama = Login {
            transport: Transport::new(&for_panorama)?,
            port: config.panorama.port,
            credentials: credentials(
                config.panorama.username.as_deref(),
                config.panorama.password.as_ref(),
                config.panorama.api_key.as_ref(),
            ),
        };
        Ok(Self { keys: KeyCache::new(), firewall, panorama, pinned, messages })
    }

    /// Checks that firewalls can be logged in to, before a job is claimed that could not be performed.
    ///
    /// # Errors
    /// [`ConnectorError::NotConfigured`].
    pub fn check_firewall_login(&self) -> Result<(), ConnectorError> {
        self.firewall.credentials("firewall.username").map(drop)
    }

    /// A client for the firewall with this serial at `address`.
    ///
    /// # Errors
    /// [`ConnectorError`] when the login is not configured or the address is none.
    pub fn firewall(&self, address: &str, serial: &Serial) -> Result<Client, ConnectorError> {
        let endpoint = Endpoint::new(address, self.firewall.port)?;
        if let Some(fingerprint) = self.pinned.configured.of(serial.as_str()) {
            self.pinned.by_host.insert(endpoint.host(), fingerprint.0.into());
        }
        let credentials = self.firewall.credentials("firewall.username")?;
        Ok(Client::new(self.firewall.transport.clone(), endpoint, credentials)
            .with_key_cache(self.keys.clone())
            .with_observer(measure::calls())
            .with_messages(Arc::clone(&self.messages)))
    }

    /// A client for Panorama.
    ///
    /// # Errors
    /// As for [`Self::firewall`].
    pub fn panorama(&self, host: &str) -> Result<Client, ConnectorError> {
        let endpoint = Endpoint::new(host, self.panorama.port)?;
        let credentials = self.panorama.credentials("panorama.username")?;
        Ok(Client::new(self.panorama.transport.clone(), endpoint, credentials)
            .with_key_cache(self.keys.clone())
            .with_messages(Arc::clone(&self.messages))
            .with_max_concurrent(PANORAMA_CONCURRENCY))
    }
}

/// `panos-upgrade/1.2.3 (host-17-0a1b2c3d)`. A host's name may hold anything; a header and its comment may not.
fn user_agent(worker: &WorkerId) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let id: String = worker.0.chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
    format!("{USER_AGENT} ({id})")
}

impl Login {
    fn credentials(&self, key: &'static str) -> Result<Credentials, ConnectorError> {
        self.credentials.clone().ok_or(ConnectorError::NotConfigured { key })
    }
}

/// A user with a password wins over a key, as in the predecessor: it can make a new key when one expires.
fn credentials(
    username: Option<&str>,
    password: Option<&Secret>,
    api_key: Option<&Secret>,
) -> Option<Credentials> {
    match (username, password, api_key) {
        (Some(username), Some(password), _) => Some(Credentials::Password {
            username: username.to_owned(),
            password: password.to_secret_string(),
        }),
        (_, _, Some(key)) => Some(Credentials::ApiKey(key.to_secret_string())),
        (_, _, None) => None,
    }
}

/// How certificates are checked, as `[tls]` says.
fn trust(config: &Config, pins: &Pins) -> Result<Trust, ConnectorError> {
    Ok(match config.tls.verify {
        TlsVerify::System => Trust::System,
        TlsVerify::CaFile => Trust::CaFile(
            config.tls.ca_file.clone().ok_or(ConnectorError::NotConfigured { key: "tls.ca_file" })?,
        ),
        TlsVerify::Pinned => Trust::Pinned(pins.clone()),
        TlsVerify::None => Trust::None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_says_which_worker_makes_it_whatever_its_host_is_called() {
        let named = user_agent(&WorkerId("büro (1)\r\n-17-0a1b2c3d".to_owned()));
        assert_eq!(named, format!("{USER_AGENT} (b_ro__1___-17-0a1b2c3d)"));
        assert!(named.is_ascii());
    }
}
