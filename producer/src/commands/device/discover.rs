//! `device discover`: Panorama's list, against what was known.
//!
//! Promises: an answer that would mark a fleet as gone by mistake is refused before anything is written, unless
//! a person insists.

use common::domain::device::{Device, Source};
use common::ledger::{Completeness, DeviceRecord};
use panos::{Client, DeviceQuery, HaRole, HaState, PanosError};

use super::discovered::Discovered;
use crate::ask::is_refused_login;
use crate::context::Context;
use crate::discover;
use crate::exit;
use crate::failure::Failure;
use crate::output::{counted, note};
use crate::progress::Progress;
use crate::requester::requester;

/// Known devices from which on an answer that lacks most of them is doubted.
const LEAST_FLEET: usize = 10;

/// Reads the fleet and takes it over; `force` believes what is doubted otherwise.
pub(crate) async fn run(context: &Context, force: bool) -> anyhow::Result<u8> {
    let Some(host) = &context.config.panorama.host else {
        return Err(Failure::usage("panorama.host is not set")
            .hint("`panos-upgrade config set panorama.host NAME`; fleets without Panorama come by `device import FILE`")
            .into());
    };
    let panorama = context.connector()?.panorama(host.as_str())?;
    let ledger = context.ledger().await?;

    let progress = Progress::waiting("asking Panorama for its devices");
    if !force {
        refuse_passive(&panorama, host.as_str()).await?;
    }
    let mut found = discover::devices(panorama.devices(DeviceQuery::All).await?);
    let known = ledger.devices().await?;
    if !force {
        refuse_loss(&found.devices, &known, host.as_str())?;
    }
    discover::fill(&mut found.devices, &known);
    let by = requester(None);
    let discovery =
        ledger.record_devices(&found.devices, Source::Panorama, Completeness::Complete, &by).await?;
    drop(progress);

    let inventory = ledger.devices().await?;
    context.output.print(&Discovered::new(discovery, found.odd, inventory), Discovered::page)?;
    Ok(exit::OK)
}

/// Whether this Panorama is the one of a pair that stands by. Such a one may show all devices as disconnected;
/// how it answers is documented nowhere.
pub(crate) async fn is_passive(panorama: &Client) -> Result<bool, PanosError> {
    Ok(match panorama.ha_state().await? {
        HaState::Disabled => false,
        HaState::Enabled(pair) => match &pair.local.role {
            HaRole::Passive | HaRole::SecondaryPassive => true,
            HaRole::Other(role) => role.contains("passive"),
            HaRole::Active
            | HaRole::ActivePrimary
            | HaRole::ActiveSecondary
            | HaRole::Initial
            | HaRole::Tentative
            | HaRole::NonFunctional
            | HaRole::Suspended
            | HaRole::PrimaryActive => false,
        },
    })
}

/// What is true of a passive Panorama, for messages.
pub(crate) const PASSIVE: &str = "is the passive one of a pair, which may show all devices as disconnected";

async fn refuse_passive(panorama: &Client, host: &str) -> anyhow::Result<()> {
    match is_passive(panorama).await {
        Ok(false) => Ok(()),
        Ok(true) => Err(Failure::some_not(format!("{host} {PASSIVE}; the inventory was not changed"))
            .hint("`panos-upgrade config set panorama.host NAME` with the active one; --force takes its answer all the same")
            .into()),
        // The same login would be refused again, and each refusal counts towards a lock.
        Err(refused) if is_refused_login(&refused) => Err(refused.into()),
        // A role that may list devices may lack the right to ask for this.
        Err(PanosError::Refused { message, .. }) => {
            note(&format!("note: {host} does not tell whether it is the active one of a pair: {message}"));
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}

/// Taken at its word, an answer that lacks most of the fleet would mark it as gone.
fn refuse_loss(found: &[Device], known: &[DeviceRecord], host: &str) -> Result<(), Failure> {
    let of_panorama = || known.iter().filter(|record| record.device.source == Source::Panorama);
    let n_known = of_panorama().count();
    // Both are by serial.
    let n_there = of_panorama()
        .filter(|record| found.binary_search_by(|device| device.serial.cmp(&record.device.serial)).is_ok())
        .count();
    let n_gone = n_known - n_there;
    let text = if found.is_empty() && !known.is_empty() {
        format!("{host} lists no usable device; the inventory was not changed")
    } else if n_known >= LEAST_FLEET && n_gone > n_known / 2 {
        format!(
            "{host} lists only {n_there} of {}; the inventory was not changed",
            counted(n_known, "known device")
        )
    } else {
        return Ok(());
    };
    Err(Failure::some_not(text).hint(
        "ask the active Panorama of a pair, and check that the account may see all devices; --force takes the answer as it is",
    ))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::fixtures::member;

    fn devices(n: usize) -> Vec<Device> {
        (0..n).map(|index| member(&format!("{index:04}"), "active", None)).collect()
    }

    fn records(devices: Vec<Device>) -> Vec<DeviceRecord> {
        let record = |device| DeviceRecord {
            device,
            address_override: None,
            first_seen_at: Timestamp::UNIX_EPOCH,
            last_seen_at: Timestamp::UNIX_EPOCH,
            gone_at: None,
        };
        devices.into_iter().map(record).collect()
    }

    #[test]
    fn an_answer_that_lacks_most_of_a_known_fleet_is_doubted() {
        for (n_known, n_found, is_doubted) in [
            (10, 5, false),
            (10, 4, true),
            (9, 1, false),
            (9, 0, true),
            (0, 0, false),
            (0, 7, false),
            (500, 249, true),
        ] {
            let refused = refuse_loss(&devices(n_found), &records(devices(n_known)), "panorama").is_err();
            assert_eq!(refused, is_doubted, "{n_found} of {n_known}");
        }
        let from_file =
            devices(20).into_iter().map(|device| Device { source: Source::Csv, ..device }).collect();
        assert!(
            refuse_loss(&devices(1), &records(from_file), "panorama").is_ok(),
            "a file's devices are not Panorama's"
        );
    }
}
