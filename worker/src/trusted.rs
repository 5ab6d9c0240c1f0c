//! The trusted catalogue, as the attempts of one process see it: read from the ledger, at most
//! [`FRESH_FOR`] old and the time of a reading, so that a thousand jobs do not read it a thousand times.
//!
//! One attempt reads it again when it has aged; the others go on with the one at hand meanwhile, so nobody waits for
//! another's question to the ledger. Only those that need it before there is one, at the start and after a reading that
//! failed, read it each for itself.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use common::domain::catalogue::Catalogue;
use common::ledger::{Ledger, LedgerError};
use tokio::time::Instant;
use tracing::error;

/// A hash that an operator adds counts for every image compared this much later.
const FRESH_FOR: Duration = Duration::from_secs(10);

/// The catalogue with its age.
pub(crate) struct Trusted {
    ledger: Arc<dyn Ledger>,
    read: Mutex<Option<Read>>,
}

struct Read {
    /// When somebody last began to read it.
    at: Instant,
    catalogue: Arc<Catalogue>,
}

impl Trusted {
    pub(crate) fn new(ledger: Arc<dyn Ledger>) -> Self {
        Self { ledger, read: Mutex::new(None) }
    }

    /// The catalogue as it is now, or was a moment ago.
    pub(crate) async fn catalogue(&self) -> Result<Arc<Catalogue>, LedgerError> {
        if let Some(catalogue) = self.at_hand() {
            return Ok(catalogue);
        }
        let began = Instant::now();
        let outcome = self.read_ledger().await;
        let mut read = self.locked();
        match outcome {
            Ok(catalogue) => {
                let catalogue = Arc::new(catalogue);
                *read = Some(Read { at: began, catalogue: Arc::clone(&catalogue) });
                Ok(catalogue)
            }
            Err(error) => {
                *read = None;
                Err(error)
            }
        }
    }

    /// The one that was read before, unless it is the caller's turn to read it again.
    fn at_hand(&self) -> Option<Arc<Catalogue>> {
        let mut read = self.locked();
        let read = read.as_mut()?;
        if read.at.elapsed() >= FRESH_FOR {
            read.at = Instant::now();
            return None;
        }
        Some(Arc::clone(&read.catalogue))
    }

    fn locked(&self) -> MutexGuard<'_, Option<Read>> {
        self.read.lock().unwrap_or_else(PoisonError::into_inner)
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
