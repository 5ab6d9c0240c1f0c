//! The trusted catalogue, as the attempts of one process see it: read from the ledger, at most
//! [`FRESH_FOR`] old, so that a thousand jobs do not read it a thousand times.

use std::sync::Arc;
use std::time::Duration;

use common::domain::catalogue::Catalogue;
use common::ledger::{Ledger, LedgerError};
use tokio::sync::Mutex;
use tokio::time::Instant;
use tracing::error;

/// A hash that an operator adds counts for every image compared this much later.
const FRESH_FOR: Duration = Duration::from_secs(10);

/// The catalogue with its age.
pub(crate) struct Trusted {
    ledger: Arc<dyn Ledger>,
    read: Mutex<Option<(Instant, Arc<Catalogue>)>>,
}

impl Trusted {
    pub(crate) fn new(ledger: Arc<dyn Ledger>) -> Self {
        Self { ledger, read: Mutex::new(None) }
    }

    /// The catalogue as it is now, or was a moment ago.
    pub(crate) async fn catalogue(&self) -> Result<Arc<Catalogue>, LedgerError> {
        let mut read = self.read.lock().await;
        if let Some((at, catalogue)) = read.as_ref()
            && at.elapsed() < FRESH_FOR
        {
            return Ok(Arc::clone(catalogue));
        }
        let catalogue = Arc::new(self.read_ledger().await?);
        *read = Some((Instant::now(), Arc::clone(&catalogue)));
        Ok(catalogue)
    }

    async fn read_ledger(&self) -> Result<Catalogue, LedgerError> {
        Catalogue::new(self.ledger.hashes().await?).map_err(|conflicts| {
            // The ledger's key makes this impossible; guessing which hash is right would be worse than stopping.
            let reason = conflicts.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
            error!("the catalogue in the ledger contradicts itself: {reason}");
            LedgerError::Store { statement: "list_hashes", reason }
        })
    }
}
