//! Private RabbitMQ nodes, and virtual hosts for tests.
//!
//! [`VirtualHost`] is what most tests want: exchanges and queues of their own on a node that many share,
//! made in 20 ms through the management API (`rabbitmqctl` takes two seconds). [`RabbitMq`] is for tests
//! that kill, suspend, stop and start the node itself, or raise its alarms; a start takes about seven
//! seconds. [`Cluster`] is three of them that are one broker.
//!
//! Guarantees: a started node accepts connections; it, its management API, its Erlang distribution and its
//! own `epmd` listen on loopback alone; durable queues are there again after [`RabbitMq::kill9`]; dropping
//! it leaves neither process nor file. Leaves to others: topology.

mod cluster;
mod control;
mod epmd;
mod layout;
mod management;
mod node;
mod tools;
mod virtual_host;

use std::{env, fmt};

use tokio::sync::OnceCell;
use url::Url;

use crate::{ServerError, http::Endpoint};
pub use cluster::{Cluster, N_NODES};
pub use control::{Alarm, Queue};
pub use node::RabbitMq;
pub use virtual_host::VirtualHost;

/// Names a node that all tests use, as `amqp://user:password@host:port`.
pub const URL_VARIABLE: &str = "TEST_AMQP_URL";

/// Names that node's management API, as `http://user:password@host:port`. Without it the API is expected
/// at the same host, on the plugin's own port 15672, with the same credentials.
pub const MANAGEMENT_VARIABLE: &str = "TEST_AMQP_MANAGEMENT_URL";

/// The management plugin's own port (RabbitMQ documentation, "Networking").
const MANAGEMENT_PORT: u16 = 15_672;

/// The node of a test process that was given none; it ends with the process.
static OWN: OnceCell<RabbitMq> = OnceCell::const_new();

/// Where a node's AMQP port and management API are.
#[derive(Clone)]
pub struct Addresses {
    amqp: Url,
    management: Endpoint,
}

/// Without the credentials.
impl fmt::Debug for Addresses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = self.amqp.host_str().unwrap_or_default();
        write!(f, "amqp://{host}:{:?} (management port {})", self.amqp.port(), self.management.port)
    }
}

impl Addresses {
    /// The addresses in the environment.
    fn given(amqp: &str, management: Option<&str>) -> Result<Self, ServerError> {
        let amqp_url = parse(URL_VARIABLE, amqp, &["amqp", "amqps"])?;
        let management = match management {
            Some(url) => endpoint(&parse(MANAGEMENT_VARIABLE, url, &["http"])?),
            None => Endpoint { port: MANAGEMENT_PORT, ..endpoint(&amqp_url) },
        };
        Ok(Self { amqp: amqp_url, management })
    }
}

/// The node that all tests share: the one given in [`URL_VARIABLE`], or a private one that this process
/// starts the first time it asks.
///
/// # Errors
/// When there is no such node and none can be started.
pub async fn shared() -> Result<Addresses, ServerError> {
    match env::var(URL_VARIABLE) {
        Ok(url) if !url.is_empty() => Addresses::given(&url, env::var(MANAGEMENT_VARIABLE).ok().as_deref()),
        _ => OWN.get_or_try_init(RabbitMq::start).await?.addresses(),
    }
}

/// The version of the node that all tests share, for example `3.10.8`.
///
/// # Errors
/// When there is no such node, or its management API gives no answer.
pub async fn shared_version() -> Result<String, ServerError> {
    let overview =
        management::read(&shared().await?.management, "/api/overview?columns=rabbitmq_version").await?;
    Ok(overview["rabbitmq_version"].as_str().unwrap_or_default().to_owned())
}

fn parse(variable: &'static str, url: &str, schemes: &[&str]) -> Result<Url, ServerError> {
    let bad = |reason: String| ServerError::BadAddress { variable, reason };
    let url = Url::parse(url).map_err(|error| bad(format!("not a URL: {error}")))?;
    if !schemes.contains(&url.scheme()) {
        return Err(bad(format!("the scheme is `{}`, not `{}`", url.scheme(), schemes.join("` or `"))));
    }
    Ok(url)
}

/// RabbitMQ's own defaults fill what the URL leaves out.
fn endpoint(url: &Url) -> Endpoint {
    let or_guest = |text: &str| if text.is_empty() { "guest".to_owned() } else { percent_decoded(text) };
    Endpoint {
        host: url.host_str().unwrap_or("127.0.0.1").trim_matches(['[', ']']).to_owned(),
        port: url.port().unwrap_or(MANAGEMENT_PORT),
        username: or_guest(url.username()),
        password: or_guest(url.password().unwrap_or_default()),
    }
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, others @ ..] = rest {
        let code = others
            .get(..2)
            .and_then(|hex| str::from_utf8(hex).ok())
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match code {
            Some(code) if *first == b'%' => {
                bytes.push(code);
                rest = &others[2..];
            }
            Some(_) | None => {
                bytes.push(*first);
                rest = others;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_addresses_say_where_the_management_api_is() {
        let both = Addresses::given("amqp://a:b@h:1", Some("http://c:d%40%25@[::1]:2")).unwrap().management;
        assert_eq!(
            (both.host.as_str(), both.port, both.username.as_str(), both.password.as_str()),
            ("::1", 2, "c", "d@%")
        );
        let one = Addresses::given("amqp://a:b@h:1", None).unwrap().management;
        assert_eq!(
            (one.host.as_str(), one.port, one.username.as_str(), one.password.as_str()),
            ("h", 15_672, "a", "b")
        );
        let bare = Addresses::given("amqp://h", None).unwrap().management;
        assert_eq!((bare.username.as_str(), bare.password.as_str()), ("guest", "guest"));
    }

    #[test]
    fn credentials_stay_out_of_errors_and_debug() {
        let error = Addresses::given("http://a:hush@h:1", None).unwrap_err();
        assert_eq!(error.to_string(), "TEST_AMQP_URL: the scheme is `http`, not `amqp` or `amqps`");
        let addresses = Addresses::given("amqp://a:hush@h:1", None).unwrap();
        assert!(!format!("{addresses:?}").contains("hush"));
    }
}
