//! What a list of devices changes in the inventory.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::json;

use super::impossible;
use super::told::{NewEntry, device_entry, system_entry};
use crate::audit::{Actor, AuditAction};
use crate::domain::device::{Device, Ha, Serial, Source};
use crate::domain::job::Requester;
use crate::ledger::{Changed, Completeness, DeviceRecord, Discovery, LedgerError};

/// The devices of a list, by serial; of two with one serial the later one stands.
pub fn distinct(devices: &[Device]) -> Vec<&Device> {
    let by_serial: BTreeMap<&Serial, &Device> =
        devices.iter().map(|device| (&device.serial, device)).collect();
    by_serial.into_values().collect()
}

/// Compares `devices` with what was known of them and of the other devices of `source`.
pub fn discovery(
    known: &[DeviceRecord],
    devices: &[Device],
    source: Source,
    complete: Completeness,
) -> Discovery {
    let found = distinct(devices);
    let by_serial: BTreeMap<&Serial, &DeviceRecord> =
        known.iter().map(|record| (&record.device.serial, record)).collect();
    let mut discovery = Discovery { total: found.len(), ..Discovery::default() };
    for device in &found {
        match by_serial.get(&device.serial) {
            Some(record) if record.gone_at.is_none() => {
                let changes = changes(&record.device, device);
                if !changes.is_empty() {
                    discovery.changed.push(Changed { serial: device.serial.clone(), changes });
                }
            }
            Some(_) | None => discovery.new.push(device.serial.clone()),
        }
    }
    if complete == Completeness::Complete {
        let is_found = |serial: &Serial| found.binary_search_by(|device| device.serial.cmp(serial)).is_ok();
        discovery.gone = by_serial
            .into_iter()
            .filter(|(_, record)| record.gone_at.is_none() && record.device.source == source)
            .map(|(serial, _)| serial.clone())
            .filter(|serial| !is_found(serial))
            .collect();
    }
    discovery
}

/// The entry for the system chain.
pub fn inventory_entry(discovery: &Discovery, source: Source, by: &Requester, at: Timestamp) -> NewEntry {
    let detail = json!({
        "source": source,
        "total": discovery.total,
        "new": discovery.new,
        "changed": discovery.changed,
        "gone": discovery.gone,
    });
    system_entry(AuditAction::InventoryChanged, Actor::Operator(by.clone()), detail, at)
}

/// The entry for the device's chain when a person sets its address; nothing when it was set to the same before.
pub fn address_entry(
    record: &DeviceRecord,
    address: Option<&str>,
    by: &Requester,
    at: Timestamp,
) -> Option<NewEntry> {
    let before = record.address_override.as_deref();
    let detail = json!({ "before": before, "after": address, "last_used": record.device.address });
    let action = AuditAction::DeviceAddressChanged;
    (before != address).then(|| device_entry(&record.device.serial, action, by, detail, at))
}

/// The entry for the device's chain when a person takes it out of the inventory.
pub fn removed_entry(record: &DeviceRecord, by: &Requester, at: Timestamp) -> NewEntry {
    let Device { serial, hostname, address, model, sw_version, source, .. } = &record.device;
    let detail = json!({
        "hostname": hostname,
        "address": address,
        "model": model,
        "sw_version": sw_version,
        "source": source,
    });
    device_entry(serial, AuditAction::DeviceRemoved, by, detail, at)
}

/// Fields that differ, as `name: old -> new`.
fn changes(old: &Device, new: &Device) -> Vec<String> {
    let text = |device: &Device| {
        [
            ("hostname", device.hostname.clone()),
            ("address", device.address.clone().unwrap_or_default()),
            ("model", device.model.clone()),
            ("sw_version", device.sw_version.clone()),
            ("ha_state", device.ha.state().to_owned()),
            ("ha_peer", device.ha.peer().map(ToString::to_string).unwrap_or_default()),
            ("multi_vsys", device.multi_vsys.to_string()),
            ("connected", device.connected.to_string()),
            ("source", device.source.as_str().to_owned()),
        ]
    };
    let shown = |value: String| if value.is_empty() { "nothing".to_owned() } else { value };
    text(old)
        .into_iter()
        .zip(text(new))
        .filter(|((_, old), (_, new))| old != new)
        .map(|((name, old), (_, new))| format!("{name}: {} -> {}", shown(old), shown(new)))
        .collect()
}

/// Reads `devices.source`.
///
/// # Errors
/// [`LedgerError::Store`] when the column holds another word.
pub fn source(text: &str) -> Result<Source, LedgerError> {
    [Source::Panorama, Source::Csv]
        .into_iter()
        .find(|source| source.as_str() == text)
        .ok_or_else(|| impossible("devices.source", &text))
}

/// `devices.ha_state`: nothing for a device that stands alone.
pub fn ha_state(device: &Device) -> Option<&str> {
    match &device.ha {
        Ha::Standalone => None,
        Ha::Member { state, .. } => Some(state),
    }
}
