//! A virtual host for one test: exchanges, queues and connections that no other test sees.
//!
//! Promises: empty, with a name that no other test has, open to the user of [`VirtualHost::url`]; deleted
//! with all its connections when the test is done with it. A node that is gone by then is no error.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{Addresses, RabbitMq, shared};
use crate::{ServerError, http::Endpoint};

/// An empty virtual host that belongs to one test.
#[derive(Debug)]
pub struct VirtualHost {
    name: String,
    url: String,
    addresses: Addresses,
}

impl VirtualHost {
    /// Makes one on the node that all tests share, which is started if there is none.
    ///
    /// # Errors
    /// When there is no node, or it refuses.
    pub async fn create() -> Result<Self, ServerError> {
        Self::create_at(shared().await?).await
    }

    /// Makes one on a node that the test started itself.
    ///
    /// # Errors
    /// When the node refuses.
    pub async fn create_on(node: &RabbitMq) -> Result<Self, ServerError> {
        Self::create_at(node.addresses()?).await
    }

    /// Where it is, for a client: the name of the virtual host is the path.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its name: `test_` and a UUID.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many connections clients have open to it. The node's statistics learn of a new one, or of one
    /// that ended, a moment late: wait for the number.
    ///
    /// # Errors
    /// When the node gives no answer.
    pub async fn n_connections(&self) -> Result<usize, ServerError> {
        Ok(self.connections().await?.len())
    }

    /// Closes every connection to it from the node's side, as an operator or a restart does. Returns how
    /// many it closed.
    ///
    /// # Errors
    /// When the node gives no answer.
    pub async fn close_connections(&self) -> Result<usize, ServerError> {
        let names = self.connections().await?;
        for name in &names {
            let path = format!("/api/connections/{}", percent_encoded(name));
            match ask(&self.addresses.management, "DELETE", path, String::new()).await {
                Ok(_) => {}
                // It has ended in the meantime, which is the wish.
                Err(ServerError::Refused { reason, .. }) if reason.starts_with("HTTP 404") => {}
                Err(error) => return Err(error),
            }
        }
        Ok(names.len())
    }

    async fn connections(&self) -> Result<Vec<String>, ServerError> {
        let path = format!("/api/vhosts/{}/connections", self.name);
        let answer = ask(&self.addresses.management, "GET", path.clone(), String::new()).await?;
        let list: Value = serde_json::from_str(&answer).map_err(|error| ServerError::Refused {
            request: format!("GET {path}"),
            reason: error.to_string(),
        })?;
        let connections = list.as_array().into_iter().flatten();
        Ok(connections.filter_map(|connection| connection["name"].as_str().map(str::to_owned)).collect())
    }

    async fn create_at(addresses: Addresses) -> Result<Self, ServerError> {
        let name = format!("test_{}", Uuid::new_v4().simple());
        let management = &addresses.management;
        ask(management, "PUT", format!("/api/vhosts/{name}"), json!({}).to_string()).await?;
        // Whoever creates it through the API gets permissions too, but only as the same user.
        let user = match addresses.amqp.username() {
            "" => "guest",
            user => user,
        };
        let everything = json!({"configure": ".*", "write": ".*", "read": ".*"}).to_string();
        ask(management, "PUT", format!("/api/permissions/{name}/{user}"), everything).await?;
        let mut url = addresses.amqp.clone();
        url.set_path(&name);
        Ok(Self { name, url: url.into(), addresses })
    }
}

impl Drop for VirtualHost {
    fn drop(&mut self) {
        // Best effort: the node may have been killed by the test.
        let _ = self.addresses.management.request("DELETE", &format!("/api/vhosts/{}", self.name), "");
    }
}

/// One request on a blocking thread; anything but success is an error.
async fn ask(
    management: &Endpoint,
    method: &'static str,
    path: String,
    body: String,
) -> Result<String, ServerError> {
    let request = format!("{method} {path}");
    let management = management.clone();
    let asked = tokio::task::spawn_blocking(move || management.request(method, &path, &body)).await;
    let reason = match asked {
        Ok(Ok(answer)) if (200..300).contains(&answer.status) => return Ok(answer.body),
        Ok(Ok(answer)) => format!("HTTP {}: {}", answer.status, answer.body),
        Ok(Err(error)) => format!("the management API does not answer: {error}"),
        Err(error) => error.to_string(),
    };
    Err(ServerError::Refused { request, reason })
}

/// Names of connections hold spaces, `>` and colons.
fn percent_encoded(text: &str) -> String {
    let encode = |byte: u8| {
        if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") }
    };
    text.bytes().map(encode).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_name_becomes_one_segment_of_a_path() {
        assert_eq!(percent_encoded("127.0.0.1:5 -> ü"), "127%2E0%2E0%2E1%3A5%20%2D%3E%20%C3%BC");
    }
}
