//! A virtual host for one test: exchanges, queues and connections that no other test sees.
//!
//! Promises: empty, with a name that no other test has, open to the user of [`VirtualHost::url`]; deleted
//! with all its connections when the test is done with it. A node that is gone by then is no error.

use serde_json::json;
use url::Url;
use uuid::Uuid;

use super::{
    Addresses, RabbitMq,
    management::{ask, percent_encoded, read},
    shared,
};
use crate::ServerError;

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
            match ask(&self.addresses.management, "DELETE", &path, "").await {
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
        let list = read(&self.addresses.management, &path).await?;
        let connections = list.as_array().into_iter().flatten();
        Ok(connections.filter_map(|connection| connection["name"].as_str().map(str::to_owned)).collect())
    }

    /// Deletes a queue with all that is in it, under its consumers. They are told so if they can be
    /// (`basic.cancel`).
    ///
    /// # Errors
    /// When there is no such queue, or the node gives no answer.
    pub async fn delete_queue(&self, queue: &str) -> Result<(), ServerError> {
        let path = format!("/api/queues/{}/{}", self.name, percent_encoded(queue));
        ask(&self.addresses.management, "DELETE", &path, "").await.map(drop)
    }

    /// Where it is on another node of the same cluster.
    ///
    /// # Errors
    /// Never for a node of this crate: its address is a URL.
    pub fn url_on(&self, node: &RabbitMq) -> Result<String, ServerError> {
        Ok(self.path_on(&node.addresses()?.amqp))
    }

    /// Makes it again, empty, after its node has lost its data: same name, same URL.
    ///
    /// # Errors
    /// When the node refuses.
    pub async fn make_again(&self) -> Result<(), ServerError> {
        let management = &self.addresses.management;
        ask(management, "PUT", &format!("/api/vhosts/{}", self.name), &json!({}).to_string()).await?;
        // Whoever creates it through the API gets permissions too, but only as the same user.
        let user = match self.addresses.amqp.username() {
            "" => "guest",
            user => user,
        };
        let everything = json!({"configure": ".*", "write": ".*", "read": ".*"}).to_string();
        let path = format!("/api/permissions/{}/{user}", self.name);
        ask(management, "PUT", &path, &everything).await.map(drop)
    }

    async fn create_at(addresses: Addresses) -> Result<Self, ServerError> {
        let name = format!("test_{}", Uuid::new_v4().simple());
        let mut host = Self { name, url: String::new(), addresses };
        host.url = host.path_on(&host.addresses.amqp);
        host.make_again().await?;
        Ok(host)
    }

    fn path_on(&self, node: &Url) -> String {
        let mut url = node.clone();
        url.set_path(&self.name);
        url.into()
    }
}

impl Drop for VirtualHost {
    fn drop(&mut self) {
        // Best effort: the node may have been killed by the test.
        let _ = self.addresses.management.request("DELETE", &format!("/api/vhosts/{}", self.name), "");
    }
}
