//! `hash clear`: a person has looked at a mismatch.

use common::domain::hash::HashMismatch;
use serde::Serialize;

use super::key;
use crate::context::{Context, known_device};
use crate::exit;
use crate::failure::Failure;
use crate::requester::because;

/// The mismatch, cleared.
#[derive(Serialize)]
struct Cleared {
    cleared: HashMismatch,
}

/// Clears the open mismatch of a device and a version.
pub(crate) async fn run(context: &Context, serial: &str, version: &str, reason: &str) -> anyhow::Result<u8> {
    let by = because(reason)?;
    let version = key::version(version)?;
    let ledger = context.ledger().await?;
    let device = known_device(ledger.as_ref(), serial).await?.device;
    let Some(cleared) = ledger.clear_mismatch(&device.serial, &version, &by).await? else {
        return Err(Failure::usage(format!("no mismatch of {version} is open for {}", device.label()))
            .hint("`panos-upgrade hash mismatches` lists the open ones")
            .into());
    };
    context.output.print(&Cleared { cleared }, |Cleared { cleared }, page| {
        page.line(format!(
            "cleared: {} of {}; the device is free for jobs, and its next one compares the hash again",
            cleared.version, cleared.serial
        ));
    })?;
    Ok(exit::OK)
}
