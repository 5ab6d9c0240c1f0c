//! Panorama's list of devices as devices of the inventory.
//!
//! Promises: an entry that cannot be a device is told and harms nothing else; a device whose address cannot
//! be one is kept without it; what Panorama does not say of a device that it has lost contact with stays as it is
//! known. Leaves to others: asking Panorama (crate `panos`), what changed (the ledger).

use std::collections::BTreeMap;

use common::domain::device::{Device, Ha, Serial, Source};
use common::ledger::DeviceRecord;
use panos::{ManagedDevice, PeerLink};
use producer::address;
use serde::Serialize;

/// What Panorama's list holds.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// One per serial, by serial.
    pub(crate) devices: Vec<Device>,
    /// What could not be taken over, or not whole.
    pub(crate) odd: Vec<Odd>,
}

/// An entry that is not, or not wholly, usable.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Odd {
    /// As Panorama wrote it.
    pub(crate) serial: String,
    /// What is wrong and what was done about it.
    pub(crate) message: String,
}

/// Reads the entries of Panorama's answer.
pub(crate) fn devices(managed: Vec<ManagedDevice>) -> Found {
    let mut by_serial = BTreeMap::<Serial, Device>::new();
    let mut odd = Vec::new();
    for entry in managed {
        let mut tell = |message: String| odd.push(Odd { serial: entry.serial.clone(), message });
        let serial = match Serial::parse(&entry.serial) {
            Ok(serial) => serial,
            Err(error) => {
                tell(format!("left out: {error}"));
                continue;
            }
        };
        if by_serial.contains_key(&serial) {
            tell("left out: listed twice, the first entry counts".to_owned());
            continue;
        }
        let address = address(&entry, &mut tell);
        let device = Device {
            address,
            hostname: entry.hostname.unwrap_or_default(),
            model: entry.model.unwrap_or_default(),
            sw_version: entry.sw_version.unwrap_or_default(),
            ha: entry.ha.map_or(Ha::Standalone, |link| member(link, &mut tell)),
            multi_vsys: entry.multi_vsys,
            connected: entry.connected,
            source: Source::Panorama,
            serial: serial.clone(),
        };
        by_serial.insert(serial, device);
    }
    Found { devices: by_serial.into_values().collect(), odd }
}

/// Fills in what Panorama leaves out. Of a disconnected device it often shows no hostname, address, version, model
/// or pair which says nothing about the device.
pub(crate) fn fill(devices: &mut [Device], known: &[DeviceRecord]) {
    let known: BTreeMap<&Serial, &DeviceRecord> =
        known.iter().map(|record| (&record.device.serial, record)).collect();
    for device in devices.iter_mut().filter(|device| !device.connected) {
        let Some(record) = known.get(&device.serial) else { continue };
        let DeviceRecord { device: before, address_override, .. } = record;
        let fill = |text: &mut String, before: &String| {
            if text.is_empty() {
                text.clone_from(before);
            }
        };
        fill(&mut device.hostname, &before.hostname);
        fill(&mut device.model, &before.model);
        fill(&mut device.sw_version, &before.sw_version);
        // One that a person set is no word of Panorama's, and counts anyway.
        if device.address.is_none() && address_override.is_none() {
            device.address.clone_from(&before.address);
        }
        if device.ha == Ha::Standalone {
            device.ha = before.ha.clone();
        }
    }
}

/// The IPv4 address, else the IPv6 one, of which Panorama may show the prefix length as well.
fn address(entry: &ManagedDevice, tell: &mut impl FnMut(String)) -> Option<String> {
    let text = entry.ip_address.as_deref().or(entry.ipv6_address.as_deref())?;
    let bare = text.split_once('/').map_or(text, |(address, _)| address).trim();
    match address::check(bare) {
        Ok(()) => Some(bare.to_owned()),
        Err(error) => {
            tell(format!("kept without an address: {error}"));
            None
        }
    }
}

