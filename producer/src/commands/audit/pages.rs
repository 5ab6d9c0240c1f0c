//! The entries of the trail, one page after the other.

use common::audit::StoredEntry;
use common::audit::entry::SYSTEM_CHAIN;
use common::ledger::{Ledger, TrailFilter};

use crate::context;

/// Entries per page: some hundred kilobytes.
const PAGE: u32 = 500;

/// The entries that a filter chooses, by chain and position.
pub(crate) struct Pages<'a> {
    ledger: &'a dyn Ledger,
    filter: TrailFilter,
    after: Option<(String, i64)>,
}

impl<'a> Pages<'a> {
    pub(crate) fn new(ledger: &'a dyn Ledger, filter: TrailFilter) -> Self {
        Self { ledger, filter, after: None }
    }

    /// The next page; empty at the end.
    pub(crate) async fn next(&mut self) -> anyhow::Result<Vec<StoredEntry>> {
        let after = self.after.as_ref().map(|(chain, seq)| (chain.as_str(), *seq));
        let page = self.ledger.entries(&self.filter, after, PAGE).await?;
        if let Some(last) = page.last() {
            self.after = Some((last.chain.clone(), last.seq));
        }
        Ok(page)
    }
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
