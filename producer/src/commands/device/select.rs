//! `--select`: which devices of the inventory.

use common::domain::select::{self, Selector};
use common::ledger::{DeviceRecord, Ledger};

use crate::cli::Select;
use crate::failure::Failure;

/// Reads the expressions.
///
/// # Errors
/// A [`Failure`] with the first that cannot be understood, and where.
fn selectors(args: &Select) -> Result<Vec<Selector>, Failure> {
    let parsed = args.expressions.iter().map(|text| Selector::parse(text)).collect::<Result<_, _>>();
    parsed.map_err(|error| {
        Failure::usage(format!("--select: {error}"))
            .hint("for example --select 'model=PA-440' --select 'hostname~ber-*' --select 'version<11.1.0'")
    })
}

/// The devices that are not gone and for which all expressions hold, by serial.
pub(crate) async fn selected(ledger: &dyn Ledger, args: &Select) -> anyhow::Result<Vec<DeviceRecord>> {
    let selectors = selectors(args)?;
    let mut devices = ledger.devices().await?;
    devices.retain(|record| select::all_match(&selectors, &record.device));
    Ok(devices)
}