fn member(link: PeerLink, tell: &mut impl FnMut(String)) -> Ha {
    let peer = link.peer_serial.and_then(|text| {
        let parsed = Serial::parse(&text);
        parsed.map_err(|error| tell(format!("kept without its HA peer: {error}"))).ok()
    });
    Ha::Member { state: link.state, peer }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(serial: &str, address: Option<&str>) -> ManagedDevice {
        ManagedDevice {
            serial: serial.to_owned(),
            connected: true,
            hostname: Some("edge 1".to_owned()),
            ip_address: address.map(str::to_owned),
            ipv6_address: None,
            model: Some("PA-440".to_owned()),
            family: None,
            sw_version: Some("10.2.9".to_owned()),
            app_version: None,
            uptime: None,
            multi_vsys: false,
            n_vsys: 1,
            ha: None,
            unsupported_version: false,
            deactivated: false,
            operational_mode: None,
            connected_at: None,
        }
    }

    #[test]
    fn odd_entries_are_told_and_the_others_are_devices() {
        let found = devices(vec![
            entry("0002", Some("192.0.2.2")),
            entry("unknown", Some("192.0.2.3")),
            entry("0001", Some("not an address")),
            entry("0002", Some("192.0.2.9")),
        ]);
        let kept: Vec<_> =
            found.devices.iter().map(|device| (device.serial.as_str(), device.address.as_deref())).collect();
        assert_eq!(kept, [("0001", None), ("0002", Some("192.0.2.2"))]);
        let odd: Vec<_> = found.odd.iter().map(|odd| odd.serial.as_str()).collect();
        assert_eq!(odd, ["unknown", "0001", "0002"]);
    }

    #[test]
    fn a_lost_contact_takes_nothing_away_that_was_known() {
        let link = PeerLink { state: "passive".to_owned(), peer_serial: Some("0002".to_owned()) };
        let before = devices(vec![ManagedDevice { ha: Some(link), ..entry("0001", Some("192.0.2.1")) }]);
        let record = |address_override: Option<&str>| DeviceRecord {
            device: before.devices[0].clone(),
            address_override: address_override.map(str::to_owned),
            first_seen_at: jiff::Timestamp::UNIX_EPOCH,
            last_seen_at: jiff::Timestamp::UNIX_EPOCH,
            gone_at: None,
        };
        let lost = || {
            let lost = ManagedDevice {
                connected: false,
                hostname: None,
                sw_version: None,
                model: None,
                ..entry("0001", None)
            };
            devices(vec![lost]).devices
        };
        let mut filled = lost();
        fill(&mut filled, &[record(None)]);
        assert_eq!(filled, [Device { connected: false, ..before.devices[0].clone() }]);
        let mut set_by_hand = lost();
        fill(&mut set_by_hand, &[record(Some("192.0.2.1"))]);
        assert_eq!(set_by_hand[0].address, None);
        let mut connected = devices(vec![entry("0001", None)]).devices;
        fill(&mut connected, &[record(None)]);
        assert_eq!(connected[0].address, None, "what it says itself counts");
    }

    #[test]
    fn a_device_with_ipv6_only_has_an_address_without_its_prefix() {
        let six = ManagedDevice { ipv6_address: Some("2001:db8::7/64".to_owned()), ..entry("0003", None) };
        assert_eq!(devices(vec![six]).devices[0].address.as_deref(), Some("2001:db8::7"));
    }

    #[test]
    fn a_peer_without_a_usable_serial_leaves_a_member_without_peer() {
        let link = PeerLink { state: "passive".to_owned(), peer_serial: Some("a b".to_owned()) };
        let found = devices(vec![ManagedDevice { ha: Some(link), ..entry("0004", Some("192.0.2.4")) }]);
        assert_eq!(found.devices[0].ha, Ha::Member { state: "passive".to_owned(), peer: None });
        assert_eq!(found.odd.len(), 1);
    }
}
