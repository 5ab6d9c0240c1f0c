//! What a `postgres://` URL asks for, and what every connection gets besides.
//!
//! Promises: an [`Address`] prints without password and parameters; limits that keep a lost peer or a stuck
//! statement from holding us are part of every connection's start, so that nothing has to be set, and kept,
//! on one afterwards. Leaves to others: opening connections ([`link`](super::link)).

use std::path::PathBuf;
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::SslMode;
use url::{Url, form_urlencoded};

/// Longest time that a transaction may stand open without a statement. Ours never wait for a device; one that stands
/// open is of a process that hangs or a network that is cut, and its locks hold up the renewal of every lease beside it.
const IDLE_IN_TRANSACTION: Duration = Duration::from_secs(10);

/// Longest wait for one address of the server to take a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// A connection without traffic is probed after this time, then in [`KEEPALIVE_INTERVAL`]s. The kernel's own
/// start is two hours (`tcp(7)`), and firewalls forget idle connections sooner.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(30);

/// Time between two probes.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(10);

/// Probes without answer after which the peer counts as gone.
const KEEPALIVE_RETRIES: u32 = 3;

/// How long sent bytes may stay without acknowledgement; keepalives do not watch those (`tcp(7)`).
const UNACKNOWLEDGED: Duration = Duration::from_secs(30);

/// Shown in `pg_stat_activity`, unless the URL says otherwise.
const APPLICATION_NAME: &str = "panos-upgrade";

/// How the server is to prove who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Protection {
    /// Not at all: plain text.
    None,
    /// A certificate for the host's name under the operating system's roots.
    SystemRoots,
    /// A certificate for the host's name under the roots of this PEM file.
    CaFile(PathBuf),
}

/// Where the server is, and how to talk to it.
#[derive(Clone)]
pub(super) struct Address {
    /// For the client library; holds the password.
    pub(super) config: Config,
    /// What the URL says about TLS.
    pub(super) protection: Protection,
    /// For messages: no password, no parameters.
    pub(super) location: String,
}

impl Address {
    /// Reads a URL. `sslmode` has the words of libpq: `require` and stronger mean TLS, and always with a
    /// certificate that is verified, because an unverified one protects from nobody who can read along;
    /// anything else means plain text. `sslrootcert` names a PEM file with the roots to trust.
    ///
    /// # Errors
    /// What is wrong with it, without repeating any of it.
    pub(super) fn parse(url: &str) -> Result<Self, String> {
        let mut url = Url::parse(url).map_err(|error| format!("not a URL: {error}"))?;
        let mut sslmode = None;
        let mut roots = None;
        // The other parameters stay as they are written: here a `+` is a plus, which URL forms take for a blank.
        let mut others = Vec::new();
        for parameter in url.query().unwrap_or_default().split('&') {
            let literal = parameter.replace('+', "%2B");
            match form_urlencoded::parse(literal.as_bytes()).next() {
                Some((name, value)) if name == "sslmode" => {
                    sslmode = Some(value.into_owned());
                }
                Some((name, value)) if name == "sslrootcert" => {
                    roots = Some(PathBuf::from(value.into_owned()));
                }
                Some(_) => others.push(parameter),
                None => {}
            }
        }
        let others = (!others.is_empty()).then(|| others.join("&"));
        let protection = match sslmode.as_deref() {
            None | Some("disable" | "allow" | "prefer") => Protection::None,
            Some("require" | "verify-ca" | "verify-full") => {
                roots.map_or(Protection::SystemRoots, Protection::CaFile)
            }
            Some(_) => {
                return Err(
                    "`sslmode` is none of disable, allow, prefer, require, verify-ca, verify-full".into()
                );
            }
        };
        url.set_query(others.as_deref());
        let mut config: Config =
            url.as_str().parse().map_err(|error: tokio_postgres::Error| reason(&error))?;
        complete(&mut config, &protection);
        Ok(Self { config, protection, location: location(url) })
    }

