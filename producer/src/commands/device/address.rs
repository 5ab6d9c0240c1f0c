//! `device address`: where a device is called, whatever its source says.

use common::domain::device::Serial;
use producer::address;
use serde::Serialize;

use crate::context::{self, Context};
use crate::exit;
use crate::failure::Failure;
use crate::requester::because;

/// What counts from now on.
#[derive(Serialize)]
struct Addressed {
    serial: Serial,
    /// At which it is called.
    address: Option<String>,
    /// Set by a person; `null` when the source's counts.
    address_override: Option<String>,
}

/// Sets the address, or takes it back.
pub(crate) async fn run(
    context: &Context,
    serial: &str,
    wanted: Option<&str>,
    reason: &str,
) -> anyhow::Result<u8> {
    let by = because(reason)?;
    let serial = context::serial(serial)?;
    let wanted = wanted.map(str::trim);
    if let Some(wanted) = wanted {
        address::check(wanted).map_err(|error| Failure::usage(error.to_string()))?;
    }
    let record = context.ledger().await?.set_address(&serial, wanted, &by).await?;
    let addressed =
        Addressed { serial, address: record.device.address, address_override: record.address_override };
    context.output.print(&addressed, |addressed, page| {
        let address = addressed.address.as_deref().unwrap_or("no address: give one");
        let whose = if addressed.address_override.is_some() { "set by hand" } else { "as its source says" };
        page.line(format!("{}: {address} ({whose})", addressed.serial));
    })?;
    Ok(exit::OK)
}
