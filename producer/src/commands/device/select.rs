//! `--select`: which devices of the inventory.

use common::domain::device::Device;
use common::domain::select::{self, Selector};
use common::ledger::{DeviceRecord, Ledger};

use crate::cli::Select;
use crate::context::Context;
use crate::failure::Failure;
use crate::output::note;

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

/// The devices of a command for the fleet.
///
/// # Errors
/// A [`Failure`] when the inventory is empty. A selection that chooses nothing is only told.
pub(crate) async fn chosen(context: &Context, args: &Select) -> anyhow::Result<Vec<Device>> {
    let ledger = context.ledger().await?;
    let devices: Vec<Device> =
        selected(ledger.as_ref(), args).await?.into_iter().map(|record| record.device).collect();
    if devices.is_empty() && args.expressions.is_empty() {
        return Err(Failure::usage("the inventory has no devices")
            .hint("`panos-upgrade device discover` reads them from Panorama, `device import FILE` from a CSV file")
            .into());
    }
    if devices.is_empty() {
        note(
            "note: no device of the inventory matches the selection; `panos-upgrade device list` shows them",
        );
    }
    Ok(devices)
}