    /// The same server, with `statement_timeout` for each statement. A transaction that its program left
    /// open ends by [`IDLE_IN_TRANSACTION`], so that a program that hangs keeps no lock.
    ///
    /// Given as options of the connection's start: behind a pooler a `SET` would meet somebody else's session. One
    /// that does not know them has to be told to ignore them (PgBouncer: `ignore_startup_parameters`), and the role
    /// to have them; our own wait for an answer is bounded all the same.
    pub(super) fn with_statement_timeout(&self, limit: Duration) -> Config {
        let mut config = self.config.clone();
        let (limit_ms, idle_ms) = (limit.as_millis(), limit.min(IDLE_IN_TRANSACTION).as_millis());
        let ours = format!(
            "-c statement_timeout={limit_ms} -c idle_in_transaction_session_timeout={idle_ms} -c jit=off"
        );
        config.options(match self.config.get_options() {
            Some(given) => format!("{ours} {given}"),
            None => ours,
        });
        config
    }
}

fn complete(config: &mut Config, protection: &Protection) {
    config.ssl_mode(match protection {
        Protection::None => SslMode::Disable,
        Protection::SystemRoots | Protection::CaFile(_) => SslMode::Require,
    });
    if config.get_application_name().is_none() {
        config.application_name(APPLICATION_NAME);
    }
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT_TIMEOUT);
    }
    config
        .keepalives(true)
        .keepalives_idle(KEEPALIVE_IDLE)
        .keepalives_interval(KEEPALIVE_INTERVAL)
        .keepalives_retries(KEEPALIVE_RETRIES)
        .tcp_user_timeout(UNACKNOWLEDGED);
}

/// The client library says which parameter it does not take, and repeats no value.
fn reason(error: &tokio_postgres::Error) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

/// Setting a password fails only for a URL without host, which has none.
fn location(mut url: Url) -> String {
    let _ = url.set_password(None);
    url.set_query(None);
    url.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_location_has_neither_password_nor_parameters() {
        let address =
            Address::parse("postgres://app:hunter2@db.example:5433/ledger?application_name=x").unwrap();
        assert_eq!(address.location, "postgres://app@db.example:5433/ledger");
        assert_eq!(address.config.get_password(), Some(&b"hunter2"[..]));
        assert_eq!(address.config.get_application_name(), Some("x"));
    }

    #[test]
    fn tls_follows_sslmode_and_is_always_verified() {
        let protection =
            |query: &str| Address::parse(&format!("postgres://app@db.example/ledger{query}")).unwrap();
        for plain in ["", "?sslmode=disable", "?sslmode=prefer"] {
            let address = protection(plain);
            assert_eq!(address.protection, Protection::None, "{plain}");
            assert_eq!(address.config.get_ssl_mode(), SslMode::Disable, "{plain}");
        }
        for tls in ["?sslmode=require", "?sslmode=verify-ca", "?sslmode=verify-full"] {
            let address = protection(tls);
            assert_eq!(address.protection, Protection::SystemRoots, "{tls}");
            assert_eq!(address.config.get_ssl_mode(), SslMode::Require, "{tls}");
        }
        let address = protection("?sslmode=verify-full&sslrootcert=/etc/ca.pem");
        assert_eq!(address.protection, Protection::CaFile("/etc/ca.pem".into()));
    }

    #[test]
    fn a_refused_url_is_not_repeated() {
        for url in [
            "hunter2",
            "postgres://app:hunter2@db.example/ledger?sslmode=hunter2",
            "postgres://app:hunter2@db.example/ledger?password_=hunter2",
            "postgres://app:hunter2@db.example:99999/ledger",
        ] {
            let reason = Address::parse(url).map(|address| address.location).unwrap_err();
            assert!(!reason.contains("hunter2"), "{reason}");
        }
    }

    #[test]
    fn limits_stand_before_the_options_of_the_url_so_that_those_win() {
        let address = Address::parse("postgres://app@db.example/ledger?options=-c%20work_mem%3D8MB").unwrap();
        let config = address.with_statement_timeout(Duration::from_secs(30));
        assert_eq!(
            config.get_options(),
            Some(
                "-c statement_timeout=30000 -c idle_in_transaction_session_timeout=10000 -c jit=off -c work_mem=8MB"
            )
        );
    }
}
