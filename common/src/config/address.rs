//! Hosts and server URLs: where things are, with any password kept out of sight.
//!
//! Promises: a [`ServerUrl`] prints without its password, which only [`ServerUrl::with_login`] puts back;
//! a [`Host`] has no scheme, port or path. Leaves to others: which schemes mean what (ledger, broker).

use std::fmt;
use std::net::IpAddr;

use url::Url;

use super::secret::Secret;
use super::setting::{Found, Value, Wanted};

/// A host name or an IP address; an IPv6 address stands without brackets.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Host(String);

impl Host {
    /// Reads a name or an address, with or without brackets; `None` when it is neither.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Ok(address) = text.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
            return Some(Self(address.to_string()));
        }
        url::Host::parse(text).ok().map(|host| Self(host.to_string()))
    }

    /// The host as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Value for Host {
    fn read(found: &Found<'_>) -> Result<Self, Wanted> {
        let wanted = || "must be a host name or an IP address, without scheme, port or path".to_owned();
        Self::parse(found.text().unwrap_or_default()).ok_or_else(wanted)
    }

    fn text(&self) -> String {
        self.0.clone()
    }
}

/// The URL of a server. A password in it is held apart and never printed.
#[derive(Clone)]
pub struct ServerUrl {
    /// Without password.
    url: Url,
    /// In the percent-encoding of the URL it came from.
    encoded_password: Option<Secret>,
}

impl ServerUrl {
    /// Reads a URL with one of `schemes`; the error says what would do and repeats nothing of `text`.
    pub(super) fn parse(text: &str, schemes: &[&str]) -> Result<Self, Wanted> {
        let mut url = Url::parse(text).map_err(|error| format!("must be a URL: {error}"))?;
        if !schemes.contains(&url.scheme()) {
            return Err(format!("must begin with {}://", schemes.join(":// or ")));
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err("must name a host".to_owned());
        }
        if url.query_pairs().any(|(name, _)| name.to_lowercase().contains("password")) {
            return Err("must not hold the password as a parameter: that has a key of its own".to_owned());
        }
        // `user:5432/x@host` reads as host `user` with a port and a path: half of a password in plain sight.
        if url.path().contains('@') || url.fragment().is_some() {
            return Err("must have `/`, `?`, `#` and `@` in its login percent-encoded".to_owned());
        }
        let encoded_password = url.password().map(Secret::new);
        // Cannot fail: only URLs without host refuse a password.
        let _ = url.set_password(None);
        Ok(Self { url, encoded_password })
    }

    /// For example `amqps`.
    #[must_use]
    pub fn scheme(&self) -> &str {
        self.url.scheme()
    }

    /// The host; an IPv6 address in brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// Whether a user name stands in it.
    #[must_use]
    pub fn has_username(&self) -> bool {
        !self.url.username().is_empty()
    }

    /// Whether a password stands in it.
    #[must_use]
    pub fn has_password(&self) -> bool {
        self.encoded_password.is_some()
    }

    /// Whether it points at this machine, where plain text can be read by nobody else.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        let host = self.host().trim_start_matches('[').trim_end_matches(']');
        host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }

    /// The complete URL for the client library. `username` and `password` win over what stands in it.
    #[must_use]
    pub fn with_login(&self, username: Option<&str>, password: Option<&Secret>) -> Secret {
        // The setters encode what a URL reserves, but leave `%` alone; a user name or a password may hold one.
        let mut url = self.url.clone();
        if let Some(username) = username {
            let _ = url.set_username(&username.replace('%', "%25"));
        }
        if let Some(password) = password {
            let _ = url.set_password(Some(&password.expose().replace('%', "%25")));
        } else if let Some(password) = &self.encoded_password {
            let _ = url.set_password(Some(password.expose()));
        }
        Secret::new(String::from(url))
    }
}

impl fmt::Display for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = self.url.clone();
        if self.has_password() {
            let _ = shown.set_password(Some("***"));
        }
        f.write_str(shown.as_str())
    }
}

impl fmt::Debug for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ServerUrl({self})")
    }
}

/// `text` with everything taken out that could be a password, for messages about URLs that do not parse.
pub(super) fn redacted(text: &str) -> String {
    let (login, rest) = text.rsplit_once('@').map_or((None, text), |(login, rest)| (Some(login), rest));
    let rest = rest.find(['?', '&']).map_or_else(|| rest.to_owned(), |end| format!("{}***", &rest[..=end]));
    let Some(login) = login else { return rest };
    let (scheme, user_and_password) =
        login.find("://").map_or(("", login), |at| (&login[..at + 3], &login[at + 3..]));
    let user = user_and_password.split_once(':').map_or("", |(user, _)| user);
    format!("{scheme}{user}:***@{rest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_leaves_the_url_and_returns_only_with_the_login() {
        let url = ServerUrl::parse("postgres://app:s%40cret@db:5432/ledger", &["postgres"]).unwrap();
        assert_eq!(url.to_string(), "postgres://app:***@db:5432/ledger");
        assert_eq!(format!("{url:?}"), "ServerUrl(postgres://app:***@db:5432/ledger)");
        assert_eq!(url.with_login(None, None).expose(), "postgres://app:s%40cret@db:5432/ledger");
        let other = Secret::new("50%25@home:/");
        assert_eq!(
            url.with_login(Some("bob"), Some(&other)).expose(),
            "postgres://bob:50%2525%40home%3A%2F@db:5432/ledger"
        );
    }

    #[test]
    fn what_does_not_parse_is_redacted_by_its_looks() {
        for (text, shown) in [
            ("postgres://app:secret@db:port/ledger", "postgres://app:***@db:port/ledger"),
            ("app:sec@ret@db", "app:***@db"),
            ("postgres://db/ledger?password=secret", "postgres://db/ledger?***"),
            ("postgres://app:sec?ret@db:port/x", "postgres://app:***@db:port/x"),
            ("postgres://db/x?user=a@b&password=secret", "postgres://:***@b&***"),
            ("amqp//rabbit", "amqp//rabbit"),
        ] {
            assert_eq!(redacted(text), shown);
        }
    }

    #[test]
    fn a_url_that_is_refused_is_not_repeated() {
        for text in [
            "postgres://app:secret@",
            "mysql://app:secret@db",
            "postgres://db/x?password=secret",
            "postgres://app:1/secret@db",
            "postgres://app:1#secret@db",
        ] {
            let wanted = ServerUrl::parse(text, &["postgres"]).unwrap_err();
            assert!(!wanted.contains("secret"), "{wanted}");
        }
    }
}
