//! A database for one test.
//!
//! Promises: empty, with a name that no other test has, on the shared server or on one of the test's own;
//! dropped when the test is done with it, connections or not. A server that is gone by then is no error.

use std::{thread, time::Duration};

use url::Url;
use uuid::Uuid;

use super::{Postgres, URL_VARIABLE, execute, shared_url};
use crate::ServerError;

/// How long a destructor may wait for `DROP DATABASE`: what is left behind on a given server shows in its
/// name and harms nobody.
const DROP_TIMEOUT: Duration = Duration::from_secs(10);

/// An empty database that belongs to one test.
#[derive(Debug)]
pub struct Database {
    name: String,
    url: String,
    server_url: String,
}

impl Database {
    /// Makes one on the server that all tests share, which is started if there is none.
    ///
    /// # Errors
    /// When there is no server, or it refuses.
    pub async fn create() -> Result<Self, ServerError> {
        Self::create_at(&shared_url().await?).await
    }

    /// Makes one on a server that the test started itself.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn create_on(server: &Postgres) -> Result<Self, ServerError> {
        Self::create_at(&server.url()).await
    }

    /// Where it is, for a client.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its name: `test_` and a UUID.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where to ask about it without being connected to it.
    pub(super) fn server_url(&self) -> &str {
        &self.server_url
    }

    async fn create_at(server_url: &str) -> Result<Self, ServerError> {
        let name = format!("test_{}", Uuid::new_v4().simple());
        let url = with_database(server_url, &name)?;
        execute(server_url, &format!("CREATE DATABASE {name}")).await?;
        Ok(Self { name, url, server_url: server_url.to_owned() })
    }
}

/// `FORCE` ends connections that a test has left open (PostgreSQL 13 and later).
impl Drop for Database {
    fn drop(&mut self) {
        let statement = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        let server_url = std::mem::take(&mut self.server_url);
        // A destructor cannot await, and the test's own runtime may be this very thread.
        let dropper = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            if let Ok(runtime) = runtime {
                // Best effort: the server may have been killed by the test.
                let _ = runtime.block_on(async {
                    tokio::time::timeout(DROP_TIMEOUT, execute(&server_url, &statement)).await
                });
            }
        });
        // A panic in there would be a second one in a failing test.
        let _ = dropper.join();
    }
}

/// The same server, user and options, another database.
fn with_database(url: &str, name: &str) -> Result<String, ServerError> {
    let bad = |reason: String| ServerError::BadAddress { variable: URL_VARIABLE, reason };
    let mut url = Url::parse(url).map_err(|error| bad(format!("not a URL: {error}")))?;
    if !matches!(url.scheme(), "postgres" | "postgresql") {
        return Err(bad(format!("the scheme is `{}`, not `postgres`", url.scheme())));
    }
    url.set_path(name);
    Ok(url.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_database_in_the_address_changes() {
        let url =
            with_database("postgres://app:p%40ss@[::1]:5433/postgres?application_name=x", "test_1").unwrap();
        assert_eq!(url, "postgres://app:p%40ss@[::1]:5433/test_1?application_name=x");
        assert_eq!(
            with_database("postgresql://localhost", "test_1").unwrap(),
            "postgresql://localhost/test_1"
        );
    }

    #[test]
    fn an_address_of_something_else_is_refused_without_repeating_it() {
        let error = with_database("mysql://app:hush@localhost/x", "test_1").unwrap_err().to_string();
        assert_eq!(error, "TEST_DATABASE_URL: the scheme is `mysql`, not `postgres`");
    }
}
