//! `show devices`: the firewalls that a Panorama manages, with their HA peers.
//!
//! Promises: only `result/devices/entry` is a device. Plug-ins and virtual systems are `<entry>`, too,
//! deeper down, and a trailing text counts wrongly. The peer's serial comes with the list: no call to a
//! device is needed to find pairs. Leaves to others: pairing, filtering, and addresses that differ
//! from what Panorama knows (NAT, service routes).

use super::system_info::parse_uptime;
use super::{Command, bounded, need, says_yes};
use crate::client::Client;
use crate::envelope::Missing;
use crate::error::PanosError;
use crate::limits::MAX_DEVICES;
use crate::redact::field;
use crate::xml::Element;
use std::time::Duration;
use tracing::warn;

const CONNECTED: Command = Command::slow("show devices connected");
const CONNECTED_XML: &str = "<show><devices><connected></connected></devices></show>";
const ALL: Command = Command::slow("show devices all");
const ALL_XML: &str = "<show><devices><all></all></devices></show>";

/// Which devices to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeviceQuery {
    /// Those that Panorama has a connection to.
    Connected,
    /// The disconnected ones as well, of which little more than the serial is known.
    All,
}

/// A firewall as its Panorama knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManagedDevice {
    /// The serial number.
    pub serial: String,
    /// Whether Panorama has a connection to it. A passive Panorama may have none to any device.
    pub connected: bool,
    /// May be shared by several devices, and may hold blanks.
    pub hostname: Option<String>,
    /// IPv4; none for a device with IPv6 only.
    pub ip_address: Option<String>,
    /// IPv6.
    pub ipv6_address: Option<String>,
    /// As in `PA-5260`.
    pub model: Option<String>,
    /// As in `5200`.
    pub family: Option<String>,
    /// The running version.
    pub sw_version: Option<String>,
    /// Applications and threats content.
    pub app_version: Option<String>,
    /// Since the last boot, as of the last report to Panorama.
    pub uptime: Option<Duration>,
    /// Whether virtual systems are switched on; `yes` here, `on` in `show system info`.
    pub multi_vsys: bool,
    /// Virtual systems in the list.
    pub n_vsys: usize,
    /// None for a device without high availability.
    pub ha: Option<PeerLink>,
    /// `yes` was recorded for a device that worked: a hint, not a verdict.
    pub unsupported_version: bool,
    /// Whether the device was deactivated on Panorama.
    pub deactivated: bool,
    /// `normal`, or another mode.
    pub operational_mode: Option<String>,
    /// When it connected, in Panorama's local time without a zone.
    pub connected_at: Option<String>,
}

/// The high availability of a device, as Panorama tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerLink {
    /// `active`, `passive`, `active-primary`, `suspended` and others.
    pub state: String,
    /// The other member.
    pub peer_serial: Option<String>,
}

impl Client {
    /// Lists the firewalls of a Panorama.
    ///
    /// An entry with neither `<serial>` nor a name is left out with a warning in the log.
    ///
    /// # Errors
    /// Any [`PanosError`].
    pub async fn devices(&self, which: DeviceQuery) -> Result<Vec<ManagedDevice>, PanosError> {
        match which {
            DeviceQuery::Connected => self.op(&CONNECTED, CONNECTED_XML, read).await,
            DeviceQuery::All => self.op(&ALL, ALL_XML, read).await,
        }
    }
}

pub(crate) fn read(response: &Element) -> Result<Vec<ManagedDevice>, Missing> {
    let devices = need(response, &["result", "devices"])?;
    let found: Vec<_> = bounded(devices, "entry", MAX_DEVICES)?.filter_map(device).collect();
    let n_nameless = devices.children("entry").count() - found.len();
    if n_nameless > 0 {
        warn!(n_nameless, "Panorama lists {n_nameless} devices without a serial; they are left out");
    }
    Ok(found)
}

fn device(entry: &Element) -> Option<ManagedDevice> {
    // In the usage guide's own sample the two differ; the element is the device's.
    let name = || entry.attribute("name").map(str::trim).filter(|name| !name.is_empty()).map(field);
    Some(ManagedDevice {
        serial: entry.known("serial").or_else(name)?,
        connected: !entry.value("connected").is_some_and(|text| text.eq_ignore_ascii_case("no")),
        hostname: entry.known("hostname"),
        ip_address: entry.known("ip-address"),
        ipv6_address: entry.known("ipv6-address"),
        model: entry.known("model"),
        family: entry.known("family"),
        sw_version: entry.known("sw-version"),
        app_version: entry.known("app-version"),
        uptime: entry.known("uptime").and_then(|text| parse_uptime(&text)),
        multi_vsys: says_yes(entry, "multi-vsys"),
        n_vsys: entry.child("vsys").map_or(0, |vsys| vsys.children("entry").count()),
        ha: entry.child("ha").and_then(peer_link),
        unsupported_version: says_yes(entry, "unsupported-version"),
        deactivated: says_yes(entry, "deactivated"),
        operational_mode: entry.known("operational-mode"),
        connected_at: entry.known("connected-at"),
    })
}

/// A standalone device has no `<ha>`, or one whose state is `no`.
fn peer_link(ha: &Element) -> Option<PeerLink> {
    let state = ha.known("state").filter(|state| !state.eq_ignore_ascii_case("no"))?;
    Some(PeerLink { state, peer_serial: ha.child("peer").and_then(|peer| peer.known("serial")) })
}

#[cfg(test)]
mod tests;
