//! `[broker]`: what wakes the workers and carries the events.

use std::path::PathBuf;

use super::Field;
use super::address::ServerUrl;
use super::ledger::LedgerUrl;
use super::problem::Problems;
use super::secret::Secret;
use super::setting::{Care, Found, Value, Wanted};

/// `[broker]`.
#[derive(Debug, Clone, Default)]
pub struct BrokerConfig {
    /// `embedded` or `amqp(s)://user@host:port/vhost`. Default: `embedded`, the SQLite ledger's own queue.
    /// The environment may name a file that holds the URL (`…__URL_FILE`).
    pub url: BrokerUrl,
    /// User of RabbitMQ; wins over one in the URL. Default: none.
    pub username: Option<String>,
    /// Password of that user; wins over one in the URL. Default: none.
    pub password: Option<Secret>,
    /// PEM file with the CA certificates to trust for `amqps`. Default: the system's roots.
    pub ca_file: Option<PathBuf>,
    /// PEM file with the certificate that this process shows to the broker. Default: none.
    pub client_cert_file: Option<PathBuf>,
    /// PEM file with the private key of that certificate. Default: none.
    pub client_key_file: Option<PathBuf>,
}

/// Which broker.
#[derive(Debug, Clone, Default)]
pub enum BrokerUrl {
    /// In process, kept in the SQLite ledger: one machine.
    #[default]
    Embedded,
    /// RabbitMQ: a fleet.
    Amqp(ServerUrl),
}

impl BrokerConfig {
    /// The complete AMQP URL with its login, for the client library; `None` when embedded.
    #[must_use]
    pub fn amqp_url(&self) -> Option<Secret> {
        match &self.url {
            BrokerUrl::Embedded => None,
            BrokerUrl::Amqp(url) => Some(url.with_login(self.username.as_deref(), self.password.as_ref())),
        }
    }

    pub(super) fn fields(&mut self) -> Vec<Field<'_>> {
        vec![
            Field::new("broker.url", &mut self.url),
            Field::new("broker.username", &mut self.username),
            Field::new("broker.password", &mut self.password),
            Field::new("broker.ca_file", &mut self.ca_file),
            Field::new("broker.client_cert_file", &mut self.client_cert_file),
            Field::new("broker.client_key_file", &mut self.client_key_file),
        ]
    }

    pub(super) fn check(&self, ledger: &LedgerUrl, problems: &mut Problems) {
        self.check_pair(ledger, problems);
        self.check_login(problems);
        self.check_tls(problems);
    }

    /// The two ways to run: embedded is one file, a fleet is two servers.
    fn check_pair(&self, ledger: &LedgerUrl, problems: &mut Problems) {
        let keys = ["broker.url", "ledger.url"];
        match (&self.url, ledger) {
            (BrokerUrl::Embedded, LedgerUrl::Sqlite(_)) | (BrokerUrl::Amqp(_), LedgerUrl::Postgres(_)) => {}
            (BrokerUrl::Embedded, LedgerUrl::Postgres(_)) => problems.add_among(
                &keys,
                Some(self.url.text()),
                "the broker's embedded queue lives in the SQLite ledger, and ledger.url is PostgreSQL: \
                 give an amqp:// or amqps:// url, or a sqlite: ledger.url",
            ),
            (BrokerUrl::Amqp(_), LedgerUrl::Sqlite(_)) => problems.add_among(
                &keys,
                Some(self.url.text()),
                "workers that share a RabbitMQ must share a PostgreSQL ledger, and ledger.url is SQLite: \
                 give a postgres:// ledger.url, or leave broker.url at \"embedded\"",
            ),
        }
    }

    fn check_login(&self, problems: &mut Problems) {
        let BrokerUrl::Amqp(url) = &self.url else {
            for (key, is_set) in
                [("broker.username", self.username.is_some()), ("broker.password", self.password.is_some())]
            {
                if is_set {
                    problems.add_among(
                        &[key, "broker.url"],
                        None,
                        "the embedded broker has no login; leave it out, or give an amqp:// url",
                    );
                }
            }
            return;
        };
        let has_username = self.username.is_some() || url.has_username();
        let has_password = self.password.is_some() || url.has_password();
        let keys = ["broker.password", "broker.username", "broker.url"];
        if has_username && !has_password && self.client_cert_file.is_none() {
            problems.add_among(&keys, None, "is missing: the broker's user needs it");
        }
        if has_password && !has_username {
            problems.add_among(&keys, None, "belongs to a user: set broker.username too");
        }
    }

    fn check_tls(&self, problems: &mut Problems) {
        let files = [
            ("broker.ca_file", &self.ca_file),
            ("broker.client_cert_file", &self.client_cert_file),
            ("broker.client_key_file", &self.client_key_file),
        ];
        let is_tls = matches!(&self.url, BrokerUrl::Amqp(url) if url.scheme() == "amqps");
        for (key, file) in files.iter().filter(|_| !is_tls) {
            if let Some(path) = file {
                let wanted = "is for TLS only: leave it out, or give an amqps:// broker.url";
                problems.add_among(&[key, "broker.url"], Some(path.text()), wanted);
            }
        }
        match (&self.client_cert_file, &self.client_key_file) {
            (Some(_), None) => problems.add_among(
                &["broker.client_key_file", "broker.client_cert_file"],
                None,
                "is missing: the client certificate needs its key",
            ),
            (None, Some(_)) => problems.add_among(
                &["broker.client_cert_file", "broker.client_key_file"],
                None,
                "is missing: the client key needs its certificate",
            ),
            (Some(_), Some(_)) | (None, None) => {}
        }
    }
}

impl Value for BrokerUrl {
    const CARE: Care = Care::Redacted;

    fn read(found: &Found<'_>) -> Result<Self, Wanted> {
        let text = found.text().map(str::trim).unwrap_or_default();
        if text == "embedded" {
            return Ok(Self::Embedded);
        }
        if text.starts_with("amqp") {
            return ServerUrl::parse(text, &["amqp", "amqps"]).map(Self::Amqp);
        }
        Err("must be \"embedded\", amqp://user@host:port/vhost or amqps://…".to_owned())
    }

    fn is_secret(&self) -> bool {
        matches!(self, Self::Amqp(url) if url.has_password())
    }

    fn text(&self) -> String {
        match self {
            Self::Embedded => "embedded".to_owned(),
            Self::Amqp(url) => url.to_string(),
        }
    }
}
