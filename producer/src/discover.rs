//! Panorama's list of devices as devices of the inventory.
//!
//! Promises: an entry that cannot be a device is told and harms nothing else; a device whose address cannot
//! be one is kept without it. Leaves to others: asking Panorama (crate `panos`), what changed (the ledger).

use std::collections::BTreeMap;

use common::domain::device::{Device, Ha, Serial, Source};
use panos::{Endpoint, ManagedDevice, PeerLink};
use serde::Serialize;

/// Any port: only the host is checked here.
const HTTPS: u16 = 443;

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

/// The IPv4 address, else the IPv6 one, of which Panorama may show the prefix length as well.
fn address(entry: &ManagedDevice, tell: &mut impl FnMut(String)) -> Option<String> {
    let text = entry.ip_address.as_deref().or(entry.ipv6_address.as_deref())?;
    let bare = text.split_once('/').map_or(text, |(address, _)| address).trim();
    match Endpoint::new(bare, HTTPS) {
        Ok(_) => Some(bare.to_owned()),
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
