//! The entries of the trail, one page after the other.

use common::audit::StoredEntry;
use common::audit::entry::SYSTEM_CHAIN;
use common::ledger::{Ledger, TrailFilter};

use crate::{context, paging};

/// Entries per page: some hundred kilobytes.
const PAGE: u32 = 500;

/// Hands over the entries that a filter chooses in pages, by chain and position.
pub(crate) async fn each(
    ledger: &dyn Ledger,
    filter: &TrailFilter,
    take: impl FnMut(Vec<StoredEntry>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let place = |entry: &StoredEntry| Some((entry.chain.clone(), entry.seq));
    let ask = async |after: Option<(String, i64)>| {
        let after = after.as_ref().map(|(chain, seq)| (chain.as_str(), *seq));
        ledger.entries(filter, after, PAGE).await
    };
    paging::each(None, place, ask, take).await
}

/// The chain that `--device` names: a serial of the inventory, or `system`.
///
/// # Errors
/// A failure that names the serial when nobody knows it.
pub(super) async fn chain(ledger: &dyn Ledger, device: Option<String>) -> anyhow::Result<Option<String>> {
    match device {
        None => Ok(None),
        Some(chain) if chain == SYSTEM_CHAIN => Ok(Some(chain)),
        Some(serial) => Ok(Some(context::known_device(ledger, &serial).await?.device.serial.into())),
    }
}
