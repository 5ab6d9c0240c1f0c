//! The inventory, and whether the trusted hashes cover what its devices would be brought.

use std::collections::{BTreeMap, BTreeSet};

use common::config::Config;
use common::domain::device::Device;
use common::domain::path::{self, Goal};
use common::domain::version::Version;
use common::ledger::Ledger;

use super::finding::Finding;
use crate::output::counted;

const AREA: &str = "inventory";

/// Names that a finding lists.
const SHOWN: usize = 5;

/// Examines devices and hashes.
pub(super) async fn examine(config: &Config, ledger: &dyn Ledger) -> Vec<Finding> {
    let devices: Vec<Device> = match ledger.devices().await {
        Ok(records) => records.into_iter().map(|record| record.device).collect(),
        Err(error) => return vec![Finding::of_error(AREA, "devices", &error)],
    };
    if devices.is_empty() {
        let remedy =
            "`panos-upgrade device discover` reads them from Panorama, `device import FILE` from a CSV file";
        return vec![Finding::warn(AREA, "devices", "none", Some(remedy))];
    }
    let mut findings = vec![Finding::ok(AREA, "devices", counted(devices.len(), "device"))];
    findings.push(without(
        &devices,
        "addresses",
        |device| device.address.is_none(),
        "without an address",
        "`panos-upgrade device address SERIAL ADDRESS --reason TEXT`, or look at them in Panorama",
    ));
    findings.push(without(
        &devices,
        "versions",
        |device| device.version().is_err(),
        "without a version that can be read",
        "`panos-upgrade device discover` while they are connected to Panorama",
    ));
    findings.push(shared(&devices));
    findings.push(match ledger.hashes().await {
        Ok(hashes) => coverage(config, &devices, &hashes.into_iter().map(|entry| entry.version).collect()),
        Err(error) => Finding::of_error(AREA, "trusted hashes", &error),
    });
    findings
}

fn without(
    devices: &[Device],
    check: &str,
    lacks: impl Fn(&Device) -> bool,
    what: &str,
    remedy: &str,
) -> Finding {
    let lacking: Vec<&str> =
        devices.iter().filter(|device| lacks(device)).map(|device| device.serial.as_str()).collect();
    if lacking.is_empty() {
        return Finding::ok(AREA, check, "all known");
    }
    let found = format!("{} {what}: {}", counted(lacking.len(), "device"), some(&lacking));
    Finding::warn(AREA, check, found, Some(remedy))
}

/// Two devices at one address: one of them would be asked in the other's name, and refused for it.
fn shared(devices: &[Device]) -> Finding {
    const CHECK: &str = "duplicates";
    let mut by_address: BTreeMap<&str, usize> = BTreeMap::new();
    for address in devices.iter().filter_map(|device| device.address.as_deref()) {
        *by_address.entry(address).or_default() += 1;
    }
    let twice: Vec<&str> = by_address.iter().filter(|(_, n)| **n > 1).map(|(address, _)| *address).collect();
    if twice.is_empty() {
        return Finding::ok(AREA, CHECK, "no address is two devices'");
    }
    let found = format!("{} of several devices each: {}", counted(twice.len(), "address"), some(&twice));
    Finding::warn(
        AREA,
        CHECK,
        found,
        Some(
            "`panos-upgrade device list` shows them; remove the device that is gone, or correct its address",
        ),
    )
}

/// Whether every image on the way to the configured target has a trusted hash.
fn coverage(config: &Config, devices: &[Device], trusted: &BTreeSet<Version>) -> Finding {
    const CHECK: &str = "trusted hashes";
    let Some(target) = config.plan.target else {
        return Finding::ok(
            AREA,
            CHECK,
            format!("{} versions; no plan.target to compare them with", trusted.len()),
        );
    };
    let (goal, policy) = (Goal::Target(target), config.plan.policy());
    let versions: BTreeSet<Version> = devices.iter().filter_map(|device| device.version().ok()).collect();
    let needed: BTreeSet<Version> = versions
        .iter()
        .filter_map(|version| path::plan(version, &goal, None, &policy).ok())
        .flat_map(|plan| plan.images.into_iter().map(|image| image.version))
        .collect();
    let missing: Vec<String> = needed.difference(trusted).map(ToString::to_string).collect();
    if missing.is_empty() {
        return Finding::ok(AREA, CHECK, format!("all {} versions on the way to {target}", needed.len()));
    }
    let missing: Vec<&str> = missing.iter().map(String::as_str).collect();
    let found = format!("none for {} on the way to {target}", some(&missing));
    let remedy = "`panos-upgrade hash import FILE` or `hash add`: without one an image counts as staged, and not as verified";
    Finding::warn(AREA, CHECK, found, Some(remedy))
}

fn some(names: &[&str]) -> String {
    let shown = names.iter().take(SHOWN).copied().collect::<Vec<_>>().join(", ");
    let n_more = names.len().saturating_sub(SHOWN);
    if n_more == 0 { shown } else { format!("{shown} and {n_more} more") }
}
