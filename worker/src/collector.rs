//! Brings dead letters from the broker into the ledger, where they wait for a person.
//!
//! Promises: a letter leaves the broker after the ledger has it, so that a crash in between leaves it in two places and
//! never in none; the ledger takes the second copy for the first. More than it takes stay at the broker,
//! untouched. Leaves to others: what is kept and which jobs are woken (the ledger), deciding (a person).

use std::time::Duration;

use common::broker::BrokerError;
use common::engine::Engine;
use common::ledger::{LedgerError, MAX_DEAD_LETTERS, NewDeadLetter};
use common::report::Chain;
use tracing::{debug, info};

/// Letters per transaction: one may have megabytes.
const AT_ONCE: u64 = 10;

/// Time for one collection; what is left then is for the next.
const WITHIN: Duration = Duration::from_secs(10);

/// Why letters could not be collected. They are where they were.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// The ledger did not take them.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The broker did not hand them over.
    #[error(transparent)]
    Broker(#[from] BrokerError),
}

/// What a collection came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Harvest {
    /// Letters that are in the ledger now.
    pub n_kept: u64,
    /// Of their jobs, how many have another wake-up.
    pub n_woken: usize,
    /// The ledger takes no more before a person has made room.
    pub is_full: bool,
}

/// Collects until the broker has no more or the ledger is full, for ten seconds at most; answers how many letters
/// were kept.
///
/// # Errors
/// [`CollectError`] when not even the first one could be.
pub async fn collect(engine: &Engine) -> Result<u64, CollectError> {
    harvest(engine).await.map(|harvest| harvest.n_kept)
}

/// As [`collect`], with all that it came to.
pub(crate) async fn harvest(engine: &Engine) -> Result<Harvest, CollectError> {
    let mut harvest = Harvest::default();
    // In the middle of one it is dropped: its letters come again.
    match tokio::time::timeout(WITHIN, gather(engine, &mut harvest)).await {
        Ok(Err(error)) if harvest.n_kept == 0 => Err(error),
        Ok(Err(error)) => {
            debug!("not all dead letters were collected: {}", Chain(&error));
            Ok(harvest)
        }
        Ok(Ok(())) | Err(_) => Ok(harvest),
    }
}

async fn gather(engine: &Engine, harvest: &mut Harvest) -> Result<(), CollectError> {
    loop {
        let room = MAX_DEAD_LETTERS.saturating_sub(engine.ledger.n_dead().await?);
        if room == 0 {
            harvest.is_full = engine.broker.dead_depth().await? > 0;
            return Ok(());
        }
        let limit = u32::try_from(room.min(AT_ONCE)).unwrap_or(1);
        let taken = engine.broker.take_dead(limit).await?;
        if taken.is_empty() {
            return Ok(());
        }
        let (letters, receipts): (Vec<NewDeadLetter>, Vec<_>) =
            taken.into_iter().map(|delivery| (delivery.letter, delivery.receipt)).unzip();
        let collected = match engine.ledger.keep_dead(&letters).await {
            Ok(collected) => collected,
            Err(error) => {
                for receipt in receipts {
                    // Dropped, it comes again as well, only later.
                    drop(receipt.give_back().await);
                }
                return Err(error.into());
            }
        };
        for letter in &letters {
            info!(
                message.id = letter.message_id,
                "a dead letter is kept: {}; `panos-upgrade dead list` shows it", letter.reason
            );
        }
        harvest.n_kept += collected.kept;
        harvest.n_woken += collected.woken.len();
        for receipt in receipts {
            if let Err(error) = receipt.ack().await {
                debug!("a dead letter that is kept comes once more: {}", Chain(&error));
            }
        }
    }
}
